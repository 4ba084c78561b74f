"""Readings that pages may draw: those of every place that was evidence of an event, from before its horizon until it is over.

They are taken in while the log is read and kept in columns, so that no page has to read the log for them. What no event rests on is let
go of once it is older than its feed's horizon.
"""

from array import array
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
from processors.timelines import micros, moment
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.records import Baseline, BaselineRow, CompoundEvent, ConfigChange, Evidence

Key = tuple[str, str]
"""(indicator, place)."""
AFTER = timedelta(days=1)
"""How long after an event is over its readings are still taken in: what let it end stands beside what began it."""
SHORTEST = timedelta(days=8)
"""Readings of a feed that no threshold reads are let go of after this."""
NONE = -(2**62)
"""In a column: the source did not say, or it is no forecast."""
_WORDS, _ORIGIN = ("area", "indicator", "quality", "feed", "delivery"), ("quality", "feed", "delivery")
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


@dataclass(frozen=True, slots=True)
class _Claim:
    """A span of `known` for which an event wants readings; without an end it still stands."""

    first: int
    last: int | None

    def wants(self, known: Column) -> npt.NDArray[np.bool_]:
        """Which of some moments lie in it."""
        wanted: npt.NDArray[np.bool_] = known >= self.first
        return wanted if self.last is None else wanted & (known <= self.last)


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
        self._claims: dict[str, dict[tuple[str, str], _Claim]] = defaultdict(dict)
        self._number = 0
        self._begun: int | None = None
        self._dropped: dict[str, int] = {}
        self._whole: dict[Key, int] = {}
        self._baselines: dict[Key, list[tuple[int, BaselineRow]]] = defaultdict(list)
        self._configurations: dict[str, dict[str, Any]] = {}

    def claim(self, event: CompoundEvent) -> None:
        """Keep what an event rests on: place and indicator of each reading in its tree of reasons."""
        last = micros(event.known + AFTER) if event.ended else None
        earlier: dict[str, dict[str, _Claim]] = defaultdict(dict)
        for _, leaf in leaves(event.evidence):
            for reading in leaf.readings:
                first = micros(min(event.since, reading.start)) - self._spans.get(reading.feed, micros(SHORTEST))
                for indicator in (reading.indicator, *levels_of(reading.indicator)):
                    claim, name = _Claim(first, last), (event.id, indicator)
                    before = self._claims[reading.area].get(name)
                    if before is not None and before.first <= first:
                        claim = _Claim(before.first, last)
                    else:
                        earlier[reading.area][indicator] = claim
                        whole = max(first, self._dropped.get(reading.feed, first))
                        self._whole[indicator, reading.area] = min(whole, self._whole.get((indicator, reading.area), whole))
                    self._claims[reading.area][name] = claim
        if earlier:
            self._put([b for batches in self._recent.values() for b in batches], {p: list(c.items()) for p, c in earlier.items()})

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
        claimed = self._claims.keys() & places.keys()
        if claimed:
            self._put([made], {p: [(name[1], claim) for name, claim in self._claims[p].items()] for p in claimed})

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

    def _put(self, batches: Sequence[_Batch], wanted: Mapping[str, Sequence[tuple[str, _Claim]]]) -> None:
        """Keep of some records what is wanted of each place, and is not kept already."""
        parts = [(batch, rows) for batch in batches if wanted.keys() & batch.places.keys() and (rows := batch.of(wanted)).num_rows]
        if not parts:
            return
        rows = _Rows([part for _, part in parts])
        lengths = [part.num_rows for _, part in parts]
        numbers = np.repeat(np.array([batch.number for batch, _ in parts], dtype=np.int64), lengths)
        known = np.repeat(np.array([batch.known for batch, _ in parts], dtype=np.int64), lengths)
        records = {batch.number: batch.record for batch, _ in parts}
        for key in {(indicator, place) for place, claims in wanted.items() for indicator, _ in claims}:
            lane = self._lanes.get(key, _NOTHING)
            which = rows.of(*key)
            claimed = np.zeros(len(which), dtype=bool)
            for indicator, claim in wanted[key[1]]:
                claimed |= (indicator == key[0]) & claim.wants(known[which])
            which = which[claimed & np.array([number not in lane.taken for number in numbers[which].tolist()], dtype=bool)]
            if len(which):
                lane = self._lanes.setdefault(key, _Lane())
                rows.append_to(lane, which, known, numbers, records)


class _Rows:
    """Readings of several records, each column made into an array once."""

    def __init__(self, parts: Sequence[pa.RecordBatch]) -> None:
        several = len(parts) > 1
        batch = pa.Table.from_batches(parts).unify_dictionaries().combine_chunks().to_batches()[0] if several else parts[0]
        self._words = {name: batch.column(name) for name in _WORDS}
        self._codes = {name: column.indices.to_numpy() for name, column in self._words.items()}
        self._moments = [pc.fill_null(batch.column(name).cast(pa.int64()), NONE).to_numpy() for name in ("start", "end", "issued")]
        self._lead, self._member = (pc.fill_null(batch.column(name).cast(pa.int64()), NONE).to_numpy() for name in ("lead", "member"))
        self._values = batch.column("value").to_numpy(zero_copy_only=False)

    def of(self, indicator: str, place: str) -> npt.NDArray[np.intp]:
        """The rows of an indicator at a place."""
        found = np.ones(len(self._values), dtype=bool)
        for name, word in (("indicator", indicator), ("area", place)):
            words = self._words[name].dictionary.to_pylist()
            found &= self._codes[name] == (words.index(word) if word in words else -1)
        return np.flatnonzero(found)

    def append_to(self, lane: _Lane, which: npt.NDArray[np.intp], known: Column, numbers: Column, records: Mapping[int, str]) -> None:
        """Put some rows behind those of a lane."""
        codes = np.stack([numbers[which], *(self._codes[name][which].astype(np.int64) for name in _ORIGIN)], axis=1)
        distinct, came = np.unique(codes, axis=0, return_inverse=True)
        before = len(lane.origins)
        for number, *words in distinct.tolist():
            quality, feed, delivery = (self._words[name].dictionary[code].as_py() for name, code in zip(_ORIGIN, words, strict=True))
            lane.origins.append(Origin(quality, feed, delivery, records[number], number))
        start, end, issued = self._moments
        columns = (
            start[which], end[which], issued[which], known[which], self._lead[which], self._member[which],
            came.reshape(-1) + before, numbers[which],
        )  # fmt: skip
        for column, values in zip(lane.whole, columns, strict=True):
            column.frombytes(np.ascontiguousarray(values, dtype=np.int64).tobytes())
        lane.values.frombytes(np.ascontiguousarray(self._values[which], dtype=np.float64).tobytes())
        lane.taken.update(numbers[which].tolist())


_NOTHING = _Lane()


def levels_of(indicator: str) -> tuple[str, ...]:
    """The indicators by which a feed says a station's own levels."""
    return tuple(f"{indicator}.{level.word}" for level in Level if level)
