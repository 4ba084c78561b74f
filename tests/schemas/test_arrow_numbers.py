"""Arrow's columns as NumPy's are what Arrow's own functions make of them."""

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pytest
from hypothesis import given as drawn
from hypothesis import strategies as some

from schemas.arrow_numbers import given, whole_numbers

KINDS = (pa.int16(), pa.int64(), pa.duration("us"), pa.timestamp("us", tz="UTC"))


@drawn(some.sampled_from(KINDS), some.lists(some.none() | some.integers(-(2**15), 2**15 - 1), max_size=40), some.data())
def test_a_column_or_a_part_of_it_is_read_as_arrow_reads_it(kind: pa.DataType, numbers: list[int | None], data: some.DataObject) -> None:
    """Whatever its type, with and without values, whole or cut out of a longer one."""
    first = data.draw(some.integers(0, len(numbers)))
    column = pa.array(numbers, kind).slice(first, data.draw(some.integers(0, len(numbers))))
    assert given(column).tolist() == pc.is_valid(column).to_pylist()
    assert whole_numbers(column, 7).tolist() == pc.fill_null(column.cast(pa.int64()), 7).to_pylist()
    assert whole_numbers(column, 7).dtype == np.int64


@pytest.mark.parametrize("kind", KINDS)
def test_a_column_in_which_nothing_was_said_is_all_missing(kind: pa.DataType) -> None:
    """It has no bits that say so."""
    assert whole_numbers(pa.nulls(3, kind), -1).tolist() == [-1, -1, -1]
    assert not given(pa.nulls(3, kind)).any()
