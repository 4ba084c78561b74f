"""The endemic channel: what is usual for a week, or month, of the year, out of the same ones of the years before.

Without a `method`, and by `mean_sd`, a level is the mean and some standard deviations of the counts of the years before, the same
period and, if the threshold says so, both neighbours pooled. The other methods are those that Davis et al. 2011 (Malaria Journal 10,
260; PMC3182978, table 2) set side by side:

- `third_quartile` (WHO): the upper quartile of the same periods. Epidemic years stay in, as they hardly move it. With five years it is
  the second largest count, which is how it is found by hand.
- `cullen` (Cullen et al. 1984, Bulletin of the WHO 62): mean + 2 sd without the years that were epidemics, which the threshold names.
- `c_sum`: mean + 2 sd over the period and both neighbours, so fifteen counts of five years.
- `poisson` (Davis et al.): the upper confidence limit of the mean of counts that are taken for Poisson, exact (Garwood 1936, Biometrika
  28): `upper 95 %` is the upper end of the two-sided interval. It asks for no more than two years, and comes the nearer to the mean the
  more there is: in Davis et al. up to 36 of 100 weeks lay above it.

A period without a count is left out, never zero. With counts of fewer years than `needs` says there is no bound, so it is unknown.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime

import numpy as np

from processors.bounds import Bound
from processors.kinds.kind import Baselined, History, Kind, by_number, row
from processors.kinds.periods import MONTHS, WEEKS, Period, between
from schemas.errors import ConfigurationError
from schemas.inputs import BaselineRow
from schemas.thresholds import WEEKS as SEASONS
from schemas.thresholds import BaselineSettings


def period_of(settings: BaselineSettings) -> Period:
    """Weeks, unless the threshold says months."""
    return MONTHS if settings.period == "month" else WEEKS


def rows(
    area: str, history: History, settings: BaselineSettings, bounds: tuple[Bound, ...], first: datetime, last: datetime
) -> list[BaselineRow]:
    """The rows of one area for the periods that begin in [first, last), and the one that `first` lies in.

    Args:
        history: counts by week or month.

    Raises:
        ConfigurationError: the settings are not those of a channel.
    """
    years, around, needs = _read(settings)
    period, left_out = period_of(settings), set(settings.epidemic_years or ())
    found = []
    for key in between(period, first, last):
        by_year = []
        for n in range(1, years + 1):
            same = period.same_season(key, n, around)
            by_year.append([history[k] for k in same if k in history and _year(period, k) not in left_out])
        counts = [count for year in by_year for count in year]
        with_counts = sum(bool(year) for year in by_year)
        if with_counts < needs or len(counts) <= _divisor_less(settings):
            reason = f"counts of {with_counts} of the {years} years before, {needs} are needed"
            found.append(row(area, period, key, None, reason))
            continue
        limits, statistics = _METHODS[settings.method or "mean_sd"](counts, settings, bounds)
        statistics = {**statistics, "n": float(len(counts)), "years": float(with_counts)}
        reason = f"{len(counts)} {period.word}s of {with_counts} years before"
        found.append(row(area, period, key, limits, reason, statistics))
    return found


def _read(settings: BaselineSettings) -> tuple[int, int, int]:
    around = 1 if settings.method == "c_sum" else SEASONS.get(settings.weeks or "own")
    words = (settings.needs or "1 years").split()
    if settings.years is None or around is None or len(words) != 2 or not words[0].isdigit() or not words[1].startswith("year"):
        raise ConfigurationError(
            "An endemic channel needs `years`, `weeks: own` or `weeks: own and both neighbours`, and `needs: 4 years`.",
            where="baseline",
        )
    return settings.years, around, int(words[0])


def _year(period: Period, key: int) -> int:
    """The year that a period is counted to: that of its fourth day, as ISO weeks are."""
    begin = period.begin(key)
    return begin.isocalendar().year if period is WEEKS else begin.year


def _divisor_less(settings: BaselineSettings) -> int:
    return 1 if settings.sd == "sample" else 0


Limits = tuple[dict[str, float], dict[str, float]]
"""Level word to bound, and what the bounds were computed from."""


def _mean_sd(counts: Sequence[float], settings: BaselineSettings, bounds: tuple[Bound, ...]) -> Limits:
    mean, sd = float(np.mean(counts)), float(np.std(counts, ddof=_divisor_less(settings)))
    return {b.level.word: mean + (b.number or 0.0) * sd for b in bounds}, {"mean": mean, "sd": sd}


def _third_quartile(counts: Sequence[float], _settings: BaselineSettings, bounds: tuple[Bound, ...]) -> Limits:
    quartile, median = float(np.quantile(counts, 0.75)), float(np.median(counts))
    return {b.level.word: quartile for b in bounds}, {"median": median, "third_quartile": quartile}


def _poisson(counts: Sequence[float], _settings: BaselineSettings, bounds: tuple[Bound, ...]) -> Limits:
    total, n = float(np.sum(counts)), len(counts)
    return {b.level.word: upper_poisson(total, n, b.number or 0.0) for b in bounds}, {"rate": total / n}


def upper_poisson(total: float, n: int, percent: float) -> float:
    """The upper end of the exact two-sided confidence interval of a Poisson mean, from `n` counts that add up to `total`."""
    from scipy.special import gammaincinv

    return float(gammaincinv(total + 1, 0.5 + percent / 200)) / n


_METHODS: Mapping[str, Callable[[Sequence[float], BaselineSettings, tuple[Bound, ...]], Limits]] = {
    "mean_sd": _mean_sd,
    "third_quartile": _third_quartile,
    "cullen": _mean_sd,
    "c_sum": _mean_sd,
    "poisson": _poisson,
}
KIND = Kind(by_number, "baseline", Baselined(period_of, rows))
