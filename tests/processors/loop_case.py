"""The case that the tests of the loop share: one river, one rule, a day of readings."""

import random
import sqlite3
from datetime import timedelta
from pathlib import Path

from engine_tables import DAY, configuration, configured_record, reading, readings_record, rows_of
from msgspec.structs import replace

from eventlog.log import EventLog
from schemas.configuration import Configuration
from schemas.envelopes import input_record
from schemas.inputs import Tick
from schemas.records import Record

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


def records(configured: Configuration = CONFIGURED, table: str = TABLE) -> list[Record]:
    """The case as records, the configuration first."""
    return [configured_record(configured), *(record for _, record, _ in rows_of(table))]


def of_shard(record: Record, shard: str) -> Record:
    """The same record in another shard, whose configuration says so too."""
    if record.kind == "configuration":
        configured = CONFIGURED.model_copy(update={"shard": shard})
        return replace(configured_record(configured, record.received), shard=shard)
    return replace(record, shard=shard)


def outputs(log: EventLog, shard: str | None = None) -> list[bytes]:
    """All that was said, as it stands in the log."""
    return [s.record.payload for topic in ("breaches", "events") for s in log.read(topic, shard=shard)]


def with_gaps(path: Path) -> None:
    """Take every record called `gap:…` out of a file, so that its offset is missing, as transactions leave gaps in Kafka."""
    connection = sqlite3.connect(path)
    with connection:
        connection.execute("DELETE FROM records WHERE id LIKE 'gap:%'")
    connection.close()


def gap(number: int, like: Record) -> Record:
    """A record that will be gone."""
    return replace(like, id=f"gap:{number}", kind="tick")


def long_case(seed: int, shard: str = "TST") -> list[Record]:
    """Ten days of a river that rises and falls by chance, some of its readings late, some records broken, with ticks."""
    chance = random.Random(seed)
    found, value = [records()[0]], 5.0
    for hour in range(240):
        value = min(9.0, max(3.0, value + chance.choice([-1.4, -0.6, 0.0, 0.6, 1.4])))
        received = DAY + timedelta(hours=hour, minutes=10)
        valid = received - timedelta(hours=chance.choice([0, 0, 0, 0, 5]))
        found.append(readings_record([reading("A", round(value, 2), valid, received)]))
        if chance.random() < 0.02:
            found.append(replace(found[-1], id=f"broken:{hour}", payload=b"?"))
        if chance.random() < 0.3:
            found.append(input_record("TST", Tick(at=received + timedelta(minutes=20))))
    return [of_shard(record, shard) for record in found]
