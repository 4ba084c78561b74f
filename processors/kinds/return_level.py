"""A return level: what the greatest value of a year reaches once in so many years on average, such as a flood of `1 in 5 years`.

OCHA's frameworks for Nepal and Bangladesh state their triggers so (discharge of 1 in 2 and 1 in 5 years). Three methods, all on the
annual maxima of the calendar years (UTC) before the present one:

- `empirical`: the m-th greatest of n maxima has the return period (n + 1) / m (Weibull's plotting position); between two of them the
  level is interpolated in a straight line over the probability. It can tell nothing beyond n + 1 years.
- `gumbel`: Gumbel's distribution by L-moments (Hosking 1990, Journal of the Royal Statistical Society B 52).
- `gev`: the generalised extreme value distribution by L-moments (the same; Hosking and Wallis 1997, Regional Frequency Analysis).

L-moments are computed by scipy. A fit is not asked for more than twice as many years as it was made of: a choice of this project. A year
counts if each of its months has a reading, so that a gap in the rains is not taken for a calm year. With fewer years than `needs`, or
maxima that do not vary, nobody can tell. A new version of a flood model makes all return levels void: the history must be of one.
"""

import math
from collections.abc import Callable, Mapping
from datetime import datetime

import numpy as np

from processors.bounds import Bound
from processors.kinds.kind import Baselined, History, Kind, by_number, least, row
from processors.kinds.periods import DAYS, MONTHS, between
from schemas.inputs import BaselineRow
from schemas.thresholds import BaselineSettings

_EULER = 0.5772156649015329
_MONTHS = 12
_BEYOND = 2
"""How many times the years it was made of a fit is asked for at most."""


def rows(
    area: str, history: History, settings: BaselineSettings, bounds: tuple[Bound, ...], first: datetime, last: datetime
) -> list[BaselineRow]:
    """The rows of one area for the months that begin in [first, last); within a year all are the same.

    Args:
        history: the greatest value of each day.
    """
    whole = annual_maxima(history)
    return [_row(area, month, whole, settings, bounds) for month in between(MONTHS, first, last)]


def annual_maxima(history: History) -> dict[int, float]:
    """Year to its greatest value, of the years with a reading in each month."""
    greatest: dict[int, float] = {}
    months: dict[int, set[int]] = {}
    for key, value in history.items():
        day = DAYS.begin(key)
        greatest[day.year] = max(value, greatest.get(day.year, value))
        months.setdefault(day.year, set()).add(day.month)
    return {year: greatest[year] for year in sorted(greatest) if len(months[year]) == _MONTHS}


def _row(area: str, month: int, whole: Mapping[int, float], settings: BaselineSettings, bounds: tuple[Bound, ...]) -> BaselineRow:
    year, years, method = MONTHS.begin(month).year, settings.years or 1, settings.method or "empirical"
    maxima = [whole[y] for y in range(year - years, year) if y in whole]
    if len(maxima) < least(settings):
        reason = f"{len(maxima)} whole years of the {years} before, {least(settings)} are needed"
        return row(area, MONTHS, month, None, reason)
    level = LEVELS[method](maxima)
    if level is None:
        return row(area, MONTHS, month, None, f"the maxima of {len(maxima)} years do not vary")
    most = len(maxima) + 1 if method == "empirical" else _BEYOND * len(maxima)
    limits = {b.level.word: level(b.number or 0.0) for b in bounds if 1 < (b.number or 0.0) <= most}
    reason = f"{method} of the maxima of {len(maxima)} years"
    if not limits:
        return row(area, MONTHS, month, None, f"{reason} tells no more than 1 in {most} years")
    return row(area, MONTHS, month, limits, reason, {"n": float(len(maxima)), "greatest": max(maxima)})


LevelOf = Callable[[float], float]
"""Return period in years to the level."""


def empirical(maxima: list[float]) -> LevelOf | None:
    """The levels by plotting position."""
    return lambda period: float(np.quantile(maxima, 1 - 1 / period, method="weibull"))


def gumbel(maxima: list[float]) -> LevelOf | None:
    """The levels of Gumbel's distribution; none if the maxima do not vary."""
    parameters = gumbel_parameters(maxima)
    if parameters is None:
        return None
    location, scale = parameters
    return lambda period: location - scale * math.log(_reduced(period))


def gev(maxima: list[float]) -> LevelOf | None:
    """The levels of the generalised extreme value distribution; none if the maxima do not vary."""
    parameters = gev_parameters(maxima)
    if parameters is None:
        return None
    location, scale, shape = parameters
    if abs(shape) < _STRAIGHT:
        return lambda period: location - scale * math.log(_reduced(period))
    return lambda period: location + scale * -math.expm1(shape * math.log(_reduced(period))) / shape


_STRAIGHT = 1e-9


def _reduced(period: float) -> float:
    """The negative logarithm of the probability that a year stays under the level."""
    return -math.log1p(-1 / period)


def gumbel_parameters(maxima: list[float]) -> tuple[float, float] | None:
    """Location and scale by the first two L-moments."""
    from scipy.stats import lmoment

    mean, spread = (float(moment) for moment in lmoment(maxima, order=[1, 2]))
    if spread <= 0:
        return None
    scale = spread / math.log(2)
    return mean - _EULER * scale, scale


def gev_parameters(maxima: list[float]) -> tuple[float, float, float] | None:
    """Location, scale and shape (Hosking's k, positive for an upper limit) by the first three L-moments."""
    from scipy.optimize import brentq
    from scipy.stats import lmoment

    mean, spread, third = (float(moment) for moment in lmoment(maxima, order=[1, 2, 3], standardize=False))
    if spread <= 0:
        return None
    shape = float(brentq(lambda k: 2 * _ratio(k) - 3 - third / spread, -0.999, 50.0, xtol=1e-12))
    if abs(shape) < _STRAIGHT:
        scale = spread / math.log(2)
        return mean - _EULER * scale, scale, 0.0
    gamma = math.gamma(1 + shape)
    scale = spread * shape / (-math.expm1(-shape * math.log(2)) * gamma)
    return mean - scale * (1 - gamma) / shape, scale, shape


def _ratio(shape: float) -> float:
    """(1 - 3^-k) / (1 - 2^-k), which is ln 3 / ln 2 at nought."""
    if abs(shape) < _STRAIGHT:
        return math.log(3) / math.log(2)
    return math.expm1(-shape * math.log(3)) / math.expm1(-shape * math.log(2))


LEVELS: Mapping[str, Callable[[list[float]], LevelOf | None]] = {"empirical": empirical, "gumbel": gumbel, "gev": gev}
KIND = Kind(by_number, "baseline", Baselined(lambda _: DAYS, rows, greatest=True))
