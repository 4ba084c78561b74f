"""A change over a span, against a published example and against its definition."""

from datetime import UTC, datetime, timedelta
from fractions import Fraction
from typing import Any

import numpy as np
import pytest
from engine_tables import begun, configuration, play, reading, readings_record, said
from hypothesis import given, settings
from hypothesis import strategies as st
from kind_tables import threshold
from pydantic import ValidationError

from processors.bounds import NO_BOUND, Bound
from processors.engine import State, levels, step
from processors.kinds.rate_of_change import change_bounds
from processors.regular import layout_of
from processors.series import NOT_ISSUED, NULL, Series
from processors.snapshots import from_bytes, to_bytes
from schemas.levels import Level

WEEK = timedelta(days=7)
DOUBLING = {
    # week: cases of 2003 and of 2004 (Ethiopian calendar), from table 12.3 of "Doubling of cases in a week method", Open University HEAT
    # module Communicable Diseases, study session 12.5.2: "the data cases are doubled, or more than that, in Weeks 4 and 5".
    1: (20, 19), 2: (22, 20), 3: (35, 35), 4: (37, 74), 5: (36, 75), 6: (30, 38), 7: (29, 29), 8: (32, 29),
}  # fmt: skip
MALARIA = {
    "name": "doubling", "indicator": "dengue_cases", "kind": "rate_of_change", "span": "52 w", "levels": {"orange": "100 % more"},
    "stale_after": "21 d", "horizon": "60 d", "floor": "5 cases",
}  # fmt: skip
CLINIC = [{"feed": "river", "every": "1 w", "indicators": ["dengue_cases"]}]
RISE = {"name": "rise", "kind": "rate_of_change", "span": "3 h", "levels": {"orange": "0.5 m"}, "stale_after": "3 h"}


def count(cases: float, monday: datetime) -> Any:
    """A week's cases, received at its end."""
    return readings_record([reading("A", cases, monday, monday + WEEK, end=monday + WEEK, indicator="dengue_cases")])


def test_cases_that_doubled_against_the_year_before_are_those_of_the_published_table() -> None:
    """Weeks 4 and 5 are at the level and no others, with the year between them forgotten but for what is looked back to."""
    state, heard = begun(configuration([MALARIA], feeds=CLINIC)), []
    for year in (0, 1):
        for week in range(1, 53):
            cases = DOUBLING[week][year] if week in DOUBLING else 25
            state, outputs = step(state, count(cases, datetime(2024, 12, 30, tzinfo=UTC) + (52 * year + week - 1) * WEEK))
            heard += [(year, week, said(output)) for output in outputs]
    assert heard == [(1, 4, "A opened orange"), (1, 6, "A closed orange")]


def test_a_river_that_rises_fast_is_a_breach_before_it_is_high() -> None:
    """Half a metre in three hours is at the level, however low the river; without a reading three hours ago nobody can tell."""
    play(
        configuration([RISE]),
        """
        00:00 A 1.0   |
        01:00 A 1.4   |
        03:00 A 1.49  |
        04:00 A 1.9   | A opened orange
        05:00 A 1.9   | A closed orange
        """,
    )


def test_a_fall_is_a_change_downwards() -> None:
    """With `direction: below` a fall of the size is at the level, and a rise never is."""
    play(
        configuration([RISE | {"direction": "below"}]),
        """
        00:00 A 2.0  |
        03:00 A 1.5  | A opened orange
        06:00 A 9.0  | A closed orange
        """,
    )


def test_across_a_silence_nobody_can_tell_how_fast_it_changed() -> None:
    """With more than `stale_after` between the two readings on either side of the moment a span ago there is no bound."""
    state = begun(configuration([RISE]))
    day = datetime(2025, 11, 20, tzinfo=UTC)
    for hour, value in ((0, 1.0), (4, 5.0), (5, 9.0)):
        state, outputs = step(state, readings_record([reading("A", value, day + timedelta(hours=hour), day + timedelta(hours=hour))]))
        assert outputs == []


def test_a_gauge_that_was_dead_since_then_starts_afresh() -> None:
    """What it said before it was declared dead, and what was read while it was, is nothing to tell a change from."""
    play(
        configuration([RISE]),
        """
        00:00 A 1.0  |
        01:00 A 1.0  |
        01:30 A dead |
        02:00 A 9.0  |
        03:00 A back |
        04:00 A 9.0  |
        05:00 A 9.6  |
        07:00 A 9.6  | A opened orange
        """,
    )


readings = st.lists(
    st.tuples(st.integers(0, 48), st.one_of(st.none(), st.integers(0, 40))), min_size=1, max_size=20, unique_by=lambda one: one[0]
)


def series(given_: list[tuple[int, int | None]]) -> Series:
    """Readings at half hours, in tenths of a metre."""
    rows = sorted(given_)
    ends = np.array([half * 1_800_000_000 for half, _ in rows], dtype=np.int64)
    values = np.array([NULL if value is None else value * 100_000 for _, value in rows], dtype=np.int64)
    rest = np.zeros(len(rows), dtype=np.int32)
    return Series(ends, ends, values, np.full(len(rows), NOT_ISSUED), ends, rest, rest)


@settings(deadline=None)
@given(readings, st.integers(1, 12), st.sampled_from([1, -1]), st.sampled_from([None, 50.0]))
def test_the_bound_is_the_value_a_span_ago_and_the_change(
    rows: list[tuple[int, int | None]], span: int, sign: int, share: float | None
) -> None:
    """For each reading it is what the definition says, worked out with fractions from all readings."""
    known = series(rows)
    one = Bound(Level.RED, number=share) if share is not None else Bound(Level.RED, value=500_000)
    found = change_bounds(known, known, (one,), span * 1_800_000_000, 6 * 1_800_000_000, sign)[:, 0].tolist()
    valued = sorted((half, value) for half, value in rows if value is not None)
    for (half, _), bound in zip(sorted(rows), found, strict=True):
        at = half - span
        before = [one for one in valued if one[0] <= at]
        after = [one for one in valued if one[0] > at]
        if not before or (before[-1][0] != at and (not after or after[0][0] - before[-1][0] > 6)):
            assert bound == NO_BOUND
            continue
        ago = Fraction(before[-1][1])
        if before[-1][0] != at:
            ago += Fraction(at - before[-1][0], after[0][0] - before[-1][0]) * (after[0][1] - before[-1][1])
        expected = ago * 100_000 + sign * 500_000 if share is None else ago * 100_000 * (1 + sign * Fraction(1, 2))
        assert abs(bound - expected) <= 2


@settings(deadline=None)
@given(st.permutations(list(range(12))), st.lists(st.integers(0, 30), min_size=12, max_size=12))
def test_the_order_in_which_readings_come_does_not_matter(order: list[int], values: list[int]) -> None:
    """Late readings inside the horizon end in the same truths as if they had come in order."""
    day = datetime(2025, 11, 20, tzinfo=UTC)

    def after(numbers: list[int]) -> State:
        state = begun(configuration([RISE]))
        for n in numbers:
            at = day + timedelta(hours=n)
            one = reading("A", values[n] / 10, at, day + timedelta(hours=12), delivery=f"{n}")
            state, _ = step(state, readings_record([one]))
        return state

    assert levels(after(order))["rise", "A", Level.ORANGE] == levels(after(list(range(12))))["rise", "A", Level.ORANGE]


def test_a_snapshot_keeps_what_is_looked_back_to() -> None:
    """Long after readings were let go of, a state read again from its bytes says what the other says."""
    rise = RISE | {"horizon": "6 h", "span": "24 h"}
    state = begun(configuration([rise]))
    day = datetime(2025, 11, 20, tzinfo=UTC)
    values = [2.0 + 0.02 * n for n in range(200)]
    for n, value in enumerate(values):
        at = day + timedelta(hours=n)
        state, _ = step(state, readings_record([reading("A", value, at, at)]))
    (track,) = state.tracks.values()
    assert len(track.series) < 120
    again = from_bytes(to_bytes(state))
    at = day + timedelta(hours=200)
    for value, expected in ((values[176] + 0.49, []), (values[176] + 0.5, ["A opened orange"])):
        record = readings_record([reading("A", value, at, at)])
        for one in (state, again):
            assert [said(output) for output in step(one, record)[1]] == expected


def test_places_whose_bounds_move_are_judged_by_timelines() -> None:
    """The columns take constant bounds alone."""
    fixed = {"name": "river", "levels": {"orange": "7 m"}}
    rule = {"name": "high", "when": {"threshold": "river", "level": "orange"}}
    constant = begun(configuration([fixed], [rule])).plan
    moving = begun(configuration([RISE], [rule | {"when": {"threshold": "rise", "level": "orange"}}])).plan
    assert constant is not None
    assert moving is not None
    assert layout_of(constant) is not None
    assert layout_of(moving) is None


@pytest.mark.parametrize(
    ("more", "what"),
    [
        ({"span": None}, "needs `span`"),
        ({"levels": {"orange": "0.5 m", "red": "50 % more"}}, "all quantities or all shares"),
        ({"levels": {"orange": "50 % less"}}, "is written `50 % more`"),
        ({"levels": {"orange": "-0.5 m"}}, "is none"),
        ({"kind": "fixed"}, "has no `span`"),
        ({"overrides": [{"place": "A", "levels": {"orange": "1 m"}, "by": "N", "why": "w", "date": "2025-01-01"}]}, "cannot be overridden"),
    ],
)
def test_wrong_settings_are_named_when_they_are_read(more: dict[str, Any], what: str) -> None:
    """A change that cannot be meant so is refused."""
    body = {"indicator": "river_level", "span": "3 h", "levels": {"orange": "0.5 m"}, **more}
    body = {key: value for key, value in body.items() if value is not None}
    with pytest.raises(ValidationError, match=what):
        threshold(body.pop("kind", "rate_of_change"), body.pop("levels"), **body)
