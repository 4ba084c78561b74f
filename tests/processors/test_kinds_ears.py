"""EARS C1, C2 and C3 against what the R package `surveillance` gives.

The counts are the package's own data set `salmNewport` (Salmonella Newport, Germany, all areas added up; Survstat@RKI), weeks 39 of 2010 to
10 of 2011. The bounds are what its function `earsC` (version 1.26.0, R 4.2.2) gives for the weeks from the first of 2011 on; those of C1 at
alpha 0.05 also stand in the package's test `tests/testthat/test-earsC.R` (3.278854, 3.278854, 3.436517, 3.855617).
"""

from datetime import UTC, datetime
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from kind_tables import rows, threshold
from pydantic import ValidationError

from processors.kinds.periods import WEEKS
from schemas.inputs import BaselineRow

COUNTS = [0, 0, 4, 3, 3, 5, 3, 1, 1, 1, 3, 3, 1, 2, 1, 0, 3, 3, 3, 1, 0, 0, 0, 1]
FIRST = 14
"""Where the first week of 2011 stands among them."""
Z_05, Z_001, Z_025 = 1.6448536269514722, 3.090232306167813, 1.959963984540054
"""The quantiles of the normal distribution that `alpha` 0.05, 0.001 and 0.025 stand for."""
SURVEILLANCE = {
    # method, least sd, number of standard deviations: the first ten weeks of 2011
    ("C1", None, Z_05): [3.2788536, 3.2788536, 3.4365173, 3.8556166, 3.8556166, 3.8556166, 3.8556166, 3.8697435, 3.9153564, 3.9153564],
    ("C1", None, Z_001): [4.6536830, 4.6536830, 5.0754226, 5.6117312, 5.6117312, 5.6117312, 5.6117312, 5.8893368, 6.1005635, 6.1005635],
    ("C1", 1.0, Z_001): [4.8045180, 4.8045180, 5.0754226, 5.6117312, 5.6117312, 5.6117312, 5.6117312, 5.8893368, 6.1005635, 6.1005635],
    ("C2", None, Z_05): [4.9153564, 3.6155653, 3.2788536, 3.2788536, 3.4365173, 3.8556166, 3.8556166, 3.8556166, 3.8556166, 3.8697435],
    ("C2", None, Z_001): [7.1005635, 5.1607402, 4.6536830, 4.6536830, 5.0754226, 5.6117312, 5.6117312, 5.6117312, 5.6117312, 5.8893368],
    ("C2", 1.0, Z_001): [7.1005635, 5.1607402, 4.8045180, 4.8045180, 5.0754226, 5.6117312, 5.6117312, 5.6117312, 5.6117312, 5.8893368],
}
C3 = {
    # least sd, alpha 0.025: what `earsC` gives for C3, counted from the observed count
    None: [3.9631870, 2.0952896, 4.8642976, 4.5297731, 4.4248308, 2.6382768, 2.0655760, 2.3813284, 2.3813284, 3.7386111],
    1.0: [3.9631870, 2.0952896, 4.9599640, 4.6742497, 4.5744512, 2.7184372, 2.0655760, 2.3813284, 2.3813284, 3.7386111],
}
NEW_YEAR = datetime(2011, 1, 3, tzinfo=UTC)


def ears(method: str, least_sd: float | None = None, k: float = 3.0, **more: Any) -> Any:
    """A threshold by one of the methods on weekly counts."""
    baseline = {"method": method, "period": "week", **({"least_sd": least_sd} if least_sd else {}), **more}
    return threshold("ears", {"orange": f"{k} sd"}, baseline=baseline, floor="1 cases")


def made(counts: list[int], method: str, least_sd: float | None = None, k: float = 3.0, weeks: int = 10) -> list[BaselineRow]:
    """The rows from the first week of 2011 on."""
    key = WEEKS.key(NEW_YEAR, NEW_YEAR)
    history = {key - FIRST + n: float(count) for n, count in enumerate(counts)}
    return rows(ears(method, least_sd, k), history, NEW_YEAR, WEEKS.begin(key + weeks))


@pytest.mark.parametrize(("method", "least_sd", "k"), SURVEILLANCE)
def test_c1_and_c2_are_those_of_the_r_package(method: str, least_sd: float | None, k: float) -> None:
    """Ten weeks have the upper bounds of `surveillance::earsC`, to seven places."""
    found = [row.bounds["orange"] for row in made(COUNTS, method, least_sd, k)]
    assert found == pytest.approx(SURVEILLANCE[method, least_sd, k], abs=5.1e-8)


@pytest.mark.parametrize("least_sd", C3)
def test_the_statistics_of_c3_are_those_of_the_r_package(least_sd: float | None) -> None:
    """What the package adds to the observed count is, in standard deviations, what the two statistics before leave of its quantile."""
    for row, count, upper in zip(made(COUNTS, "C3", least_sd, Z_025), COUNTS[FIRST:], C3[least_sd], strict=True):
        left = (upper - count) / row.statistics["c2_sd"]
        assert row.statistics["sum_before"] == pytest.approx(Z_025 - left, abs=1e-6)
        assert row.bounds["orange"] == pytest.approx(row.statistics["c2_mean"] + (1 + left) * row.statistics["c2_sd"], abs=1e-6)


@given(st.lists(st.integers(0, 30), min_size=24, max_size=24), st.integers(0, 40), st.floats(0.5, 4))
def test_the_bound_of_c3_is_where_its_statistic_reaches_k(counts: list[int], present: int, k: float) -> None:
    """A count is at the bound exactly if C3, summed from its definition over three weeks, reaches k."""
    counts = [*counts[:FIRST], present, *counts[FIRST + 1 :]]
    (row,) = made(counts, "C3", 0.5, round(k, 3), weeks=1)
    total = 0.0
    for t in (FIRST, FIRST - 1, FIRST - 2):
        window = counts[t - 9 : t - 2]
        mean = sum(window) / 7
        sd = max((sum((y - mean) ** 2 for y in window) / 6) ** 0.5, 0.5)
        total += max(0.0, (counts[t] - mean) / sd - 1)
    if abs(total - round(k, 3)) > 1e-9:
        assert (present >= row.bounds["orange"]) == (total >= round(k, 3))


@pytest.mark.parametrize(("method", "gap"), list(product(["C1", "C2", "C3"], [1, 4, 9])))
def test_a_gap_in_what_is_needed_is_cannot_tell(method: str, gap: int) -> None:
    """A week without a count that a window or a statistic needs leaves the bound unknown; one that nothing needs does not matter."""
    key = WEEKS.key(NEW_YEAR, NEW_YEAR)
    history = {key - FIRST + n: float(count) for n, count in enumerate(COUNTS) if n != FIRST - gap}
    (row,) = rows(ears(method), history, NEW_YEAR, WEEKS.begin(key + 1))
    needed = {"C1": range(1, 8), "C2": range(3, 10), "C3": range(1, 12)}[method]
    assert row.admitted == (gap not in needed)


def test_a_window_without_variation_is_cannot_tell() -> None:
    """After seven weeks without a case nobody can say how unusual one is, unless the threshold says how little there is at least."""
    key = WEEKS.key(NEW_YEAR, NEW_YEAR)
    none = {key - n: 0.0 for n in range(1, 12)}
    (row,) = rows(ears("C1"), none, NEW_YEAR, WEEKS.begin(key + 1))
    assert not row.admitted
    assert "`least_sd`" in row.reason
    (row,) = rows(ears("C1", 0.5), none, NEW_YEAR, WEEKS.begin(key + 1))
    assert row.bounds == {"orange": 1.5}


def test_rows_reach_no_further_ahead_than_their_windows() -> None:
    """C1 knows one week ahead of the last count, C2 three, C3 one."""
    assert [len(made(COUNTS[: FIRST + 1], method)) for method in ("C1", "C2", "C3")] == [2, 4, 2]


@pytest.mark.parametrize(
    ("settings", "what"),
    [
        ({"method": "C4"}, "no method `C4`; they are C1, C2, C3"),
        ({"period": None}, "needs `period`"),
        ({"window": 2}, "too short for kind ears; it needs at least 3"),
        ({"years": 5}, "has no `years`"),
        ({"least_sd": -1}, "greater than 0"),
    ],
)
def test_wrong_settings_are_named_when_they_are_read(settings: dict[str, Any], what: str) -> None:
    """As in the package's own tests, a window under three and a negative least sd are refused."""
    baseline = {key: value for key, value in {"method": "C1", "period": "week", **settings}.items() if value is not None}
    with pytest.raises(ValidationError, match=what):
        threshold("ears", {"orange": "3 sd"}, baseline=baseline, floor="1 cases")
