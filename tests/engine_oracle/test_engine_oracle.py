"""The engine's incremental answer equals the answer from scratch, on any log."""

from datetime import timedelta

from comparing import difference, run, unlike
from configurations import SHARD
from hypothesis import given
from oracle import areas_of, judged_until, level_steps, rule_steps
from oracle_events import all_lives
from oracle_known import known_from
from oracle_levels import Levels
from worlds import START, World, without_horizon, worlds

from processors.engine import levels, timelines
from schemas.envelopes import input_record
from schemas.inputs import Tick
from schemas.outputs import CompoundEvent, EventChange

FIRST = START - timedelta(days=20)


ENDS = {EventChange.CLOSED, EventChange.CANNOT_TELL, EventChange.RETRACTED, EventChange.FOUND_AFTERWARDS}


@given(worlds(records=30))
def test_timelines_equal_the_oracles(world: World) -> None:
    """After a whole log, each level and each rule's truth are over all time what the specification gives from scratch.

    Along the way every event opens before all else and ends at most once. After its end a revision may correct that end, open it again,
    or retract it because it never was; nothing else is said of it (4.3, 4.4).
    """
    state, said = run(world.records)
    known = known_from(world.records)
    for (threshold, place, level), steps in levels(state).items():
        judged = Levels(known).judged_until(known.threshold(threshold).settle)
        found = difference(steps, level_steps(known, threshold, place, level), after=FIRST, before=judged)
        assert not found, f"{threshold} {place} {level}: engine, oracle {found}"
    engine = timelines(state)
    for rule in known.configuration.rules:
        for area in areas_of(known, rule):
            expected = rule_steps(known, rule, area)
            found = difference(engine.get((rule.name, area), ()), expected, after=FIRST, before=judged_until(known, rule, area))
            assert not found, f"{rule.name} {area}: engine, oracle {found}"
    _lives_once([event for event in said if isinstance(event, CompoundEvent)])


def _lives_once(events: list[CompoundEvent]) -> None:
    ended: dict[str, bool] = {}
    retracted: set[str] = set()
    for event in events:
        if event.change is EventChange.UPDATED and event.until is not None:
            assert ended[event.id], f"an end corrected before it was said: {event.id}"
            continue
        if event.change in (EventChange.OPENED, EventChange.FOUND_AFTERWARDS):
            assert ended.get(event.id, True), f"opened while it stands: {event.id}"
        elif event.change is EventChange.RETRACTED:
            assert event.id in ended, f"retracted before it was said: {event.id}"
            assert event.id not in retracted, f"retracted twice: {event.id}"
            retracted.add(event.id)
        else:
            assert not ended.get(event.id, True), f"{event.change} of what does not stand: {event.id}"
        ended[event.id] = event.change in ENDS
        assert event.at <= event.known
        assert event.until is None or event.until >= event.since


@given(worlds(records=25))
def test_events_equal_the_oracles(world: World) -> None:
    """What was said of events along the log comes to the stretches that the finished truth makes: which stand, since when, how grave.

    The horizon is longer than the log; the last record is a tick, so that all before it is judged.
    """
    last = max(r.received for r in world.records)
    records = [*without_horizon(world).records, input_record(SHARD, Tick(at=last + timedelta(seconds=1)))]
    _, said = run(records)
    assert not unlike(all_lives(known_from(records)), said)
