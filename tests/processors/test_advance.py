"""Many records at once, and places in columns: the same words as one record after the other, judged by timelines."""

import random
from collections.abc import Sequence
from typing import Any

import numpy as np
import pytest
from regular_worlds import Trouble, log_of

from processors import advance as advancing
from processors import tracks
from processors.engine import ENGINE_VERSION, State, advance, from_bytes, initial, to_bytes
from processors.rows import Rows
from processors.waiting import waiting
from schemas.envelopes import read_input
from schemas.outputs import CompoundEvent, ThresholdBreach
from schemas.records import Record

Said = list[list[ThresholdBreach | CompoundEvent]]
SEEDS = range(12)


def by_timelines(records: Sequence[Record]) -> Said:
    """What is said if no place is ever in columns."""
    state, said = initial("TST"), []
    for record in records:
        state = advancing.all_by_timelines(state)
        state, (outputs,) = advancing.advance(state, [record], [read_input(record)], ENGINE_VERSION)
        said.append(outputs)
    return said


def at_once(records: Sequence[Record], chance: random.Random, most: int, *, restarted: bool = False) -> tuple[State, Said, float]:
    """What is said if up to `most` records are taken in at a time, and the mean share of areas that were regular."""
    state, said, shares = initial("TST"), [], []
    first = 0
    while first < len(records):
        last = first + chance.randint(1, most)
        state = from_bytes(to_bytes(state)) if restarted else state
        state, outputs = advance(state, records[first:last])
        said += outputs
        shares.append(state.columns.regular.mean() if state.columns is not None else 0.0)
        first = last
    return state, said, float(np.mean(shares))


@pytest.mark.parametrize("seed", SEEDS)
def test_columns_say_what_timelines_say(seed: int) -> None:
    """Every word, evidence and identifier is the same, however many records are taken in at once."""
    chance = random.Random(seed)
    records = log_of(chance, Trouble.drawn(chance))
    expected = by_timelines(records)
    for most in (1, 7, 40):
        _, said, _ = at_once(records, chance, most)
        assert said == expected, f"up to {most} at once"


@pytest.mark.parametrize("seed", SEEDS[:6])
def test_a_snapshot_between_changes_nothing(seed: int) -> None:
    """A state written and read again before each part goes on in the same words."""
    chance = random.Random(100 + seed)
    records = log_of(chance, Trouble.drawn(chance), areas=3, hours=30)
    expected = by_timelines(records)
    _, said, _ = at_once(records, chance, 10, restarted=True)
    assert said == expected


def test_orderly_places_are_judged_in_columns() -> None:
    """Where nothing is silent or odd, areas are regular soon; else the comparison above would compare timelines with themselves."""
    chance = random.Random(7)
    records = log_of(chance, Trouble(settle="3 h", horizon="3 h", late=0.02, doubled=0.02, null=0.0, odd=False))
    _, said, share = at_once(records, chance, 5)
    assert share > 0.6
    assert sum(len(of_record) for of_record in said) > 50


@pytest.mark.parametrize("seed", range(4))
def test_readings_that_only_wait_are_put_where_judging_would_put_them(seed: int, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has not settled is put beside what waits without judging anything, and all is as if it had been judged."""
    trouble = Trouble(settle="3 h", horizon="1 d", late=0.05, doubled=0.02, null=0.05, odd=seed % 2 == 1)
    records = log_of(random.Random(20 + seed), trouble, hours=30)
    put_away: list[bool] = []

    def watched(*given: Any) -> Rows | None:
        found = waiting(*given)
        put_away.append(found is not None)
        return found

    monkeypatch.setattr(advancing, "waiting", watched)
    state, said, _ = at_once(records, random.Random(seed), 2)
    assert sum(put_away) > 10
    monkeypatch.setattr(advancing, "waiting", lambda *_: None)
    expected, judged, _ = at_once(records, random.Random(seed), 2)
    assert said == judged
    assert to_bytes(state) == to_bytes(expected)


def test_a_forecast_is_no_reading() -> None:
    """What a feed foretells breaches nothing that is observed, in columns as by timelines, also once its hour has come."""
    chance = random.Random(5)
    foretold = Trouble(settle="3 h", horizon="1 d", late=0.0, doubled=0.0, null=0.0, odd=False, forecast=0.2)
    records = log_of(chance, foretold, areas=2, hours=25)
    _, said, share = at_once(records, chance, 5)
    assert share > 0.5
    assert said == by_timelines(records)


def test_what_was_there_before_still_stands() -> None:
    """A state never changes: taking in the same records again from it gives the same words and the same bytes."""
    chance = random.Random(11)
    records = log_of(chance, Trouble(settle="0 h", horizon="1 d", late=0.02, doubled=0.02, null=0.02, odd=True))
    state, _, _ = at_once(records[:40], chance, 10)
    before = to_bytes(state)
    one, other = advance(state, records[40:]), advance(state, records[40:])
    assert one[1] == other[1]
    assert to_bytes(state) == before


@pytest.mark.parametrize("in_columns", [True, False])
def test_records_of_which_nothing_is_kept_are_let_go_of(in_columns: bool) -> None:
    """What is kept does not grow with the log: of a hundred and fifty hours, those of the horizon and what is let go of by sixty-fours."""
    chance = random.Random(3)
    orderly = Trouble(settle="0 h", horizon="3 h", late=0.0, doubled=0.0, null=0.0, odd=False)
    state = initial("TST")
    for record in log_of(chance, orderly, areas=1, hours=150):
        state = state if in_columns else advancing.all_by_timelines(state)
        state, _ = advancing.advance(state, [record], [read_input(record)], ENGINE_VERSION)
    assert len(state.sources) < 0.75 * state.numbered


def test_what_was_said_long_ago_is_let_go_of(monkeypatch: pytest.MonkeyPatch) -> None:
    """A place that is regular for long keeps no more of what was said of it than is looked through at a time, and says the same."""
    chance = random.Random(9)
    records = log_of(chance, Trouble(settle="0 h", horizon="3 h", late=0.0, doubled=0.0, null=0.0, odd=False), areas=1, hours=420)
    expected = by_timelines(records)
    monkeypatch.setattr(advancing, "_MOST_ENTRIES", 10)
    monkeypatch.setattr(tracks, "_FOLD_AT", 8)
    state, said, share = at_once(records, chance, 20)
    assert said == expected
    assert share > 0.6
    assert state.columns is not None
    made = sum(len([o for o in of_record if o.kind == "breach"]) for of_record in expected)
    kept = [len(watch.entries) for watch in state.columns.watches if watch is not None]
    assert sum(kept) < made / 2
