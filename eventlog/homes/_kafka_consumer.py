"""A consumer of the Kafka home: it reads the partitions that its membership holds, each from what the group has committed."""

import threading
import time
from collections import deque
from collections.abc import Mapping, Sequence
from typing import Any

from kafka import OffsetAndMetadata, TopicPartition

from eventlog.homes._kafka_batches import reads_records
from eventlog.homes._kafka_client import RETRY_MS, TRANSACTION_S, Clients, told
from eventlog.homes._kafka_group import JOIN_S, Grant, Membership
from eventlog.homes._kafka_reader import Reader
from eventlog.homes._kafka_registry import Registry
from eventlog.homes._kafka_writer import OUTPUTS, Appender, Pen, WriterLost
from schemas.errors import FencedError, LogError
from schemas.records import Record, Stored

_AHEAD = 1000
"""At least so many records are asked of the client at a time; what a poll does not take waits here."""
_WAIT_MS = 100
"""How long a broker may hold an empty fetch; a shard that comes to be held is first read after no more than that."""


class KafkaLogConsumer:
    """See `eventlog.log.Consumer`. Each consumer has connections and a writer of its own."""

    def __init__(
        self,
        clients: Clients,
        admin: Any,
        registry: Registry,
        membership: Membership,
        topics: Sequence[str],
    ) -> None:
        self.membership = membership
        self._clients, self._admin, self._registry = clients, admin, registry
        self._names = {clients.place.topic(topic): topic for topic in topics}
        self._lock = threading.RLock()
        self._reader = clients.reader(fetch_max_wait_ms=_WAIT_MS, retry_backoff_ms=RETRY_MS)
        reads_records(self._reader, self._names)
        self._ends = Reader(clients, admin)
        name = clients.place.name
        who = membership.member if membership.shard is None else f"shard {membership.shard}"
        self._pen = Pen(clients, f"{name}/{membership.group}/{who}")
        self._appender = Appender(clients, self._ends, self._pen, OUTPUTS)
        self._waiting: dict[TopicPartition, deque[Stored]] = {}
        self._committed: dict[TopicPartition, int] = {}
        self._held: Mapping[int, int] = {}
        self._rewound = False
        self._tired_of: Grant | None = None
        self._turn = 0
        self._closed = False
        membership.settle(JOIN_S)

    def poll(self, limit: int = 500, timeout_s: float = 0.0, *, limit_bytes: int | None = None) -> list[Stored]:
        deadline = time.monotonic() + timeout_s
        with self._lock:
            while True:
                self._check_open()
                self._follow_group()
                found = self._take(limit, limit_bytes, max(0.0, deadline - time.monotonic()))
                if found or time.monotonic() >= deadline:
                    return found

    def shards(self) -> tuple[str, ...]:
        return tuple(self.assigned())

    def assigned(self) -> Mapping[str, int]:
        held, names = self._held, self._registry.names()
        if not held.keys() <= names.keys():
            # Whoever gives out the shards may know a new one before this process does; it was written before it was given.
            self._registry.refresh(whole=True)
            names = self._registry.names()
        return {names[partition]: since for partition, since in sorted(held.items())}

    def rewind(self) -> None:
        with self._lock:
            self._rewound = True

    def close(self) -> None:
        with self._lock:
            if not self._closed:
                self._end()
                self.membership.leave(self._admin)

    def let_go(self) -> None:
        """End without leaving the group."""
        with self._lock:
            if not self._closed:
                self._end()
                self.membership.stop()

    def commit(self, records: Sequence[Record], done: dict[TopicPartition, int], partitions: dict[str, int]) -> None:
        """Append outputs and commit the offsets of the last records done, all in one transaction.

        Raises:
            WriterLost: it did not end well, but may if it is tried again.
            FencedError: the member was replaced, or no longer holds a shard that it commits. Nothing is appended or committed.
            LogError: it cannot end well.
        """
        with self._lock:
            self._check_open()
            grant = self.membership.holds({place.partition: self._held.get(place.partition) for place in done})
            doubtful = self.membership.doubtful(place.partition for place in done)
            if doubtful and self._decide([place for place in done if place.partition in doubtful]):
                raise self.membership.fenced("no longer holds the shard it commits")
            ahead = {place: offset for place, offset in done.items() if offset + 1 > self._committed.get(place, 0)}
            offsets = {place: OffsetAndMetadata(offset + 1, "", -1) for place, offset in ahead.items()}
            try:
                self._appender.append(records, partitions, offsets, grant.identity)
            except WriterLost:
                self.membership.outdated_if_moved(grant)
                raise
            except FencedError as error:
                self.membership.replace()
                raise self.membership.fenced("was replaced") from error
            self._committed.update({place: offset + 1 for place, offset in ahead.items()})

    def _check_open(self) -> None:
        if self._closed:
            raise LogError("The consumer is closed.", where=str(self._clients.place))

    def _end(self) -> None:
        self._closed = True
        self._pen.drop()
        self._reader.close()
        self._ends.close()

    def _follow_group(self) -> None:
        """Begin with what has come to be held, and let go of what has gone."""
        self.membership.polled()
        grant = self.membership.settle(0.0 if self._tired_of is self.membership.grant else JOIN_S)
        # A group that waits for a dead member may wait long; what is held is held until then, so go on with it.
        self._tired_of = None if self.membership.settled() else grant
        if doubtful := self.membership.doubtful(grant.held):
            self._decide([TopicPartition(topic, partition) for topic in self._names for partition in doubtful])
            grant = self.membership.grant
        if grant.held == self._held and not self._rewound:
            return
        places = [TopicPartition(topic, partition) for topic in self._names for partition in sorted(grant.held)]
        kept = [p for p in places if grant.held[p.partition] == self._held.get(p.partition) and p in self._committed and not self._rewound]
        begun = [place for place in places if place not in kept]
        if begun:
            self._begin(begun)
        waiting = {place: self._waiting[place] for place in kept}
        with told(self._clients.place):
            positions = {place: self._reader.position(place) for place in kept}
            self._reader.assign(places)
            for place in places:
                self._reader.seek(place, positions.get(place, self._committed.get(place, 0)))
        self._waiting = {place: waiting.get(place, deque()) for place in places}
        self._held, self._rewound = grant.held, False

    def _begin(self, begun: Sequence[TopicPartition]) -> None:
        """Learn where the group stands, once a transaction that the former holder left open is ended."""
        try:
            self._pen.take()
        except WriterLost as error:
            raise LogError(f"No broker answers ({error}).", where=str(self._clients.place), remedy="Start it.") from error
        self._committed |= dict.fromkeys(begun, 0) | self.membership.committed(begun)

    def _decide(self, places: Sequence[TopicPartition]) -> bool:
        """Whether others have committed for these while the group had given this member up."""
        now = self.membership.committed(places)
        broken = {place.partition for place in places if now.get(place, 0) != self._committed.get(place, 0)}
        for partition in {place.partition for place in places}:
            self.membership.decide(partition, broken=partition in broken)
        return bool(broken)

    def _take(self, limit: int, limit_bytes: int | None, timeout_s: float) -> list[Stored]:
        if sum(map(len, self._waiting.values())) < limit:
            self._fetch(limit, timeout_s)
        places = list(self._waiting)
        # Each poll begins with another place, so that a busy shard cannot keep the others waiting.
        self._turn = (self._turn + 1) % max(1, len(places))
        found: list[Stored] = []
        size = 0
        for place in places[self._turn :] + places[: self._turn]:
            waiting = self._waiting[place]
            while waiting and len(found) < limit and (limit_bytes is None or size < limit_bytes):
                stored = waiting.popleft()
                size += len(stored.record.payload)
                found.append(stored)
        return found

    def _fetch(self, limit: int, timeout_s: float) -> None:
        """Ask the client for more. With no time to wait, what is surely there is waited for all the same."""
        if not self._waiting:
            time.sleep(min(timeout_s, 0.02))
            return
        have = any(self._waiting.values())
        if self._receive(limit, 0 if have else min(timeout_s, 0.05)) or have or timeout_s > 0.05:
            return
        with told(self._clients.place):
            ends = self._ends.ends(list(self._waiting))
            deadline = time.monotonic() + TRANSACTION_S
            while any(self._reader.position(place) < end for place, end in ends.items()) and time.monotonic() < deadline:
                if self._receive(limit, 0.02):
                    return

    def _receive(self, limit: int, timeout_s: float) -> bool:
        with told(self._clients.place):
            received = self._reader.poll(timeout_ms=int(timeout_s * 1000), max_records=max(limit, _AHEAD))
        for place, messages in received.items():
            self._waiting[place].extend(messages)
        return bool(received)
