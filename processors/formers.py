"""Events that are open when the configuration changes: they are judged on, to their end, by the one they opened under.

What they need of it is set apart as a state of its own, a former: these events, their plan, and the series that they are judged by. The
configuration in force judges their places again from their end on.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from processors.life import Ended, Going
from processors.plan import Place, Plan, names_in
from processors.state import Judged, State
from processors.stretches import Change, Said, Word
from processors.timelines import FAR
from schemas.conditions import Dimensions, walk
from schemas.configuration import Rule

_NOT_JUDGED_BY = ("text", "sign", "remind", "document", "shadow")
"""Of a rule: who is told of an event and how, which is as it stands now for every event."""


@dataclass(frozen=True)
class Parted:
    """A shard's events at a change of its configuration.

    Attributes:
        events: those that the new one judges on, and where it begins elsewhere. formers: with those that it does not.
        withdrawn: events that it was to judge on by a rule which it does not have, each with those that were judged by the same.
    """

    events: Mapping[Place, Judged]
    formers: tuple[State, ...]
    withdrawn: tuple[State, ...]


def parted_by(state: State, before: Plan, after: Plan, *, moves: bool) -> Parted:
    """The events of a state in timelines at a change of its configuration.

    An event in shadow is judged on by the new one: nobody was told of it, so nobody need hear its end before a live rule may speak.

    Args:
        moves: whether all open events are judged on by the new one.
    """
    events: dict[Place, Judged] = {}
    apart: dict[Place, Judged] = {}
    gone: dict[Place, Judged] = {}
    for place, judged in state.events.items():
        known, judges = before.judges(*place), after.judges(*place)
        if known and judges and judged_alike(before, after, *place):
            events[place] = judged
            continue
        standing = tuple(s for s in judged.said if s.until is None)
        goes_over = known and (moves or before.rules[place[0]].shadow is not None)
        if standing and not goes_over:
            apart[place] = replace(judged, said=standing)
        elif standing and not judges:
            gone[place] = judged
        if judges or not known or _last_end(judged) is not None or standing:  # a rule that is no more may come back
            there = _ended_unknown(judged, state.now) if place in gone else judged
            events[place] = _begun_anew(there, standing if goes_over and judges else (), after.rules.get(place[0]))
    formers = state.formers
    withdrawn = [_apart(state, before, gone)] if gone else []
    for former in formers if moves else ():
        events |= {p: _begun_anew(judged, judged.said, after.rules[p[0]]) for p, judged in former.events.items() if after.judges(*p)}
        rest = {place: judged for place, judged in former.events.items() if not after.judges(*place)}
        events |= {place: _begun_anew(_ended_unknown(judged, state.now), (), None) for place, judged in rest.items()}
        withdrawn += [replace(former, events=rest)] if rest else []
    formers = () if moves else formers
    return Parted(events, (*formers, _apart(state, before, apart)) if apart else formers, tuple(withdrawn))


def reads_of(former: State) -> frozenset[Place]:
    """The (threshold, place) that a former's events are judged by, or told with."""
    return _reads(former.plan, former.events) if former.plan is not None else frozenset()


def judged_alike(one: Plan, other: Plan, rule: str, area: str) -> bool:
    """Whether a rule that two plans have is judged the same in an area by both."""
    mine, theirs = one.rules[rule], other.rules[rule]
    if _judged_by(mine) != _judged_by(theirs) or one.read_by(rule, area) != other.read_by(rule, area):
        return False
    if any(tuple(one.walk(condition, area)) != tuple(other.walk(condition, area)) for condition in mine.conditions):
        return False
    counts = any(isinstance(part, Dimensions) for condition in mine.conditions for part in walk(condition))
    names = one.thresholds.keys() | other.thresholds.keys() if counts else names_in(mine.conditions)
    return (
        all(_bare(one, name) == _bare(other, name) for name in names)
        and all(_facts(one, *place) == _facts(other, *place) for place in one.read_by(rule, area))
        and one.moves(rule, area) == other.moves(rule, area)
    )


def after_its_end(judged: Judged, changes: list[Change], before: Judged | None, rule: Rule | None) -> Judged:
    """Where the rule in force begins once the event that was judged by a former one stands no more.

    Args:
        judged: what stands of the former. changes: what is said of it, its end the last.
        before: where the rule in force would have begun without it. rule: that in force; none if there is none of the name.
    """
    ended = next((_end(change.said) for change in reversed(changes) if change.word is Word.ENDED), None)
    going = _after(ended, rule) if ended is not None else before.going if before is not None else None
    return Judged(going=going, judged=judged.judged, settled=going.at if going is not None else Judged().settled)


def _begun_anew(judged: Judged, standing: tuple[Said, ...], rule: Rule | None) -> Judged:
    """A rule in an area from the end of its last event on, if it had one, with what still stands."""
    ended, going = _last_end(judged), judged.going
    if standing and going is not None and (ended is None or ended.at <= going.at):
        going = replace(going, raised=(), armed=going.armed or _opens_anew(rule))
    else:
        going = _after(ended, rule) if ended is not None else None
    anew = tuple(s._replace(steps=()) for s in standing)  # the steps that raised them are another rule's
    return replace(judged, going=going, said=anew, settled=going.at if going is not None else Judged().settled, deadline=FAR)


def _last_end(judged: Judged) -> Ended | None:
    """The end of the last event, be it settled or not; none if there was none."""
    said = max((end for s in judged.said if (end := _end(s)) is not None), default=None)
    return said if said is not None or judged.going is None else judged.going.ended


def _end(said: Said) -> Ended | None:
    return Ended(said.until, said.told) if said.until is not None else None


def _ended_unknown(judged: Judged, at: int) -> Judged:
    """What stands ended at a moment because no rule judges it any more."""
    return replace(judged, said=tuple(s if s.until is not None else s._replace(until=at, told=False) for s in judged.said))


def _after(ended: Ended, rule: Rule | None) -> Going:
    """A walk that begins at the end of an event. If that was known, a truth that would have been ended with it opens none by itself."""
    return Going((), ended.at, armed=_opens_anew(rule) or not ended.told, ended=ended)


def _opens_anew(rule: Rule | None) -> bool:
    """Whether a truth that stands at the end of an event opens another one."""
    return rule is not None and rule.until is None


def _apart(state: State, plan: Plan, events: Mapping[Place, Judged]) -> State:
    tracks = {place: state.tracks[place] for place in sorted(_reads(plan, events)) if place in state.tracks}
    used = {n for track in tracks.values() for series in (track.series, *track.steps) for n in np.unique(series.sources).tolist()}
    return State(
        shard=state.shard,
        now=state.now,
        plan=plan,
        sources={n: source for n, source in state.sources.items() if n in used},
        numbered=state.numbered,
        tracks=tracks,
        baselines=state.baselines,
        alive=state.alive,
        events=events,
    )


def _reads(plan: Plan, events: Mapping[Place, Judged]) -> frozenset[Place]:
    read = {place for event in events for place in plan.read_by(*event)}
    beside = {(threshold, place) for _, area in events for threshold in plan.thresholds for place in plan.places(threshold, area)}
    return frozenset(read | beside)


def _judged_by(rule: Rule) -> Rule:
    return rule.model_copy(update=dict.fromkeys(_NOT_JUDGED_BY))


def _bare(plan: Plan, name: str) -> object:
    """A threshold without the document that it comes from."""
    threshold = plan.thresholds.get(name)
    return threshold.model_copy(update={"document": None}) if threshold is not None else None


def _facts(plan: Plan, threshold: str, place: str) -> tuple[object, ...]:
    """All beside the threshold itself that a series is judged by."""
    feed = plan.feed_of(place, plan.thresholds[threshold].indicator)
    return plan.settings(threshold, place), plan.datums.get(place), feed
