"""What is told without its reasons: the same changes, of a state that is the same to the byte."""

import random
from collections.abc import Sequence

import pytest
from regular_worlds import Trouble, log_of

from processors import advance as advancing
from processors.engine import ENGINE_VERSION, State, initial, to_bytes
from processors.telling import NO_EVIDENCE
from schemas.envelopes import read_input
from schemas.outputs import BreachChange, CompoundEvent, ThresholdBreach
from schemas.records import Record

Said = ThresholdBreach | CompoundEvent
_REASONS = ("evidence", "ending", "beside", "silent", "readings", "peak")


def _lived(records: Sequence[Record], size: int, *, reasons: bool, in_columns: bool) -> tuple[State, list[Said]]:
    state, said = initial("TST"), []
    for first in range(0, len(records), size):
        part = records[first : first + size]
        state = state if in_columns else advancing.all_by_timelines(state)
        state, outputs = advancing.advance(state, part, [read_input(r) for r in part], ENGINE_VERSION, reasons=reasons)
        said += [one for of_record in outputs for one in of_record]
    return state, said


def _bare(said: Said) -> dict[str, object]:
    return {name: value for name, value in said.model_dump().items() if name not in _REASONS}


@pytest.mark.parametrize(("seed", "in_columns"), [(21, True), (22, True), (23, True), (24, False)])
def test_reasons_have_no_effect_on_what_is_judged(seed: int, in_columns: bool) -> None:
    """With and without reasons the state is the same, and so are all events and the openings of breaches, in their order."""
    chance = random.Random(seed)
    records = log_of(chance, Trouble.drawn(chance), areas=2, hours=30)
    whole, with_reasons = _lived(records, 9 if in_columns else 1, reasons=True, in_columns=in_columns)
    bare, without = _lived(records, 9 if in_columns else 1, reasons=False, in_columns=in_columns)
    assert to_bytes(bare) == to_bytes(whole)
    counted = [one for one in with_reasons if isinstance(one, CompoundEvent) or one.change is BreachChange.OPENED]
    assert [_bare(one) for one in without] == [_bare(one) for one in counted]
    assert any(isinstance(one, CompoundEvent) for one in without)
    assert all(one.evidence is NO_EVIDENCE for one in without if isinstance(one, CompoundEvent))
    assert not any(one.readings for one in without if isinstance(one, ThresholdBreach))
