"""The engine's own judgement as of a moment, made again from the log: what every threshold stood at, also where nothing changed.

The topics of outputs only carry changes. That a district is known to be calm is said nowhere but in the engine's state, and calm is
exactly what a page must not guess.
"""

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from threading import Event, Lock, Thread

from eventlog.log import NOTHING, EventLog
from processors.engine import ENGINE_VERSION, State, from_bytes, initial
from processors.taking import Engine, take
from schemas.errors import PolyriskError
from schemas.topics import INPUT

_LOGGER = logging.getLogger(__name__)
_ENGINE = Engine()
_EVERY = 100
"""Records that are read at a time, and after which a state is kept."""
_MOST = 60
"""States that are kept. Of more every other one is let go of, so that the nearest is never far."""
_GIVES_WAY = 3.0
"""Times that a long replay to an old moment rests for each second it works: one who looks at last month must not hold up those on duty."""
_SHORT_S = 2.0
"""Seconds of processor time up to which a replay is short."""
_NEAR = timedelta(minutes=10)
"""From a state so near there is less to step than a snapshot takes to be read."""


@dataclass(frozen=True)
class Checkpoint:
    """A state with the record it stands for. States share what did not change, so a hundred cost little more than one.

    Attributes:
        received: the greatest so far; none before the first record.
    """

    offset: int
    received: datetime | None
    state: State


@dataclass
class _Job:
    """A replay to a moment that is under way. `came_to` is how far it is."""

    done: Event = field(default_factory=Event)
    came_to: datetime | None = None
    state: State | None = None
    error: Exception | None = None


class Judge:
    """Steps the engine along a shard's input, mute, to any moment that is asked for. Several threads may use one.

    It begins at the nearest moment it was asked for before, or at the processors' snapshot if that is not after the moment, else at the
    first record. That may take long, so nobody has to wait for it: it goes on by itself, and the next who asks finds more of it done.
    The newest moment never waits for an old one.
    """

    def __init__(self, log: EventLog, shard: str, group: str = "processors") -> None:
        self._log, self._shard, self._group = log, shard, group
        self._kept: list[Checkpoint] = []
        self._jobs: dict[datetime, _Job] = {}
        self._lock = Lock()
        self._lanes = {"new": Lock(), "old": Lock()}

    def state(self, at: datetime, patience_s: float) -> State | datetime | None:
        """The engine's state after the last record that was received at the moment or before.

        Returns:
            The state; if it is not there within `patience_s` seconds, how far the replay has come (none if it has not begun).

        Raises:
            LogError: the log cannot be read.
        """
        with self._lock:
            job = self._jobs.get(at)
            if job is None:
                job = self._jobs[at] = _Job()
                lane = self._lanes["old" if any(c.received is not None and c.received > at for c in self._kept) else "new"]
                Thread(target=self._run, args=(job, at, lane), daemon=True, name="console-judge").start()
        if not job.done.wait(patience_s):
            return job.came_to
        if job.error is not None:
            raise job.error
        return job.state

    def _run(self, job: _Job, at: datetime, lane: Lock) -> None:
        with lane:
            try:
                job.state = self._replayed(job, at, _GIVES_WAY if lane is self._lanes["old"] else 0.0)
            except Exception as error:  # noqa: BLE001 - handed on to whoever asked, in their own thread
                job.error = error
            finally:
                with self._lock:
                    del self._jobs[at]
                job.done.set()

    def _replayed(self, job: _Job, at: datetime, rest: float) -> State:
        here = self._nearest(at)
        begun, worked = time.monotonic(), time.thread_time()
        while found := self._log.read(INPUT.name, after=here.offset, shard=self._shard, limit=_EVERY):
            known = list(takewhile(lambda stored: stored.record.received <= at, found))
            if known:
                # What cannot be taken in is left out, as the processor leaves it; why something was said nobody asks here.
                state, _ = take(_ENGINE, here.state, [stored.record for stored in known], reasons=False)
                received = max(stored.record.received for stored in known)
                here = Checkpoint(known[-1].offset, _later(here.received, received), state)
                job.came_to = here.received
                self._keep(here)
            if time.thread_time() - worked > _SHORT_S:
                time.sleep(rest * (time.monotonic() - begun))
            begun = time.monotonic()
            if len(known) < len(found):
                break
        return here.state

    def _nearest(self, at: datetime) -> Checkpoint:
        with self._lock:
            before = [c for c in self._kept if c.received is not None and c.received <= at]
        best = max(before, key=lambda c: c.offset, default=Checkpoint(NOTHING, None, initial(self._shard)))
        if best.received is not None and at - best.received < _NEAR:
            return best
        snapshot = self._log.load_snapshot(self._group, self._shard)
        if snapshot is None or snapshot.engine != ENGINE_VERSION or snapshot.at > at or snapshot.offset <= best.offset:
            return best
        try:
            found = Checkpoint(snapshot.offset, snapshot.at, from_bytes(snapshot.state))
        except (PolyriskError, LookupError, TypeError, ValueError) as error:
            # A snapshot is only a short cut; whatever is wrong with one that another version wrote, the log is the truth.
            _LOGGER.warning("the snapshot of %s is not used, the log is read from further back: %r", self._shard, error)
            return best
        self._keep(found)
        return found

    def _keep(self, checkpoint: Checkpoint) -> None:
        with self._lock:
            if checkpoint.received is not None and all(c.offset != checkpoint.offset for c in self._kept):
                self._kept = sorted([*self._kept, checkpoint], key=lambda c: c.offset)
            if len(self._kept) > _MOST:
                self._kept = [c for n, c in enumerate(self._kept) if n % 2 == 0 or c is self._kept[-1]]


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
