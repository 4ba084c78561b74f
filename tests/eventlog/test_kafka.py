"""What is particular to a log in Kafka: brokers that go and come back, rights, secrets, the bound of known ids, what topics are like."""

import threading
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from contract import T0, output_of, record
from kafka import KafkaAdminClient, KafkaConsumer, KafkaProducer, TopicPartition
from kafka.admin import ConfigResource
from kafka.errors import InvalidProducerEpochError, KafkaError, MessageSizeTooLargeError
from kafka.future import Future
from kafka.producer.transaction_manager import TransactionalRequestResult, TransactionManager, TransactionState
from kafka_broker import load
from msgspec.structs import replace
from places.kafka import fresh_url

from eventlog.homes import _kafka_consumer, _kafka_writer
from eventlog.homes._kafka_client import Clients, place_of
from eventlog.homes._kafka_consumer import KafkaLogConsumer
from eventlog.homes._kafka_records import headers_of
from eventlog.homes._kafka_writer import Pen, is_lost
from eventlog.homes.kafka import KafkaLog
from eventlog.log import Snapshot, open_log
from schemas.errors import ConfigurationError, FencedError, LogError


@pytest.fixture
def url(tmp_path: Path) -> str:
    """An empty log on the run's broker."""
    return fresh_url(tmp_path)


@pytest.fixture(scope="module")
def mortal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """A broker of its own, to be killed. It lets a client write where its coordinator knows of no transaction, which no other does."""
    careless = {"transaction.partition.verification.enable": "false"}
    with load().Broker(tmp_path_factory.mktemp("mortal"), heap_mb=256, settings=careless) as broker:
        yield broker


@pytest.mark.parametrize("url", ["kafka:", "kafka://", "kafka:///name", "kafka://host/name", "kafka://host:9092", "kafka://host:9092/a b"])
def test_a_url_that_names_no_broker_or_no_log_is_refused(url: str) -> None:
    """The remedy says how such a URL is written."""
    with pytest.raises(ConfigurationError, match=r"names no .*kafka://host:port/name"):
        open_log(url)


def test_no_broker_at_the_address_is_an_error_with_the_address_in_it() -> None:
    """A log that cannot be reached fails by itself, and says where it looked."""
    port = load().free_port()
    with pytest.raises(LogError, match=rf"127\.0\.0\.1:{port}/name: No broker answers"):
        open_log(f"kafka://127.0.0.1:{port}/name")


def test_topics_keep_everything_and_take_large_records(url: str) -> None:
    """Kafka drops nothing by itself; the registry and the snapshots are compacted."""
    open_log(url).close()
    place = place_of(url)
    admin = KafkaAdminClient(bootstrap_servers=list(place.servers))
    resources = [ConfigResource("TOPIC", place.topic(name)) for name in ("input", "registry", "snapshots")]
    found = {name: {key: value["value"] for key, value in one.items()} for name, one in admin.describe_configs(resources)["topic"].items()}
    admin.close()
    kept = found[place.topic("input")]
    assert (kept["retention.ms"], kept["retention.bytes"], kept["max.message.bytes"]) == ("-1", "-1", str(32 * 1024 * 1024))
    assert {found[place.topic(name)]["cleanup.policy"] for name in ("registry", "snapshots")} == {"compact"}


@pytest.mark.parametrize("wrong", [timedelta(hours=-30), timedelta(hours=30)])
def test_a_wrong_clock_of_ours_does_not_end_the_log(url: str, monkeypatch: pytest.MonkeyPatch, wrong: timedelta) -> None:
    """By default a broker refuses what a client wrote whose clock is more than an hour ahead."""
    right = time.time
    monkeypatch.setattr(time, "time", lambda: right() + wrong.total_seconds())
    log = open_log(url)
    log.append([record(1)])
    log.save_snapshot(Snapshot("processors", "LKA", 0, "1", T0, b"state"))
    assert len(log.read("input")) == 1
    assert log.load_snapshot("processors", "LKA") is not None
    log.close()


def test_partitions_are_made_as_shards_come(url: str) -> None:
    """More shards than a topic was made with each get a partition of their own on every topic."""
    log = open_log(url)
    shards = [f"S{n:02}" for n in range(9)]
    for shard in shards:
        log.append([record(1, shard=shard)])
    stored = log.append([record(2, shard=shard, topic="events") for shard in shards])
    log.close()
    assert [s.partition for s in stored] == list(range(9))


def test_a_topic_that_a_newer_version_has_added_takes_all_shards(url: str) -> None:
    """A log of many shards that is opened without it gets it with as many partitions as the others have."""
    log = open_log(url)
    shards = [f"S{n:02}" for n in range(9)]
    for shard in shards:
        log.append([record(1, shard=shard)])
    log.close()
    place = place_of(url)
    admin = KafkaAdminClient(bootstrap_servers=list(place.servers))
    admin.delete_topics([place.topic("journal")])
    admin.close()
    log = open_log(url)
    stored = log.append([record(2, shard=shard, topic="journal") for shard in shards])
    assert [s.partition for s in stored] == list(range(9))
    assert len(log.read("journal")) == 9
    log.close()


def test_a_member_given_a_shard_that_it_has_not_heard_of_looks_it_up(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The group gives out a shard as soon as one member knows it; another member then holds it before it has looked for new shards."""
    first, second = open_log(url), open_log(url)
    members = [first.consumer("processors", "a", ["input"]), second.consumer("processors", "b", ["input"])]
    monkeypatch.setattr(second._registry, "refresh_if_free", lambda: None)
    first.append([record(1, shard=shard) for shard in ("LKA", "NPL")])
    end = time.monotonic() + 60
    while not all(member.assigned() for member in members):
        assert time.monotonic() < end, "not every member was given a shard"
        for member in members:
            member.poll(timeout_s=0.05)
    assert sorted(shard for member in members for shard in member.assigned()) == ["LKA", "NPL"]
    first.close()
    second.close()


def test_a_record_larger_than_a_broker_takes_is_refused(url: str) -> None:
    """The error says what is too large, nothing of the call is appended, and the log can be used on."""
    log = open_log(url)
    with pytest.raises(LogError, match="larger than the broker takes"):
        log.append([record(1), replace(record(2), payload=bytes(33 * 1024 * 1024))])
    (stored,) = log.append([record(3)])
    assert log.read("input") == [stored]
    log.close()


def test_a_delivery_of_a_hundred_thousand_readings_goes_through(url: str) -> None:
    """Sixteen megabytes in one record are appended, read and polled."""
    log = open_log(url)
    large = replace(record(1), payload=bytes(range(256)) * 65_536)
    (stored,) = log.append([large])
    assert log.consumer("processors", "a", ["input"]).poll(timeout_s=10) == [stored]
    log.close()


def test_ids_of_the_newest_records_are_known_to_a_new_process(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A writer that begins learns the ids at the end of the partition; an id older than the bound is appended again."""
    monkeypatch.setattr(_kafka_writer, "REMEMBERED", 5)
    first, second = open_log(url), open_log(url)
    stored = [first.append([record(n)])[0] for n in range(9)]
    assert second.append([record(8), record(4)]) == [stored[8], stored[4]]
    (again,) = second.append([record(0)])
    assert again.offset > stored[-1].offset
    first.close()
    second.close()


def test_a_member_that_begins_knows_all_that_the_last_transaction_said(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It learns few of the newest ids, but never half of a transaction: what it said is not said again, whatever became of its offsets."""
    monkeypatch.setattr(_kafka_consumer, "OUTPUTS", 2)
    first, second = open_log(url), open_log(url)
    first.append([record(1)])
    before, last = ([output_of(f"tick:{n}") for n in numbers] for numbers in (range(40), range(40, 60)))
    consumer = first.consumer("processors", "a", ["input"])
    for said in (before, last):
        with first.transaction(consumer) as transaction:
            transaction.append(said)
    consumer = second.consumer("processors", "b", ["input"])
    with second.transaction(consumer) as transaction:
        transaction.append([*last, before[0]])
    found = [stored.record.id for stored in first.read(before[0].topic)]
    assert found == [one.id for one in (*before, *last, before[0])]
    first.close()
    second.close()


def test_a_transaction_left_open_is_ended_by_the_next_writer(url: str) -> None:
    """Of a process that died between its records and its commit nothing is ever seen, and the next append need not wait for a time-out."""
    log = open_log(url)
    (first,) = log.append([record(1)])
    place = place_of(url)
    dead = Pen(Clients(place), f"{place.name}/pen")
    dead.take()
    producer = dead._producer
    producer.begin_transaction()
    half = record(2)
    producer.send(place.topic("input"), value=half.payload, key=b"LKA", headers=headers_of(half), partition=first.partition)
    producer.flush()
    (second,) = log.append([record(3)])
    assert log.read("input") == [first, second]
    dead.drop()
    log.close()


@pytest.mark.parametrize("named", [True, False], ids=["a shard that is known", "a shard that is looked up"])
def test_a_transaction_whose_end_a_broker_forgot_in_a_partition_is_ended_there(mortal: Any, named: bool) -> None:
    """A broker that is killed again while it starts may take a partition for deleted, and never writes there what was decided. What was
    written is then neither seen nor dropped; the next writer ends it, and appends it no second time."""
    log = open_log(f"kafka://{mortal.url}/forgotten-{named}")
    (first,) = log.append([record(1)])
    place = place_of(f"kafka://{mortal.url}/forgotten-{named}")
    producer = Clients(place).producer(f"{place.name}/pen")
    producer.init_transactions()
    producer.begin_transaction()
    forgotten, half = TopicPartition(place.topic("input"), first.partition), record(2)
    producer._transaction_manager._partitions_in_transaction.add(forgotten)  # the coordinator is not told of it
    producer.send(place.topic("events"), value=b"", key=b"LKA", headers=headers_of(output_of("x")), partition=first.partition)
    producer.send(forgotten.topic, value=half.payload, key=b"LKA", headers=headers_of(half), partition=first.partition)
    producer.commit_transaction()
    producer.close()
    assert log.read("input") == [first]
    if named:
        log.partition("LKA")
    else:
        log.close()
        log = open_log(f"kafka://{mortal.url}/forgotten-{named}")
    log.append([half, record(3)])
    assert [s.record.id for s in log.read("input")] == [record(n).id for n in (1, 2, 3)]
    log.close()


@pytest.mark.parametrize("does", ["load", "save"])
def test_a_forgotten_end_of_a_snapshot_keeps_nobody_from_the_registry(mortal: Any, does: str) -> None:
    """The shard's next processor ends it, whichever it does first: what was saved before is loaded, and what it saves is found."""
    url = f"kafka://{mortal.url}/snapshot-{does}"
    older, newer = (Snapshot("processors", "LKA", offset, "1", T0, b"state") for offset in (0, 1))
    with closing(open_log(url)) as log:
        log.append([record(1)])
        log.save_snapshot(older)
        assert isinstance(log, KafkaLog)
        topic, partition, key, value, headers = log._registry.reader_message("another", "input")
    place = place_of(url)
    producer = Clients(place).producer(f"{place.name}/snapshots/processors/LKA")
    producer.init_transactions()
    producer.begin_transaction()
    producer._transaction_manager._partitions_in_transaction.add(TopicPartition(topic, partition))  # the coordinator is not told of it
    producer.send(place.topic("events"), value=b"", key=b"LKA", headers=headers_of(output_of("x")), partition=0)
    producer.send(topic, value=value, key=key, headers=headers, partition=partition)
    producer.commit_transaction()
    producer.close()
    with closing(open_log(url)) as log:
        if does == "load":
            assert log.load_snapshot("processors", "LKA") == older
        log.save_snapshot(newer)
        assert log.load_snapshot("processors", "LKA") == newer


def test_an_end_of_a_transaction_that_is_answered_by_an_unknown_error_is_tried_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that another asks for the pen in that moment gives no better answer. The record is there once."""
    log = open_log(url)
    ended, unknown = TransactionManager.begin_commit, ["KafkaError: Unhandled error in EndTxnResponse: [Error -1] UnknownError"]

    def ending(manager: Any) -> Any:
        if unknown:
            raise KafkaError(unknown.pop())
        return ended(manager)

    monkeypatch.setattr(TransactionManager, "begin_commit", ending)
    log.append([record(1)])
    assert [stored.record for stored in log.read("input")] == [record(1)]
    assert unknown == []
    log.close()


@pytest.mark.parametrize("recovering", [TransactionState.BUMPING_PRODUCER_EPOCH, TransactionState.READY])
def test_an_end_that_is_asked_for_while_the_client_recovers_is_tried_again(
    url: str, monkeypatch: pytest.MonkeyPatch, recovering: TransactionState
) -> None:
    """After a message that failed the client asks for a new epoch by itself, and refuses to end what it has begun before."""
    refused = []
    begin_commit = TransactionManager.begin_commit

    def ending(manager: TransactionManager) -> TransactionalRequestResult:
        if not refused:
            refused.append(manager)
            manager._current_state = recovering
        return begin_commit(manager)

    monkeypatch.setattr(TransactionManager, "begin_commit", ending)
    log = open_log(url)
    log.append([record(1), record(2)])
    assert refused
    assert [stored.record.id for stored in log.read("input")] == [record(1).id, record(2).id]
    log.close()


def test_a_sharing_that_a_member_has_not_heard_of_leaves_its_shards_doubtful(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another may have held them and left again before this member heard of it; what the group has committed then decides."""
    log = open_log(url)
    log.append([record(1)])
    consumer = log.consumer("processors", "a", ["input"])
    consumer.poll()
    membership = consumer.membership  # type: ignore[attr-defined]
    membership._closing = True  # its own thread must not hear of sharings beside the made-up ones
    membership._thread.join()
    identity, held = membership.grant.identity, set(membership.grant.held)
    places = [place for place in membership._consumer.assignment() if place.partition in held]
    for partition in held:
        membership.decide(partition, broken=False)
    for later, doubtful in ((1, set()), (3, held)):
        following = identity._replace(generation_id=identity.generation_id + later)
        monkeypatch.setattr(membership._consumer, "group_metadata", lambda following=following: following)
        membership.on_partitions_assigned(places)
        assert membership.doubtful(held) == doubtful
    assert held
    monkeypatch.undo()
    log.close()


def test_a_member_that_overslept_is_fenced_though_it_polls_before_it_hears_of_it(url: str) -> None:
    """All of its process stood still for longer than its session, and another holds its shard: it stops, whichever thread wakes first."""
    with closing(open_log(url)) as log:
        log.append([record(1)])
        consumer = log.consumer("processors", "a", ["input"], session_s=30.0)
        assert isinstance(consumer, KafkaLogConsumer)
        assert consumer.poll(timeout_s=10)
        consumer.membership._polled -= 60.0
        consumer.membership.polled()
        consumer.membership.on_partitions_assigned([])
        with pytest.raises(FencedError, match="was replaced"):
            consumer.poll(timeout_s=0.1)


def test_a_pen_that_is_taken_while_messages_are_on_their_way_is_taken_back(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The client fails the message, believes that it recovers, and never ends the transaction; we do not wait for it."""
    log = open_log(url)
    send, commit, taken = KafkaProducer.send, TransactionManager.begin_commit, ["message", "commit"]

    def sending(producer: Any, *arguments: Any, **options: Any) -> Any:
        if "message" not in taken:
            return send(producer, *arguments, **options)
        taken.remove("message")
        return Future().failure(InvalidProducerEpochError())

    def committing(manager: Any) -> Any:
        if "commit" not in taken:
            return commit(manager)
        taken.remove("commit")
        return TransactionalRequestResult()

    log.append([record(0)])
    monkeypatch.setattr(KafkaProducer, "send", sending)
    monkeypatch.setattr(TransactionManager, "begin_commit", committing)
    log.append([record(1)])
    assert [stored.record for stored in log.read("input")] == [record(0), record(1)]
    assert taken == []
    log.close()


@pytest.mark.parametrize(
    ("error", "lost"),
    [
        (KafkaError("[Error 49] InvalidProducerIdMappingError"), True),
        (KafkaError("TransactionalId a/pen: Invalid transition attempted from state READY to state COMMITTING_TRANSACTION."), True),
        (InvalidProducerEpochError(), True),
        (KafkaError("[Error 53] TransactionalIdAuthorizationFailedError"), False),
        (MessageSizeTooLargeError(), False),
    ],
)
def test_a_broker_that_has_forgotten_a_writer_is_asked_again(error: KafkaError, lost: bool) -> None:
    """What goes away with a new writer is tried again, also where the client passes it on by name alone; all else is told."""
    assert is_lost(error) is lost


def test_a_partition_that_an_answer_leaves_out_is_asked_for_again(url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A broker that has just come back may not know all it holds yet, and the client then raises a `KeyError`."""
    log = open_log(url)
    log.append([record(1)])
    asked, left_out = KafkaConsumer.end_offsets, [1, 2]

    def leaving_out(consumer: Any, places: Any, **options: Any) -> Any:
        if left_out:
            left_out.pop()
            raise KeyError(places[0])
        return asked(consumer, places, **options)

    monkeypatch.setattr(KafkaConsumer, "end_offsets", leaving_out)
    assert [stored.record for stored in log.read("input")] == [record(1)]
    assert left_out == []
    log.close()


def test_a_snapshot_of_many_pieces_is_found_by_another_process(url: str) -> None:
    """A state larger than a message comes back whole, and so does the smaller one that replaces it."""
    log, other = open_log(url), open_log(url)
    for offset, size in ((1, 3_000_000), (2, 100)):
        snapshot = Snapshot("processors", "LKA", offset, "1", T0, bytes([offset]) * size)
        log.save_snapshot(snapshot)
        assert other.load_snapshot("processors", "LKA") == snapshot
    late = Snapshot("processors", "LKA", 1, "1", T0, b"late")
    other.save_snapshot(late)
    assert log.load_snapshot("processors", "LKA") == snapshot
    log.close()
    other.close()


@pytest.mark.parametrize("how", ["kill", "pause"])
def test_a_broker_that_comes_back_is_waited_for(mortal: Any, how: str) -> None:
    """Appends and transactions that fall into the broker's absence end well once it is back, with nothing lost and nothing doubled."""
    log = open_log(f"kafka://{mortal.url}/absence-{how}")
    log.append([record(0)])
    consumer = log.consumer("processors", "a", ["input"])
    stored = consumer.poll(timeout_s=10)
    getattr(mortal, how)()
    appending = threading.Thread(target=lambda: [log.append([record(n)]) for n in range(1, 6)])
    appending.start()
    mortal.start() if how == "kill" else mortal.resume()
    done = 0
    while done < 6:
        with log.transaction(consumer) as transaction:
            transaction.append([output_of(s.record.id) for s in stored])
            transaction.commit(stored)
        done += len(stored)
        stored = consumer.poll(timeout_s=5) if appending.is_alive() or done < 6 else []
    appending.join()
    assert [s.record.id for s in log.read("events")] == [f"of:tick:{n}" for n in range(6)]
    assert [s.record.id for s in log.read("input")] == [f"tick:{n}" for n in range(6)]
    assert log.lag("processors") == {"input": 0}
    log.close()


def test_a_closed_log_says_so(url: str) -> None:
    """Use after closing is an error of the log, also by a consumer of it."""
    log = open_log(url)
    log.append([record(1)])
    consumer = log.consumer("processors", "a", ["input"])
    log.close()
    with pytest.raises(LogError, match="closed"):
        log.read("input")
    with pytest.raises(LogError, match="closed"):
        consumer.poll()
