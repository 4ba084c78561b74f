"""Hands over the codes by which officers confirm their telephones, through the same channel as messages.

Each is recorded as being sent in one durable transaction, then the provider is called, then its answer is recorded. One without an answer
is neither looked up nor repeated: whoever does not have it asks for another. That the country only watches holds none back: the officer
asked for it. What a person halted as a whole is not sent.
"""

import asyncio
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import uvloop
from sqlalchemy import Connection, select, update

from alerts import stops
from alerts.channels.contract import Channel, Outgoing
from alerts.officers import accounts
from alerts.officers.officer import State
from alerts.registry import Registry
from alerts.roster import telephone_codes as codes
from alerts.roster.wording import Wording
from alerts.tables import telephone_codes
from alerts.to_officers import handed_over
from schemas.country_files import LoadedCountry
from schemas.warning_records import MessageState

AT_ONCE = 8


class CodeSender:
    """One for each country.

    Args:
        wall_clock: what the provider's own times can be compared with.

    Raises:
        ConfigurationError: a file of texts cannot be read.
    """

    def __init__(
        self,
        registry: Registry,
        country: LoadedCountry,
        channel: Channel,
        *,
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._registry, self._country, self._channel, self._wall = registry, country, channel, wall_clock
        self._wording = Wording(country, exercise=registry.exercise)

    def turn(self, now: datetime) -> int:
        """Hand over what was asked for, and forget what nobody typed in time; answers how many the provider was asked to take.

        Args:
            now: the country's time.
        """
        mine = telephone_codes.c.country == self._country.code
        with self._registry.reading() as connection:
            rows = connection.execute(select(telephone_codes).where(mine).order_by(telephone_codes.c.asked_at)).all()
            halted = any(stop.warning == stops.ALL for stop in stops.standing_stops(connection)) if rows else False
        if any(row.asked_at + codes.HOLDS <= now for row in rows):
            with self._registry.begin() as connection:
                codes.forget_old(connection, self._country.code, now)
        fresh = [row for row in rows if row.asked_at + codes.HOLDS > now and row.state == MessageState.INTENDED.value and not halted]
        if not fresh:
            return 0
        with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
            return runner.run(self._all(fresh[:AT_ONCE], now))

    async def _all(self, fresh: Sequence[Any], now: datetime) -> int:
        async with self._channel:
            return sum(await asyncio.gather(*(self._one(row, now) for row in fresh)))

    async def _one(self, row: Any, now: datetime) -> int:
        with self._registry.begin() as connection:
            mine = (telephone_codes.c.id == row.id) & (telephone_codes.c.state == MessageState.INTENDED.value)
            begun = update(telephone_codes).where(mine).values(state=MessageState.SENDING.value, called_at=self._wall())
            if not connection.execute(begun).rowcount:
                return 0  # another process does, or another was asked for meanwhile
            account = accounts.load(connection, row.officer)
        if account is None or account.state is not State.ACTIVE:
            return self._settle(row.id, MessageState.REFUSED, refusal="no_account")
        outcome = await handed_over(self._channel.send(self._outgoing(row, self._wording.language_for(account.language), now)))
        return self._settle(row.id, outcome.state or MessageState.UNKNOWN, outcome.provider_id, outcome.refusal)

    def _outgoing(self, row: Any, language: str, now: datetime) -> Outgoing:
        keys = self._registry.keys
        body = self._wording.telephone_code(keys.decrypt(row.code), codes.HOLDS // timedelta(minutes=1), language)
        left = max(60, int((row.asked_at + codes.HOLDS - now).total_seconds()))
        return Outgoing(keys.decrypt(row.number), body, left, row.id)

    def _settle(self, id: str, state: MessageState, provider_id: str | None = None, refusal: str = "") -> int:
        """Record what became of one. A receipt that came before the answer has said more."""
        mine = telephone_codes.c.id == id
        with self._registry.begin() as connection:
            being_sent = mine & (telephone_codes.c.state == MessageState.SENDING.value)
            connection.execute(update(telephone_codes).where(being_sent).values(state=state.value, refusal=refusal))
            if provider_id is not None:
                _keep_id(connection, id, provider_id)
        return 1


def _keep_id(connection: Connection, id: str, provider_id: str) -> None:
    mine = (telephone_codes.c.id == id) & telephone_codes.c.provider_id.is_(None)
    connection.execute(update(telephone_codes).where(mine).values(provider_id=provider_id))
