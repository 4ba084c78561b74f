"""One threshold moved, on the ten years of `benchmarks.backtest`: 77 districts and 20 daily indicators, of which the rule reads two.

Prints milliseconds a move, on the clock and of processor time (judging, hits and misses, the difference to today's rule), for several
values, and leaves them with their date in `planner-moves-results.json` beside this file; a shorter run (`--years`) under `var/bench`. Two
seconds on the clock is the bar of the slowest, held only if no more processes wait than there are cores.
"""

import argparse
import json
import os
import time
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from statistics import median

import numpy as np

from benchmarks.backtest import AREAS, VAR, YEARS, configuration, in_order
from benchmarks.compound.report import facts
from benchmarks.compound.watching import CHECKOUT
from processors.backtest import Activation
from processors.backtest_moves import Moves, difference
from processors.garbage import look_less_often
from processors.verification import Happened
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.places import Places

BAR_MS = 2000
MOVES = 10
EVENTS = 60
_DAY = timedelta(days=1)


def country() -> LoadedCountry:
    """The benchmark's districts and rules, in the shape of a country."""
    decided, lanka = configuration(), load_country(countries_root() / "lka")
    return replace(lanka, configuration=decided, places=Places({a.code: a for a in decided.areas}, {}))


def events(said: Sequence[Activation], first: datetime, years: float) -> list[Happened]:
    """Made-up events, by a seed: half of them soon after a warning of today's rule, half at any time anywhere."""
    chance = np.random.default_rng(7)
    starts = [(said[n].area, said[n].known + _DAY) for n in chance.integers(0, len(said), EVENTS // 2)]
    anywhere = zip(chance.integers(0, AREAS, EVENTS // 2), chance.integers(30, int(years * 365) - 30, EVENTS // 2), strict=True)
    starts += [(f"A{area:02d}", first + int(day) * _DAY) for area, day in anywhere]
    found = [Happened(area, at, at + 3 * _DAY, "made up", "benchmark", 28 * _DAY, timedelta(0)) for area, at in starts]
    return sorted(found, key=lambda e: (e.start, e.area))


def main() -> None:
    """Measure, print, and leave what was measured."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--years", type=float, default=YEARS)
    asked = parser.parse_args()
    load, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    history, _ = in_order(asked.years)
    look_less_often()
    begin = time.perf_counter()
    alone = Moves(country(), "r0", history, {})
    (level,) = [one for one in alone.movable if one.name == "t00.orange"]
    moves = Moves(country(), "r0", history, {}, events(alone.today(level).activations, datetime(2015, 1, 1, tzinfo=UTC), asked.years))
    today = moves.today(level)
    print(f"{len(history):,} readings, prepared once in {time.perf_counter() - begin:.2f} s, {len(today.activations)} warnings today")
    taken, worked = [], []
    for value in np.linspace(2.3, 3.3, MOVES).round(3).tolist():
        begin, before = time.perf_counter(), time.process_time()
        now = moves.move(level, value)
        gained, lost, _ = difference(today, now)
        taken.append(1000 * (time.perf_counter() - begin))
        worked.append(1000 * (time.process_time() - before))
        hits = now.counts.hits if now.counts is not None else 0
        said = f"{len(now.activations)} warnings, {hits:.0f} hits, {len(gained)} gained, {len(lost)} lost"
        print(f"{value:g}: {taken[-1]:.0f} ms, {worked[-1]:.0f} ms of processor time; {said}")
    told = facts(datetime.now(UTC), rounds=1) | {"years": asked.years, "load before": round(load, 1), "ms": [round(ms) for ms in taken]}
    told |= {"median ms": round(median(taken)), "slowest ms": round(max(taken)), "bar ms": BAR_MS}
    told["processor ms"] = [round(ms) for ms in worked]
    told["reached"] = max(taken) <= BAR_MS if load < cores else None
    folder = CHECKOUT / "benchmarks" if asked.years == YEARS else VAR
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "planner-moves-results.json").write_text(f"{json.dumps(told, indent=1, ensure_ascii=False)}\n", "utf-8")
    reached = {True: "reached", False: "not reached", None: "not held against it: the machine was not calm"}[told["reached"]]
    print(f"processor time: median {median(worked):.0f} ms, most {max(worked):.0f} ms")
    print(f"on the clock: median {median(taken):.0f} ms, slowest {max(taken):.0f} ms, at most {BAR_MS} ms: {reached}")


if __name__ == "__main__":
    main()
