"""How far back what is said of places is asked for, so that a rule's truth from some moment on is what it would be with all of it."""

from bisect import bisect_right
from collections.abc import Iterator
from datetime import timedelta

from processors.conditions import Sight
from processors.plan import Place
from processors.timelines import FALSE, TRUE, Line, micros
from schemas.conditions import Condition, Sequence, Sustained, Times, Together, Unless

_BY_ONSETS = Sequence | Together | Times


def rule_looks_back_to(place: Place, settled: int, sight: Sight) -> int:
    """From when on is asked for by a rule in an area whose truth up to a moment nothing can alter any more."""
    rule, area = place
    return min([settled, *(looks_back_to(condition, area, settled, sight) for condition in sight.plan.rules[rule].conditions)])


def looks_back_to(condition: Condition | Unless, area: str, since: int, sight: Sight) -> int:
    """From when on is asked for, in microseconds, by a condition's truth from a moment on.

    By a span, that span further back. Where conditions must have become true near each other, back to where the truths that stand became
    true, the span before that, and to where it is known of each that it was false before: that may be far longer ago than the span.
    """
    asked = since
    if isinstance(condition, _BY_ONSETS):
        lines = [line for part in sight.plan.inside(condition, area) if (line := sight.truth(*part)) is not None]
        if not isinstance(condition, Times):
            asked = _before_onsets(lines, asked)
        asked = _before_onsets(lines, asked - micros(condition.within))
    else:
        span: timedelta | None = condition.for_ if isinstance(condition, Sustained) else getattr(condition, "within", None)
        asked -= micros(span) if span is not None else 0
    return min([asked, *(looks_back_to(part, place, asked, sight) for part, place in sight.plan.inside(condition, area))])


def _before_onsets(lines: list[Line], when: int) -> int:
    """A moment from which on it is known how each truth that stands at another came to stand."""
    return min([when, *(moment for line in lines for truths in (line.keep, line.sure) for moment in _before_onset(line, truths, when))])


def _before_onset(line: Line, truths: tuple[int, ...], when: int) -> Iterator[int]:
    """The last moment up to another at which a condition was false; if it never was, when it first was true."""
    last = bisect_right(line.starts, when) - 1
    false = next((n for n in range(last, -1, -1) if truths[n] == FALSE), None)
    if false is not None:
        yield when if false == last else line.starts[false + 1] - 1
    else:
        yield from (start for start, truth in zip(line.starts[: last + 1], truths, strict=False) if truth == TRUE)
