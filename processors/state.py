"""All that a shard's engine knows. A state never changes; a step gives another one that shares what did not."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from processors.columns import Columns
from processors.life import Going
from processors.plan import Place, Plan
from processors.sources import Source
from processors.stretches import Said
from processors.timelines import BEGINNING, FAR
from processors.tracks import Track
from schemas.inputs import BaselineRow


@dataclass(frozen=True, slots=True)
class Judged:
    """What stands of one rule in one area, or of one threshold at one place.

    Attributes:
        going: for a rule, where the walk along its truth stands for good.
        said: what was said and may still change. judged: up to when. settled: up to when nothing can alter it.
        deadline: the moment after which time alone may change it.
        issued, issued_level: when and at which level it was last said to people; `cool_down` runs from there.
    """

    going: Going | None = None
    said: tuple[Said, ...] = ()
    judged: int = BEGINNING
    settled: int = BEGINNING
    deadline: int = FAR
    issued: int = BEGINNING
    issued_level: int = 0


@dataclass(frozen=True, slots=True)
class Ahead:
    """A configuration that is known and not in force yet.

    Attributes:
        start: from when on it is, microseconds. moves: whether the events that are open then are judged on by it.
    """

    plan: Plan
    start: int
    moves: bool


@dataclass(frozen=True, slots=True)
class State:
    """A shard as its input stands.

    Attributes:
        now: the greatest `received` so far, microseconds; nothing else is a clock.
        plan: the configuration in force; none before the first.
        sources: records of observations by the state's own number for them; `numbered` have been so far.
        tracks: (threshold, place) to its readings and how they were judged.
        baselines: threshold to place to the rows in force.
        alive: feed to the spans in which it delivered.
        breaches, events: (threshold, place) and (rule, area) to what stands of them.
        columns: the places that are regular now, which are in none of the others; none if the plan has no such places.
        formers: oldest first, the configurations before that some open event is judged on by, each as a state of no more than these events
            (one a place, in `events`) and what they are judged by; the one in force does not judge their places meanwhile.
        ahead: what comes into force at a moment to come.
    """

    shard: str
    now: int = BEGINNING
    plan: Plan | None = None
    sources: Mapping[int, Source] = field(default_factory=dict)
    numbered: int = 0
    tracks: Mapping[Place, Track] = field(default_factory=dict)
    baselines: Mapping[str, Mapping[str, tuple[BaselineRow, ...]]] = field(default_factory=dict)
    alive: Mapping[str, tuple[tuple[int, int], ...]] = field(default_factory=dict)
    breaches: Mapping[Place, Judged] = field(default_factory=dict)
    events: Mapping[Place, Judged] = field(default_factory=dict)
    columns: Columns | None = None
    formers: tuple["State", ...] = ()
    ahead: Ahead | None = None
