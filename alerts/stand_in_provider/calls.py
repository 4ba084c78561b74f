"""The calls that the stand-in has made: what it refuses, what it shows of them, and what who is called presses."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from itertools import count
from typing import Any
from urllib.parse import quote
from xml.etree import ElementTree

from alerts.stand_in_provider.rules import ACCOUNT, ACCOUNT_SID, Error

LONGEST_TWIML = 4_000
_NUMBER = re.compile(r"\+[1-9]\d{7,14}")


@dataclass(frozen=True, slots=True)
class MadeCall:
    """One call that the provider would have made. twiml: what is said in it."""

    sid: str
    to: str
    caller: str
    twiml: str
    at: datetime


def refusal_of_call(form: dict[str, str]) -> Error | None:
    """What is wrong with a call; nothing if it may be made."""
    if not _NUMBER.fullmatch(form.get("To", "")):
        return Error(400, 21211, "Invalid 'To' Phone Number")
    if not _NUMBER.fullmatch(form.get("From", "")):
        return Error(400, 21212, "Invalid 'From' Phone Number")
    said = form.get("Twiml", "")
    if not said:
        return Error(400, 21205, "Url parameter is required.")
    if len(said) > LONGEST_TWIML:
        return Error(400, 21619, "Twiml is too long")
    return None if _root(said) is not None else Error(400, 12100, "Document parse failure")


class CallBook:
    """All calls, in the order in which they were made.

    Args:
        late: how long after it was made a list of calls shows one.
        presses: the key that who is called presses; empty for none.
    """

    def __init__(self, late: timedelta, presses: Callable[[MadeCall], str]) -> None:
        self._late = late
        self._presses = presses
        self._serial = count()
        self.made: list[MadeCall] = []

    def make(self, form: dict[str, str], at: datetime) -> MadeCall:
        """Write down a call."""
        call = MadeCall(f"CA{next(self._serial):032x}", form["To"], form["From"], form["Twiml"], at)
        self.made.append(call)
        return call

    def pressed(self, call: MadeCall) -> tuple[str, dict[str, str]] | None:
        """Where it is said that a key was pressed, and what; nothing if nobody asked for one or none was."""
        root, key = _root(call.twiml), self._presses(call)
        gather = root.find("Gather") if root is not None else None
        if gather is None or not key:
            return None
        form = {"AccountSid": ACCOUNT_SID, "CallSid": call.sid, "CallStatus": "in-progress", "Digits": key}
        form |= {"From": call.caller, "To": call.to}
        return gather.get("action", ""), form

    def page(self, to: str | None, size: int, path: str, now: datetime) -> dict[str, Any]:
        """A list of calls, the newest first, as Twilio has it; one page of all that fits."""
        shown = [c for c in reversed(self.made) if to in (None, c.to) and c.at + self._late <= now][:size]
        here = f"{path}?To={quote(to or '')}&PageSize={size}&Page=0"
        return {
            "calls": [self.resource(c) for c in shown],
            "page": 0,
            "page_size": size,
            "start": 0,
            "end": max(0, len(shown) - 1),
            "first_page_uri": here,
            "next_page_uri": None,
            "previous_page_uri": None,
            "uri": here,
        }

    def resource(self, call: MadeCall) -> dict[str, Any]:
        """What Twilio shows of a call; nothing of what was said."""
        created = format_datetime(call.at.replace(microsecond=0).astimezone(UTC))
        return {
            "account_sid": ACCOUNT_SID,
            "api_version": "2010-04-01",
            "date_created": created,
            "date_updated": created,
            "direction": "outbound-api",
            "from": call.caller,
            "sid": call.sid,
            "status": "queued",
            "to": call.to,
            "uri": f"{ACCOUNT}/Calls/{call.sid}.json",
        }


def _root(twiml: str) -> ElementTree.Element | None:
    try:
        root = ElementTree.fromstring(twiml)  # noqa: S314 - our own, on a stand-in of our own
    except ElementTree.ParseError:
        return None
    return root if root.tag == "Response" else None
