"""Several stations that fell silent together while their feed goes on delivering."""

from collections.abc import Sequence
from typing import NamedTuple

from processors.timelines import FALSE, FAR, TRUE, UNKNOWN, Line, line


class Silent(NamedTuple):
    """One station's silence: from going stale until its next reading (FAR if none came), after a last reading."""

    start: int
    until: int
    last: int


def silences(starts: Sequence[int], ends: Sequence[int], stale: int, dead: Sequence[tuple[int, int]]) -> list[Silent]:
    """The silences of one station between its readings with a value, but for the spans in which it is declared dead."""
    found = []
    for end, following in zip(ends, [*starts[1:], FAR], strict=True):
        start, until = end + stale, following
        for dead_from, dead_until in dead:
            if dead_from < until and start < dead_until:
                until = max(start, dead_from)
        if start < until:
            found.append(Silent(start, until, end))
    return found


def together(stations: Sequence[Sequence[Silent]], count: int, within: int, alive: Sequence[tuple[int, int]], known_from: int) -> Line:
    """True where `count` stations are silent whose last readings lie at most `within` apart; unknown if their feed is not alive."""
    spans = [s for silent in stations for s in silent]
    edges = {known_from, *(s.start for s in spans), *(s.until for s in spans), *(m for span in alive for m in span)}
    ended_by_reading = {s.until for s in spans}
    out = []
    for at in sorted(e for e in edges if known_from <= e < FAR):
        last = sorted(s.last for s in spans if s.start <= at < s.until)
        near = any(last[n + count - 1] - last[n] <= within for n in range(len(last) - count + 1))
        delivering = any(start <= at < end for start, end in alive)
        truth = (TRUE if delivering else UNKNOWN) if near else FALSE
        shown = at in ended_by_reading or at == known_from
        out.append((at, at if shown else at - 1, truth, truth))
    return line(out)


def delivered(alive: Sequence[tuple[int, int]], at: int, lasting: int) -> tuple[tuple[int, int], ...]:
    """The spans in which a feed counts as delivering, after one more delivery or answer at a moment."""
    spans: list[tuple[int, int]] = []
    for start, end in sorted([*alive, (at, at + lasting)]):
        if spans and start <= spans[-1][1]:
            spans[-1] = (spans[-1][0], max(end, spans[-1][1]))
        else:
            spans.append((start, end))
    return tuple(spans)
