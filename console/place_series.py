"""One threshold at one place as a warning's page draws it: the readings until a moment, what they were held against, and where nobody knew.

What is held against what is the engine's own: bounds come from `processors`, with the configuration by which the event was judged.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import pairwise
from statistics import median

import numpy as np
import numpy.typing as npt

from console.reading_order import Ordered, SeriesReading, in_order, runs_of, silences, thinned
from console.series_columns import NONE, KeptReadings
from console.series_kept import SeriesKept, leaves
from processors.bounds import MILLIONTHS, NO_BOUND, Column
from processors.held_against import bounds_for
from processors.kinds import KINDS
from processors.plan import Plan
from processors.series import NOT_ISSUED, NULL, Series
from processors.timelines import micros, moment
from processors.tracks import new_track
from schemas.inputs import Quality
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, Evidence, Reading
from schemas.thresholds import Threshold

_EDGE = 0.05


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


def place_series(
    event: CompoundEvent, over: datetime | None, kept: SeriesKept, plan: Plan, at: datetime, most: int
) -> tuple[tuple[PlaceSeries, ...], int]:
    """The series behind an event's change, each once: what is true first, then what cannot be told, then what is not so.

    Args:
        over: when it was known that the event is over; none while it stands. at: the moment that is looked at.
        most: of how many.

    Returns:
        The series, and how many more there are.
    """
    found: dict[tuple[str, str], Evidence] = {}
    for name, leaf in leaves(event.evidence):
        place = leaf.area or leaf.readings[0].area
        if name in plan.thresholds and leaf.readings[0].area == place:
            found.setdefault((name, place), leaf)
    order = (Truth.TRUE, Truth.UNKNOWN, Truth.FALSE)
    chosen = sorted(found.items(), key=lambda one: order.index(one[1].truth))[:most]
    made = (_Drawing(event, over, kept, plan, at, plan.thresholds[name], place, leaf) for (name, place), leaf in chosen)
    return tuple(one.series() for one in made), len(found) - len(chosen)


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
        observed = said.take(said.leads == NONE)
        trusted = observed.take(self._trusted(observed))
        forecasts = name in self.plan.of_forecasts
        ordered = in_order(trusted.take(np.arange(0 if forecasts else len(trusted))), self._cited(first, last, forecasts))
        silent = silences(ordered, micros(first), micros(last), micros(self._stale))
        unknown = tuple((max(moment(a), whole), moment(b)) for a, b in silent if whole is not None and moment(b) > whole)
        drawn, left_out = self._drawn(ordered, silent, first, last)
        since = self.leaf.since if self.leaf.truth is Truth.TRUE else None
        return PlaceSeries(
            threshold=self.threshold, place=self.place, asked=_asked(self.leaf), truth=self.leaf.truth, held=self.leaf.held,
            first=first, last=last, since=since, known=self._known(ordered, since), readings=drawn, left_out=left_out,
            distrusted=len(observed) - len(trusted), levels=tuple(self._levels(ordered, first, last)),
            unknown=() if forecasts else unknown, issue=self._issue(said, forecasts), whole=whole,
        )  # fmt: skip

    def _trusted(self, observed: KeptReadings) -> npt.NDArray[np.bool_]:
        least = self.threshold.least_trust
        enough = [least is None or Quality(origin.quality).reaches(least) for origin in observed.origins]
        found: npt.NDArray[np.bool_] = np.array(enough, dtype=bool)[observed.came]
        return found

    def _cited(self, first: datetime, last: datetime, forecasts: bool) -> list[Reading]:
        """The readings that the tree names, of those that may be drawn."""
        return [r for r in self.leaf.readings if not forecasts and first <= r.end and r.received <= last]

    def _drawn(
        self, ordered: Ordered, silent: Sequence[tuple[int, int]], first: datetime, last: datetime
    ) -> tuple[tuple[SeriesReading, ...], int]:
        """The readings of the window that are drawn, and how many are not."""
        runs = runs_of(ordered, silent)
        window = np.flatnonzero(ordered.ends >= micros(first))
        chosen = thinned(ordered.take(window), runs[window], micros(first), micros(last))
        return tuple(ordered.reading(int(row), int(runs[row])) for row in window[chosen]), len(window) - len(chosen)

    def _window(self) -> tuple[datetime, datetime]:
        """From a horizon before what the tree names until the moment looked at, or until a little after the event was over."""
        oldest = min(self.event.since, *(reading.start for reading in self.leaf.readings))
        first = oldest - self.threshold.horizon
        if self.over is None:
            return first, self.at
        return first, min(self.at, self.over + (self.over - first) * _EDGE)

    @property
    def _stale(self) -> timedelta:
        """From the end of a reading's period until it is too old."""
        return timedelta(microseconds=self.plan.settings(self.threshold.name, self.place).stale)

    def _known(self, ordered: Ordered, since: datetime | None) -> datetime | None:
        """When the reading that reached the level came in; else when the event was known."""
        if since is None:
            return None
        came = np.flatnonzero(~ordered.corrected & ((ordered.starts == micros(since)) | (ordered.ends == micros(since))))
        return min(self.event.known, moment(int(ordered.known[came[0]]))) if len(came) else self.event.known

    def _levels(self, ordered: Ordered, first: datetime, last: datetime) -> Iterator[LevelLine]:
        name, written = self.threshold.name, self.threshold.levels
        conditions = KINDS[self.threshold.kind].conditions
        if conditions is not None:
            for one in conditions(self.threshold):
                whole = ((first, last, one.quantity / MILLIONTHS),)
                yield LevelLine(one.level, written.get(one.level.word, ""), whole, round(one.percent))
            return
        given = np.flatnonzero(ordered.given & ~ordered.corrected)
        end = micros(last)
        series = _columns(ordered.starts[given], ordered.ends[given], ordered.values[given]) if len(given) else _nothing_at(end)
        starts = np.concatenate(([micros(first)], series.starts[1:]))
        for number, (bound, column) in enumerate(zip(self.plan.bounds[name], self._bounds(series, first, last).T, strict=True)):
            steps = tuple(_steps(column, starts, end))
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

    def _bounds(self, series: Series, first: datetime, last: datetime) -> Column:
        """For each reading, a column a level, what it was held against, as the engine holds it."""
        name, settings = self.threshold.name, self.plan.settings(self.threshold.name, self.place)
        rows = {name: {self.place: self.kept.bounds_of(name, self.place, last)}}
        told = [bound.series for bound in self.plan.bounds[name] if bound.series is not None]
        steps = tuple(_steps_of(self.kept.readings(one, self.place, first - self.threshold.horizon, last)) for one in told)
        track = replace(new_track(settings, len(told)), series=series, steps=steps)
        return bounds_for(self.plan, rows, name, self.place)(track, series)

    def _issue(self, said: KeptReadings, forecasts: bool) -> Issue | None:
        """The issue that the tree names, of a threshold that reads forecasts; else the newest."""
        told = said.take((said.leads != NONE) & ~np.isnan(said.values))
        if not len(told):
            return None
        bases = told.ends - told.leads
        named = {reading.record for reading in self.leaf.readings}
        of_tree = np.array([origin.record in named for origin in told.origins], dtype=bool)[told.came]
        base = int(bases[of_tree].max() if forecasts and of_tree.any() else bases.max())
        own = told.take(bases == base)
        steps: dict[int, dict[int, float]] = {}
        for end, member, value in zip(own.ends.tolist(), own.members.tolist(), own.values.tolist(), strict=True):
            steps.setdefault(end, {})[member] = value
        newest, origin = len(own) - 1, own.origin(len(own) - 1)
        issued = moment(int(own.issued[newest])) if own.issued[newest] != NONE else None
        drawn = tuple(_step(moment(end), list(members.values())) for end, members in sorted(steps.items()))
        return Issue(moment(base), issued, moment(int(own.known[newest])), origin.feed, origin.delivery, drawn)


def _asked(leaf: Evidence) -> Level | None:
    words = leaf.condition.removeprefix("not ").split()
    return Level.named(words[2]) if len(words) > 2 and words[1] == ">=" else None


def _step(valid: datetime, values: Sequence[float]) -> ForecastStep:
    return ForecastStep(valid, min(values), median(values), max(values), len(values))


def _columns(starts: Column, ends: Column, values: npt.NDArray[np.float64]) -> Series:
    whole = np.where(np.isnan(values), NULL, np.rint(np.nan_to_num(values) * MILLIONTHS)).astype(np.int64)
    none, rows = np.full(len(starts), NOT_ISSUED, dtype=np.int64), np.zeros(len(starts), dtype=np.int32)
    return Series(starts, ends, whole, none, ends, rows, rows)


def _nothing_at(end: int) -> Series:
    at = np.array([end], dtype=np.int64)
    return _columns(at, at, np.array([np.nan]))


def _steps_of(said: KeptReadings) -> Series:
    """A level that the feed brings, in order of time, each time once, as it was said last."""
    order = np.lexsort((said.known, said.starts))
    last = np.append(np.diff(said.starts[order]) != 0, True)[: len(order)]
    chosen = said.take(order[last])
    return _columns(chosen.starts, chosen.starts, chosen.values)


def _steps(column: Column, starts: Column, end: int) -> Iterator[tuple[datetime, datetime, float]]:
    """A column of bounds as spans of one value; where there is no bound there is no span."""
    edges = [0, *(np.flatnonzero(np.diff(column)) + 1).tolist(), len(column)]
    for a, b in pairwise(edges):
        if column[a] != NO_BOUND:
            yield moment(int(starts[a])), moment(end if b == len(column) else int(starts[b])), int(column[a]) / MILLIONTHS
