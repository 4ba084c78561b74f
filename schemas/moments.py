"""Times and spans: aware and UTC inside, spans written as people write them (`3 h`, `14 d`, `8 w`)."""

import re
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Annotated

from pydantic import AfterValidator, AwareDatetime, BeforeValidator, PlainSerializer, WithJsonSchema

_SPAN = re.compile(r"^\s*(\d+(?:\.\d+)?)\s*(s|min|h|d|w)\s*$")
_UNITS = {"s": "seconds", "min": "minutes", "h": "hours", "d": "days", "w": "weeks"}


def to_utc(moment: datetime) -> datetime:
    """The same moment in UTC.

    Raises:
        ValueError: the moment has no time zone.
    """
    if moment.tzinfo is UTC and type(moment) is datetime:
        return moment
    if moment.tzinfo is None:
        raise ValueError(f"{moment.isoformat()} has no time zone")
    utc = moment.astimezone(UTC)
    # Subclasses (Airflow's moments are some) lose their zone in sums; everything here is a plain datetime.
    return datetime.combine(utc.date(), utc.time(), UTC)


def parse_span(text: object) -> timedelta:
    """A span such as `90 min`, `3 h`, `14 d` or `8 w` as a timedelta.

    Raises:
        ValueError: no number, or no unit of s, min, h, d, w.
    """
    if isinstance(text, timedelta):
        return text
    match = _SPAN.match(str(text))
    if match is None:
        raise ValueError(f"`{text}` is not a span of time; write a number and one of s, min, h, d, w, such as `3 h`")
    try:
        return timedelta(**{_UNITS[match[2]]: float(match[1])})
    except OverflowError:
        raise ValueError(f"`{text}` is a longer span of time than any here") from None


@lru_cache(maxsize=4096)
def format_span(span: timedelta) -> str:
    """The shortest exact writing of a span, read back by `parse_span`."""
    seconds = span.total_seconds()
    for unit, size in (("w", 604_800), ("d", 86_400), ("h", 3_600), ("min", 60)):
        if seconds and seconds % size == 0:
            return f"{int(seconds // size)} {unit}"
    return f"{seconds:.6f}".rstrip("0").rstrip(".") + " s"


Moment = Annotated[AwareDatetime, AfterValidator(to_utc)]
"""An aware moment, turned to UTC."""

_SPAN_SCHEMA = {"type": "string", "pattern": _SPAN.pattern, "description": "A span of time with its unit: s, min, h, d, w, such as `3 h`."}
Span = Annotated[timedelta, BeforeValidator(parse_span), PlainSerializer(format_span, return_type=str), WithJsonSchema(_SPAN_SCHEMA)]
"""A span of time with its unit."""
