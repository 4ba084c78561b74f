"""The readings of several records as they reach the regular places of a shard, and which of them are out of order there."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from processors.batch_columns import BatchColumns
from processors.bounds import Column
from processors.column_machine import Flags
from processors.columns import Columns
from processors.regular import Layout
from processors.rows import Rows, joined_rows, no_rows
from processors.timelines import BEGINNING

Numbers = npt.NDArray[np.int32]
Rank = Callable[[int, int], tuple[str, str]]
EARLIER = -1
"""As the record of a reading that came before these records."""


@dataclass(frozen=True)
class Span:
    """Records that are taken in together.

    Attributes:
        before: the shard's now before them. nows: after each of them. settle: the time a threshold takes to settle.
    """

    before: int
    nows: Column
    settle: int

    @property
    def upto(self) -> Column:
        """Up to when may be judged before the first record, then after each of them."""
        all_nows = np.concatenate((np.array([self.before], dtype=np.int64), self.nows))
        return all_nows - (self.settle + 1 if self.settle else 0)

    def first_after(self, starts: Column) -> Numbers:
        """The first record after which a moment may be judged; the number of records if there is none."""
        wait = self.settle + 1 if self.settle else 0
        return np.searchsorted(self.nows, starts + wait).astype(np.int32)


@dataclass(frozen=True)
class Arrivals:
    """Readings by series, end and start, each identity once.

    Attributes:
        due: the number of the record with which each is judged; the number of records if it is with none of them.
        irregular: areas, by number, in which something does not go forward.
    """

    rows: Rows
    due: Numbers
    irregular: Flags


def rows_of_batch(batch: pa.RecordBatch, layout: Layout, source: int) -> Rows:
    """The readings of a batch that a series of the layout takes, in the order of the batch, once for each threshold that reads them."""
    areas, columns = _numbers(batch.column("area"), layout.numbers), BatchColumns(batch)
    taken = (areas >= 0) & columns.observed
    found = []
    indicators = batch.column("indicator")
    words = indicators.dictionary.to_pylist()
    codes = indicators.indices.to_numpy(zero_copy_only=False)
    width = max((len(watching) for watching in layout.watching.values()), default=0)
    for n in range(width):
        numbers = np.array([w[n] if len(w := layout.watching.get(word, ())) > n else -1 for word in words], dtype=np.int32)
        thresholds = numbers[codes] if len(words) else np.empty(0, np.int32)
        which = np.flatnonzero(taken & (thresholds >= 0))
        if len(which):
            found.append(_rows(columns, which, areas[which] * len(layout.thresholds) + thresholds[which], source))
    return joined_rows(found) if found else no_rows()


def _numbers(column: pa.DictionaryArray, numbers: dict[str, int]) -> Numbers:
    """The number of each row's word; -1 if it has none."""
    words = np.array([numbers.get(word, -1) for word in column.dictionary.to_pylist()], dtype=np.int32)
    return words[column.indices.to_numpy(zero_copy_only=False)] if len(words) else np.full(len(column), -1, np.int32)


def _rows(columns: BatchColumns, which: npt.NDArray[np.intp], lanes: npt.NDArray[np.int32], source: int) -> Rows:
    return Rows(
        lanes=lanes.astype(np.int32),
        starts=columns.starts[which],
        ends=columns.ends[which],
        values=columns.values[which],
        issued=columns.issued[which],
        received=columns.received[which],
        sources=np.full(len(which), source, dtype=np.int32),
        rows=which.astype(np.int32),
    )


def arrived(columns: Columns, new: Rows, records: Numbers, span: Span, rank: Rank) -> Arrivals:
    """The new readings of regular places that came within the horizon, with those that still pend.

    Args:
        records: the number of the record that each of the new ones came in.
    """
    laws, layout = columns.layout.laws, columns.layout
    nows = span.nows[records]
    accepted = columns.regular_lanes[new.lanes] & (new.ends + laws.reach[new.lanes] >= nows)
    ahead = accepted & ((new.starts > nows) | (new.ends > nows))
    periods = accepted & (new.ends > new.starts) if layout.moments_only else np.zeros(len(new), bool)
    irregular = np.zeros(len(layout.areas), dtype=bool)
    irregular[new.lanes[ahead | periods] // len(layout.thresholds)] = True
    heard, numbers = accepted & new.given, records
    rows = joined_rows([columns.pending, new.take(accepted)])
    records = np.concatenate((np.full(len(columns.pending), EARLIER, np.int32), records[accepted]))
    order = np.lexsort((rows.received, rows.issued, rows.starts, rows.ends, rows.lanes))
    rows, records = rows.take(order), records[order]
    first = span.first_after(rows.starts) if span.settle else np.zeros(len(rows), np.int32)
    due = np.maximum(first, records)
    rows, due, doubled = _once(rows, records, due, rank)
    backward = _goes_back(columns, rows, due) | doubled
    irregular[rows.lanes[backward] // len(layout.thresholds)] = True
    judged = rows.given & (due < len(span.nows))
    irregular |= _too_late_heard(columns, new.lanes[heard], numbers[heard], rows.lanes[judged], due[judged])
    return Arrivals(rows, due, irregular)


def _too_late_heard(columns: Columns, new: Numbers, numbers: Numbers, lanes: Numbers, due: Numbers) -> Flags:
    """Areas of which something is judged before every series of them was heard: until then a condition is not covered.

    Args:
        new, numbers: the series of each new reading, and the record it came in. lanes, due: of all, and with which record each is judged.
    """
    width = len(columns.layout.thresholds)
    unheard = columns.regular_lanes & (columns.machines.end == BEGINNING)
    if not unheard.any():
        return np.zeros(len(columns.layout.areas), dtype=bool)
    unheard[columns.pending.lanes[columns.pending.given]] = False
    first_heard = np.where(unheard, np.iinfo(np.int32).max, EARLIER)
    fresh = unheard[new]
    np.minimum.at(first_heard, new[fresh], numbers[fresh])
    first_due = np.full(len(columns.layout.areas), np.iinfo(np.int32).max)
    np.minimum.at(first_due, lanes // width, due)
    late: Flags = np.any(first_heard.reshape(-1, width) > first_due[:, None], axis=1)
    return late


def _once(rows: Rows, records: Numbers, due: Numbers, rank: Rank) -> tuple[Rows, Numbers, Flags]:
    """Each identity once, its best reading; and where one came after another of its identity had been judged."""
    if len(rows) < 2:
        return rows, due, np.zeros(len(rows), bool)
    same = (np.diff(rows.lanes) == 0) & (np.diff(rows.ends) == 0) & (np.diff(rows.starts) == 0)
    if not same.any():
        return rows, due, np.zeros(len(rows), bool)
    begins = np.flatnonzero(np.concatenate(([True], ~same)))
    earliest = np.minimum.reduceat(due, begins)
    late = np.maximum.reduceat(records, begins) > earliest
    last = np.append(begins[1:], len(rows)) - 1
    tied = np.flatnonzero(last > begins)
    chosen = last.copy()
    for group in tied.tolist():
        chosen[group] = _best(rows, int(begins[group]), int(last[group]), rank)
    return rows.take(chosen), earliest, late


def _best(rows: Rows, first: int, last: int, rank: Rank) -> int:
    """Of readings of one identity in order of `issued`, then `received`: the last, or of those tied with it the greatest content hash."""
    best = last
    for index in range(last - 1, first - 1, -1):
        if (rows.issued[index], rows.received[index]) != (rows.issued[last], rows.received[last]):
            break
        one, other = ((*rank(int(rows.sources[n]), int(rows.rows[n])), int(rows.values[n])) for n in (index, best))
        best = index if one >= other else best
    return best


def _goes_back(columns: Columns, rows: Rows, due: Numbers) -> Flags:
    """Which readings lie before one of their series that was judged earlier."""
    follows = np.concatenate(([False], np.diff(rows.lanes) == 0)) if len(rows) else np.zeros(0, bool)
    before_due = np.concatenate((np.zeros(1, due.dtype), due[:-1]))
    before_start = np.concatenate((np.full(1, BEGINNING), rows.starts[:-1]))
    within = follows & ((due < before_due) | (rows.starts < before_start))
    seen_end, seen_start = columns.seen_ends[rows.lanes], columns.seen_starts[rows.lanes]
    behind = (rows.ends < seen_end) | ((rows.ends == seen_end) & (rows.starts <= seen_start)) | (rows.starts < seen_start)
    flags: Flags = within | behind
    return flags
