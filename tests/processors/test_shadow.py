"""Rules in shadow: judged and recorded like any other, marked, and heard by nobody."""

from collections.abc import Mapping
from typing import Any

from engine_tables import at, begun, configuration, configured_record, record_of

from processors.engine import State, step
from schemas.configuration import Configuration
from schemas.outputs import CompoundEvent

RIVER = {"name": "river", "levels": {"yellow": "4 m", "orange": "5 m", "red": "7 m"}}
LIVE = {"name": "live", "when": "river >= orange", "raise": {"to": "red", "if": "river >= red"}, "cool_down": "6 h"}
TRIED = {**LIVE, "name": "tried", "when": "river >= yellow", "shadow": {"instead_of": "live"}}


def events(state: State, *rows: tuple[str, str]) -> tuple[State, list[CompoundEvent]]:
    """What is said of rules at each `(time, value)` of the one area."""
    told: list[CompoundEvent] = []
    for time, what in rows:
        state, said = step(state, record_of(time, "A", what))
        told += [one for one in said if isinstance(one, CompoundEvent)]
    return state, told


def judged(*rules: Mapping[str, Any]) -> Configuration:
    """A configuration of these rules."""
    return configuration([RIVER], [dict(rule) for rule in rules])


def test_every_change_of_an_event_in_shadow_says_so() -> None:
    """It opens, is raised and ends as it would if it were live, and each time says whose shadow it is."""
    _, told = events(begun(judged(TRIED)), ("01:00", "4.5"), ("02:00", "7.5"), ("03:00", "3.0"))
    assert [(e.change.value, e.level.word) for e in told] == [("opened", "orange"), ("escalated", "red"), ("closed", "red")]
    assert {e.quiet for e in told} == {"shadow of live"}
    assert all(e.in_shadow for e in told)


def test_what_a_rule_in_shadow_says_cools_nothing() -> None:
    """Opening again inside the cool-down is marked as shadow, not as cooled, and once live the rule is heard at its first event."""
    state, told = events(begun(judged(TRIED)), ("01:00", "4.5"), ("02:00", "3.0"), ("03:00", "4.5"), ("04:00", "3.0"))
    assert {e.quiet for e in told} == {"shadow of live"}
    live = {**TRIED, "shadow": None}
    state, _ = step(state, configured_record(judged(live), at("04:30")))
    _, told = events(state, ("05:00", "4.5"))
    assert [(e.change.value, e.quiet) for e in told] == [("opened", "")]


def test_a_rule_in_shadow_mutes_no_other() -> None:
    """The live rule is heard although a rule in shadow that stands would mute it."""
    mutes = {**TRIED, "mutes": ["live"]}
    _, told = events(begun(judged(LIVE, mutes)), ("01:00", "5.5"))
    assert {e.rule: e.quiet for e in told} == {"live": "", "tried": "shadow of live"}


def test_a_standing_event_is_heard_once_its_rule_goes_live_and_no_more_once_it_is_in_shadow() -> None:
    """The mark comes and goes with the configuration, by an update of the event that stands."""
    state, _ = events(begun(judged(TRIED)), ("01:00", "4.5"))
    state, live = step(state, configured_record(judged({**TRIED, "shadow": None}), at("02:00")))
    state, back = step(state, configured_record(judged(TRIED), at("03:00")))
    assert [(e.change.value, e.quiet) for e in live if isinstance(e, CompoundEvent)] == [("updated", "")]
    assert [(e.change.value, e.quiet) for e in back if isinstance(e, CompoundEvent)] == [("updated", "shadow of live")]


def test_a_new_rule_may_run_in_shadow_of_none() -> None:
    """It is marked all the same."""
    _, told = events(begun(judged({**TRIED, "shadow": {}})), ("01:00", "4.5"))
    assert [e.in_shadow for e in told] == [True]


def test_in_columns_and_by_timelines_the_mark_is_the_same() -> None:
    """A reading that comes late takes an area out of the columns; what is said before and after it carries the mark."""
    rows = [(f"{hour:02}:00", "4.5" if hour % 2 else "3.0") for hour in range(1, 12)]
    state, told = events(begun(judged({**TRIED, "cool_down": None})), *rows)
    assert state.columns is not None
    state, more = events(state, ("12:00", "4.5 valid 10:30"), ("13:00", "3.0"), ("14:00", "4.5"))
    assert len(told) == 11
    assert "closed" in [e.change.value for e in more]
    assert {e.quiet for e in (*told, *more)} == {"shadow of live"}
