"""What tests of sending share: a clock that they move, a dispatcher to a stand-in, and what the registry then holds."""

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import func, select

from alerts import intents
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.dispatch import Dispatcher
from alerts.registry import Registry
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProvider
from alerts.tables import messages, notices

Intend = Callable[..., int]


class Wall:
    """A wall clock that only moves when told, and a sleep that moves it."""

    def __init__(self) -> None:
        self.now = datetime(2026, 11, 24, 12, tzinfo=UTC)
        self.slept: list[float] = []

    def __call__(self) -> datetime:
        return self.now

    async def sleep(self, seconds: float) -> None:
        """Time passes without waiting."""
        self.slept.append(seconds)
        self.now += timedelta(seconds=seconds)


def dispatcher(
    registry: Registry, provider: StandInProvider, wall: Wall, *, token: str = AUTH_TOKEN, at_once: int = 32, chunk: int = 25, **others: Any
) -> Dispatcher:
    """A dispatcher to a provider, with a clock of its own."""
    account = TwilioAccount(ACCOUNT_SID, token, "PolyriskLK", provider.base_url)
    channel = TwilioSms(account, timeout_s=1.0)
    return Dispatcher(registry, channel, wall_clock=wall, sleep=wall.sleep, chunk=chunk, concurrency=at_once, **others)


def states(registry: Registry) -> dict[str, int]:
    """State to number of messages."""
    with registry.reading() as connection:
        found: Counter[str] = Counter()
        for (_, _, _, state), number in intents.counts(connection).items():
            found[state.value] += number
        return dict(found)


def doubled(registry: Registry) -> int:
    """How many messages are marked as possibly doubled."""
    with registry.reading() as connection:
        return int(connection.execute(select(func.count()).where(messages.c.possibly_doubled)).scalar_one())


def told_on_duty(registry: Registry, *kinds: str) -> list[str]:
    """Texts of notices of these kinds, oldest first."""
    with registry.reading() as connection:
        query = select(notices.c.text).where(notices.c.kind.in_(kinds)).order_by(notices.c.place)
        return list(connection.execute(query).scalars())
