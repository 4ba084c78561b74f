"""The engine's incremental answer equals the answer from scratch, on any log."""

from datetime import timedelta

from comparing import difference, levels, run, timelines
from hypothesis import given
from oracle import judged_until, level_steps, rule_steps
from oracle_known import known_from
from oracle_levels import Levels
from worlds import START, World, worlds

FIRST = START - timedelta(days=3)


@given(worlds())
def test_level_timelines_equal_the_oracles(world: World) -> None:
    """After a whole log, each threshold's level at each place is over all time what the specification gives from scratch."""
    state, _ = run(world.records)
    known = known_from(world.records)
    for (threshold, place, level), steps in levels(state).items():
        judged = Levels(known).judged_until(known.threshold(threshold).settle)
        found = difference(steps, level_steps(known, threshold, place, level), after=FIRST, before=judged)
        assert not found, f"{threshold} {place} {level}: engine, oracle {found}"


@given(worlds())
def test_rule_timelines_equal_the_oracles(world: World) -> None:
    """After a whole log, each rule's truth in each area is over all time what the specification gives from scratch."""
    state, _ = run(world.records)
    known = known_from(world.records)
    engine = timelines(state)
    for rule in known.configuration.rules:
        for area in [a.code for a in known.configuration.areas if a.level == rule.area]:
            expected = rule_steps(known, rule, area)
            found = difference(engine.get((rule.name, area), ()), expected, after=FIRST, before=judged_until(known, rule))
            assert not found, f"{rule.name} {area}: engine, oracle {found}"
