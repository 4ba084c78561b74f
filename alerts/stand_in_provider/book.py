"""What the stand-in has accepted: its own record, and the resources that it shows of it."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from itertools import count, takewhile
from typing import Any
from urllib.parse import quote

from alerts.segments import measure
from alerts.stand_in_provider.rules import ACCOUNT, ACCOUNT_SID

FIRST_STATUS, FIRST_STATUS_OF_SERVICE = "queued", "accepted"


@dataclass(frozen=True, slots=True)
class AcceptedMessage:
    """One SMS that the provider would have delivered."""

    sid: str
    to: str
    sender: str
    body: str
    at: datetime


class Book:
    """All messages, in the order in which they were accepted.

    Args:
        late: how long after it was accepted a list of messages shows one.
    """

    def __init__(self, late: timedelta = timedelta()) -> None:
        self.late = late
        self.accepted: list[AcceptedMessage] = []
        self._by_recipient: dict[str, list[AcceptedMessage]] = defaultdict(list)
        self._by_sid: dict[str, AcceptedMessage] = {}
        self._status: dict[str, str] = {}
        self._serial = count()

    def accept(self, form: dict[str, str], at: datetime) -> AcceptedMessage:
        """Write down a message."""
        message = AcceptedMessage(
            sid=f"SM{next(self._serial):032x}",
            to=form["To"],
            sender=form.get("From") or form["MessagingServiceSid"],
            body=form["Body"],
            at=at,
        )
        self.accepted.append(message)
        self._by_recipient[message.to].append(message)
        self._by_sid[message.sid] = message
        return message

    def says(self, message: AcceptedMessage, status: str) -> None:
        """Note where a message stands."""
        self._status[message.sid] = status

    def find(self, sid: str) -> AcceptedMessage | None:
        """A message by its id, shown at once."""
        return self._by_sid.get(sid)

    def page(self, to: str | None, size: int, path: str, now: datetime) -> dict[str, Any]:
        """A list of messages, the newest first, as Twilio has it; one page of all that fits."""
        shown = list(takewhile(lambda m: m.at + self.late <= now, self._by_recipient[to] if to is not None else self.accepted))
        found = list(reversed(shown))[:size]
        here = f"{path}?To={quote(to or '')}&PageSize={size}&Page=0"
        return {
            "messages": [self.resource(m) for m in found],
            "page": 0,
            "page_size": size,
            "start": 0,
            "end": max(0, len(found) - 1),
            "first_page_uri": here,
            "next_page_uri": None,
            "previous_page_uri": None,
            "uri": here,
        }

    def resource(self, message: AcceptedMessage) -> dict[str, Any]:
        """What Twilio shows of a message."""
        created = _date(message.at.replace(microsecond=0))
        service = message.sender if message.sender.startswith("MG") else None
        path = f"{ACCOUNT}/Messages/{message.sid}"
        return {
            "account_sid": ACCOUNT_SID,
            "api_version": "2010-04-01",
            "body": message.body,
            "date_created": created,
            "date_sent": None,
            "date_updated": created,
            "direction": "outbound-api",
            "error_code": None,
            "error_message": None,
            "from": None if service else message.sender,
            "messaging_service_sid": service,
            "num_media": "0",
            "num_segments": "0" if service else _segments(message.body),
            "price": None,
            "price_unit": None,
            "sid": message.sid,
            "status": self._status.get(message.sid) or (FIRST_STATUS_OF_SERVICE if service else FIRST_STATUS),
            "subresource_uris": {"media": f"{path}/Media.json"},
            "to": message.to,
            "uri": f"{path}.json",
        }

    def for_ourselves(self) -> dict[str, Any]:
        """All that was accepted. What is said to thousands is written once: 150,000 messages are 15 MB, not 250."""
        said: dict[tuple[str, str], int] = {}
        messages = [(m.sid, m.to, said.setdefault((m.sender, m.body), len(said)), m.at.isoformat()) for m in self.accepted]
        return {"said": list(said), "messages": messages}


def read_for_ourselves(listed: dict[str, Any]) -> list[AcceptedMessage]:
    """What `Book.for_ourselves` wrote."""
    said: Sequence[tuple[str, str]] = [(sender, body) for sender, body in listed["said"]]
    rows = ((sid, to, said[n], at) for sid, to, n, at in listed["messages"])
    return [AcceptedMessage(sid, to, sender, body, datetime.fromisoformat(at)) for sid, to, (sender, body), at in rows]


@lru_cache(maxsize=256)
def _segments(body: str) -> str:
    """Counting the segments of each message anew was half of the time that one took."""
    return str(measure(body).segments)


@lru_cache(maxsize=8)
def _date(second: datetime) -> str:
    return format_datetime(second.astimezone(UTC))
