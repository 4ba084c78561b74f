"""Spans of time are written as people write them and read back exactly."""

from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given, seed, settings
from hypothesis import strategies as st

from schemas.moments import format_span, parse_span, to_utc


@seed(1)
@settings(max_examples=300, deadline=None)
@given(st.timedeltas(min_value=timedelta(0), max_value=timedelta(days=4000)))
def test_a_span_is_read_back_exactly(span: timedelta) -> None:
    """Whatever a record says of an age is what the next reader gets, to the microsecond."""
    assert parse_span(format_span(span)) == span


def test_a_span_without_its_unit_is_refused() -> None:
    """A number alone says nothing; the error says what to write."""
    with pytest.raises(ValueError, match="such as `3 h`"):
        parse_span("3")


def test_a_moment_of_any_kind_becomes_a_plain_one_in_utc() -> None:
    """Subclasses and other zones become plain datetimes in UTC; one without a zone is refused."""

    class Moment(datetime):
        """As some libraries have it."""

    at = to_utc(Moment(2025, 11, 27, 20, 3, tzinfo=timezone(timedelta(hours=5, minutes=30))))
    assert type(at) is datetime
    assert at == datetime(2025, 11, 27, 14, 33, tzinfo=UTC)
    with pytest.raises(ValueError, match="no time zone"):
        to_utc(datetime(2025, 11, 27))  # noqa: DTZ001 - the point of the test
