"""Worlds whose configuration changes in mid-course: thresholds move, rules are written anew, dropped, added, and taken back."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from configurations import RANK, SHARD, conditions, configurations, rule_of
from hypothesis import strategies as st
from worlds import START, said, without_horizon, worlds

from schemas.configuration import Configuration
from schemas.envelopes import input_record
from schemas.inputs import ConfigChange, Tick
from schemas.records import Record

_LOOK = timedelta(seconds=1)
"""After each record a tick, so that all before it is judged: a moment of the grid may be a record's own, of which time says nothing yet."""
_MOVED: list[dict[str, Any]] = [
    {"stale_after": "4 h"},
    {"for": "1 readings"},
    {"for": "2 readings"},
    {"hold_for": "1 h"},
    {"quiet": "2 h"},
    {"settle": "1 h"},
    {"bridge": "12 h"},
]
_NUMBERS = {"river": ["1.5 m", "2.5 m", "3.5 m", "4.5 m", "5.5 m"], "slope": ["1 level", "2 level", "3 level"]}


@dataclass(frozen=True, repr=False)
class ChangingWorld:
    """A log that begins with a configuration, and the others that it comes to."""

    configurations: tuple[Configuration, ...]
    records: tuple[Record, ...]

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        printer.text(str(self))

    def __str__(self) -> str:
        """What a person needs to see of a failing example."""
        changes = [c.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=_DULL) for c in self.configurations]
        told = [f"{r.received:%d %H:%M:%S} {r.kind}" if r.kind in ("configuration", "tick") else said(r) for r in self.records]
        return "\n".join(["ChangingWorld:", *map(str, changes), *told])


def change_record(configuration: Configuration, at: datetime, **more: Any) -> Record:
    """A change of the configuration as a record."""
    told = {"hash": configuration.hash, "configuration": configuration.canonical(), "author": "tests", "reason": "tests"}
    return input_record(SHARD, ConfigChange(at=at, **told, **more))


_DULL = {"areas", "stations", "feeds", "figures"}


@st.composite
def eventful(draw: st.DrawFn) -> Configuration:
    """A configuration whose rules often ask for little, so that an event is often open."""
    found = draw(configurations())
    levels = [{"threshold": t.name, "level": word} for t in found.thresholds for word in t.levels]
    rules = []
    for rule in found.rules:
        body = rule.model_dump(mode="json", by_alias=True, exclude_none=True)
        rules.append(body | draw(st.sampled_from([{}, {"when": {"any": levels}}, {"when": {"not": levels[-1]}}, {"when": levels[0]}])))
    lenient = [{**t.model_dump(mode="json", by_alias=True, exclude_none=True), "for": "1 readings"} for t in found.thresholds]
    return Configuration.model_validate(found.canonical() | {"rules": rules} | ({"thresholds": lenient} if draw(st.booleans()) else {}))


@st.composite
def changed(draw: st.DrawFn, before: Configuration) -> Configuration:
    """Another configuration of the same places: each threshold as it was or moved, each rule as it was, written anew or dropped."""
    thresholds = [_moved(draw, t.model_dump(mode="json", by_alias=True, exclude_none=True)) for t in before.thresholds]
    area = before.rules[0].area
    names = tuple((t["name"], tuple(t["levels"])) for t in thresholds)
    coarse = tuple((t["name"], tuple(t["levels"])) for t in thresholds if RANK[t["at"]] <= RANK[area] + 1)
    tree = conditions(names, coarse, silent=any(t["at"] == "station" for t in thresholds))
    rules = []
    for name in ("rule0", "rule1", "rule2"):
        kept = [rule.model_dump(mode="json", by_alias=True, exclude_none=True) for rule in before.rules if rule.name == name]
        what = draw(st.sampled_from(["as it was", "as it was", "anew", "until", "dropped"]))
        if what == "until" and kept:
            rules.append({**kept[0], "until": draw(tree)})
        elif what == "anew":
            rules.append(rule_of(draw, name, area, tree))
        elif what != "dropped":
            rules += kept
    told = before.canonical() | {"thresholds": thresholds, "rules": rules or [rule_of(draw, "rule0", area, tree)]}
    return Configuration.model_validate(told)


def _moved(draw: st.DrawFn, body: dict[str, Any]) -> dict[str, Any]:
    if draw(st.booleans()):
        return body
    number = draw(st.integers(0, 2))
    if body["kind"] == "fixed" and number:
        below = body.get("direction") == "below"
        numbers = sorted(draw(st.lists(st.sampled_from(_NUMBERS[body["name"]]), min_size=3, max_size=3, unique=True)), reverse=below)
        return body | {"levels": dict(zip(sorted(body["levels"], key=["yellow", "orange", "red"].index), numbers, strict=False))}
    moved: dict[str, Any] = draw(st.sampled_from(_MOVED))
    return body | moved


@st.composite
def changing_worlds(draw: st.DrawFn, *, records: int = 25) -> ChangingWorld:
    """A world with one to three changes at random places of its log, no further back in which a reading may alter anything."""
    world = without_horizon(draw(worlds(records=records, configured=eventful())))
    others = [world.configuration]
    count = draw(st.integers(1, 3))
    for _ in range(count):
        another = changed(others[-1])
        others.append(draw(st.one_of(another, another, st.sampled_from(others))))
    places = sorted(draw(st.lists(st.integers(0, len(world.records) - 1), min_size=count, max_size=count)))
    log: list[Record] = []
    following = others[1:]
    for number, record in enumerate(world.records):
        log.append(record)
        now = max(r.received for r in log)
        log.append(input_record(SHARD, Tick(at=now + _LOOK)))
        while following and places[0] == number:
            places.pop(0)
            log.append(change_record(following.pop(0), now + _LOOK, decided=START + len(following) * _LOOK))
            log.append(input_record(SHARD, Tick(at=now + 2 * _LOOK)))
    return ChangingWorld(tuple(others), tuple(log))
