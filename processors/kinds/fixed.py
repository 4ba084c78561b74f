"""A fixed number: a level is a quantity, the same at every place and at all times.

Sources are the countries' own tables, such as the rain of a day that the National Building Research Organisation of Sri Lanka warns of
landslides at; each threshold names its own in `document`.
"""

from decimal import Decimal

from processors.bounds import MILLIONTHS, Bound
from processors.kinds.kind import Kind
from schemas.levels import Level
from schemas.thresholds import Threshold


def bound(_threshold: Threshold, level: Level, number: Decimal) -> Bound:
    """The quantity itself."""
    return Bound(level, value=round(number * MILLIONTHS))


KIND = Kind(bound, "constants")
