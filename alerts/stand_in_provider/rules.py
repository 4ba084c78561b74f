"""What Twilio refuses whatever else is wrong with the day: rules of a message that its OpenAPI does not state, and limits."""

import re
import time
from dataclasses import dataclass
from typing import NamedTuple
from urllib.parse import urlsplit

ACCOUNT_SID = "AC" + "0" * 32
ACCOUNT = f"/2010-04-01/Accounts/{ACCOUNT_SID}"
AUTH_TOKEN = "stand-in"  # noqa: S105 - of a provider that exists on this machine alone
LONGEST_BODY = 1_600
LONGEST_VALID_S = 36_000
_NUMBER = re.compile(r"\+[1-9]\d{7,14}")
_ALPHANUMERIC = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 _+&-]{1,11}")
_SHORT_CODE = re.compile(r"\d{3,8}")
_SERVICE = re.compile(r"MG[0-9a-f]{32}")


class Error(NamedTuple):
    """One of Twilio's errors. status: of HTTP."""

    status: int
    code: int
    text: str


TOO_MANY = Error(429, 20429, "Too Many Requests")


@dataclass(frozen=True)
class Limits:
    """What the account may do.

    Attributes:
        at_once: requests to send that may be under way. a_second: messages that may be sent in each second.
        closed: beginnings of numbers of countries that are not enabled.
    """

    at_once: int | None = None
    a_second: int | None = None
    closed: tuple[str, ...] = ()


NO_LIMITS = Limits()


class Gate:
    """Counts what is under way and what came in this second."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._under_way = 0
        self._second = 0
        self._in_second = 0
        self.most_at_once = 0

    def __enter__(self) -> bool:
        """Whether the request is within the limits."""
        self._under_way += 1
        self.most_at_once = max(self.most_at_once, self._under_way)
        if self._limits.at_once is not None and self._under_way > self._limits.at_once:
            return False
        if self._limits.a_second is None:
            return True
        second = int(time.monotonic())
        if second != self._second:
            self._second, self._in_second = second, 0
        self._in_second += 1
        return self._in_second <= self._limits.a_second

    def __exit__(self, *_: object) -> None:
        self._under_way -= 1


def refusal(form: dict[str, str], limits: Limits) -> Error | None:
    """What is wrong with a message; nothing if it may be sent."""
    to, body = form.get("To", ""), form.get("Body", "")
    if not to:
        return Error(400, 21604, "A 'To' phone number is required.")
    if not _NUMBER.fullmatch(to):
        return Error(400, 21211, "Invalid 'To' Phone Number")
    if to.startswith(limits.closed) and limits.closed:
        return Error(400, 21408, "Permission to send an SMS has not been enabled for the region indicated by the 'To' number")
    if not body:
        return Error(400, 21602, "Message body is required.")
    if len(body) > LONGEST_BODY:
        return Error(400, 21617, "The concatenated message body exceeds the 1600 character limit.")
    return _sender_refusal(form) or _option_refusal(form)


def _sender_refusal(form: dict[str, str]) -> Error | None:
    sender, service = form.get("From", ""), form.get("MessagingServiceSid", "")
    if not sender and not service:
        return Error(400, 21603, "A 'From' phone number is required.")
    if service and not _SERVICE.fullmatch(service):
        return Error(400, 21701, "The Messaging Service does not exist")
    if sender and not any(form_of.fullmatch(sender) for form_of in (_NUMBER, _ALPHANUMERIC, _SHORT_CODE)):
        return Error(400, 21212, "Invalid 'From' Phone Number")
    return None


def _option_refusal(form: dict[str, str]) -> Error | None:
    validity = form.get("ValidityPeriod", "1")
    if not validity.isdigit() or not 1 <= int(validity) <= LONGEST_VALID_S:
        return Error(400, 20001, "Invalid ValidityPeriod")
    callback = form.get("StatusCallback")
    if callback is not None and (urlsplit(callback).scheme not in ("http", "https") or not urlsplit(callback).hostname):
        return Error(400, 21609, "Invalid 'StatusCallback' URL")
    return None
