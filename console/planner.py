"""Asks the processes that judge moves, waits a moment for them, and says honestly how far they are if they are not done."""

import tempfile
import time
from collections.abc import Callable, Sequence
from concurrent.futures import Future, ProcessPoolExecutor, TimeoutError
from concurrent.futures.process import BrokenProcessPool
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path
from threading import Lock
from typing import Any

from console import planner_worker
from console.planner_histories import Source
from console.planner_worker import Moved, Point, Prepared, Question, Refused
from schemas.country_files import LoadedCountry

PATIENCE_S = 5.0
"""Seconds that a page waits for an answer before it says that it is being made."""
GIVEN_UP_S = 1800.0
"""Seconds after which an answer is no longer waited for."""
_KEPT = 256
_WAITING = 6
"""Moves that may wait for each other; who comes then is told to come again."""
Key = tuple[object, ...]


@dataclass(frozen=True)
class Preparing:
    """An answer that is being made, for so many seconds."""

    what: str
    seconds: float


@dataclass(frozen=True)
class Curve:
    """The points of a trade-off that are judged, of so many."""

    points: tuple[Point, ...]
    of: int

    @property
    def whole(self) -> bool:
        """Whether none is missing."""
        return len(self.points) == self.of


class Planner:
    """Moves of a country's thresholds over its histories.

    One process judges moves, another the trade-offs, so that nobody waits for a curve. Both begin when they are first asked, and end with
    this one. Several threads may ask.

    Args:
        sources: what can be chosen, the first by default. patience_s: how long an answer is waited for.
    """

    def __init__(self, country: LoadedCountry, sources: Sequence[Source], patience_s: float = PATIENCE_S) -> None:
        self.country, self.sources, self._patience_s = country, tuple(sources), patience_s
        self._kept: tempfile.TemporaryDirectory[str] | None = None
        self._pools: dict[str, ProcessPoolExecutor] = {}
        self._futures: dict[Key, tuple[float, Future[Any]]] = {}
        self._drawn: Key = ()
        self._lock = Lock()

    def prepared(self, source: Source) -> Prepared | Preparing | Refused:
        """What a history holds; the first who asks has it read."""
        answer: Prepared | Preparing | Refused = self._asked(("prepare", source.name), "moves", planner_worker.prepare, source)
        return answer

    def moved(self, question: Question) -> Moved | Preparing | Refused:
        """What a move makes of the rule, beside today's."""
        answer: Moved | Preparing | Refused = self._asked(("move", question), "moves", planner_worker.move, question)
        return answer

    def exported(self, question: Question, today: str) -> bytes | Preparing | Refused:
        """The move as a change that can be reviewed."""
        key = ("export", question, today)
        answer: bytes | Preparing | Refused = self._asked(key, "moves", planner_worker.export, question, today)
        return answer

    def curve(self, question: Question, values: Sequence[float]) -> Curve | Refused:
        """The trade-off of a level, as far as it is judged. Who asks for another lets go of what the last one still wanted."""
        about = ("point", question.history, question.rule, question.since, question.until, question.level)
        with self._lock:
            if about != self._drawn:
                self._drawn = about
                for key in [k for k, (_, future) in self._futures.items() if k[0] == "point" and k[:6] != about and future.cancel()]:
                    del self._futures[key]
        found = []
        for value in values:
            answer = self._asked((*about, value), "curves", planner_worker.point, question, value, patience_s=0.0)
            if isinstance(answer, Refused):
                return answer
            if isinstance(answer, Point):
                found.append(answer)
        return Curve(tuple(found), len(values))

    def close(self) -> None:
        """End the processes, whatever they are at."""
        with self._lock:
            pools, self._pools = list(self._pools.values()), {}
        for pool in pools:
            _end(pool)
        if self._kept is not None:
            self._kept.cleanup()
            self._kept = None

    def _asked(self, key: Key, pool: str, work: Callable[..., Any], *args: object, patience_s: float | None = None) -> Any:
        with self._lock:
            if key not in self._futures:
                waiting = sum(k[0] != "point" and not future.done() for k, (_, future) in self._futures.items())
                if pool == "moves" and waiting >= _WAITING:
                    return Refused("So many others ask at this moment that no move can be judged now.", "Load the page again in a minute.")
                self._forget()
                self._futures[key] = time.monotonic(), self._submitted(pool, work, *args)
            begun, future = self._futures[key]
        try:
            return future.result(self._patience_s if patience_s is None else patience_s)
        except TimeoutError:
            taken = time.monotonic() - begun
            return self._given_up(key, pool) if taken > GIVEN_UP_S else Preparing(str(key[0]), taken)
        except BrokenProcessPool:
            with self._lock:
                self._lost(pool)
            return Refused("What judges the years has ended by itself; it may have had too little memory.", "Load the page again.")

    def _given_up(self, key: Key, pool: str) -> Refused:
        """End what takes longer than anybody waits; another question finds a process that is free."""
        with self._lock:
            _end(self._pools.get(pool))
            self._lost(pool)
            self._futures.pop(key, None)
        what = f"It was not judged within {GIVEN_UP_S / 60:.0f} minutes, and was given up."
        return Refused(what, "Choose a shorter period, or run `polyrisk backtest` with --sweep.")

    def _submitted(self, pool: str, work: Callable[..., Any], *args: object) -> Future[Any]:
        """The work begun; a process that has ended since it was last asked is replaced."""
        try:
            return self._pool(pool).submit(work, *args)
        except BrokenProcessPool:
            self._lost(pool)
            return self._pool(pool).submit(work, *args)

    def _lost(self, pool: str) -> None:
        """Let go of a process that has ended, and of what it was asked: the next who asks begins anew."""
        gone = self._pools.pop(pool, None)
        if gone is not None:
            gone.shutdown(wait=False)
        self._futures = {key: one for key, one in self._futures.items() if not _failed(one[1])}

    def _forget(self) -> None:
        """Let go of the oldest answers, but for what is known of histories."""
        done = [key for key, (_, future) in self._futures.items() if key[0] != "prepare" and future.done()]
        for key in done[: max(len(self._futures) - _KEPT, 0)]:
            del self._futures[key]

    def _pool(self, name: str) -> ProcessPoolExecutor:
        if self._kept is None:
            self._kept = tempfile.TemporaryDirectory(prefix="planner-")
        if name not in self._pools:
            # Not forked: this process has threads, and a lock that one of them holds would be held for ever in the other.
            self._pools[name] = ProcessPoolExecutor(
                1,
                mp_context=get_context("spawn"),
                initializer=planner_worker.begin,
                initargs=(self.country.folder, Path(self._kept.name)),
            )
        return self._pools[name]


def _end(pool: ProcessPoolExecutor | None) -> None:
    """End a pool's process in the middle of its work: a run over years is not waited for."""
    if pool is not None:
        processes = list((pool._processes or {}).values())
        pool.shutdown(wait=False, cancel_futures=True)
        for process in processes:
            process.terminate()


def _failed(future: Future[Any]) -> bool:
    return future.done() and not future.cancelled() and future.exception() is not None
