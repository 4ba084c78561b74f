"""The work on one shard: its state in memory, and how it is made again from the log after a crash, a take-over or an upgrade.

The state is a short cut for the input up to an offset. It comes from the last snapshot of the same engine and the records after it up to
what the group has committed, taken in mute, for what they said is out already; the step is a function, so that is exact. Offsets are
only compared, never counted: they have gaps.
"""

import logging
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Literal

from eventlog.log import NOTHING, Consumer, EventLog, Snapshot
from processors import metrics
from processors.engine import State, from_bytes, initial, to_bytes
from processors.taking import Engine, Taken, letter_record, published, take
from processors.timelines import BEGINNING, micros, moment
from processors.upgrade import Content, Standing, difference, followed, rename
from schemas.envelopes import output_record, read_output
from schemas.errors import LogError, NewerVersionError
from schemas.outputs import DeadLetter, EngineChange
from schemas.records import Record, Stored
from schemas.topics import BREACHES, DEAD_LETTERS, ENGINES, EVENTS, INPUT

_LOGGER = logging.getLogger(__name__)
FIRST_ENGINE = "1"
"""The only version that judged before the log said which one does."""
_ALL = 2**63 - 1
"""No offset is greater."""
_SOON = 0.75
"""Once this share of the bound is reached, the state is kept as soon as nothing waits."""
_READ = 100
"""Records read at a time where nothing is polled, so that large deliveries do not fill the memory."""


@dataclass(frozen=True)
class ReplayBound:
    """What a restart has to take in again at most: a snapshot is made once one of these is reached, or a little before if nothing waits.

    Attributes:
        records, size: input records, and bytes of their payloads. A snapshot that is itself larger than `size` is not made before the
            input since the last one has as many bytes as it had, or snapshots would cost more than the work.
        elapsed: of the shard's own time.
    """

    records: int = 25_000
    size: int = 64 * 1024 * 1024
    elapsed: timedelta = timedelta(days=7)


@dataclass
class _Since:
    """What was taken in since the last snapshot, which had so many bytes and was made at that moment of the shard; else since the first."""

    records: int = 0
    size: int = 0
    at: int = BEGINNING
    snapshot_size: int = 0

    def add(self, found: Sequence[Stored]) -> None:
        if self.at == BEGINNING:
            self.at = found[0].record.received_microseconds
        self.records += len(found)
        self.size += sum([len(stored.record.payload) for stored in found])


@dataclass(frozen=True)
class Judged:
    """Records that were taken in and are not committed yet.

    Attributes:
        stored: at least one. state: after them. taken: number among them to what came of the record; of the others came nothing.
    """

    stored: Sequence[Stored]
    state: State
    taken: Mapping[int, Taken]


@dataclass(frozen=True)
class _Replay:
    """How the input up to an offset was taken in, mute."""

    state: State
    offset: int
    last: Stored | None = None
    said: dict[str, Standing] = field(default_factory=dict)
    letters: tuple[DeadLetter, ...] = ()


class ShardTask:
    """One shard as a processor holds it.

    Args:
        consumer: the member that holds the shard.
        breathe: called between the parts of a long replay, so that the member is not taken for dead.
        go_back: whether an engine older than the one that judged last may take over; what it judges otherwise goes out too.

    Attributes:
        state, offset: how the shard stands, and the last input record in it.
        unsure: whether a transaction failed, so that what is committed must be asked for before anything else is taken in.
        ahead: whether the state has taken in more than is committed. It is not kept then: a snapshot stands for what is committed.

    Raises:
        FencedError: another member holds the shard now.
        LogError: the log cannot be read, or what it no longer keeps would be needed.
        NewerVersionError: a newer engine has judged the shard.
    """

    def __init__(
        self,
        log: EventLog,
        consumer: Consumer,
        shard: str,
        group: str,
        engine: Engine,
        bound: ReplayBound,
        breathe: Callable[[], None],
        *,
        go_back: bool = False,
    ) -> None:
        self.log, self.consumer, self.shard, self.group = log, consumer, shard, group
        self.engine, self.bound, self._breathe, self._go_back = engine, bound, breathe, go_back
        self.state: State = initial(shard)
        self.offset = NOTHING
        self.unsure = self.ahead = False
        self._since = _Since()
        self._changes: list[EngineChange] = []
        self._first: EngineChange | None = None
        self.recover()

    def recover(self) -> None:
        """Make the state as it was when the group last committed; by another engine, if that one judged last."""
        self.unsure, self.ahead, self._first = False, False, None
        self._changes = self._engine_changes()
        committed = self._committed()
        before = self._changes[-1].engine if self._changes else FIRST_ENGINE
        if committed == NOTHING and self._changes:
            _LOGGER.warning(
                "where %s stood in %s is forgotten; all is judged anew, and only what was not said is said", self.group, self.shard
            )
            self._judge_anew(before, _ALL)
        elif committed == NOTHING or before == self.engine.version:
            self.state, self.offset = self._from_snapshot(committed)
            replay = self._replayed(self.state, self.offset, committed)
            self.state, self.offset = replay.state, replay.offset
        else:
            _LOGGER.warning("engine %s judges all of %s anew, for engine %s judged it before", self.engine.version, self.shard, before)
            self._judge_anew(before, committed)
        metrics.CONFIGURATION_REFUSED.labels(self.shard).set(self._refused_configuration())

    def follow(self) -> None:
        """See to it that the state stands for what is committed, whoever committed it."""
        committed = self._committed()
        if committed < self.offset or len(self._engine_changes()) != len(self._changes):
            self.recover()
            return
        replay = self._replayed(self.state, self.offset, committed)
        self.state, self.offset = replay.state, replay.offset
        self.unsure = self.ahead = False

    def judged(self, found: Sequence[Stored]) -> Judged | None:
        """What comes of records that follow the state; none if all are in it already."""
        fresh = [stored for stored in found if stored.offset > self.offset]
        if not fresh:
            return None
        return Judged(fresh, *take(self.engine, self.state, [stored.record for stored in fresh]))

    def first_outputs(self, found: Record) -> list[Record]:
        """What goes out once, with the first transaction of all: which engine judges the shard."""
        if self._changes:
            return []
        self._first = self._change(None, None, 0, {}, found.received, found.id if self.offset == NOTHING else self._oldest().id)
        return [_engine_record(self._first)]

    def is_silent(self, judged: Judged) -> bool:
        """Whether nothing goes out because of it, not even which engine judges the shard."""
        return bool(self._changes) and not judged.taken

    def accept(self, judged: Judged) -> None:
        """Go on from what was taken in."""
        if self._first is not None:
            self._changes, self._first = [self._first], None
        self.state, self.offset = judged.state, judged.stored[-1].offset
        self._since.add(judged.stored)

    def keep(self) -> None:
        """Keep the state if a restart would have too much to replay."""
        if self._due():
            self.snapshot()

    def rest(self) -> bool:
        """Nothing waits: keep the state now, if it would soon have to be kept while something does. Whether it was."""
        due = self._due(_SOON)
        if due:
            self.snapshot()
        return due

    def snapshot(self) -> None:
        """Keep the state, so that a recovery need not begin at the first record."""
        if self.offset == NOTHING or self.state.now == BEGINNING or self.ahead:
            return
        content = to_bytes(self.state)
        self.log.save_snapshot(Snapshot(self.group, self.shard, self.offset, self.engine.version, moment(self.state.now), content))
        self._since = _Since(at=self.state.now, snapshot_size=len(content))

    def _due(self, share: float = 1.0) -> bool:
        """Whether that share of the bound is reached."""
        since, bound = self._since, self.bound
        if self.state.now - since.at >= share * micros(bound.elapsed):
            return True
        return (since.records >= share * bound.records or since.size >= share * bound.size) and (
            since.snapshot_size <= bound.size or since.size >= since.snapshot_size
        )

    def _committed(self) -> int:
        partition = self.log.partition(self.shard)
        return self.log.committed(self.group).get((INPUT.name, partition), NOTHING) if partition is not None else NOTHING

    def _from_snapshot(self, committed: int) -> tuple[State, int]:
        """The newest state that was kept by this engine; else the beginning.

        Raises:
            LogError: there is none, and the log has no longer all that it would be made of.
        """
        self._since = _Since()
        snapshot = self._loaded()
        if snapshot is not None and snapshot.offset <= committed and snapshot.engine == self.engine.version:
            state = self._read(snapshot)
            if state is not None:
                self._since = _Since(at=state.now, snapshot_size=len(snapshot.state))
                return state, snapshot.offset
        if committed != NOTHING:
            self._check_beginning()
        return initial(self.shard), NOTHING

    def _loaded(self) -> Snapshot | None:
        try:
            return self.log.load_snapshot(self.group, self.shard)
        except NewerVersionError:
            raise
        except LogError as error:
            # If it is the log that cannot be read, the replay says so; a damaged file must not keep a shard unjudged until somebody comes.
            _LOGGER.warning("snapshot of %s cannot be read, so all is replayed from the first record: %s", self.shard, error)
            return None

    def _read(self, snapshot: Snapshot) -> State | None:
        try:
            return from_bytes(snapshot.state)
        except Exception as error:  # noqa: BLE001 - a snapshot is only a short cut, whatever is wrong with what another version wrote
            _LOGGER.warning("snapshot of %s cannot be read, so all is replayed from the first record: %r", self.shard, error)
            return None

    def _check_beginning(self) -> None:
        """Refuse to judge a shard whose first records are gone: without its configuration and its past it would look calm."""
        found = self.log.read(INPUT.name, shard=self.shard, limit=1)
        first = self._changes[0].first if self._changes else None
        if not found or (found[0].record.id != first if first is not None else found[0].offset > 0):
            raise LogError(
                f"The first records of {self.shard} are no longer in the log, and no snapshot that this version can read stands for them.",
                where=f"topic {INPUT.name}",
                remedy="Restore the snapshot, or start the version that wrote it.",
            )

    def _replayed(self, state: State, offset: int, upto: int, *, keep: bool = False) -> _Replay:
        """The input up to an offset, taken in mute; what the last change of engine renamed is renamed where it was.

        Reasons are not made for nobody, unless some record could not be taken in: that may have been for its reasons.

        Args:
            keep: also how all stands that was said.
        """
        reasons = keep or any(self._letters())
        renamed = self._changes[-1] if self._changes and not keep else None
        said: dict[str, Standing] = {}
        letters: list[DeadLetter] = []
        last = None
        for part in self._input(offset, upto, renamed.record if renamed is not None else None):
            state, taken = take(self.engine, state, [stored.record for stored in part], reasons=reasons)
            if keep:
                said = followed(said, (content for one in taken.values() for content in one.said))
                letters += [one.letter for one in taken.values() if one.letter is not None]
            offset, last = part[-1].offset, part[-1]
            if renamed is not None and last.record.id == renamed.record:
                state = rename(state, renamed.renamed)
            self._since.add(part)
            metrics.REPLAYED.labels(self.shard).inc(len(part))
        return _Replay(state, offset, last, said, tuple(letters))

    def _input(self, after: int, upto: int, cut_after: str | None) -> Iterator[list[Stored]]:
        """The input in parts, one of which ends with a record that is named."""
        while after < upto:
            found = [s for s in self.log.read(INPUT.name, after=after, shard=self.shard, limit=_READ) if s.offset <= upto]
            if not found:
                return
            cut = next((n for n, s in enumerate(found, 1) if s.record.id == cut_after), len(found))
            yield from (part for part in (found[:cut], found[cut:]) if part)
            after = found[-1].offset
            self._breathe()

    def _oldest(self) -> Record:
        """The oldest record of the input that the log still has.

        Raises:
            LogError: there is none.
        """
        found = self.log.read(INPUT.name, shard=self.shard, limit=1)
        if not found:
            raise LogError(f"The input of {self.shard} cannot be read.", where=f"topic {INPUT.name}")
        return found[0].record

    def _judge_anew(self, before: str, upto: int) -> None:
        """Judge all anew, say once what is judged otherwise, and go on from there; nothing new is taken in before that."""
        if _number(self.engine.version) < _number(before) and not self._go_back:
            raise NewerVersionError(
                f"{self.shard} is judged by engine {before}, and this one is {self.engine.version}.",
                where=f"group {self.group}",
                remedy="Start the newer version, or let the older one take over with --go-back.",
            )
        self._check_beginning()
        self._since = _Since()
        replay = self._replayed(initial(self.shard), NOTHING, upto, keep=True)
        if replay.last is None:
            raise LogError(f"What {self.shard} has committed cannot be read.", where=f"topic {INPUT.name}")
        last = replay.last.record
        why: Literal["", "engine"] = "engine" if before != self.engine.version else ""
        upgrade = difference(self._said(), replay.said, replay.state, self.engine.version, last.id, why)
        change = self._change(before, last.id, len(upgrade.said), upgrade.renamed, moment(replay.state.now), self._oldest().id)
        record = _engine_record(change)
        written = {letter.record for letter in self._letters()}
        letters = [letter_record(letter) for letter in replay.letters if letter.record not in written]
        with self.log.transaction(self.consumer) as transaction:
            transaction.append([*published(upgrade.said, record.id), *letters, record])
            transaction.commit([replay.last])  # once more, so that a member that no longer holds the shard says nothing
        self._changes.append(change)
        self.state, self.offset = rename(replay.state, upgrade.renamed), replay.offset
        self.snapshot()

    def _change(
        self, before: str | None, record: str | None, said: int, renamed: Mapping[str, str], at: datetime, first: str
    ) -> EngineChange:
        return EngineChange(
            shard=self.shard,
            group=self.group,
            number=len(self._changes),
            engine=self.engine.version,
            before=before,
            first=first,
            record=record,
            at=at,
            said=said,
            renamed=dict(renamed),
        )

    def _said(self) -> dict[str, Standing]:
        """How all stands by what was said so far."""
        standing: dict[str, Standing] = {}
        for topic in (BREACHES.name, EVENTS.name):
            standing = followed(standing, (c for s in self._all(topic) if isinstance(c := read_output(s.record), Content)))
        return standing

    def _all(self, topic: str) -> Iterator[Stored]:
        after = NOTHING
        while found := self.log.read(topic, after=after, shard=self.shard, limit=_READ):
            yield from found
            after = found[-1].offset
            self._breathe()

    def _engine_changes(self) -> list[EngineChange]:
        told = (read_output(stored.record) for stored in self._all(ENGINES.name))
        return [change for change in told if isinstance(change, EngineChange) and change.group == self.group]

    def _letters(self) -> Iterator[DeadLetter]:
        told = (read_output(stored.record) for stored in self._all(DEAD_LETTERS.name))
        return (letter for letter in told if isinstance(letter, DeadLetter))

    def _refused_configuration(self) -> bool:
        """Whether the newest configuration was refused: the one that stood then is still in force."""
        refused = [letter for letter in self._letters() if letter.record_kind == "configuration"]
        return bool(refused) and refused[-1].configuration == (self.state.plan.hash if self.state.plan is not None else None)


def _engine_record(change: EngineChange) -> Record:
    return output_record(change, f"engine:{change.group}:{change.number}:{change.engine}", change.at)


def _number(version: str) -> tuple[int, ...]:
    """A version to be compared with another."""
    return tuple(int(part) for part in version.split(".") if part.isdecimal())
