"""Events: the stretches in which a rule holds in an area, and what is said of them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import lru_cache

from processors.conditions import Sight
from processors.evidence import Witness, silent_feeds
from processors.life import Going, Law, beginning, law_of, live, next_deadline
from processors.looking_back import rule_looks_back_to
from processors.moves import Moved, steps_of
from processors.plan import Place, Plan
from processors.state import Judged
from processors.stretches import Change, Namer, Word, differences
from processors.telling import LONGEST_SINCE, NO_EVIDENCE, Telling
from processors.timelines import BEGINNING, FAR, NOTHING_KNOWN, TRUTHS, Line, in_force, later, micros, moment, unless_known
from processors.tracks import unjudged_from
from schemas.configuration import Rule
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Evidence, LevelStep

_WORDS = {
    Word.OPENED: EventChange.OPENED,
    Word.ESCALATED: EventChange.ESCALATED,
    Word.EASED: EventChange.EASED,
    Word.DOUBTED: EventChange.UNCONFIRMED,
    Word.CONFIRMED: EventChange.CONFIRMED,
    Word.UPDATED: EventChange.UPDATED,
    Word.FOUND: EventChange.FOUND_AFTERWARDS,
    Word.MERGED: EventChange.CLOSED,
    Word.RETRACTED: EventChange.RETRACTED,
}


def lines_of(rule: Rule, area: str, sight: Sight) -> list[Line]:
    """The truths by which a rule's events live, in the order that `live` takes them."""
    lines = [sight.truth(c, area) or NOTHING_KNOWN for c in rule.conditions]
    if rule.unless is not None and rule.proposes:
        when, excuse = (sight.truth(c, area) or NOTHING_KNOWN for c in (rule.when, rule.unless))
        lines.append(unless_known(when, excuse))
    if rule.valid is not None:
        since, until = rule.valid.since, rule.valid.until
        lines.append(in_force(micros(since) if since is not None else BEGINNING, micros(until) if until is not None else FAR))
    return lines


def judged_to(place: Place, sight: Sight) -> int:
    """Up to when a rule may be judged in an area: no further than any of its thresholds, whose times that settle are the longest."""
    read = sight.plan.read_by(*place)
    newest = [t.newest for p in read if (t := sight.tracks.get(p)) is not None and t.newest is not None]
    settle = max((micros(sight.plan.thresholds[threshold].settle) for threshold, _ in read), default=0)
    return max([sight.now, *newest]) - (settle + 1 if settle else 0)


def _unjudged_from(place: Place, sight: Sight) -> int:
    """When the first reading that a threshold of the rule has not settled yet will have been."""
    settling = [p for p in sight.plan.read_by(*place) if sight.plan.thresholds[p[0]].settle and p in sight.tracks]
    waiting = ((p, unjudged_from(sight.tracks[p], sight.judged_to(p[0], sight.tracks[p]))) for p in settling)
    return min((later(start, sight.plan.thresholds[p[0]].settle) for p, start in waiting), default=FAR)


def _silent_from(place: Place, sight: Sight, upto: int) -> int:
    """The first moment after `upto` at which silence would change what a series says.

    A reading that only prolongs what is said does not have the rule judged again; from that moment on it says more than was foreseen.
    """
    read = [(p, sight.tracks[p]) for p in sight.plan.read_by(*place) if p in sight.tracks]
    return min((entry.start for p, track in read for entry in sight.judged(*p, track).tail if entry.start > upto), default=FAR)


def judge(place: Place, before: Judged, sight: Sight, name: Namer, record: str, *, opens: bool) -> tuple[list[Change], Judged]:
    """What must be said of a rule in an area, and how it stands after that.

    Args:
        opens: whether an event may open. By a configuration that is no longer in force those that stand are judged on, and no other.
    """
    rule = sight.plan.rules[place[0]]
    law = law_of(rule, sight.plan.moves(*place))
    lines = lines_of(rule, place[1], sight)
    going = before.going if before.going is not None else beginning(law)
    if len(going.raised) != len(law.raises):  # it begins anew there, by another configuration
        going = replace(going, raised=live(beginning(law), lines, law, going.at)[1].raised)
    upto = max(judged_to(place, sight), before.judged)
    found, standing = live(going, lines, law, upto)
    changes, said = differences(before.said, found, before.judged, name, sight.now, record)
    if not opens:
        stood_before = {s.id for s in before.said}
        changes, said = [c for c in changes if c.said.id in stood_before], tuple(s for s in said if s.id in stood_before)
    settled_now = settled(going, lines, law, upto - sight.reach(*place) - 1)
    return changes, Judged(
        going=settled_now,
        said=tuple(s for s in said if s.until is None or s.until > settled_now.at),
        judged=upto,
        settled=settled_now.at,
        deadline=min(next_deadline(standing, lines, law, upto), _unjudged_from(place, sight), _silent_from(place, sight, upto)),
        issued=before.issued,
        issued_level=before.issued_level,
    )


def settled(going: Going, lines: list[Line], law: Law, upto: int) -> Going:
    """How far the truth can no longer be altered, and what stood there."""
    return live(going, lines, law, upto)[1] if upto > going.at else going


def needed_from(place: Place, breach: Judged, events: Mapping[Place, Judged], sight: Sight) -> int:
    """From when on what is said of a threshold at a place is still asked for.

    By a breach that goes on, by a rule as far back as it looks from where it is settled, and by the present truth of its conditions,
    because evidence says since when it stands, if that is not longer ago than is told.

    Args:
        breach: what stands of the threshold there. events: what stands of rules.
    """
    asked = [breach.settled, *(s.since for s in breach.said)]
    for rule, area in sight.plan.dependents.get(place, ()):
        upto = judged_to((rule, area), sight)
        lines = (sight.truth(*part) for whole in sight.plan.rules[rule].conditions for part in sight.plan.walk(whole, area))
        since = [began for one in lines if one is not None and (began := one.since(upto)) is not None]
        settled = events.get((rule, area), Judged()).settled
        asked.append(max(min([settled, *since]), settled - LONGEST_SINCE) - sight.plan.window(rule))
        asked.append(rule_looks_back_to((rule, area), settled, sight))
    return min(asked)


def heard_from(plan: Plan, events: Mapping[Place, Judged], now: int) -> int:
    """From when on is asked whether feeds delivered: as far as readings reach, and as rules on silence look back.

    What rests on a silence that was over before is told to stand since then.
    """
    settled = (events.get(place, Judged()).settled - plan.window(place[0]) for place in plan.listening)
    return min([now - plan.longest_reach, *settled])


@dataclass(frozen=True, slots=True)
class Stood:
    """How a rule stood in an area at a change: its truth, what was silent, and why, with what else stood beside it."""

    truth: Truth
    silent: tuple[str, ...] = ()
    evidence: Evidence = NO_EVIDENCE
    ending: Evidence | None = None
    beside: tuple[Evidence, ...] = ()


def stood(change: Change, place: Place, witness: Witness, telling: Telling) -> Stood:
    """How a rule stood at a change, out of timelines."""
    plan = witness.sight.plan
    rule = plan.rules[place[0]]
    keep, _ = (witness.sight.truth(rule.holds, place[1]) or NOTHING_KNOWN).at(change.at)
    if not telling.reasons:
        return Stood(TRUTHS[keep])
    return Stood(
        truth=TRUTHS[keep],
        silent=silent_feeds(witness, plan.read_by(*place), max(change.at, change.said.since)),
        evidence=witness.evidence(rule.holds, place[1], change.at),
        ending=witness.evidence(rule.until, place[1], change.at) if rule.until is not None else None,
        beside=witness.beside(rule.dimensions, place[1], change.at),
    )


def told(change: Change, place: Place, plan: Plan, stood: Stood, now: int, record: str, engine: str) -> CompoundEvent:
    """A change as it is published."""
    rule, said = plan.rules[place[0]], change.said
    word = _WORDS.get(change.word, EventChange.CLOSED if said.told else EventChange.CANNOT_TELL)
    # All of it was made here from what had been checked, so it is not checked again.
    return CompoundEvent.made(
        kind="event",
        id=said.id,
        shard=plan.configuration.shard,
        rule=rule.name,
        rule_version=rule.version,
        area=place[1],
        area_version=plan.configuration.areas_version,
        change=word,
        level=Level(said.level),
        steps=_steps(rule, said.steps, plan.moves(*place)),
        dimensions=rule.dimensions,
        since=moment(said.since),
        at=moment(change.at),
        known=moment(now),
        until=moment(said.until) if said.until is not None else None,
        truth=stood.truth,
        unconfirmed=said.doubted,
        silent=stood.silent,
        audience=rule.audience,
        quiet=f"merged into {change.into}" if change.into else said.quiet,
        evidence=stood.evidence,
        ending=stood.ending,
        beside=stood.beside,
        record=record,
        records=said.records,
        configuration=plan.hash,
        engine=engine,
        reason="",
    )


def _staged(stage: str | None, why: str) -> str:
    return f"{stage}: {why}" if stage is not None else why


@lru_cache(maxsize=256)
def _base(level: Level, rule: str) -> LevelStep:
    return LevelStep(step="base", level=level, why=f"{rule} holds")


def _steps(rule: Rule, raised: tuple[int, ...], moves: tuple[Moved, ...]) -> tuple[LevelStep, ...]:
    raises = [rule.raise_[n] for n in raised]
    level = max((rule.level, *(step.to for step in raises)))
    raise_steps = (LevelStep(step="raise", level=step.to, why=_staged(step.stage, step.if_.text)) for step in raises)
    return (_base(rule.level, _staged(rule.stage, rule.name)), *raise_steps, *steps_of(level, moves))
