"""The drawing of a trade-off: where its dots are, which are marked, and that no label hides another."""

from console.planner_worker import Point
from console.trade_off import HEIGHT, WIDTH, drawing


def test_values_on_one_place_share_a_dot_and_labels_keep_apart() -> None:
    """Two values with the same scores are one dot with both numbers; the labels of neighbours stand under each other."""
    points = [Point(1, 5, 1.0, 0.8, 0.2), Point(1.25, 5, 1.0, 0.8, 0.2), Point(1.5, 4, 1.0, 0.75, 0.25), Point(2, 3, 1.0, 0.67, 0.33)]
    drawn = drawing(points, 2, 1.5, "mean + 2 sd")
    assert sorted(dot.label for dot in drawn.dots) == ["1, 1.25", "1.5", "2"]
    places = [(dot.label_x, dot.label_y) for dot in drawn.dots]
    assert all(abs(a[1] - b[1]) >= 13 or abs(a[0] - b[0]) >= 70 for n, a in enumerate(places) for b in places[:n])
    assert {dot.label: dot.kind for dot in drawn.dots} == {"1, 1.25": "", "1.5": "shown", "2": "today"}


def test_what_cannot_be_told_is_not_drawn() -> None:
    """A value without a false-alarm ratio has no place between nought and one; the table still has it."""
    drawn = drawing([Point(2, 3, 1.0, 0.5, 0.5), Point(3, 0, 0.0, None, 0.0)], 2, 3, "2 m")
    assert [(dot.label, dot.kind) for dot in drawn.dots] == [("2", "today")]


def test_without_scores_it_shows_how_often_the_rule_speaks() -> None:
    """Warnings over values, within the drawing; a rule that never spoke lies on the ground."""
    drawn = drawing([Point(1, 4, None, None, None), Point(2, 0, None, None, None)], 1, 1, "1 m")
    assert drawn.up_title == "warnings"
    assert [dot.kind for dot in drawn.dots] == ["", "both"]
    assert max(dot.y for dot in drawn.dots) == drawn.bottom
    assert all(0 <= dot.x <= WIDTH and 0 <= dot.y <= HEIGHT for dot in drawn.dots)
