"""A percentile of the season: a value that so many of a hundred values of the same time of the year lie under.

Teklehaimanot et al. 2004 (Emerging Infectious Diseases 10) found simple weekly percentiles to detect malaria epidemics as well as any
harder method; ETCCDI's indices of heat and rain, and the drought classes of the United States Drought Monitor, are percentiles of the
season as well. The season is the same day, week or month of each of the `years` before, and `window` periods on either side of it.

Between two values it is interpolated in a straight line (definition 7 of Hyndman and Fan 1996, The American Statistician 50), so that
the 75th of five values is the second largest. With n values no percentile under 100/(n+1) or over 100 n/(n+1) can be told from the least or
the greatest, and that level has no bound; with values of fewer years than `needs` none has.
"""

from collections.abc import Mapping
from datetime import datetime

import numpy as np

from processors.bounds import Bound
from processors.kinds.kind import Baselined, History, Kind, by_number, least, row
from processors.kinds.periods import DAYS, MONTHS, WEEKS, Period, between
from schemas.inputs import BaselineRow
from schemas.thresholds import BaselineSettings

_PERIODS: Mapping[str, Period] = {"day": DAYS, "week": WEEKS, "month": MONTHS}


def period_of(settings: BaselineSettings) -> Period:
    """The periods that the threshold says."""
    return _PERIODS[settings.period or "day"]


def rows(
    area: str, history: History, settings: BaselineSettings, bounds: tuple[Bound, ...], first: datetime, last: datetime
) -> list[BaselineRow]:
    """The rows of one area for the periods that begin in [first, last), and the one that `first` lies in."""
    period, years, around = period_of(settings), settings.years or 1, settings.window or 0
    found = []
    for key in between(period, first, last):
        by_year = [[history[k] for k in period.same_season(key, n, around) if k in history] for n in range(1, years + 1)]
        values = [value for year in by_year for value in year]
        with_values = sum(bool(year) for year in by_year)
        if with_values < least(settings):
            reason = f"values of {with_values} of the {years} years before, {least(settings)} are needed"
            found.append(row(area, period, key, None, reason))
            continue
        limits = {b.level.word: percentile(values, b.number or 0.0) for b in bounds if told(len(values), b.number or 0.0)}
        reason = f"{len(values)} values of {with_values} years before"
        if not limits:
            found.append(row(area, period, key, None, f"{reason} are too few to tell such a percentile"))
            continue
        statistics = {"median": float(np.median(values)), "n": float(len(values)), "years": float(with_values)}
        found.append(row(area, period, key, limits, reason, statistics))
    return found


def percentile(values: list[float], percent: float) -> float:
    """The value that so many of a hundred lie under."""
    return float(np.quantile(values, percent / 100))


def told(n: int, percent: float) -> bool:
    """Whether n values can tell a percentile from the least and the greatest of them."""
    return 100 <= percent * (n + 1) <= 100 * n


KIND = Kind(by_number, "baseline", Baselined(period_of, rows))
