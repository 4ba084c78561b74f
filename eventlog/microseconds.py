"""Moments as whole microseconds since 1970, which is how both homes keep them: exact, and of one length."""

from datetime import UTC, datetime, timedelta

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def to_microseconds(moment: datetime) -> int:
    """Microseconds since 1970, exact."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def from_microseconds(value: int) -> datetime:
    """The moment, UTC."""
    return _EPOCH + timedelta(microseconds=value)
