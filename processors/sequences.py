"""Conditions that became true one after another: the chain that onsets form, and what could still form one."""

from collections.abc import Sequence

from processors.onsets import Onset, Onsets, over_time
from processors.timelines import BEGINNING, FALSE, FAR, TRUE, UNKNOWN, Line


def in_sequence(lines: Sequence[Line], window: int, least_lag: int) -> Line:
    """True where the last condition is true, and it and those before became true in this order within `window`."""
    return over_time(lines, window, least_lag, lambda parts, moment: _truth(parts, moment, window, least_lag))


def _truth(parts: Sequence[Onsets], moment: int, window: int, least_lag: int) -> int:
    *earlier, last = parts
    truth = last.at(moment)
    if truth == FALSE:
        return FALSE
    known, possible = last.last(moment)
    for onset in known if truth == TRUE else ():
        before = [p.onsets(moment, onset.first - window, hidden=False) for p in earlier]
        if _chain(onset.first, before, window, least_lag):
            return TRUE
    since = min((onset.first for onset in possible), default=FAR) - window  # what lies before it is too old for any of them
    before = [p.onsets(moment, since, hidden=True) for p in earlier]
    return UNKNOWN if any(_possible(onset, before, window, least_lag) for onset in possible) else FALSE


def _possible(last: Onset, before: Sequence[Sequence[Onset]], window: int, least_lag: int) -> bool:
    """Whether the last onset can lie so that the chain holds: at its first moment, or where an earlier one just fits."""
    fits = {o.first + lags * least_lag for onsets in before for o in onsets for lags in range(len(before) + 1)}
    return any(_chain(at, before, window, least_lag) for at in {last.first, *(f for f in fits if last.first < f <= last.last)})


def _chain(at: int, before: Sequence[Sequence[Onset]], window: int, least_lag: int) -> bool:
    """Whether going back from the last onset, each time to the latest that fits, stays within the window."""
    latest = at
    for onsets in reversed(before):
        latest = max((min(o.last, latest - least_lag) for o in onsets if o.first <= max(latest - least_lag, BEGINNING)), default=FAR)
        if latest == FAR:
            return False
    return at - latest <= window
