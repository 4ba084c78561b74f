"""The engine run over a log, and its timelines compared with the oracle's as functions of time."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime, timedelta

from configurations import SHARD
from oracle_events import Life

from processors.engine import State, from_bytes, initial, step, to_bytes
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, ThresholdBreach
from schemas.records import Record

INSTANT = timedelta(microseconds=1)
Steps = Sequence[tuple[datetime, Truth, bool]]
Said = list[ThresholdBreach | CompoundEvent]
Ended = tuple[str, str, datetime, datetime]
Come = set[tuple[str, str, datetime, datetime | None, Level | None]]
"""Events as they came to be: rule, area, since, until, and the level while it stands."""


def run(records: Iterable[Record], *, snapshot_each: bool = False) -> tuple[State, Said]:
    """The state after all records, and all that was said."""
    state, said = initial(SHARD), []
    for record in records:
        if snapshot_each:
            state = from_bytes(to_bytes(state))
        state, outputs = step(state, record)
        said += outputs
    return state, said


def final(said: Said) -> Come:
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
    lives = {(life.rule, life.area, life.since, life.until, life.level if life.until is None else None) for life in expected}
    return apart(lives, final(said))


def apart(one: Come, other: Come) -> str:
    """What two sides differ in that came to events; empty if they agree. See `unlike`."""
    stand, other_stand = ({event for event in side if event[3] is None} for side in (one, other))
    if stand != other_stand:
        return f"standing: the one only {stand - other_stand}, the other only {other_stand - stand}"
    ended, other_ended = (
        {(rule, area, since, until) for rule, area, since, until, _ in side if until is not None} for side in (one, other)
    )
    alone = [event for event in ended if not any(_overlap(event, like) for like in other_ended)]
    other_alone = [event for event in other_ended if not any(_overlap(event, like) for like in ended)]
    return f"ended: the one only {alone}, the other only {other_alone}" if alone or other_alone else ""


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
