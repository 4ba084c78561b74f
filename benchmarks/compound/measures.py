"""What is measured of the product: readings a second, latency, restart and take-over."""

import os
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import psutil

from benchmarks.compound.columns import deliveries
from benchmarks.compound.expected import Answer, expected
from benchmarks.compound.homes import COLUMNS, Home, configure
from benchmarks.compound.judging import GROUP
from benchmarks.compound.readings import LATEST, VARIANTS, Readings, Variant, readings
from benchmarks.compound.singles import singles
from benchmarks.compound.watching import MEGABYTE, Judging, Listener, cpu_s
from benchmarks.compound.work import SHARDS
from eventlog.log import EventLog, open_log
from schemas.records import Record
from schemas.topics import INPUT

GRACE_S = 1.5
"""After the last alert that is due, for what is said twice or too much."""
QUIET_S = 5.0
"""With all input taken in and nothing said for so long, no more will come."""
RATE = 2_000
"""Readings a second where latency is measured."""
_TICK = 20
"""Single readings that are sent as one: 10 ms of them."""


@dataclass
class Run:
    """One run, as it is kept.

    Attributes:
        ok: the answer is the oracle's. readings_s: none unless it is. start_s: from the process's start until its loop began.
        cpu_s, broker_cpu_s: user and system, from the processes' start until the last alert. start_cpu_s: until their loops began.
        p50_ms, p99_ms: from just before the record that closes an alert's step is appended until the alert can be read.
        note: what went wrong, if anything did beside the answer.
    """

    column: str
    variant: str
    ok: bool
    missing: int
    wrong: int
    repeats: int
    readings: int
    seconds: float | None = None
    readings_s: float | None = None
    start_s: float | None = None
    cpu_s: float = 0.0
    start_cpu_s: float = 0.0
    broker_cpu_s: float | None = None
    rss_mb: float = 0.0
    p50_ms: float | None = None
    p99_ms: float | None = None
    note: str = ""
    latencies_ms: list[float] = field(default_factory=list)
    load: float = field(default_factory=lambda: os.getloadavg()[0])

    def as_json(self) -> dict[str, Any]:
        """JSON values."""
        return asdict(self)


@dataclass(frozen=True)
class Given:
    """A variant's readings and what they come to, made once."""

    name: str
    variant: Variant
    readings: Readings
    expected: frozenset[Answer]

    @classmethod
    def of(cls, name: str, variant: Variant | None = None) -> "Given":
        """Make them."""
        variant = variant or VARIANTS[name]
        made = readings(variant)
        return cls(name, variant, made, frozenset(expected(made)))


def throughput(column: str, home: Home, given: Given, form: str, processes: int, folder: Path, timeout_s: float = 900.0) -> Run:
    """All readings wait in the log; how fast the product's processors get through them."""
    run = f"r{time.time_ns()}"
    url = home.filled(run, given.name, given.readings, given.variant.areas, form)
    broker = psutil.Process(home.broker) if home.broker is not None else None
    broker_before = cpu_s(broker) if broker is not None else 0.0
    try:
        with Listener(url, given.expected) as listener, ExitStack() as stack:
            judging = [stack.enter_context(Judging(url, f"member{n}", folder / "said" / run)) for n in range(processes)]
            _await_end(url, listener, judging, timeout_s)
            cpu = sum(one.cpu() for one in judging)
            note = "; ".join(one.ended() for one in judging if one.ended())
            broker_cpu = cpu_s(broker) - broker_before if broker is not None else None
            time.sleep(GRACE_S)
            begun = min((at for one in judging if (at := one.ready()) is not None), default=None)
            rss = sum(one.rss for one in judging) / MEGABYTE
    finally:
        home.remove(run)
    found = _held_against(column, given, listener)
    found.note = note
    found.cpu_s, found.broker_cpu_s, found.rss_mb = round(cpu, 4), broker_cpu, round(rss)
    if begun is not None:
        found.start_s = round(begun - judging[0].started, 2)
        found.start_cpu_s = round(sum(one.start_cpu for one in judging), 4)
        found.seconds = round(listener.last - begun, 3)
        found.readings_s = round(len(given.readings) / found.seconds) if found.ok else None
    return found


def _await_end(url: str, listener: Listener, judging: list[Judging], timeout_s: float) -> None:
    """Until all alerts are there; or all is taken in and nothing more is said; or a processor has ended; or it takes too long."""
    deadline = time.time() + timeout_s
    with closing(open_log(url)) as log:
        while not listener.complete.wait(1.0) and time.time() < deadline and listener.error is None:
            if any(one.ended() for one in judging):
                return
            if time.time() - listener.last > QUIET_S and _taken_in(log):
                return


def _taken_in(log: EventLog) -> bool:
    return log.lag(GROUP).get(INPUT.name) == 0


def _held_against(column: str, given: Given, listener: Listener) -> Run:
    said = set(listener.seen)
    return Run(
        column=column,
        variant=given.name,
        ok=said == given.expected and not listener.repeats,
        missing=len(given.expected - said),
        wrong=len(said - given.expected),
        repeats=listener.repeats,
        readings=len(given.readings),
    )


def latency(column: str, home: Home, given: Given, form: str, folder: Path, processes: int = 1, timeout_s: float = 60.0) -> Run:
    """Readings come at `RATE`; how long from the record that closes a step until its alert can be read, with so many processors."""
    run = f"l{time.time_ns()}"
    url = home.url(run)
    configure(url, given.variant.areas)
    try:
        with Listener(url, given.expected) as listener, ExitStack() as stack:
            judging = [stack.enter_context(Judging(url, f"member{n}", folder / "said" / run)) for n in range(processes)]
            for one in judging:
                one.await_ready()
            time.sleep(2)
            sent = _paced(url, given.readings, form)
            listener.complete.wait(timeout_s)
            cpu, note = sum(one.cpu() for one in judging), "; ".join(one.ended() for one in judging if one.ended())
            time.sleep(GRACE_S)
            rss = sum(one.rss for one in judging) / MEGABYTE
    finally:
        home.remove(run)
    found = _held_against(column, given, listener)
    found.note, found.cpu_s, found.rss_mb = note, round(cpu, 4), round(rss)
    waits = [(listener.seen[a] - sent[a[0] % len(SHARDS), a[1] + LATEST + 1]) * 1000 for a in given.expected if a in listener.seen]
    if waits:
        found.latencies_ms = sorted(round(wait, 2) for wait in waits)
        found.p50_ms, found.p99_ms = (round(float(np.percentile(waits, q)), 1) for q in (50, 99))
    return found


def _paced(url: str, given: Readings, form: str) -> dict[tuple[int, int], float]:
    """Send at `RATE`; answers for each shard and hour when the record that first let the shard's clock reach it was sent."""
    sent: dict[tuple[int, int], float] = {}
    reached = [-1] * len(SHARDS)
    newest = np.maximum.accumulate(given.step).tolist()
    begun = time.time()
    with closing(open_log(url)) as log:
        for part, upto in _parts(given, form):
            wait = begun + upto / RATE - time.time()
            if wait > 0:
                time.sleep(wait)
            now = time.time()
            for so_far, shard, _ in part:
                hour = newest[so_far - 1]
                for passed in range(reached[shard] + 1, hour + 1):
                    sent[shard, passed] = now
                reached[shard] = max(reached[shard], hour)
            log.append([record for _, _, record in part])
    return sent


def _parts(given: Readings, form: str) -> Iterator[tuple[list[tuple[int, int, Record]], int]]:
    """What is sent as one, and after how many readings it is due: a delivery with its last reading, single ones every 10 ms."""
    if form == COLUMNS:
        for one in deliveries(given):
            yield [one], one[0]
        return
    part: list[tuple[int, int, Record]] = []
    for one in singles(given):
        part.append(one)
        if len(part) == _TICK:
            yield part, one[0]
            part = []
    if part:
        yield part, part[-1][0]
