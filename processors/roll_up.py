"""The level of a larger area out of those of its places: the worst of them, if enough of them are known."""

from collections.abc import Callable
from functools import lru_cache

from processors.levels import TRUTHS, Code, Entry, reaching
from processors.timelines import BEGINNING, FALSE, TRUE, UNKNOWN, Line, line

Enough = Callable[[int, int], bool]
"""(places known, places that count) to whether that is enough to say no."""
ENOUGH: dict[str, Enough] = {
    "half": lambda known, counting: 2 * known >= counting,
    "all": lambda known, counting: known == counting,
    "one": lambda known, counting: min(known, counting) >= 1,
}


# Of the areas that a record touches most have said the same before: another threshold of the same rule is what is new there.
@lru_cache(maxsize=512)
def worst(places: tuple[tuple[Entry, ...], ...], level: int, enough: Enough) -> Line:
    """True if one place is at the level or held at it; false only if no place has an unclosed breach or an undecided reading
    there and enough of the places that count are known lower; else unknown.

    Args:
        places: the entries of each place. level: by its place among the defined ones.
    """
    changes = sorted((entry.start, n, i) for n, entries in enumerate(places) for i, entry in enumerate(entries))
    standing = _Standing(len(places), enough)
    out: list[tuple[int, int, int, int]] = []
    end = BEGINNING
    for index, (start, n, i) in enumerate(changes):
        entry = places[n][i]
        told = standing.change(n, reaching(entry, level), entry.counts)
        shown = entry.end if told else start - 1
        end = max(shown, end) if index and changes[index - 1][0] == start else shown
        if index + 1 == len(changes) or changes[index + 1][0] != start:
            out.append((start, end, *standing.truths()))
    return line(out)


class _Standing:
    """How many places stand where, kept up as they change."""

    def __init__(self, places: int, enough: Enough) -> None:
        self.enough = enough
        self.codes: list[Code | None] = [None] * places
        self.counting = [False] * places
        self.with_code = [0] * len(Code)
        self.known = self.total = 0

    def change(self, place: int, code: Code, counts: bool) -> bool:
        """A place stands elsewhere; answers whether that changes what is known of it, or leaves it unknown."""
        before = self.codes[place]
        told = code != before or counts != self.counting[place] or UNKNOWN in TRUTHS[code]
        if before is not None:
            self.with_code[before] -= 1
        self.known -= before == Code.LOWER and self.counting[place]
        self.total += counts - self.counting[place]
        self.codes[place], self.counting[place] = code, counts
        self.with_code[code] += 1
        self.known += code == Code.LOWER and counts
        return told

    def truths(self) -> tuple[int, int]:
        """Both truths as the places stand."""
        if self.with_code[Code.TRUE]:
            return TRUE, TRUE
        if self.with_code[Code.HELD]:
            return TRUE, UNKNOWN
        if self.with_code[Code.OPEN] or self.with_code[Code.PENDING]:
            return UNKNOWN, UNKNOWN
        truth = FALSE if self.total and self.enough(self.known, self.total) else UNKNOWN
        return truth, truth
