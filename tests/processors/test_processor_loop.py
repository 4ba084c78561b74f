"""The loop around the step: nothing said twice, nothing lost, whatever happens between."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from engine_tables import DAY, configuration, configured_record, rows_of
from prometheus_client import REGISTRY

from eventlog.log import EventLog, Snapshot, open_log
from processors.engine import from_bytes, to_bytes
from processors.loop import Processor
from processors.ticker import Ticker
from schemas.envelopes import input_record
from schemas.records import Heartbeat, Record

CONFIGURED = configuration(
    [{"name": "river", "levels": {"yellow": "5 m", "orange": "7 m"}, "for": "2 readings", "leave_below": "0.2 m"}],
    [{"name": "flood", "when": "river >= orange", "cool_down": "6 h"}],
)
TABLE = """
00:00 A 4.0
01:00 A 7.1
02:00 A 7.2
04:00 A null
06:00 A tick
07:00 A 7.3
08:00 A 4.0
09:00 A 7.0 valid 07:30
10:00 A 8.0
11:00 A 8.0
20:00 A tick
23:00 A 1.0
"""


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """An empty log."""
    opened = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    yield opened
    opened.close()


def records() -> list[Record]:
    """The case as records."""
    return [configured_record(CONFIGURED), *(record for _, record, _ in rows_of(TABLE))]


def outputs(log: EventLog) -> list[bytes]:
    """All that was said, as it stands in the log."""
    return [s.record.payload for topic in ("breaches", "events") for s in log.read(topic)]


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


def test_a_record_that_cannot_be_read_is_reported_and_does_not_stop_the_next(log: EventLog) -> None:
    """A broken record is named and left out; what comes after it is judged."""
    configured, first, *rest = records()
    broken = first.model_copy(update={"id": "broken", "payload": b"\x00not Arrow"})
    log.append([configured, broken, first, *rest])
    processor = Processor(log, "TST")
    processor.run_until_idle()
    assert processor.unreadable == ["broken"]
    assert len(outputs(log)) >= 8


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
    assert Ticker(log, "TST").tick(DAY + timedelta(minutes=3, seconds=55)) == 1
    assert len(log.read("input")) == 3


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
