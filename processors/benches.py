"""A configuration with what is judged by it: the one in force, or a former one that some open event is judged on by."""

from collections.abc import Iterable, Mapping

from processors.conditions import Sight
from processors.events import heard_from, judge, needed_from
from processors.evidence import Witness
from processors.plan import Place, Plan
from processors.silence import Spans, since_asked
from processors.state import Judged, State
from processors.stretches import Change, Namer
from processors.timelines import FAR
from processors.touched import Touched
from processors.tracks import Track, forget, may_forget
from schemas.errors import ConfigurationError

_NO_BREACH = Judged(settled=FAR)
"""Of a former: breaches are told by the configuration in force."""


class Bench:
    """The rules of a configuration while a record is judged.

    Args:
        opens: whether events may open by it. By a former one those that it was set apart with are judged, and nothing else.
    """

    def __init__(self, state: State, touched: Touched, *, opens: bool) -> None:
        self.state, self.touched, self.opens = state, touched, opens
        self.plan = plan_of(state)
        self.sight = Sight(self.plan, state.tracks, state.baselines, state.alive, state.now)
        self.witness = Witness(self.sight, state.sources, state.now)
        self.breaches = dict(state.breaches)
        self.judged = dict(state.events)
        self.changes: dict[Place, list[Change]] = {}

    def due(self) -> set[Place]:
        """The rules to be judged, with the areas."""
        if self.touched.replanned and self.opens:
            return set(self.plan.judged)
        due = {p for p, judged in self.judged.items() if judged.deadline < self.state.now}
        for place in self.touched.changed:
            due.update(self.plan.dependents.get(place, ()))
        for place in self.touched.spoken:
            due.update(p for p in self.plan.dependents.get(place, ()) if p in self.plan.listening)
        if self.touched.answered:
            due.update(self.plan.listening)
        return due if self.opens else due & self.judged.keys()

    def judge(self, places: Iterable[Place], record: str) -> None:
        """Judge some rules, in order of area."""
        for place in sorted(places, key=lambda p: (p[1], p[0])):
            name, before = Namer(self.state.shard, *place, record), self.judged.get(place, Judged())
            self.changes[place], self.judged[place] = judge(place, before, self.sight, name, record, opens=self.opens)

    def stands(self, place: Place) -> bool:
        """Whether an event stands in an area by a rule."""
        return any(said.until is None for said in self.judged.get(place, Judged()).said)

    def alive(self) -> Mapping[str, Spans]:
        """When feeds delivered, as far back as is asked for."""
        return since_asked(self.state.alive, heard_from(self.plan, self.judged, self.state.now))

    def kept(self) -> dict[Place, Track]:
        """The series without what nothing asks for any more."""
        tracks = dict(self.state.tracks)
        for place in self.touched.changed & tracks.keys():
            if may_forget(tracks[place]):
                breach = self.breaches.get(place, Judged()) if self.opens else _NO_BREACH
                tracks[place] = forget(tracks[place], needed_from(place, breach, self.judged, self.sight))
        return tracks


def plan_of(state: State) -> Plan:
    """The plan of a state that is judged by one.

    Raises:
        ConfigurationError: it has none.
    """
    if state.plan is None:
        raise ConfigurationError("There is no configuration yet.", where=f"shard {state.shard}", remedy="Append one first.")
    return state.plan
