"""A truth over valid time, and the operators that make one truth of several.

Times are whole microseconds since 1970-01-01 UTC. A line reaches into the future as if no further reading came, so whoever reads it
cuts it at the moment up to which it may be judged; its next change after that moment is its deadline.

Each line carries two truths. `keep` counts a held breach as true, and decides whether an open event stays open. `sure` counts it as
unknown, and decides whether an event opens and when a condition became true.
"""

from bisect import bisect_right
from collections.abc import Callable, Iterable, Sequence
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import NamedTuple

from schemas.levels import Truth

FALSE, UNKNOWN, TRUE = 0, 1, 2
TRUTHS = (Truth.FALSE, Truth.UNKNOWN, Truth.TRUE)
BEGINNING = -(2**62)
FAR = 2**62
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


def micros(value: datetime | timedelta) -> int:
    """A moment or a span in whole microseconds."""
    return (value - _EPOCH if isinstance(value, datetime) else value) // _MICROSECOND


@lru_cache(maxsize=8192)
def moment(value: int) -> datetime:
    """The moment that a number of microseconds stands for, UTC."""
    return _EPOCH + timedelta(microseconds=value)


def later(value: int, span: timedelta) -> int:
    """A moment some span later; FAR stays FAR."""
    return value + micros(span) if value < FAR else FAR


class Line(NamedTuple):
    """A truth over valid time; before its first entry it is unknown.

    Attributes:
        starts: when each stretch begins.
        ends: the end of the period of the reading that began it; less than its start if no reading did, but the passing of time.
        keep, sure: the two truths of each stretch.
    """

    starts: tuple[int, ...]
    ends: tuple[int, ...]
    keep: tuple[int, ...]
    sure: tuple[int, ...]

    def at(self, when: int) -> tuple[int, int]:
        """Both truths at a moment."""
        index = bisect_right(self.starts, when) - 1
        return (self.keep[index], self.sure[index]) if index >= 0 else (UNKNOWN, UNKNOWN)

    def since(self, when: int) -> int | None:
        """When the stretch around a moment began; none before the first."""
        index = bisect_right(self.starts, when) - 1
        while index > 0 and (self.keep[index - 1], self.sure[index - 1]) == (self.keep[index], self.sure[index]):
            index -= 1
        return self.starts[index] if index >= 0 else None

    def upto(self, when: int) -> "Line":
        """What may be said at a moment: what readings began until then, and what time began before then."""
        count = bisect_right(self.starts, when)
        if count and self.starts[count - 1] == when and self.ends[count - 1] < when:
            count -= 1
        return Line(self.starts[:count], self.ends[:count], self.keep[:count], self.sure[:count])

    def after(self, when: int) -> int:
        """The first change that may not be said yet at a moment."""
        shown = len(self.upto(when).starts)
        return self.starts[shown] if shown < len(self.starts) else FAR


NOTHING_KNOWN = Line((), (), (), ())


def line(entries: Iterable[tuple[int, int, int, int]]) -> Line:
    """A line of (start, end, keep, sure) in order of start.

    Entries that change nothing are left out, but for a period within what is unknown: a sequence may compare an onset by its end.
    """
    kept: list[tuple[int, int, int, int]] = []
    for entry in entries:
        start, end, keep, sure = entry
        if not kept or kept[-1][2:] != (keep, sure) or (end > start and UNKNOWN in (keep, sure)):
            kept.append(entry)
    return Line(*zip(*kept, strict=True)) if kept else NOTHING_KNOWN


def merged(lines: Sequence[Line], combine: Callable[[Sequence[int]], int]) -> Line:
    """One line whose truths are `combine` of the truths of all at each moment."""
    return line((start, end, combine(keep), combine(sure)) for start, end, keep, sure in walk(lines))


def walk(lines: Sequence[Line]) -> Iterable[tuple[int, int, list[int], list[int]]]:
    """Each moment at which any of the lines changes, with the truths of all from there on."""
    points = sorted({start for one in lines for start in one.starts})
    indexes = [-1] * len(lines)
    for point in points:
        end = point - 1
        for n, one in enumerate(lines):
            following = indexes[n] + 1
            if following < len(one.starts) and one.starts[following] == point:
                indexes[n] = following
                end = max(end, one.ends[following])
        keep = [one.keep[i] if i >= 0 else UNKNOWN for one, i in zip(lines, indexes, strict=True)]
        sure = [one.sure[i] if i >= 0 else UNKNOWN for one, i in zip(lines, indexes, strict=True)]
        yield point, end, keep, sure


def every(lines: Sequence[Line]) -> Line:
    """Kleene's and."""
    return merged(lines, min)


def some(lines: Sequence[Line]) -> Line:
    """Kleene's or."""
    return merged(lines, max)


def excused(one: Line, excuse: Line) -> Line:
    """`one` and not the excuse, which is unknown where it is held."""
    return line((start, end, min(keep[0], TRUE - sure[1]), min(sure[0], TRUE - sure[1])) for start, end, keep, sure in walk([one, excuse]))


def unless_known(one: Line, excuse: Line) -> Line:
    """`one`, false where the excuse is known: true where nothing but the excuse may be in doubt."""

    def but_for(truths: Sequence[int], excuses: Sequence[int]) -> int:
        return FALSE if excuses[1] == TRUE else truths[0]

    return line((start, end, but_for(keep, sure), but_for(sure, sure)) for start, end, keep, sure in walk([one, excuse]))


def in_force(since: int, until: int) -> Line:
    """True from a moment until another, false before and after."""
    changes = [(BEGINNING, FALSE), (since, TRUE), (until, FALSE)]
    return line((at, at - 1, truth, truth) for at, truth in changes if at < FAR and (at > BEGINNING or since > BEGINNING or truth == TRUE))


def opposite(one: Line) -> Line:
    """Kleene's not."""
    return Line(one.starts, one.ends, tuple(TRUE - k for k in one.keep), tuple(TRUE - s for s in one.sure))


def at_least(count: int, lines: Sequence[Line]) -> Line:
    """True if `count` are true; false if fewer can be, the unknown ones included; unknown too if there are fewer than that at all."""

    def combine(truths: Sequence[int]) -> int:
        true = sum(t == TRUE for t in truths)
        if true >= count:
            return TRUE
        return FALSE if true + sum(t == UNKNOWN for t in truths) < count <= len(truths) else UNKNOWN

    return merged(lines, combine)


@lru_cache(maxsize=512)
def lately(one: Line, span: int) -> Line:
    """True where `one` was true at some moment of the last `span`, false where it was known false throughout it."""
    if not one.starts:
        return one
    stops = (*one.starts[1:], FAR)
    keep = _stretched(one.starts, stops, one.keep, span)
    sure = _stretched(one.starts, stops, one.sure, span)
    period_end = dict(zip(one.starts, one.ends, strict=True))
    entries: list[tuple[int, int, int, int]] = []
    for point in sorted({p for p, _ in keep} | {p for p, _ in sure}):
        entries.append((point, period_end.get(point, point - 1), _value(keep, point), _value(sure, point)))
    return line(entries)


def lasting(one: Line, span: int) -> Line:
    """True where `one` was true throughout the last `span`, false where it was known false at some moment of it."""
    return opposite(lately(opposite(one), span))


def _stretched(starts: Sequence[int], stops: Sequence[int], truths: Sequence[int], span: int) -> list[tuple[int, int]]:
    """(moment, truth) of one truth in which each true or unknown stretch lasts `span` longer."""
    reach = {TRUE: BEGINNING, UNKNOWN: starts[0] + span}
    changes: list[tuple[int, int]] = []
    for start, stop, truth in zip(starts, stops, truths, strict=True):
        moments = sorted({start, *(r for r in reach.values() if start < r < stop)})
        for at in moments:
            lasting = TRUE if reach[TRUE] > at else UNKNOWN if reach[UNKNOWN] > at else FALSE
            changes.append((at, max(truth, lasting)))
        if truth != FALSE:
            reach[truth] = max(reach[truth], stop + span if stop < FAR else FAR)
    return changes


def _value(changes: list[tuple[int, int]], at: int) -> int:
    index = bisect_right(changes, (at, TRUE)) - 1
    return changes[index][1] if index >= 0 else UNKNOWN
