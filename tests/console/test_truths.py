"""What a threshold stands at in a district: unknown is a value of its own."""

from datetime import UTC, datetime, timedelta

import pytest
from console_world import lanka

from console.truths import district_truths, truth_at, watched
from processors.engine import initial
from schemas.levels import Level, Truth

DAY = datetime(2025, 11, 27, tzinfo=UTC)
T, F, U = Truth.TRUE, Truth.FALSE, Truth.UNKNOWN


@pytest.mark.parametrize(
    ("yellow", "orange", "red", "level", "doubted"),
    [
        (F, F, F, Level.GREEN, False),
        (T, F, F, Level.YELLOW, False),
        (T, T, F, Level.ORANGE, False),
        (T, T, T, Level.RED, False),
        (T, T, U, Level.ORANGE, True),
        (U, U, U, None, True),
        (U, F, F, None, True),
        (F, F, U, None, True),
    ],
)
def test_a_level_is_the_highest_true_one_and_green_only_if_all_are_false(
    yellow: Truth, orange: Truth, red: Truth, level: Level | None, doubted: bool
) -> None:
    """The highest true level counts; green needs every level known to be false; anything else cannot be told."""
    lines = {Level(n): ((DAY, truth, False),) for n, truth in ((1, yellow), (2, orange), (3, red))}
    found = truth_at("river", lines, DAY + timedelta(hours=1))
    assert (found.level, found.doubted) == (level, doubted)


def test_before_anything_is_known_it_is_unknown() -> None:
    """A moment before the first entry of a timeline is unknown, not green."""
    assert truth_at("river", {Level.RED: ((DAY, F, False),)}, DAY - timedelta(seconds=1)).level is None


def test_the_entry_that_holds_at_the_moment_decides_with_its_since_and_whether_it_is_held() -> None:
    """Of several entries the last one begun counts, and says since when and on what it rests."""
    line = ((DAY, F, False), (DAY + timedelta(hours=2), T, True), (DAY + timedelta(hours=5), U, False))
    found = truth_at("river", {Level.ORANGE: line}, DAY + timedelta(hours=4))
    assert (found.level, found.held, found.since) == (Level.ORANGE, True, DAY + timedelta(hours=2))
    assert truth_at("river", {Level.ORANGE: line}, DAY + timedelta(hours=5)).level is None


def test_only_thresholds_that_a_rule_looks_at_are_watched() -> None:
    """A threshold that no rule uses colours nothing; one that a rule counts by dimension is used."""
    configured = lanka().configuration
    alone = [r for r in configured.rules if r.name == "river_flood"]
    assert watched(configured.model_copy(update={"rules": tuple(alone)})) == ("river_station",)
    assert "rice_price" in watched(configured)


def test_a_shard_without_configuration_knows_nothing() -> None:
    """Before the first configuration no district has a truth."""
    assert district_truths(initial("LKA"), ["LK21"], DAY) == {}
