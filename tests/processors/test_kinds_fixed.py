"""Kinds without a history, units, and how a kind is known by its name."""

from decimal import Decimal
from typing import Any

import pytest
from engine_tables import begun, configuration, play
from kind_tables import threshold
from pydantic import ValidationError

from processors.bounds import quantity
from processors.kinds import KINDS, bounds_of
from processors.regular import layout_of
from schemas.errors import ConfigurationError
from schemas.levels import Level
from schemas.outputs import CompoundEvent
from schemas.threshold_kinds import KIND_FORMS
from schemas.thresholds import quantity_number

GAUGE: dict[str, Any] = {"name": "river", "at": "station", "levels": {"yellow": "5 m", "orange": "7 m"}}
DATUMS = {"g1": "mPWD", "g2": "mMSL", "g3": None}
"""Three gauges: one above the zero of Bangladesh's public works, one above the sea, one that does not say."""
STATIONS = [{"code": code, "name": code, "feed": "river", "areas": ["A"], "datum": datum} for code, datum in DATUMS.items()]
SET_HERE = {"place": "g2", "levels": {"orange": "6 m"}, "by": "B. Perera", "why": "the bank was washed away", "date": "2025-06-12"}


def test_every_kind_that_can_be_written_has_a_meaning() -> None:
    """The forms and the kinds are the same set, and agree on which are held against a baseline."""
    assert set(KINDS) == set(KIND_FORMS)
    assert {w for w, kind in KINDS.items() if kind.baseline} == {w for w, form in KIND_FORMS.items() if form.baseline}


def test_a_kind_that_is_not_known_is_answered_with_the_nearest() -> None:
    """A slip of the pen is named with what was meant."""
    with pytest.raises(ValidationError, match="nearest is `fixed`"):
        threshold("fixd", {"red": "7 cases"})


@pytest.mark.parametrize(
    ("text", "unit", "number"),
    [
        # One international foot is 0.3048 m, an inch 25.4 mm, exactly (NIST Special Publication 811, appendix B.8).
        ("23 ft", "m", "7.0104"),
        ("3 inch", "mm", "76.2"),
        ("150 cm", "m", "1.5"),
        # A cubic foot a second is 2.831685 E-02 m3/s (the same).
        ("1000000 cusecs", "m3/s", "28316.846592"),
        ("1 case", "cases", "1"),
        ("7.25 m", "m", "7.25"),
    ],
)
def test_a_quantity_in_another_unit_of_the_same_dimension_is_converted(text: str, unit: str, number: str) -> None:
    """Feet are metres at the factor of NIST SP 811, to the last decimal."""
    assert quantity_number(text, unit).quantize(Decimal("1e-9")) == Decimal(number)


def test_a_difference_of_temperatures_leaves_the_zero_of_its_scale_out() -> None:
    """9 °F more are 5 °C more, although 9 °F are nearly -13 °C (NIST SP 811, appendix B.8)."""
    assert round(quantity_number("9 °F", "degC", difference=True), 9) == 5
    assert round(quantity_number("100.4 °F", "degC"), 6) == 38


@pytest.mark.parametrize("text", ["23 mm/h", "23 ft3", "23 USD/kg", "23 level", "23 (", "23 os.system", "23", "ft", ""])
def test_a_quantity_of_another_dimension_is_refused(text: str) -> None:
    """What is no length is never held against metres, and the answer says what to write."""
    with pytest.raises(ConfigurationError, match="Write a number and `m`"):
        quantity(text, "river_level", "threshold river")


def test_feet_and_metres_are_the_same_bound() -> None:
    """A level in feet is held against readings in metres as the same height."""
    feet = threshold("fixed", {"orange": "23 ft"}, indicator="river_level", at="station")
    metres = threshold("fixed", {"orange": "7.0104 m"}, indicator="river_level", at="station")
    assert bounds_of(feet) == bounds_of(metres)


def test_one_case_is_enough() -> None:
    """The first case is a breach, none is lower, and there is no history to wait for."""
    cholera = {"name": "cholera", "indicator": "dengue_cases", "kind": "one_case", "levels": {"red": "one case"}, "stale_after": "21 d"}
    feeds = [{"feed": "river", "every": "1 w", "indicators": ["dengue_cases"]}]
    rows = [("00:00", "0", ""), ("01:00", "1", "A opened red"), ("02:00", "0", "A closed red")]
    table = "\n".join(f"{at} A {cases} indicator dengue_cases | {out}" for at, cases, out in rows)
    play(configuration([cholera], feeds=feeds), table)


def test_one_case_asks_for_one_level() -> None:
    """Two colours at one case could not be told apart, and are refused."""
    with pytest.raises(ValidationError, match="one level"):
        threshold("one_case", {"orange": "one case", "red": "one case"})
    assert bounds_of(threshold("one_case", {"red": "one case"}))[0].level == Level.RED


def test_keys_of_another_kind_are_refused() -> None:
    """A fixed number has no baseline."""
    with pytest.raises(ValidationError, match="has no baseline"):
        threshold("fixed", {"red": "7 cases"}, baseline={"years": 5})


def test_two_datums_are_never_compared() -> None:
    """A level above one zero says nothing of a gauge that measures from another, or does not say from which: nobody can tell."""
    play(
        configuration([GAUGE | {"datum": "mPWD"}], stations=STATIONS),
        """
        00:00 g1 9.0 | g1 opened orange
        00:00 g2 9.0 |
        00:00 g3 9.0 |
        """,
    )


@pytest.mark.parametrize("more", [{}, {"datum": "mPWD"}])
def test_an_override_holds_at_its_place_alone(more: dict[str, str]) -> None:
    """Another value for one gauge is met there and nowhere else, whatever its datum; a colour that it does not name keeps its own."""
    stations = [station | {"datum": "mPWD"} for station in STATIONS] if not more else STATIONS
    play(
        configuration([GAUGE | {"overrides": [SET_HERE]} | more], stations=stations),
        f"""
        00:00 g1 6.0 | g1 opened yellow
        00:00 g2 6.0 | g2 opened orange
        01:00 g2 5.0 | {"g2 eased yellow" if not more else "g2 closed orange"}
        """,
    )


def test_an_override_holds_against_a_station_s_own_levels_and_a_baseline() -> None:
    """It is a number where the feed brings none, and where there is too little history."""
    own = {"name": "river", "at": "station", "kind": "station_levels", "levels": {"orange": "own"}, "overrides": [SET_HERE]}
    play(configuration([own], stations=STATIONS), "00:00 g1 6.0 |\n00:00 g2 6.0 | g2 opened orange")
    usual = {
        "name": "dengue", "indicator": "dengue_cases", "kind": "endemic_channel", "levels": {"orange": "mean + 2 sd"},
        "baseline": {"years": 5}, "overrides": [SET_HERE | {"place": "A", "levels": {"orange": "20 cases"}}],
    }  # fmt: skip
    feeds = [{"feed": "river", "every": "1 w", "indicators": ["dengue_cases"]}]
    play(configuration([usual], feeds=feeds), "00:00 A 20 indicator dengue_cases | A opened orange")


def test_who_set_another_value_is_shown_with_what_it_was_held_against() -> None:
    """The evidence of an event names the value, the person, the day and the reason; other gauges are not touched."""
    gauge = GAUGE | {"overrides": [SET_HERE], "roll_up": {"to": "adm2", "by": "worst", "needs": "one"}}
    rule = {"name": "high", "when": {"threshold": "river", "level": "orange"}}
    _, outputs = play(
        configuration([gauge], [rule], stations=STATIONS), "00:00 g1 4.0 |\n00:00 g2 6.5 | g2 opened orange; high A opened orange"
    )
    (event,) = [output for output in outputs if isinstance(output, CompoundEvent)]
    (part,) = event.evidence.parts
    assert part.condition == "river >= orange (set by B. Perera on 2025-06-12: the bank was washed away)"
    assert (part.area, part.readings[0].bound) == ("g2", 6.0)


def test_places_with_a_datum_or_another_value_are_judged_by_timelines() -> None:
    """The columns take constant bounds alone, the same at every place."""
    rule = {"name": "high", "when": {"threshold": "rain", "level": "orange"}}
    rain = {"name": "rain", "indicator": "rain_1d", "levels": {"orange": "100 mm"}}
    for more, columns in (({}, True), ({"overrides": [SET_HERE | {"place": "A", "levels": {"orange": "90 mm"}}]}, False)):
        plan = begun(configuration([rain | more], [rule])).plan
        assert plan is not None
        assert (layout_of(plan) is not None) == columns


@pytest.mark.parametrize(
    ("override", "what"),
    [
        ({"levels": {"red": "9 m"}}, "sets red, which the threshold has not; its levels are yellow, orange"),
        ({"levels": {"orange": "9"}}, "has no unit"),
        ({"levels": {"orange": "9 mm/h"}}, "is in mm/h"),
        ({"by": ""}, "at least 1 character"),
        ({"why": None}, "valid string"),
    ],
)
def test_an_override_without_who_and_why_or_with_a_wrong_value_is_refused(override: dict[str, Any], what: str) -> None:
    """A value that nobody answers for is not taken."""
    with pytest.raises(ValidationError, match=what):
        threshold("fixed", GAUGE["levels"], indicator="river_level", at="station", overrides=[SET_HERE | override])


def test_a_place_is_overridden_once() -> None:
    """Two values for one place could not both hold."""
    with pytest.raises(ValidationError, match="more than once"):
        threshold("fixed", {"orange": "7 m"}, indicator="river_level", at="station", overrides=[SET_HERE, SET_HERE])
