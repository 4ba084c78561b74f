"""A drill's channel: the real one, but no text without the mark of an exercise passes it, and none to anybody who is not on the list.

It asks neither registry nor files: whatever was changed there, these two hold.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import ClassVar, Self

from alerts.channels.contract import Accepted, Balance, Channel, Outgoing, Refusal, Refused
from alerts.marks import is_exercise


class OnlyListed:
    """A channel (`alerts.channels.contract.Channel`) around another one.

    Args:
        numbers: of the drill's list, E.164. wall: the machine's clock, UTC.

    Attributes:
        handed: our reference of each message that was taken, to when.
    """

    reaches_people: ClassVar[bool] = True

    def __init__(self, channel: Channel, numbers: Collection[str], wall: Callable[[], datetime]) -> None:
        self.handed: dict[str, datetime] = {}
        self._channel = channel
        self._numbers = frozenset(numbers)
        self._wall = wall

    async def __aenter__(self) -> Self:
        await self._channel.__aenter__()
        return self

    async def __aexit__(self, *raised: object) -> None:
        await self._channel.__aexit__(*raised)

    async def send(self, message: Outgoing) -> Accepted:
        """See `Channel.send`."""
        if not is_exercise(message.body):
            raise Refused(Refusal.NOT_MARKED)
        if message.to not in self._numbers:
            raise Refused(Refusal.NOT_ON_THE_LIST)
        taken = await self._channel.send(message)
        self.handed.setdefault(message.reference, self._wall())
        return taken

    async def look_up(self, message: Outgoing, since: datetime) -> tuple[Accepted, ...]:
        """See `Channel.look_up`."""
        found = await self._channel.look_up(message, since)
        if found:
            self.handed.setdefault(message.reference, self._wall())
        return found

    async def balance(self) -> Balance | None:
        """See `Channel.balance`."""
        return await self._channel.balance()
