"""SMS through Twilio. It has no idempotency key, so a call without an answer is looked up, never repeated.

Refuses numbers that belong to nobody, unless it is pointed at a stand-in on this machine.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from alerts.channels._twilio_http import SafeHttpClient
from alerts.channels.contract import (
    Accepted,
    Balance,
    Cause,
    Outgoing,
    Receipt,
    ReceiptState,
    Refusal,
    Refused,
    Settings,
    Unanswered,
    referred,
)
from alerts.people.numbers import is_synthetic

LONGEST_VALID_S = 36_000
SHORTEST_VALID_S = 5
"""Bounds of Twilio's `ValidityPeriod`."""
CLOCKS_APART = timedelta(hours=12)
"""How far our clock may have been ahead of the provider's: a host that takes its local time for UTC is, until somebody notices. What an
earlier message of the same words was taken as is known by its id; a body says its day and minute."""
_LOOKED_THROUGH = 200
_FAULTY = (TwilioException, ValueError, TypeError, KeyError)
"""What Twilio's library raises on an answer that makes no sense."""
CAUSES = {
    "30001": Cause.PASSING,
    "30002": Cause.SUSPENDED,
    "30003": Cause.PASSING,
    "30007": Cause.FILTERED,
    "30008": Cause.UNEXPLAINED,
    "21610": Cause.STOPPED,
}
"""Error codes of messages that were taken, from Twilio's dictionary. From one that is not listed (blocked, unknown handset, a landline)
nothing follows: the message is not sent again."""
_STATES = {
    **{state.value: state for state in ReceiptState},
    "scheduled": ReceiptState.ACCEPTED,
    "partially_delivered": ReceiptState.SENT,
    "read": ReceiptState.DELIVERED,
}


@dataclass(frozen=True)
class TwilioAccount:
    """Who sends, and where to.

    Attributes:
        sender: an alphanumeric sender, a number, or a Messaging Service's id (`MG...`).
        base_url: of a stand-in; none means Twilio itself.
        receipts_url: where status callbacks are to come; none means that none come.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    base_url: str | None = None
    receipts_url: str | None = None

    @property
    def stands_in(self) -> bool:
        """Whether calls stay on this machine."""
        return self.base_url is not None and urlsplit(self.base_url).hostname in ("127.0.0.1", "::1", "localhost")


class TwilioSms:
    """A channel (`alerts.channels.contract.Channel`); open it with `async with`."""

    reaches_people: ClassVar[bool] = True

    def __init__(self, account: TwilioAccount, *, connections: int = 32, timeout_s: float = 10.0) -> None:
        self._account = account
        self._connections = connections
        self._timeout_s = timeout_s
        self._http: SafeHttpClient | None = None
        self._messages: Any = None
        self._balance: Any = None

    async def __aenter__(self) -> Self:
        self._http = SafeHttpClient(self._connections, self._timeout_s)
        client = Client(
            self._account.account_sid,
            self._account.auth_token,
            http_client=self._http,
            environment={"TWILIO_REGION": ""},  # region and edge of the surroundings would change the host
        )
        if self._account.base_url is not None:
            client.api.base_url = self._account.base_url
        self._messages = client.messages
        self._balance = client.balance
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.close()

    async def send(self, message: Outgoing) -> Accepted:
        """See `Channel.send`."""
        if is_synthetic(message.to) and not self._account.stands_in:
            raise Refused(Refusal.NOBODYS_NUMBER)
        service = self._account.sender.startswith("MG")
        receipts = self._account.receipts_url
        try:
            taken = await self._messages.create_async(
                to=message.to,
                body=message.body,
                validity_period=min(LONGEST_VALID_S, max(SHORTEST_VALID_S, message.valid_for_s)),
                risk_check="disable",
                smart_encoded=False,
                **({"messaging_service_sid": self._account.sender} if service else {"from_": self._account.sender}),
                **({"status_callback": referred(receipts, message.reference)} if receipts else {}),
            )
        except _FAULTY as error:
            raise Unanswered(type(error).__name__) from None
        if not taken.sid or taken.to != message.to:
            raise Unanswered("the answer is about another message")
        return Accepted(taken.sid)

    async def look_up(self, message: Outgoing, since: datetime) -> tuple[Accepted, ...]:
        """See `Channel.look_up`. Not filtered by the time of sending: what is still queued has none."""
        try:
            listed = await self._messages.list_async(to=message.to, limit=_LOOKED_THROUGH)
        except _FAULTY as error:
            raise Unanswered(type(error).__name__) from None
        earliest = since - CLOCKS_APART
        same = [
            m
            for m in listed
            if _nfc(m.body) == _nfc(message.body) and m.date_created >= earliest and str(m.direction).startswith("outbound")
        ]
        return tuple(Accepted(m.sid) for m in sorted(same, key=lambda m: (m.date_created, m.sid)))

    async def balance(self) -> Balance | None:
        """See `Channel.balance`."""
        try:
            stands = await self._balance.fetch_async()
            return Balance(Decimal(stands.balance), str(stands.currency))
        except (*_FAULTY, InvalidOperation) as error:
            raise Unanswered(type(error).__name__) from None


def open_channel(settings: Settings) -> TwilioSms:
    """The channel of the environment's account (`TWILIO_ACCOUNT_SID`, `TWILIO_AUTH_TOKEN`).

    Raises:
        ConfigurationError: one of them is missing.
    """
    account_sid, auth_token = settings.needed("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
    return TwilioSms(TwilioAccount(account_sid, auth_token, settings.sender, receipts_url=settings.receipts_url("twilio_sms")))


def receipt_of(form: Mapping[str, str], query: Mapping[str, str]) -> Receipt | None:
    """What a status callback says, once its signature was checked; nothing if it is about no status that we know.

    Args:
        form: its fields. query: of the address that it came to, which carries our reference and is signed too.
    """
    state = _STATES.get(form.get("MessageStatus", ""))
    if state is None:
        return None
    code = form.get("ErrorCode", "")
    return Receipt(query.get("ref", ""), form.get("MessageSid", ""), state, code, CAUSES.get(code, Cause.NONE))


def _nfc(text: str | None) -> str:
    return unicodedata.normalize("NFC", text or "")
