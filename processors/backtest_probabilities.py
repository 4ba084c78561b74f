"""The probabilities that a rule asks ensembles for, against a file of what happened."""

from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta

import numpy as np

from processors.bounds import MILLIONTHS
from processors.history import History
from processors.plan import Plan
from processors.probability_skill import Asked, Probable, asked_by, issued, probable
from processors.verification import Cells, Happened, Numbers
from schemas.configuration import Configuration, Rule
from schemas.indicators import CATALOGUE

Covers = Callable[[str, str], bool]


def probabilities_of(
    configuration: Configuration, rule: Rule, history: History, events: Sequence[Happened], covers: Covers, seed: int
) -> dict[str, Probable]:
    """Each quantity, as people write it, to how good its probabilities were; none if the rule asks for none.

    An issue is held against the events that lie, at least in part, between its shortest and its longest lead, in the area or around it;
    issues whose time is not all between the first event of the file and the last are left out. Where a rule reads several places
    in an area, the greatest of their probabilities counts.

    Args:
        events: those that the rule is held against, one or more. covers: whether one area is the other, or lies in it.
        seed: of the bootstrap.
    """
    plan = Plan(configuration, configuration.hash)
    found = {}
    for asked in asked_by(rule, plan):
        cells, probabilities = _cells(rule, plan, asked, history, events, covers)
        found[_text(plan, asked)] = probable(cells, probabilities, seed)
    return found


def _text(plan: Plan, asked: Asked) -> str:
    unit = CATALOGUE[plan.thresholds[asked.threshold].indicator].unit
    return f"{asked.threshold}: {'over' if asked.condition.sign > 0 else 'under'} {asked.condition.quantity / MILLIONTHS:g} {unit}"


def _cells(rule: Rule, plan: Plan, asked: Asked, history: History, events: Sequence[Happened], covers: Covers) -> tuple[Cells, Numbers]:
    areas = [area for name, area in plan.judged if name == rule.name]
    places = {area: [p for t, p in plan.read_by(rule.name, area) if t == asked.threshold] for area in areas}
    threshold = plan.thresholds[asked.threshold]
    by_place = issued(history, threshold, asked.condition, sorted({p for some in places.values() for p in some}))
    shortest, longest = threshold.forecast.leads if threshold.forecast is not None else (timedelta(0), timedelta(0))
    first, last = min(e.start for e in events), max(e.end for e in events)
    every = {base: datetime.fromtimestamp(base / 1e6, UTC) for of_place in by_place.values() for base in of_place}
    bases = sorted(base for base, at in every.items() if first <= at + shortest and at + longest <= last)
    probabilities = np.full((len(areas), len(bases)), np.nan)
    happened, told = np.zeros(probabilities.shape, bool), np.zeros(probabilities.shape, bool)
    for row, area in enumerate(areas):
        own = [e for e in events if covers(e.area, area)]
        for column, base in enumerate(bases):
            found = [by_place[p][base] for p in places[area] if base in by_place.get(p, {})]
            told[row, column] = bool(found)
            probabilities[row, column] = max((p for p in found if np.isfinite(p)), default=np.nan)
            begin, end = every[base] + shortest, every[base] + longest
            happened[row, column] = any(e.start <= end and e.end >= begin for e in own)
    years, months = (np.array([getattr(every[base], part) for base in bases], dtype=np.int64) for part in ("year", "month"))
    return Cells(areas, years, months, happened, told, np.isfinite(probabilities)), probabilities
