"""A processor's process with its CPU and memory watched, and whoever reads what is said."""

import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import closing
from pathlib import Path
from types import TracebackType
from typing import Self

import psutil

from benchmarks.compound.answers import answers
from benchmarks.compound.expected import Answer
from eventlog.log import open_log
from schemas.topics import EVENTS

CHECKOUT = Path(__file__).resolve().parent.parent.parent
MEGABYTE = 1024 * 1024
_LOOK_EVERY_S = 0.05
_END_WITHIN_S = 30.0


def cpu_s(process: psutil.Process) -> float:
    """User and system time of a process so far."""
    times = process.cpu_times()
    return float(times.user + times.system)


def _threads_cpu_s(pid: int) -> float:
    """The same of all threads that live, to the nanosecond: a short run takes few of the hundredths that the other counts in."""
    tasks = Path(f"/proc/{pid}/task")
    return sum(int((task / "schedstat").read_text("utf-8").split()[0]) for task in tasks.iterdir()) / 1e9


class Judging:
    """One processor, watched from its start.

    Attributes:
        rss: the most memory seen, in bytes. start_cpu: CPU seconds until its loop began, once it is ready.
    """

    def __init__(self, url: str, member: str, folder: Path, *more: str) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        self._ready = folder / f"{member}.ready"
        self._ready.unlink(missing_ok=True)
        command = [sys.executable, "-m", "benchmarks.compound.judging", url, member, str(self._ready), *more]
        self._said = (folder / f"{member}.log").open("w")
        self.started = time.time()
        self.process = subprocess.Popen(command, cwd=CHECKOUT, stdout=self._said, stderr=self._said)
        self._watched = psutil.Process(self.process.pid)
        self.rss, self.start_cpu, self._cpu, self._over = 0, 0.0, 0.0, False
        self._watcher = threading.Thread(target=self._watch, daemon=True)
        self._watcher.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.end()

    def ready(self) -> float | None:
        """When its loop began; none if it has not yet."""
        try:
            at, self.start_cpu = (float(word) for word in self._ready.read_text("utf-8").split())
        except (FileNotFoundError, ValueError):
            return None
        return at

    def await_ready(self, within_s: float = 300.0) -> float:
        """Wait until its loop begins.

        Raises:
            RuntimeError: it ended before, or took too long.
        """
        deadline = time.time() + within_s
        while (at := self.ready()) is None:
            if self.process.poll() is not None or time.time() > deadline:
                raise RuntimeError(f"The processor did not begin; see {self._said.name}.")
            time.sleep(0.01)
        return at

    def ended(self) -> str:
        """Why it ended by itself, as it said last; empty while it runs."""
        if self.process.poll() is None:
            return ""
        said = Path(self._said.name).read_text("utf-8").strip().splitlines()
        return f"a processor ended: {said[-1] if said else self.process.returncode}"

    def cpu(self) -> float:
        """CPU taken so far, in seconds; once it is over, all that was seen."""
        self._look()
        return self._cpu

    def kill(self) -> None:
        """End it as a power cut would."""
        self._over = True
        self.process.kill()
        self.process.wait()

    def end(self) -> None:
        """Ask it to end, and wait."""
        self._over = True
        if self.process.poll() is None:
            self.process.terminate()
            try:
                self.process.wait(_END_WITHIN_S)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()
        self._watcher.join()
        self._said.close()

    def _look(self) -> None:
        try:
            self._cpu = _threads_cpu_s(self.process.pid)
            self.rss = max(self.rss, self._watched.memory_info().rss)
        except (psutil.NoSuchProcess, FileNotFoundError, ProcessLookupError):
            self._over = True

    def _watch(self) -> None:
        while not self._over:
            self._look()
            time.sleep(_LOOK_EVERY_S)


class Listener:
    """Reads the events of a log as they become visible (committed ones alone), in a thread, for a `with` block.

    Attributes:
        seen: each alert, and when it could be read first. repeats: alerts that came again.
    """

    def __init__(self, url: str, expected: Iterable[Answer]) -> None:
        self.url = url
        self.seen: dict[Answer, float] = {}
        self.repeats = 0
        self._missing = set(expected)
        self.complete = threading.Event()
        self.last = time.time()
        self._over = threading.Event()
        self._joined = threading.Event()
        self.error: Exception | None = None
        self._thread = threading.Thread(target=self._run, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._joined.wait()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()

    def _run(self) -> None:
        try:
            with closing(open_log(self.url)) as log, closing(log.consumer("listeners", "listener", [EVENTS.name])) as consumer:
                places: set[tuple[int, int]] = set()
                self._joined.set()
                while not self._over.is_set():
                    found = consumer.poll(500, _LOOK_EVERY_S)
                    now = time.time()
                    for stored in found:
                        if (stored.partition, stored.offset) not in places:
                            places.add((stored.partition, stored.offset))
                            self._take(answers(stored.record.payload), now)
        except Exception as error:
            self.error = error
            raise
        finally:
            self._joined.set()

    def _take(self, alerts: list[Answer], now: float) -> None:
        for alert in alerts:
            if alert in self.seen:
                self.repeats += 1
                continue
            self.seen[alert] = self.last = now
            self._missing.discard(alert)
        if not self._missing:
            self.complete.set()
