"""What is left on the provider's account: looked at now and then, so that nobody learns in a flood that the money is spent."""

import time
from collections.abc import Callable
from datetime import datetime

from alerts import ledger
from alerts.channels.contract import Balance, Channel, Refused, Unanswered
from alerts.registry import Registry

EVERY_S = 600.0
LOW = "balance_low"
"""Kind of the notice."""


class BalanceWatch:
    """Of one channel.

    Args:
        below: people on duty are told once a day while less than this is left, in the account's own currency; none if they are not.
        wall: for the notice. clock: seconds, never set back.
    """

    def __init__(
        self, registry: Registry, below: float | None, wall: Callable[[], datetime], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self.last: Balance | None = None
        self._registry = registry
        self._below = below
        self._wall = wall
        self._clock = clock
        self._next = 0.0 if below is not None else float("inf")

    def due(self) -> bool:
        """Whether it is time to look again."""
        return self._clock() >= self._next

    async def look(self, channel: Channel) -> None:
        """Ask, if it is time; if the provider cannot be asked, nobody knows until the next time."""
        if not self.due():
            return
        self._next = self._clock() + EVERY_S
        try:
            self.last = await channel.balance()
        except (Refused, Unanswered):
            self.last = None
        if self.last is None or self._below is None or float(self.last.amount) >= self._below:
            return
        at = self._wall()
        text = f"{self.last.amount} {self.last.currency} is left at the provider, less than {self._below:g}: put money on the account."
        with self._registry.begin() as connection:
            ledger.note(connection, f"{LOW}:{at.date().isoformat()}", at, LOW, "", text)
