"""Scores against figures that others published, intervals that can be repeated, and skill that can be worked out by hand."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import numpy as np
import pytest

from console.backtest_tables import with_interval
from processors.backtest import Activation
from processors.verification import Cells, Counts, Happened, Interval, brier, counts_of, judged, returns, scored, skill, with_intervals
from schemas.levels import Level, Truth

FINLEY = Counts(hits=28, misses=23, met=28, false_alarms=72)
"""Finley's tornado forecasts of 1884: 28 hits, 72 false alarms, 23 misses, 2680 neither (Murphy 1996, The Finley affair, Weather and
Forecasting 11, 3-20; the same table and scores at cawcr.gov.au/projects/verification/Finley/Finley_Tornados.html)."""
DAY = timedelta(days=1)
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)


def activation(day: int, until: int | None, area: str = "A", since: int | None = None) -> Activation:
    """One that was known from a day to another."""
    start = BEGIN + (day if since is None else since) * DAY
    closed = BEGIN + until * DAY if until is not None else None
    return Activation(f"{area}{day}", "r", area, start, BEGIN + day * DAY, Level.ORANGE, closed, closed)


def event(day: int, until: int, area: str = "A", before: int = 5, after: int = 0) -> Happened:
    """Something that happened from a day to another."""
    return Happened(area, BEGIN + day * DAY, BEGIN + until * DAY, "flood", "hand", before * DAY, after * DAY)


def verdicts(activations: list[Activation], events: list[Happened], truth: Truth = Truth.FALSE) -> list[str]:
    """What became of each event, then of each activation."""
    covered = (BEGIN, BEGIN + 1000 * DAY)
    found = judged(activations, events, BEGIN + 1000 * DAY, lambda a, b: a == b, lambda *_: truth, covered)
    return [v.kind for v in found]


def test_finleys_tornado_forecasts() -> None:
    """POD 0.55, FAR 0.72, CSI (threat score) 0.228 and bias 1.96, as published."""
    found = scored(FINLEY)
    assert [round(found[name], 3) for name in ("POD", "FAR", "CSI", "bias")] == [0.549, 0.72, 0.228, 1.961]


@pytest.mark.parametrize(
    ("counts", "expected"),
    [
        (Counts(hits=0, misses=3, met=0, false_alarms=0), {"POD": 0.0, "CSI": 0.0, "bias": 0.0}),
        (Counts(hits=0, misses=0, met=0, false_alarms=4), {"FAR": 1.0, "CSI": 0.0}),
        (Counts(hits=2, misses=0, met=2, false_alarms=0), {"POD": 1.0, "FAR": 0.0, "CSI": 1.0, "bias": 1.0}),
    ],
)
def test_scores_at_their_edges(counts: Counts, expected: dict[str, float]) -> None:
    """Never warned, always wrong, always right; what has nothing to divide by is no figure."""
    assert {name: value for name, value in scored(counts).items() if np.isfinite(value)} == expected


def test_what_counts_as_a_hit() -> None:
    """A warning that stands at some moment from `before` an event's start to `after` its end, in its area, as far as it was known then."""
    assert verdicts([activation(6, 8)], [event(10, 12)]) == ["hit", "met"]
    assert verdicts([activation(1, 4)], [event(10, 12)]) == ["miss", "false alarm"]
    assert verdicts([activation(1, None)], [event(10, 12)]) == ["hit", "met"]
    assert verdicts([activation(13, 20, since=10)], [event(10, 12)]) == ["miss", "false alarm"]
    assert verdicts([activation(13, 20)], [event(10, 12, after=2)]) == ["hit", "met"]
    assert verdicts([activation(10, 12, "B")], [event(10, 12)]) == ["miss", "false alarm"]


def test_cannot_tell_is_no_miss() -> None:
    """An event of which the rule could not tell is counted by itself; one at which it was true, but known too late, is a miss."""
    assert verdicts([], [event(10, 12)], Truth.UNKNOWN) == ["cannot tell"]
    assert verdicts([], [event(10, 12)], Truth.TRUE) == ["miss"]
    assert counts_of(judged([], [event(10, 12)], BEGIN, lambda a, b: a == b, lambda *_: Truth.UNKNOWN, (BEGIN, BEGIN))).misses == 0


def test_lead_is_from_what_was_known() -> None:
    """Not from when it occurred: a week's cases are known when they are published."""
    covered = (BEGIN, BEGIN + 1000 * DAY)
    found = judged([activation(8, 20, since=2)], [event(10, 12)], BEGIN + 1000 * DAY, lambda a, b: a == b, lambda *_: Truth.FALSE, covered)
    assert found[0].lead == 2 * DAY


def test_intervals_hold_their_figure_and_repeat() -> None:
    """Years are drawn by a seed; of one year alone there is no spread to speak of."""
    chance = np.random.default_rng(5)
    events = [event(int(day), int(day) + 2) for day in np.cumsum(chance.integers(20, 60, 40))]
    activations = [activation((e.start - BEGIN).days - 1, (e.start - BEGIN).days + 1) for e in events if chance.random() < 0.5]
    covered = (BEGIN, BEGIN + 4000 * DAY)
    found = judged(activations, events, BEGIN + 4000 * DAY, lambda a, b: a == b, lambda *_: Truth.FALSE, covered)
    years = sorted({v.year for v in found})
    one, again, other = (with_intervals(found, years, seed) for seed in (1, 1, 2))
    assert one == again != other
    assert one["POD"].value == len(activations) / len(events)
    assert one["POD"].low < one["POD"].value < one["POD"].high
    alone = with_intervals([v for v in found if v.year == 2020], [2020], 1)
    assert np.isfinite(alone["POD"].value)
    assert np.isnan([alone["POD"].low, alone["POD"].high]).all()


def cells(happened: list[list[int]], warned: list[list[int]], known: list[list[int]] | None = None) -> Cells:
    """Areas by rows, periods by columns; two years of as many periods each, all of one month."""
    count = len(happened[0])
    years = np.array([2020] * (count // 2) + [2021] * (count - count // 2))
    rows = [np.array(table, dtype=bool) for table in (happened, warned, known if known is not None else [[1] * count] * len(happened))]
    return Cells([str(n) for n in range(len(happened))], years, np.ones(count, dtype=np.int64), *rows)


def test_skill_by_hand() -> None:
    """Persistence repeats the period before; a rule that says what it says has none over it."""
    happened = [[0, 1, 1, 0, 0, 1, 0, 0]]
    persistence = [[0, *happened[0][:-1]]]
    same = skill(cells(happened, persistence), seed=1)
    assert (same.csi, same.csi_persistence, same.over_persistence.value) == (pytest.approx(0.2), pytest.approx(0.2), 0.0)
    assert same.beats_persistence is False
    perfect = skill(cells(happened, happened), seed=1)
    assert (perfect.csi, perfect.brier, perfect.over_persistence.value, perfect.over_climatology.value) == (1.0, 0.0, 1.0, 1.0)
    assert perfect.beats_persistence is True
    assert perfect.brier_climatology == pytest.approx(brier(np.array([0.25] * 3 + [0.5] * 4), np.array([1, 1, 0, 0, 1, 0, 0], dtype=bool)))


def test_where_nobody_can_tell_there_is_no_skill() -> None:
    """Such cells are counted by themselves and in no score."""
    found = skill(cells([[0, 1, 1, 0]], [[0, 1, 1, 0]], [[1, 1, 0, 1]]), seed=1)
    assert (found.cells, found.unknown) == (2, 1)


def test_how_a_figure_without_an_interval_is_written() -> None:
    """One year, years that are all alike, and nothing to divide by: each is said, and none looks like a sure figure."""
    nan = float("nan")
    written = [with_interval(Interval(*figures)) for figures in ((0.5, nan, nan), (1.0, 1.0, 1.0), (nan, nan, nan), (0.5, 0.25, 0.75))]
    assert written == ["0.50 (one year only: no interval)", "1.00 (all years alike: no interval)", "cannot tell", "0.50 (0.25..0.75)"]


def test_of_one_year_no_skill_is_sure() -> None:
    """A rule that is right every time of one year alone is not said to beat persistence, and has no climatology of other years."""
    table = cells([[0, 1, 1, 0, 0, 1, 0, 0]], [[0, 1, 1, 0, 0, 1, 0, 0]])
    found = skill(replace(table, years=np.full(8, 2020)), seed=1)
    assert (found.better.value, found.beats_persistence) == (pytest.approx(0.8), None)
    assert np.isnan([found.better.low, found.over_climatology.value]).all()


def test_return_periods() -> None:
    """Four activations in ten years of two areas: once in five years in one of them; those that overlap are one spell anywhere."""
    spoken = [activation(10, 20), activation(15, 30, "B"), activation(400, 410), activation(2000, None)]
    found = returns(spoken, 2, BEGIN, BEGIN + timedelta(days=3652.425), seed=1)
    assert found.a_year.value == pytest.approx(0.4)
    assert found.once_in == pytest.approx(5.0)
    assert found.once_in_anywhere == pytest.approx(10 / 3)
    assert returns([], 2, BEGIN, BEGIN + DAY, seed=1).once_in is None
