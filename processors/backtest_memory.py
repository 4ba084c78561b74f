"""What a run over many years may let go of sooner than a live one: what only evidence would still ask for, which nobody reads here.

A live engine keeps what was said of a place as long as the present truth of a rule stands, because evidence says since when. Where a
rule could never be told that is since the beginning, and twenty years of weeks would be walked along again with each reading.
"""

from dataclasses import replace

from processors.bounds import LONGEST_PERIOD, needed
from processors.conditions import Sight
from processors.looking_back import rule_looks_back_to
from processors.plan import Place, Plan
from processors.state import Judged, State
from processors.timelines import micros
from processors.tracks import Track, fold, forget
from schemas.inputs import BaselineRow

_FULL = 16
"""A quarter of what is said of a place when a live engine looks for what it may let go of."""


def lightened(state: State) -> State:
    """The state without what neither readings nor rules can ask for any more; what is said afterwards is the same, but for evidence."""
    return state if state.plan is None else replace(state, tracks=_tracks(state, state.plan), baselines=_baselines(state, state.plan))


def _tracks(state: State, plan: Plan) -> dict[Place, Track]:
    sight = Sight(plan, state.tracks, state.baselines, state.alive, state.now)
    settled = {rule: state.events.get(rule, Judged()).settled for rule in plan.judged}
    rules = {rule: rule_looks_back_to(rule, since, sight) for rule, since in settled.items()}
    tracks = {}
    for place, track in state.tracks.items():
        breach = state.breaches.get(place, Judged())
        asked = [breach.settled, *(said.since for said in breach.said)]
        asked += [rules[rule] for rule in plan.dependents.get(place, ())]
        folded = fold(track, plan.settings(*place), sight.bounds_of(*place), state.now)
        tracks[place] = forget(folded, min(asked))
    return tracks


def _baselines(state: State, plan: Plan) -> dict[str, dict[str, tuple[BaselineRow, ...]]]:
    """The rows that a reading kept, or one that still comes within the horizon, may be held against."""
    found: dict[str, dict[str, tuple[BaselineRow, ...]]] = {}
    for threshold, places in state.baselines.items():
        found[threshold] = {}
        for place, rows in places.items():
            track, settings = state.tracks.get((threshold, place)), plan.settings(threshold, place)
            oldest = state.now - settings.horizon - settings.delay - micros(LONGEST_PERIOD)
            if track is not None and len(track.series):
                oldest = min(oldest, int(track.series.starts.min()))
            found[threshold][place] = needed(rows, oldest)
    return found


def fills(state: State) -> bool:
    """Whether so much was said of some place that a live engine would soon let go of what has not been looked at."""
    return any(len(track.frozen) >= _FULL for track in state.tracks.values())
