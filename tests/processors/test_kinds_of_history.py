"""Percentiles of the season and return levels, against figures that others published."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from engine_tables import reading
from hypothesis import given
from hypothesis import strategies as st
from kind_tables import rows, threshold
from pydantic import ValidationError

from processors.baselines import compute
from processors.kinds.percentile import percentile, told
from processors.kinds.periods import DAYS, MONTHS, WEEKS
from processors.kinds.return_level import empirical, gev, gev_parameters, gumbel, gumbel_parameters
from schemas.configuration import Station
from schemas.observations import to_batch
from schemas.places import Places

GAUGE = [95.1772, 95.1567, 95.1937, 95.1959, 95.1442, 95.0610, 95.1591, 95.1195, 95.1065, 95.0925, 95.1990, 95.1682]
"""The twelve measurements of NIST/SEMATECH e-Handbook of Statistical Methods, 7.2.6.2 Percentiles."""
WYE = {
    # Annual maxima of the River Wye 1971 to 1997 in m3/s with their return periods by Weibull's plotting position: T. Davie,
    # Fundamentals of Hydrology, table 6.3 (as printed: two decimals).
    11.17: 1.04, 13.45: 1.07, 14.53: 1.12, 14.72: 1.16, 16.58: 1.32, 17.57: 1.38, 18.09: 1.45, 18.25: 1.53, 18.75: 1.61, 18.79: 1.71,
    20.01: 1.81, 20.22: 1.93, 21.10: 2.07, 21.75: 2.23, 21.84: 2.42, 22.64: 2.64, 23.28: 2.90, 23.36: 3.22, 23.37: 3.63, 23.46: 4.14,
    23.60: 4.83, 24.23: 5.80, 25.19: 7.25, 27.68: 9.67, 29.15: 14.50, 48.87: 29.00,
}  # fmt: skip
MAXIMA = sorted([*WYE, 16.19, 16.19])
"""All twenty-eight of them; 16.19 was reached in two years."""
HOSKING = [2.0, 3.0, 4.0, 2.4, 5.5, 1.2, 5.4, 2.2, 7.1, 1.3, 1.5]
"""The data that lmoments3 (a port of J. R. M. Hosking's LMOMENTS) tests its fits with."""
JANUARY = datetime(2021, 1, 1, tzinfo=UTC)


def seasonal(level: str, **more: Any) -> Any:
    """A threshold at a percentile of daily rain."""
    baseline = {"years": 10, "needs": "8 years", "period": "day", **more}
    return threshold("percentile", {"orange": level}, indicator="rain_1d", baseline=baseline)


def returning(method: str, levels: dict[str, str], **more: Any) -> Any:
    """A threshold at a return level of a river."""
    baseline = {"years": 40, "needs": "10 years", "method": method, **more}
    return threshold("return_level", levels, indicator="river_level", at="station", baseline=baseline)


def yearly(maxima: list[float], last: int = 2020) -> dict[int, float]:
    """A history of days: one value on the first of each month, and the year's greatest in July."""
    days = {}
    for n, greatest in enumerate(reversed(maxima)):
        for month in range(1, 13):
            at = datetime(last - n, month, 1, tzinfo=UTC)
            days[DAYS.key(at, at)] = greatest if month == 7 else greatest / 2
    return days


def test_a_percentile_is_that_of_definition_7() -> None:
    """The 90th percentile of NIST's gauge measurements is 95.19568 by definition 7 (R's `quantile`), and the 75th of five the fourth."""
    assert percentile(GAUGE, 90) == pytest.approx(95.19568, abs=5e-6)
    assert percentile([6, 8, 14, 36, 42], 75) == 36


def test_a_percentile_of_the_season_takes_the_days_around_it_in_each_year() -> None:
    """Five days on either side over ten years are 110 values, those of December among them in January."""
    start = datetime(2010, 1, 1, tzinfo=UTC)
    history = {DAYS.key(at, at): float(at.day) for at in (start + timedelta(days=n) for n in range(4018))}
    (row,) = rows(seasonal("95th percentile", window=5), history, JANUARY, JANUARY + timedelta(days=1))
    expected = [float(d) for d in (27, 28, 29, 30, 31, 1, 2, 3, 4, 5, 6)] * 10
    assert row.statistics["n"] == 110
    assert row.bounds["orange"] == np.quantile(expected, 0.95)


@given(st.lists(st.floats(0, 500), min_size=19, max_size=60), st.integers(5, 95))
def test_so_many_of_a_hundred_lie_under_a_percentile(values: list[float], percent: int) -> None:
    """Of the steps between ordered values no more than the percentile's share, rounded up, lies under it, and the rest over it."""
    bound, steps = percentile(values, percent), len(values) - 1
    assert sum(value < bound - 1e-9 for value in values) <= -(-steps * percent // 100)
    assert sum(value > bound + 1e-9 for value in values) <= -(-steps * (100 - percent) // 100)


def test_a_percentile_that_so_few_values_cannot_tell_has_no_bound() -> None:
    """Nineteen values can tell the 95th, eighteen cannot; of ten days the 90th has a bound and the 99th has none."""
    assert told(19, 95)
    assert not told(18, 95)
    made = threshold(
        "percentile", {"orange": "90th percentile", "red": "99th percentile"}, indicator="rain_1d",
        baseline={"years": 10, "needs": "8 years", "period": "day"},
    )  # fmt: skip
    history = {DAYS.key(at, at): float(at.year) for at in (datetime(y, 1, 1, tzinfo=UTC) for y in range(2011, 2021))}
    (row,) = rows(made, history, JANUARY, JANUARY + timedelta(days=1))
    assert (row.admitted, list(row.bounds)) == (True, ["orange"])
    (row,) = rows(seasonal("99th percentile"), history, JANUARY, JANUARY + timedelta(days=1))
    assert not row.admitted


def test_a_season_of_too_few_years_is_cannot_tell() -> None:
    """Seven years of eight that are needed give no bound, and the reason counts them."""
    history = {WEEKS.key(at, at): 1.0 for at in (datetime.fromisocalendar(y, 1, 1) for y in range(2014, 2021))}
    (row,) = rows(seasonal("50th percentile", period="week"), history, datetime(2021, 1, 4, tzinfo=UTC), datetime(2021, 1, 5, tzinfo=UTC))
    assert (row.admitted, row.reason) == (False, "values of 7 of the 10 years before, 8 are needed")


@pytest.mark.parametrize("level", WYE)
def test_empirical_return_levels_are_those_of_the_published_table(level: float) -> None:
    """Each flood of the Wye has the return period of Davie's table by rank, and is the level of that period."""
    rank = sum(other >= level for other in MAXIMA)
    period = (len(MAXIMA) + 1) / rank
    assert period == pytest.approx(WYE[level], abs=0.0051)
    found = empirical(MAXIMA)
    assert found is not None
    assert found(period) == pytest.approx(level)


def test_gumbel_by_l_moments_is_that_of_hosking() -> None:
    """Parameters and the levels of 1.25, 2 and 5 years are those that lmoments3 tests itself against."""
    assert gumbel_parameters(HOSKING) == pytest.approx((2.285519, 1.647295), abs=1e-6)
    levels = gumbel(HOSKING)
    assert levels is not None
    assert [levels(period) for period in (1.25, 2, 5)] == pytest.approx([1.501596, 2.889274, 4.756363], abs=2e-6)


def test_the_gev_by_l_moments_is_that_of_hosking() -> None:
    """The same for the generalised extreme value distribution."""
    assert gev_parameters(HOSKING) == pytest.approx((2.1792884, 1.3956404, -0.1555609), abs=1e-6)
    levels = gev(HOSKING)
    assert levels is not None
    assert [levels(period) for period in (1.25, 2, 5)] == pytest.approx([1.539112, 2.705672, 4.537048], abs=2e-6)


@given(st.lists(st.floats(1, 1000), min_size=12, max_size=40, unique=True))
def test_a_longer_return_period_has_a_higher_level(maxima: list[float]) -> None:
    """By each method the level grows with the return period."""
    for method in (empirical, gumbel, gev):
        levels = method(maxima)
        assert levels is not None
        found = [levels(period) for period in (1.5, 2, 5, 10)]
        assert found == sorted(found)


def test_levels_come_out_as_rows_of_the_baseline() -> None:
    """A year's rows hold the levels of the years before it, whatever the present year brought."""
    history = yearly(MAXIMA) | yearly([900.0], last=2021)
    made = returning("empirical", {"yellow": "1 in 2 years", "red": "1 in 29 years"})
    found = rows(made, history, JANUARY, datetime(2021, 3, 1, tzinfo=UTC))
    assert [(row.start.month, row.end.month) for row in found] == [(1, 2), (2, 3)]
    for row in found:
        assert row.bounds["red"] == pytest.approx(48.87)
        assert row.bounds["yellow"] == pytest.approx(np.median(MAXIMA))


def test_no_method_tells_more_than_its_years_allow() -> None:
    """Twenty-eight maxima tell 1 in 29 years by rank and 1 in 56 by a fit; a level beyond that is unknown, the others stand."""
    asked = {"yellow": "1 in 5 years", "orange": "1 in 30 years", "red": "1 in 57 years"}
    for method, told_of in (("empirical", ["yellow"]), ("gumbel", ["yellow", "orange"]), ("gev", ["yellow", "orange"])):
        (row,) = rows(returning(method, asked), yearly(MAXIMA), JANUARY, datetime(2021, 2, 1, tzinfo=UTC))
        assert list(row.bounds) == told_of
    (row,) = rows(returning("empirical", {"red": "1 in 100 years"}), yearly(MAXIMA), JANUARY, datetime(2021, 2, 1, tzinfo=UTC))
    assert (row.admitted, row.bounds) == (False, {})


def test_a_year_with_a_silent_month_does_not_count() -> None:
    """A gauge that was silent in July would make a calm year of it; with nine whole years of ten that are needed nobody can tell."""
    history = yearly(MAXIMA[:10])
    silent = MONTHS.key(datetime(2015, 7, 1, tzinfo=UTC), datetime(2015, 7, 1, tzinfo=UTC))
    history = {key: value for key, value in history.items() if MONTHS.key(DAYS.begin(key), DAYS.begin(key)) != silent}
    (row,) = rows(returning("gumbel", {"red": "1 in 5 years"}), history, JANUARY, datetime(2021, 2, 1, tzinfo=UTC))
    assert (row.admitted, row.reason) == (False, "9 whole years of the 40 before, 10 are needed")


def test_maxima_that_do_not_vary_are_cannot_tell() -> None:
    """A gauge that stuck at one value has no distribution."""
    for method in ("gumbel", "gev"):
        (row,) = rows(returning(method, {"red": "1 in 5 years"}), yearly([3.0] * 12), JANUARY, datetime(2021, 2, 1, tzinfo=UTC))
        assert not row.admitted


@pytest.mark.parametrize(
    ("kind", "level", "baseline", "more", "what"),
    [
        ("percentile", "95th percentile", {"years": 10, "needs": "8 years"}, {}, "needs `period`"),
        ("percentile", "95th percentile", {"years": 10, "needs": "8 weeks", "period": "week"}, {}, "write it like `4 years`"),
        ("percentile", "95th percentile", {"years": 10, "needs": "8 years", "period": "week", "fit": "gev"}, {}, "Extra inputs"),
        ("return_level", "1 in 5 years", {"years": 30, "needs": "20 years", "method": "gevv"}, {}, "they are empirical, gumbel, gev"),
        ("return_level", "1 in 5 years", {"years": 30, "needs": "20 years", "method": "gev"}, {"direction": "below"}, "cannot have"),
    ],
)
def test_wrong_settings_are_named_when_they_are_read(kind: str, level: str, baseline: Any, more: Any, what: str) -> None:
    """A mistake is found in the file, not by the job at night."""
    with pytest.raises(ValidationError, match=what):
        threshold(kind, {"red": level}, indicator="rain_1d", baseline=baseline, **more)


def test_the_job_makes_rows_of_these_kinds_from_the_archive() -> None:
    """Of an hourly gauge the greatest value of each day counts for a return level; what was received later is not looked at."""
    at = datetime(2021, 1, 10, tzinfo=UTC)
    places = Places(areas={}, stations={"g": Station(code="g", name="g", feed="river", areas=("A",))})
    made = returning("empirical", {"red": "1 in 2 years"})
    firsts = [datetime(year, month, 1, hour, tzinfo=UTC) for year in range(2009, 2021) for month in range(1, 13) for hour in (0, 6)]
    observed = [reading("g", float(moment.year - 2000 + moment.hour), moment, moment) for moment in firsts]
    observed.append(reading("g", 500.0, datetime(2015, 3, 2, tzinfo=UTC), at + timedelta(days=1)))
    baseline = compute(made, places, pa.Table.from_batches([to_batch(observed)]), at)
    (january,) = [row for row in baseline.rows if row.start == JANUARY]
    assert january.statistics == {"n": 12.0, "greatest": 26.0}
    assert january.bounds == {"red": pytest.approx(np.median([year - 2000 + 6 for year in range(2009, 2021)]))}


@pytest.mark.parametrize(
    ("kind", "level", "baseline"),
    [
        ("endemic_channel", "mean + 2 sd", {"years": 5}),
        ("ears", "3 sd", {"method": "C2", "period": "week"}),
        ("percentile", "95th percentile", {"years": 5, "period": "week", "needs": "4 years"}),
        ("return_level", "1 in 5 years", {"years": 10, "method": "gumbel", "needs": "8 years"}),
        ("alps", "1 sd", {"months": 60, "needs": "36 months"}),
    ],
)
def test_a_kind_of_history_is_read_again_from_the_log(kind: str, level: str, baseline: dict[str, Any]) -> None:
    """In the log a configuration has every key, those too that nobody wrote and the kind has not: it reads as the same."""
    made = threshold(kind, {"orange": level}, baseline=baseline, floor="1 cases")
    assert type(made).model_validate(made.model_dump(mode="json", by_alias=True, exclude_none=True)) == made
