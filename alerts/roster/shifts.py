"""Who is on duty at a moment, and what is wrong with a roster: pure functions of its shifts."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import pairwise

from schemas.errors import RefusedError

PLACES = ("first", "second", "third")
"""In which order those who are on duty at the same time are woken."""


@dataclass(frozen=True)
class Shift:
    """One person's time on duty.

    Attributes:
        officer: the account's id. name: the account's name.
        since, until: UTC; the end itself is no longer in it.
        place: of `PLACES`, counted from 1.
    """

    id: str
    officer: str
    name: str
    since: datetime
    until: datetime
    place: int = 1

    @property
    def as_what(self) -> str:
        """The place in words."""
        return PLACES[self.place - 1]


@dataclass(frozen=True)
class Finding:
    """Something wrong with a roster, from one moment to another. kind: `gap`, `overlap`, `alone`, `telephone` or `account`."""

    kind: str
    since: datetime
    until: datetime
    text: str


def checked(shift: Shift) -> Shift:
    """A shift that can be one.

    Raises:
        RefusedError: it ends before it begins, or its place is none.
    """
    if shift.until <= shift.since:
        raise RefusedError("the shift ends before it begins.", where=shift.name, remedy="Give --from and --until, the later one last.")
    if not 1 <= shift.place <= len(PLACES):
        raise RefusedError("there is no such place on duty.", where=shift.name, remedy=f"Places: {', '.join(PLACES)}.")
    return shift


def on_duty(shifts: Sequence[Shift], at: datetime) -> list[Shift]:
    """The shifts of a moment in the order in which their people are woken; who has two of them stands once, at the earlier place."""
    found: dict[str, Shift] = {}
    for shift in sorted((s for s in shifts if s.since <= at < s.until), key=lambda s: (s.place, s.since, s.id)):
        found.setdefault(shift.officer, shift)
    return list(found.values())


def findings(shifts: Sequence[Shift], since: datetime, until: datetime) -> list[Finding]:
    """Gaps (nobody is on duty first), overlaps (two are) and who is alone on duty, in order of time; equal ones that touch are one."""
    edges = sorted({since, until, *(edge for s in shifts for edge in (s.since, s.until) if since < edge < until)})
    found: list[Finding] = []
    for begin, end in pairwise(edges):
        for kind, text in _wrong(shifts, begin):
            last = next((f for f in reversed(found) if (f.kind, f.text, f.until) == (kind, text, begin)), None)
            if last is not None:
                found.remove(last)
                begin_of = last.since
            else:
                begin_of = begin
            found.append(Finding(kind, begin_of, end, text))
    return sorted(found, key=lambda f: (f.since, f.kind))


def _wrong(shifts: Sequence[Shift], at: datetime) -> Iterator[tuple[str, str]]:
    there = [s for s in shifts if s.since <= at < s.until]
    firsts = sorted({s.name for s in there if s.place == 1})
    if not firsts:
        others = " and ".join(sorted({s.name for s in there}))
        yield "gap", f"nobody is on duty first; {others} would be woken" if others else "nobody is on duty first"
    if len(firsts) > 1:
        yield "overlap", f"{' and '.join(firsts)} are on duty first at the same time"
    if len({s.officer for s in there}) == 1 and firsts:
        yield "alone", f"{firsts[0]} is alone on duty: if they do not answer, only the country's ladder is left"
