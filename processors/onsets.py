"""When a condition became true: the onsets of a truth over time, and where one may hide."""

from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterator, Sequence
from operator import attrgetter
from typing import NamedTuple

from processors.timelines import BEGINNING, FALSE, FAR, TRUE, UNKNOWN, Line, line


class Onset(NamedTuple):
    """When a condition became true, compared by the end of the period of the reading that showed it.

    Attributes:
        start: the valid time from which it can be said.
        first, last: equal if the onset is known; else it hides somewhere between them.
    """

    start: int
    first: int
    last: int


_start_of = attrgetter("start")


class Onsets:
    """One truth of one condition over time, with its onsets and where one may hide.

    Became true is false to true, also through unknown; true, unknown, true is none. The first truth known counts as an onset. An onset
    may hide in any unknown stretch but one between two truths.
    """

    def __init__(self, starts: Sequence[int], ends: Sequence[int], truths: Sequence[int]) -> None:
        starts, ends, truths = (BEGINNING, *starts), (BEGINNING - 1, *ends), (UNKNOWN, *truths)  # before all knowledge: unknown
        self.starts, self.ends, self.truths = starts, ends, truths
        self.known: list[Onset] = []
        self.hidden: list[Onset] = []
        self.fell: list[int] = []
        settled = FALSE
        for n, (start, truth) in enumerate(zip(starts, truths, strict=True)):
            if truth == TRUE and settled != TRUE:
                shown = max(start, ends[n])
                self.known.append(Onset(start, shown, shown))
            if truth == FALSE:
                self.fell.append(start)
            settled = truth if truth != UNKNOWN else settled
        self._longest = max((o.first - o.start for o in self.known), default=0)
        for n, following in self._unknown():
            until = starts[following] if following < len(starts) else FAR
            self.hidden.append(Onset(starts[n], starts[n], until - 1))
            periods = [(starts[i], ends[i]) for i in range(n, following) if ends[i] > starts[i]]
            self.hidden.extend(Onset(start, end, end) for start, end in periods)

    def _unknown(self) -> Iterator[tuple[int, int]]:
        """The indices at which each unknown stretch in which an onset may hide begins, and at which another truth follows it."""
        n = 0
        while n < len(self.starts):
            following = next((i for i in range(n, len(self.starts)) if self.truths[i] != self.truths[n]), len(self.starts))
            between = n > 0 and following < len(self.starts) and self.truths[n - 1] == TRUE == self.truths[following]
            if self.truths[n] == UNKNOWN and not between:
                yield n, following
            n = following

    def moments(self, window: int, least_lag: int, parts: int) -> Iterator[int]:
        """The moments beside its changes at which what may be can change."""
        for onset in (*self.known, *self.hidden):
            for lags in range(parts + 1 if least_lag else 1) if onset.first != BEGINNING else ():
                yield onset.first + lags * least_lag
                yield onset.first + lags * least_lag - window

    def at(self, moment: int) -> int:
        """The truth at a moment."""
        index = bisect_right(self.starts, moment) - 1
        return self.truths[index] if index >= 0 else UNKNOWN

    def onsets(self, moment: int, since: int, *, hidden: bool) -> list[Onset]:
        """The onsets up to a moment: those known, and if asked those that may hide.

        Args:
            since: onsets known that are compared by a time before it may be left out.
        """
        first = bisect_left(self.known, since - self._longest, key=_start_of)
        known = self.known[first : bisect_right(self.known, moment, key=_start_of)]
        return [*known, *self._hiding(moment)] if hidden else known

    def last(self, moment: int) -> tuple[list[Onset], list[Onset]]:
        """The known onset of a truth that still stands at a moment, and where it may hide."""
        fallen = bisect_right(self.fell, moment)
        fell = self.fell[fallen - 1] if fallen else BEGINNING
        number = bisect_right(self.known, moment, key=_start_of)
        known = [o for o in self.known[max(number - 1, 0) : number] if o.start > fell]
        return known, [*known, *self._hiding(moment, fell)]

    def _hiding(self, moment: int, since: int = BEGINNING) -> list[Onset]:
        """Where onsets may hide that come in a span; they are kept by their starts."""
        first, last = bisect_left(self.hidden, since, key=_start_of), bisect_right(self.hidden, moment, key=_start_of)
        # An onset compared by the end of its period may lie after the moment; one within a stretch may not.
        return [o if o.first == o.last else o._replace(last=min(o.last, moment)) for o in self.hidden[first:last]]


def over_time(lines: Sequence[Line], window: int, least_lag: int, truth_at: Callable[[Sequence[Onsets], int], int]) -> Line:
    """The line of a truth that rests on the onsets of several.

    Args:
        window, least_lag: the spans that onsets are compared over; the truth can change where one of them has passed since an onset.
        truth_at: the truth at a moment, from the onsets of each.
    """
    keep = [Onsets(one.starts, one.ends, one.keep) for one in lines]
    # Where all was heard in time the two do not differ, and are looked through once.
    same = all(one.keep == one.sure for one in lines)
    sure = keep if same else [Onsets(one.starts, one.ends, one.sure) for one in lines]
    shown: dict[int, int] = {}
    for one in lines:
        for start, end in zip(one.starts, one.ends, strict=True):
            shown[start] = max(shown.get(start, end), end)
    parts = keep if same else [*keep, *sure]
    moments = sorted({*shown, *(m for part in parts for m in part.moments(window, least_lag, len(lines)))})
    kept = [truth_at(keep, m) for m in moments]
    surely = kept if same else [truth_at(sure, m) for m in moments]
    return line((m, shown.get(m, m - 1), k, s) for m, k, s in zip(moments, kept, surely, strict=True))
