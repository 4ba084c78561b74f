"""Alert for Price Spikes (ALPS): how far a month's price lies above its seasonal trend, in standard deviations of the trend's error.

World Food Programme, VAM (foodprices.vam.wfp.org/alps.aspx). The trend is a straight line and a dummy for each month of the year, fitted
to the months before, the month itself left out. The error's standard deviation has the divisor n - 13: a line's two parameters and eleven
dummies. The trend ignores inflation, and is no sign of scarcity by itself.

It is only admitted as the Programme admits it (ALPS at a glance): at least three years of data (`needs: 36 months`), and a price in at
least 70 of 100 months, from the first one in the window on. That there be one in the last six months holds of itself: the price that is
judged is one. That the food gives at least 5 of 100 parts of the energy that people eat is for the planner to say (`energy: 38 %`).
Otherwise nobody can tell.
"""

from datetime import datetime

import numpy as np

from processors.bounds import Bound
from processors.kinds.kind import Baselined, History, Kind, by_number, row
from processors.kinds.periods import MONTHS, between
from schemas.errors import ConfigurationError
from schemas.inputs import BaselineRow
from schemas.thresholds import BaselineSettings

_PARAMETERS = 13
"""Intercept, slope and eleven months."""
_PRESENT_PERCENT = 70


def rows(
    area: str, history: History, settings: BaselineSettings, bounds: tuple[Bound, ...], first: datetime, last: datetime
) -> list[BaselineRow]:
    """The rows of one area for the months that begin in [first, last).

    Args:
        history: prices by month.

    Raises:
        ConfigurationError: the settings are not those of ALPS.
    """
    words = (settings.needs or "").split()
    if settings.months is None or len(words) != 2 or not words[0].isdigit() or not words[1].startswith("month"):
        raise ConfigurationError("ALPS needs `months` and `needs: 36 months`.", where="baseline")
    months = settings.months
    found = []
    for month in between(MONTHS, first, last):
        before = {m: history[m] for m in range(month - months, month) if m in history}
        found.append(_row(area, month, before, int(words[0]), months, bounds))
    return found


def expected(before: History, month: int) -> tuple[float, float]:
    """The price that the trend of the months before leads to expect, and the standard deviation of its error."""
    design = _design(np.array(list(before), dtype=np.int64), month)
    prices = np.array(list(before.values()), dtype=np.float64)
    parameters = np.linalg.lstsq(design, prices, rcond=None)[0]
    error = prices - design @ parameters
    return float(_design(np.array([month]), month)[0] @ parameters), float(np.sqrt(error @ error / (len(prices) - _PARAMETERS)))


def _design(months: np.ndarray[tuple[int], np.dtype[np.int64]], origin: int) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """A row for each month: one, its distance from `origin`, and eleven dummies."""
    dummies = (months[:, None] % 12 == np.arange(1, 12)[None, :]).astype(np.float64)
    return np.column_stack((np.ones(len(months)), (months - origin).astype(np.float64), dummies))


def _row(area: str, month: int, before: History, needs: int, months: int, bounds: tuple[Bound, ...]) -> BaselineRow:
    refused = _refused(month, before, needs, months)
    if refused:
        return row(area, MONTHS, month, None, refused)
    usual, sd = expected(before, month)
    limits = {b.level.word: usual + (b.number or 0.0) * sd for b in bounds}
    statistics = {"expected": usual, "sd": sd, "n": float(len(before))}
    return row(area, MONTHS, month, limits, f"trend of {len(before)} prices in the {months} months before", statistics)


def _refused(month: int, before: History, needs: int, months: int) -> str:
    """Why the prices before a month are not admitted; empty if they are."""
    if len(before) < max(needs, _PARAMETERS + 1):
        return f"{len(before)} prices in the {months} months before, {needs} are needed"
    if not any(m % 12 == month % 12 for m in before):
        return "no price of the same month of the year"
    since = month - min(before)
    if 100 * len(before) < _PRESENT_PERCENT * since:
        return f"prices in {len(before)} of {since} months, {_PRESENT_PERCENT} of 100 are needed"
    return ""


KIND = Kind(by_number, "baseline", Baselined(lambda _: MONTHS, rows))
