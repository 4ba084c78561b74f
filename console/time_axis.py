"""An axis of time as wide as the page lets it be: places along it are per cent of its width, its marks local midnights or hours."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from console.local_time import LocalTime

_STEPS = tuple(timedelta(hours=h) for h in (3, 6, 12, 24, 48, 96, 168, 336, 720, 1440, 2880, 8760))
_TICKS = 6


@dataclass(frozen=True)
class Tick:
    """A moment on the axis."""

    x: float
    label: str


@dataclass(frozen=True)
class Axis:
    """From a moment to a later one."""

    start: datetime
    end: datetime

    def x(self, moment: datetime) -> float:
        """Per cent of the width, kept within it."""
        share = (moment - self.start) / (self.end - self.start) * 100
        return round(min(max(share, 0.0), 100.0), 2)


def ticks(axis: Axis, clock: LocalTime, most: int = _TICKS) -> tuple[Tick, ...]:
    """At local midnights, or at round hours if the axis is short; no more than a narrow screen has room for."""
    span = axis.end - axis.start
    step = next((s for s in _STEPS if span / s <= most), _STEPS[-1])
    local = axis.start.astimezone(clock.zone)
    moment = local.replace(hour=0, minute=0, second=0, microsecond=0)
    found = []
    while moment <= axis.end:
        if moment >= axis.start:
            short = step < timedelta(days=1) and (moment.hour, moment.minute) != (0, 0)
            found.append(Tick(axis.x(moment), clock.clock(moment) if short else clock.short_day(moment)))
        moment += step
    return tuple(found)
