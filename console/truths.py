"""What each threshold stands at in each district, from the engine's timelines. Unknown is a value of its own, never green."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime

from processors.engine import State, Timeline, levels
from schemas.conditions import AtLevel, Dimensions, Silent, walk
from schemas.configuration import Configuration
from schemas.indicators import CATALOGUE
from schemas.levels import Level, Truth

Truths = Mapping[str, tuple["ThresholdTruth", ...]]
"""District code to what its thresholds stand at. A district that is not in it has no series at all."""
_LEVELS = (Level.YELLOW, Level.ORANGE, Level.RED)


@dataclass(frozen=True)
class Unjudged:
    """Instead of truths: the engine's replay is still under way, and has come to a moment; none if it has not begun."""

    came_to: datetime | None


@dataclass(frozen=True)
class ThresholdTruth:
    """One threshold in one district.

    Attributes:
        level: the highest that is true, else green if every level is known to be false, else none: it cannot be told.
        doubted: a level above `level` may hold as well, nobody knows.
        held: it rests on a breach whose place fell silent.
        since: from when it has stood so, valid time; none if that is before all that is kept.
    """

    threshold: str
    level: Level | None
    doubted: bool
    held: bool
    since: datetime | None


def watched(configuration: Configuration) -> tuple[str, ...]:
    """The thresholds that a rule looks at, in the order of the file. One that no rule uses cannot warn and colours nothing."""
    used: set[str] = set()
    for rule in configuration.rules:
        for part in (inner for condition in rule.conditions for inner in walk(condition)):
            match part:
                case AtLevel():
                    used.add(part.threshold)
                case Silent():
                    used.add(part.silent.of)
                case Dimensions():
                    used.update(t.name for t in configuration.thresholds if t.indicator in CATALOGUE)
    return tuple(t.name for t in configuration.thresholds if t.name in used)


def district_truths(state: State, districts: Iterable[str], at: datetime) -> dict[str, tuple[ThresholdTruth, ...]]:
    """What the watched thresholds stood at, at a moment of valid time."""
    if state.plan is None:
        return {}
    wanted = set(districts)
    found: dict[tuple[str, str], dict[Level, Timeline]] = {}
    for (threshold, place, level), timeline in levels(state, wanted).items():
        found.setdefault((threshold, place), {})[level] = timeline
    truths: dict[str, tuple[ThresholdTruth, ...]] = {}
    for name in watched(state.plan.configuration):
        for place in sorted(wanted):
            if (name, place) in found:
                truths[place] = (*truths.get(place, ()), truth_at(name, found[name, place], at))
    return truths


def truth_at(threshold: str, timelines: Mapping[Level, Timeline], at: datetime) -> ThresholdTruth:
    """The timelines of a threshold's levels read at a moment."""
    stood = {level: _at(timelines[level], at) for level in _LEVELS if level in timelines}
    true = [level for level, (_, truth, _) in stood.items() if truth is Truth.TRUE]
    unknown = [level for level, (_, truth, _) in stood.items() if truth is Truth.UNKNOWN]
    level = max(true) if true else None if unknown else Level.GREEN
    deciding = level if level else min(unknown, default=min(stood))
    since, _, held = stood[deciding]
    return ThresholdTruth(threshold, level, any(u > (level or Level.GREEN) for u in unknown), held, since)


def _at(timeline: Timeline, at: datetime) -> tuple[datetime | None, Truth, bool]:
    before = [entry for entry in timeline if entry[0] <= at]
    return before[-1] if before else (None, Truth.UNKNOWN, False)
