"""Hands previews over: each to the telephone of the officer who asked for it, through the same channel as messages.

Each is recorded as being sent in one durable transaction, then the provider is called, then its answer is recorded. One without an answer,
for a dropped connection or because the process died, is looked up and never repeated. That the country only watches does not hold it
back: the officer gave their number, and asked for this very message. What a person halted as a whole is not sent.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import uvloop
from sqlalchemy import Connection

from alerts import ledger, stops
from alerts.channels.contract import Channel, Outgoing, Refusal
from alerts.marks import is_preview
from alerts.officers import accounts
from alerts.officers.officer import State
from alerts.previews import asked
from alerts.previews.asked import HOLDS, Preview
from alerts.registry import Registry
from alerts.roster import telephones
from alerts.tables import previews
from alerts.to_officers import Outcome, found_again, handed_over
from schemas.country_files import LoadedCountry
from schemas.warning_records import MessageState

AT_ONCE = 8
"""Handed over in one turn; warnings wait no longer for them than for one."""
REST = timedelta(seconds=30)
"""How long a provider that asks us to wait is left in peace."""
GONE, NO_TELEPHONE, OUT_OF_TIME = "message_changed", "no_telephone", "out_of_time"
"""Why one is not sent: its message does not wait any more as it was shown; nobody has the number, or the account is out of use; it was not
handed over in time."""


class PreviewSender:
    """One for each country.

    Args:
        wall_clock: what the provider's own times can be compared with.
    """

    def __init__(
        self,
        registry: Registry,
        country: LoadedCountry,
        channel: Channel,
        *,
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._registry = registry
        self._country = country
        self._channel = channel
        self._wall = wall_clock
        self._rest_until: datetime | None = None

    def turn(self, now: datetime) -> int:
        """Hand over what was asked for; answers how many the provider was asked to take.

        Args:
            now: the country's time.
        """
        with self._registry.reading() as connection:
            waiting = asked.moving(connection, self._country.code, AT_ONCE)
            halted = any(stop.warning == stops.ALL for stop in stops.standing_stops(connection)) if waiting else False
        old = [one for one in waiting if one.asked + HOLDS <= now]
        if old:
            with self._registry.begin() as connection:
                for one in old:
                    _give_up(connection, one, now)
        fresh = [one for one in waiting if one not in old and not (halted and one.state is MessageState.INTENDED)]
        if not fresh or (self._rest_until is not None and self._wall() < self._rest_until):
            return 0
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(self._all(fresh, now))

    async def _all(self, waiting: Sequence[Preview], now: datetime) -> int:
        async with self._channel:
            return sum(await asyncio.gather(*(self._one(one, now) for one in waiting)))

    async def _one(self, preview: Preview, now: datetime) -> int:
        called = preview.state is MessageState.INTENDED
        answer = await (self._send(preview, now) if called else self._look_up(preview, now))
        if answer is None or answer.state is None:
            return int(answer is not None)
        with self._registry.begin() as connection:
            asked.settle(connection, preview, answer.state, now, answer.provider_id, answer.refusal)
        return int(called)

    async def _send(self, preview: Preview, now: datetime) -> Outcome | None:
        """Send one; nothing if another process does."""
        with self._registry.begin() as connection:
            if not asked.begin(connection, preview, self._wall()):
                return None
            if not self._is_as_it_waits(connection, preview):
                return Outcome(MessageState.EXPIRED, refusal=GONE)
            number = self._number(connection, preview.officer)
        if number is None:
            return Outcome(MessageState.REFUSED, refusal=NO_TELEPHONE)
        if not is_preview(preview.body):
            return Outcome(MessageState.REFUSED, refusal=Refusal.NOT_MARKED.value)
        outcome = await handed_over(self._channel.send(self._outgoing(preview, number, now)))
        if outcome.state is MessageState.INTENDED:
            self._rest_until = self._wall() + REST
        return outcome

    async def _look_up(self, preview: Preview, now: datetime) -> Outcome | None:
        """What became of one without an answer: found, or nobody knows yet."""
        with self._registry.reading() as connection:
            number = self._number(connection, preview.officer)
            known = {one.provider_id for one in asked.read(connection, previews.c.officer == preview.officer)}
        if number is None or preview.called is None:
            return None
        return await found_again(self._channel.look_up(self._outgoing(preview, number, now), preview.called), known)

    def _is_as_it_waits(self, connection: Connection, preview: Preview) -> bool:
        return preview.message in ledger.waiting_ids(connection) and asked.is_text_of(connection, preview)

    def _number(self, connection: Connection, officer: str) -> str | None:
        """The telephone of the very account that asked, as it is known now; none of an account that is out of use."""
        account = accounts.load(connection, officer)
        if account is None or account.state is not State.ACTIVE:
            return None
        return telephones.of(connection, self._registry.keys, officer)

    def _outgoing(self, preview: Preview, number: str, now: datetime) -> Outgoing:
        left = max(60, int((preview.asked + HOLDS - now).total_seconds()))
        return Outgoing(number, preview.body, left, preview.id)


def _give_up(connection: Connection, preview: Preview, now: datetime) -> None:
    """Its time is over: what was never called is not sent, and what nobody answered for stays unknown."""
    state = MessageState.EXPIRED if preview.state is MessageState.INTENDED else MessageState.UNKNOWN
    asked.settle(connection, preview, state, now, None, preview.refusal or OUT_OF_TIME)
