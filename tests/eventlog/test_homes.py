"""The contract of the event log, which every home must keep."""

import itertools
import random
import signal
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import timedelta
from pathlib import Path

import pytest
from contract import T0, Member, fresh_url, output_of, record
from msgspec.structs import replace

from eventlog.log import Consumer, EventLog, Snapshot, known_homes, open_log
from schemas.errors import ConfigurationError, FencedError, LogError
from schemas.microseconds import to_microseconds
from schemas.records import Record, Stored

HOMES = known_homes()


def numbers(stored: Sequence[Stored]) -> list[int]:
    """Which of the records made by `record(number)` these are."""
    return [int(s.record.payload) for s in stored]


def carry_over(
    log: EventLog, consumer: Consumer, stored: Sequence[Stored], outputs: Sequence[Record], trouble: Exception | None = None
) -> None:
    """One transaction of outputs and input offsets, with trouble at its end if any is given."""
    with log.transaction(consumer) as transaction:
        transaction.append(outputs)
        transaction.commit(stored)
        if trouble is not None:
            raise trouble


@pytest.fixture(params=HOMES)
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty log in each home that is found."""
    return fresh_url(request.param, tmp_path)


@pytest.fixture
def log(url: str) -> Iterator[EventLog]:
    """The same log, opened."""
    log = open_log(url)
    yield log
    log.close()


def test_homes_are_found() -> None:
    """The contract is worth nothing if no home is held against it."""
    assert "sqlite" in HOMES


def test_an_unknown_home_is_named_with_those_that_are_known() -> None:
    """A misspelt scheme is answered with the schemes there are."""
    with pytest.raises(ConfigurationError, match=r"`sqlit`.*sqlite"):
        open_log("sqlit:///log")


def test_a_record_is_read_as_it_was_appended(log: EventLog) -> None:
    """Topic, shard, kind, id, moment to the microsecond, payload and headers come back as they went in."""
    one = replace(record(1), received_microseconds=to_microseconds(T0) + 123457, payload=bytes(range(256)))
    (stored,) = log.append([one])
    assert stored.record == one
    assert log.read("input") == [stored]


def test_offsets_are_one_order_for_each_topic_and_shard(log: EventLog) -> None:
    """Offsets rise in each topic and partition, across calls too; a shard has one partition, the same on all topics."""
    stored = log.append([record(1), record(2, shard="NPL"), record(3), record(4, topic="events"), record(5, shard="NPL", topic="events")])
    (later,) = log.append([record(6)])
    assert 0 <= stored[0].offset < stored[2].offset < later.offset
    assert log.read("input", shard="LKA") == [stored[0], stored[2], later]
    assert [s.partition for s in stored] == [log.partition(s.record.shard) for s in stored]
    assert log.partition("LKA") != log.partition("NPL")
    assert log.partition("BGD") is None


def test_a_record_already_there_is_answered_not_repeated(log: EventLog) -> None:
    """The same id appended again, also within one call, gives the stored record; the same id in another shard is another record."""
    first, second = log.append([record(1), record(1)])
    assert first == second
    again = log.append([record(9, id="tick:1"), record(1, shard="NPL")])
    assert again[0] == first
    assert again[1].record.shard == "NPL"
    assert [s.record.shard for s in log.read("input")] == ["LKA", "NPL"]


def test_an_append_is_all_or_nothing(log: EventLog) -> None:
    """If one record of a call cannot be appended, none is."""
    with pytest.raises(LogError, match="no topic `rumours`"):
        log.append([record(1), record(2, topic="rumours")])
    assert log.read("input") == []


def test_reading_goes_on_after_an_offset(log: EventLog) -> None:
    """`after` leaves out what has been read, `limit` and `shard` cut further."""
    stored = [log.append([record(n)])[0] for n in range(5)]
    log.append([record(n, shard="NPL") for n in range(3)])
    assert numbers(log.read("input", after=stored[2].offset, shard="LKA")) == [3, 4]
    assert numbers(log.read("input", after=stored[4].offset, shard="LKA")) == []
    assert numbers(log.read("input", shard="NPL", limit=2)) == [0, 1]
    assert log.read("input", shard="BGD") == []


def test_a_group_goes_on_where_it_committed(log: EventLog) -> None:
    """What is polled and not committed is polled again by the next member; what is committed is not."""
    stored = log.append([record(n) for n in range(4)])
    first = log.consumer("processors", "a", ["input"])
    with log.transaction(first) as transaction:
        transaction.commit(first.poll(limit=2))
    assert first.poll() == stored[2:]
    assert first.poll() == []
    first.close()
    second = log.consumer("processors", "b", ["input"])
    assert second.poll() == stored[2:]
    assert log.committed("processors") == {("input", 0): stored[1].offset}
    assert log.lag("processors") == {"input": 2}


def test_groups_do_not_disturb_each_other(log: EventLog) -> None:
    """Each group has its own offsets, and one that never joined has none."""
    log.append([record(1)])
    one, other = log.consumer("processors", "a", ["input"]), log.consumer("console", "a", ["input"])
    with log.transaction(one) as transaction:
        transaction.commit(one.poll())
    assert len(other.poll()) == 1
    assert log.lag("processors") == {"input": 0}
    assert log.lag("console") == {"input": 1}
    assert log.committed("nobody") == {}
    assert log.lag("nobody") == {}


def test_outputs_and_offsets_are_committed_together(log: EventLog) -> None:
    """A transaction that fails leaves neither outputs nor offsets, and its input is polled again."""
    log.append([record(1)])
    consumer = log.consumer("processors", "a", ["input"])
    stored = consumer.poll()
    with pytest.raises(ZeroDivisionError):
        carry_over(log, consumer, stored, [output_of("tick:1")], trouble=ZeroDivisionError())
    assert log.read("events") == []
    assert log.committed("processors") == {}
    assert consumer.poll() == stored
    with log.transaction(consumer) as transaction:
        transaction.append([output_of("tick:1")])
        transaction.commit(stored)
        assert log.read("events") == []
    assert len(log.read("events")) == 1
    assert log.committed("processors") == {("input", 0): stored[0].offset}
    assert log.lag("processors") == {"input": 0}


def test_a_transaction_is_refused_as_a_whole(log: EventLog) -> None:
    """One record that cannot be appended takes the offsets and all other records with it."""
    log.append([record(1)])
    consumer = log.consumer("processors", "a", ["input"])
    stored = consumer.poll()
    with pytest.raises(LogError, match="no topic"):
        carry_over(log, consumer, stored, [output_of("tick:1"), record(1, topic="rumours")])
    assert log.read("events") == []
    assert log.committed("processors") == {}


def test_offsets_need_a_member(log: EventLog) -> None:
    """A transaction without a consumer may append, but commits no offsets."""
    (stored,) = log.append([record(1)])
    with pytest.raises(LogError, match="consumer"), log.transaction() as transaction:
        transaction.commit([stored])
    with log.transaction() as transaction:
        transaction.append([record(2)])
    assert len(log.read("input")) == 2


def test_a_commit_never_goes_back(log: EventLog) -> None:
    """Committing an earlier record after a later one changes nothing."""
    log.append([record(n) for n in range(3)])
    consumer = log.consumer("processors", "a", ["input"])
    stored = consumer.poll()
    for part in (stored, stored[:1]):
        with log.transaction(consumer) as transaction:
            transaction.commit(part)
    assert log.committed("processors") == {("input", 0): stored[2].offset}


def test_a_member_replaced_under_its_name_is_fenced(log: EventLog) -> None:
    """Of two members of one name the later holds the shards; the earlier can neither commit nor poll, and nothing of it appears."""
    log.append([record(1)])
    old = log.consumer("processors", "a", ["input"])
    stored = old.poll()
    new = log.consumer("processors", "a", ["input"])
    with pytest.raises(FencedError, match=r"`a`.*replaced"):
        carry_over(log, old, stored, [output_of("tick:1")])
    with pytest.raises(FencedError):
        old.poll()
    assert log.read("events") == []
    assert new.poll() == stored


def test_a_fenced_member_that_leaves_takes_nothing_along(log: EventLog) -> None:
    """Closing a replaced consumer does not disturb the one that replaced it."""
    log.append([record(1)])
    old = log.consumer("processors", "a", ["input"])
    new = log.consumer("processors", "a", ["input"])
    old.close()
    with log.transaction(new) as transaction:
        transaction.commit(new.poll())
    assert log.lag("processors") == {"input": 0}


def test_members_share_the_shards(log: EventLog) -> None:
    """Each shard has one holder, each record goes to one member, and a shard seen later is given out too."""
    log.append([record(n, shard=shard) for shard in ("BGD", "LKA", "NPL") for n in range(2)])
    members = [log.consumer("processors", name, ["input"]) for name in ("a", "b")]
    polled = [member.poll() for member in members]
    held = [{s.record.shard for s in part} for part in polled]
    assert [set(member.shards()) for member in members] == held
    assert held[0] | held[1] == {"BGD", "LKA", "NPL"}
    assert not held[0] & held[1]
    assert all(held)
    log.append([record(1, shard="PAK")])
    assert [s.record.shard for member in members for s in member.poll()] == ["PAK"]


def test_a_shard_that_moved_cannot_be_committed_by_its_former_holder(log: EventLog) -> None:
    """A member that loses one of its shards to a newcomer between poll and commit commits nothing, not even for the other shard."""
    log.append([record(1), record(1, shard="NPL")])
    first = log.consumer("processors", "a", ["input"])
    stored = first.poll()
    assert len(stored) == 2
    second = log.consumer("processors", "b", ["input"])
    with pytest.raises(FencedError, match="no longer holds"), log.transaction(first) as transaction:
        transaction.commit(stored)
    assert log.committed("processors") == {}
    assert {s.record.shard for s in first.poll()} | {s.record.shard for s in second.poll()} == {"LKA", "NPL"}


def test_a_member_may_be_for_one_shard(log: EventLog) -> None:
    """A member for a shard holds that one alone; a second one for it stands by, and takes over when the first leaves."""
    log.append([record(1), record(1, shard="NPL")])
    first, standby = (log.consumer("processors", name, ["input"], shard="LKA") for name in ("a", "b"))
    assert [s.record.shard for s in first.poll()] == ["LKA"]
    assert standby.poll() == []
    first.close()
    assert [s.record.shard for s in standby.poll()] == ["LKA"]
    assert standby.shards() == ("LKA",)


def test_members_for_different_shards_may_have_one_name(log: EventLog) -> None:
    """One program judges several shards under one name; only a second member of that name for the same shard replaces the first."""
    log.append([record(1), record(1, shard="NPL")])
    sri_lanka, nepal = (log.consumer("processors", "processor", ["input"], shard=shard) for shard in ("LKA", "NPL"))
    assert [s.record.shard for s in sri_lanka.poll()] == ["LKA"]
    assert [s.record.shard for s in nepal.poll()] == ["NPL"]
    log.consumer("processors", "processor", ["input"], shard="LKA")
    with pytest.raises(FencedError):
        sri_lanka.poll()
    assert nepal.poll() == []


def test_a_busy_shard_keeps_no_other_waiting(log: EventLog) -> None:
    """With a limit smaller than a shard's backlog the other shards still get their turn."""
    log.append([record(n) for n in range(40)] + [record(n, shard="NPL") for n in range(2)])
    consumer = log.consumer("processors", "a", ["input"])
    seen = {s.record.shard for _ in range(3) for s in consumer.poll(limit=5)}
    assert seen == {"LKA", "NPL"}


def test_a_poll_is_bounded_in_bytes(log: EventLog) -> None:
    """A poll ends with the record that reaches the bytes asked for, and the next goes on after it; one record always comes."""
    log.append([replace(record(n), payload=bytes(100)) for n in range(5)])
    consumer = log.consumer("processors", "a", ["input"])
    polled = [[s.record.id for s in consumer.poll(limit_bytes=most)] for most in (1, 150, 10_000)]
    assert polled == [["tick:0"], ["tick:1", "tick:2"], ["tick:3", "tick:4"]]


def test_a_shard_that_comes_back_is_known_to_have_been_away(log: EventLog) -> None:
    """A shard that another member has worked on meanwhile has another number when it returns; one that stayed keeps its own."""
    log.append([record(1), record(1, shard="NPL")])
    first = log.consumer("processors", "a", ["input"])
    first.poll()
    before = first.assigned()
    second = log.consumer("processors", "b", ["input"])
    polled = second.poll()
    with log.transaction(second) as transaction:
        transaction.commit(polled)
    lost = {s.record.shard for s in polled}
    second.close()
    first.poll()
    after = first.assigned()
    assert set(before) == set(after) == {"LKA", "NPL"}
    assert {shard for shard in after if after[shard] != before[shard]} == lost
    assert len(lost) == 1


def test_the_order_of_a_shard_does_not_depend_on_how_it_is_polled(log: EventLog) -> None:
    """Polled in parts of any size, each shard's records come once each, in the order of their offsets."""
    chance = random.Random(20251127)
    log.append([record(n, shard=chance.choice(["BGD", "LKA", "NPL"])) for n in range(200)])
    expected = log.read("input")
    for attempt in range(5):
        consumer = log.consumer(f"group {attempt}", "a", ["input"])
        polled = [s for part in iter(lambda c=consumer: c.poll(limit=chance.randint(1, 30)), []) for s in part]
        assert sorted(polled, key=lambda s: (s.partition, s.offset)) == expected
        for _, part in itertools.groupby(sorted(polled, key=lambda s: s.partition), key=lambda s: s.partition):
            offsets = [s.offset for s in part]
            assert offsets == sorted(offsets)


def test_a_snapshot_is_the_newest_kept(log: EventLog) -> None:
    """The later offset wins, whatever the order of saving; groups and shards do not mix, whatever they are called."""
    newer, older = (Snapshot("pro/cessors", "LKA", offset, "1", T0, bytes([offset])) for offset in (9, 4))
    for snapshot in (older, newer, older):
        log.save_snapshot(snapshot)
    assert log.load_snapshot("pro/cessors", "LKA") == newer
    assert log.load_snapshot("pro/cessors", "NPL") is None
    assert log.load_snapshot("..", "LKA") is None


def test_retention_drops_what_is_old_and_done(log: EventLog) -> None:
    """Old records that every group has committed go; offsets go on counting, and ids of dropped records may come again."""
    stored = log.append([record(n) for n in range(6)])
    consumer = log.consumer("processors", "a", ["input"])
    with log.transaction(consumer) as transaction:
        transaction.commit(consumer.poll(limit=4))
    assert log.retain("input", T0 + timedelta(minutes=2)) == 2
    assert log.read("input") == stored[2:]
    assert log.retain("input", T0 + timedelta(days=1)) == 2
    assert log.read("input") == stored[4:]
    (again,) = log.append([record(0)])
    assert again.offset > stored[-1].offset
    assert log.read("input") == [*stored[4:], again]


def test_retention_keeps_what_recovery_needs(log: EventLog) -> None:
    """What a group would replay after its last snapshot stays, although it is committed; topics without a reader go by age alone."""
    stored = log.append([record(n) for n in range(4)] + [record(n, topic="events") for n in range(2)])
    consumer = log.consumer("processors", "a", ["input"])
    with log.transaction(consumer) as transaction:
        transaction.commit(consumer.poll())
    log.save_snapshot(Snapshot("processors", "LKA", stored[1].offset, "1", T0, b""))
    assert log.retain("input", T0 + timedelta(days=1)) == 2
    assert log.read("input") == stored[2:4]
    assert log.retain("events", T0 + timedelta(days=1)) == 2


def test_two_instances_see_one_log(url: str, log: EventLog) -> None:
    """A log opened twice is one log: partitions, offsets and ids are shared."""
    other = open_log(url)
    (first,) = log.append([record(1)])
    again, second = other.append([record(1), record(2)])
    assert again == first
    assert log.read("input") == [first, second]
    other.close()


def test_one_process_produces_and_another_consumes(url: str, log: EventLog) -> None:
    """Each record of a producer in one process gives one output of a consumer in another, in order, and none is left."""
    with Member("copy", url, "a", "30", "60") as consumer, Member("produce", url, "60") as producer:
        assert producer.line() == "produced"
        assert consumer.line() == "copied 60"
        assert (producer.code(), consumer.code()) == (0, 0)
    assert [s.record.id for s in log.read("events")] == [f"of:tick:{n}" for n in range(60)]
    assert log.lag("processors") == {"input": 0}


def test_ids_are_once_however_many_processes_append_them(url: str, log: EventLog) -> None:
    """Four processes that append the same records at the same time leave each of them once."""
    with ExitStack() as stack:
        producers = [stack.enter_context(Member("produce", url, "25")) for _ in range(4)]
        assert [producer.line() for producer in producers] == ["produced"] * 4
    assert sorted(numbers(log.read("input"))) == list(range(25))


def test_a_member_replaced_from_another_process_is_fenced(url: str, log: EventLog) -> None:
    """Whoever joins under a name in use, wherever it runs, is the only one who can commit."""
    stored = log.append([record(1)])
    with Member("sleeper", url, "a", "30") as sleeper:
        assert sleeper.line() == "polled 1"
        heir = log.consumer("processors", "a", ["input"])
        assert heir.poll(timeout_s=10.0) == stored
        sleeper.say("go on")
        assert sleeper.line() == "fenced"
    with log.transaction(heir) as transaction:
        transaction.commit(stored)
    assert log.read("events") == []


def test_another_member_takes_over_from_a_killed_one(url: str, log: EventLog) -> None:
    """After kill -9 the dead member's shard goes to another once its session is over, and what it had not committed is polled again."""
    stored = log.append([record(1)])
    with Member("sleeper", url, "a", "1") as dead:
        assert dead.line() == "polled 1"
    heir = log.consumer("processors", "b", ["input"])
    assert heir.poll(timeout_s=30.0) == stored


def test_another_process_takes_over_from_a_silent_member(url: str, log: EventLog) -> None:
    """A member silent beyond its session loses its shard to one in another process; when it wakes it is fenced and commits nothing."""
    log.append([record(n) for n in range(5)])
    with Member("sleeper", url, "slow", "0.3") as sleeper:
        assert sleeper.line() == "polled 5"
        with Member("copy", url, "quick", "30", "5") as heir:
            assert heir.line() == "copied 5"
        sleeper.say("go on")
        assert sleeper.line() == "fenced"
        assert sleeper.code() == 0
    assert [s.record.id for s in log.read("events")] == [f"of:tick:{n}" for n in range(5)]


def test_a_slow_member_that_nobody_replaced_goes_on(url: str, log: EventLog) -> None:
    """Silence alone fences nobody: without another member to take the shard, the late commit counts."""
    log.append([record(1)])
    with Member("sleeper", url, "slow", "0") as sleeper:
        assert sleeper.line() == "polled 1"
        sleeper.say("go on")
        assert sleeper.line() == "committed"
    assert log.lag("processors") == {"input": 0}


def test_a_member_killed_in_a_transaction_leaves_nothing_half(url: str, log: EventLog) -> None:
    """After kill -9 inside a transaction there is neither output nor offset, and another member takes in the same records."""
    log.append([record(n) for n in range(5)])
    with Member("half", url) as killed:
        assert killed.code() == -signal.SIGKILL
    assert log.read("events") == []
    assert log.committed("processors") == {}
    with Member("copy", url, "heir", "30", "5") as heir:
        assert heir.line() == "copied 5"
    assert len(log.read("events")) == 5


def test_a_kill_at_any_point_leaves_outputs_and_offsets_in_step(url: str, log: EventLog) -> None:
    """However often a member is killed in the middle of its work, each committed record has exactly its output, and none more."""
    chance = random.Random(1056)
    stored = log.append([record(n) for n in range(400)])
    for _ in range(5):
        with Member("endless", url) as member:
            for _ in range(chance.randint(1, 40)):
                assert member.line()
            member.kill()
        committed = log.committed("processors")[("input", 0)]
        assert [s.record.id for s in log.read("events")] == [f"of:{s.record.id}" for s in stored if s.offset <= committed]
