"""Warnings along an axis of time."""

import itertools
from datetime import timedelta

from hand_made import NOON, event, hours, known, warning

from console.lives import lives
from console.local_time import LocalTime
from console.names import Names
from console.time_line import LANE, MOST, Row, TimeLine, time_line
from schemas.levels import Level
from schemas.outputs import CompoundEvent, EventChange
from schemas.warning_records import Warning, WarningStatus


def line_of(names: Names, clock: LocalTime, at: float, *said: CompoundEvent | Warning) -> TimeLine:
    """The time line of what was said."""
    everything = known(hours(at), *said)
    return time_line(lives(everything), everything, names, clock)


def life(number: int, start: float, length: float, **more: object) -> list[Warning]:
    """A warning that ended in an all-clear."""
    name = f"w{number}"
    said = {"warning": name, "event": f"e{number}", **more}
    return [
        warning(1, at=start, id=f"{name}.1", **said),
        warning(2, WarningStatus.CANCELLED, start + length, id=f"{name}.2", reason="closed", **said),
    ]


def test_each_district_has_a_row_and_each_warning_a_bar_inside_the_axis(names: Names, clock: LocalTime) -> None:
    """Rows in the order in which districts were first warned; nothing lies outside 0 to 100 per cent."""
    line = line_of(names, clock, 60, *life(1, 0, 20), *life(2, 5, 30, area="LK92"), *life(3, 40, 10))
    assert [(r.name, len(r.bars)) for r in line.rows] == [("Kandy", 2), ("Kegalle", 1)]
    for bar in (b for r in line.rows for b in r.bars):
        assert 0 <= bar.x <= bar.x + bar.width <= 100
        assert all(bar.x - 0.01 <= p.x and p.x + p.width <= bar.x + bar.width + 0.61 for p in bar.pieces)


def test_bars_of_a_row_never_lie_on_each_other(names: Names, clock: LocalTime) -> None:
    """Warnings that stand at the same time take lanes of their own, and the row is high enough."""
    said = [m for n in range(9) for m in life(n, n * 3, 11 + n % 4)]
    (row,) = line_of(names, clock, 60, *said).rows
    lanes: dict[int, list[tuple[float, float]]] = {}
    for bar in row.bars:
        lanes.setdefault(bar.lane, []).append((bar.x, bar.x + bar.width))
    for spans in lanes.values():
        assert all(one[1] < other[0] for one, other in itertools.pairwise(spans))
    assert row.height >= LANE * len(lanes)


def test_a_bar_shows_waiting_then_each_level_as_it_was_said(names: Names, clock: LocalTime) -> None:
    """Dashed until it went out, then orange, then red."""
    bar = only(line_of(names, clock, 20, warning(1, level=Level.ORANGE), warning(2, WarningStatus.UPDATED, 6)))
    assert [p.look for p in bar.bars[0].pieces] == ["waiting", "orange", "red"]
    assert bar.bars[0].mark == "▸"


def test_an_end_is_marked_as_all_clear_or_as_not_knowing(names: Names, clock: LocalTime) -> None:
    """Two ends that must not look alike."""
    clear = only(line_of(names, clock, 20, *life(1, 0, 5))).bars[0]
    unknown = only(line_of(names, clock, 20, warning(), warning(2, WarningStatus.CANNOT_TELL, 5))).bars[0]
    assert (clear.mark, clear.end, unknown.mark, unknown.end) == ("✓", "all-clear", "?", "cannot-tell")
    assert "can no longer tell 27 Nov 2025 23:00" in unknown.says


def test_an_unconfirmed_stretch_is_drawn_over_the_bar(names: Names, clock: LocalTime) -> None:
    """From when the truth was lost to when it was found again."""
    said = (event(), event(EventChange.UNCONFIRMED, 4, unconfirmed=True), event(EventChange.CONFIRMED, 8))
    bar = only(line_of(names, clock, 20, *said, warning())).bars[0]
    doubt = [p for p in bar.pieces if p.look == "doubt"]
    assert len(doubt) == 1
    assert bar.x < doubt[0].x < doubt[0].x + doubt[0].width < bar.x + bar.width


def test_the_axis_names_local_midnights(names: Names, clock: LocalTime) -> None:
    """A day of the axis begins when the country's day begins."""
    ticks = line_of(names, clock, 80, warning()).ticks
    assert [t.label for t in ticks] == ["28 Nov", "29 Nov", "30 Nov", "1 Dec"]
    start, end = NOON - timedelta(hours=1.6), NOON + timedelta(hours=81.6)
    midnight = NOON + timedelta(hours=6.5)
    assert abs(ticks[0].x - (midnight - start) / (end - start) * 100) < 0.1


def test_only_the_newest_warnings_are_drawn_and_the_rest_is_counted(names: Names, clock: LocalTime) -> None:
    """A page stays small, and says what it leaves off."""
    said = [m for n in range(MOST + 5) for m in life(n, n / 10, 4)]
    line = line_of(names, clock, 40, *said)
    assert sum(len(r.bars) for r in line.rows) == MOST
    assert line.left_off == 5


def test_a_log_without_warnings_has_no_time_line(names: Names, clock: LocalTime) -> None:
    """Nothing is drawn, not an empty frame."""
    assert line_of(names, clock, 5).rows == ()


def only(line: TimeLine) -> Row:
    """The one row there is."""
    (row,) = line.rows
    return row
