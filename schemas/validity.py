"""From when until when a rule may open events, written `2024-06-01..2025-05-31`."""

import re
from datetime import UTC, date, datetime, timedelta
from typing import Annotated, Any

from pydantic import BaseModel, BeforeValidator, ConfigDict, PlainSerializer, WithJsonSchema

from schemas.moments import to_utc

_WRITTEN = re.compile(r"^\s*(?P<since>\S+?)?\s*\.\.\s*(?P<until>\S+?)?\s*$")
_DAY = re.compile(r"^\d{4}-\d\d-\d\d$")


class Validity(BaseModel):
    """A span in which a rule is in force. Without a beginning or an end it is open on that side.

    Attributes:
        text: as it is written. since: its first moment. until: the first moment after it, UTC both.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    text: str
    since: datetime | None
    until: datetime | None

    def why_not(self, at: datetime) -> str:
        """Why a rule opens nothing at a moment; empty if it may."""
        if self.since is not None and at < self.since:
            return f"not in force before {self.since.isoformat(timespec='minutes')} (valid {self.text})"
        if self.until is not None and at >= self.until:
            return f"not in force since {self.until.isoformat(timespec='minutes')} (valid {self.text})"
        return ""


def _validity(value: Any) -> Any:
    """A validity as written.

    Raises:
        ValueError: it has no `..`, no side, a side that is no day and no moment with its offset, or ends before it begins.
    """
    if isinstance(value, Validity):
        return value
    match = _WRITTEN.match(str(value))
    if match is None or not (match["since"] or match["until"]):
        raise ValueError(f"`{value}` is no validity; write its first and its last day, such as `2024-06-01..2025-05-31`, or `2024-06-01..`")
    since = _moment(match["since"], last=False) if match["since"] else None
    until = _moment(match["until"], last=True) if match["until"] else None
    if since is not None and until is not None and since >= until:
        raise ValueError(f"`{value}` ends before it begins")
    return {"text": f"{match['since'] or ''}..{match['until'] or ''}", "since": since, "until": until}


def _moment(text: str, *, last: bool) -> datetime:
    try:
        if _DAY.match(text):
            day = date.fromisoformat(text) + timedelta(days=int(last))
            return datetime(day.year, day.month, day.day, tzinfo=UTC)
        return to_utc(datetime.fromisoformat(text))
    except ValueError as error:
        raise ValueError(f"`{text}`: {error}; write a day such as 2024-06-01, or a moment such as 2024-06-01T06:00+05:30") from error


ValidityText = Annotated[
    Validity,
    BeforeValidator(_validity),
    PlainSerializer(lambda validity: validity.text, return_type=str),
    WithJsonSchema({"type": "string", "pattern": _WRITTEN.pattern.replace("?P<since>", "").replace("?P<until>", "")}),
]
"""A validity, written as a text. Days are those of UTC and the last is part of it; where hours matter, moments are written with their
offset, and the last is not part of it."""
