"""The truth of rules and of their conditions over years, gathered month by month before the engine lets go of it."""

from collections.abc import Mapping, Sequence
from datetime import datetime

import numpy as np

from processors.conditions import Sight
from processors.events import judged_to
from processors.pointwise import UNHEARD
from processors.state import State
from processors.timelines import BEGINNING, TRUTHS, UNKNOWN, Line, moment
from schemas.conditions import AtLevel, Condition, Dimensions, walk
from schemas.configuration import Rule
from schemas.levels import Dimension, Truth

Steps = list[tuple[int, int]]
"""(microseconds, truth) in order of time."""


class Truths:
    """Gathers; each time what a reading may still have altered since the last is put in the place of what was there."""

    def __init__(self) -> None:
        self._steps: dict[tuple[str, str], Steps] = {}

    def take(self, state: State) -> None:
        """The truths of a state, from as far back as a reading may have altered them."""
        if state.plan is None:
            return
        self._in_columns(state)
        sight = Sight(state.plan, state.tracks, state.baselines, state.alive, state.now)
        regular = _regular(state)
        for name, area in state.plan.judged:
            if area in regular:
                continue
            rule = state.plan.rules[name]
            upto, reach = judged_to((name, area), sight), state.plan.reach(name, area)
            self._replace((name, area), sight.truth(rule.holds, area), upto, reach)
            for text, condition in conditions_of(rule, state.plan.dimensions).items():
                self._replace((text, area), sight.truth(condition, area), upto, reach)

    def truths(self) -> Mapping[tuple[str, str], Sequence[tuple[datetime, Truth]]]:
        """(rule or condition, area) to its truth over valid time."""
        return {key: tuple((moment(at), TRUTHS[truth]) for at, truth in steps) for key, steps in self._steps.items()}

    def _replace(self, key: tuple[str, str], line: Line | None, upto: int, reach: int) -> None:
        if line is None:
            return
        line = line.upto(upto)
        known = self._steps.setdefault(key, [])
        edge = upto - reach if known else BEGINNING
        while known and known[-1][0] >= edge:
            known.pop()
        at = line.at(edge)[0] if known else UNKNOWN
        if known:
            _append(known, edge, at)
        for start, truth in zip(line.starts, line.keep, strict=True):
            if start >= edge:
                _append(known, start, truth)

    def _in_columns(self, state: State) -> None:
        """Of regular places the truth as it stands: between two moments it changes by events alone, which are told."""
        columns = state.columns
        if columns is None:
            return
        for number in np.flatnonzero(columns.regular).tolist():
            for rule, course in zip(columns.layout.rules, columns.courses[number], strict=True):
                root = rule.tree.roots[0]
                truth, at = course.standing.truths[root], max(course.standing.since[root], 0)
                known = self._steps.setdefault((rule.name, columns.layout.areas[number]), [])
                while known and known[-1][0] >= at:
                    known.pop()
                _append(known, at, UNKNOWN if truth == UNHEARD else truth)


def conditions_of(rule: Rule, dimensions: Mapping[Dimension, Sequence[str]]) -> dict[str, Condition]:
    """As people write them, the conditions on levels that a rule's `when` reads; of a rule on dimensions those of every threshold."""
    found: dict[str, Condition] = {}
    for part in walk(rule.holds):
        if isinstance(part, AtLevel):
            found[f"{part.threshold} >= {part.level.word}"] = part
        elif isinstance(part, Dimensions):
            for name in sorted(n for names in dimensions.values() for n in names):
                found[f"{name} >= {part.level.word}"] = AtLevel(threshold=name, level=part.level)
    return found


def _append(steps: Steps, at: int, truth: int) -> None:
    if not steps or steps[-1][1] != truth:
        steps.append((at, truth))


def _regular(state: State) -> set[str]:
    columns = state.columns
    return set() if columns is None else {columns.layout.areas[n] for n in np.flatnonzero(columns.regular).tolist()}
