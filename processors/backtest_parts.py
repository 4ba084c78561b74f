"""A configuration cut by areas into parts that can be run beside each other: what is said in one area hangs on nothing outside it."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from processors.backtest import Outcome
from processors.history import History
from schemas.conditions import walk
from schemas.configuration import Configuration, Rule

_LOCAL = frozenset(
    {"AtLevel", "All", "AnyOf", "AtLeast", "Not", "Together", "Within", "Sustained", "Sequence", "Times", "Dimensions", "Unless"}
)
"""Conditions that read the area's own places alone. Any other, and any that comes later, keeps the areas together."""
_LEVELS = ("adm0", "adm1", "adm2", "adm3")


@dataclass(frozen=True)
class Part:
    """A configuration of some areas, with the places whose readings it takes."""

    configuration: Configuration
    places: frozenset[str]


def parts_of(configuration: Configuration, count: int) -> list[Part]:
    """At most `count` parts with about as many areas each; one if a rule looks beyond its area."""
    everywhere = frozenset([*(a.code for a in configuration.areas), *(s.code for s in configuration.stations)])
    whole = [Part(configuration, everywhere)]
    if count < 2 or not configuration.rules or not all(_is_local(rule) for rule in configuration.rules):
        return whole
    level = min((rule.area for rule in configuration.rules), key=_LEVELS.index)
    units = sorted(a.code for a in configuration.areas if a.level == level)
    around = _around(configuration)
    found = [_part(configuration, set(units[n::count]), around) for n in range(min(count, len(units)))]
    return found if len(found) > 1 else whole


def joined(configuration: Configuration, outcomes: Sequence[Outcome], history: History) -> Outcome:
    """What parts said, as the whole would have."""
    found = sorted((a for o in outcomes for a in o.activations), key=lambda a: (a.known, a.area, a.rule, a.id))
    breaches: dict[tuple[str, str], int] = {}
    for outcome in outcomes:
        breaches |= outcome.breaches  # of a gauge that serves areas of two parts both say the same
    return Outcome(
        configuration=configuration.hash,
        first=min(o.first for o in outcomes),
        last=max(o.last for o in outcomes),
        readings=len(history),
        activations=found,
        breaches=breaches,
        truths={key: truth for o in outcomes for key, truth in o.truths.items()},
    )


def _part(configuration: Configuration, units: set[str], around: Mapping[str, tuple[str, ...]]) -> Part:
    inside = {code for code, line in around.items() if units & set(line)}
    outside = {code for unit in units for code in around[unit]}
    areas = tuple(a for a in configuration.areas if a.code in inside | outside)
    stations = tuple(s for s in configuration.stations if inside & set(s.areas))
    rules = [r.model_copy(update={"only": tuple(c for c in r.only if c in inside)}) for r in configuration.rules]
    kept = tuple(new for old, new in zip(configuration.rules, rules, strict=True) if new.only or not old.only)
    smaller = configuration.model_copy(update={"areas": areas, "stations": stations, "rules": kept})
    return Part(smaller, frozenset(inside | outside | {s.code for s in stations}))


def _around(configuration: Configuration) -> dict[str, tuple[str, ...]]:
    parents = {a.code: a.parent for a in configuration.areas}
    found = {}
    for code in parents:
        line, current = [], code
        while current in parents:
            line.append(current)
            current = parents[current] or ""
        found[code] = tuple(line)
    return found


def _is_local(rule: Rule) -> bool:
    return all(type(part).__name__ in _LOCAL for condition in rule.conditions for part in walk(condition))
