"""Forecasts of an ensemble, kept by member, and turned into one derived reading for each issue: the level that its members reach."""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from processors.batch_columns import BatchColumns
from processors.bounds import MILLIONTHS, Column
from processors.kinds import KINDS
from processors.kinds.kind import Reached
from processors.levels import Settings
from processors.series import NULL, Rank, Rows, Series, empty, inserted, joined
from processors.timelines import micros
from processors.tracks import BoundsOf, Track, fold_if_many, judged_anew
from schemas.errors import ConfigurationError
from schemas.thresholds import Forecast, Threshold

_HUNDRED = 100


@dataclass(frozen=True)
class Peak:
    """What one member of an issue reaches, by how much and in which reading."""

    value: int
    source: int
    row: int


def member_series(columns: BatchColumns, rows: Rows, number: int) -> dict[int, Series]:
    """Member to its rows of a batch: each begins at the base time of its issue and ends at the time it is a forecast for."""
    found: dict[int, Series] = {}
    members = columns.members[rows]
    for member in np.unique(members).tolist():
        own = rows[members == member]
        bases = columns.ends[own] - columns.leads[own]
        unsorted = Series(
            bases, columns.ends[own], columns.values[own], columns.issued[own], columns.received[own],
            np.full(len(own), number, dtype=np.int32), own,
        )  # fmt: skip
        found[max(int(member), 0)] = unsorted.take(np.lexsort((bases, columns.ends[own])))
    return found


def take_forecasts(
    track: Track, new: Mapping[int, Series], threshold: Threshold, settings: Settings, bounds_of: BoundsOf, rank: Rank, now: int
) -> Track:
    """The track with new rows of an ensemble; every issue that they belong to is read again as a whole.

    What an issue is read as depends on its rows alone, never on how they were cut into records. Issues whose base lies before the
    horizon have no effect, and their rows are let go of.
    """
    oldest = now - settings.horizon - settings.delay
    steps = [one.take(one.starts >= oldest) for one in track.steps]
    touched: set[int] = set()
    heard = track.heard
    for member, rows in sorted(new.items()):
        inside = rows.take(rows.starts >= oldest)
        if len(inside):
            steps += [empty()] * (member + 1 - len(steps))
            steps[member], _ = inserted(steps[member], inside, rank)
            touched.update(np.unique(inside.starts).tolist())
            heard = heard or bool(np.any(inside.values != NULL))
    if not touched:
        return track
    kept = track.series.take(~np.isin(track.series.starts, np.array(sorted(touched), dtype=np.int64)))
    derived = [_derived(steps, base, threshold) for base in sorted(touched)]
    series = kept
    for one in derived:
        series = joined(series, one)
    series = series.take(np.lexsort((series.starts, series.ends)))
    # What the members say is kept apart while issues are judged for good: it is no bound that they are held against.
    issues = judged_anew(replace(track, series=series, steps=(), heard=heard), settings, bounds_of)
    return replace(fold_if_many(issues, settings, bounds_of, now), steps=tuple(steps))


def _derived(steps: Sequence[Series], base: int, threshold: Threshold) -> Series:
    """One issue as a reading at its base time; the row it points to is the member that decides."""
    forecast = threshold.forecast
    conditions = KINDS[threshold.kind].conditions
    own = [one.take(one.starts == base) for one in steps]
    if forecast is None or conditions is None:
        raise ConfigurationError(f"{threshold.kind} is no kind of forecasts.", where=f"threshold {threshold.name}")
    level, decides = reached(own, base, forecast, conditions(threshold))
    every = joined_all(own)
    source, row = (decides.source, decides.row) if decides is not None else (int(every.sources[0]), int(every.rows[0]))

    def one(value: int) -> Column:
        return np.array([value], dtype=np.int64)

    return Series(
        one(base), one(base), one(NULL if level is None else level * MILLIONTHS),
        one(int(every.issued.max())), one(int(every.received.max())),
        np.array([source], dtype=np.int32), np.array([row], dtype=np.int32),
    )  # fmt: skip


def joined_all(parts: Sequence[Series]) -> Series:
    """All rows of an issue, one member after the other."""
    found = empty()
    for part in parts:
        found = joined(found, part)
    return found


def reached(members: Sequence[Series], base: int, forecast: Forecast, conditions: Sequence[Reached]) -> tuple[int | None, Peak | None]:
    """The highest level that an issue reaches, and the member that decides it; no level if too few members are there."""
    steps, there = forecast.steps or 1, _there(members, base, forecast)
    if len(there) < forecast.least:
        return None, None
    best = 0
    for condition in conditions:
        if int(condition.level) > best and _deciding(there, steps, condition) is not None:
            best = int(condition.level)
    told = [c for c in conditions if int(c.level) == best] or sorted(conditions, key=lambda c: c.level)[:1]
    found = [peak for c in told if (peak := _deciding(there, steps, c)) is not None]
    return best, found[0] if found else _ranked(there, steps, told[0])


def share_of(members: Sequence[Series], base: int, forecast: Forecast, condition: Reached) -> float:
    """The share of an issue's members that reach a quantity; NaN if too few members are there."""
    steps, there = forecast.steps or 1, _there(members, base, forecast)
    if len(there) < forecast.least:
        return math.nan
    peaks = [_peak(one, steps, condition.sign) for one in there]
    return sum(condition.sign * peak.value >= condition.sign * condition.quantity for peak in peaks) / len(peaks)


def _there(members: Sequence[Series], base: int, forecast: Forecast) -> list[Series]:
    """The members that say something of enough steps inside the lead, each as far as it does."""
    shortest, longest = (micros(lead) for lead in forecast.leads)
    inside = [one.take((one.ends >= base + shortest) & (one.ends <= base + longest)).with_values() for one in members]
    return [one for one in inside if len(one) >= (forecast.steps or 1)]


def _deciding(there: Sequence[Series], steps: int, condition: Reached) -> Peak | None:
    """The last member that is needed for the share, if it reaches the quantity; then all that lie beyond it do too."""
    peak = _ranked(there, steps, condition)
    return peak if condition.sign * peak.value >= condition.sign * condition.quantity else None


def _ranked(there: Sequence[Series], steps: int, condition: Reached) -> Peak:
    """Of all members in order of what they hold for so many steps, the one with which the share is complete."""
    peaks = sorted((_peak(one, steps, condition.sign) for one in there), key=lambda p: -condition.sign * p.value)
    needed = math.ceil(condition.percent * len(peaks) / _HUNDRED)
    return peaks[max(needed, 1) - 1]


def _peak(member: Series, steps: int, sign: int) -> Peak:
    """The most that a member holds for so many steps in a row: the least of them, in the best place."""
    windows = np.lib.stride_tricks.sliding_window_view(sign * member.values, steps)
    weakest = windows.min(axis=1)
    at = int(weakest.argmax())
    index = at + int(windows[at].argmin())
    return Peak(sign * int(weakest[at]), int(member.sources[index]), int(member.rows[index]))
