"""Readings as they came, put in order of time: which of them count, which came late or were corrected, and where there was silence."""

from collections.abc import Sequence
from dataclasses import dataclass, fields, replace
from datetime import datetime

import numpy as np
import numpy.typing as npt

from console.series_columns import NONE, KeptReadings, Origin
from processors.bounds import Column
from processors.timelines import micros, moment
from schemas.outputs import Reading

DRAWN = 96
"""Readings of a series that are drawn; of more, the lowest and the highest of each stretch of time and all that are marked."""
_MARKED = 40
Flags = npt.NDArray[np.bool_]


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


@dataclass(frozen=True)
class Ordered:
    """Readings by end of period, then start; those that were corrected stand before the one that counts.

    Attributes:
        known: since when each could be known; of one that was said again, since it was first said.
    """

    starts: Column
    ends: Column
    issued: Column
    known: Column
    values: npt.NDArray[np.float64]
    late: Flags
    corrected: Flags
    corrects: Flags
    cited: Flags
    origins: npt.NDArray[np.object_]

    def __len__(self) -> int:
        return len(self.ends)

    @property
    def given(self) -> Flags:
        """Which give a value."""
        given: Flags = ~np.isnan(self.values)
        return given

    def take(self, which: npt.NDArray[np.intp] | Flags) -> "Ordered":
        """Some of them."""
        return Ordered(*(getattr(self, field.name)[which] for field in fields(self)))

    def reading(self, row: int, run: int) -> SeriesReading:
        """One of them, with the number of its run."""
        origin: Origin = self.origins[row]
        value, issued = float(self.values[row]), int(self.issued[row])
        return SeriesReading(
            start=moment(int(self.starts[row])), end=moment(int(self.ends[row])), issued=moment(issued) if issued != NONE else None,
            known=moment(int(self.known[row])), value=None if np.isnan(value) else value, quality=origin.quality, feed=origin.feed,
            delivery=origin.delivery, record=origin.record, run=run, late=bool(self.late[row]), corrected=bool(self.corrected[row]),
            corrects=bool(self.corrects[row]), cited=bool(self.cited[row]),
        )  # fmt: skip


def in_order(said: KeptReadings, cited: Sequence[Reading]) -> Ordered:
    """Readings in order of time. Of two of one period the one that was issued last counts, else the one that came last.

    Args:
        cited: those that the tree names; they are among them even if the log no longer has them.
    """
    came = _as_they_came(said, cited)
    late = np.zeros(len(came), dtype=bool)
    by_arrival = np.lexsort((came.ends, came.known))
    late[by_arrival] = came.ends[by_arrival] < np.maximum.accumulate(came.ends[by_arrival])
    order = np.lexsort((_by_delivery(came), came.known, came.issued, came.starts, came.ends))
    return _each_once(replace(came, late=late).take(order))


def _by_delivery(came: Ordered) -> npt.NDArray[np.intp]:
    """The rank of each by the hash of its raw bytes, which decides where period, issue and arrival are the same."""
    periods = np.stack([came.ends, came.starts, came.known], axis=1)
    if len(np.unique(periods, axis=0)) == len(came):
        return np.zeros(len(came), dtype=np.intp)
    names = [origin.delivery for origin in came.origins]
    ranks = {name: rank for rank, name in enumerate(sorted(set(names)))}
    return np.array([ranks[name] for name in names], dtype=np.intp)


def _as_they_came(said: KeptReadings, cited: Sequence[Reading]) -> Ordered:
    """The columns of what was said, and behind them those of what only the tree has."""
    origins = np.empty(len(said.origins), dtype=object)
    origins[:] = list(said.origins)
    of_each = origins[said.came] if len(said) else np.empty(0, dtype=object)
    named = np.zeros(len(said), dtype=bool)
    missing: list[Reading] = []
    for reading in cited:
        there = np.flatnonzero((said.ends == micros(reading.end)) & (said.starts == micros(reading.start)))
        rows = [row for row in there.tolist() if of_each[row].record == reading.record]
        named[rows] = True
        missing += [] if rows else [reading]
    more = np.empty(len(missing), dtype=object)
    more[:] = [Origin(r.quality.value, r.feed, r.delivery, r.record, -1) for r in missing]
    values = [np.nan if r.value is None else r.value for r in missing]
    no = np.zeros(len(said) + len(missing), dtype=bool)

    def column(kept: Column, added: Sequence[int]) -> Column:
        return np.concatenate((kept, np.array(added, dtype=np.int64)))

    return Ordered(
        starts=column(said.starts, [micros(r.start) for r in missing]), ends=column(said.ends, [micros(r.end) for r in missing]),
        issued=column(said.issued, [micros(r.issued) if r.issued is not None else NONE for r in missing]),
        known=column(said.known, [micros(r.received) for r in missing]),
        values=np.concatenate((said.values, np.array(values, dtype=np.float64))),
        late=no, corrected=no, corrects=no, cited=np.concatenate((named, np.ones(len(missing), dtype=bool))),
        origins=np.concatenate((of_each, more)),
    )  # fmt: skip


def _each_once(ordered: Ordered) -> Ordered:
    """Each period once, and before it what of it was corrected; one that is said again with the same value is no other."""
    same = (np.diff(ordered.ends) == 0) & (np.diff(ordered.starts) == 0)
    if not same.any():
        return ordered
    kept = np.ones(len(ordered), dtype=bool)
    late, known, cited = ordered.late.copy(), ordered.known.copy(), ordered.cited.copy()
    corrected, corrects = np.zeros(len(ordered), dtype=bool), np.zeros(len(ordered), dtype=bool)
    edges = np.flatnonzero(np.concatenate(([True], ~same, [True])))
    for first, last in zip(edges[:-1].tolist(), (edges[1:] - 1).tolist(), strict=True):
        if first == last:
            continue
        rows = np.arange(first, last + 1)
        equal = (ordered.values[rows] == ordered.values[last]) | (np.isnan(ordered.values[rows]) & np.isnan(ordered.values[last]))
        earliest = rows[equal][np.argmin(ordered.known[rows[equal]])]
        known[last], late[last], cited[last] = ordered.known[earliest], ordered.late[earliest], ordered.cited[rows].any()
        kept[rows[equal]] = False
        kept[last] = True
        others = rows[~equal]
        corrects[last], corrected[others], late[others], cited[others] = len(others) > 0, True, False, False
        again = np.unique(ordered.values[others], return_index=True)[1]
        kept[np.delete(others, again)] = False
    return replace(ordered, known=known, late=late, corrected=corrected, corrects=corrects, cited=cited).take(kept)


def silences(ordered: Ordered, first: int, last: int, stale: int) -> list[tuple[int, int]]:
    """The spans in which the newest reading was too old, or there was none.

    Args:
        stale: from the end of a reading's period until it is too old, microseconds.
    """
    counts = ordered.given & ~ordered.corrected
    starts, ends = ordered.starts[counts], ordered.ends[counts]
    until = np.concatenate(([first], np.maximum(np.maximum.accumulate(ends + stale) if len(ends) else ends, first)))
    begins = np.append(starts, last)
    return [(int(until[n]), int(begins[n])) for n in np.flatnonzero(begins > until)]


def runs_of(ordered: Ordered, silent: Sequence[tuple[int, int]]) -> npt.NDArray[np.intp]:
    """The number of the run of each reading: a silence, or a reading without a value, ends one."""
    begun = np.searchsorted(np.array([start for start, _ in silent], dtype=np.int64), ordered.ends, side="left")
    runs: npt.NDArray[np.intp] = begun + np.cumsum(~ordered.given)
    return runs


def thinned(ordered: Ordered, runs: npt.NDArray[np.intp], first: int, last: int) -> npt.NDArray[np.intp]:
    """No more readings than can be told apart: of each stretch of time the extremes, all that are marked, and the ends of runs."""
    every = np.arange(len(ordered))
    if len(ordered) <= DRAWN:
        return every
    marked = ordered.late | ordered.corrected | ordered.corrects | ~ordered.given
    wanted = ordered.cited.copy()
    wanted[np.flatnonzero(marked)[-_MARKED:]] = True
    turns = np.flatnonzero(np.diff(runs))
    wanted[[0, len(ordered) - 1, *turns, *(turns + 1)]] = True
    counts = np.flatnonzero(ordered.given & ~ordered.corrected)
    stretches = (ordered.ends[counts] - first) * (DRAWN // 2) // max(last - first, 1)
    by_value = np.lexsort((ordered.values[counts], stretches))
    edges = np.flatnonzero(np.diff(stretches[by_value])) + 1
    ends = np.concatenate(([0], edges, edges - 1, [len(by_value) - 1])) if len(by_value) else np.empty(0, dtype=np.intp)
    wanted[counts[by_value[ends]]] = True
    return every[wanted]
