"""Columns of numbers in as few bytes as hold them all: what is kept for long and seldom read.

Most columns of readings are moments on the hour, values of a few decimals, or one number again and again. Each is kept as how many
units it lies above the least, in the narrowest type that holds the most. Unpacked they are the same to the last bit.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from processors.bounds import Column
from processors.timelines import BEGINNING, FAR

Numbers = npt.NDArray[Any]
_UNITS = (3_600_000_000, 60_000_000, 1_000_000, 10_000, 1_000, 100, 10)
"""Hours, minutes and seconds in microseconds; decimals in millionths."""
_SEEN = 64
"""So many numbers are looked at before all are divided by a unit."""
_APART = (BEGINNING, FAR, 0)
"""Numbers that stand for something of their own, such as no value; they lie far from the others and have codes of their own."""


@dataclass(frozen=True, slots=True)
class Packed:
    """A column, packed.

    Attributes:
        codes: how many units each number lies above `least`, or those of `_APART` as the greatest codes; none if all numbers are `least`.
        count: how many numbers there are. kind: their type.
        apart: whether some number is one of `_APART`.
    """

    codes: Numbers | None
    count: int
    kind: np.dtype[Any]
    least: int = 0
    unit: int = 1
    apart: bool = False

    def __len__(self) -> int:
        return self.count

    def span(self, number: int) -> tuple[int, int]:
        """Where a number stands, as [first, last), in a column in order of size."""
        if self.codes is None:
            return (0, self.count) if number == self.least else (0, 0)
        if self.codes.dtype == self.kind:
            code = number
        else:
            code, rest = divmod(number - self.least, self.unit)
            if rest or code < 0 or code > np.iinfo(self.codes.dtype).max:
                return 0, 0
        # Of the column's own type, else the whole column is cast to find one place in it.
        sought = self.codes.dtype.type(code)
        return int(np.searchsorted(self.codes, sought)), int(np.searchsorted(self.codes, sought, side="right"))

    def whole(self) -> Numbers:
        """All numbers."""
        return self.part(0, self.count)

    def part(self, first: int, last: int) -> Numbers:
        """The numbers at [first, last)."""
        if self.codes is None:
            return np.full(max(min(last, self.count) - first, 0), self.least, dtype=self.kind)
        codes = self.codes[first:last]
        if codes.dtype == self.kind:
            return codes
        numbers: Numbers = np.multiply(codes, self.unit, dtype=np.int64)
        numbers += self.least
        if self.apart:
            most = int(np.iinfo(codes.dtype).max)
            for number, meant in enumerate(_APART):
                numbers[codes == most - number] = meant
        return numbers if self.kind == np.int64 else numbers.astype(self.kind)


def packed(column: Numbers) -> Packed:
    """A column of whole numbers or flags, packed."""
    count, kind = len(column), column.dtype
    if not count or (column[0] == column).all():
        return Packed(None, count, kind, int(column[0]) if count else 0)
    if kind.itemsize == 1:
        return Packed(column.copy(), count, kind)
    whole = column.astype(np.int64, copy=False)
    apart = (whole == BEGINNING) | (whole == FAR) | (whole == 0) if kind.itemsize > 4 else np.zeros(count, dtype=bool)
    some_apart = bool(apart.any())
    usual = whole[~apart] if some_apart else whole
    least, most = (int(usual.min()), int(usual.max())) if len(usual) else (0, 0)
    if most - least >= FAR:
        return Packed(column.copy(), count, kind)
    above = whole - least
    unit = _unit(above[~apart] if some_apart else above)
    for narrow in (np.uint8, np.uint16, np.uint32):
        if (most - least) // unit + len(_APART) <= np.iinfo(narrow).max and np.dtype(narrow).itemsize < kind.itemsize:
            codes = (above // unit if unit > 1 else above).astype(narrow)
            if some_apart:
                for number, meant in enumerate(_APART):
                    codes[whole == meant] = np.iinfo(narrow).max - number
            return Packed(codes, count, kind, least, unit, some_apart)
    return Packed(column.copy(), count, kind)


def _unit(above: Column) -> int:
    """The greatest of the units of which all numbers are multiples; one if there is none."""
    for unit in _UNITS:
        if not (above[:_SEEN] % unit).any() and not (above % unit).any():
            return unit
    return 1


def packed_all(columns: Sequence[Numbers]) -> tuple[Packed, ...]:
    """Columns, packed; those that are one and the same array stay so."""
    made: list[tuple[Numbers, Packed]] = []
    for column in columns:
        known = next((one for other, one in made if other is column), None)
        made.append((column, packed(column) if known is None else known))
    return tuple(one for _, one in made)
