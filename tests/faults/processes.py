"""The processes of a run: started, killed, stopped, watched. One that ends by itself is a finding, unless a fault explains it."""

import os
import resource
import signal
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nursery import Nursery

AGAIN_S = 0.1
"""After which a process that ended by itself is started again, as a service manager does."""
ENDS_WITHIN_S = 10.0
LINES_SHOWN = 4
EXCUSED_AFTER_S = 0.5
"""A process may notice a fault this long after it is over."""


@dataclass
class Process:
    """One part of the product.

    Attributes:
        role: what it does, with which settings. pid: none while it is down. due: when it is to be started again.
        output: what the present or last process of this part prints.
    """

    role: str
    settings: dict[str, Any]
    pid: int | None = None
    due: float = 0.0
    output: Path = Path(os.devnull)

    def said(self) -> str:
        """What it has printed so far."""
        return self.output.read_text(encoding="utf-8", errors="replace")


@dataclass
class Processes:
    """All of them, by name.

    Attributes:
        kills: by name. findings: what ended by itself and may not. started: how many processes there were.
        excused_ends: how many ended by themselves while a fault explained it.
    """

    nursery: Nursery
    environment: Mapping[str, str]
    outputs: Path
    by_name: dict[str, Process] = field(default_factory=dict)
    kills: Counter[str] = field(default_factory=Counter)
    findings: list[str] = field(default_factory=list)
    started: int = 0
    excused_ends: int = 0
    _excused_until: float = 0.0
    _limit: int = resource.RLIM_INFINITY

    def add(self, name: str, role: str, **settings: object) -> None:
        """A process that is to run from now on."""
        self.by_name[name] = Process(role, dict(settings))
        self.start(name)

    def start(self, name: str) -> None:
        """Start it, with the limit of files that holds at present."""
        process = self.by_name[name]
        self.started += 1
        process.output = self.outputs / f"{self.started:05d}_{name}.txt"
        process.output.touch()
        process.pid = self.nursery.start(process.role, self.environment, process.settings, process.output)
        if self._limit != resource.RLIM_INFINITY:
            self._limit_one(process.pid)

    def kill(self, name: str, down_s: float = 0.0) -> None:
        """Kill -9, and start again after so long."""
        process = self.by_name[name]
        if process.pid is not None:
            os.kill(process.pid, signal.SIGKILL)
            self.await_end(process.pid)
            self.kills[name] += 1
        process.pid, process.due = None, time.monotonic() + down_s

    def remove(self, name: str) -> None:
        """Kill one that is not to run any more."""
        self.kill(name)
        del self.by_name[name]

    def end(self, name: str) -> None:
        """The run is over: told to end, as a service manager does, and not counted as a kill.

        A process that is killed while it commits may leave a transaction in an SQLite file that shows only after all others have ended.
        """
        process = self.by_name.pop(name)
        if process.pid is None:
            return
        os.kill(process.pid, signal.SIGTERM)
        deadline = time.monotonic() + ENDS_WITHIN_S
        while self.nursery.ended(process.pid) is None:
            if time.monotonic() > deadline:
                os.kill(process.pid, signal.SIGKILL)
                deadline = float("inf")
            time.sleep(0.002)

    def look(self) -> None:
        """Start what is due, and see what has ended by itself."""
        now = time.monotonic()
        for name, process in self.by_name.items():
            if process.pid is None:
                if process.due <= now:
                    self.start(name)
                continue
            code = self.nursery.ended(process.pid)
            if code is None:
                continue
            process.pid, process.due = None, now + AGAIN_S
            if now < self._excused_until:
                self.excused_ends += 1
            else:
                last = " | ".join(process.said().strip().splitlines()[-LINES_SHOWN:])
                self.findings.append(f"{name} ended by itself with code {code}: {last}")

    @contextmanager
    def excused(self, after_s: float = EXCUSED_AFTER_S) -> Iterator[None]:
        """While this lasts, and for some time after, a process may end by itself."""
        self._excused_until = float("inf")
        try:
            yield
        finally:
            self._excused_until = time.monotonic() + after_s

    def limit_files(self, limit: int) -> None:
        """No file of any process may grow beyond so many bytes."""
        self._limit = limit
        for process in self.by_name.values():
            if process.pid is not None:
                self._limit_one(process.pid)

    def await_end(self, pid: int) -> int:
        """The exit code of a process that is about to end."""
        while (code := self.nursery.ended(pid)) is None:
            time.sleep(0.002)
        return code

    def _limit_one(self, pid: int) -> None:
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (self._limit, resource.RLIM_INFINITY))
