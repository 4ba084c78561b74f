"""What judges moves, in a process of its own: the page stays quick while years are lived through again, and never waits for its lock.

Each function here is called by its name from another process; what goes in and out is plain values. What a person must be told comes back
as a `Refused`, because an error that has an address of its own does not travel.
"""

import os
import pickle
import signal
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from functools import wraps
from math import isfinite, nan
from multiprocessing import parent_process
from pathlib import Path
from typing import ParamSpec, TypeVar

from console.backtest_report import Told, told
from console.planner_histories import Source
from processors.backtest import Activation
from processors.backtest_baselines import Made, baselines_of, judged_since
from processors.backtest_moves import Judged, Movable, Moves, difference
from processors.backtest_verdicts import areas_of
from processors.garbage import look_less_often
from processors.history import History
from processors.verification import Happened
from schemas.country_files import LoadedCountry, load_country
from schemas.errors import ConfigurationError, PolyriskError
from schemas.microseconds import from_microseconds, to_microseconds

Asked = ParamSpec("Asked")
Answer = TypeVar("Answer")
_GIVES_WAY = 10
_MOST_KEPT = 8
"""Rules over periods that are kept ready."""


@dataclass(frozen=True)
class Refused:
    """Why there is no answer: what is wrong and what to do."""

    what: str
    remedy: str


@dataclass(frozen=True)
class Prepared:
    """What a history holds. first, last: when its first and last reading were received, UTC."""

    first: datetime
    last: datetime
    readings: int
    events: int


@dataclass(frozen=True)
class Question:
    """What is asked of a history.

    Attributes:
        since, until: of what is judged, UTC; none for all of it.
    """

    history: str
    rule: str
    since: datetime | None
    until: datetime | None
    level: Movable
    value: float


@dataclass(frozen=True)
class Moved:
    """A rule with a level moved, beside today's.

    Attributes:
        gained, lost, kept: warnings now and not today, today and not now, and how many are in both.
        cost_today, cost_now: people, messages and money if everybody in the areas were reached.
        areas: in how many the rule is judged. events: against how many it was held.
    """

    today: Judged
    now: Judged
    gained: tuple[Activation, ...]
    lost: tuple[Activation, ...]
    kept: int
    cost_today: Told
    cost_now: Told
    areas: int
    events: int


@dataclass(frozen=True)
class Point:
    """One value of a trade-off."""

    value: float
    warnings: int
    pod: float | None
    far: float | None
    csi: float | None


@dataclass
class _Here:
    """What this process keeps."""

    country: LoadedCountry
    kept: Path
    histories: dict[str, tuple[History, dict[str, Made], list[Happened]]] = field(default_factory=dict)
    moves: dict[tuple[object, ...], Moves] = field(default_factory=dict)


_HERE: list[_Here] = []


def begin(folder: Path, kept: Path) -> None:
    """Begin a process: read the country, and end when the process that asked for it ends, however that does.

    It gives way to whatever people on duty wait for, and leaves Ctrl-C to who began it.
    """
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    os.nice(_GIVES_WAY)
    look_less_often()
    _HERE[:] = [_Here(load_country(folder), kept)]
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()


def _end_with_parent() -> None:
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(0)


def refusing(work: Callable[Asked, Answer]) -> Callable[Asked, Answer | Refused]:
    """The work, answering what a person must be told instead of raising it."""

    @wraps(work)
    def answered(*args: Asked.args, **named: Asked.kwargs) -> Answer | Refused:
        try:
            return work(*args, **named)
        except PolyriskError as error:
            return Refused(f"{error.where}: {error.what}" if error.where and not error.where.startswith("--") else error.what, error.remedy)

    return answered


@refusing
def prepare(source: Source) -> Prepared:
    """Read a history and make its baselines, once; the result lies in a file for the other process."""
    here = _HERE[0]
    history = source.history(here.country)
    if not len(history):
        raise ConfigurationError("The history holds no reading.", where=source.name, remedy="Choose another, or add files to it.")
    events = source.happened(here.country)
    made = baselines_of(here.country.configuration, history)
    path = here.kept / f"{source.name}.history"
    path.with_suffix(".new").write_bytes(pickle.dumps((history, made, events), protocol=pickle.HIGHEST_PROTOCOL))
    path.with_suffix(".new").rename(path)
    here.histories[source.name] = history, made, events
    first, last = (from_microseconds(int(history.received[n])) for n in (0, -1))
    return Prepared(first, last, len(history), len(events))


@refusing
def move(question: Question) -> Moved:
    """Judge a move, and today's rule beside it."""
    moves = _moves(question)
    today, now = moves.today(question.level), moves.move(question.level, question.value)
    gained, lost, kept = difference(today, now)
    costs = [told(moves.country, judged.activations, 1.0) for judged in (today, now)]
    return Moved(
        today, now, tuple(gained), tuple(lost), kept, costs[0], costs[1], len(areas_of(moves.country, moves.rule)), len(moves.events)
    )


@refusing
def point(question: Question, value: float) -> Point:
    """Judge one value of a trade-off."""
    judged = _moves(question).move(question.level, value)
    scores = judged.scores or {}
    pod, far, csi = (scores[name] if isfinite(scores.get(name, nan)) else None for name in ("POD", "FAR", "CSI"))
    return Point(value, len(judged.activations), pod, far, csi)


@refusing
def export(question: Question, today: str) -> bytes:
    """The change as a patch, with its backtest report, in one file.

    Args:
        today: the day that is written into it.
    """
    from console.planner_export import bundle  # with matplotlib, which the console's own process never needs

    return bundle(_moves(question), question.level, question.value, today)


def _moves(question: Question) -> Moves:
    here = _HERE[0]
    key = (question.history, question.rule, question.since, question.until)
    if key not in here.moves:
        history, made, events = _history(question.history)
        if question.until is not None:
            history = history.until(to_microseconds(question.until))
        part, own = judged_since(question.since, history, made)
        while len(here.moves) >= _MOST_KEPT:
            del here.moves[next(iter(here.moves))]
        here.moves[key] = Moves(here.country, question.rule, part, own, events, question.until)
    return here.moves[key]


def _history(name: str) -> tuple[History, dict[str, Made], list[Happened]]:
    here = _HERE[0]
    if name not in here.histories:
        # Written by `prepare` of the process beside this one, in a folder that only this user can enter.
        here.histories[name] = pickle.loads((here.kept / f"{name}.history").read_bytes())  # noqa: S301
    return here.histories[name]
