"""A log copied into another home: what it held at a moment, in its order, and each group goes on where it was."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from contract import fresh_url, record

from eventlog import log_copies
from eventlog.log import EventLog, known_homes, open_log
from schemas.errors import RefusedError
from schemas.records import Record

HOMES = known_homes()
SHARDS = ("LKA", "NPL")


def of(shard: str, numbers: range) -> list[Record]:
    """Records of a shard."""
    return [record(number, shard=shard) for number in numbers]


@pytest.fixture(params=[(source, target) for source in HOMES for target in HOMES], ids="-".join)
def logs(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[tuple[EventLog, EventLog]]:
    """Two empty logs, in each pair of homes."""
    opened = [open_log(fresh_url(home, tmp_path / name)) for home, name in zip(request.param, ("source", "target"), strict=True)]
    yield opened[0], opened[1]
    for log in opened:
        log.close()


def read_on(log: EventLog, shard: str) -> list[Record]:
    """What a group still has to read of a shard."""
    consumer = log.consumer("readers", "one", ["input"], shard=shard)
    found: list[Record] = []
    while shard not in consumer.shards():
        found += [stored.record for stored in consumer.poll(100, 0.1)]
    while more := consumer.poll(100, 0.2):
        found += [stored.record for stored in more]
    consumer.close()
    return found


def test_records_and_places_are_those_of_the_moment(logs: tuple[EventLog, EventLog]) -> None:
    """Of two shards, one half read by a group and one not at all; what came after the moment is left out."""
    source, target = logs
    for shard in SHARDS:
        source.append(of(shard, range(30)))
    consumer = source.consumer("readers", "one", ["input"], shard="LKA")
    polled = []
    while len(polled) < 10:
        polled += consumer.poll(10 - len(polled), 0.1)
    with source.transaction(consumer) as transaction:
        transaction.commit(polled)
    consumer.close()
    extent = source.extent()
    source.append(of("LKA", range(30, 40)))
    assert log_copies.copy(source, extent, target) == 60
    for shard in SHARDS:
        assert [stored.record for stored in target.read("input", shard=shard)] == of(shard, range(30))
    assert read_on(target, "LKA") == of("LKA", range(10, 30))
    assert read_on(target, "NPL") == of("NPL", range(30))


def test_a_log_with_a_record_is_no_place_for_a_copy(logs: tuple[EventLog, EventLog]) -> None:
    """Nothing is mixed with what is there."""
    _, target = logs
    log_copies.check_empty(target, "here")
    target.append(of("LKA", range(1)))
    with pytest.raises(RefusedError, match="not empty"):
        log_copies.check_empty(target, "here")
