"""Section 4 of the specification, and what section 6 adds to it, a sentence a table."""

from datetime import timedelta
from typing import Any

import pytest
from engine_tables import at, begun, configuration, play, rows_of

from processors.engine import step, timelines
from schemas.configuration import Configuration
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Evidence

RIVER: dict[str, Any] = {"name": "river", "levels": {"orange": "7 m", "red": "9 m"}, "hold_for": "2 h"}
SLOPE: dict[str, Any] = {"name": "slope", "indicator": "landslide_warning", "levels": {"orange": "2 level"}, "hold_for": "2 h"}
CASES: dict[str, Any] = {"name": "cases", "indicator": "dengue_cases", "levels": {"orange": "50 cases"}, "stale_after": "21 d"}
FEEDS = [
    {"feed": "river", "every": "1 h", "indicators": ["river_level"]},
    {"feed": "nbro", "every": "1 h", "indicators": ["landslide_warning"]},
    {"feed": "dengue", "every": "1 w", "indicators": ["dengue_cases"]},
]
R, S, C = "indicator river_level", "indicator landslide_warning", "indicator dengue_cases"
GAUGES = [{"code": f"g{n}", "name": f"{n}", "feed": "river", "areas": ["A"]} for n in range(1, 5)]


def truth(when: Any, table: str, **more: Any) -> list[tuple[str, str]]:
    """The truth of a rule over valid time after a table."""
    configured = configuration([RIVER, SLOPE, CASES], [{"name": "rule", "when": when}], feeds=FEEDS, **more)
    state = begun(configured)
    for _, record, _ in rows_of(table):
        state, _ = step(state, record)
    return [(f"{moment:%d %H:%M}", "held" if held else value.value) for moment, value, held in timelines(state).get(("rule", "A"), ())]


def events(rule: dict[str, Any], table: str, *others: dict[str, Any], **more: Any) -> list[CompoundEvent]:
    """Play a table for one rule and look at its events alone."""
    rules = [{"name": "rule", **rule}, *others]
    _, said = play(configuration([RIVER, SLOPE, CASES], rules, feeds=FEEDS, **more), table, only="events")
    return [e for e in said if isinstance(e, CompoundEvent)]


TWO = f"00:00 A 8 {R}\n00:00 A 0 {S}\n01:00 A 8 {R}\n01:00 A 2 {S}\n02:00 A 4 {R}\n02:00 A 2 {S}"


@pytest.mark.parametrize(
    ("when", "expected"),
    [
        ({"all": ["river >= orange", "slope >= orange"]}, ["false", "true", "false"]),
        ({"any": ["river >= orange", "slope >= orange"]}, ["true"]),
        ({"at_least": 2, "of": ["river >= orange", "slope >= orange"]}, ["false", "true", "false"]),
        ("not river >= orange", ["false", "true"]),
    ],
)
def test_kleenes_tables(when: Any, expected: list[str]) -> None:
    """all, any, at_least and not over two series that are both known."""
    assert [value for _, value in truth(when, TWO)] == expected


def test_an_unknown_part_decides_only_where_it_must() -> None:
    """all with a false part is false, any with a true part is true, whatever the silent one would say."""
    silent = f"00:00 A 0 {S}\n00:00 A 8 {R}\n04:00 A 8 {R}\n06:00 A 8 {R}"
    either = {"any": ["river >= orange", "slope >= orange"]}
    assert truth(either, silent) == [("20 00:00", "true"), ("20 03:00", "held"), ("20 04:00", "true")]
    low = f"00:00 A 0 {S}\n00:00 A 4 {R}\n02:00 A 4 {R}\n04:00 A 4 {R}"
    assert truth({"all": ["river >= orange", "slope >= orange"]}, low) == [("20 00:00", "false")]
    assert truth(either, low)[-1] == ("20 03:00", "unknown")


def test_what_is_not_covered_is_left_out() -> None:
    """6.3: any and at_least look at what the area has; all with a part that it has not is unknown, fewer than n are unknown."""
    table = f"00:00 A 4 {R}"
    assert truth({"any": ["river >= orange", "slope >= orange"]}, table) == [("20 00:00", "false")]
    assert truth({"at_least": 1, "of": ["river >= orange", "slope >= orange"]}, table) == [("20 00:00", "false")]
    assert truth({"at_least": 2, "of": ["river >= orange", "slope >= orange"]}, table) == [("20 00:00", "unknown")]
    assert truth({"all": ["river >= orange", "slope >= orange"]}, f"00:00 A 8 {R}") == [("20 00:00", "unknown")]


def test_within_remembers_what_was_true() -> None:
    """`within: 2 h` is true for two hours after it was, then false if nothing else is known."""
    table = f"00:00 A 4 {R}\n02:00 A 8 {R}\n03:00 A 4 {R}\n06:00 A 4 {R}"
    expected = [("20 00:00", "unknown"), ("20 02:00", "true"), ("20 05:00", "false")]
    assert truth({"condition": "river >= orange", "within": "2 h"}, table) == expected


def test_within_beside_all_holds_for_each() -> None:
    """River at two, slope at four: together within three hours, never at one moment."""
    table = f"00:00 A 0 {S}\n00:00 A 8 {R}\n01:00 A 4 {R}\n02:00 A 0 {S}\n03:00 A 2 {S}\n03:00 A 4 {R}\n04:00 A 0 {S}\n04:00 A 4 {R}"
    parts = ["river >= orange", "slope >= orange"]
    assert "true" not in [v for _, v in truth({"all": parts}, table)]
    assert ("20 03:00", "true") in truth({"all": parts, "within": "3 h"}, table)


def test_for_needs_the_whole_span() -> None:
    """True from two hours after the rise on, false from the fall on and for two hours after it."""
    table = f"00:00 A 4 {R}\n01:00 A 8 {R}\n02:00 A 8 {R}\n03:00 A 8 {R}\n04:00 A 4 {R}\n05:00 A 8 {R}\n06:00 A 8 {R}\n07:30 A 8 {R}"
    expected = [("20 00:00", "false"), ("20 03:00", "true"), ("20 04:00", "false"), ("20 07:00", "true")]
    assert truth({"condition": "river >= orange", "for": "2 h"}, table) == expected


def test_for_is_unknown_while_a_silence_may_have_broken_it() -> None:
    """Silent and no longer held from six to eight: nobody can tell whether it lasted, until two hours of truth are known again."""
    table = f"00:00 A 4 {R}\n01:00 A 8 {R}\n08:00 A 8 {R}\n10:30 A 8 {R}"
    expected = [("20 00:00", "false"), ("20 03:00", "true"), ("20 04:00", "held"), ("20 06:00", "unknown"), ("20 10:00", "true")]
    assert truth({"condition": "river >= orange", "for": "2 h"}, table) == expected


def test_not_for_is_absence() -> None:
    """Lower for two hours on end: true from then on, false with the first reading at the level."""
    table = f"00:00 A 4 {R}\n01:00 A 4 {R}\n02:00 A 4 {R}\n03:00 A 8 {R}\n04:00 A 4 {R}\n05:00 A 4 {R}\n06:30 A 4 {R}"
    expected = [("20 00:00", "unknown"), ("20 02:00", "true"), ("20 03:00", "false"), ("20 06:00", "true")]
    assert truth({"not": "river >= orange", "for": "2 h"}, table) == expected


TIMES = {"times": 2, "of": "river >= orange", "within": "4 h"}


def test_times_counts_how_often_it_became_true() -> None:
    """Up at one and at three: twice within four hours from three until the first lies four hours back."""
    table = f"00:00 A 4 {R}\n01:00 A 8 {R}\n02:00 A 4 {R}\n03:00 A 8 {R}\n04:00 A 8 {R}\n06:00 A 4 {R}"
    assert truth(TIMES, table) == [("20 00:00", "unknown"), ("20 03:00", "true"), ("20 05:00", "false")]


def test_times_does_not_know_what_a_silence_hid() -> None:
    """In the hour from four to five it may have come and gone any number of times; that is told for as long as the window sees it."""
    table = f"00:00 A 4 {R}\n01:00 A 4 {R}\n05:00 A 4 {R}\n07:00 A 4 {R}\n09:30 A 4 {R}"
    assert truth(TIMES, table) == [("20 00:00", "unknown"), ("20 09:00", "false")]


def test_times_true_unknown_true_is_once() -> None:
    """4.1: a gauge that was silent while it was high did not become high again."""
    table = f"00:00 A 4 {R}\n02:00 A 4 {R}\n04:00 A 4 {R}\n04:30 A 8 {R}\n10:30 A 8 {R}\n11:00 A 4 {R}\n12:00 A 8 {R}"
    assert truth({**TIMES, "within": "6 h"}, table)[-1] == ("20 06:00", "false")
    assert truth({**TIMES, "within": "8 h"}, table)[-1] == ("20 12:00", "true")


DRY_THEN_SLOPE = {"sequence": [{"not": "river >= orange", "for": "2 h"}, "slope >= orange"], "within": "3 h"}


@pytest.mark.parametrize(
    ("slides", "expected"),
    [
        ("03:00", [("20 00:00", "false"), ("20 03:00", "true")]),
        ("05:00", [("20 00:00", "false"), ("20 05:00", "true")]),
        ("05:30", [("20 00:00", "false")]),
    ],
)
def test_a_step_that_looks_back_became_true_at_the_end_of_its_span(slides: str, expected: list[tuple[str, str]]) -> None:
    """Low since midnight, the river has been low for two hours from two on: a slope that moves by five is in time, at half past not."""
    lows = [f"{hour:02}:{minute} A {value} {of}" for hour in range(7) for minute in ("00", "30") for value, of in ((4, R), (0, S))]
    table = [row for row in lows if row[:5] < slides or row.endswith(R)]
    moving = [f"{row[:5]} A 2 {S}" for row in lows if row[:5] >= slides and row.endswith(S)]
    assert truth(DRY_THEN_SLOPE, "\n".join(sorted([*table, *moving])))[1:] == expected


def around(*others: dict[str, Any]) -> dict[str, Any]:
    """Area A among others, each with coordinates a few kilometres apart on the equator."""
    names = ["A", *(other["code"] for other in others)]
    base = {"level": "adm2", "neighbours": names[1:], "latitude": 0.0, "longitude": 0.0}
    return {"areas": [{**base, "code": "A", "names": {"en": "A"}, "upstream": names[2:]}, *({"names": {"en": "x"}, **o} for o in others)]}


OTHERS = around(*({"code": code, "level": "adm2", "latitude": 0.0, "longitude": n * 0.09} for n, code in enumerate("BCD", start=1)))
HALF = {"share": "50 %", "of": "neighbours", "condition": "river >= orange"}


def test_a_share_is_bounded_by_what_is_unknown() -> None:
    """Three neighbours, two needed. One up and one unknown: cannot tell; two up: true whatever the third; two down: false."""
    assert truth(HALF, f"00:00 B 8 {R}\n01:00 C 4 {R}", **OTHERS)[-1] == ("20 00:00", "unknown")
    assert truth(HALF, f"00:00 B 8 {R}\n01:00 C 8 {R}", **OTHERS)[-1] == ("20 01:00", "true")
    assert truth(HALF, f"00:00 B 4 {R}\n01:00 C 4 {R}", **OTHERS)[-1] == ("20 01:00", "false")


def test_a_share_counts_areas_that_nobody_watches() -> None:
    """One of one that is watched is not all of three: no share is reached by watching few."""
    assert truth({**HALF, "share": "34 %"}, f"00:00 B 8 {R}", **OTHERS) == [("20 00:00", "unknown")]
    assert truth({**HALF, "share": "33 %"}, f"00:00 B 8 {R}", **OTHERS) == [("20 00:00", "true")]
    assert truth(HALF, f"00:00 A 8 {R}", **OTHERS) == []


def test_a_share_of_upstream_and_of_children_asks_others_than_the_neighbours() -> None:
    """Upstream of A lie C and D; its children are the areas whose parent it is."""
    assert truth({**HALF, "share": "100 %", "of": "upstream"}, f"00:00 C 8 {R}\n00:00 D 8 {R}", **OTHERS)[-1] == ("20 00:00", "true")
    children = around(*({"code": code, "level": "adm3", "parent": "A"} for code in "BC"))
    slopes = {"share": "100 %", "of": "children", "condition": "small >= orange"}
    small = {**RIVER, "name": "small", "at": "adm3"}
    state = begun(configuration([small], [{"name": "rule", "when": slopes}], feeds=FEEDS, **children))
    for _, record, _ in rows_of(f"00:00 B 8 {R}\n01:00 C 8 {R}"):
        state, _ = step(state, record)
    assert [value.value for _, value, _ in timelines(state)["rule", "A"]] == ["unknown", "true"]


def test_a_share_says_how_many_and_where() -> None:
    """Evidence names each neighbour with its reading, and how many were true, unknown and needed."""
    said = events({"when": HALF}, f"00:00 B 8 {R} |\n01:00 C 8 {R} | rule A opened orange", **OTHERS)
    evidence = said[0].evidence
    assert (evidence.condition, evidence.note) == ("in 50 % of neighbours", "true in 2 of 3, unknown in 1; 2 needed")
    assert [(part.area, part.truth.value) for part in evidence.parts] == [("B", "true"), ("C", "true"), ("D", "unknown")]


def test_near_is_any_of_the_places_in_reach() -> None:
    """0.09 degrees on the equator are 10.007 km: B is in reach at 10.01 km, not at 10 km; the area itself always is."""
    near = {"near": {"distance": "10.01 km", "condition": "river >= orange"}}
    nearer = {"near": {"distance": "10 km", "condition": "river >= orange"}}
    table = f"00:00 A 4 {R}\n00:00 B 4 {R}\n01:00 B 8 {R}\n01:30 A 4 {R}"
    assert truth(near, table, **OTHERS) == [("20 00:00", "false"), ("20 01:00", "true")]
    assert truth(nearer, table, **OTHERS) == [("20 00:00", "false")]
    assert truth(nearer, f"00:00 A 8 {R}", **OTHERS) == [("20 00:00", "true")]


def test_near_looks_at_stations_if_it_reads_nothing_else() -> None:
    """A gauge across the border of the area, in reach of it, is looked at by itself."""
    gauge = {"code": "g", "name": "g", "feed": "river", "areas": ["B"], "latitude": 0.0, "longitude": 0.01}
    far = {**gauge, "code": "far", "longitude": 0.2}
    near = {"near": {"distance": "2 km", "condition": "river >= orange"}}
    configured = configuration([{**RIVER, "at": "station"}], [{"name": "rule", "when": near}], feeds=FEEDS, stations=[gauge, far], **OTHERS)
    state = begun(configured)
    for _, record, _ in rows_of(f"00:00 far 8 {R}\n00:30 g 4 {R}\n01:00 g 8 {R}"):
        state, _ = step(state, record)
    assert [value.value for _, value, _ in timelines(state)["rule", "A"]] == ["false", "true"]


def test_near_counts_places_if_it_is_told_to() -> None:
    """True at the second place in reach, false once only one can be true, and unknown while fewer than two were ever heard of."""
    near = {"near": {"distance": "10.01 km", "at_least": 2, "condition": "river >= orange"}}
    table = f"00:00 A 8 {R}\n00:30 B 4 {R}\n01:00 B 8 {R}\n01:30 A 4 {R}"
    assert truth(near, table, **OTHERS) == [("20 00:00", "unknown"), ("20 00:30", "false"), ("20 01:00", "true"), ("20 01:30", "false")]


def test_without_coordinates_nothing_is_near() -> None:
    """An area that nobody has placed reaches nothing: the condition is not covered, and nothing is said."""
    assert truth({"near": {"distance": "10 km", "condition": "river >= orange"}}, f"00:00 A 8 {R}") == []


SEQUENCE = {"sequence": ["river >= orange", "cases >= orange"], "within": "2 w"}


def test_a_sequence_is_true_while_its_last_part_is() -> None:
    """First water, then cases: true from the week of cases on, known with its count."""
    flood = f"00:00 A 4 {R}\n01:00 A 8 {R}\n02:00 A 4 {R}\n"
    table = flood + f"d8 00:00 A 60 valid d1 00:00..d8 00:00 {C}\nd15 00:00 A 5 valid d8 00:00..d15 00:00 {C}"
    assert truth(SEQUENCE, table)[-2:] == [("21 00:00", "true"), ("28 00:00", "false")]


def test_onsets_are_compared_by_the_end_of_a_period() -> None:
    """6.7: a week of cases that began before the flood and ended after it comes after it; one that ended before does not."""
    flood = f"d2 00:00 A 4 {R}\nd3 00:00 A 8 {R}\nd3 01:00 A 4 {R}\n"
    after = flood + f"d8 00:00 A 60 valid d0 00:00..d7 00:00 {C}"
    assert truth(SEQUENCE, after)[-1] == ("23 00:00", "true")
    before = flood + f"d8 00:00 A 5 valid d0 00:00..d1 00:00 {C}\nd8 00:00 A 60 valid d1 00:00..d2 12:00 {C}"
    assert "true" not in [value for _, value in truth(SEQUENCE, before)]


def test_a_sequence_too_far_apart_or_too_near_is_none() -> None:
    """Beyond `within`, or under `least_lag`, the onsets form no chain."""
    table = f"00:00 A 4 {R}\n01:00 A 8 {R}\n01:00 A 5 {C}\n02:00 A 4 {R}\n03:00 A 60 {C}"
    assert ("20 03:00", "true") in truth({**SEQUENCE, "within": "2 h"}, table)
    assert "true" not in [v for _, v in truth({**SEQUENCE, "within": "1 h"}, table)]
    assert "true" not in [v for _, v in truth({**SEQUENCE, "least_lag": "3 h"}, table)]


def test_true_unknown_true_is_no_new_onset() -> None:
    """4.1: a gauge that was silent in between did not become true again; the old onset is too far back."""
    table = f"00:00 A 4 {R}\n01:00 A 8 {R}\n12:00 A 8 {R}\n12:00 A 5 {C}\n13:00 A 60 {C}"
    assert "true" not in [v for _, v in truth({**SEQUENCE, "within": "6 h"}, table)]


TOGETHER = {"together": 2, "of": ["river >= orange", "slope >= orange"], "within": "2 h"}


def test_together_needs_onsets_that_lie_near() -> None:
    """River at one, slope at three: two hours apart is together for as long as both stand; a minute more is not."""
    rise = f"00:00 A 4 {R}\n00:00 A 0 {S}\n01:00 A 8 {R}\n02:30 A 0 {S}\n03:00 A 2 {S}\n03:00 A 8 {R}\n"
    assert truth(TOGETHER, rise + f"05:00 A 4 {R}")[-3:] == [("20 00:00", "false"), ("20 03:00", "true"), ("20 05:00", "false")]
    later = rise.replace("03:00 A 2", "03:01 A 2")
    assert truth(TOGETHER, later + f"05:00 A 4 {R}")[-1:] == [("20 00:00", "false")]


def test_together_is_unknown_while_an_onset_may_hide_near_enough() -> None:
    """4.1: silent from four to nine, so the river may have risen any time between; the slope rose at six, and both stand at nine."""
    table = f"00:00 A 4 {R}\n01:00 A 4 {R}\n03:00 A 0 {S}\n06:00 A 2 {S}\n08:30 A 2 {S}\n09:00 A 8 {R}\n10:00 A 4 {R}"
    expected = [("20 00:00", "false"), ("20 06:00", "unknown"), ("20 10:00", "false")]
    assert truth(TOGETHER, table)[:1] + truth(TOGETHER, table)[-2:] == expected
    assert ("20 09:00", "true") in truth({**TOGETHER, "within": "3 h"}, table)


def test_together_true_unknown_true_keeps_its_onset() -> None:
    """4.1: a river that was silent in between rose when it first did, which is too long before the slope."""
    table = f"00:00 A 4 {R}\n01:00 A 8 {R}\n07:00 A 0 {S}\n08:00 A 8 {R}\n09:00 A 2 {S}"
    assert "true" not in [value for _, value in truth(TOGETHER, table)]
    assert ("20 09:00", "true") in truth({**TOGETHER, "within": "8 h"}, table)


def test_together_counts_the_first_truth_known_as_an_onset() -> None:
    """4.1: both were high when first heard of, so both rose then or before; nobody knows whether nearer to each other than that."""
    first = f"00:00 A 8 {R}\n01:00 A 2 {S}"
    assert [v for _, v in truth(TOGETHER, first)] == ["unknown", "true"]
    assert truth(TOGETHER, first)[-1] == ("20 01:00", "true")


def test_together_takes_what_is_held_as_unknown_for_opening() -> None:
    """6.2: a slope that joins a river which is held, not read, opens no event; the river's reading shows that both stand."""
    table = f"00:00 A 4 {R} |\n00:00 A 0 {S} |\n01:00 A 8 {R} |\n03:00 A 0 {S} |\n04:30 A 2 {S} |\n05:00 A 8 {R} | rule A opened orange"
    events({"when": {**TOGETHER, "within": "4 h"}}, table)


def test_together_leaves_out_what_is_not_covered() -> None:
    """6.3: fewer than two with a series are unknown, never false."""
    assert truth(TOGETHER, f"00:00 A 4 {R}") == [("20 00:00", "unknown")]
    three = {**TOGETHER, "of": [*TOGETHER["of"], "cases >= orange"]}
    assert truth(three, f"00:00 A 4 {R}\n00:00 A 0 {S}") == [("20 00:00", "false")]


def test_dimensions_count_what_breaches_belong_to() -> None:
    """Environment and health, each by any of its thresholds, each within the window."""
    table = f"00:00 A 8 {R}\n00:00 A 0 {S}\n00:00 A 60 {C}"
    assert truth({"dimensions": 2, "level": "orange"}, table) == [("20 00:00", "true")]
    assert truth({"dimensions": 3, "level": "orange"}, table) == [("20 00:00", "unknown")]


SILENT = {"silent": {"count": 3, "of": "river", "within": "40 min", "stale_after": "1 h"}}
STATIONS: dict[str, Any] = {"stations": GAUGES}


def silent_table(*more: str) -> str:
    """Four gauges, three of which stop between 08:00 and 08:30, a feed that is heard each hour."""
    first = [f"08:00 g1 4 {R}", f"08:15 g2 4 {R}", f"08:30 g3 4 {R}", f"08:30 g4 4 {R}"]
    beats = [f"09:{m:02d} g4 4 {R}" for m in (10, 50)] + [f"10:30 g4 4 {R}"]
    return "\n".join([*first, *beats, *more])


def silences(table: str) -> list[tuple[str, str]]:
    """The truth of the joint silence."""
    configured = configuration([{**RIVER, "at": "station"}], [{"name": "rule", "when": SILENT}], feeds=FEEDS[:1], **STATIONS)
    state = begun(configured)
    for _, record, _ in rows_of(table):
        state, _ = step(state, record)
    return [(f"{moment:%H:%M}", value.value) for moment, value, _ in timelines(state)["rule", "A"]]


def test_a_joint_silence_is_true_while_enough_are_silent() -> None:
    """It begins when the third goes stale, and ends when one of the three speaks again (6.6)."""
    assert silences(silent_table()) == [("08:00", "false"), ("09:30", "true")]
    assert silences(silent_table(f"11:00 g1 4 {R}"))[-1] == ("11:00", "false")


def test_a_feed_that_is_dead_says_nothing_about_its_gauges() -> None:
    """6.6: when the feed itself does not deliver, nobody can tell."""
    assert silences(silent_table("16:00 - tick"))[-1] == ("12:30", "unknown")


# Life -----------------------------------------------------------------------------------------------------------------

FLOOD = {"when": "river >= orange"}


def test_an_event_opens_is_confirmed_and_closes() -> None:
    """4.3: unknown closes nothing; the event stays, unconfirmed, and names who is silent since when."""
    said = events(
        FLOOD,
        f"""
        00:00 A 4 {R}    |
        01:00 A 8 {R}    | rule A opened orange
        04:30 A tick     |
        06:01 A tick     | rule A unconfirmed orange
        08:00 A 8 {R}    | rule A confirmed orange
        09:00 A 4 {R}    | rule A closed orange
        """,
    )
    assert said[1].silent == ("river A: no reading since 2025-11-20T01:00+00:00",)
    assert said[1].unconfirmed
    assert len({e.id for e in said}) == 1
    assert (said[-1].since, said[-1].until) == (at("01:00"), at("09:00"))


def test_what_is_held_opens_nothing() -> None:
    """6.2: a slope that joins a river which is held, not read, opens no event."""
    table = f"00:00 A 8 {R} |\n00:00 A 0 {S} |\n03:00 A 0 {S} |\n04:00 A 2 {S} |\n04:30 A 8 {R} | rule A opened orange"
    events({"when": {"all": ["river >= orange", "slope >= orange"]}}, table)


def test_nobody_can_tell_is_no_all_clear() -> None:
    """4.3, 6.4: it ends `otherwise_after` from the last truth that was not held, as what it is."""
    said = events(
        {**FLOOD, "ends": {"otherwise_after": "2 d"}},
        f"01:00 A 8 {R} | rule A opened orange\n07:00 A tick | rule A unconfirmed orange\nd2 04:01 A tick | rule A cannot_tell orange",
    )
    assert said[-1].until == at("d2 04:00")


def test_until_alone_closes() -> None:
    """6.4: with `until`, a `when` that is false closes nothing, and does not open again before it was false."""
    rule = {"when": {"condition": "river >= red", "within": "1 h"}, "until": "not river >= orange"}
    events(
        rule,
        f"""
        00:00 A 9 {R}    | rule A opened orange
        01:00 A 8 {R}    |
        02:30 A 8 {R}    |
        03:00 A 4 {R}    | rule A closed orange
        03:30 A 9 {R}    | rule A opened orange
        03:45 A 4 {R}    | rule A closed orange
        04:00 A 4 {R}    |
        """,
    )


EXCUSED = {"when": "river >= orange", "unless": "slope >= orange"}


def test_an_excuse_that_is_known_keeps_a_rule_from_holding() -> None:
    """The river is up, and that is well while the other is so; when it is known not to be, the event opens, and ends when it is again."""
    events(
        EXCUSED,
        f"""
        00:00 A 2 {S}    |
        01:00 A 8 {R}    |
        02:00 A 0 {S}    | rule A opened orange
        03:00 A 2 {S}    | rule A closed orange
        """,
    )


def test_an_excuse_that_nobody_knows_is_asked_of_people() -> None:
    """4.3: nothing but the excuse is unknown, so the event is proposed, unconfirmed; a reading confirms it or ends it."""
    begin = f"01:00 A 8 {R} | rule A opened orange\n"
    confirmed = events(EXCUSED, begin + f"02:00 A 0 {S} | rule A confirmed orange")
    assert [e.unconfirmed for e in confirmed] == [True, False]
    assert (confirmed[0].truth, confirmed[0].evidence.condition) == (Truth.UNKNOWN, "the first, unless the second")
    events(EXCUSED, begin + f"02:00 A 2 {S} | rule A closed orange")


def test_an_excuse_nobody_is_asked_about_waits() -> None:
    """`on_unknown: nothing`: what is unknown opens nothing."""
    events({**EXCUSED, "on_unknown": "nothing"}, f"01:00 A 8 {R} |\n02:00 A 0 {S} | rule A opened orange")


def test_an_excuse_that_is_held_is_no_excuse() -> None:
    """6.2: silent since three, it is asked about, though a breach of it would be held; and its falling silent ends no event."""
    table = f"""
        00:00 A 2 {S}    |
        02:30 A 4 {R}    |
        03:01 A 8 {R}    | rule A opened orange
        """
    (opened,) = events(EXCUSED, table)
    assert opened.unconfirmed


def test_outside_its_validity_a_rule_opens_nothing() -> None:
    """What began before opens when the rule comes into force, if it still stands; after its last day nothing opens, and nothing ends."""
    rule = {**FLOOD, "valid": "2025-11-21..2025-11-21"}
    events(
        rule,
        f"""
        23:00 A 8 {R}       |
        d1 00:00 A 8 {R}    |
        d1 01:00 A 8 {R}    | rule A opened orange
        d1 02:00 A 4 {R}    | rule A closed orange
        d1 22:30 A 8 {R}    | rule A opened orange
        d2 01:00 A 8 {R}    |
        d2 02:00 A 4 {R}    | rule A closed orange
        d2 03:00 A 8 {R}    |
        """,
    )


def test_a_rule_says_why_it_is_not_in_force() -> None:
    """Whoever asks why nothing was said reads the span that was written."""
    rule = configuration([RIVER], [{"name": "rule", **FLOOD, "valid": "2024-06-01..2025-05-31"}]).rules[0]
    assert rule.valid is not None
    assert rule.valid.why_not(at("00:00")) == "not in force since 2025-06-01T00:00+00:00 (valid 2024-06-01..2025-05-31)"
    assert rule.valid.why_not(at("00:00") - timedelta(days=300)) == ""


STAGES = {"readiness": {"level": "yellow", "if": "river >= orange"}, "activation": {"level": "red", "if": "river >= red"}}


def staged() -> Configuration:
    """A rule in two stages, written so."""
    written = {"name": "rule", "area": "adm2", "dimensions": ["food"], "text": "t", "ends": {"otherwise_after": "14 d"}, "stages": STAGES}
    bare = configuration([RIVER], feeds=FEEDS[:1]).canonical()
    document = {"title": "A framework", "date": "2025-01-01", "owner": "its signatories"}
    return Configuration.model_validate({**bare, "rules": [{**written, "document": document}]})


def test_two_stages_are_one_event_that_names_the_stage() -> None:
    """Readiness opens it, activation raises it and says so, easing leads back; written again from what is kept, the rule is the same."""
    configured = staged()
    assert Configuration.model_validate(configured.canonical()) == configured
    table = f"01:00 A 8 {R} | rule A opened yellow\n02:00 A 9 {R} | rule A escalated red\n03:00 A 8 {R} | rule A eased yellow"
    _, said = play(configured, table, only="events")
    steps = [one.steps for one in said if isinstance(one, CompoundEvent)]
    assert [step.why for step in steps[1]] == ["readiness: rule holds", "activation: river >= red"]


def test_activation_may_come_without_readiness() -> None:
    """A flood that gives no time for the first stage is met by the second: its actions include the first one's."""
    _, said = play(staged(), f"01:00 A 9 {R} | rule A opened red", only="events")
    (opened,) = [one for one in said if isinstance(one, CompoundEvent)]
    assert [step.level for step in opened.steps] == [Level.YELLOW, Level.RED]


def test_what_has_ended_when_it_becomes_known_warns_nobody() -> None:
    """4.3: one delivery brings rise and fall of last night."""
    table = "12:00 A 8 valid 01:00 | \n"
    configured = configuration([{**RIVER, "stale_after": "3 h"}], [{"name": "rule", **FLOOD}], feeds=FEEDS[:1])
    _, said = play(configured, f"11:00 A 4 valid 02:00 |\n{table.replace('| ', '| rule A found_afterwards orange')}", only="events")
    (event,) = [e for e in said if isinstance(e, CompoundEvent)]
    assert (event.change, event.since, event.until) == (EventChange.FOUND_AFTERWARDS, at("01:00"), at("02:00"))


def test_a_revision_that_unmakes_an_event_retracts_it() -> None:
    """4.3: the reading it rested on was wrong."""
    events(FLOOD, f"01:00 A 8 {R} | rule A opened orange\n02:00 A 4 valid 01:00 {R} | rule A retracted orange")


def test_a_moved_onset_keeps_the_identifier() -> None:
    """4.4: a late reading shows that it began earlier."""
    said = events(FLOOD, f"01:00 A 8 {R} | rule A opened orange\n02:00 A 8 valid 00:30 {R} | rule A updated orange")
    assert said[0].id == said[1].id
    assert said[1].since == at("00:30")


def test_a_split_closes_the_one_and_opens_the_rest_anew() -> None:
    """4.4: a late low reading lies between."""
    said = events(
        FLOOD,
        f"01:00 A 8 {R} | rule A opened orange\n03:00 A 8 {R} |\n03:30 A 4 valid 02:00 {R} | rule A closed orange; rule A opened orange",
    )
    assert said[1].id == said[0].id != said[2].id


def test_in_a_merge_the_older_stays() -> None:
    """4.4: the reading that parted them was wrong; the younger ends by reference to the older, and nobody is told all is clear."""
    said = events(
        FLOOD,
        f"""
        01:00 A 8 {R}               | rule A opened orange
        02:00 A 4 {R}               | rule A closed orange
        03:00 A 8 {R}               | rule A opened orange
        03:30 A 8 valid 02:00 {R}   | rule A opened orange; rule A closed orange
        """,
    )
    older, younger = said[3], said[4]
    assert (older.id, younger.id) == (said[0].id, said[2].id)
    assert older.id in younger.quiet


def test_levels_are_raised_and_eased_by_readable_steps() -> None:
    """4.5: base, then raise; an unknown raise keeps the last answer that was known."""
    said = events(
        {**FLOOD, "raise": {"to": "red", "if": "slope >= orange"}},
        f"""
        00:00 A 8 {R}   | rule A opened orange
        00:30 A 2 {S}   | rule A escalated red
        02:00 A 8 {R}   |
        04:00 A 8 {R}   |
        06:30 A 8 {R}   |
        07:00 A 0 {S}   | rule A eased orange
        """,
    )
    assert [s.step for s in said[1].steps] == ["base", "raise"]


YOUNG = {"by": 1, "if": "vulnerability.children_under_5 > 12 %", "at_most": "red", "why": "small children cannot walk out"}
COUNTED = {"area": "A", "figure": "vulnerability.children_under_5", "value": "14", "unit": "%", "date": "2021-07-01", "source": "Census"}


def moved_rule(figures: list[dict[str, Any]], **rule: Any) -> CompoundEvent:
    """The one event of a rule whose level figures may move."""
    configured = configuration([RIVER], [{"name": "rule", **FLOOD, "move": YOUNG, **rule}], feeds=FEEDS[:1])
    configured = Configuration.model_validate({**configured.canonical(), "figures": figures})
    _, said = play(configured, f"01:00 A 8 {R} | rule A opened {'red' if figures[:1] == [COUNTED] else 'orange'}", only="events")
    (event,) = [one for one in said if isinstance(one, CompoundEvent)]
    return event


def test_a_figure_of_the_area_moves_the_level_by_a_readable_step() -> None:
    """4.5: more than one child in eight is under five, so orange becomes red; the step names the figure, its day and who counted."""
    base, move = moved_rule([COUNTED]).steps
    assert (base.step, base.level, move.step, move.level) == ("base", Level.ORANGE, "move", Level.RED)
    counted = "vulnerability.children_under_5 > 12 %, here 14 % (Census, 2021-07-01): small children cannot walk out"
    assert move.why == counted


def test_an_unknown_figure_keeps_the_base_and_says_so() -> None:
    """4.5: nobody counted there, so the level stays, and the event says what would have moved it; a figure that is lower says nothing."""
    unknown = moved_rule([])
    assert unknown.steps[-1].level is Level.ORANGE
    assert unknown.steps[-1].why.startswith("vulnerability.children_under_5 is not known here, so the level stays")
    assert [step.step for step in moved_rule([{**COUNTED, "value": "9"}]).steps] == ["base"]


def test_a_move_goes_no_further_than_its_bound() -> None:
    """`at_most: orange` moves an orange event nowhere, and never back from where `raise` took it."""
    bounded = {**YOUNG, "at_most": "orange"}
    configured = configuration(
        [RIVER], [{"name": "rule", **FLOOD, "raise": {"to": "red", "if": "river >= red"}, "move": bounded}], feeds=FEEDS[:1]
    )
    configured = Configuration.model_validate({**configured.canonical(), "figures": [COUNTED]})
    play(configured, f"01:00 A 8 {R} | rule A opened orange\n02:00 A 9 {R} | rule A escalated red", only="events")


def test_cool_down_marks_and_lets_a_higher_level_pass() -> None:
    """4.6: the second within six hours is quiet, and is heard at the end of it if it still stands; red is heard at once."""
    rule = {**FLOOD, "raise": {"to": "red", "if": "river >= red"}, "cool_down": "6 h"}
    said = events(
        rule,
        f"""
        00:00 A 8 {R}   | rule A opened orange
        01:00 A 4 {R}   | rule A closed orange
        02:00 A 8 {R}   | rule A opened orange
        04:00 A 8 {R}   |
        06:01 A 8 {R}   | rule A updated orange
        """,
    )
    assert [bool(e.quiet) for e in said] == [False, False, True, False]
    red = events(rule, f"00:00 A 8 {R} | rule A opened orange\n01:00 A 4 {R} | rule A closed orange\n02:00 A 9 {R} | rule A opened red")
    assert red[-1].quiet == ""


def test_cool_down_lets_an_escalation_pass_and_no_more_than_that() -> None:
    """4.6: an event that began quiet is heard at once when it becomes graver than what was last said, and not when it is as grave."""
    rule = {**FLOOD, "raise": {"to": "red", "if": "river >= red"}, "cool_down": "6 h"}
    said = events(
        rule,
        f"""
        00:00 A 8 {R}   | rule A opened orange
        01:00 A 4 {R}   | rule A closed orange
        02:00 A 8 {R}   | rule A opened orange
        03:00 A 9 {R}   | rule A escalated red
        04:00 A 4 {R}   | rule A closed red
        05:00 A 9 {R}   | rule A opened red
        """,
    )
    assert [bool(e.quiet) for e in said] == [False, False, True, False, False, True]


def test_the_big_event_mutes_the_small_one() -> None:
    """4.6: in the same area; if the big one ends first, the small one is heard."""
    big = {"name": "big", "when": {"all": ["river >= orange", "slope >= orange"]}, "mutes": ["rule"]}
    said = events(
        FLOOD,
        f"""
        00:00 A 2 {S}   |
        01:00 A 8 {R}   | big A opened orange; rule A opened orange
        02:00 A 0 {S}   | big A closed orange; rule A updated orange
        """,
        big,
    )
    small = [e for e in said if e.rule == "rule"]
    assert [e.quiet for e in small] == ["muted by big", ""]


def test_identifiers_are_made_of_shard_rule_area_and_record() -> None:
    """2.5: the same log gives the same identifiers, another opening record another one."""
    one = events(FLOOD, f"01:00 A 8 {R} | rule A opened orange")
    again = events(FLOOD, f"01:00 A 8 {R} | rule A opened orange")
    other = events(FLOOD, f"01:01 A 8 {R} | rule A opened orange")
    assert one[0].id == again[0].id != other[0].id


def test_an_event_carries_its_reasons_down_to_readings() -> None:
    """4.7: each condition with its truth, the reading behind it with its bound, times, age, delivery and record."""
    said = events(
        {"when": {"any": ["river >= orange", "cases >= orange"]}},
        f"01:00 A 8 valid 00:45 {R} | rule A opened orange",
    )
    evidence = said[0].evidence
    assert (evidence.condition, evidence.truth) == ("any", Truth.TRUE)
    river, cases = evidence.parts
    assert (cases.covered, cases.note) == (False, "no series here")
    (reading,) = river.readings
    assert (reading.value, reading.bound, reading.unit, reading.age) == (8.0, 7.0, "m", timedelta(minutes=15))
    assert reading.record == said[0].record
    assert isinstance(river, Evidence)


def test_an_event_says_what_must_be_known_for_its_end() -> None:
    """4.5: with `until`, an event may stand though its condition is over; it then says what is not known yet."""
    said = events(
        {"when": {"all": ["river >= orange", "slope >= orange"]}, "until": {"all": ["not river >= orange", "not slope >= orange"]}},
        f"""
        00:00 A 2 {S}
        01:00 A 8 {R}   | rule A opened orange
        02:00 A 0 {S}
        04:30 A 0 {S}
        06:30 A 0 {S}   | rule A unconfirmed orange
        """,
    )
    opened, unconfirmed = (e.ending for e in said)
    assert opened is not None
    assert unconfirmed is not None
    assert [part.truth for part in opened.parts] == [Truth.FALSE, Truth.FALSE]
    assert (said[1].evidence.truth, unconfirmed.truth) == (Truth.FALSE, Truth.UNKNOWN)
    assert [part.truth for part in unconfirmed.parts] == [Truth.UNKNOWN, Truth.TRUE]


def test_an_event_says_how_the_other_dimensions_stood() -> None:
    """4.7: what the rule does not read is no reason, but is shown as it stood: here health, by cases last heard of long before."""
    said = events(
        {"when": "river >= orange", "dimensions": ["environmental"]},
        f"""
        00:00 A 3 {C}
        d25 00:00 A 8 {R} | rule A opened orange
        """,
    )
    (health,) = said[0].beside
    assert (health.condition, health.truth) == ("health >= yellow", Truth.UNKNOWN)
    (cases,) = health.parts
    assert cases.note.startswith("no reading since")
    assert cases.readings[0].value == 3


def test_where_records_are_cut_decides_when_and_never_what() -> None:
    """2.2: all readings in one record end in the truths of one reading a record."""
    table = f"00:00 A 4 {R}\n01:00 A 8 {R}\n01:30 A 9 {R}\n03:00 A 4 {R}\n08:00 A 8 {R}"
    late = "\n".join(f"09:00 A {row.split()[2]} valid {row.split()[0]} {R}" for row in table.splitlines())
    assert truth("river >= orange", table) == truth("river >= orange", late)[: len(truth("river >= orange", table))]
