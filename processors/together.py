"""Conditions that became true near each other and are true at once."""

from collections.abc import Sequence

from processors.onsets import Onset, Onsets, over_time
from processors.timelines import FALSE, TRUE, UNKNOWN, Line


def together_within(count: int, lines: Sequence[Line], window: int) -> Line:
    """True where `count` are true whose onsets lie at most `window` apart; false where that cannot be; unknown too if there are fewer."""
    return over_time(lines, window, 0, lambda parts, moment: _truth(parts, moment, count, window))


def _truth(parts: Sequence[Onsets], moment: int, count: int, window: int) -> int:
    known: list[list[Onset]] = []
    possible: list[list[Onset]] = []
    truths = [part.at(moment) for part in parts]
    if len(parts) >= count > len(parts) - truths.count(FALSE):
        return FALSE
    for part, truth in zip(parts, truths, strict=True):
        if truth == FALSE:
            continue
        exact, hiding = part.last(moment)
        possible.append(hiding)
        if truth == TRUE:
            known.append(exact)
    if _near(known, count, window):
        return TRUE
    return UNKNOWN if len(parts) < count or _near(possible, count, window) else FALSE


def _near(onsets: Sequence[Sequence[Onset]], count: int, window: int) -> bool:
    """Whether `count` conditions can have onsets at most `window` apart: then a window that begins at the latest of one meets them all."""
    return any(
        sum(any(o.first <= begin + window and o.last >= begin for o in of_one) for of_one in onsets) >= count
        for begin in {o.last for of_one in onsets for o in of_one}
    )
