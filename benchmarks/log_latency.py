"""How long a record takes through the log from one process to another, on both homes: appended here, polled and committed there.

2,000 records a second of some 200 bytes, twenty at once, for twenty seconds. The reader does what a processor does with what it reads:
one transaction for each batch, with an output and the offsets. What judging adds is measured by `benchmarks/compound`.
"""

import json
import multiprocessing
import os
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, closing, contextmanager
from datetime import UTC, datetime
from multiprocessing.synchronize import Event
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np

from benchmarks.compound.homes import one_broker
from eventlog.log import open_log
from schemas.records import Record
from schemas.topics import EVENTS, INPUT

RATE, AT_ONCE, SECONDS, WARMING_S = 2_000, 20, 20, 2
"""Records a second, how many are appended as one, for how long, and how much of the beginning is not counted."""
BAR_MS = 20
"""What 99 of a hundred must stay under on SQLite."""
SHARD, GROUP = "one", "readers"
RESULTS = Path(__file__).with_suffix(".json")
_FILL = b" " * 180


def record(number: int, topic: str = INPUT.name) -> Record:
    """One record that carries the moment of its making, by the clock that all processes of the machine share."""
    moment = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
    return Record(topic, SHARD, "reading", f"{topic}{number}", time.time_ns() // 1000, b"%020d" % moment + _FILL)


def append(url: str, ready: Event) -> None:
    """The writer's process."""
    with closing(open_log(url)) as log:
        ready.wait()
        begun, pause = time.monotonic(), AT_ONCE / RATE
        for turn in range(RATE * SECONDS // AT_ONCE):
            time.sleep(max(0.0, begun + turn * pause - time.monotonic()))
            log.append([record(turn * AT_ONCE + n) for n in range(AT_ONCE)])


def latencies(url: str) -> list[float]:
    """Milliseconds that each record took, in the order of reading."""
    ready = multiprocessing.get_context("spawn").Event()
    writer = multiprocessing.get_context("spawn").Process(target=append, args=(url, ready))
    writer.start()
    found: list[float] = []
    with closing(open_log(url)) as log:
        log.append([record(-1)])
        consumer = log.consumer(GROUP, "reader", [INPUT.name])
        try:
            while len(found) <= RATE * SECONDS:
                batch = consumer.poll(500, 0.5)
                now = time.clock_gettime_ns(time.CLOCK_MONOTONIC)
                found += [(now - int(stored.record.payload[:20])) / 1e6 for stored in batch]
                if batch:
                    with log.transaction(consumer) as transaction:
                        transaction.append([record(len(found), EVENTS.name)])
                        transaction.commit(batch)
                    ready.set()
                elif not writer.is_alive():
                    raise RuntimeError(f"The writer ended with {writer.exitcode}, {len(found)} of {RATE * SECONDS + 1} records read.")
        finally:
            consumer.close()
    writer.join()
    return found[1 + RATE * WARMING_S :]


@contextmanager
def homes() -> Iterator[dict[str, str]]:
    """An empty log in each home: name to URL."""
    with TemporaryDirectory() as folder, ExitStack() as stack:
        kafka = stack.enter_context(one_broker(Path(folder)))
        yield {"SQLite": f"sqlite:///{folder}/log.sqlite", "Kafka": kafka.url("latency")}


def main() -> int:
    """Measure, print, keep."""
    kept: dict[str, dict[str, float]] = {}
    with homes() as urls:
        for name, url in urls.items():
            p50, p99 = np.percentile(latencies(url), [50, 99])
            kept[name] = {"p50_ms": round(float(p50), 2), "p99_ms": round(float(p99), 2)}
            print(f"{name}: p50 {p50:.2f} ms, p99 {p99:.2f} ms from append to poll, between processes, {RATE:,} records/s")
    verdict = "reached" if kept["SQLite"]["p99_ms"] < BAR_MS else "not reached"
    print(f"p99 on SQLite under {BAR_MS} ms: {verdict}")
    facts = {"measured": datetime.now(UTC).date().isoformat(), "load": os.getloadavg()[0], "records_s": RATE, "homes": kept}
    RESULTS.write_text(json.dumps(facts, indent=1) + "\n", "utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
