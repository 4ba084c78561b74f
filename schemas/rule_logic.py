"""Whether a condition can be true, and whether it can be anything else, whatever is measured: found by trying all that levels can be.

What looks at other moments or other places is taken as free to be true or false, so that a finding is always right, though not every
contradiction is found.
"""

from collections.abc import Iterator, Mapping, Sequence
from itertools import product

from schemas.conditions import All, AnyOf, AtLeast, AtLevel, Condition, Not, Unless, walk
from schemas.configuration import Threshold
from schemas.levels import Level

Reached = Mapping[str, int]
"""Threshold to the level it stands at, as a number; 0 if at none."""
_MOST_CASES = 20_000
"""More than this are not tried; nothing is found then."""


def outcomes(condition: Condition | Unless, thresholds: Mapping[str, Threshold]) -> frozenset[bool]:
    """What a condition can come to; both if that cannot be tried."""
    names = sorted({part.threshold for part in walk(condition) if isinstance(part, AtLevel)} & set(thresholds))
    levels = [[0, *sorted(int(Level.named(word)) for word in thresholds[name].levels)] for name in names]
    free = _free(condition)
    cases = 2 ** len(free)
    for one in levels:
        cases *= len(one)
    if cases > _MOST_CASES:
        return frozenset((True, False))
    found: set[bool] = set()
    for reached in product(*levels):
        for said in product((True, False), repeat=len(free)):
            found.add(_holds(condition, dict(zip(names, reached, strict=True)), dict(zip(free, said, strict=True))))
            if len(found) == 2:
                return frozenset(found)
    return frozenset(found)


def _inside(condition: Condition | Unless) -> Sequence[Condition]:
    """The parts that a condition judges at the same moment and place; none if it looks elsewhere."""
    windowed = isinstance(condition, All | AnyOf | AtLeast) and condition.within is not None
    return condition.parts if isinstance(condition, All | AnyOf | AtLeast | Not | Unless) and not windowed else ()


def _free(condition: Condition | Unless) -> list[Condition | Unless]:
    """The conditions that are taken as true or false at will, each once."""
    found: dict[Condition | Unless, None] = {}

    def look(one: Condition | Unless) -> Iterator[Condition | Unless]:
        inside = _inside(one)
        if not inside and not isinstance(one, AtLevel):
            yield one
        for part in inside:
            yield from look(part)

    found.update(dict.fromkeys(look(condition)))
    return list(found)


def _holds(condition: Condition | Unless, reached: Reached, said: Mapping[Condition | Unless, bool]) -> bool:
    if condition in said:
        return said[condition]
    match condition:
        case AtLevel():
            return reached.get(condition.threshold, 0) >= max(int(condition.level), 1)
        case Not():
            return not _holds(condition.not_, reached, said)
        case Unless():
            return _holds(condition.when, reached, said) and not _holds(condition.unless, reached, said)
    true = [_holds(part, reached, said) for part in _inside(condition)]
    if isinstance(condition, AtLeast):
        return sum(true) >= condition.at_least
    return all(true) if isinstance(condition, All) else any(true)
