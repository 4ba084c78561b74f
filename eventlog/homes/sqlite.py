"""The log in one SQLite file (WAL): the default, with nothing to install. URL: `sqlite:///path`.

Any number of processes of one machine may use the file at a time; writers wait for each other.
"""

import sqlite3
import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from datetime import datetime
from math import inf
from pathlib import Path
from typing import TypeAlias

import msgspec

from eventlog.homes._remembered import RememberedTransaction, check_topic, remembered
from eventlog.homes._sqlite_file import check_readable, connect, path_of, writing
from eventlog.homes._sqlite_group import Membership
from eventlog.log import NOTHING, SESSION_S, Consumer, Extent, Snapshot
from eventlog.snapshots import SnapshotFiles
from schemas.errors import LogError
from schemas.microseconds import to_microseconds
from schemas.records import Record, Stored

__all__ = ["SqliteConsumer", "SqliteLog", "check_readable", "open_home", "stored_rows"]

_GLANCE_S = 0.002
"""While a poll waits, between two glances at whether anybody has written. A glance costs some microseconds, a look for records many."""
_LOOK_S = 0.05
"""Between two looks though nobody has written: a member may have fallen silent meanwhile."""
_HEADERS = msgspec.json.Decoder(dict[str, str])
_COLUMNS = "offset, id, kind, received, headers, payload"
_AFTER = f"SELECT {_COLUMNS} FROM records WHERE topic = ? AND partition = ? AND offset > ? ORDER BY offset LIMIT ?"  # noqa: S608 - constants
_WITH_IDS = f"""SELECT {_COLUMNS} FROM records
    WHERE topic = ? AND partition = ? AND id IN (SELECT value FROM json_each(?))"""  # noqa: S608 - constants
_NEXT = "INSERT INTO ends VALUES (?, ?, ?) ON CONFLICT (topic, partition) DO UPDATE SET next = excluded.next"
_JSON = msgspec.json.Encoder()
_Row: TypeAlias = tuple[int, str, str, int, str, bytes]
"""A row of `_COLUMNS`."""


def open_home(url: str) -> "SqliteLog":
    """The log in the file that the URL names.

    Raises:
        ConfigurationError: the URL names no file.
        LogError: the file cannot be opened, is no log, or is of a newer version.
    """
    return SqliteLog(path_of(url))


class SqliteLog:
    """See `eventlog.log.EventLog`."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = connect(path)
        self._lock = threading.RLock()
        self._snapshots = SnapshotFiles(path.with_name(f"{path.name}.snapshots"))

    def append(self, records: Sequence[Record]) -> list[Stored]:
        with self._writing():
            return self._append(records)

    def read(self, topic: str, *, after: int = NOTHING, shard: str | None = None, limit: int | None = None) -> list[Stored]:
        check_topic(topic)
        found: list[Stored] = []
        with self._using():
            shards = self._connection.execute("SELECT partition, shard FROM shards ORDER BY partition").fetchall()
            for partition, name in shards:
                if shard in (None, name):
                    rows = self._connection.execute(_AFTER, (topic, partition, after, -1 if limit is None else limit - len(found)))
                    found += stored_rows(rows, topic, partition, name)
        return found

    def consumer(
        self, group: str, member: str, topics: Sequence[str], *, shard: str | None = None, session_s: float = SESSION_S
    ) -> "SqliteConsumer":
        for topic in topics:
            check_topic(topic)
        name = member if shard is None else f"{member}@{shard}"
        with self._using():
            return SqliteConsumer(self, Membership(self._connection, group, name, topics, shard, session_s))

    def transaction(self, consumer: Consumer | None = None) -> AbstractContextManager[RememberedTransaction]:
        return remembered(consumer, SqliteConsumer, str(self.path), self._finish)

    def partition(self, shard: str) -> int | None:
        with self._using():
            row = self._connection.execute("SELECT partition FROM shards WHERE shard = ?", (shard,)).fetchone()
        return None if row is None else int(row[0])

    def committed(self, group: str) -> dict[tuple[str, int], int]:
        with self._using():
            rows = self._connection.execute("SELECT topic, partition, offset FROM committed WHERE group_name = ?", (group,)).fetchall()
        return {(topic, partition): offset for topic, partition, offset in rows}

    def extent(self) -> Extent:
        with self._using():
            execute = self._connection.execute
            execute("BEGIN")  # one moment for both
            try:
                ends = execute("SELECT topic, shard, next - 1 FROM ends JOIN shards USING (partition)").fetchall()
                done = execute("SELECT group_name, topic, shard, offset FROM committed JOIN shards USING (partition)").fetchall()
            finally:
                execute("COMMIT")
        committed: dict[str, dict[tuple[str, str], int]] = {}
        for group, topic, shard, offset in done:
            committed.setdefault(group, {})[topic, shard] = offset
        return Extent({(topic, shard): offset for topic, shard, offset in ends}, committed)

    def lag(self, group: str) -> dict[str, int]:
        with self._using():
            rows = self._connection.execute(
                """SELECT readers.topic, coalesce(sum(next - 1 - coalesce(committed.offset, -1)), 0) FROM readers
                LEFT JOIN ends ON ends.topic = readers.topic
                LEFT JOIN committed ON committed.group_name = readers.group_name
                    AND committed.topic = ends.topic AND committed.partition = ends.partition
                WHERE readers.group_name = ? GROUP BY readers.topic""",
                (group,),
            ).fetchall()
        return dict(rows)

    def save_snapshot(self, snapshot: Snapshot) -> None:
        with self._lock:
            self._snapshots.save(snapshot)

    def load_snapshot(self, group: str, shard: str) -> Snapshot | None:
        return self._snapshots.load(group, shard)

    def retain(self, topic: str, before: datetime) -> int:
        check_topic(topic)
        with self._writing():
            shards = self._connection.execute("SELECT partition, shard FROM shards").fetchall()
            return sum(self._retain(topic, partition, shard, before) for partition, shard in shards)

    def close(self) -> None:
        with self._lock:
            self._connection.close()

    def _retain(self, topic: str, partition: int, shard: str, before: datetime) -> int:
        execute = self._connection.execute
        young = execute(
            "SELECT min(offset) FROM records WHERE topic = ? AND partition = ? AND received >= ?",
            (topic, partition, to_microseconds(before)),
        ).fetchone()[0]
        needed = [] if young is None else [young]
        for (group,) in execute("SELECT group_name FROM readers WHERE topic = ?", (topic,)).fetchall():
            done = execute(
                "SELECT offset FROM committed WHERE group_name = ? AND topic = ? AND partition = ?", (group, topic, partition)
            ).fetchone()
            snapshot = self._snapshots.offset(group, shard)
            offsets = [NOTHING if done is None else done[0], *([] if snapshot is None else [snapshot])]
            needed.append(min(offsets) + 1)
        until = min(needed) if needed else None
        return execute(
            "DELETE FROM records WHERE topic = :topic AND partition = :partition AND (:until IS NULL OR offset < :until)",
            {"topic": topic, "partition": partition, "until": until},
        ).rowcount

    def _append(self, records: Sequence[Record]) -> list[Stored]:
        """Append records in their order; one whose id is there already stays as it was kept."""
        by_place: dict[tuple[str, str], list[int]] = {}
        for number, record in enumerate(records):
            by_place.setdefault((record.topic, record.shard), []).append(number)
        placed_at: dict[int, Stored] = {}
        for (topic, shard), numbers in by_place.items():
            check_topic(topic)
            placed_at |= zip(numbers, self._append_to(topic, shard, [records[number] for number in numbers]), strict=True)
        return [placed_at[number] for number in range(len(records))]

    def _append_to(self, topic: str, shard: str, records: Sequence[Record]) -> list[Stored]:
        """Append records of one topic and shard: a few statements for all of them, for each has its price."""
        execute = self._connection.execute
        execute("INSERT OR IGNORE INTO shards SELECT count(*), ? FROM shards", (shard,))
        partition = execute("SELECT partition FROM shards WHERE shard = ?", (shard,)).fetchone()[0]
        ids = _JSON.encode([record.id for record in records]).decode()
        kept = {one.record.id: one for one in stored_rows(execute(_WITH_IDS, (topic, partition, ids)), topic, partition, shard)}
        following = execute("SELECT next FROM ends WHERE topic = ? AND partition = ?", (topic, partition)).fetchone()
        first = offset = 0 if following is None else int(following[0])
        found, rows = [], []
        for record in records:
            one = kept.get(record.id)
            if one is None:
                one = kept[record.id] = Stored(record, partition, offset)
                headers = _JSON.encode(record.headers).decode()
                rows.append((topic, partition, offset, record.id, record.kind, record.received_microseconds, headers, record.payload))
                offset += 1
            found.append(one)
        if offset > first:
            self._connection.executemany("INSERT INTO records VALUES (?, ?, ?, ?, ?, ?, ?, ?)", rows)
            execute(_NEXT, (topic, partition, offset))
        return found

    def _finish(self, transaction: RememberedTransaction, consumer: "SqliteConsumer | None") -> None:
        """Make the transaction's outputs and offsets visible together."""
        if transaction.offsets and consumer is None:
            raise LogError("Offsets can be committed only with a consumer.", where=str(self.path))
        with self._writing():
            if consumer is not None:
                consumer.membership.check_holds({partition for _, partition in transaction.offsets})
                self._connection.executemany(
                    """INSERT INTO committed VALUES (?, ?, ?, ?) ON CONFLICT (group_name, topic, partition)
                    DO UPDATE SET offset = max(offset, excluded.offset)""",
                    [(consumer.membership.group, *place, offset) for place, offset in transaction.offsets.items()],
                )
            self._append(transaction.records)

    def _written(self) -> tuple[int, int]:
        """Another pair whenever anybody has written: how often others did, and how many rows this connection has changed."""
        with self._using():
            return int(self._connection.execute("PRAGMA data_version").fetchone()[0]), self._connection.total_changes

    @contextmanager
    def _using(self) -> Iterator[None]:
        with self._lock:
            try:
                yield
            except sqlite3.Error as error:
                raise LogError(f"The log cannot be used: {error}.", where=str(self.path)) from error

    @contextmanager
    def _writing(self) -> Iterator[None]:
        with self._using(), writing(self._connection):
            yield


class SqliteConsumer:
    """See `eventlog.log.Consumer`."""

    def __init__(self, log: SqliteLog, membership: Membership) -> None:
        self.membership = membership
        self._log = log
        self._positions: dict[tuple[str, int], int] = {}
        self._turn = 0
        self._looked_at: tuple[int, int] | None = None

    def poll(self, limit: int = 500, timeout_s: float = 0.0, *, limit_bytes: int | None = None) -> list[Stored]:
        deadline = time.monotonic() + timeout_s
        while True:
            found = self._poll(limit, limit_bytes)
            if found or time.monotonic() >= deadline:
                return found
            self._await_writing(min(deadline, time.monotonic() + _LOOK_S))

    def shards(self) -> tuple[str, ...]:
        return tuple(self.assigned())

    def assigned(self) -> Mapping[str, int]:
        with self._log._using():
            rows = self._log._connection.execute("SELECT partition, shard FROM shards ORDER BY partition").fetchall()
        held = self.membership.held
        return {shard: held[partition] for partition, shard in rows if partition in held}

    def rewind(self) -> None:
        self._positions.clear()

    def close(self) -> None:
        with self._log._using():
            self.membership.leave()

    def _await_writing(self, until: float) -> None:
        """Wait until something was written after the last look, by whichever connection, or a moment of the monotonic clock has come."""
        while self._log._written() == self._looked_at and (left := until - time.monotonic()) > 0:
            time.sleep(min(_GLANCE_S, left))

    def _poll(self, limit: int, limit_bytes: int | None) -> list[Stored]:
        with self._log._using():
            self._looked_at = self._log._written()
            before = dict(self.membership.held)
            self.membership.refresh()
            held = self.membership.held
            for place in [p for p in self._positions if held.get(p[1]) != before.get(p[1])]:
                del self._positions[place]
            places = [(topic, partition) for topic in self.membership.topics for partition in sorted(held)]
            # Each poll begins with another place, so that a busy shard cannot keep the others waiting.
            self._turn = (self._turn + 1) % max(1, len(places))
            found: list[Stored] = []
            for place in places[self._turn :] + places[: self._turn]:
                part = self._next(place, limit - len(found), limit_bytes)
                found += part
                if limit_bytes is not None:
                    limit_bytes -= sum([len(stored.record.payload) for stored in part])
        return found

    def _next(self, place: tuple[str, int], limit: int, limit_bytes: int | None) -> list[Stored]:
        if limit <= 0 or (limit_bytes is not None and limit_bytes <= 0):
            return []
        execute, (topic, partition) = self._log._connection.execute, place
        if place not in self._positions:
            row = execute(
                "SELECT offset FROM committed WHERE group_name = ? AND topic = ? AND partition = ?", (self.membership.group, *place)
            ).fetchone()
            self._positions[place] = NOTHING if row is None else int(row[0])
        shard = execute("SELECT shard FROM shards WHERE partition = ?", (partition,)).fetchone()[0]
        rows = execute(_AFTER, (*place, self._positions[place], limit))
        found = stored_rows(rows, topic, partition, shard, limit_bytes)
        rows.close()
        if found:
            self._positions[place] = found[-1].offset
        return found


def stored_rows(rows: Iterable[_Row], topic: str, partition: int, shard: str, limit_bytes: int | None = None) -> list[Stored]:
    """What rows hold, and no further one once the payloads have so many bytes. It was checked when it was appended, so it is not again.

    A busy log is read here row by row, so headers that are written alike, as those of all readings are, are decoded once and shared.
    """
    found: list[Stored] = []
    decoded: dict[str, dict[str, str]] = {}
    left = inf if limit_bytes is None else limit_bytes
    for offset, id_, kind, received, written, payload in rows:
        headers = decoded.get(written)
        if headers is None:
            headers = decoded[written] = _HEADERS.decode(written)
        found.append(Stored(Record(topic, shard, kind, id_, received, payload, headers), partition, offset))
        left -= len(payload)
        if left <= 0:
            break
    return found
