"""What the readings of a threshold at a place are held against, reading by reading."""

from collections.abc import Mapping

import numpy as np

from processors.bounds import MILLIONTHS, NO_BOUND, Column, baseline_bounds, fixed_bounds, step_bounds
from processors.kinds import KINDS
from processors.kinds.rate_of_change import change_bounds
from processors.plan import Plan
from processors.series import Series
from processors.timelines import micros
from processors.tracks import BoundsOf, Track, step_columns
from schemas.inputs import BaselineRow
from schemas.thresholds import Threshold

Baselines = Mapping[str, Mapping[str, tuple[BaselineRow, ...]]]
"""Threshold to place to the rows in force."""


def bounds_for(plan: Plan, baselines: Baselines, threshold: str, place: str) -> BoundsOf:
    """The bounds of a threshold at a place: what its kind says, unless the place has another datum, or somebody set another value there."""
    watched = plan.thresholds[threshold]
    usual = _usual(plan, baselines, watched, place)
    if watched.datum is not None and plan.datums.get(place) != watched.datum:
        usual = _never_compared(len(plan.bounds[threshold]))
    set_here = plan.overridden.get((threshold, place))
    return usual if set_here is None else _with(usual, set_here)


def _usual(plan: Plan, baselines: Baselines, watched: Threshold, place: str) -> BoundsOf:
    """What the kind says: constants, the station's own levels, the rows of a baseline, or the series itself a span ago."""
    bounds = plan.bounds[watched.name]
    match KINDS[watched.kind].against:
        case "constants" | "members":
            return lambda _track, series: fixed_bounds(bounds, len(series))
        case "series":
            return lambda track, series: step_bounds(series.starts, step_columns(track.steps))
        case "itself":
            span, widest = micros(watched.span) if watched.span is not None else 0, micros(watched.stale_after)
            sign = 1 if watched.direction == "above" else -1
            return lambda track, series: change_bounds(track.series, series, bounds, span, widest, sign, track.declarations)
        case "baseline":
            rows = baselines.get(watched.name, {}).get(place, ())
            return lambda _track, series: baseline_bounds(series.starts, series.ends, rows, bounds)


def shown_bound(plan: Plan, threshold: str, number: int, bound: int) -> float | None:
    """A bound as it is shown beside a reading: in the indicator's unit, for a forecast the quantity that a member must reach.

    Args:
        number: the level, by its place among the defined ones. bound: millionths, or NO_BOUND.
    """
    conditions = KINDS[plan.thresholds[threshold].kind].conditions
    if conditions is None:
        return bound / MILLIONTHS if bound != NO_BOUND else None
    level = plan.bounds[threshold][number].level
    quantities = {one.quantity for one in conditions(plan.thresholds[threshold]) if one.level == level}
    return quantities.pop() / MILLIONTHS if len(quantities) == 1 else None


def _never_compared(levels: int) -> BoundsOf:
    """No bounds: levels above one zero say nothing of readings above another."""
    return lambda _track, series: np.full((len(series), levels), NO_BOUND, dtype=np.int64)


def _with(usual: BoundsOf, set_here: Mapping[int, int]) -> BoundsOf:
    """Bounds with other values for some levels, by their place among the defined ones."""

    def bounds_of(track: Track, series: Series) -> Column:
        found = usual(track, series)
        for number, value in set_here.items():
            found[:, number] = value
        return found

    return bounds_of
