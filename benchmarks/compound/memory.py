"""What a processor keeps in memory: bytes for each area and threshold, and for each reading inside the horizon.

    python -m benchmarks.compound.memory AREAS STEPS HORIZON_H

takes a log in and prints the bytes that its process then holds; `kept` makes the differences of such processes.
"""

import ctypes
import gc
import subprocess
import sys
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow as pa

from benchmarks.compound.homes import COLUMNS, fill
from benchmarks.compound.readings import INDICATORS, Variant, readings
from benchmarks.compound.watching import CHECKOUT
from eventlog.log import open_log
from processors.loop import Processor

FEW, MANY = 2_000, 10_000
"""Areas."""
SHORT_H, LONG_H = 6, 48
STEPS = 120
"""Hours, well over two of the longer horizon: readings must have gone out of it, or what is kept for them counts as the series' own."""
BATCH = 4
"""Records taken in at once: a few hours, as a processor that is not far behind does. What was taken in at once is let go of at once."""


def kept() -> tuple[float, float]:
    """Bytes for each area and threshold beside its readings, and bytes for each reading inside the horizon."""
    few, many, long = (_held(areas, horizon) for areas, horizon in ((FEW, SHORT_H), (MANY, SHORT_H), (MANY, LONG_H)))
    reading = (long - many) / (MANY * len(INDICATORS) * (LONG_H - SHORT_H))
    series = (many - few) / ((MANY - FEW) * len(INDICATORS))
    return series - reading * SHORT_H, reading


def _held(areas: int, horizon_h: int) -> int:
    command = [sys.executable, "-m", "benchmarks.compound.memory", str(areas), str(STEPS), str(horizon_h)]
    return int(subprocess.run(command, cwd=CHECKOUT, check=True, capture_output=True, text=True).stdout)


def main(areas: int, steps: int, horizon_h: int) -> None:
    """Take a log in, let go of all but the state, and print what the process holds."""
    with TemporaryDirectory() as folder:
        url = f"sqlite:///{folder}/log.db"
        # In a process of its own, so that nothing of the making is counted.
        making = f"from benchmarks.compound import memory; memory.make({url!r}, {areas}, {steps}, {horizon_h})"
        subprocess.run([sys.executable, "-c", making], cwd=CHECKOUT, check=True)
        with closing(open_log(url)) as log:
            processor = Processor(log, None, batch=BATCH)
            processor.run_until_idle()
            gc.collect()
            pa.default_memory_pool().release_unused()
            ctypes.CDLL(None).malloc_trim(0)
            pages = int(Path("/proc/self/statm").read_text("utf-8").split()[1])
            print(pages * 4096)
            processor.consumer.close()


def make(url: str, areas: int, steps: int, horizon_h: int) -> None:
    """The log."""
    variant = Variant(steps, areas=areas)
    fill(url, readings(variant), areas, COLUMNS, timedelta(hours=horizon_h))


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:4]))
