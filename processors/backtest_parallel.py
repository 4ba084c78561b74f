"""A run over a history, cut by areas over the machine's processors, and other work that can be done beside each other."""

import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime, timedelta
from multiprocessing import get_context
from typing import Any

from processors.backtest import Outcome, run
from processors.backtest_baselines import Made, in_order
from processors.backtest_parts import Part, joined, parts_of
from processors.history import History
from schemas.configuration import Configuration


def simulate(
    configuration: Configuration, history: History, made: Mapping[str, Made], last: datetime | None = None, processes: int = 0
) -> Outcome:
    """A run, cut by areas over the machine's processors where the rules allow it.

    Args:
        processes: how many; 0 for as many as there are.
    """
    baselines = in_order(made)
    parts = parts_of(configuration, processes or len(os.sched_getaffinity(0)))
    end = last if last is not None else end_of(history)
    if len(parts) == 1:
        return run(configuration, history, baselines, end)
    jobs = [(part, history, baselines, end) for part in parts]
    outcomes = in_parallel(_run_part, jobs)
    return joined(configuration, outcomes, history)


def _run_part(job: tuple[Part, History, Sequence[Any], datetime]) -> Outcome:
    part, history, baselines, end = job
    return run(part.configuration, history.of(areas=part.places), baselines, end)


def in_parallel(work: Callable[[Any], Any], jobs: Sequence[Any]) -> list[Any]:
    """The jobs' answers in their order, by forked processes: what is large and shared is not copied to them."""
    global _JOBS
    _JOBS = (work, jobs)
    workers = min(len(jobs), len(os.sched_getaffinity(0)))
    if workers < 2:
        return [work(job) for job in jobs]
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        return list(pool.map(_nth, range(len(jobs))))


_JOBS: tuple[Callable[[Any], Any], Sequence[Any]] = (lambda _: None, ())


def _nth(number: int) -> Any:
    work, jobs = _JOBS
    return work(jobs[number])


def end_of(history: History) -> datetime:
    last = int(history.received[-1]) if len(history) else 0
    return datetime.fromtimestamp(last / 1e6, UTC) + timedelta(days=1)
