"""What a kind of threshold is to the engine: the bound each level asks for and, if it comes from history, how its rows are made."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Literal

from processors.bounds import Bound
from processors.kinds.periods import Period
from schemas.inputs import BaselineRow
from schemas.levels import Level
from schemas.thresholds import BaselineSettings, Threshold

History = Mapping[int, float]
"""Values of one place by the key of their period; a period without a value is left out, never zero."""
RowsOf = Callable[[str, History, BaselineSettings, tuple[Bound, ...], datetime, datetime], list[BaselineRow]]
"""(area, history, settings, bounds, first, last) to the rows for the periods that begin in [first, last)."""


@dataclass(frozen=True)
class Baselined:
    """A kind whose bounds are rows of a baseline, made outside the step from what was known.

    Attributes:
        period: how the history is cut. rows: what is made of it.
        greatest: of several readings in one period the greatest counts, else the one that begins last.
    """

    period: Callable[[BaselineSettings], Period]
    rows: RowsOf
    greatest: bool = False


@dataclass(frozen=True)
class Reached:
    """A level that a forecast is at if enough of its members reach a quantity.

    Attributes:
        level: which. percent: the share of members that there are. quantity: millionths of the indicator's unit.
        sign: 1 if it is reached from below, -1 from above.
    """

    level: Level
    percent: Decimal
    quantity: int
    sign: int = 1


@dataclass(frozen=True)
class Kind:
    """One kind of threshold.

    Attributes:
        bound: (threshold, level, number) to what the level takes; the number is that of the level's text, in the indicator's unit
            where it is a quantity.
        against: what readings are held against: constants, series that the feed brings, rows of a baseline, the series itself,
            or nothing but the level that the members of a forecast reach.
        baseline: for a kind that is held against a baseline.
        conditions: for a kind of forecasts, what makes its levels.
    """

    bound: Callable[[Threshold, Level, Decimal], Bound]
    against: Literal["constants", "series", "baseline", "itself", "members"]
    baseline: Baselined | None = None
    conditions: "Callable[[Threshold], tuple[Reached, ...]] | None" = None


def by_number(_threshold: Threshold, level: Level, number: Decimal) -> Bound:
    """A bound whose number the kind's baseline turns into a value."""
    return Bound(level, number=float(number))


def row(
    area: str, period: Period, key: int, bounds: Mapping[str, float] | None, reason: str, statistics: Mapping[str, float] | None = None
) -> BaselineRow:
    """The row of one period; without bounds it is not admitted."""
    return BaselineRow(
        area=area,
        start=period.begin(key),
        end=period.begin(key + 1),
        bounds=dict(bounds or {}),
        admitted=bounds is not None,
        reason=reason,
        statistics=dict(statistics or {}),
    )


def least(settings: BaselineSettings, otherwise: int = 1) -> int:
    """How much history `needs` asks for, such as 4 of `4 years`."""
    return int(settings.needs.split()[0]) if settings.needs else otherwise
