"""Events over changes of the configuration: each is judged, to its end, by the one it opened under (decision 0014).

From scratch again as to truths. What was open when, and where a rule begins, follows the log, one look at it after the other.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime

from comparing import Come
from oracle import areas_of, conditions, named
from oracle_events import Life, Start, lives
from oracle_known import Known, known_from

from schemas.configuration import Configuration, Rule
from schemas.records import Record

Place = tuple[str, str]


@dataclass
class Held:
    """An open event, and the configuration it opened under."""

    configuration: Configuration
    life: Life


@dataclass
class Shard:
    """What stands of events that were open at a change.

    Attributes:
        over: those that ended, as they were said then. starts: where a rule of the configuration in force begins.
    """

    configuration: Configuration
    held: dict[Place, Held] = field(default_factory=dict)
    over: list[Life] = field(default_factory=list)
    starts: dict[Place, Start] = field(default_factory=dict)


def come(records: Sequence[Record]) -> Come:
    """What events come to. Each change and each tick is a look at the log: all before it is judged by then."""
    shard = Shard(known_from(records[:1]).configuration)
    for number, record in enumerate(records):
        if number and record.kind == "configuration":
            after = known_from(records[: number + 1])
            _changed(shard, known_from(records[:number]), after.configuration, after.now)
        elif record.kind == "tick":
            _followed(shard, known_from(records[: number + 1]))
    found = [*shard.over, *(one.life for one in shard.held.values()), *_of_force(shard, known_from(records))]
    return {(one.rule, one.area, one.since, one.until, one.level if one.until is None else None) for one in found}


def _of_force(shard: Shard, known: Known) -> list[Life]:
    """The events by the configuration in force."""
    known = replace(known, configuration=shard.configuration)
    places = [(rule, area) for rule in shard.configuration.rules for area in areas_of(known, rule)]
    return [
        life
        for rule, area in places
        if (rule.name, area) not in shard.held
        for life in lives(known, rule, area, shard.starts.get((rule.name, area)))
    ]


def _changed(shard: Shard, known: Known, after: Configuration, now: datetime) -> None:
    """From here on `after` is in force: of the rules that it judges otherwise, what is open is held, and what ended is over.

    What is open in shadow is the new one's, or ends if it has no such rule.
    """
    for life in _of_force(shard, known):
        place = (life.rule, life.area)
        if _judged_alike(known, shard.configuration, after, life.rule):
            continue
        in_shadow = _rule(shard.configuration, life.rule).shadow is not None
        if life.until is not None:
            _end(shard, life)
        elif not in_shadow:
            shard.held[place] = Held(shard.configuration, life)
        elif life.rule not in {rule.name for rule in after.rules}:
            _end(shard, replace(life, until=now, told=False))
    shard.configuration = after


def _followed(shard: Shard, known: Known) -> None:
    """Each held event is the first stretch that it overlaps by its own configuration; if there is none, it never was."""
    for place, one in list(shard.held.items()):
        own = replace(known, configuration=one.configuration)
        found = lives(own, _rule(one.configuration, place[0]), place[1])
        life = next((life for life in found if life.until is None or life.until > one.life.since), None)
        if life is not None and life.until is None:
            one.life = life
            continue
        del shard.held[place]
        if life is not None:
            _end(shard, life)


def _end(shard: Shard, life: Life) -> None:
    """An event is over, and stays as it is said now; by the configuration in force its place begins at its end."""
    assert life.until is not None
    shard.over.append(life)
    place = (life.rule, life.area)
    before = shard.starts.get(place)
    if before is None or before.at < life.until:
        shard.starts[place] = Start(life.until, armed=not life.told)


def _rule(configuration: Configuration, name: str) -> Rule:
    return next(rule for rule in configuration.rules if rule.name == name)


def _judged_alike(known: Known, before: Configuration, after: Configuration, name: str) -> bool:
    """Whether the rule is there still, in shadow or not, and so is all that it reads."""
    rules = {rule.name: rule.model_copy(update={"shadow": None}) for rule in after.rules}
    if rules.get(name) != _rule(before, name).model_copy(update={"shadow": None}):
        return False
    old, new = ({t.name: t for t in one.thresholds} for one in (before, after))
    read = {threshold for part in conditions(rules[name]) for threshold in named(known, part)}
    return all(old[threshold] == new.get(threshold) for threshold in read)
