"""What must not matter to the engine: how records were cut, in which order they came, when it was stopped and started again."""

import random
from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Any

import pytest
from comparing import Steps, apart, difference, final, run, value_at
from configurations import SHARD
from hypothesis import given
from hypothesis import strategies as st
from worlds import START, World, split, without_horizon, without_shadow, worlds

from processors import tracks
from processors.engine import State, levels, timelines, to_bytes
from schemas.conditions import Silent
from schemas.envelopes import input_record
from schemas.inputs import Tick
from schemas.levels import Truth
from schemas.outputs import CompoundEvent, EventChange
from schemas.records import Record

FIRST = START - timedelta(days=20)
ENDS = {EventChange.CLOSED, EventChange.CANNOT_TELL, EventChange.RETRACTED, EventChange.FOUND_AFTERWARDS}


@given(worlds(records=12))
def test_neither_cuts_nor_restarts_change_what_is_said(world: World) -> None:
    """Where records were cut decides when a thing is said, never what (2.2), and a snapshot at any record changes nothing (2.4).

    One reading a record ends in the same levels, truths and events, but that nothing is said of an onset which moves after its event ended;
    a state written and read again before every record says the same words, ids included, and ends in the same bytes.
    """
    whole, said = run(world.records)
    cut, said_cut = run(split(world.records))
    _same(whole, cut)
    assert not apart(final(said), final(said_cut))
    restarted, said_again = run(world.records, snapshot_each=True)
    assert said == said_again
    assert to_bytes(whole) == to_bytes(restarted)


@given(worlds(records=60))
def test_letting_go_of_what_is_not_asked_for_changes_nothing_that_is_said(world: World) -> None:
    """However soon what was said of places is let go of, every word comes out the same: an onset may be asked for long after it."""
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tracks, "_FOLD_AT", 1)
        _, soon = run(world.records)
        patched.setattr("processors.benches.may_forget", lambda _track: False)
        _, never = run(world.records)
    assert soon == never


@given(worlds(records=12), st.integers(0, 2**32))
def test_the_order_of_arrival_inside_the_horizon_changes_no_truth(world: World, seed: int) -> None:
    """The truth timelines depend on the set of readings inside the horizon alone (2.5)."""
    records = without_horizon(world).records
    _same(run(records)[0], run(_shuffled(records, seed))[0])


@given(worlds(records=20))
def test_a_rule_in_shadow_changes_nothing_that_is_said_of_others(world: World) -> None:
    """Without the rules in shadow the same is said of all else, to the word and the identifier; of theirs, that they are in shadow.

    With or without them the thresholds are the same; the one word that differs is the hash of the configuration.
    """
    tried = {rule.name for rule in world.configuration.rules if rule.shadow is not None}
    _, said = run(world.records)
    assert all(event.in_shadow == (event.rule in tried) for event in said if isinstance(event, CompoundEvent))
    _, alone = run(without_shadow(world).records)
    others = [one for one in said if not isinstance(one, CompoundEvent) or one.rule not in tried]
    assert [one.model_copy(update={"configuration": ""}) for one in others] == [
        one.model_copy(update={"configuration": ""}) for one in alone
    ]


def _shuffled(records: Sequence[Record], seed: int) -> list[Record]:
    """The configuration first, baselines in their own order (each replaces the one before), all else anywhere."""
    rest = list(records[1:])
    random.Random(seed).shuffle(rest)
    baselines = iter([r for r in records if r.kind == "baseline"])
    return [records[0], *(next(baselines) if r.kind == "baseline" else r for r in rest)]


def _same(one: State, other: State) -> None:
    end = START + timedelta(days=400)
    for view in (levels, timelines):
        first: Mapping[Any, Steps] = view(one)
        second: Mapping[Any, Steps] = view(other)
        assert set(first) == set(second)
        for key in first:
            found = difference(first[key], second[key], after=FIRST, before=end)
            assert not found, f"{key}: {found}"


@given(worlds(records=12))
def test_when_all_fall_silent_nothing_is_false(world: World) -> None:
    """Long after the last reading no level and no rule is false or true: unknown is never counted as safe (3.3).

    `silent` itself may be false or unknown, so rules with it are left out.
    """
    last = max(r.received for r in world.records) + timedelta(days=60)
    state, _ = run([*world.records, input_record(SHARD, Tick(at=last))])
    for key, steps in levels(state).items():
        assert value_at(steps, last) == (Truth.UNKNOWN, False), key
    silent = {rule.name for rule in world.configuration.rules if _names_silent(rule.holds)}
    for (rule, area), steps in timelines(state).items():
        assert rule in silent or value_at(steps, last) == (Truth.UNKNOWN, False), (rule, area)


def _names_silent(condition: object) -> bool:
    parts = getattr(condition, "parts", ())
    return isinstance(condition, Silent) or any(_names_silent(part) for part in parts)
