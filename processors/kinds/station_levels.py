"""A station's own levels: the feed brings them beside the readings (`river_level.orange`), and they hold from their own time on.

That is how gauges of DHM Nepal, FFWC Bangladesh and the Irrigation Department of Sri Lanka are read: danger levels differ by gauge and
are changed, so that a table of ours would be wrong soon. A null level, or none, leaves that level unknown. `datum` says what the
levels are measured from; two datums are never compared (Bahadurabad: 19.50 m in one, 19.05 m in the other).
"""

from decimal import Decimal

from processors.bounds import Bound
from processors.kinds.kind import Kind
from schemas.levels import Level
from schemas.thresholds import Threshold


def bound(threshold: Threshold, level: Level, _number: Decimal) -> Bound:
    """The series that brings the level."""
    return Bound(level, series=f"{threshold.indicator}.{level.word}")


KIND = Kind(bound, "series")
