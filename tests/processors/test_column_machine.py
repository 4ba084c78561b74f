"""The machine on columns says what the small machine says, reading by reading."""

import random

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from processors import column_machine, levels
from processors.column_machine import Laws, Machines, codes_of
from processors.levels import Settings
from processors.timelines import BEGINNING, FAR

SERIES, READINGS, WIDTH = 7, 30, 3
HOUR = 3_600_000_000


def _settings(chance: random.Random) -> Settings:
    readings = chance.choice([0, 1, 2, 3])
    return Settings(
        levels=chance.randint(1, WIDTH), sign=chance.choice([1, -1]), readings=readings,
        run=0 if readings else chance.choice([1, 2]) * HOUR,
        burst=HOUR // 4, leave=chance.choice([0, 500_000]), floor=chance.choice([BEGINNING, 2_000_000]), quiet=chance.choice([0, 2 * HOUR]),
        stale=100 * HOUR, hold=HOUR, bridge=-1, lapse=FAR, delay=0, horizon=HOUR,
    )  # fmt: skip


@settings(max_examples=60, deadline=None)
@given(st.integers(0, 2**32))
def test_columns_judge_as_the_small_machine(seed: int) -> None:
    """Codes, entries and peaks of many series at once are those of each by itself: hysteresis, runs, bursts, quiet times, floors."""
    chance = random.Random(seed)
    laws_of = [_settings(chance) for _ in range(SERIES)]
    limits = [tuple(sorted(chance.sample(range(1_000_000, 8_000_000, 500_000), s.levels), reverse=s.sign < 0)) for s in laws_of]
    laws, machines = Laws.of(laws_of, limits, WIDTH), Machines.blank(SERIES, WIDTH)
    small = [levels.fresh(s) for s in laws_of]
    ends = np.zeros(SERIES, dtype=np.int64)
    for _ in range(READINGS):
        lanes = np.array(sorted(chance.sample(range(SERIES), chance.randint(1, SERIES))), dtype=np.intp)
        ends[lanes] += np.array([chance.choice([HOUR // 6, HOUR, 3 * HOUR]) for _ in lanes])
        starts = ends[lanes] - chance.choice([0, HOUR // 6])
        values = np.array([chance.randrange(0, 9_000_000, 250_000) for _ in lanes], dtype=np.int64)
        made = column_machine.judge(machines, laws, lanes, starts, ends[lanes], values)
        for n, lane in enumerate(lanes.tolist()):
            reading = ([int(starts[n])], [int(ends[lane])], [int(values[n])])
            entries = levels.judge(small[lane], laws_of[lane], reading, [limits[lane]], ())
            assert codes_of(made.codes[n, : laws_of[lane].levels].tolist()) == small[lane].codes
            assert bool(made.says[n]) == bool(entries)
            assert int(made.peak[n]) == small[lane].peak
