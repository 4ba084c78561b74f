"""The case that the tests of the loop share: one river, one rule, a day of readings."""

import sqlite3
from pathlib import Path

from engine_tables import configuration, configured_record, rows_of

from eventlog.log import EventLog
from schemas.configuration import Configuration
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
    """The same record in another shard."""
    return record.model_copy(update={"shard": shard})


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
    return like.model_copy(update={"id": f"gap:{number}", "kind": "tick"})
