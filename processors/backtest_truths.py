"""The truth of rules and of their conditions over years, gathered month by month before the engine lets go of it."""

from bisect import bisect_left, bisect_right
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import groupby
from operator import itemgetter
from typing import NamedTuple

import numpy as np

from processors.advance import all_by_timelines
from processors.columns import Columns, Course, Watch
from processors.conditions import Sight
from processors.events import judged_to
from processors.handover import unheard
from processors.levels import Code
from processors.pointwise import UNHEARD, level_truth
from processors.regular import RuleLayout
from processors.state import Judged, State
from processors.timelines import BEGINNING, FALSE, FAR, TRUE, TRUTHS, UNKNOWN, Line, micros
from schemas.conditions import AtLevel, Condition, Dimensions, walk
from schemas.configuration import Rule
from schemas.levels import Dimension, Truth

_Steps = list[tuple[int, int]]
"""(microseconds, truth) in order of time."""


class Steps(NamedTuple):
    """A truth over valid time; before its first step it is unknown. Whole numbers, because a run over years makes very many.

    Attributes:
        starts: microseconds. truths: the truth from each of them on, by its place among `timelines.TRUTHS`.
    """

    starts: tuple[int, ...] = ()
    truths: tuple[int, ...] = ()

    def within(self, first: datetime, last: datetime) -> Truth:
        """Whether it was true at some moment of [first, last]: false only if it was known to be false throughout."""
        begin, end = bisect_right(self.starts, micros(first)) - 1, bisect_right(self.starts, micros(last))
        found = {*self.truths[max(begin, 0) : end], *([UNKNOWN] if begin < 0 else ())}
        return TRUTHS[TRUE if TRUE in found else UNKNOWN if UNKNOWN in found else FALSE]

    def with_other(self, first: int, last: int, other: "Steps") -> "Steps":
        """The same, but from one moment to another what others say; microseconds."""
        parts = ((self, BEGINNING, first), (other, first, last), (self, last, FAR))
        steps = [step for one, begin, end in parts for step in one._between(begin, end)]
        return steps_of(*zip(*steps, strict=True)) if steps else Steps()

    def _between(self, first: int, last: int) -> list[tuple[int, int]]:
        """The steps in [first, last), the truth at its beginning as the first of them."""
        if first >= last:
            return []
        begin, end = bisect_right(self.starts, first), bisect_left(self.starts, last)
        return [(first, self.truths[begin - 1] if begin else UNKNOWN), *zip(self.starts[begin:end], self.truths[begin:end], strict=True)]


def steps_of(starts: Sequence[int], truths: Sequence[int]) -> Steps:
    """Steps in order of time, those left out that change nothing."""
    changes = [n for n, truth in enumerate(truths) if truth != (truths[n - 1] if n else UNKNOWN)]
    return Steps(tuple(starts[n] for n in changes), tuple(truths[n] for n in changes))


class Truths:
    """Gathers; each time what a reading may still have altered since the last is put in the place of what was there."""

    def __init__(self) -> None:
        self._steps: dict[tuple[str, str], _Steps] = {}
        self._upto: dict[tuple[str, str], int] = {}
        self._at = BEGINNING
        self._courses: dict[str, tuple[Course, ...]] = {}

    def take(self, state: State) -> None:
        """The truths of a state, from as far back as a reading may have altered them."""
        if state.plan is None:
            return
        went_on = self._went_on(state)
        # What became regular since the last time is looked at by timelines once: it may have been anything in between.
        apart = all_by_timelines(state) if state.columns is not None and len(went_on) < int(state.columns.regular.sum()) else state
        sight = Sight(state.plan, apart.tracks, state.baselines, state.alive, state.now)
        for name, area in state.plan.judged:
            if area in went_on:
                continue
            rule = state.plan.rules[name]
            upto, reach = judged_to((name, area), sight), sight.reach(name, area)
            self._replace((name, area), sight.truth(rule.holds, area), upto, reach)
            for text, condition in conditions_of(rule, state.plan.dimensions).items():
                self._replace((text, area), sight.truth(condition, area), upto, reach)
        self._at, self._courses = state.now, _courses(state)

    def truths(self) -> dict[tuple[str, str], Steps]:
        """(rule or condition, area) to its truth over valid time."""
        return {key: Steps(*zip(*steps, strict=True)) for key, steps in self._steps.items() if steps}

    def _replace(self, key: tuple[str, str], line: Line | None, upto: int, reach: int) -> None:
        if line is None:
            return
        line = line.upto(upto)
        known = self._steps.setdefault(key, [])
        # Since the last time nothing could be altered further back than it could be then.
        edge = min(self._upto.get(key, upto), upto) - reach if known else BEGINNING
        self._upto[key] = upto
        while known and known[-1][0] >= edge:
            known.pop()
        at = line.at(edge)[0] if known else UNKNOWN
        if known:
            _append(known, edge, at)
        for start, truth in zip(line.starts, line.keep, strict=True):
            if start >= edge:
                _append(known, start, truth)

    def _went_on(self, state: State) -> set[str]:
        """Walk along what changed in areas that were regular the last time and ever since; answers which these are."""
        columns, found = state.columns, set()
        if columns is None or state.plan is None:
            return set()
        width = len(columns.layout.thresholds)
        upto = state.now - (columns.layout.settle + 1 if columns.layout.settle else 0)
        nodes = [_nodes(rule, state.plan.dimensions) for rule in columns.layout.rules]
        anew = (columns.carried.reshape(-1, width) == 0).all(axis=1)  # all that was ever said of such an area is there
        for number in np.flatnonzero(columns.regular & ((columns.since <= self._at) | anew)).tolist():
            area = columns.layout.areas[number]
            watches = columns.watches[number * width : (number + 1) * width]
            now = columns.courses[number]
            for n, course in enumerate(self._courses.get(area) or self._unheard(columns, number)):
                if now[n].moment > course.moment:
                    self._walk(columns.layout.rules[n], area, course, watches, nodes[n])
                self._upto.update(dict.fromkeys([(name, area) for name in nodes[n]], upto))
                found.add(area)
        return found

    def _unheard(self, columns: Columns, number: int) -> tuple[Course, ...]:
        """The rules in an area of which no truth is known yet, as they stood before anything was heard; none if one is known."""
        area, rules = columns.layout.areas[number], columns.layout.rules
        return () if any((rule.name, area) in self._steps for rule in rules) else tuple([unheard(rule, Judged()) for rule in rules])

    def _walk(self, rule: RuleLayout, area: str, course: Course, watches: Sequence[Watch | None], nodes: Mapping[str, int]) -> None:
        """One rule in one area, from where it stood the last time, from change to change of its levels."""
        codes: dict[int, tuple[Code, ...]] = {}
        changes: list[tuple[int, int, tuple[Code, ...]]] = []
        for threshold in sorted(rule.thresholds):
            watch = watches[threshold]
            for entry in reversed(watch.entries if watch is not None else ()):
                if entry.start <= course.moment:
                    codes[threshold] = entry.codes
                    break
                changes.append((entry.start, threshold, entry.codes))
        standing = course.standing
        steps = [(node, self._steps.setdefault((name, area), [])) for name, node in nodes.items()]
        for at, together in groupby(sorted(changes, key=itemgetter(0)), key=itemgetter(0)):
            codes |= {threshold: said for _, threshold, said in together}
            leaves = [level_truth(codes.get(threshold, ()), level) for threshold, level in rule.leaves]
            before, standing = standing, rule.tree.advance(standing, leaves, at)
            for node, known in steps if standing is not before else ():
                heard = known or standing.truths[node] != UNHEARD
                if heard and (not known or known[-1][0] < at):  # two rules may read the same condition
                    _append(known, at, standing.known(node))


def _nodes(rule: RuleLayout, dimensions: Mapping[Dimension, Sequence[str]]) -> dict[str, int]:
    """A rule, and its conditions as people write them, to the numbers of their conditions in the rule's tree."""
    conditions = conditions_of(rule.rule, dimensions)
    return {rule.name: rule.tree.roots[0], **{text: rule.tree.conditions[condition] for text, condition in conditions.items()}}


def _courses(state: State) -> dict[str, tuple[Course, ...]]:
    """Where the rules stand in each regular area."""
    columns = state.columns
    if columns is None:
        return {}
    return {columns.layout.areas[number]: columns.courses[number] for number in np.flatnonzero(columns.regular).tolist()}


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


def _append(steps: _Steps, at: int, truth: int) -> None:
    if truth != (steps[-1][1] if steps else UNKNOWN):
        steps.append((at, truth))
