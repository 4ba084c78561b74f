"""A change over a span: a river that rose half a metre in three hours, a price half as much again as four weeks ago.

A level is a size: `0.5 m`, or `50 % more` of what the value was. Gauges are watched for their rate of rise because the rise leaves less
time than the level shows (WMO-No. 1072, Manual on Flood Forecasting and Warning); FAO and FEWS NET compare prices with those of a month and
of a year before. With `direction: below` it is a fall.

The value a span ago is that of the reading that ended then; if none did, that on the straight line between the readings on either side
of it. It is unknown, and with it the bound, if there is no reading at or before that moment, or if the two lie further apart than
`stale_after`. A gauge that was declared dead since then starts afresh: what was read before, or while it was dead, tells nothing.
"""

from decimal import Decimal

import numpy as np
import numpy.typing as npt

from processors.bounds import MILLIONTHS, NO_BOUND, Bound, Column
from processors.kinds.kind import Kind
from processors.levels import Declarations
from processors.series import Series
from schemas.levels import Level
from schemas.thresholds import Threshold

_HUNDRED = 100


def bound(threshold: Threshold, level: Level, number: Decimal) -> Bound:
    """The size of the change: millionths of the unit, or parts of a hundred."""
    if "%" in threshold.levels[level.word]:
        return Bound(level, number=float(number))
    return Bound(level, value=round(number * MILLIONTHS))


def change_bounds(
    known: Series, asked: Series, bounds: tuple[Bound, ...], span: int, widest: int, sign: int, declarations: Declarations = ()
) -> Column:
    """The bounds of each reading asked for, one column a level.

    Args:
        known: all readings of the series. asked: some of them.
        span, widest: microseconds: how far back is looked, and how far apart two readings may lie with a line between them.
        sign: 1 for a rise, -1 for a fall.
        declarations: (moment, dead) by people, in order.
    """
    given = known.with_values()
    if declarations:
        given = given.take(~_dead_at(given.starts, declarations))
    ago, told = values_at(given, asked.ends - span, widest)
    if declarations and len(given):
        earlier = given.starts[np.maximum(np.searchsorted(given.ends, asked.ends - span, side="right") - 1, 0)]
        deaths = np.array([at for at, dead in declarations if dead], dtype=np.int64)
        told &= np.searchsorted(deaths, earlier, side="right") == np.searchsorted(deaths, asked.starts, side="right")
    columns = []
    for one in bounds:
        if one.value is not None:
            limit = ago + sign * one.value
        else:
            limit = np.rint(ago * (1 + sign * (one.number or 0.0) / _HUNDRED)).astype(np.int64)
        columns.append(np.where(told, limit, NO_BOUND))
    return np.stack(columns, axis=1)


def _dead_at(moments: Column, declarations: Declarations) -> npt.NDArray[np.bool_]:
    """Whether a person's last word up to each moment is that the gauge is dead."""
    said = np.array([False, *(dead for _, dead in declarations)])
    return said[np.searchsorted(np.array([at for at, _ in declarations], dtype=np.int64), moments, side="right")]


def values_at(given: Series, moments: Column, widest: int) -> tuple[Column, Column]:
    """The value at each moment, and whether it is known.

    Args:
        given: readings that give a value.
    """
    if len(given) == 0:
        return np.zeros(len(moments), dtype=np.int64), np.zeros(len(moments), dtype=bool)
    after = np.searchsorted(given.ends, moments, side="right")
    before = np.maximum(after - 1, 0)
    then = np.minimum(after, len(given) - 1)
    exact = (after > 0) & (given.ends[before] == moments)
    apart = given.ends[then] - given.ends[before]
    told = exact | ((after > 0) & (after < len(given)) & (apart <= widest))
    share = np.divide(moments - given.ends[before], apart, out=np.zeros(len(moments)), where=told & (apart > 0) & ~exact)
    value = given.values[before] + np.rint(share * (given.values[then] - given.values[before])).astype(np.int64)
    return value, told


KIND = Kind(bound, "itself")
