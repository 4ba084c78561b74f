"""Reading stretches of partitions, without a group: where they begin and end, and what stands in between."""

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from kafka import TopicPartition
from kafka.admin import OffsetSpec
from kafka.protocol.consumer import IsolationLevel

from eventlog.homes._kafka_batches import reads_records
from eventlog.homes._kafka_client import PATIENCE_S, TRANSACTION_S, Clients, patiently, told
from schemas.errors import LogError
from schemas.records import Stored
from schemas.topics import TOPICS

_SETTLE_S = 1.0
"""How long a reader waits for transactions that are still open to end; those of the living end within milliseconds."""
_LOOK_S = 0.001
_GLANCE_MS = 2
"""How long a client waits for a record at a time: of the end of a transaction, which is none, it does not tell."""
_FETCH_MS = 1
"""How long a broker may hold an empty fetch: one that waits for more would hold up the next one, of another partition."""
_PATIENCE_MS = int(PATIENCE_S * 1000)


class Reader:
    """Reads any partition of the log. Its methods are called by one thread at a time.

    An offset in Kafka is a record's or a transaction's marker, so records of a partition have rising numbers with gaps.
    """

    def __init__(self, clients: Clients, admin: Any) -> None:
        self._place = clients.place
        self._consumer = clients.reader(fetch_max_wait_ms=_FETCH_MS)
        reads_records(self._consumer, {clients.place.topic(topic): topic for topic in TOPICS})
        self._admin = admin

    def close(self) -> None:
        """Let go of the connections."""
        self._consumer.close()

    def begins(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The first offset kept of each."""
        return self._asked(self._consumer.beginning_offsets, places)

    def ends(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset after the last that is committed and that no open transaction stands before."""
        return self._asked(self._consumer.end_offsets, places)

    def _asked(self, question: Callable[..., Any], places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The answer for each place. A broker that has just started may leave some out; the client then raises a `KeyError`."""
        deadline = time.monotonic() + PATIENCE_S
        while places:
            try:
                with told(self._place):
                    return dict(question(list(places), timeout_ms=_PATIENCE_MS))
            except KeyError as error:
                if time.monotonic() > deadline:
                    what = "No broker answers for a partition."
                    raise LogError(what, where=str(self._place), remedy="Start it, or correct the log's URL.") from error
                time.sleep(_LOOK_S)
        return {}

    def ends_and_hidden(self, places: Sequence[TopicPartition]) -> tuple[dict[TopicPartition, int], list[TopicPartition]]:
        """The same, and those partitions in which more is written that a transaction hides which is still open."""
        written = self._written(places)
        ends = self.ends(places)
        return ends, [place for place in places if ends[place] < written[place]]

    def settled_ends(self, places: Sequence[TopicPartition], *, whole: bool = False) -> dict[TopicPartition, int]:
        """The same, once all that was written before the call is decided.

        Transactions end within milliseconds, unless their process died: then the broker ends them after `TRANSACTION_S`. With
        `whole` that is waited for, else no longer than a second.

        Raises:
            LogError: with `whole`, if a transaction stays open.
        """
        written = self._written(places)
        deadline = time.monotonic() + (TRANSACTION_S + PATIENCE_S if whole else _SETTLE_S)
        while True:
            ends = self.ends(places)
            if all(ends[place] >= written[place] for place in places):
                return ends
            if time.monotonic() > deadline:
                if whole:
                    what = "A transaction stays open and hides what was written after it."
                    raise LogError(what, where=str(self._place), remedy="Start again whoever wrote last: it ends that.")
                return ends
            time.sleep(_LOOK_S)

    def await_end(self, past: dict[TopicPartition, int]) -> None:
        """Wait until every reader sees these partitions up to these offsets, or something older is still open."""
        deadline = time.monotonic() + _SETTLE_S
        while True:
            ends = self.ends(list(past))
            if all(ends[place] > offset for place, offset in past.items()) or time.monotonic() > deadline:
                return
            time.sleep(_LOOK_S)

    def records(self, place: TopicPartition, start: int, end: int, limit: int | None = None) -> Iterator[Stored]:
        """The committed records of one of the log's topics, as `messages`."""
        return self.messages(place, start, end, limit)

    def messages(self, place: TopicPartition, start: int, end: int, limit: int | None = None) -> Iterator[Any]:
        """The committed messages with offsets from `start` up to `end`, which is no later than the partition's end.

        Of the log's own topics they come as records.

        Raises:
            LogError: the brokers do not answer.
        """
        left = limit
        if start >= end or left == 0:
            return
        with told(self._place):
            self._consumer.assign([place])
            self._consumer.seek(place, start)
        deadline = time.monotonic() + PATIENCE_S
        while (left is None or left > 0) and self._position(place) < end:
            with told(self._place):
                found = self._consumer.poll(timeout_ms=_GLANCE_MS, max_records=20_000 if left is None else left).get(place, [])
            for message in found:
                if message.offset >= end:
                    return
                yield message
            if left is not None:
                left -= len(found)
            if found:
                deadline = time.monotonic() + PATIENCE_S
            elif time.monotonic() > deadline:
                raise LogError("No broker answers.", where=str(self._place), remedy="Start it, or correct the log's URL.")

    def _position(self, place: TopicPartition) -> int:
        with told(self._place):
            position = self._consumer.position(place, timeout_ms=_PATIENCE_MS)
        return -1 if position is None else int(position)

    def _written(self, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
        """The offset after the last of each, also of transactions that are open."""
        if not places:
            return {}
        with told(self._place):
            found = patiently(
                lambda: self._admin.list_partition_offsets(dict.fromkeys(places, OffsetSpec.LATEST), IsolationLevel.READ_UNCOMMITTED)
            )
        return {place: found[place].offset for place in places}
