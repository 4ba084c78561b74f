"""How often a condition became true within a span: the onsets that are known, and whether more may hide."""

from processors.onsets import Onset, Onsets
from processors.timelines import FALSE, FAR, TRUE, UNKNOWN, Line, line


def became_true(one: Line, count: int, window: int) -> Line:
    """True where it became true `count` times within the last `window`; false where it cannot have; else unknown."""
    keep = Onsets(one.starts, one.ends, one.keep)
    sure = Onsets(one.starts, one.ends, one.sure)
    shown = dict(zip(one.starts, one.ends, strict=True))
    moments = {*shown, *(m + window for part in (keep, sure) for m in _leaving(part))}
    return line((m, shown.get(m, m - 1), _truth(keep, m, count, window), _truth(sure, m, count, window)) for m in sorted(moments))


def _leaving(part: Onsets) -> set[int]:
    """The moments from which on an onset, known or hidden, lies outside a window that ends a window later."""
    return {_until(onset) for onset in (*part.known, *part.hidden)} - {FAR}


def _until(onset: Onset) -> int:
    """The moment of a known onset; the end of the stretch in which one may hide, that moment itself left out."""
    return onset.last + 1 if onset.start == onset.first < onset.last else onset.last


def _truth(part: Onsets, moment: int, count: int, window: int) -> int:
    known = sum(onset.start <= moment and _until(onset) > moment - window for onset in part.known)
    if known >= count:
        return TRUE
    may_be = any(onset.start <= moment and _until(onset) > moment - window for onset in part.hidden)
    return UNKNOWN if may_be else FALSE
