"""One threshold at one place as a warning's page draws it: the readings until a moment, what they were held against, and where nobody knew.

What is held against what is the engine's own: bounds come from `processors`, with the configuration by which the event was judged.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import numpy as np

from console.series_kept import KeptReading, SeriesKept, leaves
from processors.bounds import MILLIONTHS, NO_BOUND, millionths
from processors.held_against import bounds_for
from processors.kinds import KINDS
from processors.plan import Plan
from processors.series import NOT_ISSUED, NULL, Series
from processors.timelines import micros
from processors.tracks import new_track
from schemas.levels import Level, Truth
from schemas.records import CompoundEvent, Evidence, Quality, Reading
from schemas.thresholds import Threshold

DRAWN = 96
"""Readings of a series that are drawn; of more, the lowest and the highest of each stretch of time and all that are marked."""
_MARKED = 40
_EDGE = 0.05


@dataclass(frozen=True)
class SeriesReading:
    """One reading of a series.

    Attributes:
        known: from when on it could be known. run: readings of one run follow each other without silence between them.
        late: one of a later period had come before it. corrected: another of the same period took its place. corrects: it took one's place.
        cited: the tree of reasons names it.
    """

    start: datetime
    end: datetime
    issued: datetime | None
    known: datetime
    value: float | None
    quality: str
    feed: str
    delivery: str
    record: str
    run: int = 0
    late: bool = False
    corrected: bool = False
    corrects: bool = False
    cited: bool = False

    @property
    def marked(self) -> bool:
        """Whether it must be seen, however many there are."""
        return self.late or self.corrected or self.corrects or self.cited or self.value is None


@dataclass(frozen=True)
class LevelLine:
    """A level of the threshold as it was at each time: (from, until, value in the unit).

    Attributes:
        written: as the planner wrote it. share: of a forecast's members that must reach it, per cent; none for readings.
    """

    level: Level
    written: str
    steps: tuple[tuple[datetime, datetime, float], ...]
    share: int | None = None


@dataclass(frozen=True)
class ForecastStep:
    """What an ensemble says of one time: the lowest, the middle and the highest of its members."""

    valid: datetime
    lowest: float
    middle: float
    highest: float
    members: int


@dataclass(frozen=True)
class Issue:
    """A forecast as it was issued, one step for each time it is for."""

    base: datetime
    issued: datetime | None
    known: datetime
    feed: str
    delivery: str
    steps: tuple[ForecastStep, ...]


@dataclass(frozen=True)
class PlaceSeries:
    """One threshold at one place.

    Attributes:
        asked: the level that the rule asks for; none if it asks for silence. truth: how that stood when the event changed.
        first, last: what is drawn; nothing that was known later than `last` is in it.
        since, known: when the level was reached, in valid time, and when that was known; none if it was not.
        readings: in order of time. left_out: how many are not drawn because there are too many.
        distrusted: how many are trusted less than the threshold asks for.
        unknown: the spans in which the newest reading was too old.
        issue: of a threshold that reads forecasts, the issue that was looked at; of another, what was forecast last.
        whole: from when on all readings are there; before it only those that the tree names. None if only those are.
    """

    threshold: Threshold
    place: str
    asked: Level | None
    truth: Truth
    held: bool
    first: datetime
    last: datetime
    since: datetime | None
    known: datetime | None
    readings: tuple[SeriesReading, ...]
    left_out: int
    distrusted: int
    levels: tuple[LevelLine, ...]
    unknown: tuple[tuple[datetime, datetime], ...]
    issue: Issue | None
    whole: datetime | None


def place_series(event: CompoundEvent, over: datetime | None, kept: SeriesKept, plan: Plan, at: datetime) -> tuple[PlaceSeries, ...]:
    """The series behind an event's change, each once: what is true first, then what cannot be told, then what is not so.

    Args:
        over: when it was known that the event is over; none while it stands. at: the moment that is looked at.
    """
    found: dict[tuple[str, str], PlaceSeries] = {}
    for name, leaf in leaves(event.evidence):
        place = leaf.area or leaf.readings[0].area
        threshold = plan.thresholds.get(name)
        if threshold is None or (name, place) in found or leaf.readings[0].area != place:
            continue
        found[name, place] = _Drawing(event, over, kept, plan, at, threshold, place, leaf).series()
    order = (Truth.TRUE, Truth.UNKNOWN, Truth.FALSE)
    return tuple(sorted(found.values(), key=lambda one: order.index(one.truth)))


@dataclass(frozen=True)
class _Drawing:
    """One series in the making."""

    event: CompoundEvent
    over: datetime | None
    kept: SeriesKept
    plan: Plan
    at: datetime
    threshold: Threshold
    place: str
    leaf: Evidence

    def series(self) -> PlaceSeries:
        name = self.threshold.name
        first, last = self._window()
        whole = self.kept.whole_from(self.threshold.indicator, self.place, self.at)
        said = self.kept.readings(self.threshold.indicator, self.place, first - self._stale, last)
        observed = [one for one in said if one.lead is None]
        least = self.threshold.least_trust
        trusted = [one for one in observed if least is None or Quality(one.quality).reaches(least)]
        forecasts = name in self.plan.of_forecasts
        readings = () if forecasts else self._in_order(trusted, first, last)
        silent = () if forecasts else tuple(self._unknown(readings, first, last))
        unknown = tuple((max(start, whole), end) for start, end in silent if whole is not None and end > whole)
        drawn, left_out = thinned([one for one in _in_runs(readings, silent) if one.end >= first], first, last)
        since = self.leaf.since if self.leaf.truth is Truth.TRUE else None
        return PlaceSeries(
            threshold=self.threshold, place=self.place, asked=_asked(self.leaf), truth=self.leaf.truth, held=self.leaf.held,
            first=first, last=last, since=since, known=self._known(readings, since), readings=drawn, left_out=left_out,
            distrusted=len(observed) - len(trusted), levels=tuple(self._levels(readings, first, last)),
            unknown=unknown, issue=self._issue(said, forecasts), whole=whole,
        )  # fmt: skip

    def _window(self) -> tuple[datetime, datetime]:
        """From a horizon before what the tree names until the moment looked at, or until a little after the event was over."""
        oldest = min(self.event.since, *(reading.start for reading in self.leaf.readings))
        first = oldest - self.threshold.horizon
        if self.over is None:
            return first, self.at
        return first, min(self.at, self.over + (self.over - first) * _EDGE)

    def _in_order(self, said: Sequence[KeptReading], first: datetime, last: datetime) -> tuple[SeriesReading, ...]:
        """Readings of the window in order of time; those that the tree names are among them even if the log no longer has them."""
        cited = {(r.record, r.start, r.end): r for r in self.leaf.readings}
        here = {(one.record, one.start, one.end) for one in said}
        made = [_kept(one, cited=(one.record, one.start, one.end) in cited) for one in said]
        made += [_cited(r) for key, r in cited.items() if key not in here and first <= r.end and r.received <= last]
        return tuple(_ranked(made))

    @property
    def _stale(self) -> timedelta:
        """From the end of a reading's period until it is too old."""
        return timedelta(microseconds=self.plan.settings(self.threshold.name, self.place).stale)

    def _unknown(self, readings: Sequence[SeriesReading], first: datetime, last: datetime) -> Iterator[tuple[datetime, datetime]]:
        """Where the newest reading was too old, or there was none."""
        until = first
        for one in readings:
            if one.value is not None and not one.corrected:
                if one.start > until:
                    yield until, one.start
                until = max(until, one.end + self._stale)
        if last > until:
            yield until, last

    def _known(self, readings: Sequence[SeriesReading], since: datetime | None) -> datetime | None:
        """When the reading that reached the level came in; else when the event was known."""
        if since is None:
            return None
        came = [one.known for one in readings if since in (one.start, one.end) and not one.corrected]
        return min([self.event.known, *came[:1]])

    def _levels(self, readings: Sequence[SeriesReading], first: datetime, last: datetime) -> Iterator[LevelLine]:
        name, written = self.threshold.name, self.threshold.levels
        conditions = KINDS[self.threshold.kind].conditions
        if conditions is not None:
            for one in conditions(self.threshold):
                whole = ((first, last, one.quantity / MILLIONTHS),)
                yield LevelLine(one.level, written.get(one.level.word, ""), whole, round(one.percent))
            return
        given = [one for one in readings if one.value is not None and not one.corrected]
        moments = [(one.start, one.end) for one in given] or [(last, last)]
        starts = [first, *(start for start, _ in moments[1:])]
        for number, (bound, column) in enumerate(zip(self.plan.bounds[name], self._bounds(given, moments, first, last), strict=True)):
            steps = tuple(_steps(column, starts, last))
            if not steps and number == self._asked_number():
                steps = tuple((max(r.start, first), last, r.bound) for r in self.leaf.readings[-1:] if r.bound is not None)
            yield LevelLine(bound.level, self._written(bound.level), steps)

    def _written(self, level: Level) -> str:
        """As it stands in the file, or as somebody set it at this place."""
        set_here = next((one.levels for one in self.threshold.overrides or () if one.place == self.place), {})
        return set_here.get(level.word, self.threshold.levels.get(level.word, ""))

    def _asked_number(self) -> int | None:
        asked = _asked(self.leaf)
        return self.plan.number(self.threshold.name, asked) if asked is not None else None

    def _bounds(
        self, given: Sequence[SeriesReading], moments: Sequence[tuple[datetime, datetime]], first: datetime, last: datetime
    ) -> list[list[int]]:
        """For each level what each reading was held against, as the engine holds it."""
        name, settings = self.threshold.name, self.plan.settings(self.threshold.name, self.place)
        rows = {name: {self.place: self.kept.bounds_of(name, self.place, last)}}
        series = _columns(moments, [one.value for one in given] or [None])
        told = [bound.series for bound in self.plan.bounds[name] if bound.series is not None]
        steps = tuple(_steps_of(self.kept.readings(one, self.place, first - self.threshold.horizon, last)) for one in told)
        track = replace(new_track(settings, len(told)), series=series, steps=steps)
        found: list[list[int]] = bounds_for(self.plan, rows, name, self.place)(track, series).T.tolist()
        return found

    def _issue(self, said: Sequence[KeptReading], forecasts: bool) -> Issue | None:
        """The issue that the tree names, of a threshold that reads forecasts; else the newest."""
        by_base: dict[datetime, list[KeptReading]] = {}
        for one in said:
            if one.lead is not None and one.value is not None:
                by_base.setdefault(one.end - one.lead, []).append(one)
        if not by_base:
            return None
        named = {r.record for r in self.leaf.readings}
        bases = [base for base, some in by_base.items() if any(one.record in named for one in some)] if forecasts else []
        base = max(bases or by_base)
        steps: dict[datetime, dict[int, KeptReading]] = {}
        for one in by_base[base]:
            steps.setdefault(one.end, {})[one.member or 0] = one
        newest = by_base[base][-1]
        told = tuple(_step(valid, members.values()) for valid, members in sorted(steps.items()))
        return Issue(base, newest.issued, newest.known, newest.feed, newest.delivery, told)


def _asked(leaf: Evidence) -> Level | None:
    words = leaf.condition.removeprefix("not ").split()
    return Level.named(words[2]) if len(words) > 2 and words[1] == ">=" else None


def _step(valid: datetime, members: Iterable[KeptReading]) -> ForecastStep:
    values = [one.value for one in members if one.value is not None]
    return ForecastStep(valid, min(values), median(values), max(values), len(values))


def _kept(one: KeptReading, *, cited: bool) -> SeriesReading:
    return SeriesReading(
        one.start, one.end, one.issued, one.known, one.value, one.quality, one.feed, one.delivery, one.record, cited=cited
    )  # fmt: skip


def _cited(one: Reading) -> SeriesReading:
    return SeriesReading(
        one.start, one.end, one.issued, one.received, one.value, one.quality.value, one.feed, one.delivery, one.record, cited=True
    )  # fmt: skip


def _ranked(said: Sequence[SeriesReading]) -> list[SeriesReading]:
    """In order of time. Of two of one period the one that was issued last counts, else the one that came last; the other was corrected."""
    newest: datetime | None = None
    by_period: dict[tuple[datetime, datetime], list[SeriesReading]] = {}
    for one in sorted(said, key=lambda one: (one.known, one.end)):
        came_late = newest is not None and one.end < newest
        newest = one.end if newest is None else max(newest, one.end)
        by_period.setdefault((one.end, one.start), []).append(replace(one, late=came_late))
    return [one for _, some in sorted(by_period.items()) for one in _of_one_period(some)]


def _of_one_period(some: Sequence[SeriesReading]) -> list[SeriesReading]:
    """Those that were corrected, then the one that counts, which was known since it was first said; one that is said again is no other."""
    best = max(some, key=lambda one: (micros(one.issued) if one.issued is not None else NOT_ISSUED, one.known, one.delivery))
    same = min((one for one in some if one.value == best.value), key=lambda one: one.known)
    others = {one.value: one for one in reversed(some) if one.value != best.value}
    counts = replace(best, known=same.known, late=same.late, corrects=bool(others), cited=any(one.cited for one in some))
    return [*(replace(one, corrected=True, late=False, cited=False) for one in others.values()), counts]


def _in_runs(readings: Sequence[SeriesReading], unknown: Sequence[tuple[datetime, datetime]]) -> tuple[SeriesReading, ...]:
    """The readings with the number of their run: a span without knowledge, or a reading without a value, ends one."""
    found, run, spans = [], 0, list(unknown)
    for one in readings:
        while spans and spans[0][0] < one.end:
            run += 1
            spans.pop(0)
        if one.value is None:
            run += 1
        found.append(replace(one, run=run))
    return tuple(found)


def thinned(readings: Sequence[SeriesReading], first: datetime, last: datetime) -> tuple[tuple[SeriesReading, ...], int]:
    """No more readings than can be told apart: of each stretch of time the extremes, all that are marked, and the ends of runs.

    Returns:
        What is drawn, and how many are not.
    """
    if len(readings) <= DRAWN:
        return tuple(readings), 0
    wanted = {n for n, one in enumerate(readings) if one.cited}
    wanted.update([n for n, one in enumerate(readings) if one.marked][-_MARKED:])
    wanted.update(n for pair in pairwise(range(len(readings))) if readings[pair[0]].run != readings[pair[1]].run for n in pair)
    wanted.update((0, len(readings) - 1))
    stretch = (last - first) / (DRAWN // 2)
    bins: dict[int, list[int]] = {}
    for n, one in enumerate(readings):
        if one.value is not None and not one.corrected:
            bins.setdefault((one.end - first) // stretch, []).append(n)
    for some in bins.values():
        wanted.update((min(some, key=lambda n: readings[n].value or 0.0), max(some, key=lambda n: readings[n].value or 0.0)))
    return tuple(readings[n] for n in sorted(wanted)), len(readings) - len(wanted)


def _columns(moments: Sequence[tuple[datetime, datetime]], values: Sequence[float | None]) -> Series:
    starts = np.array([micros(start) for start, _ in moments], dtype=np.int64)
    ends = np.array([micros(end) for _, end in moments], dtype=np.int64)
    whole = np.array([NULL if value is None else millionths(value) for value in values], dtype=np.int64)
    none, rows = np.full(len(starts), NOT_ISSUED, dtype=np.int64), np.zeros(len(starts), dtype=np.int32)
    return Series(starts, ends, whole, none, ends, rows, rows)


def _steps_of(said: Sequence[KeptReading]) -> Series:
    """A level that the feed brings, in order of time, each time once."""
    newest = {one.start: one.value for one in sorted(said, key=lambda one: one.known)}
    ordered = sorted(newest.items())
    return _columns([(start, start) for start, _ in ordered], [value for _, value in ordered])


def _steps(column: Sequence[int], starts: Sequence[datetime], last: datetime) -> Iterator[tuple[datetime, datetime, float]]:
    """A column of bounds as spans of one value; where there is no bound there is no span."""
    begun: datetime | None = None
    for n, bound in enumerate(column):
        begun = starts[n] if n == 0 or column[n - 1] != bound else begun
        ends = n + 1 == len(column) or column[n + 1] != bound
        if ends and bound != NO_BOUND and begun is not None:
            yield begun, last if n + 1 == len(column) else starts[n + 1], bound / MILLIONTHS
