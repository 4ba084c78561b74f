"""Rules judged only where what is said of their places changed say what a run over every record says, moved or not."""

import random
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import assume, given
from hypothesis import strategies as st
from worlds import World, worlds

from processors.accounts import Lived
from processors.backtest import Outcome, run
from processors.backtest_moves import movable, moved
from processors.backtest_records import records_of
from processors.history import History, history_of
from processors.lived import LivedRules, may_be_lived
from processors.plan import Plan
from schemas.configuration import Configuration
from schemas.envelopes import read_input
from schemas.errors import ConfigurationError
from schemas.inputs import Baseline

_END = timedelta(days=12)


def _history(world: World) -> tuple[History, list[Baseline]]:
    contents = [read_input(record) for record in world.records[1:]]
    batches = [content for content in contents if isinstance(content, pa.RecordBatch)]
    assume(batches)
    return history_of(pa.Table.from_batches(batches)), [content for content in contents if isinstance(content, Baseline)]


def _never_settling(configuration: Configuration) -> Configuration:
    thresholds = tuple(t.model_copy(update={"settle": timedelta(0)}) for t in configuration.thresholds)
    return configuration.model_copy(update={"thresholds": thresholds})


def _lived(configuration: Configuration, history: History, baselines: list[Baseline], end: datetime) -> tuple[Plan, Lived]:
    first = datetime.fromtimestamp(history.deliveries[0].received / 1e6, UTC)
    return Plan(configuration, configuration.hash), Lived.of(history, list(records_of(configuration.shard, history, baselines, first, end)))


def _same(found: Outcome, whole: Outcome, plan: Plan) -> None:
    assert found.activations == whole.activations
    assert dict(found.truths) == {place: steps for place, steps in whole.truths.items() if place[0] in plan.rules}


@given(worlds(records=60), st.integers(0, 2**32))
def test_rules_looked_at_where_something_changed_say_what_a_whole_run_says(world: World, seed: int) -> None:
    """Every activation and every truth, whatever came late, twice, corrected or not at all; so after each of a few moves of levels."""
    configuration = _never_settling(world.configuration)
    history, baselines = _history(world)
    end = datetime.fromtimestamp(int(history.received[-1]) / 1e6, UTC) + _END
    plan, lived = _lived(configuration, history, baselines, end)
    assume(may_be_lived(plan, lived))
    rules = LivedRules(plan, lived, end)
    _same(rules.outcome, run(configuration, history, baselines, end), plan)
    chance = random.Random(seed)
    levels = [level for rule in configuration.rules for level in movable(configuration, rule)]
    for level in chance.sample(levels, min(len(levels), 2)):
        try:
            other = moved(configuration, level, round(level.number * chance.uniform(0.3, 1.8), 1))
        except ConfigurationError:
            continue
        plan, lived = _lived(other, history, baselines, end)
        _same(rules.moved(plan, level.threshold, lived), run(other, history, baselines, end), plan)
