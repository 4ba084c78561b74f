"""A drill's channel: the real one, but no text without the mark of an exercise passes it, and none to anybody who is not on the list.

Warnings go to the list, and who is woken is an officer of the drill: neither gets what is the other's, and no household is ever called. It
asks neither registry nor files: whatever was changed there, these two hold.
"""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import ClassVar, Self

from alerts.channels.contract import Accepted, Balance, Calls, Channel, Outgoing, Refusal, Refused, Spoken
from alerts.marks import is_exercise
from alerts.roster.wakings import is_reference


class OnlyListed:
    """A channel (`alerts.channels.contract.Channel`) around another one.

    Args:
        numbers: of the drill's list, E.164. wall: the machine's clock, UTC. officers: numbers of those who are woken in it.

    Attributes:
        handed: our reference of each message or call that was taken, to when.
    """

    reaches_people: ClassVar[bool] = True

    def __init__(self, channel: Channel, numbers: Collection[str], wall: Callable[[], datetime], officers: Collection[str] = ()) -> None:
        self.handed: dict[str, datetime] = {}
        self._channel = channel
        self._calls = channel if isinstance(channel, Calls) and channel.can_call else None
        self._numbers = frozenset(numbers)
        self._officers = frozenset(officers)
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
        if message.to not in (self._officers if is_reference(message.reference) else self._numbers):
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

    @property
    def can_call(self) -> bool:
        """See `Calls.can_call`."""
        return self._calls is not None

    def speaks(self, language: str) -> bool:
        """See `Calls.speaks`."""
        return self._calls is not None and self._calls.speaks(language)

    async def call(self, spoken: Spoken) -> Accepted:
        """See `Calls.call`."""
        if not is_exercise(spoken.words):
            raise Refused(Refusal.NOT_MARKED)
        if spoken.to not in self._officers:
            raise Refused(Refusal.NOT_ON_THE_LIST)
        if self._calls is None:
            raise Refused(Refusal.NOT_ROUTABLE)
        taken = await self._calls.call(spoken)
        self.handed.setdefault(spoken.reference, self._wall())
        return taken

    async def look_up_call(self, spoken: Spoken, since: datetime) -> tuple[Accepted, ...]:
        """See `Calls.look_up_call`."""
        found = await self._calls.look_up_call(spoken, since) if self._calls is not None else ()
        if found:
            self.handed.setdefault(spoken.reference, self._wall())
        return found

    async def balance(self) -> Balance | None:
        """See `Channel.balance`."""
        return await self._channel.balance()
