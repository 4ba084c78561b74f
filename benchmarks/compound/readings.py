"""The readings of the benchmark: 1,000 areas, three indicators, hourly; late, doubled and null ones among them; the same on every machine.

NumPy's `RandomState` gives the same numbers for ever, so the readings are those of the peers' harness without reading its files.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

INDICATORS = ("river_level", "dengue_incidence", "rice_price")
"""As the peers call them; `work.py` says what each is with us."""
ENTERED_AT = np.array([4.0, 50.0, 1.2])
LEFT_UNDER = np.array([3.6, 40.0, 1.1])
LATEST = 3
"""Steps by which a late reading comes after its own."""
AGAIN_WITHIN = 6
"""Steps within which a reading comes a second time."""
_SEED = 20260101
_LATE, _NULL, _NOISE = 0.02, 0.005, 0.15
_SHORTEST, _LONGEST = np.array([24.0, 200.0, 60.0]), np.array([120.0, 600.0, 300.0])
_ENTERS, _LEAVES = 0.5, 0.3
"""The height of the wave at which a threshold is entered and left."""


@dataclass(frozen=True)
class Variant:
    """How much of it.

    Attributes:
        steps: hours. speed: the waves' length against that of the full size, so that a short run too has events.
        doubled: one in so many readings comes a second time.
    """

    steps: int
    speed: float = 1.0
    areas: int = 1000
    doubled: int = 99

    @property
    def readings(self) -> int:
        """All that arrive, doubled ones included."""
        once = self.steps * self.areas * len(INDICATORS)
        return once + once // self.doubled


VARIANTS = {
    "lat": Variant(14, 0.08, doubled=100),
    "100k": Variant(33, 0.2),
    "1m": Variant(330),
    "10m": Variant(3300),
}


@dataclass(frozen=True)
class Readings:
    """Columns in order of arrival.

    Attributes:
        position: the step in which a reading arrives. step: the one it is of. indicator: its place in `INDICATORS`. value: NaN for a null.
    """

    position: npt.NDArray[np.int64]
    step: npt.NDArray[np.int64]
    area: npt.NDArray[np.int64]
    indicator: npt.NDArray[np.int64]
    value: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.step)


def readings(variant: Variant) -> Readings:
    """All readings of a variant. The order in which chance is asked is part of the data."""
    chance = np.random.RandomState(_SEED + variant.steps)
    shape = (variant.steps, variant.areas, len(INDICATORS))
    once = variant.readings - int(np.prod(shape)) // variant.doubled
    value = _waves(chance, variant).reshape(-1)
    value[chance.random_sample(once) < _NULL] = np.nan
    step, area, indicator = (index.reshape(-1) for index in np.indices(shape))
    late = chance.random_sample(once) < _LATE
    position = step + np.where(late, chance.randint(1, LATEST + 1, once), 0)
    again = chance.choice(once, once // variant.doubled, replace=False)
    row = np.concatenate([np.arange(once), again])
    position = np.concatenate([position, position[again] + chance.randint(0, AGAIN_WITHIN + 1, len(again))])
    position = np.minimum(position, variant.steps - 1)
    order = np.lexsort((chance.random_sample(len(row)), position))
    row = row[order]
    return Readings(position[order], step[row], area[row], indicator[row], value[row])


def _waves(chance: np.random.RandomState, variant: Variant) -> npt.NDArray[np.float64]:
    """A sine of its own length for each series, with noise, so laid that the thresholds cut it."""
    series = (variant.areas, len(INDICATORS))
    shortest, longest = _SHORTEST * variant.speed, _LONGEST * variant.speed
    length = shortest + (longest - shortest) * chance.random_sample(series)
    phase = 2 * np.pi * chance.random_sample(series)
    hour = np.arange(variant.steps)[:, None, None]
    noise = _NOISE * (chance.random_sample((variant.steps, *series)) - 0.5)
    height = np.sin(2 * np.pi * hour / length + phase) + noise
    value: npt.NDArray[np.float64] = np.round(LEFT_UNDER + (height - _LEAVES) / (_ENTERS - _LEAVES) * (ENTERED_AT - LEFT_UNDER), 3)
    return value
