"""Columns that are kept in as few bytes as hold them: the same to the last bit once they are asked for."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from processors.packed import Numbers, packed
from processors.rows import Rows, packed_rows
from processors.series import NULL
from processors.timelines import BEGINNING, FAR

_HOUR = 3_600_000_000
_KINDS = st.sampled_from([np.int64, np.int32, np.int8, np.bool_])
_NUMBERS = _KINDS.flatmap(lambda kind: arrays(kind, st.integers(0, 40)))
_MOMENTS = st.lists(st.one_of(st.integers(0, 500).map(lambda n: 1_700_000_000_000_000 + n * _HOUR), st.sampled_from([BEGINNING, FAR, 0])))


@given(_NUMBERS | _MOMENTS.map(lambda moments: np.array(moments, dtype=np.int64)))
def test_what_is_packed_comes_back_to_the_last_bit(column: Numbers) -> None:
    """Whatever the numbers are, whole and in part."""
    found = packed(column)

    assert len(found) == len(column)
    assert found.whole().dtype == column.dtype
    np.testing.assert_array_equal(found.whole(), column)
    np.testing.assert_array_equal(found.part(1, 3), column[1:3])


@given(arrays(np.int32, st.integers(0, 40), elements=st.integers(-(2**31), 2**31 - 1) | st.integers(0, 9)), st.integers(-1, 12))
def test_where_a_number_stands_in_order_is_where_it_stands_unpacked(column: Numbers, number: int) -> None:
    """Also a number that is in none of them."""
    column.sort()

    first, last = packed(column).span(number)

    np.testing.assert_array_equal(packed(column).part(first, last), column[column == number])


@pytest.mark.parametrize(
    ("column", "most"),
    [
        (1_700_000_000_000_000 + np.arange(200) * _HOUR, 200),
        (np.full(200, BEGINNING), 0),
        (np.append(np.arange(199) * 1_000 + 4_000_000, NULL), 200),
        (np.arange(200, dtype=np.int32) * 300, 400),
    ],
    ids=["hours", "one number", "decimals and a null", "rows"],
)
def test_what_is_regular_takes_few_bytes(column: Numbers, most: int) -> None:
    """Hours, decimals, row numbers: one or two bytes each, where all are the same none."""
    found = packed(column)

    assert (0 if found.codes is None else found.codes.nbytes) <= most
    np.testing.assert_array_equal(found.whole(), column)


def test_readings_packed_are_the_readings() -> None:
    """All columns, of all and of one series, and the records that they came in."""
    lanes = np.array([0, 0, 3, 3, 3], dtype=np.int32)
    ends = 1_700_000_000_000_000 + np.array([0, 1, 0, 1, 2]) * _HOUR
    some = np.arange(5, dtype=np.int32)
    rows = Rows(lanes, ends, ends.copy(), np.array([1_000, NULL, 3, 2, 1]), np.full(5, BEGINNING), ends + 7, some // 2, some)

    found = packed_rows(rows)

    assert found.numbers == {0, 1, 2}
    for lane in range(5):
        assert _told(found.of(lane)) == _told(rows.of(lane))
    assert _told(found.whole()) == _told(rows)


def _told(rows: Rows) -> list[list[int]]:
    columns = (rows.lanes, rows.starts, rows.ends, rows.values, rows.issued, rows.received, rows.sources, rows.rows)
    return [column.tolist() for column in columns]
