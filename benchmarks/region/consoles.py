"""The consoles of seven installations, started as an operator starts them, and time that goes on beside them.

A console shows one country: seven countries are seven consoles, each with its own log, registry and accounts.
"""

import os
import re
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import TracebackType
from typing import Self

import httpx
import psutil

from alerts.officers import accounts, sessions
from alerts.officers.officer import ConsoleRole, Grant
from alerts.officers.sessions import Stage
from alerts.registry import open_registry
from benchmarks.compound.watching import CHECKOUT
from benchmarks.region.countries import Size
from benchmarks.region.sky import Sky
from eventlog.log import open_log
from eventlog.state import log_url
from feeds.clock import FileClock
from processors.loop import Processor
from schemas.envelopes import input_record
from schemas.inputs import Tick

_UP_WITHIN_S = 600.0
_SAYS_WHERE = re.compile(r"console at (http://\S+)")
_UNJUDGED = "is being judged again"
MINUTE_S = 10.0
"""Seconds in which a minute passes beside the consoles, six times as fast as it does: with each, all that was shown is made anew."""
_BROUGHT_AT = 4
"""The minute of an hour in which rivers are known."""


@dataclass(frozen=True)
class Started:
    """How long a start took, in seconds.

    Attributes:
        said_s: until any page came, be it one that says how far the log is read. first_page_s: until one came that shows what stands.
        judged_s: until one came on which every district is judged.
    """

    said_s: float
    first_page_s: float
    judged_s: float


class Console:
    """One console's process."""

    def __init__(self, root: Path, size: Size) -> None:
        self.size, self.state = size, root / "state" / size.folder
        environment = os.environ | {"POLYRISK_COUNTRIES": str(root / "countries")}
        command = [sys.executable, "-m", "polyrisk", "run", "console", "--state", str(self.state), "--country", size.folder, "--port", "0"]
        self._begun = time.monotonic()
        self._process = subprocess.Popen(
            command, cwd=CHECKOUT, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.watched = psutil.Process(self._process.pid)
        self.address = self._where()

    def _where(self) -> str:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            if found := _SAYS_WHERE.search(line):
                threading.Thread(target=self._process.stdout.read, daemon=True).start()
                return found[1]
        raise RuntimeError(f"the console of {self.size.name} ended before it listened")

    def started(self, cookie: str) -> Started:
        """Ask for the first page until every district on it is judged."""
        said = first = None
        with httpx.Client(base_url=self.address, cookies={"polyrisk": cookie}, timeout=_UP_WITHIN_S) as client:
            while time.monotonic() - self._begun < _UP_WITHIN_S:
                try:
                    page = client.get("/")
                except httpx.ConnectError:
                    time.sleep(0.05)
                    continue
                now = time.monotonic() - self._begun
                said = now if said is None else said
                if page.status_code == 503 and "retry-after" in page.headers:
                    continue
                page.raise_for_status()
                first = now if first is None else first
                if _UNJUDGED not in page.text:
                    return Started(said, first, now)
        raise RuntimeError(f"the console of {self.size.name} does not judge")

    def memory_mb(self) -> tuple[float, float]:
        """Resident and proportional set size."""
        taken = self.watched.memory_full_info()
        return taken.rss / 2**20, taken.pss / 2**20

    def cpu_s(self) -> float:
        """User and system time so far."""
        times = self.watched.cpu_times()
        return float(times.user + times.system)

    def end(self) -> None:
        """Ask it to end, and wait."""
        self._process.terminate()
        self._process.wait(30)


@contextmanager
def ended(consoles: Sequence[Console]) -> Iterator[None]:
    """End them whatever happens."""
    try:
        yield
    finally:
        for console in consoles:
            console.end()


def signed_in(root: Path, size: Size, people: int) -> list[str]:
    """Cookies of so many officers who have signed in; the roles are dealt in turn."""
    now = datetime.now(UTC)
    roles = [(ConsoleRole.APPROVER, "duty_officer"), (ConsoleRole.APPROVER, "director"), (ConsoleRole.OPERATOR, "duty_officer")]
    found = []
    with closing(open_registry(root / "state" / size.folder)) as registry, registry.acting() as connection:
        for number in range(people):
            name, (role, duty) = f"officer{number:03d}", roles[number % len(roles)]
            made = accounts.find(connection, name) or accounts.add(connection, name, f"Officer {number}", "benchmark", now)
            made = made if made.grants else accounts.grant(connection, made, Grant(role, "LKA", duty), "benchmark", now)
            accounts.keep_password(connection, made.id, "a hash")
            accounts.note_set_up(connection, made.id, now)
            found.append(sessions.begin(connection, made.id, Stage.FULL, now))
    return found


class Time:
    """Goes on in a thread: clocks, ticks, deliveries, and what the processors say of them."""

    def __init__(self, root: Path, sizes: Sequence[Size], days: int) -> None:
        self._stack, self._over = ExitStack(), threading.Event()
        self._places = []
        for size in sizes:
            state, shard = root / "state" / size.folder, size.folder.upper()
            log = self._stack.enter_context(closing(open_log(log_url(state))))
            processor = self._stack.enter_context(closing(Processor(log, shard)))
            self._places.append((log, processor, shard, FileClock(state / "clock"), Sky(size, shard, days)))
        self._thread = threading.Thread(target=self._go_on, name="time")

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._over.set()
        self._thread.join()
        self._stack.close()

    def _go_on(self) -> None:
        minute = 0
        now = max(clock.now() for _, _, _, clock, _ in self._places)
        while not self._over.wait(MINUTE_S):
            minute += 1
            at = now + minute * timedelta(minutes=1)
            for log, processor, shard, clock, sky in self._places:
                brought = [*sky.hour(at.replace(minute=0))] if at.minute == _BROUGHT_AT else []
                log.append([*brought, input_record(shard, Tick(at=at))])
                processor.run_until_idle()
                clock.set(at)
