"""Consumer groups in the SQLite file: who is alive, who holds what, and who was replaced."""

import json
import sqlite3
import time
from collections.abc import Sequence

from eventlog.groups import share
from eventlog.homes._sqlite_file import writing
from schemas.errors import FencedError

_REFRESH = 4
"""A member says that it lives this many times in its session."""


class Membership:
    """One member's place in a group. Its methods are called by one thread at a time.

    Attributes:
        held: partition to the generation since which this member holds it.
    """

    def __init__(
        self, connection: sqlite3.Connection, group: str, member: str, topics: Sequence[str], shard: str | None, session_s: float
    ) -> None:
        self.group, self.member, self.topics = group, member, tuple(topics)
        self.held: dict[int, int] = {}
        self._connection, self._session_s, self._seen = connection, session_s, time.time()
        with writing(connection):
            self._joined = self._next_generation()
            connection.execute(
                "REPLACE INTO members VALUES (?, ?, ?, ?, ?, ?, ?)",
                (group, member, self._joined, json.dumps(self.topics), shard, session_s, self._seen),
            )
            connection.execute("UPDATE holders SET since = ? WHERE group_name = ? AND member = ?", (self._joined, group, member))
            connection.executemany("INSERT OR IGNORE INTO readers VALUES (?, ?)", [(group, topic) for topic in self.topics])
            self._share()

    def refresh(self) -> None:
        """Say that this member lives, see to it that the dead hold nothing, and learn what is held now.

        Raises:
            FencedError: this member was replaced.
        """
        now = time.time()
        self.check_alive()
        if now - self._seen > self._session_s / _REFRESH or self._stale(now):
            with writing(self._connection):
                self.check_alive()
                self._connection.execute("UPDATE members SET seen = ? WHERE group_name = ? AND member = ?", (now, self.group, self.member))
                if self._stale(now):
                    self._next_generation()
                    self._share()
            self._seen = now
        self.held = self._held_now()

    def check_alive(self) -> None:
        """Raises FencedError if another took this member's name, or its place after it fell silent."""
        row = self._connection.execute(
            "SELECT joined FROM members WHERE group_name = ? AND member = ?", (self.group, self.member)
        ).fetchone()
        if row is None or row[0] != self._joined:
            raise self._fenced("was replaced")

    def check_holds(self, partitions: set[int]) -> None:
        """Raises FencedError unless this member has held the partitions without a break since its last poll."""
        self.check_alive()
        now = self._held_now()
        if any(partition not in self.held or now.get(partition) != self.held[partition] for partition in partitions):
            raise self._fenced("no longer holds the shard it commits")

    def leave(self) -> None:
        """Give up what is held, unless this member was replaced already."""
        with writing(self._connection):
            gone = self._connection.execute(
                "DELETE FROM members WHERE group_name = ? AND member = ? AND joined = ?", (self.group, self.member, self._joined)
            )
            if gone.rowcount:
                self._next_generation()
                self._share()
        self.held = {}

    def _fenced(self, what: str) -> FencedError:
        return FencedError(
            f"The member `{self.member}` of the group `{self.group}` {what}.",
            remedy="It has committed nothing since; open a new consumer to go on.",
        )

    def _held_now(self) -> dict[int, int]:
        rows = self._connection.execute(
            "SELECT partition, since FROM holders WHERE group_name = ? AND member = ?", (self.group, self.member)
        )
        return dict(rows.fetchall())

    def _stale(self, now: float) -> bool:
        """Whether a shard is new or a member has fallen silent."""
        found = self._connection.execute(
            """SELECT (SELECT count(*) FROM shards) <> partitions
                OR EXISTS (SELECT 1 FROM members WHERE group_name = :group AND seen + session < :now AND member <> :member)
            FROM groups WHERE name = :group""",
            {"group": self.group, "now": now, "member": self.member},
        ).fetchone()
        return bool(found[0])

    def _next_generation(self) -> int:
        row = self._connection.execute(
            """INSERT INTO groups VALUES (?, 1, 0) ON CONFLICT (name) DO UPDATE SET generation = generation + 1
            RETURNING generation""",
            (self.group,),
        ).fetchone()
        return int(row[0])

    def _share(self) -> None:
        """Give out the partitions among the living, in the transaction that is open."""
        execute, group = self._connection.execute, self.group
        execute("DELETE FROM members WHERE group_name = ? AND seen + session < ? AND member <> ?", (group, time.time(), self.member))
        partitions = dict(execute("SELECT partition, shard FROM shards").fetchall())
        members = dict(execute("SELECT member, shard FROM members WHERE group_name = ? ORDER BY member", (group,)).fetchall())
        holders = dict(execute("SELECT partition, member FROM holders WHERE group_name = ?", (group,)).fetchall())
        shared = share(partitions, members, holders)
        generation = execute("SELECT generation FROM groups WHERE name = ?", (group,)).fetchone()[0]
        for partition in partitions:
            if shared.get(partition) != holders.get(partition):
                execute("DELETE FROM holders WHERE group_name = ? AND partition = ?", (group, partition))
                if partition in shared:
                    execute("INSERT INTO holders VALUES (?, ?, ?, ?)", (group, partition, shared[partition], generation))
        execute("UPDATE groups SET partitions = ? WHERE name = ?", (len(partitions), group))
