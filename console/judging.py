"""The engine's own judgement as of a moment, made again from the log: what every threshold stood at, also where nothing changed.

The topics of outputs only carry changes. That a district is known to be calm is said nowhere but in the engine's state, and calm is
exactly what a page must not guess.
"""

import logging
import time
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import takewhile
from pathlib import Path
from shutil import rmtree
from tempfile import mkdtemp
from threading import Event, Lock, Thread
from weakref import finalize

from console.kept_states import KeptStates
from eventlog.log import NOTHING, EventLog
from processors.engine import ENGINE_VERSION, State, from_bytes, initial
from processors.garbage import give_back
from processors.taking import Engine, take
from schemas.errors import PolyriskError
from schemas.topics import INPUT

_LOGGER = logging.getLogger(__name__)
_ENGINE = Engine()
_EVERY = 100
"""Records that are read at a time, and after which a state may be kept as a file."""
_GIVES_WAY = 3.0
"""Times that a long replay to an old moment rests for each second it works: one who looks at last month must not hold up those on duty."""
_SHORT_S = 2.0
"""Seconds of processor time up to which a replay is short."""
_NEAR = timedelta(minutes=10)
"""From a state so near there is less to step than one that was kept takes to be read."""
_LATELY = timedelta(days=1)
"""Of so long ago a state is made ready at the start: it is what most who look back, or were here yesterday, ask for."""


@dataclass(frozen=True)
class Checkpoint:
    """A state with the record it stands for.

    Attributes:
        received: the greatest so far; none before the first record.
    """

    offset: int
    received: datetime | None
    state: State

    def is_by(self, at: datetime) -> bool:
        """Whether nothing in it was received after a moment."""
        return self.received is None or self.received <= at


@dataclass
class _Job:
    """A replay to a moment that is under way. `came_to` is how far it is."""

    done: Event = field(default_factory=Event)
    came_to: datetime | None = None
    state: State | None = None
    error: Exception | None = None


class Judge:
    """Steps the engine along a shard's input, mute, to any moment that is asked for. Several threads may use one.

    It begins at the nearest state before the moment: one that is at hand, the processors' snapshot, or one that was kept as a file when
    time, or a replay, came by there; else at the first record. That may take long, so nobody has to wait for it: it goes on by itself, and
    the next who asks finds it done. The newest moment never waits for an old one.

    Args:
        kept: the folder of the states of earlier moments; without one they last as long as this.
    """

    def __init__(self, log: EventLog, shard: str, group: str = "processors", kept: Path | None = None) -> None:
        self._log, self._shard, self._group = log, shard, group
        if kept is None:
            kept = Path(mkdtemp(prefix="polyrisk-states-"))
            finalize(self, rmtree, kept, ignore_errors=True)
        self._states = KeptStates(kept, log, shard)
        self._newest: Checkpoint | None = None
        self._jobs: dict[datetime, _Job] = {}
        self._lock = Lock()
        self._lanes = {"new": Lock(), "old": Lock()}

    def make_ready(self, newest: datetime) -> None:
        """See to it that a state of lately is kept, once the newest is judged. Where there is none the log is lived through, giving way."""
        if self._states.wants(newest - _LATELY):
            self.state(newest - _LATELY, 0.0)

    def state(self, at: datetime, patience_s: float | None) -> State | datetime | None:
        """The engine's state after the last record that was received at the moment or before.

        Args:
            patience_s: how long to wait for it; none waits until it is there.

        Returns:
            The state; if it is not there within `patience_s` seconds, how far the replay has come (none if it has not begun).

        Raises:
            LogError: the log cannot be read.
        """
        with self._lock:
            job = self._jobs.get(at)
            if job is None:
                job = self._jobs[at] = _Job()
                lane = self._lanes["old" if self._newest is not None and not self._newest.is_by(at) else "new"]
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
                give_back()
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
                received = _later(here.received, max(stored.record.received for stored in known))
                here = Checkpoint(known[-1].offset, received, state)
                job.came_to = received
                if self._states.wants(received):
                    self._states.keep(here.offset, received, state)
            if time.thread_time() - worked > _SHORT_S:
                time.sleep(rest * (time.monotonic() - begun))
            begun = time.monotonic()
            if len(known) < len(found):
                break
        self._hold(here)
        return here.state

    def _nearest(self, at: datetime) -> Checkpoint:
        newest = self._newest
        best = newest if newest is not None and newest.is_by(at) else Checkpoint(NOTHING, None, initial(self._shard))
        if best.received is not None and at - best.received < _NEAR:
            return best
        kept = self._states.nearest(at, best.offset)  # first: it is nearer than the processors' nearly always, and a state is large to read
        best = Checkpoint(*kept) if kept is not None else best
        return self._snapshot(at, best.offset) or best

    def _snapshot(self, at: datetime, after: int) -> Checkpoint | None:
        """The processors' own, if it stands for a greater offset and nothing that was received after the moment."""
        snapshot = self._log.load_snapshot(self._group, self._shard)
        if snapshot is None or snapshot.engine != ENGINE_VERSION or snapshot.at > at or snapshot.offset <= after:
            return None
        try:
            return Checkpoint(snapshot.offset, snapshot.at, from_bytes(snapshot.state))
        except (PolyriskError, LookupError, TypeError, ValueError) as error:
            # A snapshot is only a short cut; whatever is wrong with one that another version wrote, the log is the truth.
            _LOGGER.warning("the snapshot of %s is not used, the log is read from further back: %r", self._shard, error)
            return None

    def _hold(self, checkpoint: Checkpoint) -> None:
        """Have it at hand if it is the newest."""
        with self._lock:
            if self._newest is None or checkpoint.offset > self._newest.offset:
                self._newest = checkpoint


def _later(one: datetime | None, other: datetime) -> datetime:
    return other if one is None else max(one, other)
