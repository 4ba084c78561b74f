"""What a channel must do: send and say which of three things happened, and look up whether something was taken.

No provider of ours has an idempotency key. So a call has three outcomes: surely taken (`Accepted`), surely not (`Refused`), perhaps
(`Unanswered`). Perhaps is looked up, never repeated.
"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Protocol, Self


class Refusal(StrEnum):
    """Why a message was surely not taken. A closed set, the same for all providers."""

    STOPPED = "stopped"
    INVALID_NUMBER = "invalid_number"
    NOT_MOBILE = "not_mobile"
    NOT_ROUTABLE = "not_routable"
    NOBODYS_NUMBER = "nobodys_number"
    NOT_AGREED = "not_agreed"
    SLOW_DOWN = "slow_down"
    NOT_CONNECTED = "not_connected"
    UNAUTHORISED = "unauthorised"
    COUNTRY_CLOSED = "country_closed"
    OTHER = "other"


LATER = frozenset({Refusal.SLOW_DOWN, Refusal.NOT_CONNECTED})
"""Not taken, and worth another try with the same words: the message goes back into the queue."""

STOPS_ALL = frozenset({Refusal.UNAUTHORISED, Refusal.COUNTRY_CLOSED})
"""The provider refuses us, not the person: everything stops, the queue is kept, people on duty are told."""


@dataclass(frozen=True)
class Outgoing:
    """One SMS on its way.

    Attributes:
        to: E.164. valid_for_s: seconds after which it is no longer worth delivering.
    """

    to: str
    body: str
    valid_for_s: int

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


class Channel(Protocol):
    """A way out. Opened inside a running event loop, for one round of sending."""

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

        Raises:
            Unanswered, Refused: the provider could not be asked; nothing is known.
        """
        ...
