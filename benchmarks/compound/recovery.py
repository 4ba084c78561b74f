"""How long nobody judges: after a processor's sudden end, until it is back, and until another has taken its shards over."""

import time
from collections.abc import Sequence
from contextlib import closing
from pathlib import Path

from benchmarks.compound.columns import deliveries
from benchmarks.compound.homes import Home, configure
from benchmarks.compound.judging import GROUP
from benchmarks.compound.measures import Given
from benchmarks.compound.watching import Judging
from benchmarks.compound.work import SHARDS
from eventlog.log import EventLog, open_log
from schemas.records import Record
from schemas.topics import INPUT

SESSION_S = 5.0
"""Of the members whose take-over is measured."""
_LOOK_EVERY_S = 0.02
_KEPT_BACK = 4 * len(SHARDS)
"""Deliveries that come only after the end: what a processor must take in to be at work again."""
_AT_ONCE = 100


def restart(home: Home, given: Given, folder: Path, timeout_s: float = 1800.0) -> float:
    """Seconds from the start of a processor after `kill -9`, until it has taken in what came meanwhile; all of `given` is in the log.

    Raises:
        TimeoutError: it took longer than is waited for.
    """
    run = f"k{time.time_ns()}"
    url = home.url(run)
    configure(url, given.variant.areas)
    records = [record for _, _, record in deliveries(given.readings)]
    try:
        with closing(open_log(url)) as log:
            _append(log, records[:-_KEPT_BACK])
            with Judging(url, "member0", folder / "said" / run) as first:
                first.await_ready()
                _await_taken_in(log, timeout_s)
                first.kill()
            _append(log, records[-_KEPT_BACK:])
            with Judging(url, "member0", folder / "said" / run) as second:
                begun = second.started
                _await_taken_in(log, timeout_s)
                return time.time() - begun
    finally:
        home.remove(run)


def take_over(home: Home, given: Given, folder: Path, timeout_s: float = 300.0) -> float:
    """Seconds from `kill -9` of one of two processors until the other has taken in what came for the shards of both.

    Raises:
        TimeoutError: it took longer than is waited for.
        RuntimeError: one of them ended by itself before.
    """
    run = f"t{time.time_ns()}"
    url = home.url(run)
    configure(url, given.variant.areas)
    records = [record for _, _, record in deliveries(given.readings)]
    session = ("--session", str(SESSION_S), "--batch", "20")
    try:
        with (
            closing(open_log(url)) as log,
            Judging(url, "a", folder / "said" / run, *session) as one,
            Judging(url, "b", folder / "said" / run, *session) as other,
        ):
            for judging in (one, other):
                judging.await_ready()
            _append(log, records[:-_KEPT_BACK])
            _await_taken_in(log, timeout_s)
            if one.process.poll() is not None or other.process.poll() is not None:
                raise RuntimeError(f"A processor had ended before it was killed; see {folder / 'said' / run}.")
            one.kill()
            begun = time.time()
            _append(log, records[-_KEPT_BACK:])
            _await_taken_in(log, timeout_s)
            return time.time() - begun
    finally:
        home.remove(run)


def _append(log: EventLog, records: Sequence[Record]) -> None:
    for first in range(0, len(records), _AT_ONCE):
        log.append(records[first : first + _AT_ONCE])


def _await_taken_in(log: EventLog, timeout_s: float) -> None:
    deadline = time.time() + timeout_s
    while log.lag(GROUP).get(INPUT.name) != 0:
        if time.time() > deadline:
            raise TimeoutError(f"Not all was taken in after {timeout_s:.0f} s.")
        time.sleep(_LOOK_EVERY_S)
