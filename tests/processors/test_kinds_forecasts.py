"""Ensembles: the probability of exceeding a quantity at a lead time, and impact against likelihood."""

from datetime import datetime, timedelta
from typing import Any

import pytest
from engine_tables import DAY, begun, configuration, configured_record, reading, readings_record, said
from hypothesis import given, settings
from hypothesis import strategies as st
from kind_tables import threshold
from pydantic import ValidationError

from processors.engine import State, levels, step, timelines
from processors.regular import layout_of
from processors.snapshots import from_bytes, to_bytes
from schemas.inputs import Observation
from schemas.levels import Level
from schemas.outputs import CompoundEvent, ThresholdBreach

GLOFAS = [{"feed": "river", "every": "1 d", "indicators": ["river_discharge"]}]
FLOOD: dict[str, Any] = {
    # The Bangladesh Red Crescent's early action protocol (MDRBD037, 9 Jul 2024): 50 % of 51 members over the discharge of 1 in 5 years,
    # which OCHA's pilot of 2020 gives as 100,000 m3/s, on three days in a row, up to fifteen days ahead.
    "name": "flood", "indicator": "river_discharge", "kind": "exceedance", "levels": {"orange": "50 % over 100000 m3/s"},
    "forecast": {"lead": "1 d..15 d", "members": 51, "needs": 45, "steps": 3}, "stale_after": "36 h",
}  # fmt: skip
MATRIX: dict[str, Any] = {
    "name": "flood", "indicator": "river_discharge", "kind": "impact_matrix", "stale_after": "36 h",
    "levels": {"yellow": "matrix", "orange": "matrix", "red": "matrix"},
    "forecast": {"lead": "1 d..5 d", "members": 10},
    "matrix": {
        "impacts": {"low": "1000 m3/s", "medium": "2000 m3/s", "high": "3000 m3/s"},
        "likelihoods": {"low": "20 %", "medium": "40 %", "high": "60 %"},
        "cells": {
            "low": {"high": "yellow"},
            "medium": {"low": "yellow", "medium": "yellow", "high": "orange"},
            "high": {"low": "yellow", "medium": "orange", "high": "red"},
        },
    },
}  # fmt: skip


def issue(base: datetime, members: dict[int, list[float | None]], **more: Any) -> list[Observation]:
    """One issue: for each member its values from one day ahead on, received an hour after its base time."""
    return [
        reading(
            "A", value, base + timedelta(days=n), more.get("received", base + timedelta(hours=1)), indicator="river_discharge",
            member=member, lead=timedelta(days=n), issued=base, delivery=more.get("delivery", f"{base:%d%H}"),
        )
        for member, values in members.items()
        for n, value in enumerate(values, start=1)
    ]  # fmt: skip


def ensemble(reaching: int, of: int = 51, days: int = 3) -> dict[int, list[float | None]]:
    """So many members of an ensemble lie over 100,000 m3/s on days in a row, the others under it."""
    return {m: [90_000.0] * 4 + ([100_000.0] * days if m < reaching else [99_999.0] * days) + [90_000.0] * 4 for m in range(of)}


def told(state: State, rows: list[Observation]) -> tuple[State, list[ThresholdBreach | CompoundEvent]]:
    """What is said because of one delivery."""
    return step(state, readings_record(rows))


@pytest.mark.parametrize(
    ("members", "opens"),
    [
        (ensemble(26), True),  # 26 of 51 are 51 %
        (ensemble(25), False),  # 25 of 51 are 49 %
        (ensemble(51, days=2), False),  # two days in a row are not three
        (ensemble(23, of=45), True),  # of 45 that are there 23 are 51 %
        (ensemble(44, of=44), False),  # 45 must be there
    ],
)
def test_half_of_the_members_on_three_days_in_a_row(members: dict[int, list[float | None]], opens: bool) -> None:
    """The protocol's trigger is met with 26 of 51 members and not with 25, on three days and not on two, and not by too few members."""
    _, outputs = told(begun(configuration([FLOOD], feeds=GLOFAS)), issue(DAY, members))
    assert [said(output) for output in outputs] == (["A opened orange"] if opens else [])


def test_too_few_members_are_cannot_tell() -> None:
    """An issue with too few members is neither over nor under: the level is unknown, and the issue before stands until it is stale."""
    state, _ = told(begun(configuration([FLOOD], feeds=GLOFAS)), issue(DAY, ensemble(0, of=44)))
    assert levels(state)["flood", "A", Level.ORANGE] == ()
    state, _ = told(state, issue(DAY + timedelta(days=1), ensemble(51)))
    state, outputs = told(state, issue(DAY + timedelta(days=2), ensemble(0, of=44)))
    assert outputs == []
    assert [s[1].value for s in levels(state)["flood", "A", Level.ORANGE]][:1] == ["true"]


def test_an_area_is_covered_from_the_first_row_on() -> None:
    """An issue with too few members is "cannot tell", also the very first: `any` does not leave it out and say no."""
    now = {"name": "now", "indicator": "river_discharge", "levels": {"red": "100000 m3/s"}, "stale_after": "36 h"}
    high = {"name": "high", "when": {"any": ["flood >= orange", "now >= red"]}}
    state = begun(configuration([FLOOD, now], [high], feeds=GLOFAS))
    state, _ = told(state, [reading("A", 0.0, DAY, DAY, indicator="river_discharge")])
    assert [truth.value for _, truth, _ in timelines(state)["high", "A"]] == ["false"]
    state, _ = told(state, issue(DAY, ensemble(0, of=44)))
    assert [truth.value for _, truth, _ in timelines(state)["high", "A"]] == ["unknown"]


def test_a_member_that_is_taken_back_leaves_an_issue_as_if_it_had_never_been_there() -> None:
    """A null of a later issue of the same row before the row, or after it: the same is known, and the same is covered."""
    flood = FLOOD | {"forecast": {"lead": "1 d..1 d", "members": 1}}
    rule = {"name": "high", "when": {"any": ["flood >= orange", {"not": "flood >= orange"}]}}
    given_, later = DAY + timedelta(hours=1), DAY + timedelta(hours=2)
    (row,) = issue(DAY, {0: [0.0]}, received=later)
    taken_back = row.model_copy(update={"value": None, "issued": given_, "delivery": "b"})
    found = []
    for rows in ([row, taken_back], [taken_back, row]):
        state = begun(configuration([flood], [rule], feeds=GLOFAS))
        for one in rows:
            state, _ = told(state, [one])
        found.append((levels(state), timelines(state)))
    assert found[0] == found[1]


def test_issues_past_the_horizon_are_let_go_of() -> None:
    """After half a year of daily issues no more is kept than is needed, and the same is said as at the beginning."""
    one = {"lead": "1 d..1 d", "members": 1}
    flood = FLOOD | {"forecast": one, "horizon": "7 d", "levels": {"orange": "50 % over 100000 m3/s"}}
    state, heard = begun(configuration([flood], feeds=GLOFAS)), []
    for day in range(200):
        state, outputs = told(state, issue(DAY + timedelta(days=day), {0: [100_000.0 if day in (5, 150) else 0.0]}))
        heard += [(day, said(output)) for output in outputs]
    (track,) = state.tracks.values()
    assert len(track.series) < 100
    assert heard == [(day + n, f"A {word} orange") for day in (5, 150) for n, word in enumerate(("opened", "closed"))]
    assert to_bytes(from_bytes(to_bytes(state))) == to_bytes(state)


def test_the_lead_is_counted_from_the_base_time_both_ends_in() -> None:
    """A step of 15 days counts, one of 16 does not."""
    for last, opens in ((15, True), (16, False)):
        members: dict[int, list[float | None]] = {m: [0.0] * (last - 3) + [100_000.0] * 3 for m in range(51)}
        _, outputs = told(begun(configuration([FLOOD], feeds=GLOFAS)), issue(DAY, members))
        assert bool(outputs) == opens


def test_the_reading_that_is_shown_is_the_member_with_which_the_share_is_complete() -> None:
    """Of 51 members the 26th in order decides: its value stands beside the quantity it had to reach, and no peak is made up."""
    members = {m: [100_000.0 + m] * 3 for m in range(51)}
    _, (breach,) = told(begun(configuration([FLOOD], feeds=GLOFAS)), issue(DAY, members))
    assert isinstance(breach, ThresholdBreach)
    (shown,) = breach.readings
    assert (shown.value, shown.bound, breach.peak, breach.since) == (100_025.0, 100_000.0, None, DAY)


@settings(deadline=None)
@given(
    st.lists(st.lists(st.integers(0, 9), min_size=4, max_size=4), min_size=5, max_size=5), st.permutations(list(range(20))),
    st.integers(1, 10), st.sampled_from([20, 50, 70, 100]), st.integers(1, 3),
)  # fmt: skip
def test_an_issue_is_read_as_its_definition_says_however_it_is_cut(
    values: list[list[int]], order: list[int], cuts: int, percent: int, steps: int
) -> None:
    """Rows of one issue in any order and in any number of deliveries end in the level that a plain count of members gives."""
    flood = FLOOD | {
        "levels": {"orange": f"{percent} % over 5 m3/s"},
        "forecast": {"lead": "1 d..3 d", "members": 5, "steps": steps},
    }
    rows = issue(DAY, {m: [float(v) for v in row] for m, row in enumerate(values)}, received=DAY + timedelta(hours=2))
    shuffled = [rows[n] for n in order]
    state = begun(configuration([flood], feeds=GLOFAS))
    size = -(-len(rows) // cuts)
    for first in range(0, len(rows), size):
        state, _ = told(state, shuffled[first : first + size])
    inside = [row[:3] for row in values]
    reaching = sum(any(min(row[n : n + steps]) >= 5 for n in range(4 - steps)) for row in inside)
    expected = "true" if 100 * reaching >= percent * 5 else "false"
    assert levels(state)["flood", "A", Level.ORANGE][0][1].value == expected


def test_a_snapshot_keeps_the_members_of_an_issue() -> None:
    """Half an issue before a restart and half after it are one issue."""
    rows = issue(DAY, ensemble(26))
    state, outputs = told(begun(configuration([FLOOD], feeds=GLOFAS)), rows[: len(rows) // 2])
    assert outputs == []
    state, outputs = told(from_bytes(to_bytes(state)), rows[len(rows) // 2 :])
    assert [said(output) for output in outputs] == ["A opened orange"]


def test_other_levels_read_the_issues_inside_the_horizon_again() -> None:
    """With a change of the configuration an issue that was under the trigger is over the new one, without being sent again."""
    state, outputs = told(begun(configuration([FLOOD], feeds=GLOFAS)), issue(DAY, ensemble(20)))
    assert outputs == []
    lower = FLOOD | {"levels": {"orange": "30 % over 100000 m3/s"}}
    _, outputs = step(state, configured_record(configuration([lower], feeds=GLOFAS), DAY + timedelta(hours=2)))
    assert [said(output) for output in outputs] == ["A opened orange"]


def test_a_threshold_of_forecasts_reads_no_readings_and_others_no_forecasts() -> None:
    """What was measured is no member of an ensemble, and what is forecast was not measured."""
    fixed = {"name": "now", "indicator": "river_discharge", "levels": {"red": "100000 m3/s"}, "stale_after": "36 h"}
    state, outputs = told(begun(configuration([FLOOD, fixed], feeds=GLOFAS)), issue(DAY, ensemble(51)))
    assert [(o.threshold, said(o)) for o in outputs if isinstance(o, ThresholdBreach)] == [("flood", "A opened orange")]
    _, outputs = told(state, [reading("A", 100_000.0, DAY, DAY + timedelta(hours=2), indicator="river_discharge")])
    assert [(o.threshold, said(o)) for o in outputs if isinstance(o, ThresholdBreach)] == [("now", "A opened red")]


@pytest.mark.parametrize(
    ("over", "colour"),
    [
        # Members over (1000, 2000, 3000) m3/s of ten. "An event with a high likelihood and medium impact would result in an amber
        # warning" (Met Office, guide to warnings, metoffice.gov.uk/weather/uk/guide/colour_warnings.html).
        ((10, 6, 0), "orange"),
        ((10, 5, 0), "yellow"),
        ((10, 2, 0), "yellow"),
        ((10, 1, 0), "yellow"),  # low impact, high likelihood
        ((5, 1, 0), None),
        ((4, 4, 4), "orange"),
        ((6, 6, 6), "red"),
        ((2, 2, 2), "yellow"),
        ((1, 1, 1), None),
    ],
)
def test_impact_and_likelihood_give_the_colour_of_their_cell(over: tuple[int, int, int], colour: str | None) -> None:
    """Each impact with its likelihood has a cell, and the gravest colour counts."""
    members: dict[int, list[float | None]] = {m: [500.0 + 1000 * sum(m < count for count in over)] for m in range(10)}
    _, outputs = told(begun(configuration([MATRIX], feeds=GLOFAS)), issue(DAY, members))
    assert [said(output) for output in outputs] == ([f"A opened {colour}"] if colour else [])


def test_forecasts_are_judged_by_timelines() -> None:
    """The columns take readings held against constants alone."""
    rule = {"name": "high", "when": {"threshold": "flood", "level": "orange"}}
    plan = begun(configuration([FLOOD], [rule], feeds=GLOFAS)).plan
    assert plan is not None
    assert layout_of(plan) is None


def matrix(**more: Any) -> dict[str, Any]:
    """The matrix with something else in it."""
    return {**MATRIX, "matrix": {**MATRIX["matrix"], **more}}


@pytest.mark.parametrize(
    ("body", "what"),
    [
        (FLOOD | {"forecast": None}, "needs `forecast`"),
        (FLOOD | {"forecast": {"lead": "3 d", "members": 51}}, "write it like `3 d..7 d`"),
        (FLOOD | {"forecast": {"lead": "7 d..3 d", "members": 51}}, "ends before it begins"),
        (FLOOD | {"forecast": {"lead": "3 d..7 d", "members": 51, "needs": 52}}, "52 members are needed of 51"),
        (FLOOD | {"leave_below": "5 m3/s"}, "has no `leave_below`"),
        (FLOOD | {"direction": "below"}, "cannot have `direction: below`"),
        (matrix(impacts={"low": "1000 m", "medium": "2000 m3/s", "high": "3000 m3/s"}), "is in m,"),
        (matrix(likelihoods={"low": "20 %", "medium": "40", "high": "60 %"}), "write it like `60 %`"),
        (matrix(cells={"great": {"low": "red"}}), "no impact `great`"),
        (matrix(cells={"low": {"low": "purple"}}), "`purple` is no level"),
        (matrix(cells={"low": {"low": "red"}, "high": {"low": "yellow"}}), "under the colour of a lesser"),
        (matrix(cells={"high": {"high": "red"}}), "no cell is yellow"),
    ],
)
def test_wrong_settings_are_named_when_they_are_read(body: dict[str, Any], what: str) -> None:
    """A forecast that cannot be meant so, and a matrix that would warn less of more, are refused."""
    given_ = {key: value for key, value in body.items() if value is not None and key != "name"}
    with pytest.raises(ValidationError, match=what):
        threshold(given_.pop("kind"), given_.pop("levels"), **given_)


@pytest.mark.parametrize("level", ["70 % over 5 mm/h", "170 % over 5 m3/s", "70 over 5 m3/s", "70 % 5 m3/s"])
def test_a_level_that_is_no_probability_of_a_quantity_is_refused(level: str) -> None:
    """The plan of a configuration names the level, and says how it is written."""
    with pytest.raises(Exception, match="70 % over 7 m3/s"):
        begun(configuration([FLOOD | {"levels": {"orange": level}}], feeds=GLOFAS))
