"""What a channel must do: send and say which of three things happened, and look up whether something was taken.

No provider of ours has an idempotency key. So a call has three outcomes: surely taken (`Accepted`), surely not (`Refused`), perhaps
(`Unanswered`). Perhaps is looked up, never repeated.

A channel is a module beside this one, found by its name, with `open_channel(settings) -> Channel`; parts of a channel are modules whose
names begin with an underscore.
"""

import importlib
import pkgutil
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from enum import StrEnum
from pathlib import Path
from typing import ClassVar, Protocol, Self, cast, runtime_checkable
from urllib.parse import quote

from alerts import channels
from schemas.errors import ConfigurationError

CALLBACKS = "POLYRISK_CALLBACK_URL"
"""Names the address at which our webhooks are reached from outside, such as `https://warn.example.org`; without it no receipts come."""


class Refusal(StrEnum):
    """Why a message was surely not taken. A closed set, the same for all providers."""

    STOPPED = "stopped"
    INVALID_NUMBER = "invalid_number"
    NOT_MOBILE = "not_mobile"
    NOT_ROUTABLE = "not_routable"
    NOBODYS_NUMBER = "nobodys_number"
    NOT_AGREED = "not_agreed"
    NOT_MARKED = "not_marked"
    NOT_ON_THE_LIST = "not_on_the_list"
    SLOW_DOWN = "slow_down"
    NOT_CONNECTED = "not_connected"
    UNAUTHORISED = "unauthorised"
    SUSPENDED = "suspended"
    COUNTRY_CLOSED = "country_closed"
    BAD_TEXT = "bad_text"
    OTHER = "other"


LATER = frozenset({Refusal.SLOW_DOWN, Refusal.NOT_CONNECTED})
"""Not taken, and worth another try with the same words: the message goes back into the queue."""

STOPS_ALL = frozenset({Refusal.UNAUTHORISED, Refusal.SUSPENDED})
"""The provider refuses us, not the person: everything stops, the queue is kept, people on duty are told."""

STOPS_COUNTRY = frozenset({Refusal.COUNTRY_CLOSED})
"""The provider does not let us reach a country: messages to its numbers wait, the others go on, people on duty are told."""


@dataclass(frozen=True)
class Outgoing:
    """One SMS on its way.

    Attributes:
        to: E.164. valid_for_s: seconds after which it is no longer worth delivering.
        reference: our own identity of the message, which receipts bring back; never a number.
    """

    to: str
    body: str
    valid_for_s: int
    reference: str = ""

    def __repr__(self) -> str:
        return f"Outgoing({len(self.body)} characters)"


@dataclass(frozen=True)
class Accepted:
    """The provider has taken it. provider_id: its own id of the message."""

    provider_id: str


class Refused(Exception):
    """Surely not taken.

    Args:
        code: the provider's own. retry_after_s: how long it asks us to wait, if it says so.
    """

    def __init__(self, refusal: Refusal, *, code: str = "", retry_after_s: float | None = None) -> None:
        self.refusal = refusal
        self.code = code
        self.retry_after_s = retry_after_s
        super().__init__(f"{refusal.value} {code}".strip())


class Unanswered(Exception):
    """Perhaps taken: a time-out, a dropped connection, an answer that makes no sense. Never to be repeated blindly."""


class ReceiptState(StrEnum):
    """What a provider says of a message that it has taken. A closed set, the same for all providers."""

    ACCEPTED = "accepted"
    QUEUED = "queued"
    SENDING = "sending"
    SENT = "sent"
    FAILED = "failed"
    CANCELED = "canceled"
    UNDELIVERED = "undelivered"
    DELIVERED = "delivered"


class Cause(StrEnum):
    """Why a message that was taken did not arrive, as far as something follows from it.

    PASSING: the handset is off, a queue is full: it may arrive later. UNEXPLAINED: nobody says why. FILTERED: the network refuses the
    words. SUSPENDED: the provider no longer sends for us. STOPPED: the person left.
    """

    NONE = ""
    PASSING = "passing"
    UNEXPLAINED = "unexplained"
    FILTERED = "filtered"
    SUSPENDED = "suspended"
    STOPPED = "stopped"


@dataclass(frozen=True)
class Receipt:
    """What a provider says later about one message.

    Attributes:
        reference: ours, as it was given with the message. provider_id: the provider's, empty if it says none.
        code: the provider's own, of an error.
    """

    reference: str
    provider_id: str
    state: ReceiptState
    code: str = ""
    cause: Cause = Cause.NONE


@dataclass(frozen=True)
class Balance:
    """What is left on our account. currency: ISO 4217."""

    amount: Decimal
    currency: str


class Channel(Protocol):
    """A way out. Opened inside a running event loop, for one round of sending.

    Attributes:
        reaches_people: what it takes may reach a telephone; else nobody's agreement is needed.
    """

    reaches_people: ClassVar[bool]

    async def __aenter__(self) -> Self:
        """Open connections."""
        ...

    async def __aexit__(self, *_: object) -> None:
        """Close them."""
        ...

    async def send(self, message: Outgoing) -> Accepted:
        """Send once.

        Raises:
            Refused: surely not taken.
            Unanswered: perhaps taken.
        """
        ...

    async def look_up(self, message: Outgoing, since: datetime) -> tuple[Accepted, ...]:
        """What the provider took from us for this recipient with this body since a moment (wall clock, UTC), oldest first.

        A provider that shows nothing of what it took answers with nothing always. That proves nothing, and nobody takes it for proof: that
        a message was surely not taken is concluded only if the provider shows another one that was sent later.

        Raises:
            Unanswered, Refused: the provider could not be asked; nothing is known.
        """
        ...

    async def balance(self) -> Balance | None:
        """What is left on our account; none if the provider keeps none.

        Raises:
            Unanswered, Refused: the provider could not be asked.
        """
        ...


@dataclass(frozen=True)
class Spoken:
    """One call on its way: what is said to who picks up.

    Attributes:
        to: E.164. reference: our own identity of the call, which comes back with what was pressed; never a number.
        language: of all that is said, a BCP 47 tag.
        press: what asks for the key. unpressed: said if none was pressed. elsewhere: said instead where no key can be taken.
    """

    to: str
    words: str
    reference: str
    language: str = "en"
    press: str = ""
    unpressed: str = ""
    elsewhere: str = ""

    def __repr__(self) -> str:
        return f"Spoken({len(self.words)} characters)"


@runtime_checkable
class Calls(Protocol):
    """What a channel has beside that also calls and speaks. Only officers are ever called."""

    @property
    def can_call(self) -> bool:
        """Whether it has a number to call from."""
        ...

    def speaks(self, language: str) -> bool:
        """Whether it can say something in a language; English it can."""
        ...

    async def call(self, spoken: Spoken) -> Accepted:
        """Call once.

        Raises:
            Refused: surely not called.
            Unanswered: perhaps called.
        """
        ...

    async def look_up_call(self, spoken: Spoken, since: datetime) -> tuple[Accepted, ...]:
        """The calls that the provider took from us to this number since a moment (wall clock, UTC), oldest first. What was said in them no
        provider shows: who knows the ids of earlier ones takes them out.

        Raises:
            Unanswered, Refused: the provider could not be asked.
        """
        ...


@dataclass(frozen=True)
class Settings:
    """What a channel is opened with.

    Attributes:
        sender: who the message comes from, as the country's file says. environment: of the process, where secrets stand.
        folder: of the installation, for what a channel writes.
    """

    sender: str
    environment: Mapping[str, str]
    folder: Path

    def needed(self, *names: str) -> list[str]:
        """Values that the environment must have.

        Raises:
            ConfigurationError: some are missing; says which, and no value of the others.
        """
        missing = [name for name in names if not self.environment.get(name)]
        if missing:
            what = f"{' and '.join(missing)} must be set to send."
            raise ConfigurationError(what, where="channel", remedy="Set them in the environment, never in a file of ours.")
        return [self.environment[name] for name in names]

    def receipts_url(self, channel: str) -> str | None:
        """Where this channel's receipts are to be sent; none if nobody said how we are reached."""
        base = self.environment.get(CALLBACKS)
        return f"{base.rstrip('/')}/{channel}/receipt" if base else None

    def woken_url(self, channel: str) -> str | None:
        """Where it is to be said which key an officer pressed; none if nobody said how we are reached."""
        base = self.environment.get(CALLBACKS)
        return f"{base.rstrip('/')}/{channel}/woken" if base else None


class _Module(Protocol):
    def open_channel(self, settings: Settings) -> Channel: ...


def known_channels() -> tuple[str, ...]:
    """The names of channels: the modules beside this one."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(channels.__path__) if m.name != "contract" and not m.name.startswith("_")))


def open_channel(name: str, settings: Settings) -> Channel:
    """The channel of a name, ready to be entered.

    Raises:
        ConfigurationError: no channel is called so, or the environment lacks what it needs.
    """
    if name not in known_channels():
        raise ConfigurationError(f"No channel is called `{name}`.", where="channel", remedy=f"Known are {', '.join(known_channels())}.")
    module = cast(_Module, importlib.import_module(f"{channels.__name__}.{name}"))
    return module.open_channel(settings)


def referred(url: str, reference: str) -> str:
    """A receipt's address for one message."""
    return f"{url}?ref={quote(reference, safe='')}"
