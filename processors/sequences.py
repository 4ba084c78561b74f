"""Conditions that became true one after another: onsets, the chain they form, and what could still form one."""

from collections.abc import Sequence
from typing import NamedTuple

from processors.timelines import BEGINNING, FALSE, FAR, TRUE, UNKNOWN, Line, line


class Onset(NamedTuple):
    """When a condition became true, compared by the end of the period of the reading that showed it.

    Attributes:
        start: the valid time from which it can be said.
        first, last: equal if the onset is known; else it lies somewhere between.
    """

    start: int
    first: int
    last: int


class _History:
    """One truth of one condition as it went: what it is now, and its onsets so far, known and possible.

    Became true is false to true, also through unknown; true, unknown, true is none. The first truth known counts as an onset.
    """

    def __init__(self) -> None:
        self.truth = UNKNOWN
        self.known: list[Onset] = []
        self.possible: list[Onset] = []
        self._settled = UNKNOWN
        self._unknown_from = BEGINNING

    def go_on(self, start: int, end: int, truth: int) -> None:
        """Take in the next stretch."""
        shown = max(start, end)
        if truth == UNKNOWN and self.truth != UNKNOWN:
            self._unknown_from = start
        elif truth != UNKNOWN:
            if self.truth == UNKNOWN and self._settled != TRUE:
                self.possible.append(Onset(self._unknown_from, self._unknown_from, shown))
            if truth == TRUE and self._settled != TRUE:
                self.known.append(Onset(start, shown, shown))
            self._settled = truth
        self.truth = truth

    def last_onsets(self) -> list[Onset]:
        """From when it may have been true until now: the onset of a stretch that is true or may still be."""
        if self.truth == FALSE:
            return []
        if self.truth == UNKNOWN and self._settled != TRUE:
            return [Onset(self._unknown_from, self._unknown_from, FAR)]
        before = [p for p in self.possible if p.last == self.known[-1].last]
        return [self.known[-1], *before]

    def onsets(self) -> list[Onset]:
        """All onsets that were or may have been."""
        open_end = [Onset(self._unknown_from, self._unknown_from, FAR)] if self.truth == UNKNOWN and self._settled != TRUE else []
        return [*self.known, *self.possible, *open_end]


def in_sequence(lines: Sequence[Line], window: int, least_lag: int) -> Line:
    """True where the last condition is true, and it and those before became true in this order within `window`."""
    keep = _truths([(one.starts, one.ends, one.keep) for one in lines], window, least_lag)
    sure = _truths([(one.starts, one.ends, one.sure) for one in lines], window, least_lag)
    return line((at, end, k, s) for (at, end, k), (_, _, s) in zip(keep, sure, strict=True))


def _truths(
    conditions: list[tuple[tuple[int, ...], tuple[int, ...], tuple[int, ...]]], window: int, least_lag: int
) -> list[tuple[int, int, int]]:
    histories = [_History() for _ in conditions]
    changes = sorted((start, n, i) for n, (starts, _, _) in enumerate(conditions) for i, start in enumerate(starts))
    found: list[tuple[int, int, int]] = []
    for at, n, i in changes:
        end = conditions[n][1][i]
        histories[n].go_on(at, end, conditions[n][2][i])
        truth = _truth(histories, window, least_lag)
        if found and found[-1][0] == at:
            end = max(end, found.pop()[1])
        found.append((at, end, truth))
    return found


def _truth(histories: Sequence[_History], window: int, least_lag: int) -> int:
    *earlier, last = histories
    if last.truth == FALSE:
        return FALSE
    if last.truth == TRUE and _chain(last.known[-1].last, [h.known for h in earlier], window, least_lag):
        return TRUE
    options = [h.onsets() for h in earlier]
    return UNKNOWN if any(_possible(onset, options, window, least_lag) for onset in last.last_onsets()) else FALSE


def _possible(last: Onset, earlier: Sequence[Sequence[Onset]], window: int, least_lag: int) -> bool:
    """Whether the last onset can lie so that the chain holds. Only its ends and those of the others need to be tried."""
    steps = len(earlier)
    tried = {last.first, last.last}
    for n, onsets in enumerate(earlier):
        tried.update(edge + (steps - n) * least_lag for o in onsets for edge in (o.first, o.last))
    return any(_chain(at, earlier, window, least_lag) for at in tried if last.first <= at <= last.last)


def _chain(at: int, earlier: Sequence[Sequence[Onset]], window: int, least_lag: int) -> bool:
    """Whether going back from the last onset, each time to the latest that fits, stays within the window."""
    latest = at
    for onsets in reversed(earlier):
        latest = max((min(o.last, latest - least_lag) for o in onsets if o.first <= latest - least_lag), default=BEGINNING)
        if latest == BEGINNING:
            return False
    return at - latest <= window
