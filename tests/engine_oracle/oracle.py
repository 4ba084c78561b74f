"""The slow plain oracle: RULES.md in code, from scratch at every call, with plain loops over decimals and moments.

`oracle_known` is what was said, `oracle_kinds` what readings are held against, `oracle_forecasts` how issues are read, `oracle_levels`
sections 3 and 6.1, `oracle_rules` the table of section 4; here the results are put in the engine's form: steps of (start, truth, held),
from the beginning of knowledge to now.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta

from oracle_known import Known, known_from
from oracle_levels import TRUE, UNKNOWN, Levels, Steps, steps_from, truth_at
from oracle_rules import Rules

from schemas.conditions import AtLevel, Condition, Dimensions, Near, Share, Silent, walk
from schemas.configuration import Rule
from schemas.indicators import CATALOGUE
from schemas.levels import Level, Truth
from schemas.records import Record

HeldSteps = list[tuple[datetime, Truth, bool]]
"""A truth over time, and whether it rests on a held breach."""


def merged(keep: Steps, opening: Steps) -> HeldSteps:
    """Held: true with held breaches taken as true, not so without them (6.2)."""
    found: HeldSteps = []
    for moment in sorted({at for steps in (keep, opening) for at, _ in steps}):
        truth = truth_at(keep, moment)
        step = (truth, truth is TRUE and truth_at(opening, moment) is not TRUE)
        if not found or found[-1][1:] != step:
            found.append((moment, *step))
    return found


def until(steps: HeldSteps, judged: datetime) -> HeldSteps:
    """Without what was not yet judged."""
    return [step for step in steps if step[0] < judged]


def level_steps(known: Known, threshold_name: str, place: str, level: Level) -> HeldSteps:
    """`threshold >= level` at one place or area over time, up to where it is judged."""
    threshold = known.threshold(threshold_name)
    levels = Levels(known)
    if threshold.at == "station" and known.station(place) is not None:
        moments = levels.moments(threshold, [place])
        keep = steps_from(moments, lambda t: levels.place(threshold, place, level, t, TRUE))
        opening = steps_from(moments, lambda t: levels.place(threshold, place, level, t, UNKNOWN))
    else:
        keep = levels.in_area(threshold, place, level, TRUE)
        opening = levels.in_area(threshold, place, level, UNKNOWN)
    return until(merged(keep, opening), levels.judged_until(threshold.settle))


def judged_until(known: Known, rule: Rule, area: str) -> datetime:
    """A rule is judged in an area where all the thresholds are that it looks at there (3.4)."""
    spans = [known.threshold(name).settle for top in _tops(rule) for found in _judged(known, top, area) for name in named(known, found)]
    return known.now - max(spans, default=timedelta(0))


def _judged(known: Known, condition: Condition, area: str) -> list[Condition]:
    """A condition and all inside it, as often as each is judged somewhere: a share of no areas, say, looks at no threshold."""
    match condition:
        case Share():
            places = Rules(known, UNKNOWN).related(condition, area)
        case Near():
            places = Rules(known, UNKNOWN).in_reach(condition, area)
        case _:
            places = [area]
    return [condition, *(found for place in places for part in condition.parts for found in _judged(known, part, place))]


def conditions(rule: Rule) -> list[Condition]:
    """All conditions that a rule's life looks at, outermost first."""
    return [found for top in _tops(rule) for found in walk(top)]


def _tops(rule: Rule) -> list[Condition]:
    return [rule.when, *([rule.unless] if rule.unless else []), *([rule.until] if rule.until else []), *(step.if_ for step in rule.raise_)]


def named(known: Known, condition: Condition) -> list[str]:
    """The thresholds a condition itself looks at."""
    match condition:
        case AtLevel():
            return [condition.threshold]
        case Silent():
            return [condition.silent.of]
        case Dimensions():
            return [t.name for t in known.configuration.thresholds if CATALOGUE[t.indicator]]
    return []


def areas_of(known: Known, rule: Rule) -> list[str]:
    """The areas a rule is judged for."""
    return [a.code for a in known.configuration.areas if a.level == rule.area and (not rule.only or a.code in rule.only)]


def rule_steps(known: Known, rule: Rule, area: str) -> HeldSteps:
    """The truth of a rule in an area over time, up to where it is judged."""
    steps = merged(Rules(known, TRUE).holds(rule, area), Rules(known, UNKNOWN).holds(rule, area))
    return until(steps, judged_until(known, rule, area))


def rule_timelines(records: Sequence[Record]) -> dict[tuple[str, str], HeldSteps]:
    """For each rule and area, its truth over time after all records."""
    known = known_from(records)
    return {(r.name, area): rule_steps(known, r, area) for r in known.configuration.rules for area in areas_of(known, r)}
