"""The engine's own judgement as of a moment, made again from the log: what every threshold stood at, also where nothing changed.

The topics of outputs only carry changes. That a district is known to be calm is said nowhere but in the engine's state, and calm is
exactly what a page must not guess.
"""

from dataclasses import dataclass
from datetime import datetime
from threading import Lock

from pydantic import ValidationError

from eventlog.log import NOTHING, EventLog
from processors.engine import ENGINE_VERSION, State, from_bytes, initial, step
from schemas.errors import PolyriskError
from schemas.records import Record
from schemas.topics import INPUT

_BATCH = 500
_EVERY = 250
_MOST = 96


@dataclass(frozen=True)
class Checkpoint:
    """A state with the record it stands for. States share what did not change, so a hundred cost little more than one.

    Attributes:
        received: the greatest so far; none before the first record.
    """

    offset: int
    received: datetime | None
    state: State


class Judge:
    """Steps the engine along a shard's input, mute, to any moment that is asked for. Several threads may use one.

    It begins at the processors' snapshot if that is not after the moment, else at the first record.
    """

    def __init__(self, log: EventLog, shard: str, group: str = "processors") -> None:
        self._log, self._shard, self._group = log, shard, group
        self._kept: list[Checkpoint] = []
        self._lock = Lock()

    def state(self, at: datetime) -> State:
        """The engine's state after the last record that was received at the moment or before.

        Raises:
            LogError: the log cannot be read.
        """
        with self._lock:
            here = self._nearest(at)
            while found := self._log.read(INPUT.name, after=here.offset, shard=self._shard, limit=_BATCH):
                for stored in found:
                    if stored.record.received > at:
                        self._keep(here)
                        return here.state
                    here = Checkpoint(stored.offset, _later(here.received, stored.record.received), _stepped(here.state, stored.record))
                    if stored.offset % _EVERY == 0:
                        self._keep(here)
            self._keep(here)
            return here.state

    def _nearest(self, at: datetime) -> Checkpoint:
        before = [c for c in self._kept if c.received is not None and c.received <= at]
        best = max(before, key=lambda c: c.offset, default=Checkpoint(NOTHING, None, initial(self._shard)))
        snapshot = self._log.load_snapshot(self._group, self._shard)
        if snapshot is None or snapshot.engine != ENGINE_VERSION or snapshot.at > at or snapshot.offset <= best.offset:
            return best
        return Checkpoint(snapshot.offset, snapshot.at, from_bytes(snapshot.state))

    def _keep(self, checkpoint: Checkpoint) -> None:
        if all(c.offset != checkpoint.offset for c in self._kept):
            self._kept = sorted([*self._kept, checkpoint], key=lambda c: c.offset)
        if len(self._kept) > _MOST:
            self._kept = [*self._kept[::2], self._kept[-1]] if len(self._kept) % 2 == 0 else self._kept[::2]


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)


def _stepped(state: State, record: Record) -> State:
    """A step; a record that cannot be read is left out, as the processor leaves it out, counts it and logs it."""
    try:
        return step(state, record)[0]
    except (PolyriskError, ValidationError, ValueError):
        return state
