"""The probability that a forecast exceeds a quantity, at a lead time: the share of an ensemble's members that reach it.

So frameworks of anticipatory action are triggered: OCHA Nepal 2021 at 70 % of GloFAS's members over the discharge of 1 in 2 years up to
7 days ahead, the Bangladesh Red Crescent at 50 % of 51 members over that of 1 in 5 years on 3 days in a row. A level is written
`70 % over 1200 m3/s` (or `under`); `forecast` says the lead, how many members there are and must be, and how many steps in a row count.

A member reaches the quantity if so many steps in a row inside the lead do. Members that an issue does not hold are left out of the
share; with fewer than are needed the issue says nothing, and the one before stands until it is stale. An issue is valid at its base
time, from which its leads are counted.
"""

from decimal import Decimal

from processors.bounds import MILLIONTHS, Bound
from processors.kinds.kind import Kind, Reached
from schemas.indicators import CATALOGUE
from schemas.levels import Level
from schemas.threshold_kinds import KIND_FORMS
from schemas.thresholds import Threshold, percent_number, quantity_number


def bound(_threshold: Threshold, level: Level, _number: Decimal) -> Bound:
    """The level itself: what an issue is read as."""
    return Bound(level, value=int(level) * MILLIONTHS)


def conditions(threshold: Threshold) -> tuple[Reached, ...]:
    """What makes each level."""
    form = KIND_FORMS[threshold.kind].levels
    found = []
    for word, text in threshold.levels.items():
        match = form.pattern.match(text) if form is not None else None
        if match is not None:  # one that does not read was refused with the threshold's bounds
            quantity = quantity_number(match["bound"], CATALOGUE[threshold.indicator].unit)
            sign = 1 if match["side"] == "over" else -1
            found.append(Reached(Level.named(word), percent_number(f"{match['share']} %"), round(quantity * MILLIONTHS), sign))
    return tuple(found)


KIND = Kind(bound, "members", conditions=conditions)
