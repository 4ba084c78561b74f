"""EARS C1, C2 and C3: whether a count is unusual beside the few periods just before it; no years of history are needed.

The Early Aberration Reporting System of CDC (Hutwagner et al. 2003, Journal of Urban Health 80; Fricker et al. 2008, Statistics in
Medicine 27, 3407; the manual of `earsC` in the R package `surveillance`). With Y the counts and a window of 7 periods:

- `C1`: mean and standard deviation of the window that ends one period before; the bound is mean + k sd.
- `C2`: the same of the window that ends three periods before, so that the beginning of an outbreak does not hide the rest of it.
- `C3`: the sum of max(0, C2 - 1) over the period and the two before it reaches k, where C2 is (Y - mean) / sd. Out of the two
  statistics before follows the bound of the period: mean + (1 + k - their sum) sd; if they alone reach k, any count is at the level.

Originally k is 3 for C1 and C2 and 2 for C3. The upper bound that `surveillance` 1.26 gives for C3 is another: its code counts it from the
observed count and not from the mean, its manual leaves out the 1 that is taken off the period's own C2; the statistics are the same.

A window with a gap, or one without variation (unless `least_sd` says how little there is at least; Burkom suggests 0.5 to 1 for sparse
counts), gives no bound: nobody can tell. Fricker et al. found CUSUM to do better than any of the three.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

import numpy as np

from processors.bounds import Bound
from processors.kinds.kind import Baselined, History, Kind, by_number, row
from processors.kinds.periods import DAYS, MONTHS, WEEKS, Period, between
from schemas.inputs import BaselineRow
from schemas.thresholds import BaselineSettings

_PERIODS: Mapping[str, Period] = {"day": DAYS, "week": WEEKS, "month": MONTHS}
_WINDOW = 7
_GAP = {"C1": 0, "C2": 2, "C3": 2}
_ADDED = (1, 2)
"""How many periods before its own C3 adds statistics of."""


@dataclass(frozen=True)
class Window:
    """What is usual for a period, from the window before it."""

    mean: float
    sd: float

    def statistic(self, count: float) -> float:
        """How far a count lies above it, in standard deviations."""
        return (count - self.mean) / self.sd


def period_of(settings: BaselineSettings) -> Period:
    """The periods that the threshold says."""
    return _PERIODS[settings.period or "week"]


def rows(
    area: str, history: History, settings: BaselineSettings, bounds: tuple[Bound, ...], first: datetime, last: datetime
) -> list[BaselineRow]:
    """The rows of one area for the periods that begin in [first, last), as far ahead as a window is whole.

    Args:
        history: counts by period.
    """
    period, method = period_of(settings), settings.method or "C1"
    ahead = max(history, default=-1) + 1 + (_GAP[method] if method != "C3" else 0)
    return [_row(area, history, key, settings, method, bounds) for key in between(period, first, last) if key <= ahead]


def window(history: History, key: int, method: str, settings: BaselineSettings) -> Window | str:
    """The window before a period, or why there is none."""
    size = settings.window or _WINDOW
    end = key - _GAP[method]
    counts = [history[k] for k in range(end - size, end) if k in history]
    if len(counts) < size:
        return f"{len(counts)} of the {size} {period_of(settings).word}s of the window have a count"
    sd = max(float(np.std(counts, ddof=1)), settings.least_sd or 0.0)
    if sd == 0.0:
        return f"the counts of the window are all {counts[0]:g}; `least_sd` would say what is unusual then"
    return Window(float(np.mean(counts)), sd)


def _row(area: str, history: History, key: int, settings: BaselineSettings, method: str, bounds: tuple[Bound, ...]) -> BaselineRow:
    period = period_of(settings)
    own = window(history, key, method, settings)
    if isinstance(own, str):
        return row(area, period, key, None, own)
    if method != "C3":
        limits = {b.level.word: own.mean + (b.number or 0.0) * own.sd for b in bounds}
        reason = f"{method} of {settings.window or _WINDOW} {period.word}s"
        return row(area, period, key, limits, reason, {"mean": own.mean, "sd": own.sd})
    before = _before(history, key, settings)
    if isinstance(before, str):
        return row(area, period, key, None, before)
    limits = {b.level.word: _c3_bound(own, (b.number or 0.0) - before) for b in bounds}
    statistics = {"c2_mean": own.mean, "c2_sd": own.sd, "sum_before": before}
    return row(area, period, key, limits, f"C3 of {settings.window or _WINDOW} {period.word}s and the two before", statistics)


def _before(history: History, key: int, settings: BaselineSettings) -> float | str:
    """The sum of max(0, C2 - 1) over the two periods before, or why it cannot be told."""
    total = 0.0
    for lag in _ADDED:
        earlier = window(history, key - lag, "C3", settings)
        if isinstance(earlier, str):
            return f"{lag} before: {earlier}"
        if key - lag not in history:
            return f"the {period_of(settings).word} {lag} before has no count"
        total += max(0.0, earlier.statistic(history[key - lag]) - 1)
    return total


def _c3_bound(own: Window, lacking: float) -> float:
    return own.mean + (1 + lacking) * own.sd if lacking > 0 else 0.0


KIND = Kind(by_number, "baseline", Baselined(period_of, rows))
