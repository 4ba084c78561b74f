"""Kinds without a history, units, and how a kind is known by its name."""

from decimal import Decimal

import pytest
from engine_tables import configuration, play
from kind_tables import threshold
from pydantic import ValidationError

from processors.bounds import quantity
from processors.kinds import KINDS, bounds_of
from schemas.errors import ConfigurationError
from schemas.levels import Level
from schemas.threshold_kinds import KIND_FORMS
from schemas.thresholds import quantity_number


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
