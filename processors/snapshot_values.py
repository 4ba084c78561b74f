"""What stands of places as JSON values and back, the same in every part of a snapshot."""

from collections.abc import Sequence
from typing import Any

from processors.levels import Code, Entry
from processors.life import Ended, Going
from processors.stretches import Point, Said, Stretch

_CODES = {int(code): code for code in Code}


def read_entry(told: Sequence[Any]) -> Entry:
    """What was said of a place from a moment on, which was written as it is."""
    start, end, codes, counts, peak = told
    return Entry(start, end, tuple([_CODES[c] for c in codes]), counts, peak)


def going_of(going: Going) -> list[Any]:
    """Where a walk stands."""
    return [going.raised, going.at, going.current, going.armed, going.known, going.ended]


def read_going(told: Sequence[Any]) -> Going:
    """The walk that `going_of` wrote."""
    raised, at, current, armed, known, ended = told
    stretch = None
    if current is not None:
        since, points, until, was_told = current
        stretch = Stretch(since, tuple(Point(a, level, tuple(steps), doubted) for a, level, steps, doubted in points), until, was_told)
    return Going(tuple(raised), at, stretch, armed, known, Ended(*ended) if ended is not None else None)


def said_of(said: Said) -> list[Any]:
    """What was last said of a stretch."""
    return list(said)


def read_said(told: Sequence[Any]) -> Said:
    """What `said_of` wrote."""
    id, since, level, known, records, steps, doubted, until, was_told, quiet, peak = told
    return Said(id, since, level, known, tuple(records), tuple(steps), doubted, until, was_told, quiet, peak)
