"""Readings of many series in columns: one row a reading, each with the number of its series."""

from collections.abc import Sequence
from dataclasses import dataclass, fields

import numpy as np
import numpy.typing as npt

from processors.bounds import Column
from processors.packed import Packed, packed, packed_all
from processors.series import NULL, Series
from processors.sources import numbers_in

Index = npt.NDArray[np.intp] | npt.NDArray[np.bool_] | slice


@dataclass(frozen=True, slots=True)
class Rows:
    """Readings, in any order.

    Attributes:
        lanes: the number of the series of each.
        starts, ends, values, issued, received, sources, rows: as in `Series`.
    """

    lanes: npt.NDArray[np.int32]
    starts: Column
    ends: Column
    values: Column
    issued: Column
    received: Column
    sources: npt.NDArray[np.int32]
    rows: npt.NDArray[np.int32]

    def __len__(self) -> int:
        return len(self.lanes)

    def take(self, which: Index) -> "Rows":
        """Some of the readings."""
        if isinstance(which, np.ndarray) and which.dtype == np.bool_ and which.all():
            return self
        return Rows(
            self.lanes[which], self.starts[which], self.ends[which], self.values[which],
            self.issued[which], self.received[which], self.sources[which], self.rows[which],
        )  # fmt: skip

    def of(self, lane: int) -> "Rows":
        """The readings of one series; the rows must be in order of `lanes`."""
        number = np.int32(lane)  # of the column's own type, else the whole column is cast to find one place in it
        return self.take(slice(int(np.searchsorted(self.lanes, number)), int(np.searchsorted(self.lanes, number, side="right"))))

    def after(self, end: int, start: int) -> "Rows":
        """The readings after a period."""
        return self.take((self.ends > end) | ((self.ends == end) & (self.starts > start)))

    @property
    def given(self) -> npt.NDArray[np.bool_]:
        """Which readings give a value."""
        given: npt.NDArray[np.bool_] = self.values != NULL
        return given

    def series(self) -> Series:
        """The readings as those of one series."""
        return Series(self.starts, self.ends, self.values, self.issued, self.received, self.sources, self.rows)


_NAMES = tuple(field.name for field in fields(Rows))


def no_rows() -> Rows:
    """No readings."""
    whole, number = np.empty(0, dtype=np.int64), np.empty(0, dtype=np.int32)
    return Rows(number, whole, whole, whole, whole, whole, number, number)


def rows_of(series: Series, lane: int) -> Rows:
    """The readings of one series with its number."""
    lanes = np.full(len(series), lane, dtype=np.int32)
    return Rows(lanes, series.starts, series.ends, series.values, series.issued, series.received, series.sources, series.rows)


@dataclass(frozen=True, slots=True)
class PackedRows:
    """Readings in order of `lanes`, in a fifth of the memory.

    Attributes:
        numbers: the records that they came in.
    """

    lanes: Packed
    _columns: tuple[Packed, ...]
    numbers: frozenset[int]

    def __len__(self) -> int:
        return len(self.lanes)

    def whole(self) -> Rows:
        """All the readings."""
        return self._part(0, len(self))

    def of(self, lane: int) -> Rows:
        """The readings of one series."""
        return self._part(*self.lanes.span(lane))

    def _part(self, first: int, last: int) -> Rows:
        lanes = self.lanes.part(first, last)
        starts, ends, *others = self._columns
        of_start = starts.part(first, last)
        of_end = of_start if ends is starts else ends.part(first, last)
        return Rows(lanes, of_start, of_end, *(column.part(first, last) for column in others))


def packed_rows(rows: Rows) -> PackedRows:
    """Readings in order of `lanes`, packed."""
    moments = np.array_equal(rows.starts, rows.ends)
    columns = (rows.starts, rows.starts if moments else rows.ends, rows.values, rows.issued, rows.received, rows.sources, rows.rows)
    return PackedRows(packed(rows.lanes), packed_all(columns), frozenset(numbers_in([rows.sources])))


def joined_rows(parts: Sequence[Rows]) -> Rows:
    """The readings of all, one after the other."""
    if len(parts) == 1:
        return parts[0]
    return Rows(*(np.concatenate([getattr(part, name) for part in parts]) for name in _NAMES)) if parts else no_rows()


def inserted_rows(rows: Rows, new: Rows, places: Sequence[int]) -> Rows:
    """The readings with new ones put in, each before the one at its place; several before the same one in their order."""
    if not len(new):
        return rows
    return Rows(*(np.insert(getattr(rows, name), places, getattr(new, name)) for name in _NAMES))
