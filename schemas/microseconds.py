"""Moments as whole microseconds since 1970, which is how records and both homes of the log keep them: exact, and of one length."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970, exact.

    Raises:
        TypeError: the moment has no time zone.
    """
    return (moment - _EPOCH) // _MICROSECOND


def from_microseconds(value: int) -> datetime:
    """The moment, UTC."""
    return _EPOCH + timedelta(microseconds=value)
