"""Readings that only wait: their threshold has not settled yet, time does not go on with them, and so nothing is judged because of them.

A shard whose readings come a few at a time spends most of its time on such. They are put where they belong among those that wait already,
which is what going forward would do with them, at a tenth of its cost.
"""

from bisect import bisect_left

import numpy as np

from processors.arrivals import Span
from processors.columns import Columns
from processors.rows import Rows, inserted_rows


def may_wait(columns: Columns, span: Span) -> bool:
    """Whether there are readings that only wait: some have to, all was judged up to the shard's now, and it is still that."""
    return bool(span.settle) and int(span.nows[-1]) == span.before and bool(columns.marks)


def waiting(columns: Columns, new: Rows, span: Span) -> Rows | None:
    """All readings that wait, the new ones among them; none if something must be judged, or looked at more closely.

    Args:
        columns: of which readings `may_wait`. new: readings of regular places.
    """
    now = span.before
    laws, upto = columns.layout.laws, now - span.settle - 1
    early, late = new.starts <= upto, (new.starts > now) | (new.ends > now) | (new.ends + laws.reach[new.lanes] < now)
    if (early | late).any() or (columns.layout.moments_only and (new.ends > new.starts).any()):
        return None
    new = new if len(new) < 2 else new.take(np.lexsort((new.starts, new.ends, new.lanes)))
    places = _places(columns.pending, new)
    return inserted_rows(columns.pending, new, places) if places is not None else None


def _places(pending: Rows, new: Rows) -> list[int] | None:
    """Where each new reading belongs; none if one has the identity of another. Both are by series, end and start."""
    firsts = np.searchsorted(pending.lanes, new.lanes).tolist()
    lasts = np.searchsorted(pending.lanes, new.lanes, side="right").tolist()
    identities = list(zip(new.lanes.tolist(), new.ends.tolist(), new.starts.tolist(), strict=True))
    if len(set(identities)) < len(identities):
        return None
    found = []
    for first, last, (_, end, start) in zip(firsts, lasts, identities, strict=True):
        there = list(zip(pending.ends[first:last].tolist(), pending.starts[first:last].tolist(), strict=True))
        place = bisect_left(there, (end, start))
        if place < len(there) and there[place] == (end, start):
            return None
        found.append(first + place)
    return found
