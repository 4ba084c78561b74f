"""Writing to Kafka in transactions: all or nothing, by one writer at a time, no id twice in a partition."""

import contextlib
import time
from collections import OrderedDict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

from kafka import TopicPartition
from kafka import errors as kafka_errors

from eventlog.homes._kafka_client import MAX_RECORD, PATIENCE_S, Clients, Place, log_error
from eventlog.homes._kafka_reader import Reader
from eventlog.homes._kafka_records import headers_of
from eventlog.homes._kafka_registry import Message
from eventlog.log import NOTHING
from schemas.records import Record, Stored

REMEMBERED = 100_000
"""Of each partition, the ids of this many newest records are known to a writer; an older id would be appended again."""
REMEMBERED_BYTES = 32 * 1024 * 1024
"""A writer that begins reads no more than about this much of a partition's end to learn them."""
OUTPUTS = 1_000
"""And of what a group says, whose transactions say where it goes on too, the ids at this many offsets, or in its whole last transaction."""
_STEP = 4_000
"""Of so many offsets before the end they are read at first; then of ever more."""
_GLANCE_MS = 100
"""Between two looks at messages that are on their way, while the end of their transaction does not come."""
_SURELY_TAKEN = MAX_RECORD // 2
"""A payload of so many bytes is no record too large, whatever stands beside it."""
_LOST_WORDS = ("RebalanceInProgress", "UnknownError", "Invalid transition")
"""Of errors that the client has no class for. A broker answers the end of a transaction with an unknown error if another takes
the pen in that moment: it finds the transaction in a state that it did not expect. A client that recovers by itself from a message that
failed refuses to end what it has begun; nothing of it is committed then."""
_LOST = (
    kafka_errors.ProducerFencedError,
    kafka_errors.InvalidProducerEpochError,
    kafka_errors.InvalidProducerIdMappingError,
    kafka_errors.InvalidTxnStateError,
    kafka_errors.TransactionAbortedError,
    kafka_errors.OutOfOrderSequenceNumberError,
    kafka_errors.UnknownProducerIdError,
    kafka_errors.CommitFailedError,
    kafka_errors.IllegalStateError,
    kafka_errors.RetriableError,
)


class WriterLost(Exception):
    """The transaction did not end well, for a reason that goes away: another took the writer's place, or brokers did not answer."""

    def __init__(self, cause: BaseException) -> None:
        super().__init__(str(cause))
        self.cause = cause


def is_lost(error: BaseException) -> bool:
    """Whether an error goes away once the writer begins anew. Some the client passes on by their names alone, in an error that has none."""
    words = (*_LOST_WORDS, *(kind.__name__ for kind in _LOST))
    nameless = type(error) is kafka_errors.KafkaError and any(word in str(error) for word in words)
    return nameless or isinstance(error, _LOST)


class Pen:
    """The right to write under one transactional id. Taking it ends the transaction of whoever had it, who can write no more.

    Attributes:
        taken: how often this process took it. While that is the same nobody else wrote with it.
    """

    def __init__(self, clients: Clients, transactional_id: str) -> None:
        self._clients, self._id = clients, transactional_id
        self._producer: Any = None
        self.taken = 0

    @property
    def held(self) -> bool:
        """Whether this process took it last, as far as it knows."""
        return self._producer is not None

    def take(self) -> None:
        """Take it, if it is not held.

        Raises:
            WriterLost: brokers do not answer.
            LogError: we have no right to.
        """
        if self._producer is None:
            producer = None
            try:
                producer = self._clients.producer(self._id)
                producer.init_transactions()
            except kafka_errors.KafkaError as error:
                if producer is not None:
                    _discard(producer)
                raise self._trouble(error) from error
            self._producer = producer
            self.taken += 1

    def write(self, messages: Sequence[Message], last: Callable[[list[int]], Message] | None = None) -> list[int]:
        """One transaction of messages; answers their offsets.

        Args:
            last: makes one more message, of the other messages' offsets.

        Raises:
            WriterLost: it did not end well, but may if it is tried again.
            LogError: it cannot end well.
        """
        self.begin({TopicPartition(topic, partition) for topic, partition, *_ in messages})
        return self.end(messages, last)

    def begin(self, places: Iterable[TopicPartition], offsets: Mapping[TopicPartition, Any] | None = None, membership: Any = None) -> None:
        """Begin a transaction: where will be written, and what a group commits. That is on its way when this returns; `end` waits for it.

        Args:
            membership: who commits the group's offsets.

        Raises:
            WriterLost, FencedError, LogError: as `end`.
        """
        producer = self._producer
        with self._dropped_in_trouble():
            producer.begin_transaction()
            transactions = producer._transaction_manager
            if offsets:
                transactions.send_offsets_to_transaction(dict(offsets), membership)
            for place in places:
                transactions.maybe_add_partition_to_transaction(place)
            producer._sender.wakeup()

    def end(self, messages: Sequence[Message], last: Callable[[list[int]], Message] | None = None) -> list[int]:
        """Write messages in the transaction that was begun, and end it; answers their offsets.

        Raises:
            WriterLost: it did not end well, but may if it is tried again.
            FencedError: the group's member was replaced.
            LogError: it cannot end well.
        """
        producer = self._producer
        with self._dropped_in_trouble():
            sent = _sent(producer, messages)
            if last is not None:
                sent += _sent(producer, [last([future.get(timeout=PATIENCE_S).offset for future in sent])])
            # The client sends the end after all else is answered, and not at all if anything of it went wrong.
            _await(producer, producer._transaction_manager.begin_commit(), sent)
            return [future.get(timeout=PATIENCE_S).offset for future in sent]

    @contextlib.contextmanager
    def _dropped_in_trouble(self) -> Iterator[None]:
        """Let go of the pen if anything goes wrong, and say what that means."""
        producer = self._producer
        try:
            yield
        except (kafka_errors.KafkaError, ValueError) as error:
            # The client tells of most errors only that there was one before; that one says what happened.
            trouble = self._trouble(producer._transaction_manager.last_error or error)
            self.drop()
            raise trouble from error
        except BaseException:
            self.drop()
            raise

    def drop(self) -> None:
        """Let go of it. A transaction that is open is ended by whoever takes it next, or by the broker after a while."""
        if self._producer is not None:
            _discard(self._producer)
            self._producer = None

    def _trouble(self, error: BaseException) -> Exception:
        unknown_partition = isinstance(error, ValueError)
        if unknown_partition or is_lost(error):
            return WriterLost(error)
        return log_error(error, self._clients.place)


def _sent(producer: Any, messages: Sequence[Message]) -> list[Any]:
    """Give messages to the client; answers what each will come to.

    What its `send` looks at is the same for all that go to one place, and costs more than the rest: so that is asked of the first, and of
    what might be too large.
    """
    known: set[TopicPartition] = set()
    sent = []
    for topic, partition, key, value, headers in messages:
        place = TopicPartition(topic, partition)
        if place not in known or (value is not None and len(value) > _SURELY_TAKEN):
            sent.append(producer.send(topic, value=value, key=key, headers=headers, partition=partition))
            known.add(place)
            continue
        future, full, new, _ = producer._accumulator.append(place, None, key, value, headers)
        if full or new:
            producer._sender.wakeup()
        sent.append(future)
    return sent


def _await(producer: Any, result: Any, sent: Sequence[Any]) -> None:
    """Wait for a step of a transaction, unless one of its messages has failed.

    The client's own methods would wait for ever while no broker answers. And if another took the pen while messages were on their way,
    the client believes that it recovers by itself, and then goes no further: only the messages tell.
    """
    producer._sender.wakeup()
    deadline = time.monotonic() + PATIENCE_S
    while not result.wait(timeout_ms=_GLANCE_MS):
        failed = next((future.exception for future in sent if future.failed()), None)
        if failed is not None:
            raise failed
        if time.monotonic() > deadline:
            raise kafka_errors.KafkaTimeoutError(f"no answer for {PATIENCE_S:.0f} s")


def _discard(producer: Any) -> None:
    """Close a producer without waiting for what it has not sent."""
    producer._sender.force_close()
    with contextlib.suppress(kafka_errors.KafkaError):
        producer.close(timeout=1)


def decided_ends(pen: Pen, reader: Reader, places: Sequence[TopicPartition]) -> dict[TopicPartition, int]:
    """Where partitions end once all that was written before is decided, also what a broker has forgotten to end. The pen was taken before.

    A broker that is killed again while it starts may take a partition for deleted, and then never writes there what its coordinator had
    decided (seen in Apache Kafka 4.3). What was written stays open, and hides all that comes after it, until the same writer ends another
    transaction there. We end it with a commit: what was committed must not be lost, and what was not is appended no second time.

    Raises:
        WriterLost, LogError: as `Pen.write`.
    """
    ends, hidden = reader.ends_and_hidden(places)
    if not hidden:
        return ends
    pen.begin(hidden)
    pen.end([])
    return reader.settled_ends(places, whole=True)


class Tail:
    """The ids of a partition's newest records.

    Attributes:
        position: offset of the first record whose id may be missing here.
    """

    def __init__(self) -> None:
        self.ids: OrderedDict[str, int] = OrderedDict()
        self.position = NOTHING

    def add(self, id_: str, offset: int) -> None:
        """Remember one, and forget the oldest if there are too many."""
        self.ids[id_] = offset
        if len(self.ids) > REMEMBERED:
            self.ids.popitem(last=False)


class Appender:
    """Appends records through a pen, none whose id is already in its shard's partition of its topic.

    Args:
        learnt: at how many offsets before the end of a partition it learns the ids when it begins.
    """

    def __init__(self, clients: Clients, reader: Reader, pen: Pen, learnt: int = REMEMBERED) -> None:
        self.pen, self._learnt = pen, learnt
        self._place, self._reader = clients.place, reader
        self._tails: dict[TopicPartition, Tail] = {}
        self._taken, self._whole = 0, set[TopicPartition]()

    def append(
        self,
        records: Sequence[Record],
        partitions: Mapping[str, int],
        offsets: Mapping[TopicPartition, Any] | None = None,
        membership: Any = None,
    ) -> list[Stored]:
        """One transaction; answers where each record is, also those that were there before.

        Raises:
            WriterLost: it did not end well, but may if it is tried again.
            FencedError, LogError: it cannot end well.
        """
        self.pen.take()
        places = [TopicPartition(self._place.topic(record.topic), partitions[record.shard]) for record in records]
        self._learn_whole(set(places))
        if offsets:
            # They are on their way while it is looked up what is there.
            self.pen.begin(set(places), offsets, membership)
        try:
            there = sorted(set(places))
            self._learn(there, self._reader.ends(there))
            new = self._new(records, places)
        except BaseException:
            self.pen.drop()
            raise
        messages = [(at.topic, at.partition, one.shard.encode(), one.payload, headers_of(one)) for (at, _), one in new.items()]
        answers: list[int] = []
        if offsets:
            answers = self.pen.end(messages)
        elif new:
            answers = self.pen.write(messages)
        written = {(at, id_): Stored(one, at.partition, offset) for ((at, id_), one), offset in zip(new.items(), answers, strict=True)}
        self._remember(written)
        return [written.get((at, one.id)) or self._stored(one, at) for one, at in zip(records, places, strict=True)]

    def _new(self, records: Sequence[Record], places: Sequence[TopicPartition]) -> dict[tuple[TopicPartition, str], Record]:
        """The records whose ids are not there, the first of each id."""
        self._forget_dropped(records, places)
        new: dict[tuple[TopicPartition, str], Record] = {}
        for record, place in zip(records, places, strict=True):
            if record.id not in self._tails[place].ids:
                new.setdefault((place, record.id), record)
        return new

    def _learn_whole(self, places: set[TopicPartition]) -> None:
        """Know all ids at the end of partitions that were not looked at since the pen was taken: others may have written there before."""
        if self._taken != self.pen.taken:
            self._taken, self._whole = self.pen.taken, set()
        new = sorted(places - self._whole)
        if not new:
            return
        self._learn(new, decided_ends(self.pen, self._reader, new))
        self._whole.update(new)

    def _learn(self, places: Sequence[TopicPartition], ends: Mapping[TopicPartition, int]) -> None:
        """Know the ids at the end of each partition."""
        for place in places:
            tail = self._tails.setdefault(place, Tail())
            if tail.position == NOTHING:
                self._learn_backwards(place, tail, ends[place])
            elif ends[place] > tail.position + 1:
                # One more is the marker of our own last transaction.
                for stored in self._reader.records(place, tail.position, ends[place]):
                    tail.add(stored.record.id, stored.offset)
                tail.position = ends[place]

    def _learn_backwards(self, place: TopicPartition, tail: Tail, end: int) -> None:
        """Know the ids of the newest records, and at least of the whole last transaction: the end of the one before it leaves a gap."""
        begin, stop, step, size = self._reader.begins([place])[place], end, min(self._learnt, _STEP), 0
        found: list[tuple[str, int]] = []

        def are_enough() -> bool:
            return end - stop >= self._learnt and bool(found) and found[-1][1] - found[0][1] >= len(found)

        while stop > begin and size < REMEMBERED_BYTES and not are_enough():
            start = max(begin, stop - step)
            part = []
            for stored in self._reader.records(place, start, stop):
                part.append((stored.record.id, stored.offset))
                size += len(stored.record.payload)
            found = part + found
            stop, step = start, step * 4
        for id_, offset in found:
            tail.add(id_, offset)
        tail.position = end

    def _forget_dropped(self, records: Sequence[Record], places: Sequence[TopicPartition]) -> None:
        """An id whose record was dropped by retention may come again."""
        known = {place for record, place in zip(records, places, strict=True) if record.id in self._tails[place].ids}
        for place, begin in self._reader.begins(sorted(known)).items():
            ids = self._tails[place].ids
            while ids and next(iter(ids.values())) < begin:
                ids.popitem(last=False)

    def _remember(self, written: Mapping[tuple[TopicPartition, str], Stored]) -> None:
        spans: dict[TopicPartition, tuple[int, int]] = {}
        for (place, id_), stored in written.items():
            self._tails[place].add(id_, stored.offset)
            spans[place] = (spans.get(place, (stored.offset, 0))[0], stored.offset)
        for place, (first, last) in spans.items():
            tail = self._tails[place]
            # Nobody else wrote in between, but for the marker of our own last transaction.
            if tail.position <= first <= tail.position + 1:
                tail.position = last + 1

    def _stored(self, record: Record, place: TopicPartition) -> Stored:
        """The record of that id as it is in the log."""
        offset = self._tails[place].ids[record.id]
        self._reader.await_end({place: offset})
        for stored in self._reader.records(place, offset, offset + 1):
            return stored
        raise log_error(kafka_errors.OffsetOutOfRangeError(f"record {record.id} at {offset}"), self._place, record.topic)


def await_visible(reader: Reader, place: Place, stored: Sequence[Stored]) -> None:
    """Wait until all readers see these records."""
    past: dict[TopicPartition, int] = {}
    for one in stored:
        at = TopicPartition(place.topic(one.record.topic), one.partition)
        past[at] = max(one.offset, past.get(at, NOTHING))
    reader.await_end(past)
