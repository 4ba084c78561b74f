"""The work of the compound benchmark: its readings are those of the peers, and its oracle, its two forms and the product agree on it."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from benchmarks.compound.answers import answers
from benchmarks.compound.columns import deliveries
from benchmarks.compound.expected import CLEAR, RAISE, Answer, expected
from benchmarks.compound.readings import VARIANTS, Readings, Variant, readings
from benchmarks.compound.singles import singles
from benchmarks.compound.work import FEED, SHARDS, configuration, configuration_record
from eventlog.log import open_log
from processors.loop import Processor
from schemas.envelopes import observations_record, read_input, reading_record
from schemas.observations import decode, from_batch
from schemas.readings import PlainReading, decode_readings
from schemas.records import Record
from schemas.topics import EVENTS

TINY = Variant(30, areas=40)
"""Slow waves: seldom is one threshold left in the very hour in which another is met for the first time."""


def _series(*rows: tuple[int, int, float]) -> Readings:
    """Readings of one area in order: (indicator, step, value), and a last one that closes all steps."""
    indicator, step, value = (np.array(column) for column in zip(*rows, (0, 500, 0.0), strict=True))
    return Readings(step, step, np.zeros(len(step), int), indicator, value.astype(float))


@pytest.mark.parametrize(
    ("variant", "digest", "alerts"),
    [
        ("lat", "0a5a4271b2b6b96f7fe4f9b3487102294d35d20d6b8c7793834d677c44dfadbc", 1230),
        ("100k", "2c6ea17d1e726168d7621ed71835a2274463b62acfb5cbd12ed4ea8ee87bdb75", 2964),
    ],
)
def test_the_readings_and_answers_are_those_of_the_peers(variant: str, digest: str, alerts: int) -> None:
    """The columns are, to the last bit and in order, what the peers' generator writes; the answer has as many alerts as theirs."""
    made = readings(VARIANTS[variant])
    columns = (made.position, made.step, made.area, made.indicator, made.value)
    assert hashlib.sha256(b"".join(column.tobytes() for column in columns)).hexdigest() == digest
    assert len(made) == VARIANTS[variant].readings
    assert len(expected(made)) == alerts


RIVER, DENGUE, RICE = range(3)
BOTH = [(RIVER, 1, 4.0), (RIVER, 2, 4.0), (DENGUE, 2, 50.0), (DENGUE, 3, 50.0)]


@pytest.mark.parametrize(
    ("rows", "alerts"),
    [
        (BOTH, {(0, 3, RAISE)}),
        ([*BOTH, (RIVER, 5, 3.6)], {(0, 3, RAISE)}),
        ([*BOTH, (RIVER, 5, 3.599)], {(0, 3, RAISE), (0, 5, CLEAR)}),
        ([*BOTH, *BOTH], {(0, 3, RAISE)}),
        ([*BOTH[:3], (DENGUE, 3, 49.9)], set()),
        ([*BOTH[:3], (DENGUE, 3, float("nan")), (DENGUE, 4, 50.0)], {(0, 4, RAISE)}),
        ([*BOTH[:2], (DENGUE, 73, 50.0), (DENGUE, 74, 50.0)], {(0, 74, RAISE)}),
        ([*BOTH[:2], (DENGUE, 74, 50.0), (DENGUE, 75, 50.0)], set()),
        ([*BOTH, (DENGUE, 496, 1.0), (DENGUE, 497, 1.0)], {(0, 3, RAISE), (0, 496, CLEAR)}),
        ([*BOTH, (DENGUE, 497, 1.0)], {(0, 3, RAISE)}),
        ([*BOTH, (RIVER, 5, 1.0), (RICE, 5, 3.0), (RICE, 6, 3.0)], {(0, 3, RAISE)}),
        ([*BOTH, (RIVER, 5, 1.0), (RICE, 5, 3.0), (RICE, 6, 0.1)], {(0, 3, RAISE), (0, 6, CLEAR)}),
        ([*BOTH, (RICE, 4, 0.1), (RIVER, 5, 1.0), (RICE, 5, 3.0), (RICE, 6, 3.0)], {(0, 3, RAISE), (0, 5, CLEAR), (0, 6, RAISE)}),
    ],
)
def test_the_oracle_says_each_sentence_of_the_work(rows: list[tuple[int, int, float]], alerts: set[Answer]) -> None:
    """Runs of two, hysteresis, a reading twice, one that breaks a run, a null, onsets 72 hours apart, steps not closed, a first reading."""
    assert expected(_series(*rows)) == alerts


def test_both_forms_hold_the_same_readings() -> None:
    """Row by row, in the order of each shard; a single one is what the product's own maker makes."""
    made = readings(TINY)
    ours: dict[str, list[tuple[object, ...]]] = {shard: [] for shard in SHARDS}
    for _, shard, record in deliveries(made):
        assert record == observations_record(
            SHARDS[shard], FEED, decode(record.payload)["delivery"][0].as_py(), record.received, read_input(record)
        )
        ours[SHARDS[shard]] += [
            (r.key, r.area, r.indicator, r.start, r.end, r.value, r.unit, r.feed) for r in from_batch(read_input(record))
        ]
    theirs: dict[str, list[Record]] = {shard: [] for shard in SHARDS}
    for _, shard, record in singles(made):
        theirs[SHARDS[shard]].append(record)
    for shard, records in theirs.items():
        rows = from_batch(decode_readings(records))
        assert [(r.key, r.area, r.indicator, r.start, r.end, r.value, r.unit, r.feed) for r in rows] == ours[shard]
    first = theirs[SHARDS[0]][0]
    assert first == reading_record(SHARDS[0], PlainReading.model_validate_json(first.payload), first.received)


@pytest.mark.parametrize("form", [deliveries, singles])
def test_the_product_gives_the_oracles_answer(form: "type[deliveries]", tmp_path: Path) -> None:
    """The product's own processor on its own log, each form of the readings: the same set, nothing said twice."""
    made = readings(TINY)
    log = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    log.append([configuration_record(shard, TINY.areas) for shard in range(len(SHARDS))])
    log.append([record for _, _, record in form(made)])
    processor = Processor(log, None)
    processor.run_until_idle()
    said = [answer for stored in log.read(EVENTS.name) for answer in answers(stored.record.payload)]
    processor.close()
    log.close()
    assert len(said) == len(set(said))
    assert set(said) == expected(made)


def test_the_rule_is_checked_as_a_planners_is() -> None:
    """Its files give one configuration for each shard, its areas parted among them."""
    shards = [configuration(shard, 1000) for shard in range(len(SHARDS))]
    assert [c.shard for c in shards] == list(SHARDS)
    assert sorted(a.code for c in shards for a in c.areas) == [f"A{n:04d}" for n in range(1000)]
    assert len({c.hash for c in shards}) == len(SHARDS)
