"""One series as it is drawn: nothing that was known later, no line across silence, and what it was held against as the engine holds it."""

from datetime import datetime, timedelta
from itertools import pairwise

import pytest
from console_world import lanka
from hand_made import NOON, event, evidence, hours, reading
from hypothesis import given, settings
from hypothesis import strategies as st
from test_series_kept import FEED, STATION, observed, take

from console.local_time import LocalTime
from console.names import Names
from console.place_series import PlaceSeries, place_series
from console.reading_order import DRAWN
from console.series_chart import SeriesChart, series_chart
from console.series_kept import SeriesKept
from processors.plan import Plan
from schemas.inputs import Observation
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, Evidence
from schemas.thresholds import Threshold

PLAN = Plan(lanka().configuration, lanka().configuration.hash)
STALE = timedelta(microseconds=PLAN.settings("river_station", STATION).stale)
LEVELS = {"yellow": 5.0, "orange": 7.0, "red": 9.0}
Said = tuple[float, float, float | None]
"""(hours after noon that it is valid at, hours after noon that it came in, metres)."""


def leaf() -> Evidence:
    """The condition on Peradeniya's level, orange since noon."""
    named = reading(start=NOON, end=NOON, received=NOON, record=f"r{NOON.isoformat()}", value=7.5)
    return evidence("river_station >= orange", since=NOON, area=STATION, readings=(named,))


def flood() -> CompoundEvent:
    """The event that rests on it, known at one."""
    return event(at=1, evidence=evidence("all", parts=(leaf(),)), configuration=PLAN.hash)


def drawn(said: list[Said], at: float, over: datetime | None = None, before: tuple[datetime, Observation] | None = None) -> PlaceSeries:
    """The series of what was said, as of `at` hours after noon."""
    kept, what = SeriesKept({FEED: timedelta(days=9)}), flood()
    kept.claim(what)
    if before is not None:
        take(kept, *before)
    for valid, known, value in sorted(said, key=lambda s: s[1]):
        levels = [observed(hours(valid), bound, indicator=f"river_level.{word}") for word, bound in LEVELS.items()]
        take(kept, hours(known), observed(hours(valid), value), *levels)
    ((found,), _) = place_series(what, over, kept, PLAN, hours(at), 8)
    return found


def chart(series: PlaceSeries) -> SeriesChart:
    """Its drawing."""
    return series_chart(series, Names(lanka()), LocalTime(lanka().timezone))


said = st.lists(
    st.tuples(
        st.integers(-100, 100).map(float),
        st.integers(0, 60).map(float),
        st.one_of(st.none(), st.floats(0, 12, allow_nan=False).map(lambda v: round(v, 2))),
    ).map(lambda s: (s[0], s[0] + s[1], s[2])),
    max_size=40,
)


@settings(max_examples=60, deadline=None)
@given(said, st.integers(1, 160))
def test_nothing_that_was_known_later_is_drawn(everything: list[Said], at: int) -> None:
    """Of what is drawn, marked or said as of a moment nothing depends on what came after it."""
    then = [one for one in everything if one[1] <= at]
    whole, until_then = drawn(everything, at), drawn(then, at)
    assert whole == until_then
    assert chart(whole) == chart(until_then)
    assert all(one.known <= hours(at) for one in whole.readings)


@settings(max_examples=60, deadline=None)
@given(said, st.integers(1, 160))
def test_no_line_is_drawn_across_silence(everything: list[Said], at: int) -> None:
    """Two readings that a line joins lie no further apart than a reading may be old, and no reading without a value lies between."""
    series = drawn(everything, at)
    joined = [one for one in series.readings if one.value is not None and not one.corrected]
    for one, following in pairwise(joined):
        if one.run == following.run:
            assert following.start - one.end <= STALE
            assert not any(n.value is None and one.end < n.end < following.end for n in series.readings)
    for start, end in series.unknown:
        assert start < end <= hours(at)
        assert not any(start < one.end < end for one in joined)


@settings(max_examples=60, deadline=None)
@given(said, st.integers(1, 160))
def test_the_drawing_holds_every_reading_inside_its_scale(everything: list[Said], at: int) -> None:
    """No mark lies outside the drawing, every reading is in the table, and labels of levels stand apart."""
    series = drawn(everything, at)
    made = chart(series)
    assert all(0 <= dot.x <= 100 and made.top <= dot.y <= made.top + made.tall for dot in made.dots)
    assert len(made.rows) == len(series.readings)
    heights = sorted(level.label_y for level in made.levels)
    assert all(below - above >= 14 for above, below in pairwise(heights))


def test_a_gap_breaks_the_line_and_is_said() -> None:
    """Ten hours without a reading: two lines, and between them a span in which nobody knew."""
    series = drawn([(-14, -14, 4.0), (-13, -13, 5.0), (-2, -2, 7.2), (-1, -1, 7.5), (0, 0, 7.6)], 1)
    made = chart(series)
    assert made.path.count("M") == 2
    assert series.unknown == ((hours(-13) + STALE, hours(-2)),)
    assert "Nobody knew from 27 Nov 2025" in made.says
    assert len(made.unknown) == 1


def test_what_is_silent_until_now_is_unknown_until_now() -> None:
    """The line ends where the last reading is; behind it nobody knows, and it is not drawn on as if it stood."""
    series = drawn([(0, 0, 7.6)], 20)
    assert series.unknown == ((hours(0) + STALE, hours(20)),)
    made = chart(series)
    assert made.dots[-1].x < made.unknown[0][0]
    assert sum(made.unknown[0]) == pytest.approx(100, abs=0.1)
    assert "L" not in made.path


def test_where_nothing_came_before_the_first_reading_nobody_knew() -> None:
    """From the log's own beginning on: what was before that, nobody can say of it."""
    neighbour = observed(hours(-150), 1.0, "lk-hanwella")
    series = drawn([(-2, -2, 6.0), (0, 0, 7.6)], 1, before=(hours(-150), neighbour))
    assert series.unknown == ((hours(-150), hours(-2)),)
    assert any("Before 21 Nov 2025" in note and "only the readings that the tree names are kept" in note for note in chart(series).notes)


def test_a_source_that_gave_no_value_is_no_zero() -> None:
    """It is marked at the edge, said in the table, and no line goes through it."""
    series = drawn([(-2, -2, 6.0), (-1, -1, None), (0, 0, 7.6)], 1)
    made = chart(series)
    assert [dot.look for dot in made.dots] == ["plain", "none", "cited"]
    assert made.path.count("M") == 2
    assert made.rows[1].value == "the source gave none"
    assert "Lowest 6 m" in made.says


def test_every_level_is_a_line_with_its_value_and_its_unit() -> None:
    """The station's own levels as they were brought; the moment of the breach and when it was known stand beside them."""
    made = chart(drawn([(-2, -2, 4.0), (-1, -1, 6.0), (0, 0.5, 7.6)], 1))
    assert [(level.level, level.label) for level in made.levels] == [("yellow", "yellow 5 m"), ("orange", "orange 7 m"), ("red", "red 9 m")]
    assert [mark.label for mark in made.moments] == ["true since 27 Nov 17:30", "known 27 Nov 18:00"]
    assert made.unit == "metres"
    assert "Levels: yellow 5 m, orange 7 m, red 9 m. At orange or more since 27 Nov 2025 17:30, known 27 Nov 2025 18:00." in made.says


def test_a_level_that_moves_is_drawn_as_it_was_at_each_time() -> None:
    """Somebody raises the gauge's red level: two lines, and the label says what holds now."""
    kept = SeriesKept({FEED: timedelta(days=9)})
    kept.claim(flood())
    for valid, red in ((-2, 9.0), (-1, 9.0), (0, 9.5)):
        take(kept, hours(valid), observed(hours(valid), 6.0), observed(hours(valid), red, indicator="river_level.red"))
    ((series,), _) = place_series(flood(), None, kept, PLAN, hours(1), 8)
    red = next(level for level in series.levels if level.level is Level.RED)
    assert [value for _, _, value in red.steps] == [9.0, 9.5]
    assert red.steps[0][1] == red.steps[1][0] == hours(0)
    assert next(level for level in chart(series).levels if level.level == "red").label == "red 9.5 m"
    assert [level.steps for level in series.levels if level.level is Level.YELLOW] == [()]
    assert any("yellow" in note and "cannot be told" in note for note in chart(series).notes)


def test_what_came_late_and_what_was_corrected_can_be_told_apart() -> None:
    """A reading that came after a newer one is marked; one that another took the place of is shown, and in no line."""
    series = drawn([(-3, -3, 4.0), (-2, 0.5, 6.0), (-1, -1, 6.5), (0, 0, 7.0), (0, 0.8, 7.6)], 1)
    assert [(one.value, one.late, one.corrected, one.corrects) for one in series.readings] == [
        (4.0, False, False, False),
        (6.0, True, False, False),
        (6.5, False, False, False),
        (7.0, False, True, False),
        (7.6, False, False, True),
    ]
    assert {look for look, _ in chart(series).legend} >= {"late", "corrected"}


def test_a_reading_that_is_delivered_again_is_one_reading() -> None:
    """Known since it was first said; no correction."""
    series = drawn([(0, 0, 7.6), (0, 0.5, 7.6)], 1)
    (only,) = series.readings
    assert (only.known, only.corrects, only.corrected) == (hours(0), False, False)


def test_of_very_many_readings_the_extremes_and_all_that_is_marked_are_drawn() -> None:
    """A peak of one reading is never thinned away, and it is said how many are not drawn."""
    many: list[Said] = [(-90 + n / 6, -90 + n / 6, 4.0 + (n % 7) / 10) for n in range(541)]
    many[300] = (-40.0, -40.0, 11.25)
    series = drawn(many, 1)
    assert len(series.readings) + series.left_out == 541
    assert len(series.readings) <= 2 * DRAWN
    assert 11.25 in [one.value for one in series.readings]
    assert any("readings are drawn" in note for note in chart(series).notes)


def test_what_the_tree_names_is_drawn_even_if_the_log_does_not_hold_it_any_more() -> None:
    """With a note that the readings around it are not there."""
    series = drawn([], 1)
    assert [(one.value, one.cited) for one in series.readings] == [(7.5, True)]
    assert any("only the readings that the tree names" in note for note in chart(series).notes)
    assert series.unknown == ()  # that the log says nothing of then does not mean that nobody knew


def test_only_so_many_series_are_made_and_the_rest_is_counted() -> None:
    """What is true comes first; what is not so is left off first."""
    readings = [reading(area=place, start=NOON, end=NOON, received=NOON) for place in (STATION, "lk-hanwella", "lk-nawalapitiya")]
    truths = (Truth.FALSE, Truth.UNKNOWN, Truth.TRUE)
    parts = tuple(evidence("river_station >= red", truth, area=r.area, readings=(r,)) for r, truth in zip(readings, truths, strict=True))
    what = event(evidence=evidence("any", parts=parts), configuration=PLAN.hash)
    series, more = place_series(what, None, SeriesKept(), PLAN, hours(1), 2)
    assert ([one.truth for one in series], more) == ([Truth.TRUE, Truth.UNKNOWN], 1)


def test_a_series_ends_soon_after_its_event() -> None:
    """Looked at months later, the drawing is still about the event."""
    series = drawn([(0, 0, 7.6), (4, 4, 6.0)], 2000, over=hours(5))
    assert hours(5) <= series.last < hours(24)


def ensemble() -> Plan:
    """Sri Lanka with a threshold on a forecast: orange if 60 of 100 members of an issue reach 500 m3/s."""
    threshold = Threshold.model_validate({
        "name": "foreseen", "indicator": "river_discharge", "at": "adm2", "kind": "exceedance", "levels": {"orange": "60 % over 500 m3/s"},
        "forecast": {"lead": "1 d..5 d", "members": 3}, "stale_after": "36 h", "document": PLAN.configuration.thresholds[0].document,
    })  # fmt: skip
    more = PLAN.configuration.model_copy(update={"thresholds": (*PLAN.configuration.thresholds, threshold)})
    return Plan(more, more.hash)


def issue(kept: SeriesKept, base: float, known: float, *values: tuple[float, float, float]) -> None:
    """A forecast of some days ahead, three members each."""
    rows = [
        observed(
            hours(base + 24 * day), value, "LK21", "river_discharge", start=hours(base), end=hours(base + 24 * day), unit="m3/s",
            issued=hours(base + 1), received=hours(known), lead=timedelta(days=day), member=member,
        )
        for day, members in enumerate(values, start=1)
        for member, value in enumerate(members)
    ]  # fmt: skip
    take(kept, hours(known), *rows)


def test_a_forecast_is_told_apart_from_what_was_observed() -> None:
    """Bars from the lowest member to the highest, no line, when it was issued, and where now is: the rest lies ahead."""
    plan, kept = ensemble(), SeriesKept({FEED: timedelta(days=9)})
    record = f"r{hours(2).isoformat()}"
    named = reading(area="LK21", indicator="river_discharge", unit="m3/s", start=NOON, end=hours(48), received=hours(2), record=record)
    what = event(at=3, evidence=evidence("foreseen >= orange", since=NOON, readings=(named,)), configuration=plan.hash)
    kept.claim(what)
    issue(kept, 0, 2, (100, 200, 300), (400, 550, 700))
    issue(kept, 6, 8, (900, 900, 900))
    (series,), _ = place_series(what, None, kept, plan, hours(3), 8)
    assert series.issue is not None
    assert [(step.lowest, step.middle, step.highest, step.members) for step in series.issue.steps] == [
        (100, 200, 300, 3),
        (400, 550, 700, 3),
    ]
    made = chart(series)
    assert (made.path, made.dots, len(made.spans)) == ("", (), 2)
    assert made.now is not None
    assert made.now < made.spans[0].x < made.spans[1].x <= 100
    assert [level.label for level in made.levels] == ["orange: 60 % of members at 500 m3/s"]
    assert "Forecast issued 27 Nov 2025 18:30, for 2 times." in made.says
    assert [row.value for row in made.forecast] == ["100 / 200 / 300 m3/s", "400 / 550 / 700 m3/s"]
    later, _ = place_series(what, None, kept, plan, hours(9), 8)
    assert later[0].issue == series.issue  # the one that the tree names, however many came since
