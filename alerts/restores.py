"""A registry that was put back from a backup does not know what was sent after it was copied: before it sends, it asks the provider.

It begins halted, so that a person looks first (`alerts.stops`). Then, for as long as a warning of before may still be on its way, each
message is looked up at the provider before it is sent. What the provider took and no message here accounts for went out in the gap
between the copy and the loss: it is noted as sent, and not sent again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, insert, select

from alerts import intents, journal, ledger, stops
from alerts.channels.contract import Channel, Outgoing
from alerts.journal import Step
from alerts.registry import Registry
from alerts.tables import restores

DOUBT = timedelta(days=2)
"""How long after a restore each message is looked up before it is sent. A warning that was signed in the gap is proposed and signed anew
by then, or over."""
RESTORED = "restored"
"""A kind of notice."""
BY = "polyrisk restore"


@dataclass(frozen=True)
class Gap:
    """Between a copy and its return. since: the copy was taken. until: it was put back; both by the wall clock."""

    since: datetime
    until: datetime


def begin(connection: Connection, taken_at: datetime, at: datetime) -> None:
    """Note that the registry was put back, and halt all that is being sent until a person has looked."""
    place = connection.execute(insert(restores).values(taken_at=taken_at, at=at)).inserted_primary_key
    why = f"restored from a backup of {taken_at:%Y-%m-%d %H:%M} UTC"
    if all(standing.warning != stops.ALL for standing in stops.standing_stops(connection)):
        stops.stop(connection, stops.ALL, BY, why, at)
    text = f"{why}: what was signed, stopped, erased or sent after it is not known here; docs/operators.md says what to look at"
    journal.write(connection, at, BY, "", Step.RESTORED, "", {"backup_of": taken_at.isoformat()})
    ledger.note(connection, f"{RESTORED}:{place[0] if place else ''}", at, RESTORED, "", text)


def gaps(connection: Connection, now: datetime) -> tuple[Gap, ...]:
    """Those in which what is sent now may have been sent already, the oldest first.

    Args:
        now: by the wall clock.
    """
    rows = connection.execute(select(restores).where(restores.c.at > now - DOUBT).order_by(restores.c.taken_at))
    return tuple(Gap(row.taken_at, row.at) for row in rows)


class LookBack:
    """Asks the provider, for as long as a restore is recent, what it took that no message here accounts for."""

    def __init__(self, registry: Registry, channel: Channel) -> None:
        self._registry = registry
        self._channel = channel
        self._since: datetime | None = None
        self._given: set[str] = set()

    @property
    def asks(self) -> bool:
        """Whether a message must be looked up before it is sent."""
        return self._since is not None

    def look(self, connection: Connection, now: datetime) -> None:
        """See whether the registry was put back lately; `now` is by the wall clock."""
        self._since = min((gap.since for gap in gaps(connection, now)), default=None)

    async def sent_before(self, ways: Sequence[Outgoing]) -> str | None:
        """The provider's id of a message that went out in the gap; each is given for one message alone. None if this one did not.

        Args:
            ways: the message with each text that it may have gone out with.

        Raises:
            Unanswered, Refused: the provider could not be asked; nothing is known.
        """
        if self._since is None:
            return None
        for message in ways:
            shown = [one.provider_id for one in await self._channel.look_up(message, self._since)]
            with self._registry.reading() as connection:
                known = intents.known_provider_ids(connection, shown)
            for one in shown:
                if one not in known and one not in self._given:
                    self._given.add(one)
                    return one
        return None
