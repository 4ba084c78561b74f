"""The loop around the step: poll, step, and write what is said together with how far the input was read, all or nothing.

The state lives in memory. After a crash it is made again from the last snapshot and the records up to what was committed, whose outputs
are already out and are not written again; the step is a function, so that is exact.
"""

import hashlib
import logging

from pydantic import ValidationError

from eventlog.log import NOTHING, EventLog, Snapshot
from processors import metrics
from processors.engine import ENGINE_VERSION, State, from_bytes, initial, step, to_bytes
from processors.timelines import BEGINNING, moment
from schemas.envelopes import output_record
from schemas.errors import PolyriskError
from schemas.observations import decode
from schemas.records import CompoundEvent, Heartbeat, Record, Stored, ThresholdBreach, received_of
from schemas.topics import INPUT

_LOGGER = logging.getLogger(__name__)


class Processor:
    """Judges one shard. One instance in one thread.

    Args:
        group, member: of the log's consumer group; a member of the same name that is still running is fenced.
        batch: how many records are taken in one transaction.
        snapshot_every: records between two snapshots.
    """

    def __init__(
        self,
        log: EventLog,
        shard: str,
        group: str = "processors",
        member: str = "processor",
        *,
        batch: int = 500,
        snapshot_every: int = 1000,
    ) -> None:
        self.log, self.shard, self.group = log, shard, group
        self.batch, self.snapshot_every = batch, snapshot_every
        self.consumer = log.consumer(group, member, [INPUT.name], shard=shard)
        self.state: State = initial(shard)
        self.offset = NOTHING
        self._snapshot_at = NOTHING
        self.unreadable: list[str] = []
        self.recover()

    def recover(self) -> None:
        """Make the state again as it was when the group last committed."""
        partition = self.log.partition(self.shard)
        committed = self.log.committed(self.group).get((INPUT.name, partition), NOTHING) if partition is not None else NOTHING
        self.state, self.offset = self._from_snapshot(committed)
        self._snapshot_at = self.offset
        while self.offset < committed:
            found = self.log.read(INPUT.name, after=self.offset, shard=self.shard, limit=min(self.batch, committed - self.offset))
            if not found:
                break
            for stored in found:
                if stored.offset <= committed:
                    self.state, _ = self._stepped(self.state, stored.record)
                self.offset = stored.offset

    def _from_snapshot(self, committed: int) -> tuple[State, int]:
        snapshot = self.log.load_snapshot(self.group, self.shard)
        if snapshot is None or snapshot.offset > committed:
            return initial(self.shard), NOTHING
        if snapshot.engine != ENGINE_VERSION:
            _LOGGER.warning("snapshot of %s was made by engine %s, this is %s", self.shard, snapshot.engine, ENGINE_VERSION)
        try:
            return from_bytes(snapshot.state), snapshot.offset
        except (PolyriskError, LookupError, TypeError, ValueError) as error:
            # A snapshot is only a short cut, and an older version may have written it otherwise; the log is the truth.
            _LOGGER.warning("snapshot of %s cannot be read, so all is replayed from the first record: %s", self.shard, error)
            return initial(self.shard), NOTHING

    def run_once(self, timeout_s: float = 0.0) -> int:
        """Take in what has come, and answer how many records that were.

        Raises:
            FencedError: another member holds the shard now; stop.
            LogError: the log cannot be read or written; nothing was taken in.
        """
        found = self.consumer.poll(self.batch, timeout_s)
        if not found:
            return 0
        if found[0].offset != self.offset + 1:
            self.recover()
        fresh = [stored for stored in found if stored.offset > self.offset]
        state = self.state
        outputs: list[Record] = []
        everything: list[ThresholdBreach | CompoundEvent] = []
        for stored in fresh:
            state, said = self._stepped(state, stored.record)
            everything.extend(said)
            outputs.extend(published(said, stored.record))
        with self.log.transaction(self.consumer) as transaction:
            transaction.append(outputs)
            transaction.commit(found)
        self.state, self.offset = state, found[-1].offset
        self._count(fresh, everything)
        if self.offset - self._snapshot_at >= self.snapshot_every:
            self.snapshot()
        return len(found)

    def run_until_idle(self) -> int:
        """Take in all there is, and answer how many records that were."""
        total = 0
        while taken := self.run_once():
            total += taken
        return total

    def snapshot(self) -> None:
        """Keep the state, so that a recovery need not begin at the first record."""
        if self.offset == NOTHING or self.state.now == BEGINNING:
            return
        at = moment(self.state.now)
        self.log.save_snapshot(Snapshot(self.group, self.shard, self.offset, ENGINE_VERSION, at, to_bytes(self.state)))
        self._snapshot_at = self.offset

    def close(self) -> None:
        """Keep the state and leave the group."""
        self.snapshot()
        self.consumer.close()

    def _stepped(self, state: State, record: Record) -> tuple[State, list[ThresholdBreach | CompoundEvent]]:
        """A step; a record that cannot be read is reported and left out, because the next one may carry a warning."""
        try:
            return step(state, record)
        except (PolyriskError, ValidationError, ValueError) as error:
            _LOGGER.warning("record %s of %s (%s) cannot be read and is left out: %s", record.id, self.shard, record.kind, error)
            metrics.UNREADABLE.labels(self.shard, record.kind).inc()
            self.unreadable.append(record.id)
            return state, []

    def _count(self, taken: list[Stored], said: list[ThresholdBreach | CompoundEvent]) -> None:
        for stored in taken:
            metrics.RECORDS.labels(self.shard, stored.record.kind).inc()
            if stored.record.id not in self.unreadable:
                _count_feed(stored.record)
        for output in said:
            if isinstance(output, ThresholdBreach):
                metrics.BREACHES.labels(self.shard, output.threshold, output.change.value).inc()
            else:
                metrics.EVENTS.labels(self.shard, output.rule, output.change.value).inc()
        metrics.LAG.labels(self.shard).set(self.log.lag(self.group).get(INPUT.name, 0))
        if self.state.now != BEGINNING:
            metrics.NOW.labels(self.shard).set(self.state.now / 1_000_000)


def _count_feed(record: Record) -> None:
    if record.kind == "observations":
        metrics.FEED_READINGS.labels(record.id.partition(":")[0]).inc(decode(record.payload).num_rows)
    elif record.kind == "heartbeat":
        heartbeat = Heartbeat.model_validate_json(record.payload)
        metrics.FEED_SUCCESS.labels(heartbeat.feed).set(heartbeat.received.timestamp())
        metrics.FEED_QUARANTINED.labels(heartbeat.feed).inc(heartbeat.quarantined if heartbeat.new else 0)


def published(said: list[ThresholdBreach | CompoundEvent], record: Record) -> list[Record]:
    """What a step said, as records whose ids are made of what they say and of the record that showed it."""
    shown_by = hashlib.sha256(record.id.encode()).hexdigest()[:12]
    return [output_record(o, ":".join((o.id, o.change.value, received_of(o.at), shown_by)), o.known) for o in said]
