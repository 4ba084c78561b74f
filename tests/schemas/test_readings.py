"""Readings that come one a record, as JSON, become the columns that a delivery brings."""

import json
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace
from schema_examples import AT, LATER, PLAIN

from schemas.envelopes import read_input, reading_record
from schemas.errors import PolyriskError
from schemas.inputs import Observation
from schemas.observations import SCHEMA, from_batch, to_batch
from schemas.readings import PlainReading, decode_readings
from schemas.records import Record
from schemas.topics import INPUT


def _plain(**changed: Any) -> PlainReading:
    return PLAIN.model_copy(update=changed)


def _observed(reading: PlainReading, record: Record) -> Observation:
    """The same as a row of a delivery."""
    return Observation(
        area=reading.area,
        indicator=reading.indicator,
        start=reading.time,
        end=reading.end or reading.time,
        issued=reading.issued,
        received=record.received,
        value=reading.value,
        unit=reading.unit,
        quality=reading.quality,
        feed=reading.feed,
        key=reading.id,
        delivery=record.id,
    )


READINGS = [
    PLAIN,
    _plain(id="x", value=None, end=None, issued=None),
    _plain(id='කඳුකරය \\ "\n', area="LK32", time=AT - timedelta(microseconds=1)),
    _plain(id="y", indicator="dengue_cases", unit="cases", value=12.0),
]


def test_a_batch_of_them_is_what_a_delivery_of_the_same_rows_is() -> None:
    """Each record a row, in their order; nulls as nulls, moments to the microsecond, any characters in an identity."""
    records = [reading_record("LKA", reading, LATER) for reading in READINGS]
    batch = decode_readings(records)
    assert batch.schema == SCHEMA
    assert from_batch(batch) == [_observed(reading, record) for reading, record in zip(READINGS, records, strict=True)]
    assert batch.to_pylist() == to_batch(from_batch(batch)).to_pylist()


def test_one_is_a_batch_of_one_row() -> None:
    """Read as any other input of the shard, from a topic that allows it."""
    record = reading_record("LKA", PLAIN, LATER)
    assert record.kind in INPUT.kinds
    assert from_batch(read_input(record)) == [_observed(PLAIN, record)]
    assert decode_readings([]).num_rows == 0


def test_two_readings_of_one_fetch_have_two_ids() -> None:
    """And the same reading at another fetch has another."""
    ids = {reading_record("LKA", r, at).id for r in (PLAIN, _plain(id="another")) for at in (LATER, LATER + timedelta(seconds=1))}
    assert len(ids) == 4


GOOD = PLAIN.model_dump_json(exclude_none=True).encode()


@pytest.mark.parametrize(
    ("payload", "words"),
    [
        (b"", "not the JSON"),
        (b"null", "not the JSON"),
        (b"{", "not the JSON"),
        (b'"\xff"', "not the JSON"),
        (GOOD + GOOD, "not the JSON"),
        (GOOD + b"," + GOOD, "not the JSON"),
        (b"[" + GOOD + b"]", "not the JSON"),
        (b" ", "not the JSON"),
        (GOOD.replace(b'"id":', b'"name":'), "not the JSON.*name"),
        (GOOD.replace(b'"area":"LK21",', b""), "not the JSON.*area"),
        (GOOD.replace(b"10.56", b'"10.56"'), "not the JSON.*value"),
        (GOOD.replace(b"10.56", b"NaN"), "not the JSON"),
        (GOOD.replace(b"10.56", b"1e999"), "not the JSON"),
        (GOOD.replace(b'"m"', b'"ft"'), "unit"),
        (GOOD.replace(b"river_level", b"river_levle"), "No indicator `river_levle`"),
        (GOOD.replace(b"reported", b"guessed"), "quality `guessed`"),
        (GOOD.replace(b'"time":"2025-11-27T20:03:00Z"', b'"time":"2025-11-27T20:03:00"'), "`time` has no zone"),
        (GOOD.replace(b'"time":"2025-11-27T20:03:00Z"', b'"time":"2025-13-27T20:03:00Z"'), "`time` is no time"),
        (GOOD.replace(b'"time":"2025-11-27T20:03:00Z"', b'"time":"2025-11-27T20:50:01Z"'), "ends before|valid after"),
        (GOOD.replace(b'"time":"2025', b'"time":"1970'), "before 1990"),
        (GOOD.replace(b'"end":"2025-11-27T20:40:00Z"', b'"end":"2025-11-27T20:02:00Z"'), "ends before"),
    ],
)
def test_what_is_no_reading_is_refused(payload: bytes, words: str) -> None:
    """Alone and among good ones, in words a person can act on; what is written twice in one record is not two readings."""
    assert payload != GOOD
    good = reading_record("LKA", PLAIN, LATER)
    bad = replace(good, payload=payload)
    for records in ([bad], [good, bad], [bad, good]):
        with pytest.raises(PolyriskError, match=words):
            decode_readings(records)


def test_what_one_begins_another_does_not_end() -> None:
    """Each record is read by itself: two halves are not one reading, nor does one that holds two make up for an empty one."""
    good = reading_record("LKA", PLAIN, LATER)
    for payloads in ((GOOD[:9], GOOD[9:], GOOD + b"," + GOOD), (GOOD + GOOD, b"")):
        with pytest.raises(PolyriskError, match="not the JSON"):
            decode_readings([replace(good, payload=payload) for payload in payloads])


def test_the_published_schema_names_the_fields_that_are_read() -> None:
    """A field that the schema offers and the decoder refuses would be a trap."""
    assert set(PlainReading.model_fields) == set(json.loads(GOOD))
    assert decode_readings([reading_record("LKA", PLAIN, LATER)]).num_rows == 1
