"""The log in one SQLite file, as the fault laboratory starts and harms it."""

import resource
from collections.abc import Callable, Mapping
from pathlib import Path
from random import Random
from typing import Any

from wal_tail import tear


class Home:
    """A file in the run's folder: nothing of it runs by itself, but its disk can be full."""

    killable: Mapping[str, float] = {}
    pace = 1.0

    def __init__(self, folder: Path) -> None:
        self.file = folder / "log.db"
        self.url = f"sqlite:///{self.file}"

    @property
    def faults(self) -> Mapping[str, Callable[[Any, Random], str]]:
        """What can happen to this home alone: name to what does it."""
        return {"full disk": self.full_disk}

    def start(self) -> None:
        """Nothing has to run."""

    def stop(self) -> None:
        """Nothing runs."""

    def full_disk(self, laboratory: Any, chance: Random) -> str:
        """For some seconds no process can make any file longer than the log is now, or than a part of that: writing gives EFBIG.

        The kernel's limit of a process stands for the disk's, because it needs no rights and can be lifted.
        """
        wal = self.file.with_name(f"{self.file.name}-wal")
        size = wal.stat().st_size if wal.exists() else 0
        limit = int(size * chance.choice([1.0, 0.5, 0.0]))
        lasting = chance.uniform(0.3, 1.0)
        with laboratory.processes.excused():
            laboratory.processes.limit_files(limit)
            laboratory.run_for(lasting)
            laboratory.processes.limit_files(resource.RLIM_INFINITY)
        return f"no file longer than {limit} bytes for {lasting:.2f} s"

    def kill(self, laboratory: Any, down_s: float) -> None:
        """Nothing can be killed."""

    def tear(self, laboratory: Any, chance: Random) -> str:
        """While nobody has the log open: half of a transaction at the end of its write-ahead log."""
        return tear(self.file.with_name(f"{self.file.name}-wal"), chance)
