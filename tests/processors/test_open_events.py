"""A change of the configuration, and the events that are open then: each is judged to its end by the rule it opened with."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

import pytest
from engine_tables import DAY, at, begun, configuration, configured_record, record_of
from msgspec.structs import replace
from regular_worlds import HOUR, Trouble, log_of

from processors import advance as advancing
from processors.engine import ENGINE_VERSION, State, advance, from_bytes, initial, step, to_bytes
from schemas.configuration import Configuration
from schemas.envelopes import input_record, read_input
from schemas.errors import ConfigurationError
from schemas.inputs import ConfigChange
from schemas.microseconds import to_microseconds
from schemas.outputs import CompoundEvent, ThresholdBreach
from schemas.records import Record

FLOOD = {"name": "flood", "when": "river >= orange"}
Told = list[tuple[str, ...]]


def judged(orange: str = "5 m", *rules: Mapping[str, Any]) -> Configuration:
    """A river that is orange from so many metres on, and a rule that asks for it."""
    levels = {"yellow": "2 m", "orange": orange, "red": "9 m"}
    return configuration([{"name": "river", "levels": levels}], [dict(rule) for rule in rules or (FLOOD,)])


def change(configured: Configuration, time: str, **more: Any) -> Record:
    """A change of the configuration that becomes known at a time."""
    told = {"hash": configured.hash, "configuration": configured.canonical(), "author": "planner", "reason": "test"}
    return input_record("TST", ConfigChange(at=at(time), **told, **more))


def events(state: State, *records: tuple[str, str] | Record) -> tuple[State, list[CompoundEvent]]:
    """What is said of rules at each `(time, value)` of the one area, and at other records."""
    told: list[CompoundEvent] = []
    for record in records:
        state, said = step(state, record if isinstance(record, Record) else record_of(record[0], "A", record[1]))
        told += [one for one in said if isinstance(one, CompoundEvent)]
    return state, told


def words(told: Sequence[CompoundEvent], *configured: Configuration) -> Told:
    """Each change with its level, since when the event is, and which of these configurations judged it, from the first on."""
    numbers = {one.hash: str(n) for n, one in enumerate(configured, 1)}
    return [(e.change.value, e.level.word, f"{e.since:%H:%M}", numbers[e.configuration]) for e in told]


def test_an_open_event_is_judged_on_by_the_threshold_it_opened_with() -> None:
    """The bound is raised over the river while an event stands: it stands, and ends where its own bound says."""
    old, new = judged("5 m"), judged("8 m")
    state, told = events(begun(old), ("01:00", "6.0"), change(new, "02:00"), ("03:00", "5.5"))
    assert words(told, old, new) == [("opened", "orange", "01:00", "1")]
    state, told = events(state, ("04:00", "4.0"))
    assert words(told, old, new) == [("closed", "orange", "01:00", "1")]
    assert state.formers == ()
    _, told = events(state, ("05:00", "6.0"), ("06:00", "8.5"))
    assert words(told, old, new) == [("opened", "orange", "06:00", "2")]


def test_no_second_event_opens_beside_it_and_a_new_one_does_at_its_end() -> None:
    """By the new bound the river is over it all the time: one event stands, and where it ends another opens by the new rule."""
    old, new = judged("5 m"), judged("3 m")
    _, told = events(begun(old), ("01:00", "6.0"), change(new, "02:00"), ("03:00", "6.5"), ("04:00", "4.0"), ("05:00", "2.5"))
    assert words(told, old, new) == [
        ("opened", "orange", "01:00", "1"),
        ("closed", "orange", "01:00", "1"),
        ("opened", "orange", "04:00", "2"),
        ("closed", "orange", "04:00", "2"),
    ]
    assert told[0].id == told[1].id != told[2].id


def test_what_the_new_rule_raises_is_not_applied_and_what_the_old_one_does_is() -> None:
    """The new rule would have it red from orange on; the event is raised where its own rule says, and no sooner."""
    old, new = judged("5 m", {**FLOOD, "raise": {"to": "red", "if": "river >= red"}}), judged("5 m", {**FLOOD, "level": "red"})
    _, told = events(begun(old), ("01:00", "6.0"), change(new, "02:00"), ("03:00", "6.5"), ("04:00", "9.5"), ("05:00", "1.0"))
    assert words(told, old, new) == [
        ("opened", "orange", "01:00", "1"),
        ("escalated", "red", "01:00", "1"),
        ("closed", "red", "01:00", "1"),
    ]


def test_an_event_whose_rule_is_no_more_is_judged_to_its_end() -> None:
    """It is raised no more by anybody, and closes with knowledge; the same rule begins at that end if it comes back."""
    other = {"name": "other", "when": "river >= red"}
    old, without = judged("5 m", FLOOD, other), judged("5 m", other)
    state, told = events(begun(old), ("01:00", "6.0"), change(without, "02:00"), ("03:00", "6.5"), ("04:00", "4.0"), ("05:00", "6.0"))
    assert words(told, old) == [("opened", "orange", "01:00", "1"), ("closed", "orange", "01:00", "1")]
    _, told = events(state, change(old, "06:00"))
    assert words(told, old) == [("opened", "orange", "05:00", "1")]


def test_an_event_of_a_change_that_is_rolled_back_goes_on_by_that_change() -> None:
    """What opened under the bound of three metres ends there, though five hold again."""
    old, hasty = judged("5 m"), judged("3 m")
    _, told = events(begun(old), change(hasty, "00:30"), ("01:00", "4.0"), change(old, "02:00"), ("03:00", "4.5"), ("04:00", "2.5"))
    assert words(told, old, hasty) == [("opened", "orange", "01:00", "2"), ("closed", "orange", "01:00", "2")]


def test_several_changes_leave_each_event_its_own() -> None:
    """Of two areas one event opened under the first configuration, one under the second; the third judges neither."""
    areas = [{"code": code, "level": "adm2", "names": {"en": code}} for code in "AB"]
    first, second, third = (
        configuration([{"name": "river", "levels": {"orange": bound}}], [FLOOD], areas=areas) for bound in ("5 m", "3 m", "8 m")
    )
    told: list[CompoundEvent] = []
    state = begun(first)
    for record in (
        record_of("01:00", "A", "6.0"), change(second, "01:30"), record_of("02:00", "B", "4.0"), change(third, "02:30"),
        record_of("03:00", "A", "5.5"), record_of("03:10", "B", "3.5"),
    ):  # fmt: skip
        state, found = events(state, record)
        told += found
    assert len(state.formers) == 2
    _, ends = events(state, record_of("04:00", "A", "4.5"), record_of("04:10", "B", "2.5"))
    assert [(e.area, e.change.value, e.configuration == one.hash) for e, one in zip(ends, (first, second), strict=True)] == [
        ("A", "closed", True),
        ("B", "closed", True),
    ]


def test_events_that_had_ended_stay_as_they_were_said() -> None:
    """A new bound takes back no event that is over, and finds none in the time before its end."""
    old, high, low = judged("5 m"), judged("8 m"), judged("3 m")
    state, _ = events(begun(old), ("01:00", "6.0"), ("02:00", "4.0"))
    _, told = events(state, change(high, "03:00"), ("04:00", "4.0"))
    assert told == []
    _, told = events(state, change(low, "03:00"), ("04:00", "4.0"))
    assert words(told, old, low) == [("opened", "orange", "02:00", "2")]


DRY = {"name": "flood", "when": "rain >= orange"}
"""The rule by another indicator, of which no station is there."""


def by_rain(*rules: Mapping[str, Any]) -> Configuration:
    """The river and the rain, and these rules."""
    river = {"name": "river", "levels": {"yellow": "2 m", "orange": "5 m", "red": "9 m"}}
    return configuration(
        [river, {"name": "rain", "indicator": "rain_1d", "at": "station", "levels": {"orange": "50 mm"}}], [dict(rule) for rule in rules]
    )


def test_a_rule_that_had_no_event_begins_with_what_its_readings_say() -> None:
    """By the bound of eight metres, and then by the rain, nothing came to be; by five metres something had, and is found afterwards."""
    high, dry, old = judged("8 m"), by_rain(DRY), by_rain(FLOOD)
    _, told = events(begun(high), ("01:00", "6.0"), ("02:00", "4.0"), change(dry, "03:00"), ("04:00", "4.0"), change(old, "05:00"))
    assert words(told, high, dry, old) == [("found_afterwards", "orange", "01:00", "3")]


def test_no_event_is_told_twice_however_the_rule_changes_goes_and_comes_back() -> None:
    """Its end is remembered where nothing reads the river any more, and where the rule is no more."""
    other = {"name": "other", "when": "river >= orange", "level": "red"}
    old, dry, without = by_rain(FLOOD), by_rain(DRY), by_rain(other)
    state, _ = events(begun(old), ("01:00", "6.0"), ("02:00", "4.0"), change(dry, "03:00"), ("04:00", "4.0"))
    _, told = events(state, change(without, "05:00"), ("06:00", "4.0"), change(old, "07:00"), ("08:00", "4.0"))
    assert [one for one in told if one.rule == "flood"] == []


def test_an_event_that_is_judged_the_same_goes_over() -> None:
    """Other words, other signatures, another document: the rule in force judges it on, and nothing is set apart."""
    old, new = judged("5 m"), judged("5 m", {**FLOOD, "text": "another", "sign": {"people": 1}})
    state, told = events(begun(old), ("01:00", "6.0"), change(new, "02:00"), ("03:00", "4.0"))
    assert words(told, old, new) == [("opened", "orange", "01:00", "1"), ("closed", "orange", "01:00", "2")]
    assert state.formers == ()


def test_a_reading_that_comes_late_alters_an_open_event_by_its_own_rule() -> None:
    """The reading that opened it is corrected: by its own bound it never was, so it is taken back, and the new rule judges alone."""
    old, new = judged("5 m"), judged("4 m")
    state, told = events(begun(old), ("01:00", "6.0"), change(new, "02:00"), ("03:00", "4.5 valid 01:00"))
    assert words(told, old, new) == [
        ("opened", "orange", "01:00", "1"),
        ("retracted", "orange", "01:00", "1"),
        ("opened", "orange", "01:00", "2"),
    ]
    assert state.formers == ()


def test_until_keeps_its_meaning_over_a_change() -> None:
    """An event that its `until` closed opens none by the same truth: only what was false in between can open one."""
    old = judged("5 m", {**FLOOD, "when": {"condition": "river >= orange", "within": "12 h"}, "until": "not river >= yellow"})
    new = judged("6 m", {**FLOOD, "when": {"condition": "river >= orange", "within": "12 h"}, "until": "not river >= yellow"})
    _, told = events(begun(old), ("01:00", "6.5"), change(new, "02:00"), ("03:00", "1.0"), ("04:00", "1.0"), ("05:00", "6.5"))
    assert words(told, old, new) == [
        ("opened", "orange", "01:00", "1"),
        ("closed", "orange", "01:00", "1"),
        ("opened", "orange", "05:00", "2"),
    ]


def test_cooling_and_muting_go_over_the_change() -> None:
    """What was said by the old rule cools the new one's event, and an event that stands by the old rule mutes the other's."""
    cooled = {**FLOOD, "cool_down": "6 h"}
    old, new = judged("5 m", cooled), judged("3 m", cooled)
    _, told = events(begun(old), ("01:00", "6.0"), change(new, "02:00"), ("03:00", "4.0"))
    assert [(e.change.value, e.quiet[:6]) for e in told] == [("opened", ""), ("closed", ""), ("opened", "cooled")]
    big, small = {**FLOOD, "mutes": ["small"]}, {"name": "small", "when": "river >= red"}
    old, new = judged("5 m", big, small), judged("8 m", big, small)
    state, _ = events(begun(old), ("01:00", "6.0"), change(new, "02:00"))
    _, told = events(state, ("03:00", "9.5"))
    assert [(e.rule, e.change.value, e.quiet) for e in told] == [("small", "opened", "muted by flood")]


def test_an_event_in_shadow_goes_over() -> None:
    """Nobody was told of it: once the rule is live with another bound, people are told if that bound is met."""
    tried, live = judged("5 m", {**FLOOD, "shadow": {}}), judged("4 m")
    _, told = events(begun(tried), ("01:00", "6.0"), change(live, "02:00"))
    assert [(e.change.value, bool(e.quiet)) for e in told] == [("opened", True), ("updated", False)]


def test_moved_at_once_if_so_decided() -> None:
    """With `move` what is open is judged on by the new rule, one that an older configuration judged too; by one that is no more it ends."""
    old, low, high = judged("5 m"), judged("3 m"), judged("8 m")
    state, _ = events(begun(old), ("01:00", "6.0"))
    _, told = events(state, change(low, "02:00", open_events="move"), ("03:00", "4.0"), ("04:00", "2.5"))
    assert words(told, old, low) == [("closed", "orange", "01:00", "2")]
    kept, _ = events(state, change(high, "02:00"))
    moved, told = events(kept, change(low, "03:00", open_events="move"), ("04:00", "4.0"), ("05:00", "2.5"))
    assert words(told, old, low) == [("closed", "orange", "01:00", "2")]
    assert moved.formers == ()
    without = judged("5 m", {"name": "other", "when": "river >= red"})
    for one, configured in ((state, old), (kept, old)):
        _, told = events(one, change(without, "04:00", open_events="move"))
        assert words(told, configured) == [("cannot_tell", "orange", "01:00", "1")]


def test_an_event_raised_by_a_rule_may_be_moved_under_one_that_raises_nothing() -> None:
    """It was red by a step that the new rule has not, and by the new one it never was: that is said, and no step is looked for."""
    old, new = judged("5 m", {**FLOOD, "raise": {"to": "red", "if": "river >= yellow"}}), judged("8 m")
    _, told = events(begun(old), ("01:00", "6.0"), change(new, "02:00", open_events="move"))
    assert [one[:3] for one in words(told, old, new)] == [("opened", "red", "01:00"), ("retracted", "red", "01:00")]


def test_what_holds_from_a_moment_on_is_in_force_with_the_first_record_then() -> None:
    """Until then all is judged as before; a record of that moment is judged by the new one."""
    old, new = judged("5 m"), judged("3 m")
    state, told = events(begun(old), change(new, "01:00", holds_from=at("06:00")), ("02:00", "4.0"), ("05:59", "4.0"))
    assert told == []
    again = from_bytes(to_bytes(state))
    assert to_bytes(again) == to_bytes(state)
    _, told = events(again, ("06:00", "4.0"))
    assert words(told, old, new) == [("opened", "orange", "02:00", "2")]
    _, ticked = events(state, record_of("06:00", "A", "tick"))
    assert words(ticked, old, new) == [("opened", "orange", "02:00", "2")]


def test_a_later_change_takes_the_place_of_what_was_still_to_come() -> None:
    """Another one at once, another one for later, or the one in force said again: the first never comes."""
    old, never, new = judged("5 m"), judged("3 m"), judged("4 m")
    state, _ = events(begun(old), change(never, "01:00", holds_from=at("06:00")))
    for instead in (change(new, "02:00"), change(new, "02:00", holds_from=at("05:00")), change(old, "02:00")):
        after, told = events(state, instead, ("07:00", "3.5"), ("08:00", "4.5"))
        assert [e.configuration for e in told] == ([] if after.plan is not None and after.plan.hash == old.hash else [new.hash])
        assert after.ahead is None


def test_what_means_nothing_is_refused_when_it_is_known_and_not_when_it_comes() -> None:
    """A configuration for later is tried at once, so that the moment it comes keeps nobody from judging."""
    state = begun(judged())
    broken = judged().canonical()
    broken["rules"][0]["when"] = "rain >= orange"
    configured = Configuration.model_validate(broken)
    with pytest.raises(ConfigurationError, match="no threshold is called `rain`"):
        step(state, change(configured, "01:00", holds_from=at("06:00")))


# In columns -----------------------------------------------------------------------------------------------------------


def changing(seed: int) -> list[Record]:
    """A world of regular places whose configuration changes three times, once for later, with all that makes places irregular."""
    chance = random.Random(seed)
    records = log_of(chance, Trouble.drawn(chance), hours=40)
    first = read_input(records[0])
    assert isinstance(first, ConfigChange)
    others = [_another(first.configuration, chance) for _ in range(3)]
    hours = sorted(chance.sample(range(8, 36), 3))
    for n, (hour, other) in enumerate(zip(hours, others, strict=True)):
        now = DAY + hour * HOUR
        more: dict[str, Any] = {"holds_from": now + 3 * HOUR} if n == 1 else {}
        record = replace(configured_record(other, now), id=f"configuration:{n}", received_microseconds=to_microseconds(now))
        if more:
            record = change(other, f"d{hour // 24} {hour % 24:02}:00", **more)
        place = next((i for i, r in enumerate(records) if r.received > now), len(records))
        records.insert(place, record)
    return records


def _another(told: Mapping[str, Any], chance: random.Random) -> Configuration:
    thresholds = [dict(t) for t in told["thresholds"]]
    thresholds[0]["levels"] = {"yellow": "2.5 m", "orange": chance.choice(["3 m", "3.5 m", "4.5 m", "5 m"])}
    thresholds[1]["for"] = chance.choice(["1 readings", "2 readings"])
    rules = [dict(r) for r in told["rules"]]
    rules[0]["raise"] = chance.choice([rules[0]["raise"], []])
    return Configuration.model_validate(dict(told) | {"thresholds": thresholds, "rules": chance.choice([rules, rules, rules[:1]])})


def by_timelines(records: Sequence[Record]) -> tuple[list[list[ThresholdBreach | CompoundEvent]], int]:
    """What is said if no place is ever in columns, and after how many records an event was judged by a former configuration."""
    state, said, kept = initial("TST"), [], 0
    for record in records:
        state, (outputs,) = advancing.advance(advancing.all_by_timelines(state), [record], [read_input(record)], ENGINE_VERSION)
        said.append(outputs)
        kept += bool(state.formers)
    return said, kept


@pytest.mark.parametrize("seed", range(8))
def test_columns_say_what_timelines_say_over_changes(seed: int) -> None:
    """However many records are taken in at once, with a snapshot before each part or without: the same words, ids and evidence."""
    records = changing(seed)
    expected, kept = by_timelines(records)
    assert kept > 0
    chance = random.Random(seed)
    for most, restarted in ((1, False), (9, True), (60, False)):
        state, said, first = initial("TST"), [], 0
        while first < len(records):
            last = first + chance.randint(1, most)
            state = from_bytes(to_bytes(state)) if restarted else state
            state, outputs = advance(state, records[first:last])
            said += outputs
            first = last
        assert said == expected, f"up to {most} at once"


def test_only_the_areas_of_open_events_leave_the_columns() -> None:
    """While an event is judged by a former configuration its area is judged by timelines, all others in columns; afterwards it too."""
    areas = [{"code": code, "level": "adm2", "names": {"en": code}} for code in "AB"]
    river = {"name": "river", "stale_after": "9 h"}
    old, new = (configuration([river | {"levels": {"orange": bound}}], [FLOOD], areas=areas) for bound in ("5 m", "8 m"))
    state, _ = events(begun(old), record_of("01:00", "A", "6.0"), record_of("01:00", "B", "4.0"))
    assert state.columns is not None
    assert state.columns.regular.tolist() == [True, True]
    state, _ = events(state, change(new, "02:00"), record_of("03:00", "A", "6.0"), record_of("03:00", "B", "4.0"))
    assert state.columns is not None
    assert state.columns.regular.tolist() == [False, True]
    state, _ = events(state, record_of("04:00", "A", "4.0"), record_of("05:00", "A", "4.0"))
    assert state.columns is not None
    assert state.columns.regular.tolist() == [True, True]
