"""When each feed answered last, learned from the log, so that its silence wakes somebody also while nobody looks at the console."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, insert, select, update

from alerts.registry import Registry
from alerts.tables import feed_answers
from eventlog.log import Consumer, EventLog
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_input
from schemas.inputs import Heartbeat
from schemas.topics import INPUT

GROUP = "duty"
_BATCH, _BATCHES, _BYTES = 500, 20, 8_000_000


class FeedWatch:
    """Reads heartbeats as a consumer group of its own.

    Args:
        feeds: those that are asked here; none means all of the country.
    """

    def __init__(self, log: EventLog, registry: Registry, country: LoadedCountry, feeds: Sequence[str] | None = None) -> None:
        self._log = log
        self._registry = registry
        self._shard = country.shard
        self._feeds = [f for f in country.manifests if feeds is None or f in feeds]
        self._consumer: Consumer | None = None

    def turn(self, now: datetime) -> int:
        """Take in what came; answers how many records. A log that is long is caught up with over several turns.

        Args:
            now: from which on a feed is waited for that never answered.
        """
        if self._consumer is None:
            self._consumer = self._log.consumer(GROUP, GROUP, [INPUT.name], shard=self._shard)
        total = 0
        for _ in range(_BATCHES):
            batch = self._consumer.poll(_BATCH, limit_bytes=_BYTES)
            if not batch:
                self._wait_for(now)
                break
            beats = [read_input(stored.record) for stored in batch if stored.record.kind == "heartbeat"]
            newest = {beat.feed: beat.received for beat in beats if isinstance(beat, Heartbeat) and beat.feed in self._feeds}
            if newest:
                with self._registry.begin() as connection:
                    for feed, received in newest.items():
                        _note(connection, feed, received)
            with self._log.transaction(self._consumer) as transaction:
                transaction.commit(batch)
            total += len(batch)
        return total

    def close(self) -> None:
        """Leave the consumer group."""
        if self._consumer is not None:
            self._consumer.close()

    def _wait_for(self, now: datetime) -> None:
        """The log has no more: of a feed that never answered, its silence begins now."""
        with self._registry.reading() as connection:
            known = set(connection.execute(select(feed_answers.c.feed)).scalars())
        if missing := [feed for feed in self._feeds if feed not in known]:
            with self._registry.begin() as connection:
                connection.execute(insert(feed_answers), [{"feed": feed, "answered_at": now, "ever": False} for feed in missing])


def _note(connection: Connection, feed: str, received: datetime) -> None:
    here = feed_answers.c.feed == feed
    row = connection.execute(select(feed_answers).where(here)).first()
    if row is None:
        connection.execute(insert(feed_answers).values(feed=feed, answered_at=received, ever=True))
    elif not row.ever or row.answered_at < received:
        connection.execute(update(feed_answers).where(here).values(answered_at=received, ever=True))
