"""The loop around the step: nothing said twice, nothing lost, whatever happens between."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path

import pytest
from engine_tables import DAY
from loop_case import gap, of_shard, outputs, records, with_gaps
from msgspec.structs import replace
from prometheus_client import REGISTRY

from eventlog.log import Consumer, EventLog, Snapshot, Transaction, open_log
from processors.engine import from_bytes, to_bytes
from processors.loop import Processor
from processors.ticker import Ticker
from schemas.envelopes import input_record
from schemas.errors import FencedError, LogError, NewerVersionError
from schemas.inputs import Heartbeat


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """An empty log."""
    opened = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    yield opened
    opened.close()


@pytest.mark.parametrize("batch", [1, 2, 5, 500])
def test_poll_batches_change_nothing(log: EventLog, tmp_path: Path, batch: int) -> None:
    """Cutting the same log into other poll batches gives byte-equal outputs."""
    log.append(records())
    Processor(log, "TST", batch=3).run_until_idle()
    other = open_log(f"sqlite:///{tmp_path / 'other.sqlite'}")
    other.append(records())
    Processor(other, "TST", batch=batch).run_until_idle()
    assert outputs(other) == outputs(log)
    assert len(outputs(log)) >= 8
    other.close()


@pytest.mark.parametrize("snapshot_every", [1, 4, 1000])
def test_a_crash_after_any_record_changes_nothing(log: EventLog, tmp_path: Path, snapshot_every: int) -> None:
    """A processor that is begun again after each record, by snapshot and muted replay, says what one that never stopped says."""
    log.append(records())
    Processor(log, "TST").run_until_idle()
    broken = open_log(f"sqlite:///{tmp_path / 'broken.sqlite'}")
    for record in records():
        broken.append([record])
        Processor(broken, "TST", snapshot_every=snapshot_every).run_once()
    assert outputs(broken) == outputs(log)
    broken.close()


@pytest.mark.parametrize("batch", [1, 3, 500])
def test_offsets_may_have_gaps(log: EventLog, tmp_path: Path, batch: int) -> None:
    """Where offsets are missing, as they are after each transaction in Kafka, the same is said, restarts included."""
    log.append(records())
    Processor(log, "TST").run_until_idle()
    gappy = open_log(f"sqlite:///{tmp_path / 'gappy.sqlite'}")
    gappy.append([r for n, record in enumerate(records()) for r in (gap(2 * n, record), record, gap(2 * n + 1, record))])
    with_gaps(tmp_path / "gappy.sqlite")
    while Processor(gappy, "TST", batch=batch, snapshot_every=4).run_once():
        pass
    assert outputs(gappy) == outputs(log)
    assert gappy.lag("processors") == {"input": 1}  # the gap at the end, which nobody can take in
    gappy.close()


def test_what_another_member_took_in_meanwhile_is_taken_in_mute(log: EventLog) -> None:
    """A shard that was another's for a while comes back with a state that stands for what that one committed."""
    shards = ("TST", "NPL")
    parts = [[of_shard(r, shard) for shard in shards for r in part] for part in (records()[:4], records()[4:8], records()[8:])]
    log.append(parts[0])
    first = Processor(log, None, member="a")
    first.run_until_idle()
    assert set(first.tasks) == set(shards)
    second = Processor(log, None, member="b")
    (moved,) = second.tasks
    log.append(parts[1])
    assert second.run_until_idle() == 4
    second.close()
    log.append(parts[2])
    first.run_until_idle()
    assert first.tasks[moved].offset == log.read("input", shard=moved)[-1].offset
    for shard in shards:
        undisturbed = Processor(log, shard, group="undisturbed")
        undisturbed.run_until_idle()
        assert to_bytes(first.tasks[shard].state) == to_bytes(undisturbed.state)
        assert outputs(log, shard) != []


def test_a_transaction_that_fails_is_made_up_for(log: EventLog, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether a commit that ended in an error took place or not, each record is taken in once and what it says goes out once."""
    log.append(records())
    Processor(log, "TST").run_until_idle()
    other = open_log(f"sqlite:///{tmp_path / 'other.sqlite'}")
    other.append(records())
    processor = Processor(other, "TST", batch=1)
    whole = other.transaction
    for takes_place in (True, False) * 3:

        @contextmanager
        def broken(consumer: Consumer, takes_place: bool = takes_place) -> Iterator[Transaction]:
            with whole(consumer) as transaction:
                yield transaction
                if not takes_place:
                    raise LogError("The broker is gone.")
            consumer.rewind()
            raise LogError("Nobody knows whether it was committed.")

        monkeypatch.setattr(other, "transaction", broken)
        with pytest.raises(LogError):
            processor.run_once()
        monkeypatch.setattr(other, "transaction", whole)
        processor.run_once()
    processor.run_until_idle()
    assert outputs(other) == outputs(log)
    other.close()


def test_a_processor_that_was_replaced_stops(log: EventLog) -> None:
    """Of two processors of one name the earlier is fenced, also one that takes any shard."""
    log.append(records())
    for shard in ("TST", None):
        old = Processor(log, shard, group=f"of {shard}")
        Processor(log, shard, group=f"of {shard}")
        with pytest.raises(FencedError):
            old.run_until_idle()


def test_what_a_newer_version_wrote_stops_the_processor(log: EventLog) -> None:
    """A newer payload is no dead letter: nothing of it is taken in or committed, and the error says what to start."""
    configured, first, *_ = records()
    log.append([configured, replace(first, headers={"ce_type": "org.polyrisk.observations.v99"})])
    processor = Processor(log, "TST")
    with pytest.raises(NewerVersionError, match="Start that version"):
        processor.run_until_idle()
    assert log.committed("processors") == {}
    assert log.read("dead_letters") == []


def test_a_state_survives_as_bytes(log: EventLog) -> None:
    """A state read back from its bytes is written as the same bytes."""
    log.append(records())
    processor = Processor(log, "TST")
    processor.run_until_idle()
    assert to_bytes(from_bytes(to_bytes(processor.state))) == to_bytes(processor.state)


def test_missed_ticks_are_made_up_for(log: EventLog) -> None:
    """One tick a minute, also for minutes in which nobody ticked, and never two for one minute."""
    ticker = Ticker(log, "TST", last=DAY)
    assert ticker.tick(DAY + timedelta(minutes=3, seconds=20)) == 3
    assert ticker.tick(DAY + timedelta(minutes=3, seconds=50)) == 0
    assert len(log.read("input")) == 3


@pytest.mark.parametrize("others", [0, 1500])
def test_a_ticker_that_starts_again_makes_up_for_what_it_missed(log: EventLog, others: int) -> None:
    """Killed and started an hour later, it goes on after the last tick in the log, wherever that stands; a clock set back adds none."""
    Ticker(log, "TST", last=DAY).tick(DAY + timedelta(minutes=2))
    beats = (
        Heartbeat(feed="gauges", received=DAY + timedelta(seconds=n), delivery="d", new=False, rows=0, quarantined=0) for n in range(others)
    )
    log.append([input_record("TST", beat) for beat in beats])
    Processor(log, "TST").run_until_idle()
    again = Ticker(log, "TST")
    assert again.tick(DAY - timedelta(hours=1)) == 0
    assert again.tick(DAY + timedelta(hours=1)) == 58
    assert Ticker(log, "TST").tick(DAY + timedelta(hours=1, seconds=30)) == 0
    ticks = [s.record.received for s in log.read("input") if s.record.kind == "tick"]
    assert ticks == [DAY + n * timedelta(minutes=1) for n in range(1, 61)]


def test_the_first_tick_of_a_log_is_the_last_one_due(log: EventLog) -> None:
    """Nothing is made up for before there was a log, and a clock that jumps far ahead is followed whole."""
    ticker = Ticker(log, "TST")
    assert ticker.tick(DAY + timedelta(seconds=59)) == 1
    assert ticker.tick(DAY + timedelta(minutes=2500)) == 2500


def test_a_last_tick_between_two_whole_multiples_is_gone_on_from(log: EventLog) -> None:
    """A case may begin at half past: its hourly ticks go on from there, and none comes before its hour is over."""
    ticker = Ticker(log, "TST", every=timedelta(hours=1), last=DAY + timedelta(minutes=30))
    assert [ticker.tick(DAY + timedelta(minutes=minutes)) for minutes in (60, 90, 120, 240)] == [0, 0, 1, 2]
    assert [s.record.received for s in log.read("input")] == [DAY + timedelta(minutes=minutes) for minutes in (90, 150, 210)]


@pytest.mark.parametrize("left", [0, 20, 0.5])
def test_a_snapshot_whose_file_is_cut_off_keeps_no_shard_waiting(log: EventLog, tmp_path: Path, left: float) -> None:
    """A disk that lost its end: the log is replayed, muted, without anybody's help, and the next snapshot takes its place."""
    log.append(records()[:-3])
    stopped = Processor(log, "TST")
    stopped.run_until_idle()
    stopped.snapshot()
    said = outputs(log)
    (file,) = tmp_path.rglob("*.snapshot")
    file.write_bytes(file.read_bytes()[: int(left if left >= 1 else left * file.stat().st_size)])
    again = Processor(log, "TST")
    log.append(records()[-3:])
    again.run_until_idle()
    assert [outputs(log).count(one) for one in said] == [1] * len(said)
    again.snapshot()
    kept = log.load_snapshot("processors", "TST")
    assert kept is not None
    assert kept.offset == again.offset


@pytest.mark.parametrize("state", [b"", b"of another version", b'{"format": 0}'])
def test_a_snapshot_that_cannot_be_read_is_only_a_longer_way(log: EventLog, state: bytes) -> None:
    """An upgrade may find one that another version wrote: the log is replayed, muted, and what comes after is judged as ever."""
    first, last = records()[:-3], records()[-3:]
    log.append(first)
    stopped = Processor(log, "TST")
    stopped.run_until_idle()
    said = outputs(log)
    log.save_snapshot(Snapshot("processors", "TST", stopped.offset, "0", DAY, state))
    again = Processor(log, "TST")
    assert to_bytes(again.state) == to_bytes(stopped.state)
    assert outputs(log) == said
    log.append(last)
    again.run_until_idle()
    other = Processor(log, "TST", group="another")
    other.run_until_idle()
    assert to_bytes(again.state) == to_bytes(other.state)


def test_what_feeds_bring_is_counted_where_it_arrives(log: EventLog) -> None:
    """Readings, rows kept aside and the last answer of a feed are metrics of what reads the log; a repeated delivery adds none."""
    asked = ("polyrisk_feed_observations_total", "polyrisk_feed_quarantined_rows_total", "polyrisk_feed_last_success_timestamp_seconds")

    def counted() -> list[float]:
        return [REGISTRY.get_sample_value(name, {"feed": "river"}) or 0.0 for name in asked]

    before = counted()
    answered = DAY + timedelta(hours=9)
    beats = [
        Heartbeat(feed="river", received=answered + timedelta(hours=n), delivery="d1", new=n == 0, rows=12, quarantined=2) for n in range(2)
    ]
    log.append([*records(), *(input_record("TST", beat) for beat in beats)])
    Processor(log, "TST").run_until_idle()
    readings, kept_aside, last = counted()
    assert readings - before[0] == sum(r.kind == "observations" for r in records())
    assert kept_aside - before[1] == 2
    assert last == beats[-1].received.timestamp()
