"""Readings kept as evidence: compressed they are what came in, to the last word."""

from datetime import UTC, datetime, timedelta

import numpy as np
import pyarrow as pa
import pytest

from processors.rereading import Rereader
from processors.sources import Source, numbers_in
from processors.timelines import micros
from schemas.inputs import Observation, Quality
from schemas.observations import encode, to_batch

_BEGIN = datetime(2026, 1, 1, tzinfo=UTC)
_MANY = 150


def _batch(count: int) -> pa.RecordBatch:
    """Readings of several places, one of them a null, one issued at a moment that the source says."""
    return to_batch(
        Observation(
            area=f"A{n % 7}",
            indicator="river_level",
            start=_BEGIN + timedelta(hours=n),
            end=_BEGIN + timedelta(hours=n),
            issued=_BEGIN if n == 1 else None,
            received=_BEGIN + timedelta(hours=n + 1),
            value=None if n == 2 else n / 8,
            unit="m",
            quality=Quality.MEASURED,
            feed="gauges",
            key=f"key {n}",
            delivery="digest",
        )
        for n in range(count)
    )


@pytest.mark.parametrize("ids", [("one",), tuple(f"record {n}" for n in range(_MANY))], ids=["a delivery", "one a record"])
def test_a_reading_is_told_the_same_out_of_what_is_compressed(ids: tuple[str, ...]) -> None:
    """With its value, its times, its key and the record that it came in."""
    source, now = Source(ids, _batch(_MANY)), micros(_BEGIN + timedelta(days=9))
    packed = source.packed

    assert packed.records == source.records
    assert [packed.record(n) for n in range(_MANY)] == [source.record(n) for n in range(_MANY)]
    assert [Rereader(packed).reading(n, 4.0, now) for n in range(_MANY)] == [Rereader(source).reading(n, 4.0, now) for n in range(_MANY)]
    assert encode(packed.batch) == encode(source.batch)  # so that a snapshot is the same
    assert packed.packed is packed


def test_a_few_readings_stay_as_they_came() -> None:
    """To compress them would take longer than all else that is done with them."""
    source = Source(("one",), _batch(3))

    assert not source.large
    assert source.packed is source


def test_the_numbers_of_records_are_found_in_all_columns() -> None:
    """Each once; none where there is no reading."""
    assert numbers_in([np.array([3, 1, 3], np.int32), np.empty(0, np.int32), np.array([2_000_000_000], np.int32)]) == {1, 3, 2_000_000_000}
    assert numbers_in([]) == set()
