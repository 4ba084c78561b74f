"""What processors tell of feeds: a restart forgets no silence, and a feed that never answered is one that is expected."""

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from engine_tables import DAY, configuration, configured_record
from msgspec.structs import replace
from prometheus_client import REGISTRY

from eventlog.log import EventLog, open_log
from processors import metrics
from processors.loop import Processor
from schemas.configuration import Configuration
from schemas.envelopes import input_record
from schemas.inputs import Heartbeat
from schemas.records import Record

ANSWERED = DAY + timedelta(hours=9)


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """An empty log; what other tests told of the shard is forgotten."""
    forget()
    opened = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    yield opened
    opened.close()
    forget()


def forget() -> None:
    """As in a new process."""
    metrics.let_go("TST")
    metrics.let_go("TSU")


def with_feeds(*feeds: str) -> Configuration:
    """The case with feeds that answer each hour."""
    feeds_of = [{"feed": feed, "every": "1 h", "indicators": ["river_level"]} for feed in feeds]
    return configuration([{"name": "river", "levels": {"yellow": "5 m"}}], feeds=feeds_of)


def beat(feed: str, hours: float = 0) -> Record:
    """A feed answers."""
    at = ANSWERED + timedelta(hours=hours)
    return input_record("TST", Heartbeat(feed=feed, received=at, delivery="d1", new=False, rows=0, quarantined=0))


def last(feed: str) -> float | None:
    """When a feed last answered, as Prometheus is told."""
    return REGISTRY.get_sample_value("polyrisk_feed_last_success_timestamp_seconds", {"feed": feed})


def allowed(feed: str) -> float | None:
    """How long it may be silent, as Prometheus is told."""
    return REGISTRY.get_sample_value("polyrisk_feed_silence_allowed_seconds", {"feed": feed})


def test_a_restart_forgets_no_silence(log: EventLog) -> None:
    """A processor that starts again tells when each feed answered last, though nothing came since."""
    log.append([configured_record(with_feeds("river")), beat("river")])
    first = Processor(log, "TST")
    first.run_until_idle()
    first.close()
    forget()
    assert last("river") is None
    Processor(log, "TST").run_until_idle()
    assert last("river") == ANSWERED.timestamp()
    assert allowed("river") == timedelta(hours=2, minutes=30).total_seconds()
    assert REGISTRY.get_sample_value("polyrisk_processor_now_seconds", {"shard": "TST"}) == ANSWERED.timestamp()


def test_a_feed_that_never_answered_is_expected_all_the_same(log: EventLog) -> None:
    """Prometheus is told how long it may be silent, and of no answer."""
    log.append([configured_record(with_feeds("river", "rain")), beat("river")])
    Processor(log, "TST").run_until_idle()
    assert allowed("rain") == allowed("river")
    assert last("rain") is None


def test_a_feed_that_is_taken_out_is_not_called_silent(log: EventLog) -> None:
    """A configuration without it ends what is told of it."""
    log.append([configured_record(with_feeds("river", "rain")), beat("river"), beat("rain")])
    processor = Processor(log, "TST")
    processor.run_until_idle()
    assert last("rain") == ANSWERED.timestamp()
    log.append([configured_record(with_feeds("river"), ANSWERED + timedelta(hours=1))])
    processor.run_until_idle()
    assert (last("rain"), allowed("rain")) == (None, None)
    assert last("river") == ANSWERED.timestamp()


def test_a_shard_that_another_processor_took_is_not_told_of(log: EventLog) -> None:
    """What was last known here would look like silence, though the feed goes on elsewhere."""
    for shard, feed in (("TST", "river"), ("TSU", "rain")):
        configured = with_feeds(feed).model_copy(update={"shard": shard})
        log.append([replace(record, shard=shard) for record in (configured_record(configured), beat(feed))])
    first = Processor(log, None, member="first")
    first.run_until_idle()
    assert {last("river"), last("rain")} == {ANSWERED.timestamp()}
    Processor(log, None, member="second")
    first.run_once()
    (kept,) = first.tasks
    (taken,) = {"TST", "TSU"} - {kept}
    of = {"TST": "river", "TSU": "rain"}
    assert (last(of[kept]), last(of[taken])) == (ANSWERED.timestamp(), None)
    assert REGISTRY.get_sample_value("polyrisk_processor_now_seconds", {"shard": taken}) is None
