"""What a processor takes in at once, and what a restart has to take in again, is bounded, whatever the backlog."""

import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from engine_tables import DAY, reading, readings_record
from loop_case import long_case, outputs, records
from prometheus_client import REGISTRY

from eventlog.log import NOTHING, EventLog, Snapshot, open_log
from processors import loop
from processors.engine import State, step
from processors.loop import Processor
from processors.shard_task import ReplayBound
from processors.taking import Engine
from processors.ticker import Ticker
from schemas.outputs import CompoundEvent, ThresholdBreach
from schemas.records import Record, Stored


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """An empty log."""
    opened = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    yield opened
    opened.close()


class Watched:
    """What each transaction of a log held; of its input, all up to the last record that is done."""

    def __init__(self, log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
        self.log, self.offset = log, NOTHING
        self.inputs: list[list[Stored]] = []
        self.outputs: list[list[Record]] = []
        self._whole = log.transaction
        monkeypatch.setattr(log, "transaction", self._transaction)

    @contextmanager
    def _transaction(self, consumer: Any) -> Iterator[Any]:
        with self._whole(consumer) as transaction:
            yield _Noting(self, transaction)


class _Noting:
    def __init__(self, watched: Watched, transaction: Any) -> None:
        self.watched, self.transaction = watched, transaction

    def append(self, made: Sequence[Record]) -> None:
        self.watched.outputs.append(list(made))
        self.transaction.append(made)

    def commit(self, done: Sequence[Stored]) -> None:
        log, after = self.watched.log, self.watched.offset
        self.watched.offset = max(stored.offset for stored in done)
        self.watched.inputs.append([stored for stored in log.read("input", after=after) if stored.offset <= self.watched.offset])
        self.transaction.commit(done)


def deliveries(count: int, rows: int) -> list[Record]:
    """As many deliveries of as many readings each."""
    moments = [DAY + timedelta(hours=n) for n in range(count)]
    return [readings_record([reading(f"G{n}", 4.0, at, at) for n in range(rows)]) for at in moments]


def test_a_transaction_is_bounded_in_bytes_of_input(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """A backlog of large deliveries is taken in part by part; one that is larger than the bound is taken alone."""
    backlog = [*deliveries(6, 200), *deliveries(7, 2000)[6:]]
    sizes = [len(record.payload) for record in backlog]
    monkeypatch.setattr(loop, "INPUT_BYTES", 2 * sizes[0])
    log.append(backlog)
    watched = Watched(log, monkeypatch)
    Processor(log, "TST").run_until_idle()
    assert sizes[-1] > loop.INPUT_BYTES
    assert [len(part) for part in watched.inputs] == [2, 2, 2, 1]


def test_a_transaction_is_bounded_in_records(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """No more input records are taken in at once than are asked for."""
    Ticker(log, "TST", last=DAY).tick(DAY + timedelta(minutes=1100))
    watched = Watched(log, monkeypatch)
    Processor(log, "TST", batch=500).run_until_idle()
    assert [len(part) for part in watched.inputs] == [500, 500, 100]


@pytest.mark.parametrize("bound", ["OUTPUT_RECORDS", "OUTPUT_BYTES"])
def test_a_transaction_is_bounded_in_what_is_said(log: EventLog, monkeypatch: pytest.MonkeyPatch, bound: str) -> None:
    """Once enough is said the transaction ends, after a whole input record, and the next goes on after it."""
    monkeypatch.setattr(loop, bound, 1)
    log.append(records())
    watched = Watched(log, monkeypatch)
    Processor(log, "TST").run_until_idle()
    assert [s.record.id for part in watched.inputs for s in part] == [record.id for record in records()]
    assert len(watched.outputs) > 4
    for made in watched.outputs[:-1]:
        assert len({record.received for record in made if record.topic != "engines"}) <= 1


def test_a_transaction_cut_in_two_is_made_up_for_after_a_crash_between(log: EventLog, tmp_path: Path, monkeypatch: Any) -> None:
    """If the second part of what was polled cannot be written, the first stays, and the rest is taken in once."""
    calm = open_log(f"sqlite:///{tmp_path / 'calm.sqlite'}")
    for one in (log, calm):
        one.append(records())
    Processor(calm, "TST").run_until_idle()
    monkeypatch.setattr(loop, "OUTPUT_RECORDS", 1)
    processor = Processor(log, "TST")
    whole, done = log.transaction, []

    @contextmanager
    def failing(consumer: Any) -> Iterator[Any]:
        with whole(consumer) as transaction:
            yield transaction
            done.append(1)
            if len(done) == 3:
                raise OSError("The disk is full.")

    monkeypatch.setattr(log, "transaction", failing)
    with pytest.raises(OSError, match="full"):
        processor.run_once()
    processor.run_until_idle()
    for topic in ("breaches", "events"):
        assert [s.record for s in log.read(topic)] == [s.record for s in calm.read(topic)]
    calm.close()


def replayed() -> float:
    """How many records were taken in again so far."""
    return REGISTRY.get_sample_value("polyrisk_processor_replayed_records_total", {"shard": "TST"}) or 0.0


@pytest.mark.parametrize(
    ("bound", "most"),
    [
        (ReplayBound(records=10), 10),
        (ReplayBound(size=5 * len(deliveries(1, 1)[0].payload)), 5),
        (ReplayBound(elapsed=timedelta(hours=3)), 4),
    ],
    ids=["records", "bytes", "time"],
)
def test_a_restart_replays_no_more_than_the_bound(log: EventLog, bound: ReplayBound, most: int) -> None:
    """Records, bytes and the shard's own time since the last snapshot are bounded, wherever the processor dies."""
    found = []
    for record in deliveries(60, 1):
        log.append([record])
        Processor(log, "TST", bound=bound).run_once()
        before = replayed()
        Processor(log, "TST", bound=bound)
        found.append(replayed() - before)
    assert max(found) <= most
    assert max(found) >= most - 2


@pytest.mark.parametrize(("waited", "kept"), [(5, False), (6, True)])
def test_a_state_is_kept_before_its_time_when_nothing_waits(log: EventLog, waited: int, kept: bool) -> None:
    """From three quarters of the bound on the first quiet moment is used, so that a snapshot seldom holds up a reading."""
    log.append(deliveries(waited, 1))
    processor = Processor(log, "TST", bound=ReplayBound(records=8, elapsed=timedelta(days=400)))
    assert processor.run_once() == waited
    assert log.load_snapshot("processors", "TST") is None
    assert processor.run_once() == 0
    assert (log.load_snapshot("processors", "TST") is not None) is kept


def test_what_says_nothing_is_committed_with_what_says_something(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Readings of which nothing is said cost no transaction while others come, and the next quiet moment commits them."""
    watched = Watched(log, monkeypatch)
    processor = Processor(log, "TST", hold_s=3600.0)
    quiet = [readings_record([reading("A", 4.0, at, at)]) for at in (DAY, DAY + timedelta(hours=1), DAY + timedelta(hours=2))]
    log.append([records()[0]])
    processor.run_once()
    committed = [log.committed("processors")]
    for record in quiet[:2]:
        log.append([record])
        assert processor.run_once() == 1
        committed.append(log.committed("processors"))
    assert committed == [{("input", 0): 0}] * 3
    assert processor.offset == 2
    processor.snapshot()
    log.append([quiet[2]])
    assert processor.run_once() == 1
    assert processor.run_once() == 0
    assert log.committed("processors") == {("input", 0): 3}
    assert [len(made) for made in watched.outputs] == [1, 0, 0]


def test_what_comes_while_a_processor_waits_is_taken_in(log: EventLog) -> None:
    """A processor that runs for a span takes in what is there and what comes, and commits it all before it has waited long."""
    processor = Processor(log, "TST", hold_s=loop.HOLD_S)
    taken = 0
    for number, record in enumerate(deliveries(3, 1)):
        log.append([record])
        while taken <= number or log.committed("processors") != {("input", 0): number}:
            taken += processor.run_for(2 * loop.HOLD_S)
    assert taken == 3


@pytest.mark.parametrize("snapshot_every", [4, 1000])
def test_a_crash_before_silence_is_committed_changes_nothing(log: EventLog, tmp_path: Path, snapshot_every: int) -> None:
    """What was taken in and not committed is taken in again by the next processor, which says what one that never stopped says."""
    case = long_case(3)
    log.append(case)
    Processor(log, "TST").run_until_idle()
    broken = open_log(f"sqlite:///{tmp_path / 'broken.sqlite'}")
    for record in case:
        broken.append([record])
        Processor(broken, "TST", snapshot_every=snapshot_every, hold_s=3600.0).run_once()
    Processor(broken, "TST").run_until_idle()
    assert outputs(broken) == outputs(log)
    broken.close()


def test_a_large_state_is_not_written_more_often_than_it_is_fed(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """Once a snapshot is larger than the bound in bytes, the next waits until as many bytes came in as it had."""
    kept: list[int] = []
    whole = log.save_snapshot

    def counting(snapshot: Snapshot) -> None:
        kept.append(len(snapshot.state))
        whole(snapshot)

    monkeypatch.setattr(log, "save_snapshot", counting)
    case = long_case(5)[:100]
    log.append(case)
    Processor(log, "TST", batch=1, bound=ReplayBound(records=1, size=1, elapsed=timedelta(days=400))).run_until_idle()
    assert 2 < len(kept) < len(case) / 2
    assert sum(kept[:-1]) <= sum(len(record.payload) for record in case)


def test_a_clean_end_leaves_nothing_to_replay(log: EventLog) -> None:
    """A processor that is closed keeps its state first."""
    log.append(records())
    processor = Processor(log, "TST")
    processor.run_until_idle()
    processor.close()
    before = replayed()
    Processor(log, "TST")
    assert replayed() == before


def test_a_long_replay_does_not_cost_the_shard(log: EventLog, monkeypatch: pytest.MonkeyPatch) -> None:
    """While it replays longer than its session a member says that it lives, so that one standing by does not take the shard from it."""
    Ticker(log, "TST", last=DAY).tick(DAY + timedelta(minutes=450))
    Processor(log, "TST").close()
    clock = [time.time()]
    monkeypatch.setattr(time, "time", lambda: clock[0])
    monkeypatch.setattr(time, "monotonic", lambda: clock[0])
    Processor(log, "TST").run_until_idle()
    standby = log.consumer("processors", "standby", ["input"], shard="TST", session_s=1000.0)

    def slow(state: State, record: Record) -> tuple[State, list[ThresholdBreach | CompoundEvent]]:
        clock[0] += 0.02
        assert standby.poll() == []
        return step(state, record)

    begun = Processor(log, "TST", engine=Engine(step=slow), session_s=4.0)
    assert replayed() >= 450
    assert set(begun.tasks) == {"TST"}
    assert standby.shards() == ()
