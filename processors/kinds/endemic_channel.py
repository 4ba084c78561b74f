"""The endemic channel: what is usual for a week of the year, out of the same weeks of the years before.

For each area and week the mean and the standard deviation of the weekly counts of the years before, the same ISO week and, if the
threshold says so, both neighbours pooled (the C-sum of PMC3182978, table 2, by week).
"""

from datetime import datetime

import numpy as np

from processors.bounds import Bound
from processors.kinds.kind import Baselined, History, Kind, by_number, row
from processors.kinds.periods import WEEKS, between
from schemas.errors import ConfigurationError
from schemas.records import BaselineRow
from schemas.thresholds import WEEKS as SEASONS
from schemas.thresholds import BaselineSettings


def rows(
    area: str, history: History, settings: BaselineSettings, bounds: tuple[Bound, ...], first: datetime, last: datetime
) -> list[BaselineRow]:
    """The rows of one area for the ISO weeks that begin in [first, last), and the one that `first` lies in.

    Args:
        history: counts by week.

    Raises:
        ConfigurationError: the settings are not those of a channel.
    """
    years, around, needs = _read(settings)
    found = []
    for week in between(WEEKS, first, last):
        by_year = [[history[w] for w in WEEKS.same_season(week, n, around) if w in history] for n in range(1, years + 1)]
        counts = [count for year in by_year for count in year]
        found.append(_row(area, week, counts, sum(bool(year) for year in by_year), needs, settings, bounds))
    return found


def _read(settings: BaselineSettings) -> tuple[int, int, int]:
    around = SEASONS.get(settings.weeks or "own")
    words = (settings.needs or "1 years").split()
    if settings.years is None or around is None or len(words) != 2 or not words[0].isdigit() or not words[1].startswith("year"):
        raise ConfigurationError(
            "An endemic channel needs `years`, `weeks: own` or `weeks: own and both neighbours`, and `needs: 4 years`.",
            where="baseline",
        )
    return settings.years, around, int(words[0])


def _row(
    area: str, week: int, counts: list[float], with_counts: int, needs: int, settings: BaselineSettings, bounds: tuple[Bound, ...]
) -> BaselineRow:
    ddof = 1 if settings.sd == "sample" else 0
    if with_counts < needs or len(counts) <= ddof:
        return row(area, WEEKS, week, None, f"counts of {with_counts} of the {settings.years} years before, {needs} are needed")
    mean, sd = float(np.mean(counts)), float(np.std(counts, ddof=ddof))
    limits = {b.level.word: mean + (b.number or 0.0) * sd for b in bounds}
    statistics = {"mean": mean, "sd": sd, "n": float(len(counts)), "years": float(with_counts)}
    return row(area, WEEKS, week, limits, f"{len(counts)} weeks of {with_counts} years before", statistics)


KIND = Kind(by_number, "baseline", Baselined(lambda _: WEEKS, rows))
