"""Rules judged only where what is said of their places changed say what a run over every record says, moved or not."""

import random
from datetime import UTC, datetime, timedelta

import pyarrow as pa
from hypothesis import assume, given
from hypothesis import strategies as st
from worlds import World, worlds

from processors.backtest import Outcome, run
from processors.backtest_moves import movable, moved
from processors.history import History, history_of
from processors.lived import LivedRules
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


def _same(configuration: Configuration, found: Outcome, whole: Outcome) -> None:
    names = {rule.name for rule in configuration.rules}
    assert (found.configuration, found.first, found.last, found.readings) == (whole.configuration, whole.first, whole.last, whole.readings)
    assert found.activations == whole.activations
    assert dict(found.truths) == {place: steps for place, steps in whole.truths.items() if place[0] in names}


@given(worlds(records=60), st.integers(0, 2**32))
def test_rules_looked_at_where_something_changed_say_what_a_whole_run_says(world: World, seed: int) -> None:
    """Every activation and every truth, whatever came late, twice, corrected or not at all; so after each of a few moves of levels."""
    configuration = _never_settling(world.configuration)
    history, baselines = _history(world)
    end = datetime.fromtimestamp(int(history.received[-1]) / 1e6, UTC) + _END
    rules = LivedRules.of(configuration, history, baselines, end)
    assume(rules is not None)
    assert rules is not None
    _same(configuration, rules.outcome, run(configuration, history, baselines, end))
    chance = random.Random(seed)
    levels = [level for rule in configuration.rules for level in movable(configuration, rule)]
    for level in chance.sample(levels, min(len(levels), 2)):
        try:
            other = moved(configuration, level, round(level.number * chance.uniform(0.3, 1.8), 1))
        except ConfigurationError:
            continue
        _same(other, rules.moved(other, level.threshold, baselines), run(other, history, baselines, end))
