"""Alert for Price Spikes (ALPS): how far a month's price lies above its seasonal trend, in standard deviations of the trend's error.

The trend is a straight line and a dummy for each month of the year, fitted to the months before, the month itself left out. The
error's standard deviation has the divisor n - 13: a line's two parameters and eleven dummies. The trend ignores inflation, and is no
sign of scarcity by itself.
"""

from datetime import UTC, datetime

import numpy as np
import pandas as pd

from processors.bounds import Bound
from schemas.configuration import BaselineSettings
from schemas.errors import ConfigurationError
from schemas.records import BaselineRow

_PARAMETERS = 13
"""Intercept, slope and eleven months."""


def month_of(start: datetime, end: datetime) -> int:
    """The month in which a period's middle lies, counted from year 0."""
    middle = start + (end - start) / 2
    return middle.year * 12 + middle.month - 1


def rows(
    area: str, history: "pd.Series[float]", settings: BaselineSettings, bounds: tuple[Bound, ...], first: datetime, last: datetime
) -> list[BaselineRow]:
    """The rows of one area for the months that begin in [first, last).

    Args:
        history: prices by month (`month_of`); a month without a price is left out.

    Raises:
        ConfigurationError: the settings are not those of ALPS.
    """
    words = (settings.needs or "").split()
    if settings.months is None or len(words) != 2 or not words[0].isdigit() or not words[1].startswith("month"):
        raise ConfigurationError("ALPS needs `months` and `needs: 36 months`.", where="baseline")
    found, month = [], first.year * 12 + first.month - 1
    while _begin(month) < last:
        before = history[(history.index >= month - settings.months) & (history.index < month)]
        found.append(_row(area, month, before, int(words[0]), settings.months, bounds))
        month += 1
    return found


def expected(before: "pd.Series[float]", month: int) -> tuple[float, float]:
    """The price that the trend of the months before leads to expect, and the standard deviation of its error."""
    months = before.index.to_numpy(dtype=np.int64)
    design = _design(months, month)
    prices = before.to_numpy(dtype=np.float64)
    parameters = np.linalg.lstsq(design, prices, rcond=None)[0]
    error = prices - design @ parameters
    return float(_design(np.array([month]), month)[0] @ parameters), float(np.sqrt(error @ error / (len(prices) - _PARAMETERS)))


def _design(months: np.ndarray[tuple[int], np.dtype[np.int64]], origin: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """A row for each month: one, its distance from `origin`, and eleven dummies."""
    dummies = (months[:, None] % 12 == np.arange(1, 12)[None, :]).astype(np.float64)
    return np.column_stack((np.ones(len(months)), (months - origin).astype(np.float64), dummies))


def _begin(month: int) -> datetime:
    return datetime(month // 12, month % 12 + 1, 1, tzinfo=UTC)


def _row(area: str, month: int, before: "pd.Series[float]", needs: int, months: int, bounds: tuple[Bound, ...]) -> BaselineRow:
    start, end = _begin(month), _begin(month + 1)
    same = int((before.index.to_numpy() % 12 == month % 12).sum())
    if len(before) < max(needs, _PARAMETERS + 1) or same == 0:
        reason = f"{len(before)} prices in the {months} months before, {needs} are needed"
        if same == 0 and len(before) >= needs:
            reason = "no price of the same month of the year"
        return BaselineRow(area=area, start=start, end=end, bounds={}, admitted=False, reason=reason)
    usual, sd = expected(before, month)
    return BaselineRow(
        area=area,
        start=start,
        end=end,
        bounds={b.level.word: usual + (b.deviations or 0.0) * sd for b in bounds},
        admitted=True,
        reason=f"trend of {len(before)} prices in the {months} months before",
        statistics={"expected": usual, "sd": sd, "n": float(len(before))},
    )
