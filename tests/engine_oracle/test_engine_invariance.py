"""What must not matter to the engine: how records were cut, in which order they came, when it was stopped and started again."""

import random
from collections.abc import Sequence
from datetime import timedelta

from comparing import INSTANT, difference, final, run, value_at
from configurations import SHARD
from hypothesis import given
from hypothesis import strategies as st
from worlds import START, World, split, without_horizon, worlds

from processors.engine import levels, timelines, to_bytes
from schemas.conditions import Silent
from schemas.envelopes import input_record
from schemas.levels import Truth
from schemas.records import CompoundEvent, EventChange, Record, Tick

FIRST = START - timedelta(days=20)
ENDS = {EventChange.CLOSED, EventChange.CANNOT_TELL, EventChange.RETRACTED, EventChange.FOUND_AFTERWARDS}


@given(worlds(records=15))
def test_a_reading_a_record_or_many_end_in_the_same_truths(world: World) -> None:
    """Where records were cut decides when a thing is said, never what (2.2): levels, truths and events end the same."""
    whole, said = run(world.records)
    cut, said_cut = run(split(world.records))
    _same(whole, cut)
    assert final(said) == final(said_cut)


@given(worlds(records=15))
def test_a_snapshot_at_any_record_changes_nothing(world: World) -> None:
    """The state written and read again before every record says the same things and ends in the same bytes (2.4)."""
    whole, said = run(world.records)
    restarted, said_again = run(world.records, snapshot_each=True)
    assert said == said_again
    assert to_bytes(whole) == to_bytes(restarted)


@given(worlds(records=15), st.integers(0, 2**32))
def test_the_order_of_arrival_inside_the_horizon_changes_no_truth(world: World, seed: int) -> None:
    """The truth timelines depend on the set of readings inside the horizon alone (2.5)."""
    records = without_horizon(world).records
    _same(run(records)[0], run(_shuffled(records, seed))[0])


def _shuffled(records: Sequence[Record], seed: int) -> list[Record]:
    """The configuration first, baselines in their own order (each replaces the one before), all else anywhere."""
    rest = list(records[1:])
    random.Random(seed).shuffle(rest)
    baselines = iter([r for r in records if r.kind == "baseline"])
    return [records[0], *(next(baselines) if r.kind == "baseline" else r for r in rest)]


def _same(one: object, other: object) -> None:
    end = START + timedelta(days=400)
    for view in (levels, timelines):
        first, second = view(one), view(other)  # type: ignore[operator, arg-type]
        assert set(first) == set(second)
        for key in first:
            found = difference(first[key], second[key], after=FIRST, before=end)
            assert not found, f"{key}: {found}"


@given(worlds(records=15))
def test_when_all_fall_silent_nothing_is_false(world: World) -> None:
    """Long after the last reading no level and no rule is false or true: unknown is never counted as safe (3.3).

    `silent` itself may be false or unknown, so rules with it are left out.
    """
    last = max(r.received for r in world.records) + timedelta(days=60)
    state, _ = run([*world.records, input_record(SHARD, Tick(at=last))])
    for key, steps in levels(state).items():
        assert value_at(steps, last) == (Truth.UNKNOWN, False), key
    silent = {rule.name for rule in world.configuration.rules if _names_silent(rule.when)}
    for (rule, area), steps in timelines(state).items():
        assert rule in silent or value_at(steps, last) == (Truth.UNKNOWN, False), (rule, area)


def _names_silent(condition: object) -> bool:
    parts = getattr(condition, "parts", ())
    return isinstance(condition, Silent) or any(_names_silent(part) for part in parts)


@given(worlds())
def test_every_event_begins_once_and_ends_once(world: World) -> None:
    """An event opens before all else and ends at most once; after that only a revision opens it again or takes it back (4.3, 4.4)."""
    _, said = run(world.records)
    last: dict[str, EventChange] = {}
    for event in (e for e in said if isinstance(e, CompoundEvent)):
        before = last.get(event.id)
        if event.change in (EventChange.OPENED, EventChange.FOUND_AFTERWARDS):
            assert before is None or before in ENDS, f"opened while it stands: {event.id}"
        elif event.change is EventChange.RETRACTED:
            assert before not in (None, EventChange.RETRACTED), f"taken back, and was not there: {event.id}"
        elif event.change is EventChange.UPDATED and before in ENDS:
            # A late reading moved the end: what is said of it is where it lies now, and it stays ended.
            assert event.until is not None, f"an end that is nowhere: {event.id}"
            continue
        else:
            assert before not in {None, *ENDS}, f"{event.change} of what does not stand: {event.id}"
        last[event.id] = event.change
        assert event.at <= event.known + INSTANT
        assert event.until is None or event.until >= event.since or event.change is EventChange.RETRACTED


@given(worlds(records=15))
def test_the_same_log_says_the_same(world: World) -> None:
    """Ids and all that is said are made of the log alone: twice the same records, twice the same words (2.5)."""
    assert run(world.records)[1] == run(world.records)[1]
