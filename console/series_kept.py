"""Readings that pages may draw: those of every place that was evidence of an event, from before its horizon until it is over.

They are taken in while the log is read and kept in columns, so that no page has to read the log for them. What no event rests on is let
go of once it is older than its feed's horizon.
"""

import json
from collections import defaultdict, deque
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from console.kept_reading import KeptBatch, KeptSeries
from console.series_columns import Batch, Claims, KeptReadings, Origins, Packed, Table, rows_of
from processors.bounds import replaced
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
        self._recent: dict[str, deque[Batch]] = defaultdict(deque)
        self._as_they_came: list[Batch] = []
        self._table = Table()
        self._origins = Origins()
        self._claims: dict[str, dict[str, Claims]] = defaultdict(lambda: defaultdict(Claims))
        self._bases: dict[str, str] = {}
        self._number = 0
        self._begun: int | None = None
        self._dropped: dict[str, int] = {}
        self._whole: dict[Key, int] = {}
        self._baselines: dict[Key, list[tuple[int, BaselineRow]]] = defaultdict(list)
        self._configurations: dict[str, dict[str, Any]] = {}

    def kept(self) -> KeptSeries:
        """All of it, as it is written into a file."""
        keys, columns = self._table.kept()
        origins, known = self._origins.kept()
        return KeptSeries(
            spans=self._spans, keys=keys, columns=columns, origins=origins, known=known,
            recent={feed: [KeptBatch(b.number, b.known, b.record, *b.packed()) for b in batches] for feed, batches in self._recent.items()},
            claims={place: {base: one.by_event for base, one in claims.items()} for place, claims in self._claims.items()},
            bases=self._bases, number=self._number, begun=self._begun, dropped=self._dropped,
            whole=[(*key, moment) for key, moment in self._whole.items()],
            baselines=[(*key, at, row.model_dump_json()) for key, rows in self._baselines.items() for at, row in rows],
            configurations=json.dumps(self._configurations).encode(),
        )  # fmt: skip

    def restore(self, kept: KeptSeries) -> bool:
        """Take what `kept` gave, in place of nothing; not if it was kept for other feeds or horizons. Whether it was taken."""
        if kept.spans != self._spans:
            return False
        self._table.restore(kept.keys, kept.columns)
        self._origins.restore(kept.origins, kept.known)
        for feed, batches in kept.recent.items():
            self._recent[feed] = deque(Batch(b.number, b.known, b.record, Packed(b.content, b.size)) for b in batches)
        for place, bases in kept.claims.items():
            for base, by_event in bases.items():
                self._claims[place][base] = Claims.of(by_event)
        self._bases, self._number, self._begun, self._dropped = kept.bases, kept.number, kept.begun, kept.dropped
        self._whole = {(indicator, place): moment for indicator, place, moment in kept.whole}
        for threshold, area, at, row in kept.baselines:
            self._baselines[threshold, area].append((at, BaselineRow.model_validate_json(row)))
        self._configurations = json.loads(kept.configurations)
        return True

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
                self._put(batch, batch.rows(), earlier, again=True)

    def take(self, record: str, known: datetime, batch: pa.RecordBatch) -> None:
        """The readings of a record, in the order of the log."""
        if not batch.num_rows:
            return
        feed = str(batch.column("feed")[0].as_py())
        self._number += 1
        made = Batch(self._number, micros(known), record, batch)
        self._as_they_came.append(made)
        self._begun = made.known if self._begun is None else self._begun
        recent = self._recent[feed]
        recent.append(made)
        oldest = made.known - self._spans.get(feed, micros(SHORTEST))
        while recent[0].known < oldest:
            gone = recent.popleft()
            self._dropped[feed] = gone.known
            gone.content = None
        self._put(made, batch, self._claims, again=False)

    def settle(self) -> None:
        """Hold small what came since; it is not worth it while a year comes by."""
        for batch in self._as_they_came:
            batch.pack()
        self._as_they_came = []

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
        every, number = self._table.of((indicator, place), self._origins)
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

    def _put(self, batch: Batch, rows: pa.RecordBatch, claimed: Mapping[str, Iterable[str]], *, again: bool) -> None:
        """Keep of a record what events want of some indicators at some places.

        Args:
            again: the record came by before, and what is kept of it already is not kept twice.
        """
        places = {code: number for number, code in enumerate(rows.column("area").dictionary.to_pylist()) if code in claimed}
        wanted = {place: bases for place in places if (bases := {b for b in claimed[place] if self._claims[place][b].cover(batch.known)})}
        if not wanted:
            return
        codes = [places[place] for place in wanted]
        some = _taken(rows, np.flatnonzero(np.isin(rows.column("area").indices.to_numpy(), codes)))
        there: dict[Key, bool] = {}
        for indicator, place, whole, value, origin in rows_of(some):
            key = (indicator, place)
            if self._bases.get(indicator) not in wanted[place]:
                continue
            if key not in there:
                there[key] = again and self._has(key, batch.number)
            if not there[key]:
                self._table.append(key, whole, value, self._origins.number(*origin, batch))

    def _has(self, key: Key, number: int) -> bool:
        """Whether the readings of a record are kept already of an indicator at a place."""
        return any(self._origins.record(came) == number for came in np.unique(self._table.came(key)).tolist())


def levels_of(indicator: str) -> tuple[str, ...]:
    """The indicators by which a feed says a station's own levels."""
    return tuple(f"{indicator}.{level.word}" for level in Level if level)


def _taken(rows: pa.RecordBatch, numbers: npt.NDArray[np.intp]) -> pa.RecordBatch:
    """Some rows, in their order; by runs of them, because a batch's own way would load Arrow's compute module."""
    runs = np.split(numbers, np.flatnonzero(np.diff(numbers) > 1) + 1)
    parts = [rows.slice(int(run[0]), len(run)) for run in runs if len(run)]
    return pa.Table.from_batches(parts).combine_chunks().to_batches()[0] if parts else rows.slice(0, 0)
