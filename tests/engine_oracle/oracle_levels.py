"""Levels over valid time, moment by moment: sections 3.2, 3.3, 3.8, 4.2, 6.1, 6.2 and 6.5 of the specification.

Everything is a function of one moment, and asks all readings again each time.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from decimal import Decimal
from enum import Enum
from functools import cached_property

from oracle_forecasts import issues
from oracle_kinds import OF_HISTORY, bound
from oracle_known import NO_TIME, Known, Reading, dead_at, defined_levels, series

from schemas.configuration import Threshold
from schemas.levels import Level, Truth

TRUE, FALSE, UNKNOWN = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN
Steps = list[tuple[datetime, Truth]]
"""A truth over time: from each moment until the next; unknown before the first."""


class Standing(Enum):
    """How a level stands at a reading."""

    ENTERED = "entered"
    UNDECIDED = "undecided"
    LOWER = "lower"
    NO_BOUND = "no bound"
    ENTERED_NO_BOUND = "entered, bound unknown"


@dataclass(frozen=True)
class Judged:
    """A reading with how a level stands from it on."""

    reading: Reading
    standing: Standing


def truth_at(steps: Steps, moment: datetime) -> Truth:
    """The truth at a moment."""
    found = UNKNOWN
    for start, truth in steps:
        if start <= moment:
            found = truth
    return found


def steps_from(moments: Iterable[datetime], truth: Callable[[datetime], Truth]) -> Steps:
    """The truth over time, from all moments at which it can change."""
    steps: Steps = []
    for moment in sorted(set(moments)):
        value = truth(moment)
        if not steps or steps[-1][1] != value:
            steps.append((moment, value))
    return steps


class Levels:
    """The levels that a prefix of the log makes. `held_as`, where asked for, says what a held breach is taken for (6.2)."""

    def __init__(self, known: Known) -> None:
        self.known = known
        self._judged: dict[tuple[str, str, Level], list[Judged]] = {}
        self._readings: dict[tuple[str, str], list[Reading]] = {}

    @cached_property
    def parents(self) -> dict[str, str | None]:
        return {area.code: area.parent for area in self.known.configuration.areas}

    def around(self, code: str) -> list[str]:
        """The area and all around it, smallest first."""
        line: list[str] = []
        current: str | None = code
        while current is not None and current in self.parents:
            line.append(current)
            current = self.parents[current]
        return line

    def judged_until(self, settle: timedelta) -> datetime:
        """A step is judged once now exceeds it by `settle` (3.4)."""
        return self.known.now - settle

    def readings(self, threshold: Threshold, place: str) -> list[Reading]:
        """The readings that judge a series: those that settled, outside the times a person declared dead."""
        key = (threshold.name, place)
        if key not in self._readings:
            self._readings[key] = self._settled(threshold, place)
        return self._readings[key]

    def _settled(self, threshold: Threshold, place: str) -> list[Reading]:
        until = self.judged_until(threshold.settle)
        of_forecasts = threshold.forecast is not None
        found = issues(self.known, threshold, place) if of_forecasts else series(self.known, threshold, threshold.indicator, place)
        in_time = [r for r in found if threshold.settle == NO_TIME or r.start < until]
        return [r for r in in_time if not dead_at(self.known, place, r.start)]

    def limit(self, threshold: Threshold, reading: Reading) -> datetime:
        """The moment from which nobody knows any more (3.3, 6.5)."""
        return reading.end + self.known.feed(reading.feed).delay + threshold.stale_after

    # 3.2 ------------------------------------------------------------------------------------------------------------

    def judged(self, threshold: Threshold, place: str, level: Level) -> list[Judged]:
        """How one level stands at each reading of a series (3.2)."""
        key = (threshold.name, place, level)
        if key not in self._judged:
            self._judged[key] = self._judge(threshold, place, level)
        return self._judged[key]

    def _judge(self, threshold: Threshold, place: str, level: Level) -> list[Judged]:
        found: list[Judged] = []
        entered = False
        run: list[Reading] = []
        leaving: list[Reading] = []
        before: Reading | None = None
        was_lower = False
        for reading in self.readings(threshold, place):
            if before is not None and self._declared_between(place, before.start, reading.start):
                entered, run, leaving, before, was_lower = False, [], [], None, False
            if before is not None and reading.start > self.limit(threshold, before):
                run, leaving, was_lower = [], [], False
            needed = bound(self.known, threshold, place, level, reading)
            if needed is None:
                found.append(Judged(reading, Standing.ENTERED_NO_BOUND if entered else Standing.NO_BOUND))
                before, was_lower = reading, False
                continue
            if entered:
                leaving = [*leaving, reading] if self._under(threshold, reading, needed) else []
                if leaving and leaving[-1].end - leaving[0].end >= threshold.quiet:
                    entered, run, leaving = False, [], []
            else:
                run = self._run(threshold, run, reading) if self._meets(threshold, reading, needed) else []
                if run and self._complete(threshold, run):
                    entered, leaving = True, []
            undecided = bool(run) and not was_lower
            standing = Standing.ENTERED if entered else Standing.UNDECIDED if undecided else Standing.LOWER
            found.append(Judged(reading, standing))
            before, was_lower = reading, standing is Standing.LOWER
        return found

    def _declared_between(self, place: str, after: datetime, until: datetime) -> bool:
        """A gauge that was dead in between starts afresh (3.3)."""
        return any(state == "dead" and after < at <= until for at, state in self.known.declared.get(place, []))

    def _meets(self, threshold: Threshold, reading: Reading, needed: Decimal) -> bool:
        if threshold.floor is not None and reading.value < Decimal(threshold.floor.split()[0]):
            return False
        return reading.value >= needed if threshold.direction == "above" else reading.value <= needed

    def _under(self, threshold: Threshold, reading: Reading, needed: Decimal) -> bool:
        """Under the level by more than `leave_below`; under the floor whatever `leave_below` says."""
        if threshold.floor is not None and reading.value < Decimal(threshold.floor.split()[0]):
            return True
        leave = Decimal(threshold.leave_below.split()[0]) if threshold.leave_below else Decimal(0)
        return needed - reading.value > leave if threshold.direction == "above" else reading.value - needed > leave

    def _run(self, threshold: Threshold, run: list[Reading], reading: Reading) -> list[Reading]:
        """The readings that count: those nearer than a quarter of the feed's interval at its best to the last that counts are one."""
        feed = self.known.feed(reading.feed)
        if run and reading.end - run[-1].end < (feed.at_best or feed.every) / 4:
            return run
        return [*run, reading]

    def _complete(self, threshold: Threshold, run: list[Reading]) -> bool:
        if isinstance(threshold.for_, int):
            return len(run) >= threshold.for_
        return run[-1].end - run[0].end >= threshold.for_

    # 3.3, 4.2, 6.1 --------------------------------------------------------------------------------------------------

    def at_or_above(self, threshold: Threshold, level: Level) -> list[Level]:
        """The levels of the threshold that stand for `>= level`, the lowest first: one not defined means the next above."""
        return [defined for defined in defined_levels(threshold) if defined >= level]

    def last(self, threshold: Threshold, place: str, moment: datetime) -> Reading | None:
        """The last reading at a moment: a period counts from its start (3.6)."""
        return max((r for r in self.readings(threshold, place) if r.start <= moment), key=lambda r: (r.end, r.start), default=None)

    def _stands(self, threshold: Threshold, place: str, level: Level, reading: Reading) -> Standing:
        return next(j.standing for j in self.judged(threshold, place, level) if j.reading == reading)

    def place(self, threshold: Threshold, place: str, level: Level, moment: datetime, held_as: Truth) -> Truth:
        """`threshold >= level` at one place (3.2, 3.3, first line of the table of 4)."""
        reading = self.last(threshold, place, moment)
        levels = self.at_or_above(threshold, level)
        if reading is None or not levels or self.dead_since(place, reading, moment):
            return UNKNOWN
        standings = [self._stands(threshold, place, each, reading) for each in levels]
        stale = self.limit(threshold, reading)
        if moment >= stale:
            if Standing.ENTERED in standings and moment < stale + threshold.hold_for:
                return held_as
            return FALSE if self._bridged(threshold, place, levels[0], reading) else UNKNOWN
        if Standing.ENTERED in standings:
            return TRUE
        return FALSE if standings[0] is Standing.LOWER else UNKNOWN

    def dead_since(self, place: str, reading: Reading, moment: datetime) -> bool:
        """Whether a person declared the gauge dead after a reading and up to a moment; back or not, it starts afresh (3.3)."""
        return dead_at(self.known, place, moment) or self._declared_between(place, reading.start, moment)

    def _bridged(self, threshold: Threshold, place: str, level: Level, reading: Reading) -> bool:
        """An unknown stretch of at most `bridge` between two known-lower readings counts as lower (4.2)."""
        later = [r for r in self.readings(threshold, place) if (r.end, r.start) > (reading.end, reading.start)]
        if threshold.bridge is None or not later:
            return False
        following = later[0]
        if self._declared_between(place, reading.start, following.start):
            return False
        lower = all(self._stands(threshold, place, level, r) is Standing.LOWER for r in (reading, following))
        return lower and following.start - self.limit(threshold, reading) <= threshold.bridge

    def blocks(self, threshold: Threshold, place: str, level: Level, moment: datetime) -> bool:
        """Whether a place has an unclosed breach at the level or above, or a reading there that is not decided (3.8, 6.1).

        If the reading is known lower than the level, its being undecided about one above, which then asks for less, leaves it lower.
        """
        reading = self.last(threshold, place, moment)
        if reading is None or self.dead_since(place, reading, moment):
            return False
        standings = [self._stands(threshold, place, each, reading) for each in self.at_or_above(threshold, level)]
        undecided = Standing.UNDECIDED in standings and standings[0] is not Standing.LOWER
        return undecided or Standing.ENTERED in standings or Standing.ENTERED_NO_BOUND in standings

    def counts(self, threshold: Threshold, place: str, moment: datetime) -> bool:
        """Whether a place counts for `needs`: an admitted baseline, or a reading within the horizon (6.5)."""
        if dead_at(self.known, place, moment):
            return False
        if threshold.kind in OF_HISTORY:
            standing = {(row.start, row.end): row for row, _ in self.known.baselines.get(threshold.name, []) if row.area == place}
            return any(row.admitted for row in standing.values())
        reading = self.last(threshold, place, moment)
        if reading is None or self.dead_since(place, reading, moment):
            return False
        return reading.end + self.known.feed(reading.feed).delay + threshold.horizon > moment

    # 3.8 ------------------------------------------------------------------------------------------------------------

    def places(self, threshold: Threshold, area: str) -> list[str]:
        """The places of a threshold in an area: its stations, or the smaller areas."""
        if threshold.at == "station":
            stations = self.known.configuration.stations
            return [s.code for s in stations if any(area in self.around(code) for code in s.areas)]
        areas = self.known.configuration.areas
        return [a.code for a in areas if a.level == threshold.at and area in self.around(a.code)]

    def rolled_up(self, threshold: Threshold, area: str, level: Level, moment: datetime, held_as: Truth) -> Truth:
        """`worst >= level` over the places of an area (3.8)."""
        places = self.places(threshold, area)
        truths = {place: self.place(threshold, place, level, moment, held_as) for place in places}
        if TRUE in truths.values():
            return TRUE
        if any(self.blocks(threshold, place, level, moment) for place in places):
            return UNKNOWN
        counting = [place for place in places if self.counts(threshold, place, moment)]
        lower = [place for place in counting if truths[place] is FALSE]
        needs = threshold.roll_up.needs if threshold.roll_up else "half"
        enough = {"half": 2 * len(lower) >= len(counting), "all": len(lower) == len(counting), "one": len(lower) >= 1}[needs]
        return FALSE if counting and enough else UNKNOWN

    def in_area(self, threshold: Threshold, area: str, level: Level, held_as: Truth) -> Steps:
        """`threshold >= level` over time in an area: its own, that of the area around it, or rolled up from under it."""
        own = self.own_place(threshold, area)
        if own is not None:
            return steps_from(self.moments(threshold, [own]), lambda t: self.place(threshold, own, level, t, held_as))
        moments = self.moments(threshold, self.places(threshold, area))
        return steps_from(moments, lambda t: self.rolled_up(threshold, area, level, t, held_as))

    def own_place(self, threshold: Threshold, area: str) -> str | None:
        """The place whose level is an area's own: the area itself, or the one around it where the threshold is; else it is rolled up."""
        if self.known.station(area) is not None and threshold.at == "station":
            return area
        return next((code for code in self.around(area) if self._is_place(threshold, code)), None)

    def _is_place(self, threshold: Threshold, code: str) -> bool:
        return any(a.code == code and a.level == threshold.at for a in self.known.configuration.areas)

    def moments(self, threshold: Threshold, places: Iterable[str]) -> set[datetime]:
        """All moments at which a level of these places can change."""
        found: set[datetime] = set()
        for place in places:
            found |= {at for at, _ in self.known.declared.get(place, [])}
            for reading in self.readings(threshold, place):
                limit = self.limit(threshold, reading)
                edge = reading.end + self.known.feed(reading.feed).delay + threshold.horizon
                found |= {reading.start, limit, limit + threshold.hold_for, edge}
        return found
