"""The level of a larger area out of those of its places: the worst of them, if enough of them are known."""

from collections.abc import Callable, Sequence

from processors.levels import Code, Entry, reaching
from processors.timelines import FALSE, TRUE, UNKNOWN, Line, line

Enough = Callable[[int, int], bool]
"""(places known, places that count) to whether that is enough to say no."""
ENOUGH: dict[str, Enough] = {
    "half": lambda known, counting: 2 * known >= counting,
    "all": lambda known, counting: known == counting,
    "one": lambda known, counting: min(known, counting) >= 1,
}


def worst(places: Sequence[Sequence[Entry]], level: int, enough: Enough) -> Line:
    """True if one place is at the level or held at it; false only if no place has an unclosed breach or an undecided reading
    there and enough of the places that count are known lower; else unknown.

    Args:
        places: the entries of each place. level: by its place among the defined ones.
    """
    changes = sorted((entry.start, n, i) for n, entries in enumerate(places) for i, entry in enumerate(entries))
    codes: list[Code | None] = [None] * len(places)
    counting = [False] * len(places)
    out: list[tuple[int, int, int, int]] = []
    for start, n, i in changes:
        entry = places[n][i]
        codes[n], counting[n] = reaching(entry, level), entry.counts
        end = entry.end
        if out and out[-1][0] == start:
            end = max(end, out.pop()[1])
        out.append((start, end, *_truths(codes, counting, enough)))
    return line(out)


def _truths(codes: Sequence[Code | None], counting: Sequence[bool], enough: Enough) -> tuple[int, int]:
    if Code.TRUE in codes:
        return TRUE, TRUE
    if Code.HELD in codes:
        return TRUE, UNKNOWN
    if Code.OPEN in codes or Code.PENDING in codes:
        return UNKNOWN, UNKNOWN
    total = sum(counting)
    known = sum(c and code == Code.LOWER for code, c in zip(codes, counting, strict=True))
    truth = FALSE if total and enough(known, total) else UNKNOWN
    return truth, truth
