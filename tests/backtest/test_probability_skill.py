"""Probabilities of ensembles against what happened: the Brier score of a published example, its skill, and what nobody can tell."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from engine_tables import configuration

from processors.backtest_probabilities import probabilities_of
from processors.history import History, history_of
from processors.probability_skill import probable
from processors.verification import Cells, Happened, brier

BEGIN = datetime(2020, 6, 1, tzinfo=UTC)
DAY = timedelta(days=1)
FLOOD: dict[str, Any] = {
    "name": "flood", "indicator": "river_discharge", "kind": "exceedance", "levels": {"orange": "50 % over 1000 m3/s"},
    "forecast": {"lead": "1 d..4 d", "members": 10, "needs": 8, "steps": 2}, "stale_after": "36 h",
}  # fmt: skip
COUNTRY = configuration(
    [FLOOD],
    [{"name": "high_water", "when": "flood >= orange"}],
    feeds=[{"feed": "river", "every": "1 d", "indicators": ["river_discharge"]}],
)


def cells(happened: list[int], years: list[int], known: list[int]) -> Cells:
    """One area, all issues of one month."""
    told = np.array([known], dtype=bool)
    return Cells(["A"], np.array(years), np.ones(len(years), dtype=np.int64), np.array([happened], dtype=bool), told, told)


def issues(shares: dict[int, tuple[int, int]]) -> History:
    """Day of the base time to (members, how many of them lie over the quantity on the second and third day)."""
    rows = [
        ("A", "river_discharge", base + lead * DAY, base + lead * DAY, base + timedelta(hours=6),
         1500.0 if m < over and lead in (2, 3) else 200.0,
         "river", lead * DAY, m)
        for day, (members, over) in shares.items() for base in [BEGIN + day * DAY] for m in range(members) for lead in (1, 2, 3, 4)
    ]  # fmt: skip
    moment = pa.timestamp("us", tz="UTC")
    types = (pa.string(), pa.string(), moment, moment, moment, pa.float64(), pa.string(), pa.duration("us"), pa.int16())
    names = ("area", "indicator", "start", "end", "received", "value", "feed", "lead", "member")
    return history_of(pa.table({n: pa.array(c, t) for n, c, t in zip(names, zip(*rows, strict=True), types, strict=True)}))


def event(day: float, days: float = 0.0) -> Happened:
    """A flood from a day on."""
    start = BEGIN + day * DAY
    return Happened("A", start, start + days * DAY, "flood", "hand", timedelta(0), timedelta(0))


def test_the_example_of_comets_course() -> None:
    """A probability of 0.80 that came true has 0.04, a climatology of 0.30 has 0.49, so the skill is +0.92 (COMET program of UCAR,
    Introduction to Verification of Hydrologic Forecasts, on the Brier skill score)."""
    assert brier(np.array([0.8]), np.array([True])) == pytest.approx(0.04)
    usual = [1, 1, 1, 0, 0, 0, 0, 0, 0, 0]
    found = probable(cells([*usual, 1], [2019] * 10 + [2020], [0] * 10 + [1]), np.array([[np.nan] * 10 + [0.8]]), seed=1)
    assert (found.brier, found.brier_climatology) == (pytest.approx(0.04), pytest.approx(0.49))
    assert found.over_climatology.value == pytest.approx(0.92, abs=0.005)


def test_the_share_of_members_is_held_against_the_time_that_it_is_for() -> None:
    """Seven of ten members over the quantity on two days in a row are 0.7; an event is the issue's if it lies between its leads."""
    history = issues({10: (10, 7), 20: (10, 1), 30: (7, 7)})
    events = [event(0), event(13), event(200)]
    (name, found), *others = probabilities_of(COUNTRY, COUNTRY.rules[0], history, events, lambda a, b: a == b, 1).items()
    assert (name, others) == ("flood: over 1000 m3/s", [])
    assert (found.issues, found.unknown, found.base_rate) == (2, 1, 0.5)
    assert found.brier == pytest.approx((0.3**2 + 0.1**2) / 2)


def test_what_cannot_be_told_is_no_figure() -> None:
    """Of one year there is no climatology of other years, and of no issue there is nothing at all."""
    history = issues({10: (10, 7)})
    one = next(iter(probabilities_of(COUNTRY, COUNTRY.rules[0], history, [event(0), event(200)], lambda a, b: a == b, 1).values()))
    assert (one.issues, one.brier) == (1, pytest.approx(0.49))
    assert np.isnan([one.brier_climatology, one.over_climatology.value, one.over_climatology.low]).all()
    none = next(iter(probabilities_of(COUNTRY, COUNTRY.rules[0], history, [event(50), event(200)], lambda a, b: a == b, 1).values()))
    assert (none.issues, none.reliability) == (0, ())
    assert np.isnan([none.brier, none.base_rate]).all()


def test_reliability_by_hand() -> None:
    """Twenty issues of 0.3 of which six came true tell 0.3; three of 1.0 are too few to tell."""
    happened = [1] * 6 + [0] * 14 + [1] * 3
    found = probable(cells(happened, [2020] * 23, [1] * 23), np.array([[0.3] * 20 + [1.0] * 3]), seed=1)
    assert [(r.low, r.count, r.happened, r.tells) for r in found.reliability] == [(0.3, 20, pytest.approx(0.3), True), (0.9, 3, 1.0, False)]


def test_a_rule_without_an_ensemble_gives_no_probability() -> None:
    """A level of a fixed threshold is a yes or no."""
    plain = configuration(
        [{"name": "rain", "indicator": "rain_1d", "levels": {"orange": "60 mm"}}], [{"name": "wet", "when": "rain >= orange"}]
    )
    assert probabilities_of(plain, plain.rules[0], issues({1: (10, 1)}), [event(0)], lambda a, b: a == b, 1) == {}
