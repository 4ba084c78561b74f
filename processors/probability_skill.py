"""How good probabilities were: those that an ensemble gave for a quantity, against what happened in the time that they were for.

The Brier score is the mean squared distance between a probability and what happened (Brier 1950, Verification of forecasts expressed in
terms of probability, Monthly Weather Review 78, 1-3); the skill is 1 less the score as a share of the reference's, here climatology's.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from processors.batch_columns import BatchColumns
from processors.forecasts import member_series, share_of
from processors.history import History
from processors.kinds import KINDS
from processors.kinds.kind import Reached
from processors.plan import Plan
from processors.series import Series, empty, inserted
from processors.verification import Cells, Flags, Interval, Numbers, brier, climatology, draws, interval
from schemas.conditions import AtLevel, walk
from schemas.configuration import Rule
from schemas.levels import Level
from schemas.thresholds import Threshold

_TENTHS = 10
_ENOUGH = 20
"""Forecasts of about one probability, from which on the share of them that came true says something."""


@dataclass(frozen=True)
class Asked:
    """A quantity whose probability a rule asks for; `condition` is what makes the level."""

    threshold: str
    condition: Reached


@dataclass(frozen=True)
class Reliable:
    """Forecasts of about one probability: [low, high], how many, their mean, and in which share of them something happened."""

    low: float
    high: float
    count: int
    mean: float
    happened: float

    @property
    def tells(self) -> bool:
        """Whether there are enough."""
        return self.count >= _ENOUGH


@dataclass(frozen=True)
class Probable:
    """Probabilities against what happened.

    Attributes:
        issues, unknown: how many forecasts could be judged, and how many had too few members to give a probability.
        base_rate: in which share something happened. brier, brier_climatology: of the probabilities, and of the share for area and month.
        over_climatology: Brier skill; 1 is perfect, 0 no better than climatology, negative worse. reliability: by tenths.
    """

    issues: int
    unknown: int
    base_rate: float
    brier: float
    brier_climatology: float
    over_climatology: Interval
    reliability: Sequence[Reliable]


def asked_by(rule: Rule, plan: Plan) -> list[Asked]:
    """The quantities of ensembles whose probability a rule's `when` asks for, one for each, in the order written."""
    found: dict[tuple[str, int, int], Asked] = {}
    for part in walk(rule.when):
        if isinstance(part, AtLevel) and part.threshold in plan.of_forecasts:
            for one in _at(plan.thresholds[part.threshold], part.level):
                found.setdefault((part.threshold, one.quantity, one.sign), Asked(part.threshold, one))
    return list(found.values())


def _at(threshold: Threshold, level: Level) -> list[Reached]:
    """What makes a level, or the next above it that is defined."""
    conditions = KINDS[threshold.kind].conditions
    reached = [one for one in (conditions(threshold) if conditions is not None else ()) if one.level >= level]
    lowest = min((one.level for one in reached), default=level)
    return [one for one in reached if one.level == lowest]


def issued(history: History, threshold: Threshold, condition: Reached, places: Sequence[str]) -> dict[str, dict[int, float]]:
    """Place to base time (microseconds) to the share of members that reach the quantity; NaN if too few members are there."""
    own = history.of(indicators=[threshold.indicator], areas=places)
    if threshold.forecast is None or not len(own):
        return {}
    columns = BatchColumns(own.batch(0, len(own)))
    found: dict[str, dict[int, float]] = {}
    for code, place in enumerate(own.areas):
        rows = np.flatnonzero((own.area == code) & ~columns.observed).astype(np.int32)
        members = [inserted(empty(), one, lambda _source, _row: ("", ""))[0] for one in member_series(columns, rows, 0).values()]
        bases = sorted({base for one in members for base in np.unique(one.starts).tolist()})
        found[place] = {base: share_of(_of_base(members, base), base, threshold.forecast, condition) for base in bases}
    return found


def _of_base(members: Sequence[Series], base: int) -> list[Series]:
    return [one.take(one.starts == base) for one in members]


def probable(cells: Cells, probabilities: Numbers, seed: int) -> Probable:
    """Probabilities against what happened.

    Climatology is as in `verification.skill`: the share for the month and area in all other years, so it knows more than anybody knew.

    Args:
        cells: areas and issues; `happened` in the time an issue is for, `known` where it gave a probability, `warned` where it was issued.
        probabilities: of each cell, from 0 to 1.
    """
    usual = climatology(cells)
    years = np.unique(cells.years)
    sums = np.zeros((len(years), 3))
    for n, year in enumerate(years.tolist()):
        chosen = cells.known & (cells.years == year)[None, :] & np.isfinite(usual)
        sums[n] = (
            ((probabilities - cells.happened)[chosen] ** 2).sum(), ((usual - cells.happened)[chosen] ** 2).sum(), chosen.sum(),
        )  # fmt: skip
    total, drawn = sums.sum(axis=0), draws(len(years), seed) @ sums
    p, o = probabilities[cells.known], cells.happened[cells.known]
    return Probable(
        issues=len(p),
        unknown=int((cells.warned & ~cells.known).sum()),
        base_rate=float(o.mean()) if len(o) else float("nan"),
        brier=brier(p, o),
        brier_climatology=float(total[1] / total[2]) if total[2] else float("nan"),
        over_climatology=interval(float(_over(total[None])[0]), _over(drawn), len(years)),
        reliability=tuple(_reliability(p, o)),
    )


def _over(sums: Numbers) -> Numbers:
    with np.errstate(divide="ignore", invalid="ignore"):
        over: Numbers = 1 - sums[:, 0] / sums[:, 1]
    return over


def _reliability(probabilities: Numbers, happened: Flags) -> Iterator[Reliable]:
    tenth = np.minimum((probabilities * _TENTHS).astype(np.int64), _TENTHS - 1)
    for n in np.unique(tenth).tolist():
        chosen = tenth == n
        mean, share = float(probabilities[chosen].mean()), float(happened[chosen].mean())
        yield Reliable(n / _TENTHS, (n + 1) / _TENTHS, int(chosen.sum()), mean, share)
