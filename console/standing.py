"""Which events stand at a moment, each with its newest change; and what people wrote that no rule saw, as if it were one."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime

from console.lives import lives
from console.reading import Known
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Evidence
from schemas.warning_records import Warning


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
    return known.once("newest changes", lambda: {event.id: event for event in known.events})


def standing_events(known: Known) -> tuple[Standing, ...]:
    """The events that stand, gravest first, then by area and rule."""
    return known.once("standing", lambda: _standing_events(known))


def _standing_events(known: Known) -> tuple[Standing, ...]:
    warnings = {p.warning.event: p.warning.warning for p in known.warnings}
    told = {p.warning.event for p in known.warnings if p.warning.issued is not None}
    stand = [e for e in newest_changes(known).values() if not e.ended]
    found = [*(Standing(e, warnings.get(e.id), e.id in told) for e in stand), *_written(known)]
    return tuple(sorted(found, key=lambda s: (-s.level, s.event.area, s.event.rule)))


def _written(known: Known) -> Iterator[Standing]:
    """Warnings that people wrote, until they end: no event is behind them, and a district under one is not calm."""
    for life in lives(known).values():
        if life.first.originated is not None and life.end is None:
            yield Standing(_as_event(life.main()), life.id, bool(life.out))


def _as_event(warning: Warning) -> CompoundEvent:
    return CompoundEvent(
        id=warning.event,
        shard=warning.shard,
        rule=warning.rule,
        rule_version="",
        area=warning.area,
        area_version="",
        change=EventChange.OPENED,
        level=warning.level,
        steps=(),
        dimensions=(),
        since=warning.since,
        at=warning.known,
        known=warning.known,
        truth=Truth.TRUE,
        evidence=Evidence(condition="a person says so", truth=Truth.TRUE, area=warning.area),
        record="",
        configuration=warning.configuration,
        engine="",
    )
