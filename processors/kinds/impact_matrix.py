"""Impact against likelihood: how grave what is forecast would be, and how likely it is, give the colour.

WMO-No. 1150 (guidelines on impact-based forecast and warning services) asks for warnings of what the weather will do. Impacts are
quantities (of medium impact from 6 m on), likelihoods are shares of an ensemble's members, and the cells are the country's own: the
matrices of the guidelines are examples. Taggart and Wilke 2025 (NHESS 25, 2657) show what naive matrices do; one in which a graver
impact, or a greater likelihood, would have a lower colour is refused. Each impact has the greatest likelihood that its share of members
reaches, and the gravest colour of all counts. Lead, members and steps in a row are as in `exceedance`.
"""

from processors.bounds import MILLIONTHS
from processors.kinds.exceedance import bound
from processors.kinds.kind import Kind, Reached
from schemas.indicators import CATALOGUE
from schemas.levels import Level
from schemas.thresholds import Threshold, percent_number, quantity_number


def conditions(threshold: Threshold) -> tuple[Reached, ...]:
    """What makes each level: the cells of the matrix that have a colour."""
    matrix = threshold.matrix
    unit = CATALOGUE[threshold.indicator].unit
    cells = [(i, j, word) for i, row in matrix.cells.items() for j, word in row.items()] if matrix is not None else []
    return tuple(
        Reached(
            Level.named(word),
            percent_number(matrix.likelihoods[likelihood]),
            round(quantity_number(matrix.impacts[impact], unit) * MILLIONTHS),
        )
        for impact, likelihood, word in cells
        if matrix is not None and word != "green"
    )


KIND = Kind(bound, "members", conditions=conditions)
