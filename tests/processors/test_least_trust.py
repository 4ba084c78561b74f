"""How far a reading is trusted: a threshold that asks for more than a household's word takes none, and another beside it does."""

from datetime import timedelta
from typing import Any

import pytest
from engine_tables import DAY, begun, configuration, configured_record, reading, readings_record, said
from pydantic import ValidationError

from processors.engine import State, step
from processors.regular import layout_of
from schemas.configuration import Configuration
from schemas.inputs import TRUST, Quality

WATER = "community_report.water_in_houses"
ANYBODY = {"name": "anybody", "indicator": WATER, "levels": {"yellow": "1 house"}, "stale_after": "6 h"}
TRAINED = ANYBODY | {"name": "trained", "least_trust": "manual"}
FEEDS = [{"feed": "river", "every": "10 min", "indicators": [WATER]}]
RULES = [{"name": name, "when": {"threshold": name, "level": "yellow"}} for name in ("anybody", "trained")]


def configured(*thresholds: dict[str, Any], rules: list[dict[str, Any]] = RULES) -> Configuration:
    """Reports of an area, with a rule for each threshold."""
    return configuration(thresholds, rules, feeds=FEEDS)


def reported(state: State, hour: int, houses: int, quality: Quality) -> tuple[State, list[str]]:
    """Somebody reports; what is said of events because of it."""
    when = DAY + timedelta(hours=hour)
    state, outputs = step(state, readings_record([reading("A", houses, when, when, indicator=WATER, quality=quality)]))
    return state, [said(output) for output in outputs if output.kind == "event"]


def test_a_rule_that_asks_for_trained_people_waits_for_one() -> None:
    """A household's report opens the rule that takes anybody's; the rule for trained people opens with a volunteer's."""
    state = begun(configured(ANYBODY, TRAINED))
    state, first = reported(state, 0, 2, Quality.REPORTED)
    state, second = reported(state, 1, 2, Quality.MANUAL)
    assert (first, second) == (["anybody A opened orange"], ["trained A opened orange"])


def test_what_is_not_trusted_neither_ends_nor_keeps_alive() -> None:
    """A household that says that it is over does not end what a volunteer reported, and its word does not make that last longer."""
    state = begun(configured(TRAINED, rules=RULES[1:]))
    state, opened = reported(state, 0, 3, Quality.MANUAL)
    state, over = reported(state, 1, 0, Quality.REPORTED)
    assert (opened, over) == (["trained A opened orange"], [])
    state, ended = reported(state, 2, 0, Quality.MEASURED)
    assert ended == ["trained A closed orange"]


@pytest.mark.parametrize("least", TRUST)
def test_each_step_of_trust_takes_itself_and_what_is_above(least: Quality) -> None:
    """The order is one of the whole: suspect, reported, modelled, manual, measured."""
    for quality in TRUST:
        state = begun(configured(TRAINED | {"least_trust": least.value}, rules=RULES[1:]))
        _, opened = reported(state, 0, 1, quality)
        assert bool(opened) == (TRUST.index(quality) >= TRUST.index(least))


def test_asking_for_more_takes_back_what_rested_on_less() -> None:
    """A change of the file that asks for trained people judges the last days anew: what households alone had said is not true any more."""
    state = begun(configured(ANYBODY, rules=RULES[:1]))
    state, _ = reported(state, 0, 2, Quality.REPORTED)
    stricter = configured(ANYBODY | {"least_trust": "manual"}, rules=RULES[:1])
    state, outputs = step(state, configured_record(stricter, DAY + timedelta(hours=1)))
    assert not any(output.kind == "event" and "opened" in said(output) for output in outputs)
    state, again = reported(state, 2, 2, Quality.REPORTED)
    assert "anybody A opened orange" not in again
    assert len(state.tracks["anybody", "A"].series) == 0


def test_a_threshold_that_asks_is_judged_by_timelines() -> None:
    """The columns look at no quality, so that they are not used where one is asked for."""
    for threshold, columns in ((ANYBODY, True), (ANYBODY | {"least_trust": "reported"}, False)):
        plan = begun(configured(threshold, rules=RULES[:1])).plan
        assert plan is not None
        assert (layout_of(plan) is not None) == columns


@pytest.mark.parametrize(("key", "word"), [("least_trust", "very"), ("least_quality", "manual")])
def test_a_slip_is_refused(key: str, word: str) -> None:
    """A word that is no quality, and a key that nobody knows, are errors."""
    with pytest.raises(ValidationError, match=key):
        configured(ANYBODY | {key: word}, rules=RULES[:1])
