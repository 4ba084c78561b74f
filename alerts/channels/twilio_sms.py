"""SMS through Twilio. It has no idempotency key, so a call without an answer is looked up, never repeated.

Refuses numbers that belong to nobody, unless it is pointed at a stand-in on this machine.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from decimal import Decimal, InvalidOperation
from types import MappingProxyType
from typing import Any, ClassVar, Self
from urllib.parse import urlsplit

from twilio.base.exceptions import TwilioException
from twilio.rest import Client
from twilio.twiml.voice_response import VoiceResponse

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
    Spoken,
    Unanswered,
    referred,
)
from alerts.people.numbers import is_synthetic
from schemas.errors import ConfigurationError

LONGEST_VALID_S = 36_000
SHORTEST_VALID_S = 5
"""Bounds of Twilio's `ValidityPeriod`."""
CLOCKS_APART = timedelta(hours=12)
"""How far our clock may have been ahead of the provider's: a host that takes its local time for UTC is, until somebody notices. What an
earlier message of the same words was taken as is known by its id; a body says its day and minute."""
CALLER = "TWILIO_CALLER"
"""Names the number of the account from which officers are called; without it nobody is."""
VOICES = "TWILIO_VOICES"
"""Names the voices in which calls speak other languages than English, as `ur=Google.ur-IN-Standard-A ne=...`, of those that the account
has. Twilio says nothing at all in a language that it has no voice for, so without a name calls are in English."""
RINGS_S = 25
"""How long a telephone rings; a mailbox that takes the call presses no key."""
_LOOKED_THROUGH = 200
_ENGLISH, _SPOKEN_ENGLISH = "en", "en-GB"
_NO_VOICES: Mapping[str, str] = MappingProxyType({})
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
        caller: the number from which officers are called; empty if there is none, and nobody is called.
        woken_url: where it is said which key they pressed; none means that they are asked for none.
        voices: language to the voice that calls speak it with.
    """

    account_sid: str
    auth_token: str = field(repr=False)
    sender: str
    base_url: str | None = None
    receipts_url: str | None = None
    caller: str = ""
    woken_url: str | None = None
    voices: Mapping[str, str] = field(default_factory=dict)

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
        self._calls: Any = None
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
        self._calls = client.calls
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

    @property
    def can_call(self) -> bool:
        """See `Calls.can_call`. A sender's name cannot call."""
        return bool(self._account.caller)

    def speaks(self, language: str) -> bool:
        """See `Calls.speaks`: English, and what a voice was named for."""
        return language == _ENGLISH or language in self._account.voices

    async def call(self, spoken: Spoken) -> Accepted:
        """See `Calls.call`. What is said goes with the request, so that nobody has to fetch it from us."""
        if is_synthetic(spoken.to) and not self._account.stands_in:
            raise Refused(Refusal.NOBODYS_NUMBER)
        try:
            taken = await self._calls.create_async(
                to=spoken.to,
                from_=self._account.caller,
                twiml=said_to(spoken, self._account.woken_url, self._account.voices),
                timeout=RINGS_S,
            )
        except _FAULTY as error:
            raise Unanswered(type(error).__name__) from None
        if not taken.sid or taken.to != spoken.to:
            raise Unanswered("the answer is about another call")
        return Accepted(taken.sid)

    async def look_up_call(self, spoken: Spoken, since: datetime) -> tuple[Accepted, ...]:
        """See `Calls.look_up_call`."""
        try:
            listed = await self._calls.list_async(to=spoken.to, limit=_LOOKED_THROUGH)
        except _FAULTY as error:
            raise Unanswered(type(error).__name__) from None
        earliest = since - CLOCKS_APART
        same = [c for c in listed if c.date_created >= earliest and str(c.direction).startswith("outbound")]
        return tuple(Accepted(c.sid) for c in sorted(same, key=lambda c: (c.date_created, c.sid)))

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
        ConfigurationError: one of them is missing, or the voices cannot be read.
    """
    account_sid, auth_token = settings.needed("TWILIO_ACCOUNT_SID", "TWILIO_AUTH_TOKEN")
    account = TwilioAccount(
        account_sid,
        auth_token,
        settings.sender,
        receipts_url=settings.receipts_url("twilio_sms"),
        caller=settings.environment.get(CALLER, ""),
        woken_url=settings.woken_url("twilio_sms"),
        voices=voices_of(settings.environment),
    )
    return TwilioSms(account)


def voices_of(environment: Mapping[str, str]) -> Mapping[str, str]:
    """Language to voice, as the environment names them.

    Raises:
        ConfigurationError: it cannot be read; says how it is written.
    """
    voices = {}
    for pair in environment.get(VOICES, "").split():
        language, given, voice = pair.partition("=")
        if not language or not given or not voice:
            remedy = "Write language=voice with blanks between, as `ur=Google.ur-IN-Standard-A`."
            raise ConfigurationError(f"`{pair}` is no language and its voice.", where=VOICES, remedy=remedy)
        voices[language] = voice
    return voices


def said_to(spoken: Spoken, woken_url: str | None, voices: Mapping[str, str] = _NO_VOICES) -> str:
    """What is said in a call, as TwiML: twice, and then the call ends. With an address, pressing 1 acknowledges it."""
    response = VoiceResponse()
    voice = _voice(spoken.language, voices)
    if woken_url is None:
        response.say(f"{spoken.words} {spoken.words} {spoken.elsewhere}", **voice)
        return str(response)
    action = referred(woken_url, spoken.reference)
    for _ in range(2):
        gather = response.gather(action=action, num_digits=1, timeout=8)
        gather.say(f"{spoken.words} {spoken.press}", **voice)
    response.say(spoken.unpressed, **voice)
    return str(response)


def answered_with(words: str, language: str, voices: Mapping[str, str] = _NO_VOICES) -> str:
    """What is said to an officer who pressed a key, as TwiML."""
    response = VoiceResponse()
    response.say(words, **_voice(language, voices))
    return str(response)


def _voice(language: str, voices: Mapping[str, str]) -> dict[str, str]:
    """How Twilio is told to speak a language: by the voice that was named for it, which knows its language."""
    named = voices.get(language)
    return {"voice": named} if named is not None else {"language": _SPOKEN_ENGLISH}


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
