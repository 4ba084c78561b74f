"""Readings that come one a record, as JSON: what a program without Arrow sends. Many are read at once, into the columns of a batch."""

import re
from collections.abc import Mapping, Sequence, Set
from datetime import UTC, datetime, timedelta
from functools import lru_cache

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from schemas.errors import PolyriskError
from schemas.indicators import CATALOGUE
from schemas.inputs import Quality
from schemas.microseconds import to_microseconds
from schemas.moments import Moment
from schemas.observations import SCHEMA
from schemas.records import Record, Typed

CLOCK_TOLERANCE = timedelta(minutes=10)
"""An observed reading valid later than this after its receipt is not of this world."""
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Older readings come from a clock that was never set (1970) or a date that was mistyped."""
_MOMENT = pa.timestamp("us", tz="UTC")
_WITH_ZONE = re.compile(r"(Z|[+-]\d\d(:?\d\d)?)\Z")
_OLDEST = to_microseconds(OLDEST)
_QUALITIES = frozenset(quality.value for quality in Quality)


class PlainReading(Typed):
    """One observed reading as JSON, the payload of a `reading` record.

    Attributes:
        id: its identity in the feed. time: when it is valid, or when its period begins. end: of its period; without it, a moment.
        issued: when the source published it, if it says so.
        value: in `unit`, the catalogue's; none if the source spoke and gave no value.
    """

    id: str
    feed: str
    area: str
    indicator: str
    time: Moment
    end: Moment | None = None
    issued: Moment | None = None
    value: float | None = Field(allow_inf_nan=False)
    unit: str
    quality: Quality = Quality.MEASURED


class _Written(msgspec.Struct, forbid_unknown_fields=True, gc=False):
    """The same as it is decoded: only the shape is checked here, because the rest is cheaper by the column."""

    id: str
    feed: str
    area: str
    indicator: str
    time: str
    value: float | None
    unit: str
    end: str | None = None
    issued: str | None = None
    quality: str = Quality.MEASURED.value


_DECODE = msgspec.json.Decoder(_Written).decode


def decode_readings(records: Sequence[Record]) -> pa.RecordBatch:
    """The readings of `reading` records as one batch with `schemas.observations.SCHEMA`, a row a record, in their order.

    `received` is the record's. `delivery` is the record's id, because the record is all that was delivered.

    Raises:
        PolyriskError: one of them is no such reading, or would be misread: another unit than the catalogue's, a time without a zone, or
            later than it was received. Read them one by one to learn which.
    """
    if not records:
        return pa.RecordBatch.from_pylist([], schema=SCHEMA)
    rows = _rows(records)
    number = len(rows)
    start = np.array([_moment(row.time, "time") for row in rows], dtype=np.int64)
    received = np.array([record.received_microseconds for record in records], dtype=np.int64)
    _check({(row.indicator, row.unit) for row in rows}, start, received)
    end = start
    if any(row.end is not None for row in rows):
        end = np.array([_moment(row.time if row.end is None else row.end, "end") for row in rows], dtype=np.int64)
        if np.any(end < start):
            raise PolyriskError("A reading's period ends before it begins.")
    issued = [None if row.issued is None else _moment(row.issued, "issued") for row in rows]
    columns: Mapping[str, pa.Array] = {
        "area": _words([row.area for row in rows]),
        "indicator": _words([row.indicator for row in rows]),
        "start": pa.array(start).view(_MOMENT),
        "end": pa.array(end).view(_MOMENT),
        "issued": pa.array(issued, pa.int64()).view(_MOMENT),
        "received": pa.array(received).view(_MOMENT),
        "lead": pa.nulls(number, pa.duration("us")),
        "member": pa.nulls(number, pa.int16()),
        "value": pa.array([row.value for row in rows], pa.float64()),
        "unit": _words([row.unit for row in rows]),
        "quality": _qualities([row.quality for row in rows]),
        "feed": _words([row.feed for row in rows]),
        "key": pa.array([row.id for row in rows], pa.string()),
        "delivery": pa.DictionaryArray.from_arrays(pa.array(np.arange(number, dtype=np.int32)), [record.id for record in records]),
    }
    return pa.RecordBatch.from_arrays([columns[field.name] for field in SCHEMA], schema=SCHEMA)


def _rows(records: Sequence[Record]) -> list[_Written]:
    """The payloads as written.

    Each is decoded by itself: joined into one text, a payload that holds two objects could hide one that holds none.
    """
    try:
        return [_DECODE(record.payload) for record in records]
    except (msgspec.MsgspecError, UnicodeError) as error:
        raise PolyriskError(
            f"A reading is not the JSON of one: {error}.", remedy="schemas/json/reading.json says what it must be."
        ) from error


def _words(written: list[str]) -> pa.DictionaryArray:
    return pa.array(written, pa.string()).dictionary_encode()


@lru_cache(maxsize=8192)
def _moment(written: str, name: str) -> int:
    """A text as a moment, in microseconds since 1970. Many readings of one hour say the same, so it is read once."""
    if not _WITH_ZONE.search(written):
        raise PolyriskError(f"A reading's `{name}` has no zone.", remedy="Write it with `Z` or an offset, such as 2026-01-01T12:00:00Z.")
    try:
        moment: int = pa.scalar(written).cast(_MOMENT).value
    except pa.ArrowInvalid as error:
        raise PolyriskError(f"A reading's `{name}` is no time: {error}.") from error
    return moment


def _qualities(written: list[str]) -> pa.DictionaryArray:
    for word in sorted(set(written)):
        if word not in _QUALITIES:
            raise PolyriskError(f"No reading has the quality `{word}`.", remedy=f"Write one of {', '.join(Quality)}.")
    return _words(written)


def _check(units: Set[tuple[str, str]], start: npt.NDArray[np.int64], received: npt.NDArray[np.int64]) -> None:
    """Refuse what would be misread. Whether a value is possible is asked on the way in, as for batches.

    Args:
        units: indicator and unit of each.
    """
    for indicator, unit in sorted(units):
        known = CATALOGUE.get(indicator)
        if known is None:
            raise PolyriskError(f"No indicator `{indicator}` in the catalogue.")
        if known.unit != unit:
            raise PolyriskError("A reading is not in its indicator's unit.", remedy="Convert it before it is sent.")
    if start.min() < _OLDEST:
        raise PolyriskError(f"A reading is valid before {OLDEST.year}.", remedy="Ask the source for its clock or its date format.")
    if (start - received).max() > CLOCK_TOLERANCE // timedelta(microseconds=1):
        raise PolyriskError("A reading is valid after it was received.", remedy="Ask the source for its clock or its date format.")
