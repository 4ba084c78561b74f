"""Readings in columns, as few bytes each as will do: of one place and indicator, where they come from, and records that are held packed."""

import math
from array import array
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from processors.bounds import Column
from schemas.arrow_numbers import whole_numbers
from schemas.observations import decode, encode

NONE = -(2**62)
"""In a column: the source did not say, or it is no forecast."""
_ORIGIN = ("quality", "feed", "delivery")
_NO_MEMBER = -1
_CODEC = pa.Codec("zstd", compression_level=1)


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
class Packed:
    """A batch, compressed to a tenth: an event seldom asks for it once it has come by."""

    content: bytes
    size: int

    @classmethod
    def of(cls, rows: pa.RecordBatch) -> Self:
        """One as it came."""
        content = encode(rows)
        return cls(_CODEC.compress(content, asbytes=True), len(content))

    def whole(self) -> pa.RecordBatch:
        """As it came."""
        return decode(_CODEC.decompress(self.content, self.size, asbytes=True))


@dataclass(slots=True)
class Batch:
    """A record's readings.

    Attributes:
        number: its place in the order of what was taken in. known: microseconds. content: none once they were let go of.
    """

    number: int
    known: int
    record: str
    content: pa.RecordBatch | Packed | None

    def rows(self) -> pa.RecordBatch:
        """The readings."""
        return self.content.whole() if isinstance(self.content, Packed) else self.content

    def pack(self) -> None:
        """Hold them small."""
        if isinstance(self.content, pa.RecordBatch):
            self.content = Packed.of(self.content)

    def packed(self) -> tuple[bytes, int]:
        """Compressed, and how many bytes they were; nothing of what was let go of."""
        self.pack()
        return (self.content.content, self.content.size) if isinstance(self.content, Packed) else (b"", 0)


class Table:
    """Readings of all indicators at all places, in columns: some 50 bytes each. Few long columns grow without leaving gaps behind them."""

    def __init__(self) -> None:
        self._numbers: dict[tuple[str, str], int] = {}
        self._series, self._came, self._members = array("i"), array("i"), array("i")
        self._starts, self._ends, self._issued, self._leads = array("q"), array("q"), array("q"), array("q")
        self._values = array("d")

    def __len__(self) -> int:
        return len(self._series)

    def append(self, key: tuple[str, str], whole: tuple[int, ...], value: float | None, came: int) -> None:
        """One reading more of an indicator at a place.

        Args:
            whole: start, end, issued, lead, member. came: its place among the origins.
        """
        start, end, issued, lead, member = whole
        self._series.append(self._numbers.setdefault(key, len(self._numbers)))
        self._came.append(came)
        self._members.append(_NO_MEMBER if member == NONE else member)
        self._starts.append(start)
        self._ends.append(end)
        self._issued.append(issued)
        self._leads.append(lead)
        self._values.append(math.nan if value is None else value)

    def kept(self) -> tuple[list[tuple[str, str]], list[bytes]]:
        """All of it: the keys in the order of their numbers, and the columns as bytes."""
        return list(self._numbers), [column.tobytes() for column in self._columns()]

    def restore(self, keys: Sequence[tuple[str, str]], columns: Sequence[bytes]) -> None:
        """Take what `kept` gave, in place of nothing."""
        self._numbers = {key: number for number, key in enumerate(keys)}
        for column, content in zip(self._columns(), columns, strict=True):
            column.frombytes(content)

    def _columns(self) -> "tuple[array[Any], ...]":
        return (
            self._series, self._came, self._members, self._starts, self._ends, self._issued, self._leads, self._values,
        )  # fmt: skip

    def came(self, key: tuple[str, str]) -> Column:
        """The places among the origins of all readings of an indicator at a place."""
        return _some(self._came, self._rows(key)).astype(np.int64)

    def of(self, key: tuple[str, str], origins: "Origins") -> tuple[KeptReadings, Column]:
        """All readings of an indicator at a place, and the number of the record of each."""
        rows = self._rows(key)
        members = _some(self._members, rows).astype(np.int64)
        named, came, known, numbers = origins.of(_some(self._came, rows).astype(np.int64))
        start, end, issued, leads = (_some(one, rows) for one in (self._starts, self._ends, self._issued, self._leads))
        members[members == _NO_MEMBER] = NONE
        return KeptReadings(start, end, issued, known, leads, members, _some(self._values, rows), came, named), numbers

    def _rows(self, key: tuple[str, str]) -> npt.NDArray[np.intp]:
        number = self._numbers.get(key)
        return np.flatnonzero(np.asarray(self._series) == number) if number is not None else np.empty(0, dtype=np.intp)


def _some(column: "array[int] | array[float]", rows: npt.NDArray[np.intp]) -> npt.NDArray[Any]:
    """Some of a column, copied: as long as it is looked at itself it cannot grow."""
    return np.asarray(column)[rows]


class Origins:
    """Where all that is kept comes from: each origin once, however many readings came from there, with when it was known."""

    def __init__(self) -> None:
        self._every: list[Origin] = []
        self._known = array("q")
        self._numbers: dict[tuple[str, str, str, int], int] = {}

    def number(self, quality: str, feed: str, delivery: str, batch: Batch) -> int:
        """The place of an origin among them."""
        key = (quality, feed, delivery, batch.number)
        if key not in self._numbers:
            self._numbers[key] = len(self._every)
            self._every.append(Origin(quality, feed, delivery, batch.record, batch.number))
            self._known.append(batch.known)
        return self._numbers[key]

    def kept(self) -> tuple[list[tuple[str, str, str, str, int]], bytes]:
        """All of them, and when each was known, as bytes."""
        return [(one.quality, one.feed, one.delivery, one.record, one.number) for one in self._every], self._known.tobytes()

    def restore(self, origins: Sequence[tuple[str, str, str, str, int]], known: bytes) -> None:
        """Take what `kept` gave, in place of nothing."""
        self._every = [Origin(*one) for one in origins]
        self._known.frombytes(known)
        self._numbers = {(one.quality, one.feed, one.delivery, one.number): place for place, one in enumerate(self._every)}

    def record(self, number: int) -> int:
        """The number of the record of one."""
        return self._every[number].number

    def of(self, came: Column) -> tuple[list[Origin], Column, Column, Column]:
        """Those that are among some; for each of these its place in them, when it was known, and the number of its record."""
        used, places = np.unique(came, return_inverse=True)
        origins = [self._every[number] for number in used.tolist()]
        known = np.array([self._known[number] for number in used.tolist()], dtype=np.int64)
        numbers = np.array([origin.number for origin in origins], dtype=np.int64)
        return origins, places.astype(np.int64), known[places], numbers[places]


@dataclass(slots=True)
class Claims:
    """The spans of `known` for which events want readings, by event; the same spans merged, in order."""

    by_event: dict[str, tuple[int, int]] = field(default_factory=dict)
    firsts: list[int] = field(default_factory=list)
    lasts: list[int] = field(default_factory=list)

    @classmethod
    def of(cls, by_event: dict[str, tuple[int, int]]) -> Self:
        """Those of some events."""
        made = cls(by_event)
        made._merge()
        return made

    def put(self, event: str, first: int, last: int) -> bool:
        """Claim a span for an event, no shorter at its beginning than before; answers whether it begins earlier."""
        before = self.by_event.get(event)
        self.by_event[event] = (first if before is None else min(first, before[0]), last)
        self._merge()
        return before is None or first < before[0]

    def _merge(self) -> None:
        self.firsts, self.lasts = [], []
        for one, other in sorted(self.by_event.values()):
            if self.lasts and one <= self.lasts[-1]:
                self.lasts[-1] = max(self.lasts[-1], other)
            else:
                self.firsts.append(one)
                self.lasts.append(other)

    def cover(self, known: int) -> bool:
        """Whether any event wants what became known then."""
        at = bisect_right(self.firsts, known) - 1
        return at >= 0 and known <= self.lasts[at]


def rows_of(rows: pa.RecordBatch) -> Iterator[tuple[str, str, tuple[int, ...], float | None, tuple[str, str, str]]]:
    """Each reading: indicator, place, its moments and numbers with NONE for what it has not, value, and where it comes from."""
    words = {name: _words(rows.column(name)) for name in ("indicator", "area", *_ORIGIN)}
    whole = [whole_numbers(rows.column(name), NONE).tolist() for name in ("start", "end", "issued", "lead", "member")]
    origins = zip(*(words[name] for name in _ORIGIN), strict=True)
    yield from zip(words["indicator"], words["area"], zip(*whole, strict=True), rows.column("value").to_pylist(), origins, strict=True)


def _words(column: pa.DictionaryArray) -> list[str]:
    """A column of words as a list, each word made once: of many rows most have the same few."""
    known = column.dictionary.to_pylist()
    return [known[number] for number in column.indices.to_numpy().tolist()]
