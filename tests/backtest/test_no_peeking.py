"""A backtest says what would have been said then: what was received later matters nothing, and the job's baselines are the job's."""

from datetime import timedelta

import pyarrow as pa
import pytest
from years import BEGIN, CHANNEL, country, wet_country, years

from processors.backtest import Activation, Outcome, run
from processors.backtest_baselines import baselines_of, in_order
from processors.backtest_parallel import simulate
from processors.backtest_parts import joined, parts_of
from processors.baselines import compute
from processors.history import Delivery, History
from schemas.microseconds import to_microseconds
from schemas.places import Places
from schemas.thresholds import Threshold

END = BEGIN + timedelta(days=900)
"""A moment after all of it."""


def outcome(seed: int, until_day: int | None = None, **orange: str) -> Outcome:
    """A run over the years, or over what had been received by a day."""
    configuration, history = country(**orange), years(seed)
    last = BEGIN + timedelta(days=until_day) if until_day is not None else None
    if last is not None:
        history = history.until(to_microseconds(last))
    return run(configuration, history, in_order(baselines_of(configuration, history)), last)


def opened(outcome: Outcome, before: int) -> list[tuple[object, ...]]:
    """What was opened before a day, as it stood when it was."""
    last = BEGIN + timedelta(days=before)
    return [(a.id, a.rule, a.area, a.since, a.known, a.afterwards) for a in outcome.activations if a.known < last]


@pytest.mark.parametrize("seed", range(2))
def test_a_reading_received_later_cannot_matter_earlier(seed: int) -> None:
    """A run cut at a moment says, up to that moment, the very same as the run over all the years."""
    whole = outcome(seed)
    assert {"outbreak", "flood"} <= {a.rule for a in whole.activations}
    for day in (790, 823):
        cut = outcome(seed, day)
        assert opened(cut, day) == opened(whole, day)


def test_every_baseline_is_the_jobs() -> None:
    """At each moment the rows in force are those that the job makes out of all that had been received until then."""
    configuration, history = country(), years(1, days=830)
    threshold = next(t for t in configuration.thresholds if t.name == "dengue")
    places = Places({a.code: a for a in configuration.areas}, {})
    table = pa.Table.from_batches([history.batch(0, len(history))])
    in_force = {}
    for number, baseline in enumerate(baselines_of(configuration, history)["dengue"].baselines):
        in_force |= {(row.area, row.start): row for row in baseline.rows}
        if number % 7 == 0:
            made = compute(threshold, places, table, baseline.at, timedelta(days=7))
            assert {(r.area, r.start): r for r in made.rows} == {
                key: in_force[key] for key in in_force if key in {(r.area, r.start) for r in made.rows}
            }


def test_a_baseline_of_other_levels_is_taken_from_one_made_before() -> None:
    """Held against other deviations a baseline gives what it would have given if it had been made with them."""
    history = years(2, days=830)
    before, other = baselines_of(country(), history), country(dengue="mean + 1.5 sd")
    taken, made = baselines_of(other, history, before)["dengue"], baselines_of(other, history)["dengue"]
    assert [b.rows for b in taken.baselines] == [b.rows for b in made.baselines]
    years_changed = Threshold.model_validate(
        {
            **CHANNEL,
            "at": "adm2",
            "document": {"title": "t", "date": "2025-01-01", "owner": "p"},
            "baseline": {"years": 1, "needs": "1 years"},
        }
    )
    changed = other.model_copy(update={"thresholds": (years_changed,)})
    assert baselines_of(changed, history, before)["dengue"].baselines != before["dengue"].baselines


def test_areas_apart_say_what_they_say_together() -> None:
    """Cut into two parts and put together again, a run gives the same activations and truths."""
    configuration, history = country(), years(4)
    baselines = in_order(baselines_of(configuration, history))
    parts = parts_of(configuration, 2)
    assert len(parts) == 2
    outcomes = [run(p.configuration, history.of(areas=p.places), baselines, END) for p in parts]
    whole = run(configuration, history, baselines, END)
    together = joined(configuration, outcomes, history)
    assert [plain(a) for a in together.activations] == [plain(a) for a in whole.activations]
    assert together.truths == whole.truths
    assert together.breaches == whole.breaches


def test_a_run_in_processes_says_what_one_process_says() -> None:
    """Areas cut over two processes and put together again give the same outcome."""
    configuration, history = wet_country(), years(5, days=400)
    one, two = (simulate(configuration, history, {}, END, processes) for processes in (1, 2))
    assert len(one.activations) > 2
    assert two == one


def test_how_records_are_handed_over_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each delivery by itself and month by month, or as pieces of one batch and many at once: the same is said."""
    configuration, history = wet_country(), years(6, days=400)
    together = run(configuration, history)
    monkeypatch.setattr("processors.backtest._ENOUGH_FOR_COLUMNS", 1)
    monkeypatch.setattr("processors.backtest._cut", lambda history, contents: [alone(history, content) for content in contents])
    assert run(configuration, history) == together


def alone(history: History, content: object) -> object:
    """A delivery as a batch of its own."""
    return history.batch(content.first, content.last) if isinstance(content, Delivery) else content


def test_truths_in_columns_are_those_of_timelines(monkeypatch: pytest.MonkeyPatch) -> None:
    """A truth that lasts a day is seen, whichever way an area is judged."""
    history = years(5, days=400)
    columns = run(wet_country(), history)
    monkeypatch.setattr("processors.advance.layout_of", lambda _plan: None)
    timelines = run(wet_country(), history)
    assert len(columns.truths["flood", "A"].starts) > 2
    assert columns.truths == timelines.truths


def test_what_is_let_go_of_has_no_effect(monkeypatch: pytest.MonkeyPatch) -> None:
    """With all kept that a live engine keeps, the same is said."""
    configuration, history = country(), years(3, days=800)
    baselines = in_order(baselines_of(configuration, history))
    light = run(configuration, history, baselines)
    monkeypatch.setattr("processors.backtest.lightened", lambda state: state)
    full = run(configuration, history, baselines)
    assert [plain(a) for a in light.activations] == [plain(a) for a in full.activations]
    assert light.truths == full.truths


def plain(activation: Activation) -> tuple[object, ...]:
    """An activation as values."""
    return tuple(vars(activation).values())
