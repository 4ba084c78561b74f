"""Regular places: those whose readings come in order and in time, so that judging them goes forward only and can be done in columns.

Most places are regular most of the time. Whatever is not (a late or corrected reading, silence, a declaration, another configuration)
is judged by timelines, which can be made anew from any moment; afterwards the place is regular again. What is said is the same, and the
property tests hold one against the other.
"""

from dataclasses import dataclass

from processors.column_machine import Laws
from processors.kinds import KINDS
from processors.life import Law, law_of
from processors.plan import Plan
from processors.pointwise import Tree, goes_forward
from processors.timelines import micros
from schemas.conditions import Together
from schemas.configuration import Rule, Threshold


@dataclass(frozen=True)
class RuleLayout:
    """A rule as it is judged going forward.

    Attributes:
        leaves: of each condition on a level, the threshold's number and the level by its place among the defined ones.
        thresholds: the numbers of those it reads.
    """

    name: str
    rule: Rule
    law: Law
    tree: Tree
    leaves: tuple[tuple[int, int], ...]
    thresholds: frozenset[int]


@dataclass(frozen=True)
class Layout:
    """Which places can be regular under a plan, and how their series are numbered: area by area, in each threshold by threshold.

    Attributes:
        areas: codes, in order. thresholds: names, in order. numbers: area to its number.
        readers: of each threshold, the numbers of the rules that read it.
        settle: microseconds, the same for all. moments_only: whether some rule compares onsets, which regular places do for moments alone.
    """

    plan: Plan
    areas: tuple[str, ...]
    thresholds: tuple[str, ...]
    rules: tuple[RuleLayout, ...]
    laws: Laws
    numbers: dict[str, int]
    watching: dict[str, tuple[int, ...]]
    readers: tuple[tuple[int, ...], ...]
    settle: int
    moments_only: bool

    @property
    def lanes(self) -> int:
        """How many series there are."""
        return len(self.areas) * len(self.thresholds)

    def lane(self, threshold: int, area: int) -> int:
        """The number of a series."""
        return area * len(self.thresholds) + threshold


def layout_of(plan: Plan) -> Layout | None:
    """The layout of a plan; none if a rule of it cannot be judged going forward.

    That is so if all rules are judged in areas of one level, read thresholds of that level alone, with fixed bounds and one time to
    settle, look back over no span, mute and cool nothing, move no level by figures, are always in force, and speak for every dimension
    that is watched.
    """
    levels = {rule.area for rule in plan.rules.values()}
    if len(levels) != 1:
        return None
    level = levels.pop()
    areas = tuple(sorted(a.code for a in plan.configuration.areas if a.level == level))
    watched = {name for name, threshold in plan.thresholds.items() if threshold.at == level}
    rules = tuple(plan.rules.values())
    if plan.of_forecasts or not areas or not watched or not all(_goes_forward(rule, plan, watched) for rule in rules):
        return None
    thresholds = tuple(sorted(watched))
    settles = {plan.thresholds[name].settle for name in thresholds}
    if len(settles) != 1 or not all(_is_fixed(plan.thresholds[name]) for name in thresholds):
        return None
    numbers = {name: n for n, name in enumerate(thresholds)}
    settings = [plan.settings(name, area) for area in areas for name in thresholds]
    limits = [tuple(b.value or 0 for b in plan.bounds[name]) for _ in areas for name in thresholds]
    watching = {
        indicator: tuple(numbers[w.threshold] for w in watchers if w.threshold in numbers) for indicator, watchers in plan.watchers.items()
    }
    laid_out = tuple(_rule(rule, plan, numbers) for rule in sorted(rules, key=lambda r: r.name))
    return Layout(
        plan=plan,
        areas=areas,
        thresholds=thresholds,
        rules=laid_out,
        laws=Laws.of(settings, limits, max(len(row) for row in limits)),
        numbers={area: n for n, area in enumerate(areas)},
        watching=watching,
        readers=tuple(tuple(n for n, rule in enumerate(laid_out) if t in rule.thresholds) for t in numbers.values()),
        settle=micros(settles.pop()),
        moments_only=any(isinstance(c, Together) for rule in rules for one in rule.conditions for c in _all_in(one)),
    )


def _rule(rule: Rule, plan: Plan, numbers: dict[str, int]) -> RuleLayout:
    tree = Tree(rule, plan)
    leaves = tuple((numbers[threshold], level) for threshold, level in tree.leaves)
    return RuleLayout(rule.name, rule, law_of(rule), tree, leaves, frozenset(t for t, _ in leaves))


def _goes_forward(rule: Rule, plan: Plan, watched: set[str]) -> bool:
    quiet = rule.cool_down is not None or rule.mutes or rule.only or rule.move or rule.valid is not None
    conditions = rule.conditions
    leaves = Tree(rule, plan).leaves if all(goes_forward(c) for c in conditions) else None
    return (
        not quiet
        and leaves is not None
        and all(threshold in watched and level >= 0 for threshold, level in leaves)
        and set(plan.dimensions) <= set(rule.dimensions)
    )


def _is_fixed(threshold: Threshold) -> bool:
    constant = KINDS[threshold.kind].against == "constants"
    return constant and threshold.datum is None and threshold.least_trust is None and not threshold.overrides


def _all_in(condition: object) -> list[object]:
    return [condition, *(p for part in getattr(condition, "parts", ()) for p in _all_in(part))]
