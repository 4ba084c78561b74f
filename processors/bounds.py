"""What it takes to meet a level: quantities and baselines as people write them, and as numbers to compare with.

Values and bounds are compared as decimals: both are whole millionths of the indicator's unit.
"""

from dataclasses import dataclass
from datetime import timedelta

import numpy as np
import numpy.typing as npt

from processors.timelines import micros
from schemas.errors import ConfigurationError
from schemas.indicators import CATALOGUE
from schemas.inputs import BaselineRow
from schemas.levels import Level
from schemas.thresholds import quantity_number

Column = npt.NDArray[np.int64]
MILLIONTHS = 1_000_000
LONGEST_PERIOD = timedelta(days=31)
"""Of a reading that is held against a baseline."""
NO_BOUND = -(2**62)
"""In a column of bounds: nobody knows it."""


@dataclass(frozen=True)
class Bound:
    """What one level takes.

    Attributes:
        level: which.
        value: millionths of the indicator's unit, for a fixed bound.
        number: what the level's text asks of a baseline: standard deviations, a percentile, years.
        series: the indicator that brings it, for a station's own level.
    """

    level: Level
    value: int | None = None
    number: float | None = None
    series: str | None = None


def millionths(value: float) -> int:
    """A value as a decimal of six places."""
    return round(value * MILLIONTHS)


def quantity(text: str, indicator: str, where: str = "", *, difference: bool = False) -> int:
    """`0.10 m` as millionths of the indicator's unit; another unit of the same dimension is converted.

    Args:
        difference: it is how far two values lie apart.

    Raises:
        ConfigurationError: no number, no unit, or one of another dimension.
    """
    unit = CATALOGUE[indicator].unit
    try:
        return round(quantity_number(text, unit, difference=difference) * MILLIONTHS)
    except ValueError as error:
        raise ConfigurationError(f"{error}", where=where, remedy=f"Write a number and `{unit}`.") from error


def fixed_bounds(bounds: tuple[Bound, ...], count: int) -> Column:
    """The same bounds for each of `count` readings, one column a level."""
    return np.tile(np.array([b.value for b in bounds], dtype=np.int64), (count, 1))


def step_bounds(starts: Column, steps: tuple[tuple[Column, Column], ...]) -> Column:
    """Bounds that are series themselves: at each reading the last step at or before it; before the first nobody knows.

    Args:
        steps: for each level its (starts, values), with NO_BOUND for a null.
    """
    columns = []
    for step_starts, values in steps:
        before = np.concatenate((np.array([NO_BOUND], dtype=np.int64), values))
        columns.append(before[np.searchsorted(step_starts, starts, side="right")])
    return np.stack(columns, axis=1)


def baseline_bounds(starts: Column, ends: Column, rows: tuple[BaselineRow, ...], bounds: tuple[Bound, ...]) -> Column:
    """Bounds of the baseline's row in which the middle of each reading's period lies; none there, or not admitted: nobody knows.

    Where rows overlap, the newest holds.
    """
    found = np.full((len(starts), len(bounds)), NO_BOUND, dtype=np.int64)
    middles = starts + (ends - starts) // 2
    for row in rows:
        inside = (middles >= micros(row.start)) & (middles < micros(row.end))
        if inside.any() and row.admitted:
            found[inside] = [millionths(row.bounds[b.level.word]) if b.level.word in row.bounds else NO_BOUND for b in bounds]
        elif inside.any():
            found[inside] = NO_BOUND
    return found


def replaced(rows: tuple[BaselineRow, ...], by: tuple[BaselineRow, ...]) -> tuple[BaselineRow, ...]:
    """Rows of one area after a newer baseline, the newest last: those of the same period are replaced."""
    periods = {(row.start, row.end) for row in by}
    return tuple(row for row in rows if (row.start, row.end) not in periods) + tuple(sorted(by, key=lambda r: (r.start, r.end)))


def needed(rows: tuple[BaselineRow, ...], oldest: int) -> tuple[BaselineRow, ...]:
    """Rows of one place without those that no reading is held against any more; the newest that is admitted says that the place counts.

    Args:
        oldest: the earliest moment of a period that may still be judged, microseconds.
    """
    admits = next((row for row in reversed(rows) if row.admitted), None)
    return tuple([row for row in rows if row is admits or micros(row.end) > oldest])
