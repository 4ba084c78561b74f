"""The engine run over a log, and its timelines compared with the oracle's as functions of time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from configurations import SHARD
from oracle_events import Life

from processors.engine import State, from_bytes, initial, step, to_bytes
from schemas.levels import Level, Truth
from schemas.records import CompoundEvent, EventChange, Record, ThresholdBreach

INSTANT = timedelta(microseconds=1)
Steps = Sequence[tuple[datetime, Truth, bool]]
Said = list[ThresholdBreach | CompoundEvent]
Ended = tuple[str, str, datetime, datetime]


def run(records: Iterable[Record], *, snapshot_each: bool = False) -> tuple[State, Said]:
    """The state after all records, and all that was said."""
    state, said = initial(SHARD), []
    for record in records:
        if snapshot_each:
            state = from_bytes(to_bytes(state))
        state, outputs = step(state, record)
        said += outputs
    return state, said


def final(said: Said) -> set[tuple[str, str, datetime, datetime | None, Level | None]]:
    """What all that was said comes to: rule, area, since, until, and the level while it stands.

    Events that were retracted, or merged into an older one (closed without an end of their own), have come to nothing.
    """
    last: dict[str, CompoundEvent] = {}
    for event in said:
        if isinstance(event, CompoundEvent):
            last[event.id] = event
    gone = [e.id for e in last.values() if e.change is EventChange.RETRACTED or (e.change is EventChange.CLOSED and e.until is None)]
    stands = [e for e in last.values() if e.id not in gone]
    return {(e.rule, e.area, e.since, e.until, e.level if e.until is None else None) for e in stands}


def unlike(expected: Iterable[Life], said: Said) -> str:
    """What the oracle's events and those said differ in; empty if they agree.

    Those that stand agree in since and level. Of those that ended each overlaps one of the other side: nothing is said of an event
    whose onset moves after its end.
    """
    lives = list(expected)
    told = final(said)
    stand = {(life.rule, life.area, life.since, life.level) for life in lives if life.until is None}
    told_stand = {(rule, area, since, level) for rule, area, since, until, level in told if until is None}
    if stand != told_stand:
        return f"standing: oracle only {stand - told_stand}, engine only {told_stand - stand}"
    ended = {(life.rule, life.area, life.since, life.until) for life in lives if life.until is not None}
    told_ended = {(rule, area, since, until) for rule, area, since, until, _ in told if until is not None}
    alone = [one for one in ended if not any(_overlap(one, other) for other in told_ended)]
    told_alone = [one for one in told_ended if not any(_overlap(one, other) for other in ended)]
    return f"ended: oracle only {alone}, engine only {told_alone}" if alone or told_alone else ""


def _overlap(one: Ended, other: Ended) -> bool:
    return one[:2] == other[:2] and one[2] < other[3] and other[2] < one[3]


def value_at(steps: Steps, moment: datetime) -> tuple[Truth, bool]:
    """Truth and held at a moment; before the first step nothing is known."""
    found = (Truth.UNKNOWN, False)
    for start, truth, held in steps:
        if start > moment:
            break
        found = (truth, held)
    return found


def difference(one: Steps, other: Steps, *, after: datetime, before: datetime) -> str:
    """The first moment two timelines differ in, at or around any transition of either; empty if they are one function."""
    edges = {at for steps in (one, other) for at, *_ in steps}
    for moment in sorted({m for at in edges for m in (at - INSTANT, at, at + INSTANT)} | {after, before - INSTANT}):
        if after <= moment < before and value_at(one, moment) != value_at(other, moment):
            return f"at {moment:%d %H:%M:%S.%f}: {value_at(one, moment)} and {value_at(other, moment)}\n{lines(one)}\n{lines(other)}"
    return ""


def lines(steps: Steps) -> str:
    """A timeline in a line."""
    return " | ".join(f"{at:%d %H:%M} {truth.value}{' held' if held else ''}" for at, truth, held in steps)


def shown(all_steps: Mapping[tuple[str, ...], Steps]) -> str:
    """Timelines for a failure's message."""
    return "\n".join(f"{key}: {lines(steps)}" for key, steps in all_steps.items())
