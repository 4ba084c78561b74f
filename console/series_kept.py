"""Readings that pages may draw: those of every place that was evidence of an event, from before its horizon until it is over.

They are taken in while the log is read and kept in columns, so that no page has to read the log for them. What no event rests on is let
go of once it is older than its feed's horizon.
"""

import math
from array import array
from bisect import bisect_right
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from processors.bounds import Column, replaced
from processors.timelines import FAR, micros, moment
from schemas.country_files import LoadedCountry
from schemas.inputs import Baseline, BaselineRow, ConfigChange
from schemas.levels import Level
from schemas.outputs import CompoundEvent, Evidence

Key = tuple[str, str]
"""(indicator, place)."""
AFTER = timedelta(days=1)
"""How long after an event is over its readings are still taken in: what let it end stands beside what began it."""
SHORTEST = timedelta(days=8)
"""Readings of a feed that no threshold reads are let go of after this."""
NONE = -(2**62)
"""In a column: the source did not say, or it is no forecast."""
_ORIGIN = ("quality", "feed", "delivery")
_TAKEN = ("area", "indicator", "start", "end", "issued", "lead", "member", "value", "quality", "feed", "delivery")


@dataclass(frozen=True, slots=True)
class Origin:
    """Where readings come from. `record`: the id of the record they came in; `number`: its place in the order of the log."""

    quality: str
    feed: str
    delivery: str
    record: str
    number: int


@dataclass(frozen=True, slots=True)
class KeptReadings:
    """Readings of one indicator at one place, in columns, in the order of the log.

    Attributes:
        starts, ends, issued, leads: microseconds; NONE where the source did not say, or it is no forecast.
        known: when the record was received.
        members: of a forecast's ensemble, or NONE. values: in the unit, NaN where the source gave none.
        came: for each its place in `origins`.
    """

    starts: Column
    ends: Column
    issued: Column
    known: Column
    leads: Column
    members: Column
    values: npt.NDArray[np.float64]
    came: Column
    origins: Sequence[Origin]

    def __len__(self) -> int:
        return len(self.ends)

    def take(self, which: npt.NDArray[np.intp] | npt.NDArray[np.bool_]) -> "KeptReadings":
        """Some of them."""
        return KeptReadings(
            self.starts[which], self.ends[which], self.issued[which], self.known[which], self.leads[which], self.members[which],
            self.values[which], self.came[which], self.origins,
        )  # fmt: skip

    def origin(self, row: int) -> Origin:
        """Where one comes from."""
        return self.origins[int(self.came[row])]


@dataclass(frozen=True, slots=True)
class _Batch:
    """A record's readings.

    Attributes:
        number: its place in the order of what was taken in. known: microseconds. places: code to its number in the column of areas.
    """

    number: int
    known: int
    record: str
    rows: pa.RecordBatch
    places: Mapping[str, int]

    def of(self, places: Iterable[str]) -> pa.RecordBatch:
        """The readings of some places."""
        codes = [self.places[place] for place in places if place in self.places]
        return self.rows.take(pa.array(np.flatnonzero(np.isin(self.rows.column("area").indices.to_numpy(), codes))))


@dataclass(slots=True)
class _Lane:
    """Readings of one indicator at one place, in columns: some 60 bytes each. `taken`: the numbers of their records."""

    whole: tuple["array[int]", ...] = field(default_factory=lambda: tuple(array("q") for _ in range(8)))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    origins: list[Origin] = field(default_factory=list)
    taken: set[int] = field(default_factory=set)


@dataclass(slots=True)
class _Claims:
    """The spans of `known` for which events want readings, by event; the same spans merged, in order."""

    by_event: dict[str, tuple[int, int]] = field(default_factory=dict)
    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)

    def put(self, event: str, first: int, last: int) -> bool:
        """Claim a span for an event, no shorter at its beginning than before; answers whether it begins earlier."""
        before = self.by_event.get(event)
        self.by_event[event] = (first if before is None else min(first, before[0]), last)
        self.firsts, self.lasts = [], []
        for one, other in sorted(self.by_event.values()):
            if self.lasts and one <= self.lasts[-1]:
                self.lasts[-1] = max(self.lasts[-1], other)
            else:
                self.firsts.append(one)
                self.lasts.append(other)
        return before is None or first < before[0]

    def cover(self, known: int) -> bool:
        """Whether any event wants what became known then."""
        at = bisect_right(self.firsts, known) - 1
        return at >= 0 and known <= self.lasts[at]


def horizons(country: LoadedCountry) -> dict[str, timedelta]:
    """Feed to how far back a reading of it may still alter what is said, by the longest of the thresholds that read it."""
    found = {}
    for manifest in country.manifests.values():
        given = {gives.indicator for gives in manifest.gives}
        spans = [t.horizon + t.stale_after for t in country.configuration.thresholds if t.indicator in given]
        found[manifest.feed] = max(spans, default=SHORTEST) + manifest.delay + AFTER
    return found


def leaves(evidence: Evidence) -> Iterator[tuple[str, Evidence]]:
    """Each condition that has readings itself, with the threshold it is about; empty if its text does not say which."""
    yield from _leaves(evidence, "")


def _leaves(evidence: Evidence, around: str) -> Iterator[tuple[str, Evidence]]:
    threshold = threshold_in(evidence.condition) or around
    if evidence.readings:
        yield threshold, evidence
    for part in evidence.parts:
        yield from _leaves(part, threshold)


def threshold_in(condition: str) -> str:
    """The threshold that a condition names: of `river_station >= orange` and of `5 of river_station silent within 40 min`."""
    words = condition.removeprefix("not ").split()
    if len(words) > 2 and words[1] == ">=":
        return words[0]
    return words[2] if len(words) > 3 and words[1] == "of" and words[3] == "silent" else ""


class SeriesKept:
    """What is kept. Whoever reads and whoever takes in must not do so at once: `LogReader` sees to it.

    Args:
        spans: feed to how long its readings are kept that no event rests on.
    """

    def __init__(self, spans: Mapping[str, timedelta] | None = None) -> None:
        self._spans = {feed: micros(span) for feed, span in (spans or {}).items()}
        self._recent: dict[str, deque[_Batch]] = defaultdict(deque)
        self._lanes: dict[Key, _Lane] = {}
        self._claims: dict[str, dict[str, _Claims]] = defaultdict(lambda: defaultdict(_Claims))
        self._bases: dict[str, str] = {}
        self._number = 0
        self._begun: int | None = None
        self._dropped: dict[str, int] = {}
        self._whole: dict[Key, int] = {}
        self._baselines: dict[Key, list[tuple[int, BaselineRow]]] = defaultdict(list)
        self._configurations: dict[str, dict[str, Any]] = {}

    def claim(self, event: CompoundEvent) -> None:
        """Keep what an event rests on: place and indicator of each reading in its tree of reasons, and the station's own levels of it."""
        last = micros(event.known + AFTER) if event.ended else FAR
        earlier: dict[str, set[str]] = defaultdict(set)
        for reading in [reading for _, leaf in leaves(event.evidence) for reading in leaf.readings]:
            place, base = reading.area, reading.indicator
            first = micros(min(event.since, reading.start)) - self._spans.get(reading.feed, micros(SHORTEST))
            if self._claims[place][base].put(event.id, first, last):
                earlier[place].add(base)
                self._bases |= dict.fromkeys((base, *levels_of(base)), base)
                whole = max(first, self._dropped.get(reading.feed, first))
                self._whole[base, place] = min(whole, self._whole.get((base, place), whole))
        if earlier:
            for batch in [batch for batches in self._recent.values() for batch in batches]:
                self._put(batch, earlier)

    def take(self, record: str, known: datetime, batch: pa.RecordBatch) -> None:
        """The readings of a record, in the order of the log."""
        if not batch.num_rows:
            return
        feed = str(batch.column("feed")[0].as_py())
        self._number += 1
        places = {code: number for number, code in enumerate(batch.column("area").dictionary.to_pylist())}
        made = _Batch(self._number, micros(known), record, batch.select(list(_TAKEN)), places)
        self._begun = made.known if self._begun is None else self._begun
        recent = self._recent[feed]
        recent.append(made)
        oldest = made.known - self._spans.get(feed, micros(SHORTEST))
        while recent[0].known < oldest:
            self._dropped[feed] = recent.popleft().known
        self._put(made, self._claims)

    def baseline(self, baseline: Baseline) -> None:
        """Bounds that a job made of the past."""
        for row in baseline.rows:
            self._baselines[baseline.threshold, row.area].append((micros(baseline.at), row))

    def configuration(self, change: ConfigChange) -> None:
        """What the shard is judged by."""
        self._configurations[change.hash] = change.configuration

    def configured(self, hash: str) -> dict[str, Any] | None:
        """A configuration by its hash, as JSON values; none if the log has not had it."""
        return self._configurations.get(hash)

    def readings(self, indicator: str, place: str, since: datetime, at: datetime) -> KeptReadings:
        """What had been said at a moment of an indicator at a place whose period ends at `since` or later."""
        lane = self._lanes.get((indicator, place), _NOTHING)
        start, end, issued, known, lead, member, came, number = (np.array(column, dtype=np.int64) for column in lane.whole)
        every = KeptReadings(start, end, issued, known, lead, member, np.array(lane.values, dtype=np.float64), came, lane.origins)
        wanted = np.flatnonzero((every.ends >= micros(since)) & (every.known <= micros(at)))
        return every.take(wanted[np.argsort(number[wanted], kind="stable")])

    def whole_from(self, indicator: str, place: str, at: datetime) -> datetime | None:
        """From when on nothing is missing of what the log had at a moment of an indicator at a place; none if that cannot be said."""
        whole, begun = self._whole.get((indicator, place)), self._begun
        return moment(max(whole, begun)) if whole is not None and begun is not None and begun <= micros(at) else None

    def bounds_of(self, threshold: str, place: str, at: datetime) -> tuple[BaselineRow, ...]:
        """The rows of a baseline that were in force at a moment, the newest last."""
        found: tuple[BaselineRow, ...] = ()
        until = micros(at)
        for known, row in self._baselines.get((threshold, place), ()):
            if known <= until:
                found = replaced(found, (row,))
        return found

    def _put(self, batch: _Batch, claimed: Mapping[str, Iterable[str]]) -> None:
        """Keep of a record what events want of some indicators at some places, and is not kept already."""
        wanted = {
            place: bases
            for place in claimed.keys() & batch.places.keys()
            if (bases := {base for base in claimed[place] if self._claims[place][base].cover(batch.known)})
        }
        if not wanted:
            return
        put: set[Key] = set()
        for indicator, place, whole, value, (quality, feed, delivery) in _rows(batch.of(wanted)):
            key = (indicator, place)
            if self._bases.get(indicator) not in wanted[place]:
                continue
            lane = self._lanes.setdefault(key, _Lane())
            if key in put or batch.number not in lane.taken:
                put.add(key)
                lane.taken.add(batch.number)
                _append(lane, batch, whole, value, Origin(quality, feed, delivery, batch.record, batch.number))


def _rows(rows: pa.RecordBatch) -> Iterator[tuple[str, str, tuple[int, ...], float | None, tuple[str, str, str]]]:
    """Each reading: indicator, place, its moments and numbers with NONE for what it has not, value, and where it comes from."""
    words = {name: rows.column(name).to_pylist() for name in ("indicator", "area", *_ORIGIN)}
    whole = [pc.fill_null(rows.column(name).cast(pa.int64()), NONE).to_pylist() for name in ("start", "end", "issued", "lead", "member")]
    origins = zip(*(words[name] for name in _ORIGIN), strict=True)
    yield from zip(words["indicator"], words["area"], zip(*whole, strict=True), rows.column("value").to_pylist(), origins, strict=True)


def _append(lane: _Lane, batch: _Batch, whole: tuple[int, ...], value: float | None, origin: Origin) -> None:
    if not lane.origins or lane.origins[-1] != origin:
        lane.origins.append(origin)
    start, end, issued, lead, member = whole
    columns = (start, end, issued, batch.known, lead, member, len(lane.origins) - 1, batch.number)
    for column, number in zip(lane.whole, columns, strict=True):
        column.append(number)
    lane.values.append(math.nan if value is None else value)


_NOTHING = _Lane()


def levels_of(indicator: str) -> tuple[str, ...]:
    """The indicators by which a feed says a station's own levels."""
    return tuple(f"{indicator}.{level.word}" for level in Level if level)
