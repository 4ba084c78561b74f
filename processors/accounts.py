"""The accounts of places over years: what was said of each, as it was known with each record.

A rule over years is asked for again and again with another number at one level. What is said of all other places stays as it is, so it is
kept, once; and most of what came in said nothing new. The tracks are those of the engine, taking in the same readings in the same order;
where readings only went forward, the small machine is enough.
"""

from bisect import bisect_right
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from processors.account import Account, Writer
from processors.accounts_forward import Readings, forward
from processors.backtest_records import Brought
from processors.bounds import LONGEST_PERIOD, NO_BOUND, Column, millionths, needed, replaced
from processors.held_against import bounds_for
from processors.history import DELIVERY, NOT_SAID, Delivery, History
from processors.kinds import KINDS
from processors.plan import Place, Plan
from processors.series import NOT_ISSUED, NULL, Series
from processors.timelines import micros
from processors.tracks import BoundsOf, Track, new_track, take_bounds, take_readings, take_steps
from schemas.inputs import Baseline, BaselineRow

Numbers = npt.NDArray[np.intp]


@dataclass(frozen=True)
class Lived:
    """What came in over years.

    Attributes:
        nows: the shard's now after each record, microseconds. ids: of the records. deliveries: the record that each was.
        baselines: with the record that each was.
    """

    history: History
    nows: list[int]
    ids: list[str]
    deliveries: Numbers
    baselines: tuple[tuple[int, Baseline], ...]

    @classmethod
    def of(cls, history: History, brought: Sequence[tuple[int, Brought]]) -> "Lived":
        """Args: brought: as `backtest_records.records_of` gives them; time goes on from the first delivery."""
        first = history.deliveries[0].received
        contents = [content for _, (_, content) in brought]
        return cls(
            history=history,
            nows=[max(at, first) for at, _ in brought],
            ids=[record.id for _, (record, _) in brought],
            deliveries=np.array([n for n, content in enumerate(contents) if isinstance(content, Delivery)], dtype=np.intp),
            baselines=tuple((n, content) for n, content in enumerate(contents) if isinstance(content, Baseline)),
        )

    @cached_property
    def records(self) -> Numbers:
        """The record that each reading came in."""
        lasts = [delivery.last for delivery in self.history.deliveries[: len(self.deliveries)]]
        return self.deliveries[np.searchsorted(lasts, np.arange(lasts[-1] if lasts else 0), side="right")]

    def of_indicator(self, indicator: str) -> dict[str, npt.NDArray[np.intp]]:
        """Place to the rows of its readings of an indicator, in order of receipt; no forecasts."""
        history, count = self.history, len(self.records)
        if indicator not in history.indicators:
            return {}
        taken = history.indicator[:count] == history.indicators.index(indicator)
        if history.leads is not None:
            taken &= history.leads[:count] == NOT_SAID
        rows = np.flatnonzero(taken)
        rows = rows[np.argsort(history.area[rows], kind="stable")]
        edges = np.flatnonzero(np.diff(history.area[rows])) + 1
        return {history.areas[history.area[part[0]]]: part for part in np.split(rows, edges) if len(part)}

    def series(self, rows: npt.NDArray[np.intp]) -> Series:
        """Readings as a series, in the order of the rows; each source is the record that brought it."""
        history = self.history
        values = history.values[rows]
        nulls = np.isnan(values)
        issued = np.full(len(rows), NOT_ISSUED) if history.issued is None else history.issued[rows]
        return Series(
            starts=history.starts[rows], ends=history.ends[rows],
            values=np.where(nulls, NULL, np.rint(np.where(nulls, 0.0, values) * 1e6)).astype(np.int64),
            issued=np.where(issued == NOT_SAID, NOT_ISSUED, issued), received=history.received[rows],
            sources=self.records[rows].astype(np.int32), rows=rows.astype(np.int32),
        )  # fmt: skip


def accounts_of(plan: Plan, threshold: str, lived: Lived) -> dict[Place, Account]:
    """The accounts of a threshold at all its places of which something was said."""
    watched = plan.thresholds[threshold]
    steps = [(number, lived.of_indicator(bound.series)) for number, bound in enumerate(plan.bounds[threshold]) if bound.series is not None]
    rows = _rows_of(threshold, lived)
    found = {}
    for place, own in lived.of_indicator(watched.indicator).items():
        if plan.fits(threshold, place):
            series = lived.series(own)
            of_levels = [lived.series(by_place.get(place, own[:0])) for _, by_place in steps]
            found[threshold, place] = _Place(plan, (threshold, place), lived, series, of_levels, rows.get(place, ())).account()
    return {place: account for place, account in found.items() if account.known}


def _rows_of(threshold: str, lived: Lived) -> dict[str, list[tuple[int, tuple[BaselineRow, ...]]]]:
    """Place to the rows of its baseline, with the record that each came in."""
    found: dict[str, list[tuple[int, tuple[BaselineRow, ...]]]] = defaultdict(list)
    for record, baseline in lived.baselines:
        if baseline.threshold == threshold:
            by_place: dict[str, list[BaselineRow]] = defaultdict(list)
            for row in baseline.rows:
                by_place[row.area].append(row)
            for place, rows in by_place.items():
                found[place].append((record, tuple(rows)))
    return found


def _rank(_source: int, _row: int) -> tuple[str, str]:
    """Of a history all deliveries have one name, and readings no key."""
    return DELIVERY, ""


class _New(NamedTuple):
    """Readings that came in with one record: of the threshold itself, or of one of its levels."""

    level: int | None
    series: Series


class _Rows(NamedTuple):
    """Rows of a baseline that came in with one record."""

    rows: tuple[BaselineRow, ...]


class _Place:
    """One threshold at one place.

    Args:
        series: its readings in order of receipt. steps: the same of what brings each of its levels, if that is a series.
        rows: of its baseline, with the record that each came in.
    """

    def __init__(
        self,
        plan: Plan,
        place: Place,
        lived: Lived,
        series: Series,
        steps: Sequence[Series],
        rows: Sequence[tuple[int, tuple[BaselineRow, ...]]],
    ) -> None:
        self.plan, self.place, self.lived = plan, place, lived
        self.series, self.steps, self.rows = series, steps, rows
        self.settings = plan.settings(*place)
        self.against = KINDS[plan.thresholds[place[0]].kind].against

    def account(self) -> Account:
        """The account; the short way if it means the same."""
        writer = Writer(self.lived.nows)
        readings = self._forward()
        return forward(readings, self.settings, writer) if readings is not None else self._by_tracks(writer)

    def _by_tracks(self, writer: Writer) -> Account:
        """By the engine's own track, record by record."""
        track = new_track(self.settings, len(self.steps))
        rows: tuple[BaselineRow, ...] = ()
        changes = list(self._changes())
        for n, (record, taken) in enumerate(changes):
            before, now = track, self.lived.nows[record]
            bounds_of = self._bounds_of(rows)
            if isinstance(taken, _Rows):
                rows = needed(replaced(rows, taken.rows), self._oldest(track, now))
                track = take_bounds(track, self.settings, bounds_of, self._bounds_of(rows), now)
            else:
                if taken.level is None:
                    track = take_readings(track, taken.series, self.settings, bounds_of, _rank, now)
                else:
                    track = take_steps(track, taken.level, taken.series, self.settings, bounds_of, _rank, now)
            following = changes[n + 1][0] if n + 1 < len(changes) else len(self.lived.nows)
            first = len(before.frozen)
            writer.say(record, following, first, (*track.frozen[first:], *track.live), track.tail)
        periods = self.series.ends - self.series.starts
        return writer.account(int(periods.max()) if len(periods) else 0)

    def _changes(self) -> Iterator[tuple[int, _New | _Rows]]:
        """What came in, record by record: a station's own levels before its readings."""
        found: list[tuple[int, bool, int, _New | _Rows]] = []
        for level, series in (*enumerate(self.steps), (None, self.series)):
            records = series.sources
            edges = np.flatnonzero(np.diff(records)) + 1
            for part in np.split(np.arange(len(records)), edges):
                if len(part):
                    new = series.take(part[np.lexsort((series.starts[part], series.ends[part]))])
                    found.append((int(records[part[0]]), level is None, level or 0, _New(level, new)))
        found += [(record, False, 0, _Rows(rows)) for record, rows in self.rows]
        for record, _, _, taken in sorted(found, key=lambda one: one[:3]):
            yield record, taken

    def _bounds_of(self, rows: tuple[BaselineRow, ...]) -> BoundsOf:
        threshold, place = self.place
        return bounds_for(self.plan, {threshold: {place: rows}}, threshold, place)

    def _oldest(self, track: Track, now: int) -> int:
        """The earliest moment of a reading's period that may still be judged."""
        oldest = now - self.settings.horizon - self.settings.delay - micros(LONGEST_PERIOD)
        return min(oldest, int(track.series.starts.min())) if len(track.series) else oldest

    def _forward(self) -> Readings | None:
        """The readings with what they are held against, if they only go forward."""
        series = self._accepted(self.series)
        series = series.take(np.lexsort((series.starts, series.ends, series.sources)))
        ends, starts = np.diff(series.ends), np.diff(series.starts)
        if not np.all((ends > 0) | ((ends == 0) & (starts > 0))):
            return None
        series = series.with_values()
        bounds = self._held_against(series)
        if bounds is None:
            return None
        return Readings(series.starts, series.ends, series.values, series.sources.astype(np.intp), bounds)

    def _accepted(self, series: Series) -> Series:
        """Those that came within the horizon."""
        nows = np.asarray(self.lived.nows)[series.sources]
        return series.take(series.ends + self.settings.delay >= nows - self.settings.horizon)

    def _held_against(self, series: Series) -> Column | None:
        """The bounds of each reading as it came; none if they were others later, or are more than those of its kind."""
        threshold, place = self.place
        if self.against == "constants":
            return self._bounds_of(())(new_track(self.settings, 0), series)
        if (threshold, place) in self.plan.overridden or self.plan.thresholds[threshold].datum is not None:
            return None
        if self.against == "series":
            return self._by_steps(series)
        return self._by_rows(series) if self.against == "baseline" else None

    def _by_steps(self, series: Series) -> Column | None:
        """Bounds by the steps in force; none if one of them came after a reading that it is in force for."""
        columns = []
        for step in map(self._accepted, self.steps):
            if np.any(np.diff(step.starts) <= 0) or np.any(np.diff(step.ends) <= 0):
                return None
            at = np.searchsorted(step.starts, series.starts, side="right") - 1
            if np.any(step.sources[at[at >= 0]] > series.sources[at >= 0]):
                return None
            known = np.concatenate((np.array([NO_BOUND]), np.where(step.values == NULL, NO_BOUND, step.values)))
            columns.append(known[at + 1])
        return np.stack(columns, axis=1) if columns else None

    def _by_rows(self, series: Series) -> Column | None:
        """Bounds by the baseline's rows as they were; none if a row was another one later, as long as that could alter anything."""
        versions: dict[tuple[int, int], list[tuple[int, list[int]]]] = defaultdict(list)
        levels = self.plan.bounds[self.place[0]]
        for record, rows in self.rows:
            for row in rows:
                bounds = [millionths(row.bounds[b.level.word]) if row.admitted and b.level.word in row.bounds else NO_BOUND for b in levels]
                versions[micros(row.start), micros(row.end)].append((record, bounds))
        periods = sorted(versions)
        if any(until > begin for (_, until), (begin, _) in pairwise(periods)):
            return None
        begins = [begin for begin, _ in periods]
        found = []
        middles = series.starts + (series.ends - series.starts) // 2
        for middle, end, record in zip(middles.tolist(), series.ends.tolist(), series.sources.tolist(), strict=True):
            at = bisect_right(begins, middle) - 1
            known = versions[periods[at]] if at >= 0 and middle < periods[at][1] else []
            held = next((bounds for since, bounds in reversed(known) if since < record), [NO_BOUND] * len(levels))
            reaches = end + self.settings.horizon + self.settings.delay
            if any(since > record and bounds != held and self.lived.nows[since] <= reaches for since, bounds in known):
                return None
            found.append(held)
        return np.array(found, dtype=np.int64).reshape(len(found), len(levels))
