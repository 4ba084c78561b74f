"""Conditions judged from moment to moment: what is true now follows from what was true before and from what its levels say now.

Timelines answer for any moment at once, and are made anew when a reading changes the past. Where nothing changes the past, this gives the
same truths by going forward. A condition that looks back over a span of its own (`within`, a sequence) is not among them.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import NamedTuple

from processors.levels import Code
from processors.plan import Plan
from processors.timelines import BEGINNING, FALSE, TRUE, UNKNOWN, micros
from schemas.conditions import All, AnyOf, AtLeast, AtLevel, Condition, Not, Together, Unless
from schemas.configuration import Rule

Truths = tuple[int, ...]
_LEAF, _NOT, _ALL, _ANY, _AT_LEAST, _TOGETHER = range(6)
_FORMS: dict[type, int] = {AtLevel: _LEAF, Not: _NOT, All: _ALL, AnyOf: _ANY, AtLeast: _AT_LEAST, Together: _TOGETHER}
_LOWER, _TRUE = Code.LOWER, Code.TRUE  # to find a member in its class takes longer than to compare it
UNHEARD = -1
"""As a truth: nothing has been said of it yet, so it is unknown, since ever."""


class Shown(NamedTuple):
    """When a condition became true, as far as that is known now.

    Attributes:
        known: the onset of the truth that stands; none if it is not true, or came in the dark.
        hidden: the unknown stretches in which an onset may hide, since it was last false. dark: where the present one begins.
        settled: whether it was true when it was last known.
    """

    known: int | None = None
    hidden: tuple[tuple[int, int], ...] = ()
    dark: int | None = None
    settled: bool = False

    def after(self, truth: int, at: int) -> "Shown":
        """The same once its truth is another one from a moment on."""
        if truth == FALSE:
            return _NOT_SHOWN
        if truth == UNKNOWN:
            return self if self.dark is not None else self._replace(dark=at)
        if self.settled:
            return self._replace(dark=None)  # true, unknown, true is no onset, and none hides between
        hidden = self.hidden if self.dark is None else (*self.hidden, (self.dark, at - 1))
        return Shown(at, hidden, None, True)

    def may_be(self, at: int) -> tuple[tuple[int, int], ...]:
        """The spans in which the onset may lie, seen from a moment."""
        known = () if self.known is None else ((self.known, self.known),)
        dark = () if self.dark is None else ((self.dark, at),)
        return (*known, *self.hidden, *dark)


_NOT_SHOWN = Shown()


class Standing(NamedTuple):
    """How the conditions of a rule stand in an area: their truths, since when, and what is kept of onsets, each in the tree's order."""

    truths: Truths
    since: Truths
    shown: tuple[Shown | None, ...]

    def known(self, number: int) -> int:
        """The truth of a condition; unknown if nothing has been said of it."""
        return UNKNOWN if self.truths[number] == UNHEARD else self.truths[number]


@dataclass(frozen=True, slots=True)
class Node:
    """A condition among those of a rule.

    Attributes:
        parts: the numbers of those inside it. leaf: its place among the leaves, or -1. count: of how many must be true.
        window: the span between onsets, for one that compares them; microseconds.
    """

    condition: Condition | Unless
    parts: tuple[int, ...]
    leaf: int
    count: int
    window: int
    form: int


class Tree:
    """The conditions of a rule, parts before the whole, so that each is judged once.

    Attributes:
        leaves: (threshold, its level by its place among the defined ones), in the order in which `advance` takes their truths.
        texts: each condition as a planner reads it.
        roots: where `when`, `until` if there is one, and each `raise` stand among the conditions.
    """

    def __init__(self, rule: Rule, plan: Plan) -> None:
        self._plan = plan
        self.leaves: list[tuple[str, int]] = []
        self.nodes: list[Node] = []
        self.conditions: dict[Condition | Unless, int] = {}
        self.roots = tuple(self._add(condition) for condition in rule.conditions)
        self.texts = tuple(node.condition.text for node in self.nodes)
        self._watched = frozenset(p for node in self.nodes if isinstance(node.condition, Together) for p in node.parts)
        self._leaf_nodes = [n for n, node in enumerate(self.nodes) if node.leaf >= 0]

    def __len__(self) -> int:
        return len(self.nodes)

    def _add(self, condition: Condition | Unless) -> int:
        if condition in self.conditions:
            return self.conditions[condition]
        parts = tuple(self._add(part) for part in condition.parts)
        leaf = -1
        if isinstance(condition, AtLevel):
            number = self._plan.number(condition.threshold, condition.level)
            leaf = len(self.leaves)
            self.leaves.append((condition.threshold, -1 if number is None else number))
        self.conditions[condition] = len(self.nodes)
        window = micros(condition.within) if isinstance(condition, Together) else 0
        count = condition.at_least if isinstance(condition, AtLeast) else condition.together if isinstance(condition, Together) else 0
        self.nodes.append(Node(condition, parts, leaf, count, window, _FORMS[type(condition)]))
        return self.conditions[condition]

    def watches(self, node: int) -> bool:
        """Whether the onsets of a condition are asked for."""
        return node in self._watched

    def unheard(self) -> Standing:
        """How the conditions stand before anything is heard: an onset may hide anywhere."""
        count = len(self.nodes)
        shown = tuple(Shown(dark=BEGINNING) if self.watches(n) else None for n in range(count))
        return Standing((UNHEARD,) * count, (BEGINNING,) * count, shown)

    def advance(self, before: Standing, leaves: Sequence[int], at: int) -> Standing:
        """How the conditions stand from a moment on, at which some level changed; `before` itself if no condition stands otherwise."""
        if not self._watched and [before.truths[n] for n in self._leaf_nodes] == leaves:
            return before
        truths: list[int] = []
        since, shown = list(before.since), list(before.shown)
        for n, node in enumerate(self.nodes):
            truth = leaves[node.leaf] if node.leaf >= 0 else self._truth(node, truths, shown, at)
            truths.append(truth)
            if truth != before.truths[n]:
                since[n] = at
                kept = shown[n]
                if kept is not None:
                    shown[n] = kept.after(truth, at)
        return Standing(tuple(truths), tuple(since), tuple(shown))

    def _truth(self, node: Node, truths: Sequence[int], shown: Sequence[Shown | None], at: int) -> int:
        found = [truths[p] for p in node.parts]
        if UNHEARD in found:
            if max(found) == UNHEARD:
                return UNHEARD
            found = [UNKNOWN if truth == UNHEARD else truth for truth in found]
        if node.form == _NOT:
            return TRUE - found[0]
        if node.form == _ALL:
            return min(found)
        if node.form == _ANY:
            return max(found)
        if node.form == _TOGETHER:
            return _together(found, [shown[p] or _NOT_SHOWN for p in node.parts], node.count, node.window, at)
        true = found.count(TRUE)
        if true >= node.count:
            return TRUE
        return FALSE if true + found.count(UNKNOWN) < node.count <= len(found) else UNKNOWN


def level_truth(codes: Sequence[Code], level: int) -> int:
    """The truth of a level or more at a regular place, as `levels.reaching` has it."""
    if not codes:
        return UNHEARD
    reached = codes[level:]
    if _TRUE in reached:
        return TRUE
    return FALSE if reached[0] is _LOWER else UNKNOWN


def goes_forward(condition: Condition | Unless) -> bool:
    """Whether a condition, with all inside it, can be judged from moment to moment."""
    if isinstance(condition, All | AnyOf | AtLeast) and condition.within is not None:
        return False
    return isinstance(condition, AtLevel | Not | All | AnyOf | AtLeast | Together) and all(goes_forward(p) for p in condition.parts)


def _together(truths: Sequence[int], shown: Sequence[Shown], count: int, window: int, at: int) -> int:
    if len(truths) - truths.count(FALSE) < count <= len(truths):
        return FALSE
    known = sorted([s.known for truth, s in zip(truths, shown, strict=True) if truth == TRUE and s.known is not None])
    if any(last - first <= window for first, last in zip(known, known[count - 1 :], strict=False)):
        return TRUE
    if len(truths) < count:
        return UNKNOWN
    standing = [s for truth, s in zip(truths, shown, strict=True) if truth != FALSE]
    if all(s.dark is None and not s.hidden for s in standing):
        return FALSE  # nothing hides, so what may be is what is known
    return UNKNOWN if _near([s.may_be(at) for s in standing], count, window) else FALSE


def _near(spans: Sequence[Sequence[tuple[int, int]]], count: int, window: int) -> bool:
    """Whether `count` conditions can have onsets at most `window` apart: then a window from the latest of one of them meets them all."""
    if len(spans) < count:
        return False
    lasts = {last for of_one in spans for _, last in of_one}
    return any(sum(any(first <= begin + window and last >= begin for first, last in one) for one in spans) >= count for begin in lasts)
