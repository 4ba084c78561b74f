"""SMS through Twilio. It has no idempotency key, so a call without an answer is looked up, never repeated.

Refuses numbers that belong to nobody, unless it is pointed at a stand-in on this machine.
"""

import unicodedata
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, Self
from urllib.parse import urlsplit

from twilio.base.exceptions import TwilioException
from twilio.rest import Client

from alerts.channels._twilio_http import SafeHttpClient
from alerts.channels.contract import Accepted, Outgoing, Refusal, Refused, Unanswered
from alerts.people.numbers import is_synthetic

LONGEST_VALID_S = 36_000
SHORTEST_VALID_S = 5
"""Bounds of Twilio's `ValidityPeriod`."""
CLOCKS_APART = timedelta(hours=12)
"""How far our clock may have been ahead of the provider's: a host that takes its local time for UTC is, until somebody notices. What an
earlier message of the same words was taken as is known by its id; a body says its day and minute."""
_LOOKED_THROUGH = 200


@dataclass(frozen=True)
class TwilioAccount:
    """Who sends, and where to.

    Attributes:
        sender: an alphanumeric sender, a number, or a Messaging Service's id (`MG...`).
        base_url: of a stand-in; none means Twilio itself.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    base_url: str | None = None

    @property
    def stands_in(self) -> bool:
        """Whether calls stay on this machine."""
        return self.base_url is not None and urlsplit(self.base_url).hostname in ("127.0.0.1", "::1", "localhost")


class TwilioSms:
    """A channel (`alerts.channels.contract.Channel`); open it with `async with`."""

    def __init__(self, account: TwilioAccount, *, connections: int = 32, timeout_s: float = 10.0) -> None:
        self._account = account
        self._connections = connections
        self._timeout_s = timeout_s
        self._http: SafeHttpClient | None = None
        self._messages: Any = None

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
        return self

    async def __aexit__(self, *_: object) -> None:
        if self._http is not None:
            await self._http.close()

    async def send(self, message: Outgoing) -> Accepted:
        """See `Channel.send`."""
        if is_synthetic(message.to) and not self._account.stands_in:
            raise Refused(Refusal.NOBODYS_NUMBER)
        service = self._account.sender.startswith("MG")
        try:
            taken = await self._messages.create_async(
                to=message.to,
                body=message.body,
                validity_period=min(LONGEST_VALID_S, max(SHORTEST_VALID_S, message.valid_for_s)),
                risk_check="disable",
                smart_encoded=False,
                **({"messaging_service_sid": self._account.sender} if service else {"from_": self._account.sender}),
            )
        except (TwilioException, ValueError, TypeError, KeyError) as error:
            raise Unanswered(type(error).__name__) from None
        if not taken.sid or taken.to != message.to:
            raise Unanswered("the answer is about another message")
        return Accepted(taken.sid)

    async def look_up(self, message: Outgoing, since: datetime) -> tuple[Accepted, ...]:
        """See `Channel.look_up`. Not filtered by the time of sending: what is still queued has none."""
        try:
            listed = await self._messages.list_async(to=message.to, limit=_LOOKED_THROUGH)
        except (TwilioException, ValueError, TypeError, KeyError) as error:
            raise Unanswered(type(error).__name__) from None
        earliest = since - CLOCKS_APART
        same = [
            m
            for m in listed
            if _nfc(m.body) == _nfc(message.body) and m.date_created >= earliest and str(m.direction).startswith("outbound")
        ]
        return tuple(Accepted(m.sid) for m in sorted(same, key=lambda m: (m.date_created, m.sid)))


def _nfc(text: str | None) -> str:
    return unicodedata.normalize("NFC", text or "")
