"""The event log as everyone sees it: append, read, consumer groups, transactions, snapshots, retention.

Records are keyed by shard. A shard has one partition, numbered from 0 at its first record and the same on every topic, and a
partition of a topic is one order of rising offsets, the first at 0 or above. Offsets need not follow each other without a gap: Kafka
numbers the ends of its transactions too. What stands behind it is a home, chosen by the URL's scheme: a module of that name in
`eventlog/homes/` with `open_home(url) -> EventLog`.
"""

import importlib
import pkgutil
from collections.abc import Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from eventlog import homes
from schemas.errors import ConfigurationError
from schemas.records import Record, Stored

SESSION_S = 30.0
"""Seconds without a poll after which a member is taken for dead and may be replaced."""
NOTHING = -1
"""The offset before the first: nothing read, nothing committed."""


@dataclass(frozen=True)
class Snapshot:
    """A processor's state with the offset it stands for.

    Attributes:
        offset: the last record of the shard's input that the state has taken in.
        engine: the version of the code that made it. at: the shard's own now, UTC.
    """

    group: str
    shard: str
    offset: int
    engine: str
    at: datetime
    state: bytes


@dataclass(frozen=True)
class Extent:
    """How far a log reaches at a moment, and how far its groups have come; places are (topic, shard).

    Attributes:
        ends: the offset of the last record of each place that has one, or a later one without a record.
        committed: by group, the offset of the last record it has committed. It is never ahead of `ends`.
    """

    ends: Mapping[tuple[str, str], int]
    committed: Mapping[str, Mapping[tuple[str, str], int]]


class Consumer(Protocol):
    """A member of a consumer group. The group's members share its shards; each shard has one holder at a time."""

    def poll(self, limit: int = 500, timeout_s: float = 0.0, *, limit_bytes: int | None = None) -> list[Stored]:
        """The next records of the shards held, each shard's in its order, beginning after what the group has committed.

        Waits up to `timeout_s` for the first. Polling is what keeps a member alive.

        Args:
            limit_bytes: no further record once the payloads have this many bytes, so that the last one may pass it.

        Raises:
            FencedError: the member was replaced; it must stop, and open a new consumer if it wants to go on.
        """
        ...

    def shards(self) -> tuple[str, ...]:
        """The shards held at the last poll, by name."""
        ...

    def assigned(self) -> Mapping[str, int]:
        """The shards held at the last poll, each with a number that is another one whenever the shard was given to this member anew.

        While the number stays, nobody else can have committed for the shard since the poll that showed it first.
        """
        ...

    def rewind(self) -> None:
        """Poll again from what is committed. A transaction that fails does this by itself."""
        ...

    def close(self) -> None:
        """Leave the group at once, so that others need not wait for the session to run out."""
        ...


class Transaction(Protocol):
    """Outputs and input offsets that become visible together, or not at all."""

    def append(self, records: Sequence[Record]) -> None:
        """Append when the transaction ends well. An id already in the shard's partition of the topic is not appended again."""
        ...

    def commit(self, stored: Sequence[Stored]) -> None:
        """These records, and those before them in their shard, are done when the transaction ends well."""
        ...


class EventLog(Protocol):
    """A log in one home. One instance may be used by several threads; each process opens its own."""

    def append(self, records: Sequence[Record]) -> list[Stored]:
        """Append all of them or none, and answer where they are.

        A record whose id is already in its shard's partition of its topic is not appended again: the stored one is answered. A home
        may know only the ids of the newest records of a partition, and then says how many.

        Raises:
            LogError: no such topic, or the log cannot be written.
        """
        ...

    def read(self, topic: str, *, after: int = NOTHING, shard: str | None = None, limit: int | None = None) -> list[Stored]:
        """Records with an offset greater than `after`, without a group; by partition, then offset."""
        ...

    def consumer(
        self, group: str, member: str, topics: Sequence[str], *, shard: str | None = None, session_s: float = SESSION_S
    ) -> Consumer:
        """Join a group.

        A member that joins under a name in use (by a member for the same shard, if it is for one) replaces its holder, which is fenced
        at its next poll or commit. So is one that has not polled for its session, once another member has taken its shards.

        Args:
            shard: hold this shard only; a second member for it stands by until the first is gone.
            session_s: seconds without a poll after which this member may be replaced.
        """
        ...

    def transaction(self, consumer: Consumer | None = None) -> AbstractContextManager[Transaction]:
        """A transaction; with a consumer, its input offsets are committed in it.

        Raises, at its end:
            FencedError: the consumer no longer holds a shard it commits. Nothing is appended and nothing committed.
            LogError: offsets are committed without a consumer, no such topic, or the log cannot be written.
        """
        ...

    def partition(self, shard: str) -> int | None:
        """The shard's partition; none before its first record."""
        ...

    def committed(self, group: str) -> dict[tuple[str, int], int]:
        """(topic, partition) to the offset of the last record the group has committed: `read(topic, after=...)` goes on there."""
        ...

    def extent(self) -> Extent:
        """How far it reaches, and how far each group that ever joined has come; what a group had committed by then is among it."""
        ...

    def lag(self, group: str) -> dict[str, int]:
        """Topic to the number of records the group has yet to commit; only topics the group has joined for.

        A home may count a large number roughly, but never 0 when a record waits, nor more than 0 when none does.
        """
        ...

    def save_snapshot(self, snapshot: Snapshot) -> None:
        """Keep it as the newest of its group and shard. One that stands for an earlier offset than the one kept is not kept."""
        ...

    def load_snapshot(self, group: str, shard: str) -> Snapshot | None:
        """The newest snapshot.

        Raises:
            LogError: it is damaged; says what to do.
        """
        ...

    def retain(self, topic: str, before: datetime) -> int:
        """Drop each partition's oldest records received before a moment, and answer how many.

        A record is kept, whatever its age, while a group of the topic has not committed it, or would need it after its last snapshot.
        Offsets are never used again; ids may be.
        """
        ...

    def close(self) -> None:
        """Let go of files and connections. Consumers of this instance end with it, without leaving their groups."""
        ...


def known_homes() -> tuple[str, ...]:
    """The URL schemes that a log can be opened with: the modules of `eventlog/homes/`."""
    return tuple(sorted(m.name for m in pkgutil.iter_modules(homes.__path__) if not m.name.startswith("_")))


def open_log(url: str) -> EventLog:
    """The log at a URL: `sqlite:///var/log.sqlite` (relative), `sqlite:////srv/log.sqlite` (absolute), `kafka://host:port/name`.

    Raises:
        ConfigurationError: no home has the URL's scheme.
        LogError: the log cannot be opened, or was written by a newer version.
    """
    scheme = url.partition(":")[0]
    if scheme not in known_homes():
        raise ConfigurationError(f"No home of the log is called `{scheme}`.", where=url, remedy=f"Known are {', '.join(known_homes())}.")
    log: EventLog = importlib.import_module(f"{homes.__name__}.{scheme}").open_home(url)
    return log
