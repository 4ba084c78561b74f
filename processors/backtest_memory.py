"""What a run over many years may let go of sooner than a live one: what only evidence would still ask for, which nobody reads here.

A live engine keeps what was said of a place as long as the present truth of a rule stands, because evidence says since when. Where a
rule could never be told that is since the beginning, and twenty years of weeks would be walked along again with each reading.
"""

from dataclasses import replace

from processors.conditions import Sight
from processors.plan import Place, Plan
from processors.state import Judged, State
from processors.tracks import Track, fold, forget
from schemas.microseconds import to_microseconds
from schemas.records import BaselineRow


def lightened(state: State) -> State:
    """The state without what neither readings nor rules can ask for any more; what is said afterwards is the same, but for evidence."""
    return state if state.plan is None else replace(state, tracks=_tracks(state, state.plan), baselines=_baselines(state))


def _tracks(state: State, plan: Plan) -> dict[Place, Track]:
    sight = Sight(plan, state.tracks, state.baselines, state.alive, state.now)
    tracks = {}
    for place, track in state.tracks.items():
        breach = state.breaches.get(place, Judged())
        asked = [breach.settled, *(said.since for said in breach.said)]
        asked += [state.events.get(rule, Judged()).settled - plan.window(rule[0]) for rule in plan.dependents.get(place, ())]
        folded = fold(track, plan.settings(*place), sight.bounds_of(*place), state.now)
        tracks[place] = forget(folded, min(asked))
    return tracks


def _baselines(state: State) -> dict[str, dict[str, tuple[BaselineRow, ...]]]:
    """The rows that a reading kept may still be held against."""
    found: dict[str, dict[str, tuple[BaselineRow, ...]]] = {}
    for threshold, places in state.baselines.items():
        found[threshold] = {}
        for place, rows in places.items():
            track = state.tracks.get((threshold, place))
            oldest = int(track.series.starts.min()) if track is not None and len(track.series) else None
            found[threshold][place] = rows if oldest is None else tuple([row for row in rows if to_microseconds(row.end) > oldest])
    return found
