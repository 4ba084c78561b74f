"""What the readings of a threshold at a place are held against, reading by reading."""

from collections.abc import Mapping

from processors.bounds import baseline_bounds, fixed_bounds, step_bounds
from processors.kinds import KINDS
from processors.plan import Plan
from processors.tracks import BoundsOf, step_columns
from schemas.records import BaselineRow


def bounds_for(plan: Plan, baselines: Mapping[str, Mapping[str, tuple[BaselineRow, ...]]], threshold: str, place: str) -> BoundsOf:
    """The bounds of a threshold at a place: constants, the station's own levels, or the rows of a baseline."""
    bounds = plan.bounds[threshold]
    against = KINDS[plan.thresholds[threshold].kind].against
    if against == "constants":
        return lambda _track, series: fixed_bounds(bounds, len(series))
    if against == "series":
        return lambda track, series: step_bounds(series.starts, step_columns(track.steps))
    rows = baselines.get(threshold, {}).get(place, ())
    return lambda _track, series: baseline_bounds(series.starts, series.ends, rows, bounds)
