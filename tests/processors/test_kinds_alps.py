"""The price alert of the World Food Programme: its trend, and when it is admitted (ALPS at a glance, foodprices.vam.wfp.org)."""

from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest
from kind_tables import rows, threshold
from pydantic import ValidationError

from processors.kinds.periods import MONTHS
from schemas.inputs import BaselineRow
from schemas.thresholds import kind_wrong

JUNE = datetime(2023, 6, 1, tzinfo=UTC)
MONTH = MONTHS.key(JUNE, JUNE)


def alps(**more: Any) -> Any:
    """A threshold at one and two standard deviations of the trend's error."""
    baseline = {"months": 60, "needs": "36 months", **more}
    return threshold("alps", {"orange": "1 sd", "red": "2 sd"}, indicator="price_rice_white", baseline=baseline)


def june(months: set[int]) -> BaselineRow:
    """The row of June 2023 if prices of so many months before it are known."""
    generator = np.random.default_rng(11)
    noise = generator.normal(0, 2, 61)
    prices = {MONTH - n: 100 + n * -0.5 + 5 * np.cos(2 * np.pi * (MONTH - n) / 12) + noise[n] for n in months}
    (row,) = rows(alps(), prices, JUNE, datetime(2023, 7, 1, tzinfo=UTC))
    return row


def test_the_alert_lies_one_and_the_crisis_two_deviations_over_the_trend() -> None:
    """A trend with a season is found again to within its noise, and the levels lie one and two standard deviations over it."""
    row = june(set(range(1, 61)))
    usual, sd = row.statistics["expected"], row.statistics["sd"]
    assert usual == pytest.approx(100 + 5 * np.cos(2 * np.pi * MONTH / 12), abs=3)
    assert sd == pytest.approx(2, abs=0.6)
    assert row.bounds == pytest.approx({"orange": usual + sd, "red": usual + 2 * sd})


@pytest.mark.parametrize(
    ("months", "reason"),
    [
        (set(range(1, 36)), "35 prices in the 60 months before, 36 are needed"),
        (set(range(1, 37)), ""),
        (set(range(1, 42)) | {60}, ""),
        (set(range(1, 41)) | {60}, "prices in 41 of 60 months, 70 of 100 are needed"),
        (set(range(7, 50)), ""),
        (set(range(1, 61)) - {12, 24, 36, 48, 60}, "no price of the same month of the year"),
    ],
)
def test_the_admission_rules_of_the_programme(months: set[int], reason: str) -> None:
    """Three years of data and 70 of 100 months: at the limit it is admitted, one short of it nobody can tell."""
    row = june(months)
    assert row.admitted == (reason == "")
    if reason:
        assert (row.reason, row.bounds) == (reason, {})


def test_a_food_of_little_weight_is_refused() -> None:
    """Under 5 % of the energy that people eat a price says nothing of hunger."""
    assert kind_wrong(alps(energy="38 %")) == ""
    assert "at least 5 %" in kind_wrong(alps(energy="4.9 %"))
    assert "at least 5 %" in kind_wrong(alps(energy="much"))
    with pytest.raises(ValidationError):
        alps(months=3)
