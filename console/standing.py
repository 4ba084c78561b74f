"""Which events stand at a moment, each with its newest change."""

from dataclasses import dataclass
from datetime import datetime

from console.reading import Known
from schemas.levels import Level
from schemas.records import CompoundEvent


@dataclass(frozen=True)
class Standing:
    """An event that stands.

    Attributes:
        warning: the id of its warning, if one was made. told: something of it went out to people.
    """

    event: CompoundEvent
    warning: str | None
    told: bool

    @property
    def level(self) -> Level:
        """The event's level."""
        return self.event.level

    @property
    def since(self) -> datetime:
        """From when it has stood, valid time."""
        return self.event.since


def newest_changes(known: Known) -> dict[str, CompoundEvent]:
    """Event id to its newest change."""
    return {event.id: event for event in known.events}


def standing_events(known: Known) -> tuple[Standing, ...]:
    """The events that stand, gravest first, then by area and rule."""
    warnings = {p.warning.event: p.warning.warning for p in known.warnings}
    told = {p.warning.event for p in known.warnings if p.warning.issued is not None}
    stand = [e for e in newest_changes(known).values() if not e.ended]
    ordered = sorted(stand, key=lambda e: (-e.level, e.area, e.rule))
    return tuple(Standing(e, warnings.get(e.id), e.id in told) for e in ordered)
