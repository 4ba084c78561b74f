"""What can be wrong in a rule although it reads well: found before it runs, with the place in the file and what to write instead."""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from typing import Any

from schemas.conditions import All, AtLeast, AtLevel, Condition, Dimensions, Near, Share, Silent, Together, walk
from schemas.configuration import Rule
from schemas.figures import moved
from schemas.findings import Finding
from schemas.indicators import CATALOGUE
from schemas.levels import Level
from schemas.moments import format_span, parse_span
from schemas.place_tables import nearest
from schemas.rule_logic import outcomes
from schemas.surroundings import RANK, Location, Surroundings
from schemas.yaml_files import YamlFile

_AT_LEVEL = re.compile(r"^\s*(?:not\s+)?([A-Za-z][A-Za-z0-9_]*)\s*>=\s*([A-Za-z]+)\s*$")
_NOT_CONDITIONS = {"within", "for", "to", "level", "threshold", "share", "distance"}


def check_rule(file: YamlFile, rule: Rule, around: Surroundings) -> list[Finding]:
    """Findings about one rule: names, reachable levels, windows, areas, signatures, mutes."""
    raw = file.data[rule.name]
    found: list[Finding] = []
    for key in ("when", "unless", "until", "raise", "stages"):
        if raw.get(key) is not None:
            found += _conditions(file, raw[key], (rule.name, key), rule.area, around)
    found += _counts(file, rule, around)
    found += _areas(file, rule, around)
    found += _elsewhere(file, rule, around)
    found += _sign(file, rule, around)
    found += _moves(file, rule, around)
    found += _sense(file, rule, around)
    found += _dimensions(file, rule, around)
    found += _shadow(file, rule, around)
    for index, muted in enumerate(rule.mutes):
        if muted not in around.rules or muted == rule.name:
            what = f"mutes `{muted}`, which is no other rule."
            found.append(file.finding("unknown-rule", (rule.name, "mutes", index), what, remedy=nearest(muted, tuple(around.rules))))
        elif rule.audience == "operators" and around.rules[muted].audience == "public":
            what = f"mutes `{muted}`, which is for households, and tells only the people on duty."
            why = "Households would hear of neither."
            found.append(file.finding("mutes-public", (rule.name, "mutes", index), what, why, f"Take `{muted}` out of it."))
    return found


def _shadow(file: YamlFile, rule: Rule, around: Surroundings) -> Iterator[Finding]:
    """A rule that is tried beside the others: beside which, and that it speaks for none."""
    if rule.shadow is None:
        return
    other = rule.shadow.instead_of
    if other is not None and (other not in around.rules or other == rule.name):
        where = (rule.name, "shadow", "instead_of")
        yield file.finding(
            "unknown-rule", where, f"is tried beside `{other}`, which is no other rule.", remedy=nearest(other, tuple(around.rules))
        )
    elif other is not None and around.rules[other].shadow is not None:
        what, why = f"is tried beside `{other}`, which runs in shadow itself.", "There is nothing in force to compare it with."
        yield file.finding("shadow-of-shadow", (rule.name, "shadow", "instead_of"), what, why, "Name a rule that people are warned by.")
    if rule.mutes:
        what, why = "mutes others, and runs in shadow.", "Nobody hears of it, so it never mutes while it does."
        yield file.finding("shadow-mutes", (rule.name, "mutes"), what, why, "Take `mutes` out until it goes live.")


def _conditions(file: YamlFile, node: Any, location: Location, at: str, around: Surroundings) -> Iterator[Finding]:
    """Walk the conditions as written, so that each finding has its own place.

    Args:
        at: the level of the areas that they are judged at, or `station`.
    """
    if isinstance(node, str):
        match = _AT_LEVEL.match(node)
        if match:
            yield from _at_level(file, location, match[1], match[2], at, around)
    elif isinstance(node, Mapping):
        if "silent" in node and isinstance(node["silent"], Mapping):
            yield from _silent(file, node["silent"], (*location, "silent"), around)
            return
        if "threshold" in node:
            yield from _at_level(file, (*location, "threshold"), str(node["threshold"]), str(node.get("level")), at, around)
        yield from _window(file, node, location, around)
        yield from _span(file, node, location, around)
        if isinstance(node.get("sequence"), Sequence):
            yield from _lags(file, node, location)
        if "times" in node:
            yield from _often(file, node, location, around)
        inner = _judged_inside(node, at, around)
        for key, value in node.items():
            yield from _conditions(file, value, (*location, key), inner, around) if key not in _NOT_CONDITIONS else ()
    elif isinstance(node, Sequence):
        for index, value in enumerate(node):
            yield from _conditions(file, value, (*location, index), at, around)


def _judged_inside(node: Mapping[str, Any], at: str, around: Surroundings) -> str:
    """The level of the areas at which what stands inside a condition is judged."""
    if node.get("of") == "children":
        return next((level for level, rank in RANK.items() if rank == RANK[at] + 1 and level != "station"), at)
    named = [around.thresholds[name] for name in _names(node) if name in around.thresholds]
    return "station" if "near" in node and named and all(threshold.at == "station" for threshold in named) else at


def _often(file: YamlFile, node: Mapping[str, Any], location: Location, around: Surroundings) -> Iterator[Finding]:
    """What must become true n times has room for it: between two onsets lies a reading that is lower."""
    slowest = _slowest(node, around)
    count = node.get("times")
    if slowest is None or not isinstance(count, int) or node.get("within") is None:
        return
    least = slowest[0] * 2 * (count - 1)
    if parse_span(node["within"]) < least:
        what = f"{count} times within {node['within']} cannot be: {slowest[1]} is read every {format_span(slowest[0])}."
        why = "It can never be true: between two times it must be read lower."
        yield file.finding("times-too-many", (*location, "times"), what, why, f"Write at least {format_span(least)}.")


def _lags(file: YamlFile, node: Mapping[str, Any], location: Location) -> Iterator[Finding]:
    """A sequence whose least lags fit into it."""
    if "least_lag" in node and "within" in node:
        least, most = parse_span(node["least_lag"]) * (len(node["sequence"]) - 1), parse_span(node["within"])
        if least > most:
            what = f"the lags of {len(node['sequence'])} steps need {least}, the sequence allows {most}."
            yield file.finding("sequence-lag", (*location, "least_lag"), what, "It can never be true.", "Write a longer `within`.")


def _at_level(file: YamlFile, location: Location, name: str, level: str, at: str, around: Surroundings) -> Iterator[Finding]:
    threshold = around.thresholds.get(name)
    if threshold is None:
        yield from _unknown(file, location, name, around)
        return
    if Level.named(level) > max(Level.named(word) for word in threshold.levels):
        what = f"`{name}` never reaches {level}."
        yield file.finding("unreachable-level", location, what, remedy=f"Its levels are {', '.join(threshold.levels)}.")
    rolled = threshold.roll_up.to if threshold.roll_up else threshold.at
    if RANK[threshold.at] > RANK[at] and rolled != at:
        what = f"`{name}` is known at {threshold.at}, here it is asked at {at}."
        rolls = f"Give the threshold `roll_up: {{to: {at}, by: worst}}`."
        remedy = rolls if at in ("adm1", "adm2") else f"Name a threshold that is known at {at} or at a larger area."
        yield file.finding("no-roll-up", location, what, remedy=remedy)


def _unknown(file: YamlFile, location: Location, name: str, around: Surroundings) -> Iterator[Finding]:
    if name not in around.written:
        remedy = nearest(name, tuple(sorted(around.written)))
        yield file.finding("unknown-threshold", location, f"no threshold `{name}` in thresholds.yaml.", remedy=remedy)


def _window(file: YamlFile, node: Mapping[str, Any], location: Location, around: Surroundings) -> Iterator[Finding]:
    slowest = _slowest(node, around) if node.get("within") is not None and "dimensions" not in node else None
    if slowest is not None and parse_span(node["within"]) < slowest[0]:
        what = f"within {node['within']} is shorter than the interval of the slowest feed in it ({slowest[1]}: {format_span(slowest[0])})."
        remedy = f"Write at least {format_span(slowest[0])}."
        yield file.finding("window-too-short", (*location, "within"), what, "It would open and close between two readings.", remedy)


def _span(file: YamlFile, node: Mapping[str, Any], location: Location, around: Surroundings) -> Iterator[Finding]:
    """What must last must last longer than one reading does."""
    slowest = _slowest(node, around) if node.get("for") is not None else None
    if slowest is not None and parse_span(node["for"]) < slowest[0]:
        what = f"for {node['for']} is shorter than the interval of the slowest feed in it ({slowest[1]}: {format_span(slowest[0])})."
        remedy = f"Write at least {format_span(slowest[0])}."
        yield file.finding("span-too-short", (*location, "for"), what, "One reading alone would make it true.", remedy)


def _slowest(node: Mapping[str, Any], around: Surroundings) -> tuple[timedelta, str] | None:
    """The longest interval of the feeds that a condition reads, with the threshold that reads it."""
    named = {name: around.thresholds[name] for name in _names(node) if name in around.thresholds}
    return max(((around.interval(t) or timedelta(), name) for name, t in named.items()), default=None)


def _names(node: Any) -> Iterator[str]:
    if isinstance(node, str):
        match = _AT_LEVEL.match(node)
        if match:
            yield match[1]
    elif isinstance(node, Mapping):
        for key, value in node.items():
            yield from [str(value)] if key == "threshold" else _names(value)
    elif isinstance(node, Sequence):
        for value in node:
            yield from _names(value)


def _silent(file: YamlFile, node: Mapping[str, Any], location: Location, around: Surroundings) -> Iterator[Finding]:
    threshold = around.thresholds.get(str(node.get("of")))
    if threshold is None:
        yield from _unknown(file, (*location, "of"), str(node.get("of")), around)
        return
    interval = around.interval(threshold)
    if node.get("stale_after") is not None and interval is not None and parse_span(node["stale_after"]) < interval:
        what = f"stale_after {node['stale_after']} is shorter than the feed's interval, {format_span(interval)}."
        yield file.finding("stale-too-soon", (*location, "stale_after"), what, remedy=f"Write at least {format_span(interval)}.")
    for index, code in enumerate(node.get("areas", ())):
        if code not in around.areas:
            yield _outside(file, (*location, "areas", index), str(code), around)


def _counts(file: YamlFile, rule: Rule, around: Surroundings) -> Iterator[Finding]:
    """No condition asks for more than there is to count."""
    written = {"when": rule.when, "unless": rule.unless, "until": rule.until}
    tops: list[tuple[Location, Condition]] = [((rule.name, key), one) for key, one in written.items() if one is not None]
    tops += [((rule.name, "raise", index, "if"), step.if_) for index, step in enumerate(rule.raise_)]
    for location, part in ((location, part) for location, top in tops for part in walk(top)):
        if isinstance(part, AtLeast | Together):
            key, count = ("at_least", part.at_least) if isinstance(part, AtLeast) else ("together", part.together)
            if count > len(part.of):
                what = f"asks for {count} of {len(part.of)} conditions."
                yield file.finding("at-least-too-many", (*location, key), what, "It can never be true.", "Lower the number.")
        watched = {CATALOGUE[t.indicator].dimension for t in around.thresholds.values()}
        if isinstance(part, Dimensions) and part.dimensions > len(watched):
            what = f"asks for {part.dimensions} dimensions; thresholds watch {len(watched)}: {', '.join(sorted(watched))}."
            remedy = "Add a threshold or lower the number."
            yield file.finding("at-least-too-many", location, what, "It can never be true.", remedy)


def _areas(file: YamlFile, rule: Rule, around: Surroundings) -> Iterator[Finding]:
    for index, code in enumerate(rule.only):
        if code not in around.areas:
            yield _outside(file, (rule.name, "only", index), code, around)
        elif around.areas[code].level != rule.area:
            what = f"{code} is an {around.areas[code].level}, the rule is judged at {rule.area}."
            yield file.finding("wrong-level", (rule.name, "only", index), what, remedy=f"Name areas of {rule.area}.")


def _elsewhere(file: YamlFile, rule: Rule, around: Surroundings) -> Iterator[Finding]:
    """A rule that looks at other places is told where they are."""
    judged = [around.areas[code] for code in rule.only if code in around.areas]
    judged = judged or [area for area in around.areas.values() if area.level == rule.area]
    parts = [part for condition in rule.conditions for part in walk(condition)]
    parents = {area.parent for area in around.areas.values()}
    for of in sorted({part.of for part in parts if isinstance(part, Share)}):
        if not any(area.code in parents if of == "children" else getattr(area, of) for area in judged):
            what = f"asks for a share of {of}; no area that it is judged for has any in areas.csv."
            remedy = "Add the smaller areas." if of == "children" else f"Fill the column `{of}`."
            yield file.finding("nothing-related", (rule.name,), what, "It could never be told.", remedy)
    lost = [area.code for area in judged if area.latitude is None or area.longitude is None]
    if lost and any(isinstance(part, Near) for part in parts):
        what = f"asks what is near; {len(lost)} of {len(judged)} areas have no coordinates in areas.csv: {', '.join(lost[:5])}."
        remedy = "Fill the columns `latitude` and `longitude`."
        yield file.finding("no-coordinates", (rule.name,), what, "There it could never be told.", remedy)


def _moves(file: YamlFile, rule: Rule, around: Surroundings) -> Iterator[Finding]:
    """A move that asks for a figure the country has, in its unit, and that can move something."""
    judged = {area.code for area in around.areas.values() if area.level == rule.area and (not rule.only or area.code in rule.only)}
    for index, move in enumerate(rule.move or ()):
        location: Location = (rule.name, "move", index, "if")
        given = [figure for figure in around.figures if figure.figure == move.if_.figure]
        here = [figure for figure in given if figure.area in judged]
        others = sorted({figure.unit for figure in here} - {move.if_.unit})
        if not here:
            where = f"for no area of {rule.area} that the rule is judged for" if given else "at all"
            known = tuple(sorted({figure.figure for figure in around.figures} - {move.if_.figure}))
            remedy = "Add its lines." if given else nearest(move.if_.figure, known) or "Add its lines."
            what = f"vulnerability.csv has no `{move.if_.figure}` {where}."
            yield file.finding("unknown-figure", location, what, "The level could never be moved by it.", remedy)
        elif others:
            what = f"`{move.if_.figure}` is in {', '.join(others)}, the rule asks in {move.if_.unit}."
            yield file.finding("quantity", location, what, remedy=f"Write the number in {others[0]}.")
        if all(moved(level, move.by, move.at_most, move.at_least) == level for level in rule.levels):
            what = f"by {move.by:+d} moves none of the rule's levels ({', '.join(level.word for level in sorted(rule.levels))})."
            yield file.finding("move-nothing", (rule.name, "move", index), what, remedy="Change its bound, or take it out.")


def _sense(file: YamlFile, rule: Rule, around: Surroundings) -> Iterator[Finding]:
    """What can only be true, or never can, whatever is measured; and a `raise` that raises nothing."""
    named = {part.threshold for condition in rule.conditions for part in walk(condition) if isinstance(part, AtLevel)}
    if not named <= set(around.thresholds):
        return  # found elsewhere
    when = outcomes(rule.holds, around.thresholds)
    key = "stages" if rule.stage is not None else "when"
    if when == {False}:
        why = "The rule would never open an event."
        yield file.finding("never-true", (rule.name, key), "can never be true, whatever is measured.", why, "Take out what contradicts it.")
    elif when == {True}:
        why = "An event would open in each area and never end."
        yield file.finding("always-true", (rule.name, key), "is true whatever is measured.", why, "Take out the part that is always true.")
    if rule.until is not None and len(until := outcomes(rule.until, around.thresholds)) == 1:
        what = f"is {'true whatever is' if True in until else 'never true, whatever is'} measured."
        why = "An event would end as it opens." if True in until else "No event would end before `otherwise_after`."
        yield file.finding("always-true" if True in until else "never-true", (rule.name, "until"), what, why, "Write what ends the event.")
    for index, step in enumerate(rule.raise_):
        location: Location = (rule.name, "raise", index)
        if step.to <= rule.level:
            what = f"raises to {step.to.word}; the rule is at {rule.level.word} already."
            yield file.finding("raise-nothing", location, what, "It changes nothing.", "Name a higher level, or take it out.")
        elif True not in outcomes(All(all=(rule.when, step.if_)), around.thresholds):
            what = "can never be true while the rule holds."
            yield file.finding("never-true", (*location, "if"), what, f"{step.to.word} is never reached.", "Take out what contradicts it.")


def _dimensions(file: YamlFile, rule: Rule, around: Surroundings) -> Iterator[Finding]:
    """A dimension that a rule speaks for is one that it looks at."""
    read: set[str] = set()
    for part in (inner for condition in rule.conditions for inner in walk(condition)):
        if isinstance(part, AtLevel | Silent):
            read.add(part.threshold if isinstance(part, AtLevel) else part.silent.of)
        elif isinstance(part, Dimensions):
            read.update(around.thresholds)
    if not read <= set(around.thresholds):
        return
    watched = {CATALOGUE[around.thresholds[name].indicator].dimension for name in read}
    for index, dimension in enumerate(rule.dimensions):
        if dimension not in watched:
            what = f"speaks for the dimension {dimension.value}, and reads no indicator of it."
            remedy = f"Read one, or write {', '.join(sorted(d.value for d in watched))}."
            yield file.finding("dimension-without-indicator", (rule.name, "dimensions", index), what, remedy=remedy)


def _outside(file: YamlFile, location: Location, code: str, around: Surroundings) -> Finding:
    why = "What happens beyond the shard is not in its log."
    remedy = nearest(code, tuple(around.areas))
    return file.finding("outside-shard", location, f"area `{code}` is outside the shard {around.facts.shard}.", why, remedy)


def _sign(file: YamlFile, rule: Rule, around: Surroundings) -> Iterator[Finding]:
    """A rule that says who signs may only be stricter than the country's table, at each level it can have."""
    if "sign" not in file.data[rule.name]:
        return
    for level in sorted(rule.levels):
        if level == Level.GREEN:
            continue
        table = around.facts.signatures(level)
        if rule.sign.people < table.people or rule.sign.within > table.within:
            what = f"{rule.sign.people} within {format_span(rule.sign.within)} is weaker than the country's table at {level.word}."
            remedy = f"Ask for at least {table.people} within {format_span(table.within)}, as country.yaml does."
            yield file.finding("sign-weaker", (rule.name, "sign"), what, remedy=remedy)
