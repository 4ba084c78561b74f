"""Readings that come one a record, as JSON: what a program without Arrow sends. Many are read at once, into the columns of a batch."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime, timedelta

import msgspec
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pydantic import Field

from schemas.errors import PolyriskError
from schemas.indicators import CATALOGUE
from schemas.moments import Moment
from schemas.observations import SCHEMA
from schemas.records import Quality, Record, Typed

CLOCK_TOLERANCE = timedelta(minutes=10)
"""An observed reading valid later than this after its receipt is not of this world."""
OLDEST = datetime(1990, 1, 1, tzinfo=UTC)
"""Older readings come from a clock that was never set (1970) or a date that was mistyped."""
_MOMENT = pa.timestamp("us", tz="UTC")
_WITH_ZONE = r"(Z|[+-]\d\d(:?\d\d)?)$"


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
    written = _columns(records)
    start = _moments(written["time"], "time")
    received = pa.array(np.array([record.received_microseconds for record in records], dtype=np.int64)).view(_MOMENT)
    indicator = written["indicator"].dictionary_encode()
    _check(indicator, written["unit"], start, received)
    end = pc.coalesce(_moments(written["end"], "end"), start)
    if pc.any(pc.less(end, start)).as_py():
        raise PolyriskError("A reading's period ends before it begins.")
    number = len(records)
    columns: Mapping[str, pa.Array] = {
        "area": written["area"].dictionary_encode(),
        "indicator": indicator,
        "start": start,
        "end": end,
        "issued": _moments(written["issued"], "issued"),
        "received": received,
        "lead": pa.nulls(number, pa.duration("us")),
        "member": pa.nulls(number, pa.int16()),
        "value": written["value"],
        "unit": written["unit"].dictionary_encode(),
        "quality": _qualities(written["quality"]),
        "feed": written["feed"].dictionary_encode(),
        "key": written["id"],
        "delivery": pa.DictionaryArray.from_arrays(pa.array(np.arange(number, dtype=np.int32)), [record.id for record in records]),
    }
    return pa.RecordBatch.from_arrays([columns[field.name] for field in SCHEMA], schema=SCHEMA)


def _columns(records: Sequence[Record]) -> dict[str, pa.Array]:
    """The payloads as written, a column a field.

    Each is decoded by itself: joined into one text, a payload that holds two objects could hide one that holds none.
    """
    try:
        rows = [_DECODE(record.payload) for record in records]
        # Each name is written out: looked up by name, a field would cost three times as much.
        texts = {
            "id": [row.id for row in rows],
            "feed": [row.feed for row in rows],
            "area": [row.area for row in rows],
            "indicator": [row.indicator for row in rows],
            "time": [row.time for row in rows],
            "unit": [row.unit for row in rows],
            "end": [row.end for row in rows],
            "issued": [row.issued for row in rows],
            "quality": [row.quality for row in rows],
        }
        columns = {name: pa.array(written, pa.string()) for name, written in texts.items()}
        return {**columns, "value": pa.array([row.value for row in rows], pa.float64())}
    except (msgspec.MsgspecError, UnicodeError, pa.ArrowException) as error:
        raise PolyriskError(
            f"A reading is not the JSON of one: {error}.", remedy="schemas/json/reading.json says what it must be."
        ) from error


def _moments(written: pa.Array, name: str) -> pa.Array:
    """Texts as moments; the few different ones are read once."""
    if written.null_count == len(written):
        return pa.nulls(len(written), _MOMENT)
    coded = written.dictionary_encode()
    if not pc.all(pc.match_substring_regex(coded.dictionary, _WITH_ZONE)).as_py():
        raise PolyriskError(f"A reading's `{name}` has no zone.", remedy="Write it with `Z` or an offset, such as 2026-01-01T12:00:00Z.")
    try:
        return pc.take(coded.dictionary.cast(_MOMENT), coded.indices)
    except pa.ArrowInvalid as error:
        raise PolyriskError(f"A reading's `{name}` is no time: {error}.") from error


def _qualities(written: pa.Array) -> pa.DictionaryArray:
    coded = written.dictionary_encode()
    for word in coded.dictionary.to_pylist():
        if word not in set(Quality):
            raise PolyriskError(f"No reading has the quality `{word}`.", remedy=f"Write one of {', '.join(Quality)}.")
    return coded


def _check(indicator: pa.DictionaryArray, unit: pa.Array, start: pa.Array, received: pa.Array) -> None:
    """Refuse what would be misread. Whether a value is possible is asked on the way in, as for batches."""
    known = [CATALOGUE.get(word) for word in indicator.dictionary.to_pylist()]
    for word, found in zip(indicator.dictionary.to_pylist(), known, strict=True):
        if found is None:
            raise PolyriskError(f"No indicator `{word}` in the catalogue.")
    facts = [one for one in known if one is not None]
    if not pc.all(pc.equal(pc.take(pa.array([one.unit for one in facts]), indicator.indices), unit)).as_py():
        raise PolyriskError("A reading is not in its indicator's unit.", remedy="Convert it before it is sent.")
    if pc.less(pc.min(start), pa.scalar(OLDEST, _MOMENT)).as_py():
        raise PolyriskError(f"A reading is valid before {OLDEST.year}.", remedy="Ask the source for its clock or its date format.")
    ahead = start.cast(pa.int64()).to_numpy() - received.cast(pa.int64()).to_numpy()
    if np.any(ahead > CLOCK_TOLERANCE // timedelta(microseconds=1)):
        raise PolyriskError("A reading is valid after it was received.", remedy="Ask the source for its clock or its date format.")
