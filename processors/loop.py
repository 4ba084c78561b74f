"""The loop around the step: poll, step, and write what is said together with how far the input was read, all or nothing.

A processor judges one shard, or all that its group gives it. What it holds of each is a `ShardTask`, made again from the log whenever the
shard comes, also if it was away only for a while.
"""

import time
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import pyarrow as pa

from eventlog.log import NOTHING, SESSION_S, EventLog
from processors import metrics
from processors.engine import State
from processors.shard_task import Judged, ReplayBound, ShardTask
from processors.taking import Engine, Taken
from schemas.errors import FencedError, RefusedError
from schemas.inputs import Heartbeat
from schemas.outputs import ThresholdBreach
from schemas.records import Record, Stored
from schemas.topics import INPUT

INPUT_BYTES = 16 * 1024 * 1024
"""No further record is taken into a transaction once the payloads taken have this many bytes, so that a backlog cannot fill the memory."""
OUTPUT_RECORDS, OUTPUT_BYTES = 2_000, 32 * 1024 * 1024
"""Nor once this much is said because of them; a transaction is cut after whole input records only."""
_JUDGED_S = 0.005
"""Of several shards, what is judged is committed before more is judged once that has taken so long: about as long as a transaction does."""
BATCH = 5_000
"""Records that are taken in one transaction at most; a transaction costs as much as judging some hundreds that came one a reading."""
HOLD_S = 0.1
"""For so long a processor that runs for good leaves uncommitted what says nothing."""
_LAG_EVERY_S, _LAG_AT_LATEST_S = 1.0, 10.0
"""Between two looks at the lag while nothing waits, and while there is always something to judge."""
_BREATHS = 4
"""A member polls this often in its session while it replays."""
_MOST_FENCES = 3
"""Shards may move away between poll and commit now and then; a member whose commits are refused one after the other was replaced."""


class Processor:
    """Judges one shard, or all that the group gives it. One instance in one thread.

    Args:
        shard: the one to judge; none for as many as the group gives this member, which may come and go.
        group, member: of the log's consumer group; a member of the same name that is still running is fenced.
        batch: how many records are taken in one transaction at most.
        snapshot_every: records between two snapshots. bound: the same in bytes and in time.
        engine: the judgement. go_back: whether it may be older than the one that judged before.
        session_s: seconds of silence after which another member may take over.
        hold_s: for so long it may stay uncommitted that records were taken in of which nothing is said; the next transaction that has
            something to say, or the next quiet moment, commits it. A restart takes them in again, and still says nothing of them.
    """

    def __init__(
        self,
        log: EventLog,
        shard: str | None,
        group: str = "processors",
        member: str = "processor",
        *,
        batch: int = BATCH,
        snapshot_every: int | None = None,
        bound: ReplayBound | None = None,
        engine: Engine | None = None,
        go_back: bool = False,
        session_s: float = SESSION_S,
        hold_s: float = 0.0,
    ) -> None:
        self.log, self.shard, self.group, self.batch = log, shard, group, batch
        kept = bound or ReplayBound()
        self.bound = kept if snapshot_every is None else ReplayBound(snapshot_every, kept.size, kept.elapsed)
        self.engine = engine or Engine()
        self._go_back = go_back
        self.tasks: dict[str, ShardTask] = {}
        self._assigned: dict[str, int] = {}
        self._breathed, self._breath_s = time.monotonic(), session_s / _BREATHS
        self._lag_at = 0.0
        self._hold_s, self._held_since = hold_s, 0.0
        self._held: dict[str, Stored] = {}
        self._fenced = 0
        self.consumer = log.consumer(group, member, [INPUT.name], shard=shard, session_s=session_s)
        self._poll(0.0)
        self.consumer.rewind()

    @property
    def state(self) -> State:
        """How the one shard stands.

        Raises:
            RefusedError: it is not held, or has no record yet.
        """
        return self._only.state

    @property
    def offset(self) -> int:
        """The last input record in the state of the one shard.

        Raises:
            RefusedError: it is not held, or has no record yet.
        """
        return self._only.offset

    def run_once(self, timeout_s: float = 0.0) -> int:
        """Take in what has come, and answer how many records that were.

        Raises:
            FencedError: another member has replaced this one, or holds its one shard now; stop.
            LogError: the log cannot be read or written; nothing was taken in that was not committed.
            NewerVersionError: a newer version wrote the records, or judged the shard.
        """
        found = self._poll(timeout_s)
        if not found:
            self._rest()
            return 0
        with self._tolerant():
            self._take(found)
            self._fenced = 0
        self._measure_lag(_LAG_AT_LATEST_S)
        return len(found)

    def run_until_idle(self) -> int:
        """Take in all there is, and answer how many records that were."""
        total = 0
        while taken := self.run_once():
            total += taken
        return total

    def run_for(self, seconds: float) -> int:
        """Take in what comes during so many seconds, as soon as it comes, and answer how many records that were."""
        total, until = 0, time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            total += self.run_once(min(left, HOLD_S))
        return total

    def snapshot(self) -> None:
        """Keep each shard's state, so that a recovery need not begin at the first record."""
        self._commit({})
        for task in self.tasks.values():
            task.snapshot()

    def close(self) -> None:
        """Keep the states and leave the group."""
        try:
            with self._tolerant():
                self.snapshot()
        finally:
            self.consumer.close()

    @property
    def _only(self) -> ShardTask:
        task = self.tasks.get(self.shard) if self.shard is not None else None
        if task is None:
            raise RefusedError(f"This processor does not hold {self.shard or 'one shard alone'}.", remedy="Run it once, then ask again.")
        return task

    def _poll(self, timeout_s: float) -> list[Stored]:
        """The next records, with a state for each shard held that stands for all before them."""
        found = self._polled(timeout_s)
        while self._settle():
            # Making a state takes its time, and may poll to stay alive; what was polled before may be another's by now.
            self.consumer.rewind()
            found = self._polled(0.0)
        return found

    def _polled(self, timeout_s: float) -> list[Stored]:
        self._breathed = time.monotonic()
        return self.consumer.poll(self.batch, timeout_s, limit_bytes=INPUT_BYTES)

    def _settle(self) -> bool:
        """Let go of the shards that were lost and make the states of those that came; whether any did, or had to be looked at again."""
        assigned = dict(self.consumer.assigned())
        for shard in self.tasks.keys() - assigned.keys():
            metrics.let_go(shard)
        self.tasks = {shard: task for shard, task in self.tasks.items() if shard in assigned}
        came = [s for s, number in assigned.items() if s not in self.tasks or self.tasks[s].unsure or self._assigned.get(s) != number]
        for shard in came:
            with self._tolerant():
                self._make(shard)
        self._held = {shard: last for shard, last in self._held.items() if shard not in came and shard in assigned}
        self._assigned = assigned
        metrics.SHARDS.set(len(self.tasks))
        return bool(came)

    def _make(self, shard: str) -> None:
        task = self.tasks.pop(shard, None)
        if task is None:
            task = ShardTask(self.log, self.consumer, shard, self.group, self.engine, self.bound, self._breathe, go_back=self._go_back)
        else:
            task.follow()
        self.tasks[shard] = task
        metrics.held(shard, task.state)

    @contextmanager
    def _tolerant(self) -> Iterator[None]:
        """Of several shards one may move away between poll and commit; then it is let go of, and the next poll says what is held."""
        try:
            yield
        except FencedError:
            self._fenced += 1
            if self.shard is not None or self._fenced >= _MOST_FENCES:
                raise

    def _breathe(self) -> None:
        """Say that this member lives, if it is time."""
        if time.monotonic() - self._breathed > self._breath_s:
            self._breathed = time.monotonic()
            self.consumer.poll(1)
            self.consumer.rewind()

    def _take(self, found: Sequence[Stored]) -> None:
        """Judge the records of each shard in their order, and commit them with all that is said.

        One shard need not wait for the next: what is judged is committed before more is, once that has taken as long as a transaction does.
        In a backlog nobody waits for a single record, and fewer transactions are less work.
        """
        by_shard: dict[str, list[Stored]] = {}
        for stored in found:
            by_shard.setdefault(stored.record.shard, []).append(stored)
        backlog = len(found) >= self.batch
        judged: dict[str, Judged] = {}
        begun = time.monotonic()
        try:
            for shard, part in by_shard.items():
                if (one := self.tasks[shard].judged(part)) is not None:
                    judged[shard] = one
                if not backlog and time.monotonic() - begun >= _JUDGED_S:
                    self._commit_or_hold(judged)
                    judged, begun = {}, time.monotonic()
            self._commit_or_hold(judged)
        except BaseException:
            for shard in by_shard.keys() & self.tasks.keys():
                self.tasks[shard].unsure = True
            raise

    def _commit_or_hold(self, judged: Mapping[str, Judged]) -> None:
        """Commit what was judged, unless nothing is said of it and that can wait."""
        if not self._held:
            self._held_since = time.monotonic()
        silent = all(self.tasks[shard].is_silent(one) for shard, one in judged.items())
        if not silent or time.monotonic() - self._held_since >= self._hold_s:
            self._commit(judged)
            return
        for shard, one in judged.items():
            self.tasks[shard].accept(one)
            self.tasks[shard].ahead = True
            self._held[shard] = one.stored[-1]
            _count(shard, one)

    def _commit(self, judged: Mapping[str, Judged]) -> None:
        """Commit what was judged, and what was held."""
        held, self._held = self._held, {}
        try:
            for done, outputs in self._transactions(held, judged):
                with self.log.transaction(self.consumer) as transaction:
                    transaction.append(outputs)
                    transaction.commit(done)
        except BaseException:
            for shard in held.keys() & self.tasks.keys():
                self.tasks[shard].unsure = True
            raise
        for shard, one in judged.items():
            self.tasks[shard].accept(one)
            _count(shard, one)
        for shard in held.keys() | judged.keys():
            self.tasks[shard].ahead = False
            self.tasks[shard].keep()

    def _transactions(self, held: Mapping[str, Stored], judged: Mapping[str, Judged]) -> Iterator[tuple[list[Stored], list[Record]]]:
        """The last input record of each shard with all that is said because of it and those before it, in parts that are not too large."""
        done = dict(held)
        outputs: list[Record] = []
        size = 0
        for shard, found in judged.items():
            outputs += self.tasks[shard].first_outputs(found.stored[0].record)
            cut, last = NOTHING, len(found.stored) - 1
            for number, one in found.taken.items():
                made = one.outputs()
                outputs += made
                size += sum(len(record.payload) for record in made)
                if len(outputs) >= OUTPUT_RECORDS or size >= OUTPUT_BYTES:
                    yield [*done.values(), found.stored[number]], outputs
                    done, outputs, size, cut = {}, [], 0, number
            if cut != last:
                done[shard] = found.stored[last]
        if done:
            yield list(done.values()), outputs

    def _rest(self) -> None:
        """Nothing waits: do one of the things that would hold up what does."""
        if self._held:
            with self._tolerant():
                self._commit({})
        elif not any(task.rest() for task in self.tasks.values()):
            self._measure_lag(_LAG_EVERY_S)

    def _measure_lag(self, every_s: float) -> None:
        """Asked for now and then alone: it costs a question to the log."""
        if time.monotonic() - self._lag_at >= every_s:
            self._lag_at = time.monotonic()
            metrics.LAG.labels(self.group).set(self.log.lag(self.group).get(INPUT.name, 0))


def _count(shard: str, judged: Judged) -> None:
    """Count what was taken in and said, each metric once for all of it: to look a metric up costs more than to judge a reading."""
    records = [stored.record for stored in judged.stored]
    refused = {number for number, one in judged.taken.items() if one.letter is not None}
    for kind, count in Counter([record.kind for record in records]).items():
        metrics.RECORDS.labels(shard, kind).inc(count)
    for kind, count in Counter([records[number].kind for number in refused]).items():
        metrics.DEAD_LETTERS.labels(shard, kind).inc(count)
    accepted = [record for number, record in enumerate(records) if number not in refused] if refused else records
    readings = Counter([record.id.partition(":")[0] for record in accepted if record.kind == "reading"])
    others = [(number, record) for number, record in enumerate(records) if record.kind != "reading"]
    for number, record in others:
        if record.kind == "configuration":
            metrics.CONFIGURATION_REFUSED.labels(shard).set(number in refused)
        elif record.kind == "observations" and number not in refused:
            readings[_feed(record)] += pa.ipc.open_stream(record.payload).read_next_batch().num_rows
        elif record.kind == "heartbeat" and number not in refused:
            _count_heartbeat(shard, Heartbeat.model_validate_json(record.payload))
    for feed, count in readings.items():
        metrics.FEED_READINGS.labels(feed).inc(count)
    _count_said(shard, judged.taken.values())
    metrics.judged(shard, judged.state)


def _count_said(shard: str, taken: Iterable[Taken]) -> None:
    said = Counter((o.kind, o.threshold if isinstance(o, ThresholdBreach) else o.rule, o.change.value) for one in taken for o in one.said)
    for (kind, name, change), count in said.items():
        (metrics.BREACHES if kind == "breach" else metrics.EVENTS).labels(shard, name, change).inc(count)


def _feed(record: Record) -> str:
    return record.id.partition(":")[0]


def _count_heartbeat(shard: str, heartbeat: Heartbeat) -> None:
    metrics.heard(shard, heartbeat.feed, heartbeat.received.timestamp())
    metrics.FEED_QUARANTINED.labels(heartbeat.feed).inc(heartbeat.quarantined if heartbeat.new else 0)
