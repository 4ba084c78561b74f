"""What came in over years, in order of receipt, as the engine reads it: columns kept once and cut into deliveries without a copy."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from processors.bounds import Column
from schemas.indicators import CATALOGUE
from schemas.inputs import Quality
from schemas.microseconds import to_microseconds
from schemas.observations import SCHEMA
from schemas.records import Record
from schemas.topics import INPUT

Codes = npt.NDArray[np.int32]
DELIVERY = "history"
"""What stands in place of the digest of a delivery whose bytes nobody kept."""
_MOMENT = pa.timestamp("us", tz="UTC")
NOT_SAID = -(2**63)
"""No moment, in a column of those that a source need not say."""


@dataclass(frozen=True, slots=True)
class Delivery:
    """What one feed brought at one moment: the rows [first, last) of the history, received then (microseconds)."""

    feed: str
    received: int
    first: int
    last: int


@dataclass(frozen=True)
class History:
    """Readings in order of receipt; of one moment, feed by feed.

    Attributes:
        areas, indicators, feeds: the words that the codes stand for.
        starts, ends, received: microseconds. values: in the indicator's unit, NaN for a source that spoke and gave none.
        issued, leads, members: of forecasts and of sources that say when they published; none if no row has one. A lead is microseconds.
    """

    areas: tuple[str, ...]
    indicators: tuple[str, ...]
    feeds: tuple[str, ...]
    area: Codes
    indicator: Codes
    feed: Codes
    starts: Column
    ends: Column
    received: Column
    values: npt.NDArray[np.float64]
    issued: Column | None = None
    leads: Column | None = None
    members: Column | None = None
    _blank: dict[int, Sequence[pa.Array]] = field(default_factory=dict, compare=False, repr=False)

    def __len__(self) -> int:
        return len(self.area)

    @cached_property
    def deliveries(self) -> tuple[Delivery, ...]:
        """All that was delivered, in order."""
        if not len(self):
            return ()
        changes = (np.diff(self.received) != 0) | (np.diff(self.feed) != 0)
        firsts = np.concatenate(([0], np.flatnonzero(changes) + 1)).tolist()
        feeds, received = self.feed[firsts].tolist(), self.received[firsts].tolist()
        lasts = [*firsts[1:], len(self)]
        return tuple(Delivery(self.feeds[f], at, a, b) for f, at, a, b in zip(feeds, received, firsts, lasts, strict=True))

    def known_by(self, at: int) -> int:
        """How many rows had been received by a moment, that moment included."""
        return int(np.searchsorted(self.received, at, side="right"))

    def until(self, at: int) -> "History":
        """What had been received by a moment, that moment included."""
        return self._part(slice(0, self.known_by(at)))

    def since(self, at: int) -> "History":
        """What was received at a moment or later."""
        return self._part(slice(int(np.searchsorted(self.received, at)), None))

    def of(self, indicators: Iterable[str] | None = None, areas: Iterable[str] | None = None) -> "History":
        """The readings of some indicators at some places; without either, of all."""
        kept = np.ones(len(self), bool)
        if indicators is not None:
            kept &= _among(self.indicators, set(indicators))[self.indicator]
        if areas is not None:
            kept &= _among(self.areas, set(areas))[self.area]
        return self if kept.all() else self._part(np.flatnonzero(kept))

    def batch(self, first: int, last: int) -> pa.RecordBatch:
        """Some rows as a batch with `schemas.observations.SCHEMA`."""
        part, count = slice(first, last), last - first
        blank = self._blank.get(count)
        if blank is None:
            blank = self._blank[count] = _blank_columns(count)
        moment, lead, member, quality, key, delivery = blank
        units = pa.array([CATALOGUE[name].unit for name in self.indicators], pa.string())
        columns = {
            "area": pa.DictionaryArray.from_arrays(pa.array(self.area[part]), self._words.areas),
            "indicator": pa.DictionaryArray.from_arrays(pa.array(self.indicator[part]), self._words.indicators),
            "start": _moments(self.starts[part]),
            "end": _moments(self.ends[part]),
            "issued": moment if self.issued is None else _moments(self.issued[part], optional=True),
            "received": _moments(self.received[part]),
            "lead": lead if self.leads is None else _some(self.leads[part], pa.duration("us")),
            "member": member if self.members is None else _some(self.members[part], pa.int16()),
            "value": pa.array(self.values[part], from_pandas=True),
            "unit": pa.DictionaryArray.from_arrays(pa.array(self.indicator[part]), units),
            "quality": quality,
            "feed": pa.DictionaryArray.from_arrays(pa.array(self.feed[part]), self._words.feeds),
            "key": key,
            "delivery": delivery,
        }
        return pa.RecordBatch.from_arrays([columns[name.name] for name in SCHEMA], schema=SCHEMA)

    @cached_property
    def _words(self) -> "_Words":
        return _Words(*(pa.array(words, pa.string()) for words in (self.areas, self.indicators, self.feeds)))

    def _part(self, rows: slice | npt.NDArray[np.intp]) -> "History":
        columns = ("area", "indicator", "feed", "starts", "ends", "received", "values", "issued", "leads", "members")
        taken = {name: column[rows] for name in columns if (column := getattr(self, name)) is not None}
        return replace(self, **taken, _blank={})


@dataclass(frozen=True, slots=True)
class _Words:
    areas: pa.Array
    indicators: pa.Array
    feeds: pa.Array


def history_of(table: pa.Table) -> History:
    """The history that observations make, whatever their order.

    Args:
        table: with `schemas.observations.SCHEMA`, or at least its columns area, indicator, start, end, received, value, feed.
    """
    area, areas = _coded(table["area"])
    indicator, indicators = _coded(table["indicator"])
    feed, feeds = _coded(table["feed"])
    starts, ends, received = (_numbers(table[name], _MOMENT) for name in ("start", "end", "received"))
    values = table["value"].cast(pa.float64()).to_numpy()
    more = {
        "issued": _optional(table, "issued", _MOMENT),
        "leads": _optional(table, "lead", pa.duration("us")),
        "members": _optional(table, "member", pa.int64()),
    }
    columns = {"area": area, "indicator": indicator, "feed": feed, "starts": starts, "ends": ends, "received": received, "values": values}
    columns |= {name: column for name, column in more.items() if column is not None}
    if not _in_order(received, feed):
        order = np.lexsort((feed, received))
        columns = {name: column[order] for name, column in columns.items()}
    if np.array_equal(columns["starts"], columns["ends"]):
        columns["ends"] = columns["starts"]
    return History(areas=areas, indicators=indicators, feeds=feeds, **columns)


def delivery_record(shard: str, delivery: Delivery) -> Record:
    """A delivery of the history as the record that carried it; what it says is not written down, because it is handed over beside it."""
    return Record(
        topic=INPUT.name,
        shard=shard,
        kind="observations",
        id=f"{delivery.feed}:{delivery.received}:{DELIVERY}",
        received_microseconds=delivery.received,
        payload=b"",
    )


def moments_between(first: datetime, last: datetime, span: int) -> Iterator[int]:
    """The multiples of a span (microseconds, since 1970-01-01 UTC) in [first, last]."""
    begin, end = to_microseconds(first), to_microseconds(last)
    yield from range(-(-begin // span) * span, end + 1, span)


def _in_order(received: Column, feed: Codes) -> bool:
    steps = np.diff(received)
    return bool(np.all((steps > 0) | ((steps == 0) & (np.diff(feed) >= 0))))


def _among(words: Sequence[str], wanted: set[str]) -> npt.NDArray[np.bool_]:
    return np.array([word in wanted for word in words], dtype=bool)


def _coded(column: pa.ChunkedArray) -> tuple[Codes, tuple[str, ...]]:
    """A column of words as codes, the words in their order so that the codes do not depend on the file's."""
    if not len(column):
        return np.empty(0, np.int32), ()
    if not pa.types.is_dictionary(column.type):
        column = column.dictionary_encode()
    whole = column.unify_dictionaries().combine_chunks()
    whole = whole.chunk(0) if isinstance(whole, pa.ChunkedArray) else whole
    words = whole.dictionary.to_pylist()
    order = sorted(range(len(words)), key=words.__getitem__)
    places = np.empty(len(words), np.int32)
    places[order] = np.arange(len(words))
    return places[whole.indices.to_numpy(zero_copy_only=False)], tuple(words[n] for n in order)


def _numbers(column: pa.ChunkedArray, kind: pa.DataType) -> Column:
    numbers: Column = column.cast(kind).cast(pa.int64()).to_numpy()
    return numbers


def _optional(table: pa.Table, name: str, kind: pa.DataType) -> Column | None:
    if name not in table.column_names or table[name].null_count == len(table):
        return None
    numbers: Column = table[name].cast(kind).cast(pa.int64()).fill_null(NOT_SAID).to_numpy()
    return numbers


def _moments(column: Column, optional: bool = False) -> pa.Array:
    return _some(column, _MOMENT) if optional else pa.array(column).view(_MOMENT)


def _some(column: Column, kind: pa.DataType) -> pa.Array:
    return pa.array(column, mask=column == NOT_SAID).cast(kind)


def _blank_columns(count: int) -> Sequence[pa.Array]:
    """What is the same in every delivery of a size: nothing issued, no lead, no member, measured, without a key, out of a history."""
    zeros = pa.array(np.zeros(count, np.int32))
    constant = {word: pa.DictionaryArray.from_arrays(zeros, pa.array([word], pa.string())) for word in (Quality.MEASURED.value, DELIVERY)}
    return (
        pa.nulls(count, _MOMENT),
        pa.nulls(count, pa.duration("us")),
        pa.nulls(count, pa.int16()),
        constant[Quality.MEASURED.value],
        pa.array([""] * count, pa.string()),
        constant[DELIVERY],
    )
