"""Readings that pages may draw: those of every place that was evidence of an event, from before its horizon until it is over.

They are taken in while the log is read and kept in columns, so that no page has to read the log for them. What no event rests on is let
go of once it is older than its feed's horizon.
"""

import math
from array import array
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa

from processors.bounds import replaced
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
_NONE = -(2**62)
_TAKEN = ("area", "indicator", "start", "end", "issued", "lead", "member", "value", "quality", "feed", "delivery")


@dataclass(frozen=True, slots=True)
class KeptReading:
    """One reading as the log has it.

    Attributes:
        known: when the record it came in was received: from then on it could be known. lead, member: of a forecast; else none.
        number: of the record, in the order of the log. record, delivery: its id, and the SHA-256 of the raw bytes.
    """

    start: datetime
    end: datetime
    issued: datetime | None
    known: datetime
    lead: timedelta | None
    member: int | None
    value: float | None
    quality: str
    feed: str
    delivery: str
    record: str
    number: int


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


@dataclass(slots=True)
class _Lane:
    """Readings of one indicator at one place, in columns: some 60 bytes each."""

    whole: tuple["array[int]", ...] = field(default_factory=lambda: tuple(array("q") for _ in range(6)))
    values: "array[float]" = field(default_factory=lambda: array("d"))
    origins: list[tuple[str, str, str, str, int]] = field(default_factory=list)
    came: "array[int]" = field(default_factory=lambda: array("q"))
    taken: set[int] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class _Claim:
    """A span of `known` for which an event wants readings; without an end it still stands."""

    first: int
    last: int | None

    def wants(self, known: int) -> bool:
        return self.first <= known and (self.last is None or known <= self.last)


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
            for batch in [batch for batches in self._recent.values() for batch in batches]:
                self._put(batch, {place: _wanted(claims.items(), batch.known) for place, claims in earlier.items()})

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
            self._put(made, {p: _wanted(((name[1], c) for name, c in self._claims[p].items()), made.known) for p in claimed})

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

    def readings(self, indicator: str, place: str, since: datetime, at: datetime) -> tuple[KeptReading, ...]:
        """What had been said at a moment of an indicator at a place whose period ends at `since` or later, in the order of the log."""
        lane = self._lanes.get((indicator, place))
        if lane is None:
            return ()
        ends, known = np.array(lane.whole[1]), np.array(lane.whole[3])
        wanted = np.flatnonzero((ends >= micros(since)) & (known <= micros(at)))
        found = [_reading(lane, int(row)) for row in wanted]
        return tuple(sorted(found, key=lambda one: one.number))

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

    def _put(self, batch: _Batch, wanted: Mapping[str, Set[str]]) -> None:
        """Keep of a record what is wanted of each place, if it is not kept already."""
        codes = [batch.places[place] for place, indicators in wanted.items() if indicators and place in batch.places]
        if not codes:
            return
        rows = batch.rows.take(pa.array(np.flatnonzero(np.isin(batch.rows.column("area").indices.to_numpy(), codes))))
        columns = rows.to_pydict()
        put: set[Key] = set()
        for n, key in enumerate(zip(columns["indicator"], columns["area"], strict=True)):
            lane = self._lanes.get(key)
            if key[0] in wanted[key[1]] and (key in put or lane is None or batch.number not in lane.taken):
                put.add(key)
                _append(self._lanes.setdefault(key, _Lane()), batch, columns, n)
        for key in put:
            self._lanes[key].taken.add(batch.number)


def levels_of(indicator: str) -> tuple[str, ...]:
    """The indicators by which a feed says a station's own levels."""
    return tuple(f"{indicator}.{level.word}" for level in Level if level)


def _wanted(claims: Iterable[tuple[str, _Claim]], known: int) -> set[str]:
    return {indicator for indicator, claim in claims if claim.wants(known)}


def _append(lane: _Lane, batch: _Batch, columns: Mapping[str, list[Any]], n: int) -> None:
    issued, lead, member, value = columns["issued"][n], columns["lead"][n], columns["member"][n], columns["value"][n]
    origin = (columns["quality"][n], columns["feed"][n], columns["delivery"][n], batch.record, batch.number)
    if not lane.origins or lane.origins[-1] != origin:
        lane.origins.append(origin)
    whole = (
        micros(columns["start"][n]), micros(columns["end"][n]), micros(issued) if issued is not None else _NONE, batch.known,
        micros(lead) if lead is not None else _NONE, member if member is not None else _NONE,
    )  # fmt: skip
    for column, number in zip(lane.whole, whole, strict=True):
        column.append(number)
    lane.values.append(value if value is not None else math.nan)
    lane.came.append(len(lane.origins) - 1)


def _reading(lane: _Lane, row: int) -> KeptReading:
    start, end, issued, known, lead, member = (column[row] for column in lane.whole)
    quality, feed, delivery, record, number = lane.origins[lane.came[row]]
    value = lane.values[row]
    return KeptReading(
        start=moment(start), end=moment(end), issued=moment(issued) if issued != _NONE else None, known=moment(known),
        lead=timedelta(microseconds=lead) if lead != _NONE else None, member=member if member != _NONE else None,
        value=None if math.isnan(value) else value, quality=quality, feed=feed, delivery=delivery, record=record, number=number,
    )  # fmt: skip
