"""The log in Apache Kafka, for more than one machine. URL: `kafka://host:port[,host:port]/name`.

Each topic of the log is a topic `name.topic` of Kafka; a shard is one partition, of the same number in each. `docs/decisions/0008` says how
ids, offsets and fencing are kept, `deploy/kafka/README.md` what the cluster must be like.
"""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from typing import Any, TypeVar

from kafka import TopicPartition
from kafka import errors as kafka_errors
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from eventlog.homes._kafka_client import PATIENCE_S, Clients, Place, log_error, patiently, place_of, told
from eventlog.homes._kafka_consumer import KafkaLogConsumer
from eventlog.homes._kafka_group import Membership
from eventlog.homes._kafka_reader import Reader
from eventlog.homes._kafka_registry import Registry
from eventlog.homes._kafka_snapshots import Snapshots
from eventlog.homes._kafka_topics import make_missing, make_partitions
from eventlog.homes._kafka_writer import Appender, Pen, WriterLost, await_visible, decided_ends
from eventlog.homes._remembered import RememberedTransaction, check_topic, remembered
from eventlog.log import NOTHING, SESSION_S, Consumer, Extent, Snapshot
from schemas.errors import LogError
from schemas.microseconds import to_microseconds
from schemas.records import Record, Stored
from schemas.topics import TOPICS

_COUNTED = 64
"""A group's lag is counted record by record up to this many offsets; past it, the markers of transactions are counted too."""
_FRESH_S = 1.0
"""How old the view of which shards there are may be for a lag, which is asked after each batch."""
_T = TypeVar("_T")


def open_home(url: str) -> "KafkaLog":
    """The log that the URL names; its topics are made if they are not there.

    Raises:
        ConfigurationError: the URL names no brokers or no log, or the environment's settings are not right.
        LogError: no broker answers, or we have no right.
    """
    return KafkaLog(place_of(url))


class KafkaLog:
    """See `eventlog.log.EventLog`."""

    def __init__(self, place: Place) -> None:
        self.place = place
        self._lock = threading.RLock()
        self._clients = Clients(place)
        self._admin = self._clients.admin()
        self._closed = False
        try:
            make_missing(self._admin, place)
            self._reader = Reader(self._clients, self._admin)
        except BaseException:
            self._admin.close()
            raise
        self._registry = Registry(place, self._reader, self._lock)
        self._pen = Pen(self._clients, f"{place.name}/pen")
        self._appender = Appender(self._clients, self._reader, self._pen)
        self._snapshots = Snapshots(self._clients, self._reader, self._registry)
        self._groups: dict[str, Any] = {}
        self._consumers: list[KafkaLogConsumer] = []

    def append(self, records: Sequence[Record]) -> list[Stored]:
        for record in records:
            check_topic(record.topic)
        if not records:
            return []
        with self._using():
            partitions = self._partitions(records)
            stored = self._tried(lambda: self._appender.append(records, partitions))
            await_visible(self._reader, self.place, stored)
            return stored

    def read(self, topic: str, *, after: int = NOTHING, shard: str | None = None, limit: int | None = None) -> list[Stored]:
        check_topic(topic)
        with self._using():
            self._registry.refresh()
            places = [place for place in self._places(topic) if shard is None or place.partition == self._registry.shards.get(shard)]
            ends = self._reader.settled_ends(places)
            found: list[Stored] = []
            for place in places:
                left = None if limit is None else limit - len(found)
                found += self._reader.records(place, after + 1, ends[place], left)
        return found

    def consumer(
        self, group: str, member: str, topics: Sequence[str], *, shard: str | None = None, session_s: float = SESSION_S
    ) -> KafkaLogConsumer:
        for topic in topics:
            check_topic(topic)
        name = member if shard is None else f"{member}@{shard}"
        with self._using():
            self._registry.refresh()
            new = [topic for topic in topics if topic not in self._registry.readers.get(group, set())]
            if new:
                self._tried(lambda: self._register([self._registry.reader_message(group, topic) for topic in new]))
        # Not under the lock: the group may take its time.
        membership = Membership(self._clients, self._registry, group, name, [self.place.topic(topic) for topic in topics], shard, session_s)
        consumer = KafkaLogConsumer(self._clients, self._admin, self._registry, membership, topics)
        with self._lock:
            self._consumers.append(consumer)
        return consumer

    def transaction(self, consumer: Consumer | None = None) -> AbstractContextManager[RememberedTransaction]:
        return remembered(consumer, KafkaLogConsumer, str(self.place), self._finish)

    def partition(self, shard: str) -> int | None:
        with self._using():
            if shard not in self._registry.shards:
                self._registry.refresh()
            return self._registry.shards.get(shard)

    def committed(self, group: str) -> dict[tuple[str, int], int]:
        with self._using():
            self._registry.refresh()
            return {place: offset - 1 for place, offset in self._next(group).items()}

    def extent(self) -> Extent:
        with self._using():
            self._registry.refresh(whole=True)
            named = {partition: shard for shard, partition in self._registry.shards.items()}
            committed = {  # before the ends: what was said with it is among them then
                group: {(topic, named[partition]): offset - 1 for (topic, partition), offset in self._next(group).items() if offset > 0}
                for group in sorted(self._registry.readers)
            }
            places = {place: (topic, named[place.partition]) for topic in TOPICS for place in self._places(topic)}
            begins, ends = self._reader.begins(list(places)), self._reader.settled_ends(list(places))
            return Extent({name: ends[place] - 1 for place, name in places.items() if ends[place] > begins[place]}, committed)

    def lag(self, group: str) -> dict[str, int]:
        with self._using():
            self._registry.refresh(older_than_s=_FRESH_S if group in self._registry.readers else 0.0)
            done = self._next(group)
            topics = {topic: self._places(topic) for topic in sorted(self._registry.readers.get(group, set()))}
            ends = self._reader.ends([place for places in topics.values() for place in places])
            return {
                topic: sum(self._waiting(place, done.get((topic, place.partition), 0), ends[place]) for place in places)
                for topic, places in topics.items()
            }

    def save_snapshot(self, snapshot: Snapshot) -> None:
        with self._using():
            self._tried(lambda: self._snapshots.save(snapshot))

    def load_snapshot(self, group: str, shard: str) -> Snapshot | None:
        with self._using():
            return self._tried(lambda: self._snapshots.load(group, shard))

    def retain(self, topic: str, before: datetime) -> int:
        check_topic(topic)
        with self._using():
            self._registry.refresh(whole=True)
            return sum(self._retain(topic, partition, shard, before) for shard, partition in self._registry.shards.items())

    def close(self) -> None:
        with self._lock:
            if self._closed:
                return
            for consumer in self._consumers:
                consumer.let_go()
            self._closed = True
            self._pen.drop()
            self._snapshots.drop_pens()
            self._reader.close()
            for client in self._groups.values():
                client.close()
            self._admin.close()

    def _finish(self, transaction: RememberedTransaction, consumer: KafkaLogConsumer | None) -> None:
        """Make the transaction's outputs and offsets visible together."""
        if transaction.offsets and consumer is None:
            raise LogError("Offsets can be committed only with a consumer.", where=str(self.place))
        if consumer is None:
            self.append(transaction.records)
            return
        for record in transaction.records:
            check_topic(record.topic)
        with self._using():
            partitions = self._partitions(transaction.records)
        done = {TopicPartition(self.place.topic(topic), partition): offset for (topic, partition), offset in transaction.offsets.items()}
        self._tried(lambda: consumer.commit(transaction.records, done, partitions))

    def _partitions(self, records: Sequence[Record]) -> dict[str, int]:
        """Shard to partition; a shard that is new gets the next one."""
        shards = list(dict.fromkeys(record.shard for record in records))
        if any(shard not in self._registry.shards for shard in shards):
            self._tried(lambda: self._number(shards))
        return {shard: self._registry.shards[shard] for shard in shards}

    def _number(self, shards: Sequence[str]) -> None:
        """Give new shards their partitions. Only the pen's holder may, so that no two shards get the same."""
        self._pen.take()
        decided_ends(self._pen, self._reader, [self._registry.place])
        self._registry.refresh(whole=True)
        new = [shard for shard in shards if shard not in self._registry.shards]
        if not new:
            return
        first = len(self._registry.shards)
        make_partitions(self._admin, self.place, first + len(new))
        self._register([self._registry.shard_message(shard, first + n) for n, shard in enumerate(new)])
        # The writer learns of partitions made after it began only in a while; a new one knows them.
        self._pen.drop()

    def _register(self, messages: list[tuple[str, int, bytes, bytes | None, list[tuple[str, bytes]]]]) -> None:
        self._pen.take()
        self._pen.write(messages)
        self._registry.refresh(whole=True)

    def _tried(self, what: Callable[[], _T]) -> _T:
        """Try again while another takes the pen, or brokers are away, for `PATIENCE_S`."""
        tries = Retrying(
            retry=retry_if_exception_type(WriterLost),
            stop=stop_after_delay(PATIENCE_S),
            wait=wait_random_exponential(0.01, 0.5),
            reraise=True,
        )
        try:
            return tries(what)
        except WriterLost as error:
            raise log_error(error.cause, self.place) from error

    def _places(self, topic: str) -> list[TopicPartition]:
        """The topic's partitions that have a shard, in order."""
        return [TopicPartition(self.place.topic(topic), partition) for partition in sorted(self._registry.shards.values())]

    def _next(self, group: str) -> dict[tuple[str, int], int]:
        """(topic, partition) to the next offset that the group has to read."""
        topics = self._registry.readers.get(group, set())
        if group not in self._groups:
            self._groups[group] = self._clients.reader(f"{self.place.name}.{group}")
        client = self._groups[group]
        places = {place: topic for topic in topics for place in self._places(topic)}
        if not places:
            return {}
        with told(self.place):
            # The client's own method asks for one place at a time.
            found = client._coordinator.fetch_committed_offsets(list(places), timeout_ms=int(PATIENCE_S * 1000))
        return {(topic, place.partition): found[place].offset for place, topic in places.items() if place in found}

    def _waiting(self, place: TopicPartition, start: int, end: int) -> int:
        """How many records stand between an offset and the end."""
        if end - start <= _COUNTED:
            return sum(1 for _ in self._reader.records(place, start, end))
        start = max(start, self._reader.begins([place])[place])
        return end - start if any(True for _ in self._reader.records(place, start, end, limit=1)) else 0

    def _retain(self, topic: str, partition: int, shard: str, before: datetime) -> int:
        place = TopicPartition(self.place.topic(topic), partition)
        begin, end = self._reader.begins([place])[place], self._reader.settled_ends([place])[place]
        until = end
        for group, topics in self._registry.readers.items():
            if topic in topics:
                until = min(until, self._next(group).get((topic, partition), 0))
                manifest = self._registry.manifests.get((group, shard))
                if manifest is not None:
                    until = min(until, manifest.offset + 1)
        old, dropped = to_microseconds(before), 0
        for stored in self._reader.records(place, begin, until):
            if stored.record.received_microseconds >= old:
                until = stored.offset
                break
            dropped += 1
        if until > begin:
            with told(self.place, topic):
                patiently(lambda: self._admin.delete_records({place: until}))
        return dropped

    @contextmanager
    def _using(self) -> Iterator[None]:
        with self._lock:
            if self._closed:
                raise LogError("The log is closed.", where=str(self.place))
            try:
                yield
            except kafka_errors.KafkaError as error:
                raise log_error(error, self.place) from error
