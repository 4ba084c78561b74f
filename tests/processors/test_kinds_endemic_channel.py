"""The endemic channel by each of its methods, against figures that others published."""

from datetime import UTC, datetime, timedelta
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from kind_tables import rows, threshold
from pydantic import ValidationError

from processors.kinds.endemic_channel import upper_poisson
from processors.kinds.periods import MONTHS, WEEKS
from schemas.inputs import BaselineRow

WEEK = timedelta(days=7)
VILLAGE = {
    # week: cases of 2009 to 2013, the second largest number, cases of 2014. From the table of "Epidemic monitoring charts using the
    # 'second largest number' method", Open University HEAT module Communicable Diseases, study session 12.5 (Ethiopia), as given by
    # the OppiaMobile course (content.oppia-mobile.org, mod/page 775).
    1: ([8, 42, 6, 36, 14], 36, 20),
    2: ([12, 42, 27, 38, 17], 38, 22),
    3: ([10, 42, 43, 49, 21], 43, 35),
    4: ([20, 17, 34, 59, 32], 34, 37),
    5: ([34, 17, 46, 20, 30], 34, 36),
    6: ([18, 10, 34, 22, 23], 23, 30),
    7: ([12, 19, 33, 24, 25], 25, 29),
    8: ([37, 10, 27, 41, 23], 37, 32),
    9: ([32, 18, 37, 29, 26], 32, 30),
    10: ([31, 24, 28, 17, 13], 28, 25),
    51: ([26, 40, 34, 32, 39], 39, None),
    52: ([23, 35, 10, 27, 25], 27, None),
}


def week(year: int, number: int) -> datetime:
    """The Monday of an ISO week."""
    return datetime.fromisocalendar(year, number, 1).replace(tzinfo=UTC)


def history() -> dict[int, float]:
    """The village's counts by week."""
    counts = {}
    for number, (cases, _, _) in VILLAGE.items():
        for year, count in zip(range(2009, 2014), cases, strict=True):
            counts[WEEKS.key(week(year, number), week(year, number))] = float(count)
    return counts


def channel(method: str, level: str, **more: Any) -> Any:
    """A channel of five years by a method."""
    baseline = {"years": 5, "needs": "5 years", "method": method, **more}
    return threshold("endemic_channel", {"orange": level}, baseline=baseline, floor="1 cases")


def bound(made: Any, number: int, year: int = 2014) -> BaselineRow:
    """The row of one week of the village."""
    (row,) = rows(made, history(), week(year, number), week(year, number) + WEEK)
    return row


@pytest.mark.parametrize("number", VILLAGE)
def test_the_third_quartile_of_five_years_is_the_second_largest_number(number: int) -> None:
    """Each week of the published table has the reference line that the table gives, and the week of 2014 lies on the side it should."""
    _, second_largest, present = VILLAGE[number]
    row = bound(channel("third_quartile", "third quartile"), number)
    assert row.bounds == {"orange": second_largest}
    if present is not None:
        assert (present >= row.bounds["orange"]) == (number in (4, 5, 6, 7))


def test_cullen_leaves_the_epidemic_years_out() -> None:
    """Mean + 2 sd of the years that were no epidemics (PMC3182978, table 2), and no bound where too few are left."""
    row = bound(channel("cullen", "mean + 2 sd", epidemic_years=[2012], needs="4 years"), 4)
    left = [20, 17, 34, 32]
    assert row.bounds["orange"] == pytest.approx(np.mean(left) + 2 * np.std(left, ddof=1))
    assert row.statistics["n"] == 4
    assert not bound(channel("cullen", "mean + 2 sd", epidemic_years=[2012]), 4).admitted
    with pytest.raises(ValidationError, match="name them"):
        channel("cullen", "mean + 2 sd")


def test_the_c_sum_takes_the_week_and_both_neighbours_of_five_years() -> None:
    """Fifteen counts of five years (PMC3182978, table 2), whatever else the season says."""
    row = bound(channel("c_sum", "mean + 2 sd"), 4)
    pooled = [count for number in (3, 4, 5) for count in VILLAGE[number][0]]
    assert row.statistics["n"] == 15
    assert row.bounds["orange"] == pytest.approx(np.mean(pooled) + 2 * np.std(pooled, ddof=1))


@pytest.mark.parametrize(
    ("total", "n", "percent", "upper"),
    [
        # No event: 3.689 at 95 % (R package epitools, pois.exact). 42 events: 54.32, 56.77 and 61.76 at 90, 95 and 99 %, and
        # 10 events: 18.39036 (R stats::poisson.test). All are Garwood's exact limits.
        (0, 1, 95, 3.689),
        (42, 1, 90, 54.32),
        (42, 1, 95, 56.77),
        (42, 1, 99, 61.76),
        (10, 1, 95, 18.39036),
        (10, 2, 95, 18.39036 / 2),
    ],
)
def test_the_upper_poisson_limit_is_the_exact_one(total: float, n: int, percent: float, upper: float) -> None:
    """The limits are those that R's exact methods give."""
    assert upper_poisson(total, n, percent) == pytest.approx(upper, abs=0.006)


def test_the_poisson_channel_is_the_limit_of_the_mean_of_its_weeks() -> None:
    """Five counts that add up to 162 have the mean 32.4, and the limit of a fifth of 162 events."""
    row = bound(channel("poisson", "upper 95 %"), 4)
    assert row.statistics["rate"] == 32.4
    assert row.bounds["orange"] == upper_poisson(162, 5, 95)


def test_months_have_neighbours_across_the_year() -> None:
    """By months the C-sum of January takes December and February, as the table of the methods says it."""
    counts = {
        MONTHS.key(at, at): float(at.month) for at in (datetime(y, m, 1, tzinfo=UTC) for y in range(2008, 2015) for m in range(1, 13))
    }
    made = channel("c_sum", "mean + 2 sd", period="month")
    (row,) = rows(made, counts, datetime(2014, 1, 1, tzinfo=UTC), datetime(2014, 2, 1, tzinfo=UTC))
    assert (row.statistics["mean"], row.statistics["n"]) == (5.0, 15)
    assert (row.start, row.end) == (datetime(2014, 1, 1, tzinfo=UTC), datetime(2014, 2, 1, tzinfo=UTC))


@given(st.lists(st.integers(0, 200), min_size=5, max_size=5))
def test_every_method_lies_at_or_above_what_is_usual(cases: list[int]) -> None:
    """Whatever the counts, no method takes the mean, or for quartiles the median, for unusual by going under it."""
    counts = {WEEKS.key(week(y, 20), week(y, 20)): float(c) for y, c in zip(range(2009, 2014), cases, strict=True)}
    for method, level, usual in (
        ("mean_sd", "mean + 2 sd", np.mean(cases)),
        ("third_quartile", "third quartile", np.median(cases)),
        ("poisson", "upper 95 %", np.mean(cases)),
    ):
        (row,) = rows(channel(method, level), counts, week(2014, 20), week(2014, 20) + WEEK)
        assert row.bounds["orange"] >= usual - 1e-9


def test_too_few_years_are_cannot_tell() -> None:
    """With counts of four of five years there is no bound by any method."""
    short = {key: value for key, value in history().items() if key >= WEEKS.key(week(2010, 1), week(2010, 1))}
    for method, level in (("third_quartile", "third quartile"), ("c_sum", "mean + 2 sd"), ("poisson", "upper 95 %")):
        (row,) = rows(channel(method, level), short, week(2014, 4), week(2014, 4) + WEEK)
        assert (row.admitted, row.bounds) == (False, {})
        assert "4 of the 5 years" in row.reason


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"method": "thirdquartile"}, "no method `thirdquartile`; they are mean_sd, third_quartile"),
        ({"method": "poisson", "needs": "4"}, "write it like `4 years`"),
        ({"method": "poisson", "window": 7}, "has no `window`; its keys are years"),
        ({"method": "c_sum", "weeks": "all"}, "neither of `own`"),
        ({"method": "poisson", "epidemic_years": [2017]}, "only the method cullen"),
    ],
)
def test_wrong_settings_are_named_when_they_are_read(settings: dict[str, Any], what: str) -> None:
    """A mistake in the baseline is found in the file, not by the job at night."""
    with pytest.raises(ValidationError, match=what):
        threshold("endemic_channel", {"orange": "upper 95 %"}, baseline={"years": 5, **settings})


def test_a_quartile_of_none_needs_a_floor() -> None:
    """Where none is usual none would be a breach, so a floor must be written."""
    with pytest.raises(ValidationError, match="needs a `floor`"):
        threshold("endemic_channel", {"orange": "third quartile"}, baseline={"years": 5, "method": "third_quartile"})
