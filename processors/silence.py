"""Several stations that fell silent together while their feed goes on delivering."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from processors.timelines import FALSE, FAR, TRUE, UNKNOWN, Line, line

Spans = tuple[tuple[int, int], ...]


class Silent(NamedTuple):
    """One station's silence: from going stale until its next reading (FAR if none came), after a last reading."""

    start: int
    until: int
    last: int


def silences(starts: Sequence[int], ends: Sequence[int], stale: int, dead: Sequence[tuple[int, int]]) -> list[Silent]:
    """The silences of one station between its readings with a value, but for the spans in which it is declared dead."""
    found = []
    for end, following in zip(ends, [*starts[1:], FAR][: len(ends)], strict=True):
        start, until = end + stale, following
        for dead_from, dead_until in dead:
            if dead_from < until and start < dead_until:
                until = max(start, dead_from)
        if start < until:
            found.append(Silent(start, until, end))
    return found


def together(stations: Sequence[tuple[Sequence[Silent], Sequence[tuple[int, int]]]], count: int, within: int, known_from: int) -> Line:
    """True where `count` stations are silent whose last readings lie at most `within` apart; unknown if their feeds are not alive.

    Args:
        stations: of each its silences, and the spans in which its feed delivered.
    """
    spans = [(silent, alive) for silences_of, alive in stations for silent in silences_of]
    ended = {silent.until for silent, _ in spans}
    edges = {known_from, *ended, *(silent.start for silent, _ in spans), *(m for _, alive in stations for span in alive for m in span)}
    out = []
    for at in sorted(e for e in edges if known_from <= e < FAR):
        now = [(silent.last, any(a <= at < b for a, b in alive)) for silent, alive in spans if silent.start <= at < silent.until]
        truth = TRUE if _near([s for s, alive in now if alive], count, within) else FALSE
        if truth == FALSE and _near([s for s, _ in now], count, within):
            truth = UNKNOWN
        out.append((at, at if at in ended or at == known_from else at - 1, truth, truth))
    return line(out)


def _near(last: Sequence[int], count: int, within: int) -> bool:
    """Whether `count` of the moments lie at most `within` apart."""
    ordered = sorted(last)
    return any(ordered[n + count - 1] - ordered[n] <= within for n in range(len(ordered) - count + 1))


def since_asked(alive: Mapping[str, Spans], asked: int) -> dict[str, Spans]:
    """The spans in which feeds delivered without those that were over by the moment from which on they are asked for."""
    return {feed: tuple(span for span in spans if span[1] > asked) or spans[-1:] for feed, spans in alive.items()}


def delivered(alive: Sequence[tuple[int, int]], at: int, lasting: int) -> Spans:
    """The spans in which a feed counts as delivering, after one more delivery or answer at a moment."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted([*alive, (at, at + lasting)]):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return tuple(spans)
