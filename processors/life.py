"""The life of a rule's events: where its truth opens a stretch, raises it, leaves it unconfirmed and ends it."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from processors.moves import Moved
from processors.stretches import Point, Stretch
from processors.timelines import BEGINNING, FALSE, FAR, TRUE, UNKNOWN, Line, micros, walk
from schemas.configuration import Rule
from schemas.levels import Level


class Law(NamedTuple):
    """What a rule says of its events.

    Attributes:
        raises: the level each `raise` leads to, in the order written.
        moves: how figures of the area move the level: (by, at most, at least), those that apply there.
        until: whether the rule has one. asks: whether people are asked while only an excuse is unknown.
        dated: whether the rule is in force in some span only.
        ends: the span after which an event ends that nobody can tell the end of.
    """

    level: int
    raises: tuple[int, ...]
    moves: tuple[Moved, ...]
    until: bool
    asks: bool
    dated: bool
    ends: int

    def asked(self, sure: Sequence[int]) -> bool:
        """Whether people are asked, going by the truths of a moment."""
        return self.asks and sure[-2 if self.dated else -1] == TRUE

    def in_force(self, sure: Sequence[int]) -> bool:
        """Whether an event may open, going by the truths of a moment."""
        return not self.dated or sure[-1] == TRUE


def law_of(rule: Rule, moves: tuple[Moved, ...] = ()) -> Law:
    """What a rule says of its events in an area whose figures make these moves."""
    raises, ends = tuple(int(r.to) for r in rule.raise_), micros(rule.ends.otherwise_after)
    return Law(int(rule.level), raises, moves, rule.until is not None, rule.proposes, rule.valid is not None, ends)


class Ended(NamedTuple):
    """The end of a stretch, and whether it was known; else nobody could tell it any more."""

    at: int
    told: bool


@dataclass(frozen=True, slots=True)
class Going:
    """Where the walk along a rule's truth stands.

    Attributes:
        at: the moment up to which it went.
        current: the stretch that goes on, with no more than its last point; none between events.
        raised: for each `raise` the last answer known.
        armed: whether a true `when` opens an event. Not so after `until` closed one, until either is known false.
        known: up to when the truth of the current stretch was known.
        ended: the end of the last stretch behind it.
    """

    raised: tuple[bool, ...]
    at: int = BEGINNING
    current: Stretch | None = None
    armed: bool = True
    known: int = BEGINNING
    ended: Ended | None = None


def beginning(law: Law) -> Going:
    """Before anything is known."""
    return Going((False,) * len(law.raises))


def live(going: Going, lines: Sequence[Line], law: Law, upto: int) -> tuple[list[Stretch], Going]:
    """The stretches from where the walk stands up to a moment, the last of which may go on.

    Args:
        lines: of what holds, of `until` if there is one, of each `raise`, of when people are asked if the rule has them asked, and of when
            it is in force if that is not always.
    """
    walked = _walked(going, lines, law, upto)
    walked.give_up(upto)
    return walked.found, walked.standing(upto)


def tip(going: Going, lines: Sequence[Line], law: Law, upto: int) -> Going:
    """Where the walk stands at a moment, to be gone on from change to change: `known` is FAR while the truth is known."""
    walked = _walked(going, lines, law, upto)
    walked.give_up(upto)
    walked.known = FAR if walked.known > upto else walked.known
    return walked.here(upto)


def _walked(going: Going, lines: Sequence[Line], law: Law, upto: int) -> "Walk":
    walked = Walk(going, law)
    segments = list(walk(lines))
    before = [s for s in segments if s[0] <= going.at]
    following = segments[len(before) :]
    if before:
        _, _, keep, sure = before[-1]
        following = [(going.at, going.at, keep, sure), *following]
    stops = [s[0] for s in following[1:]] + [FAR] * bool(following)
    for (at, end, keep, sure), stop in zip(following, stops, strict=True):
        if at > upto or (at == upto and end < at):
            break
        walked.take(at, stop, keep, sure)
    return walked


class Walk:
    """Goes along a rule's truth, segment by segment."""

    def __init__(self, going: Going, law: Law) -> None:
        self.law = law
        self.going = going
        self.found: list[Stretch] = []
        self.current = going.current
        self.raised = list(going.raised)
        self.armed, self.known, self.ended = going.armed, going.known, going.ended
        if self.current is not None:
            self.found.append(self.current)

    def take(self, at: int, stop: int, keep: Sequence[int], sure: Sequence[int]) -> None:
        """One segment in which no truth changes."""
        self.give_up(at + 1)
        first_raise = 2 if self.law.until else 1
        for n in range(len(self.raised)):
            if sure[first_raise + n] == TRUE:
                self.raised[n] = True
            elif keep[first_raise + n] == FALSE:
                self.raised[n] = False
        over = sure[1] == TRUE if self.law.until else keep[0] == FALSE
        if self.current is not None and over:
            self._end(at, told=True)
            self.armed = not self.law.until
        if self.current is not None:
            self._go_on(self._point(at, keep))
        else:
            self.armed = self.armed or keep[0] == FALSE or (self.law.until and sure[1] == FALSE)
            opens = sure[0] == TRUE or (keep[0] == UNKNOWN and self.law.asked(sure))
            if self.armed and opens and self.law.in_force(sure) and not (self.law.until and keep[1] == TRUE):
                self.current = Stretch(at, (self._point(at, keep),))
                self.found.append(self.current)
        if self.current is not None and _is_known(sure, self.law):
            self.known = stop

    def give_up(self, upto: int) -> None:
        """End what nobody has known for too long, if that was before a moment."""
        if self.current is not None and self.known + self.law.ends < upto:
            self._end(self.known + self.law.ends, told=False)
            self.armed = True

    def standing(self, upto: int) -> Going:
        """Where the walk stands after it."""
        here = self.here(upto)
        return replace(here, known=min(here.known, upto))

    def here(self, upto: int) -> Going:
        """Where the walk stands, to be gone on from: `known` may lie ahead."""
        current = self.current._replace(points=self.current.points[-1:]) if self.current is not None else None
        return Going(tuple(self.raised), upto, current, self.armed, self.known, self.ended)

    def _point(self, at: int, keep: Sequence[int]) -> Point:
        steps = tuple(n for n, raised in enumerate(self.raised) if raised)
        level = max((self.law.level, *(self.law.raises[n] for n in steps)))
        for move in self.law.moves:
            level = move.of(Level(level))
        doubted = keep[0] == UNKNOWN or (self.law.until and keep[0] != TRUE and keep[1] == UNKNOWN)
        return Point(at, level, steps, doubted)

    def _go_on(self, point: Point) -> None:
        if self.current is not None and point[1:] != self.current.points[-1][1:]:
            self._replace(self.current._replace(points=(*self.current.points, point)))

    def _end(self, at: int, told: bool) -> None:
        if self.current is not None:
            self._replace(self.current._replace(until=at, told=told))
            self.ended = Ended(at, told)
        self.current = None

    def _replace(self, stretch: Stretch) -> None:
        self.found[-1] = stretch
        self.current = stretch


def _is_known(sure: Sequence[int], law: Law) -> bool:
    """Whether it is known that an event stands, or with `until` whether it does. Where people are asked, all but the excuse is."""
    return sure[0] == TRUE or law.asked(sure) or (law.until and sure[1] != UNKNOWN)


def next_deadline(going: Going, lines: Sequence[Line], law: Law, upto: int) -> int:
    """The first moment after `upto` at which something may have to be said though no record came."""
    changes = [one.after(upto) for one in lines]
    if going.current is not None and (give_up := _known_until(going, lines, law) + law.ends) >= upto:
        changes.append(give_up)
    return min(changes, default=FAR)


def _known_until(going: Going, lines: Sequence[Line], law: Law) -> int:
    """Up to when the truth of the current stretch will be known if no record comes; no later than the next change."""
    keep_known = _is_known([one.at(going.at)[1] for one in lines], law)
    return min(one.after(going.at) for one in lines) if keep_known else going.known
