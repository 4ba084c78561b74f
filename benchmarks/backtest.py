"""A backtest of ten years, 77 districts and 20 daily indicators: 5.6 million readings, for one configuration and for a sweep of twenty.

Prints the time of each part and the greatest memory of this process and of those it starts. `--years` makes it shorter, `--profile`
shows what one process spends its time on. The readings are made by a seed: each indicator has a season, a memory of days and a part that
all share in an area, so that several are high at once, as in a wet week.
"""

import argparse
import cProfile
import os
import pstats
import resource
import time
from collections.abc import Callable
from datetime import UTC, datetime
from typing import TypeVar

import numpy as np
import pyarrow as pa

from polyrisk.backtest import in_parallel as by_processes
from polyrisk.backtest import simulate
from polyrisk.backtest_sweep import setting, touched_by
from polyrisk.garbage import look_less_often
from processors.backtest import run
from processors.history import History, history_of
from schemas.configuration import Configuration
from schemas.indicators import CATALOGUE, Indicator
from schemas.levels import Dimension

AREAS, INDICATORS, RULES, VALUES = 77, 20, 10, 20
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


def timed(what: str, work: Callable[[], Answer]) -> tuple[Answer, float]:
    """The answer and the seconds it took, which are printed."""
    begin, worked = time.perf_counter(), processor_seconds()
    answer = work()
    seconds = time.perf_counter() - begin
    print(f"{what}: {seconds:.2f} s, {processor_seconds() - worked:.2f} s of processor time", flush=True)
    return answer, seconds


def processor_seconds() -> float:
    """What this process and those it waited for have worked so far: of use where others work on the machine too."""
    return sum(used.ru_utime + used.ru_stime for used in map(resource.getrusage, (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)))


def in_order(years: float) -> tuple[History, float]:
    """The history, and the seconds it took to put the readings in order; they are let go of after that."""
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


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=float, default=10.0)
    parser.add_argument("--profile", action="store_true")
    asked = parser.parse_args()
    decided, load = configuration(), os.getloadavg()[0]
    history, ordered = in_order(asked.years)
    look_less_often()
    print(f"{len(history):,} readings, {len(os.sched_getaffinity(0))} cores, load before {load:.1f}")
    if asked.profile:
        profile = cProfile.Profile()
        profile.runcall(run, decided, history)
        pstats.Stats(profile).sort_stats("tottime").print_stats(25)
        return
    outcome, single = timed("one configuration, both cores", lambda: simulate(decided, history, {}))
    print(
        f"  {len(outcome.activations):,} activations, {sum(outcome.breaches.values()):,} breaches; with the order {ordered + single:.2f} s"
    )
    counts, twenty = timed(f"a sweep of {VALUES} values", lambda: sweep(decided, history))
    print(f"  activations {counts[0]} to {counts[-1]}; as much as {twenty / single:.1f} single runs")
    own = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    child = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / 1024
    print(f"greatest memory: {own:.0f} MB here, {child:.0f} MB in a process beside it (most of it shared)")


if __name__ == "__main__":
    main()
