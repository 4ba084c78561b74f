"""The readings of one indicator at one place, in columns, ordered by valid time, each identity once.

A series never changes; putting readings in gives another one.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from processors.bounds import Column
from processors.timelines import BEGINNING

NULL = -(2**62)
"""In a column of values: the source spoke and gave none."""
Rows = npt.NDArray[np.int32]
Rank = Callable[[int, int], tuple[str, str]]
"""(source, row) to the content hash of its delivery and the reading's key there."""
NOT_ISSUED = BEGINNING
"""In a column of `issued`: the source did not say."""


@dataclass(frozen=True, slots=True)
class Series:
    """Readings by end of period, then start.

    Attributes:
        starts, ends, issued, received: microseconds; `issued` is BEGINNING if the source did not say.
        values: millionths of the indicator's unit, or NULL.
        sources, rows: the record each reading came in, by the state's number for it, and its row there.
    """

    starts: Column
    ends: Column
    values: Column
    issued: Column
    received: Column
    sources: Rows
    rows: Rows

    def __len__(self) -> int:
        return len(self.ends)

    def take(self, which: npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice) -> "Series":
        """Some of the readings."""
        return Series(
            self.starts[which], self.ends[which], self.values[which], self.issued[which], self.received[which],
            self.sources[which], self.rows[which],
        )  # fmt: skip

    def with_values(self) -> "Series":
        """The readings that give a value."""
        given = self.values != NULL
        return self if given.all() else self.take(given)


def empty() -> Series:
    """No readings."""
    none, rows = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32)
    return Series(none, none, none, none, none, rows, rows)


def recent(series: Series, oldest: int) -> Series:
    """The readings that end at a moment or later, and the last with a value before it."""
    first = int(np.searchsorted(series.ends, oldest))
    given = np.flatnonzero(series.values[:first] != NULL)
    return joined(series.take(given[-1:]), series.take(slice(first, None)))


def joined(one: Series, other: Series) -> Series:
    """The readings of both, one after the other."""
    return Series(
        np.concatenate((one.starts, other.starts)), np.concatenate((one.ends, other.ends)),
        np.concatenate((one.values, other.values)), np.concatenate((one.issued, other.issued)),
        np.concatenate((one.received, other.received)), np.concatenate((one.sources, other.sources)),
        np.concatenate((one.rows, other.rows)),
    )  # fmt: skip


def inserted(series: Series, new: Series, rank: Rank) -> tuple[Series, int]:
    """The series with new readings put where they belong, and the index from which it differs from before.

    Two of one identity: the greatest `issued` wins, else the later fetch, else the greater content hash, whatever came first.

    Args:
        new: ordered by end, then start.
        rank: content hash and key of a reading, asked only where two have one identity.
    """
    if len(new) == 0:
        return series, len(series)
    both = joined(series, new)
    in_order = len(series) == 0 or (new.ends[0], new.starts[0]) > (series.ends[-1], series.starts[-1])
    if in_order and _distinct(new):
        return both, len(series)
    order = np.lexsort((both.received, both.issued, both.starts, both.ends))
    chosen = _winners(both, order, rank)
    result = both.take(np.array(chosen, dtype=np.intp))
    return result, _first_difference(series, result)


def _distinct(series: Series) -> bool:
    return len(series) == 1 or not bool(np.any((np.diff(series.ends) == 0) & (np.diff(series.starts) == 0)))


def _winners(both: Series, order: npt.NDArray[np.intp], rank: Rank) -> list[int]:
    chosen: list[int] = []
    for index in order.tolist():
        if not chosen or (both.starts[chosen[-1]], both.ends[chosen[-1]]) != (both.starts[index], both.ends[index]):
            chosen.append(index)
        elif _rank(both, index, rank) > _rank(both, chosen[-1], rank):
            chosen[-1] = index
    return chosen


def _rank(both: Series, index: int, rank: Rank) -> tuple[int, int, str, str, int]:
    delivery, key = rank(int(both.sources[index]), int(both.rows[index]))
    return int(both.issued[index]), int(both.received[index]), delivery, key, int(both.values[index])


def _first_difference(old: Series, new: Series) -> int:
    shared = min(len(old), len(new))
    same = (
        (old.ends[:shared] == new.ends[:shared])
        & (old.starts[:shared] == new.starts[:shared])
        & (old.values[:shared] == new.values[:shared])
    )
    return shared if same.all() else int(np.argmin(same))
