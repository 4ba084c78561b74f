"""A backtest of ten years, 77 districts and 20 daily indicators: 5.6 million readings, for one configuration and for a sweep of twenty.

Prints what must be shown as named figures: seconds on the clock and of processor time, memory, and what a sweep costs in single runs; the
whole run leaves them in `backtest-results.json` and `.md` beside this file, a shorter one (`--years`) under `var/bench`. `--profile` shows
what one process spends its time on. What is measured on the clock is held against its bar only if no more processes wait than there
are cores. The readings are made by a seed: each indicator has a season, a memory of days and a part that
all share in an area, so that several are high at once, as in a wet week.
"""

import argparse
import cProfile
import json
import os
import pstats
import resource
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TypeVar

import numpy as np
import psutil
import pyarrow as pa

from benchmarks.compound.figures import Figure
from benchmarks.compound.report import facts, figure_line
from benchmarks.compound.watching import CHECKOUT
from processors.backtest import run
from processors.backtest_parallel import in_parallel as by_processes
from processors.backtest_parallel import simulate
from processors.backtest_sweep import setting, touched_by
from processors.garbage import look_less_often
from processors.history import History, history_of
from schemas.configuration import Configuration
from schemas.indicators import CATALOGUE, Indicator
from schemas.levels import Dimension

AREAS, INDICATORS, RULES, VALUES = 77, 20, 10, 20
YEARS = 10.0
VAR = CHECKOUT / "var" / "bench"
_LOOK_EVERY_S = 0.5
_MEGABYTE = 1024 * 1024
_DAY = 86_400_000_000
_MOMENT = pa.timestamp("us", tz="UTC")
_DOCUMENT = {"title": "benchmark", "date": "2026-01-01", "owner": "benchmark"}
Answer = TypeVar("Answer")


def names() -> list[str]:
    """Indicators of the benchmark alone, put into the catalogue beside the real ones."""
    found = [f"benchmark_{n:02d}" for n in range(INDICATORS)]
    for name in found:
        CATALOGUE[name] = Indicator(name, "m", Dimension.ENVIRONMENTAL, name, -1e6, 1e6)
    return found


def configuration() -> Configuration:
    """A threshold for each indicator, and ten rules that read two each."""
    indicators = names()
    thresholds = [
        {
            "name": f"t{n:02d}", "indicator": name, "at": "adm2", "kind": "fixed", "stale_after": "3 d", "leave_below": "0.3 m",
            "levels": {"yellow": "2.2 m", "orange": "2.8 m", "red": "3.4 m"}, "document": _DOCUMENT,
        }
        for n, name in enumerate(indicators)
    ]  # fmt: skip
    rules = [
        {
            "name": f"r{n}", "area": "adm2", "dimensions": ["environmental"], "level": "orange", "text": "t",
            "ends": {"otherwise_after": "14 d"},
            "when": {"all": [f"t{2 * n:02d} >= orange", f"t{2 * n + 1:02d} >= yellow"]}, "document": _DOCUMENT,
        }
        for n in range(RULES)
    ]  # fmt: skip
    areas = [{"code": f"A{n:02d}", "level": "adm2", "names": {"en": f"A{n:02d}"}} for n in range(AREAS)]
    feed = {"feed": "daily", "every": "1 d", "delay": "6 h", "indicators": indicators}
    return Configuration.model_validate(
        {"shard": "NPL", "areas_version": "1", "areas": areas, "stations": [], "feeds": [feed], "thresholds": thresholds, "rules": rules}
    )


def readings(years: float) -> pa.Table:
    """A reading a day of each indicator in each area, received six hours after its day."""
    days, series = int(years * 365.25), AREAS * INDICATORS
    chance = np.random.default_rng(20)
    own, shared = np.zeros((days, series)), np.zeros((days, AREAS))
    for day in range(1, days):
        own[day] = 0.9 * own[day - 1] + 0.43 * chance.standard_normal(series)
        shared[day] = 0.9 * shared[day - 1] + 0.43 * chance.standard_normal(AREAS)
    season = 0.6 * np.sin(2 * np.pi * np.arange(days) / 365.25)[:, None]
    value = np.round(0.7 * own + 0.7 * np.repeat(shared, INDICATORS, axis=1) + season, 3)
    start = int(datetime(2015, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000 + np.repeat(np.arange(days), series) * _DAY
    moments = {"start": start, "end": start + _DAY, "received": start + _DAY + _DAY // 4}
    words = {
        "area": (np.tile(np.repeat(np.arange(AREAS), INDICATORS), days), [f"A{n:02d}" for n in range(AREAS)]),
        "indicator": (np.tile(np.arange(INDICATORS), AREAS * days), names()),
        "feed": (np.zeros(days * series), ["daily"]),
    }
    columns: dict[str, pa.Array] = {name: pa.array(column).view(_MOMENT) for name, column in moments.items()}
    columns |= {name: pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(w)) for name, (codes, w) in words.items()}
    return pa.table(columns | {"value": pa.array(value.reshape(-1))})


@dataclass(frozen=True)
class Taken:
    """What a piece of work took: seconds on the clock, of processor time, and the memory of all its processes at most, in bytes."""

    wall: float
    processor: float
    memory: int


def timed(what: str, work: Callable[[], Answer]) -> tuple[Answer, Taken]:
    """The answer and what it took, which is printed."""
    begin, worked = time.perf_counter(), processor_seconds()
    with most_memory() as most:
        answer = work()
    taken = Taken(time.perf_counter() - begin, processor_seconds() - worked, max(most))
    print(f"{what}: {taken.wall:.2f} s, {taken.processor:.2f} s of processor time, {taken.memory / _MEGABYTE:.0f} MB", flush=True)
    return answer, taken


@contextmanager
def most_memory() -> Iterator[list[int]]:
    """What this process and those below it take together while something runs, looked at now and then: what they share counts once."""
    here, over = psutil.Process(), threading.Event()
    most = [here.memory_full_info().pss]

    def look() -> None:
        while not over.wait(_LOOK_EVERY_S):
            with suppress(psutil.NoSuchProcess):
                most.append(sum(one.memory_full_info().pss for one in [here, *here.children(recursive=True)]))

    looking = threading.Thread(target=look)
    looking.start()
    try:
        yield most
    finally:
        over.set()
        looking.join()


def processor_seconds() -> float:
    """What this process and those it waited for have worked so far: of use where others work on the machine too."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def in_order(years: float) -> tuple[History, Taken]:
    """The history, and what it took to put the readings in order; they are let go of after that."""
    table = readings(years)
    return timed("put in order", lambda: history_of(table))


def sweep(decided: Configuration, history: History) -> list[int]:
    """Twenty values of one level; as `polyrisk backtest --sweep` does, only what the level touches is run."""
    path = "thresholds.t00.levels.orange"
    touched = touched_by(decided, path)
    own = history.of(indicators={t.indicator for t in touched.thresholds})
    jobs = [(setting(touched, path, float(value)), own) for value in np.linspace(2.3, 3.3, VALUES)]
    found: list[int] = by_processes(_count, jobs)
    return found


def _count(job: tuple[Configuration, History]) -> int:
    return len(run(*job, truths=False).activations)


def figures(ordered: Taken, single: Taken, swept: Taken, calm: bool) -> list[Figure]:
    """What must be shown.

    Args:
        calm: whether seconds on the clock mean anything.
    """

    def most(name: str, value: float, unit: str, bar: float, how: str, told: bool = True) -> Figure:
        return Figure(name, round(value, 2), unit, f"at most {bar:g}", value <= bar if told else None, how)

    both, megabytes = "two processes over halves of the areas", max(one.memory for one in (ordered, single, swept)) / _MEGABYTE
    return [
        most("one configuration, on the clock", ordered.wall + single.wall, "s", 5, f"with the readings put in order; {both}", calm),
        most("one configuration, processor time", ordered.processor + single.processor, "CPU-s", 10, f"5 s on two cores; {both}"),
        most("memory", megabytes, "MB", 1024, "of all processes together at most, what they share counted once"),
        most(f"sweep of {VALUES} values", swept.processor / single.processor, "single runs", 6, "by processor time"),
        most(f"sweep of {VALUES} values, on the clock", swept.wall / single.wall, "single runs", 6, "the same on the clock", calm),
    ]


def write(folder: Path, found: Sequence[Figure], years: float, load: float) -> Path:
    """Leave the figures as JSON and as a table; answer the table's file."""
    folder.mkdir(parents=True, exist_ok=True)
    told = facts(datetime.now(UTC), rounds=1) | {"years": years, "load before": round(load, 1)}
    content = json.dumps({**told, "figures": [figure.as_json() for figure in found]}, indent=1, ensure_ascii=False)
    (folder / "backtest-results.json").write_text(f"{content}\n", "utf-8")
    lines = [
        f"# A backtest of {years:g} years, {AREAS} districts and {INDICATORS} daily indicators, measured",
        "",
        f"{told['made']}, revision {told['revision']}; {told['machine']}; {load:.1f} processes waiting before it began.",
        "",
        "| what must be shown | measured | bar | reached | how |",
        "| --- | --- | --- | --- | --- |",
        *(figure_line(figure) for figure in found),
        "",
    ]
    path = folder / "backtest-results.md"
    path.write_text("\n".join(lines), "utf-8")
    return path


def main() -> None:
    """Measure, print, and leave what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=float, default=YEARS)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    decided, load, cores = configuration(), os.getloadavg()[0], len(os.sched_getaffinity(0))
    history, ordered = in_order(asked.years)
    look_less_often()
    print(f"{len(history):,} readings, {cores} cores, load before {load:.1f}")
    if asked.profile:
        profile = cProfile.Profile()
        profile.runcall(run, decided, history)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return
    outcome, single = timed("one configuration, both cores", lambda: simulate(decided, history, {}))
    print(f"  {len(outcome.activations):,} activations, {sum(outcome.breaches.values()):,} breaches")
    counts, swept = timed(f"a sweep of {VALUES} values", lambda: sweep(decided, history))
    print(f"  activations {counts[0]} to {counts[-1]}")
    found = figures(ordered, single, swept, calm=load < cores)
    for figure in found:
        reached = {True: "reached", False: "not reached", None: "not held against it: the machine was not calm"}[figure.reached]
        print(f"{figure.name}: {figure.value:,.4g} {figure.unit} ({figure.bar}): {reached}")
    print(f"{write(CHECKOUT / 'benchmarks' if asked.years == YEARS else VAR, found, asked.years, load)} has it.")


if __name__ == "__main__":
    main()
