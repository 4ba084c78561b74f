"""The engine's incremental answer equals the answer from scratch, on any log."""

from datetime import timedelta

from comparing import difference, run
from hypothesis import given
from oracle import areas_of, judged_until, level_steps, rule_steps
from oracle_known import known_from
from oracle_levels import Levels
from worlds import START, World, worlds

from processors.engine import levels, timelines

FIRST = START - timedelta(days=20)


@given(worlds())
def test_timelines_equal_the_oracles(world: World) -> None:
    """After a whole log, each level and each rule's truth are over all time what the specification gives from scratch."""
    state, _ = run(world.records)
    known = known_from(world.records)
    for (threshold, place, level), steps in levels(state).items():
        judged = Levels(known).judged_until(known.threshold(threshold).settle)
        found = difference(steps, level_steps(known, threshold, place, level), after=FIRST, before=judged)
        assert not found, f"{threshold} {place} {level}: engine, oracle {found}"
    engine = timelines(state)
    for rule in known.configuration.rules:
        for area in areas_of(known, rule):
            expected = rule_steps(known, rule, area)
            found = difference(engine.get((rule.name, area), ()), expected, after=FIRST, before=judged_until(known, rule))
            assert not found, f"{rule.name} {area}: engine, oracle {found}"
