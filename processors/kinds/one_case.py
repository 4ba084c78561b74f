"""One case is enough: cholera, measles, acute flaccid paralysis, yellow fever, viral haemorrhagic fevers.

UNHCR Emergency Handbook, "Disease surveillance thresholds": for these a single case is an alert that must be looked into. No history
is needed, and a count of nought is lower.
"""

from decimal import Decimal

from processors.bounds import MILLIONTHS, Bound
from processors.kinds.kind import Kind
from schemas.levels import Level
from schemas.thresholds import Threshold


def bound(_threshold: Threshold, level: Level, _number: Decimal) -> Bound:
    """One of whatever is counted."""
    return Bound(level, value=MILLIONTHS)


KIND = Kind(bound, "constants")
