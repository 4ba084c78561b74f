"""What stands at a shard's now, for tests, pages and backtests: the truth of rules and of levels over valid time."""

from collections.abc import Set
from datetime import datetime

from processors.conditions import Sight
from processors.events import judged_to
from processors.evidence import Witness
from processors.plan import Plan
from processors.state import State
from processors.timelines import TRUE, TRUTHS, Line, micros, moment
from schemas.conditions import AtLevel
from schemas.levels import Level, Truth
from schemas.outputs import Evidence

Timeline = tuple[tuple[datetime, Truth, bool], ...]
"""(start, truth, whether it rests on a held breach) in order; before the first entry it is unknown."""


def timelines(state: State) -> dict[tuple[str, str], Timeline]:
    """(rule, area) to the truth of its `when`, up to what may be said now. Areas that no series covers are left out."""
    if state.plan is None:
        return {}
    sight = Sight(state.plan, state.tracks, state.baselines, state.alive, state.now)
    found = {}
    for place in state.plan.judged:
        line = sight.truth(state.plan.rules[place[0]].holds, place[1])
        if line is not None:
            found[place] = _shown(line.upto(judged_to(place, sight)))
    return found


def levels(state: State, wanted: Set[str] | None = None) -> dict[tuple[str, str, Level], Timeline]:
    """(threshold, place, level) to its truth, for each place with a series and each area that it is rolled up to.

    Args:
        wanted: these places alone; none for all.
    """
    if state.plan is None:
        return {}
    sight = Sight(state.plan, state.tracks, state.baselines, state.alive, state.now)
    found = {}
    for name, threshold in state.plan.thresholds.items():
        upto_level = threshold.roll_up.to if threshold.roll_up is not None else None
        areas = [a.code for a in state.plan.configuration.areas if a.level == upto_level]
        places = [p for n, p in state.tracks if n == name] + areas
        for place in places if wanted is None else [p for p in places if p in wanted]:
            read = sight.read(name, place)
            for level in (Level.YELLOW, Level.ORANGE, Level.RED):
                line = sight.level(name, place, level)
                if line is not None:
                    found[name, place, level] = _shown(line.upto(sight.judged_to(name, *(track for _, track in read))))
    return found


def why(state: State, rule: str, area: str, at: datetime) -> Evidence | None:
    """How what a rule asks for stood in an area at a moment of valid time, down to the readings; none if it is not judged there."""
    if state.plan is None or (rule, area) not in state.plan.judged:
        return None
    return _witness(state, state.plan).evidence(state.plan.rules[rule].holds, area, micros(at))


def why_level(state: State, threshold: str, place: str, level: Level, at: datetime) -> Evidence | None:
    """How a threshold's level stood at a station or in an area at a moment of valid time; none if there is no such threshold."""
    if state.plan is None or threshold not in state.plan.thresholds:
        return None
    return _witness(state, state.plan).evidence(AtLevel(threshold=threshold, level=level), place, micros(at))


def _witness(state: State, plan: Plan) -> Witness:
    return Witness(Sight(plan, state.tracks, state.baselines, state.alive, state.now), state.sources, state.now)


def _shown(line: Line) -> Timeline:
    entries = zip(line.starts, line.keep, line.sure, strict=True)
    shown: list[tuple[datetime, Truth, bool]] = []
    for start, keep, sure in entries:
        step = (TRUTHS[keep], keep == TRUE and sure != TRUE)
        if not shown or shown[-1][1:] != step:
            shown.append((moment(start), *step))
    return tuple(shown)
