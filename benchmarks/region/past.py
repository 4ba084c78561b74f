"""What a console that has been running for long has kept in its own folder: the engine's states of earlier moments, and what it read.

A console that is started for the first time makes them in the background, giving way; here they are there, as after any other start.
"""

import os
import time
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from datetime import timedelta
from multiprocessing import get_context
from pathlib import Path

from benchmarks.region.countries import Size
from benchmarks.region.sky import END
from console.judging import Judge
from console.kept_reading import KeptReading
from console.pages import READING, STATES
from console.reading import LogReader
from console.series_kept import horizons
from eventlog.log import open_log
from eventlog.state import log_url
from polyrisk.console_part import KEPT
from processors.engine import ENGINE_VERSION
from schemas.country_files import load_country

_BEFORE = timedelta(minutes=30)
"""The processors' snapshot is of the end, so what is asked for a little before it is lived through from the first record on."""


def kept_of(root: Path, sizes: Sequence[Size]) -> None:
    """See to it that each of the installations has them; it takes a minute for each, once."""
    missing = [size for size in sizes if not _whole(root, size).exists()]
    begun = time.monotonic()
    with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=get_context("spawn")) as pool:
        for told in pool.map(make, [root] * len(missing), missing):
            print(f"{time.monotonic() - begun:5.0f} s  {told}", flush=True)


def make(root: Path, size: Size) -> str:
    """Those of one country. Answers what came of it, in words."""
    country, state = load_country(root / "countries" / size.folder), root / "state" / size.folder
    with closing(open_log(log_url(state))) as log:
        Judge(log, country.shard, kept=state / KEPT / STATES).state(END - _BEFORE, None)
        reader = LogReader(log, country.shard, horizons(country), KeptReading(state / KEPT / READING, log, country.shard))
        reader.refresh()
        reader.keep()
    files = [path.stat().st_size for path in (state / KEPT / STATES).iterdir()]
    _whole(root, size).touch()
    return f"{size.name}: {len(files)} states of earlier moments, {sum(files) / 2**20:.0f} MB"


def _whole(root: Path, size: Size) -> Path:
    return root / "state" / size.folder / KEPT / f"whole-{ENGINE_VERSION}"
