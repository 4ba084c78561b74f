"""The endemic channel: what is usual for a week of the year, out of the same weeks of the years before.

For each area and week the mean and the standard deviation of the weekly counts of the years before, the same ISO week and, if the
threshold says so, both neighbours pooled (the C-sum of PMC3182978, table 2, by week). A week belongs to the ISO week in which its
fourth day lies, because sources begin their weeks on other days, and changed the day. A neighbour is the week numbered one less or
one more in the same ISO year, so the first and the last week of a year have one neighbour only.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime, timedelta
from typing import cast

import numpy as np
import pandas as pd

from processors.bounds import Bound
from schemas.configuration import BaselineSettings
from schemas.errors import ConfigurationError
from schemas.records import BaselineRow

_WEEK = timedelta(days=7)
_NEIGHBOURS = {"own": (0,), "own and both neighbours": (-1, 0, 1)}


def monday_of(start: datetime) -> date:
    """The Monday of the ISO week that a week beginning at `start` (UTC) belongs to."""
    middle = (start + timedelta(days=3)).date()
    return middle - timedelta(days=middle.weekday())


def rows(
    area: str, history: "pd.Series[float]", settings: BaselineSettings, bounds: tuple[Bound, ...], first: datetime, last: datetime
) -> list[BaselineRow]:
    """The rows of one area for the ISO weeks that begin in [first, last).

    Args:
        history: counts by the Monday (date) of their ISO week; a week without a count is left out, never zero.

    Raises:
        ConfigurationError: the settings are not those of a channel.
    """
    years, offsets, needs, ddof = _read(settings)
    monday = first.date() - timedelta(days=first.weekday())
    known = cast(dict[date, float], history.to_dict())
    found = []
    while datetime(monday.year, monday.month, monday.day, tzinfo=UTC) < last:
        by_year = [_counts(known, monday, n, offsets) for n in range(1, years + 1)]
        counts = [count for year in by_year for count in year]
        with_counts = sum(bool(year) for year in by_year)
        found.append(_row(area, monday, counts, with_counts, needs, ddof, bounds, years))
        monday += _WEEK
    return found


def _read(settings: BaselineSettings) -> tuple[int, tuple[int, ...], int, int]:
    offsets = _NEIGHBOURS.get(settings.weeks or "own")
    words = (settings.needs or "1 years").split()
    if settings.years is None or offsets is None or len(words) != 2 or not words[0].isdigit() or not words[1].startswith("year"):
        raise ConfigurationError(
            "An endemic channel needs `years`, `weeks: own` or `weeks: own and both neighbours`, and `needs: 4 years`.",
            where="baseline",
        )
    return settings.years, offsets, int(words[0]), 1 if settings.sd == "sample" else 0


def _counts(history: Mapping[date, float], monday: date, years: int, offsets: tuple[int, ...]) -> list[float]:
    """The counts of the weeks of an earlier year that stand for the week of `monday`."""
    year, week, _ = monday.isocalendar()
    last = date(year - years, 12, 28).isocalendar().week
    weeks = [date.fromisocalendar(year - years, week + n, 1) for n in offsets if 1 <= week + n <= last]
    return [float(history[monday]) for monday in weeks if monday in history]


def _row(
    area: str, monday: date, counts: list[float], with_counts: int, needs: int, ddof: int, bounds: tuple[Bound, ...], years: int
) -> BaselineRow:
    start = datetime(monday.year, monday.month, monday.day, tzinfo=UTC)
    admitted = with_counts >= needs and len(counts) > ddof
    if not admitted:
        reason = f"counts of {with_counts} of the {years} years before, {needs} are needed"
        return BaselineRow(area=area, start=start, end=start + _WEEK, bounds={}, admitted=False, reason=reason)
    mean, sd = float(np.mean(counts)), float(np.std(counts, ddof=ddof))
    return BaselineRow(
        area=area,
        start=start,
        end=start + _WEEK,
        bounds={b.level.word: mean + (b.deviations or 0.0) * sd for b in bounds},
        admitted=True,
        reason=f"{len(counts)} weeks of {with_counts} years before",
        statistics={"mean": mean, "sd": sd, "n": float(len(counts)), "years": float(with_counts)},
    )
