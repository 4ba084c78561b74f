"""What can be wrong between thresholds, rules, feeds and areas although each of them reads well: found before it runs.

Every check gives findings with the place in the file, and names what to write instead.
"""

import re
from collections.abc import Iterator, Mapping, Sequence
from datetime import timedelta
from decimal import Decimal
from itertools import pairwise
from typing import Any

from schemas.conditions import AtLeast, Dimensions, Together, walk
from schemas.configuration import Rule, Threshold
from schemas.findings import Finding
from schemas.indicators import CATALOGUE
from schemas.levels import Level
from schemas.moments import format_span, parse_span
from schemas.place_tables import nearest
from schemas.surroundings import Location, Surroundings
from schemas.yaml_files import YamlFile

_NUMBER = r"[+-]?\d+(?:\.\d+)?"
_QUANTITY = re.compile(rf"^\s*({_NUMBER})\s*(\S.*?)?\s*$")
_CHANNEL = re.compile(rf"^\s*mean\s*\+\s*({_NUMBER})\s*sd\s*$")
_DEVIATIONS = re.compile(rf"^\s*({_NUMBER})\s*sd\s*$")
_AT_LEVEL = re.compile(r"^\s*(?:not\s+)?([A-Za-z][A-Za-z0-9_]*)\s*>=\s*([A-Za-z]+)\s*$")
_RANK = {"station": 4, "adm3": 3, "adm2": 2, "adm1": 1, "adm0": 0}
_NOT_CONDITIONS = {"within", "for", "to", "level", "threshold"}
_EXAMPLES = {"endemic_channel": "mean + 2 sd", "alps": "1 sd"}


def check_written(file: YamlFile, name: str, body: Mapping[str, Any]) -> list[Finding]:
    """Findings about one threshold as written, before it is read: an unknown indicator, numbers without a unit."""
    indicator = str(body.get("indicator"))
    if "indicator" in body and indicator not in CATALOGUE:
        what = f"no indicator `{indicator}` in the catalogue."
        return [file.finding("unknown-indicator", (name, "indicator"), what, remedy=nearest(indicator, tuple(CATALOGUE)))]
    unit = CATALOGUE[indicator].unit if indicator in CATALOGUE else "its unit"
    levels = body.get("levels")
    written: list[tuple[Location, Any]] = [((name, "levels", word), v) for word, v in levels.items()] if isinstance(levels, Mapping) else []
    written += [((name, key), body[key]) for key in ("leave_below", "floor") if key in body]
    return [
        file.finding("quantity", location, f"`{value}` has no unit.", remedy=f"Write `{value} {unit}`.")
        for location, value in written
        if isinstance(value, int | float)
    ]


def check_threshold(file: YamlFile, threshold: Threshold, around: Surroundings) -> list[Finding]:
    """Findings about one threshold: units, order of levels, hysteresis, staleness, roll-up, baseline."""
    name = threshold.name
    found = [*_levels(file, threshold), *_quantities(file, threshold)]
    interval = around.interval(threshold)
    if interval is None:
        feeds = ", ".join(feed.feed for feed in around.feeds)
        what = f"no feed of this country gives `{threshold.indicator}`."
        found.append(file.finding("no-feed", (name, "indicator"), what, remedy=f"Its feeds are {feeds}: add one in country.yaml."))
    elif threshold.stale_after < interval:
        what = f"stale_after {format_span(threshold.stale_after)} is shorter than its feed's interval, {format_span(interval)}."
        why = "It would be unknown between two deliveries."
        found.append(file.finding("stale-too-soon", (name, "stale_after"), what, why, f"Write at least {format_span(interval)}."))
    if threshold.roll_up is not None and _RANK[threshold.roll_up.to] >= _RANK[threshold.at]:
        what = f"rolls up to {threshold.roll_up.to}, which is not larger than {threshold.at}."
        found.append(file.finding("roll-up", (name, "roll_up"), what, remedy="Name a larger level or leave roll_up out."))
    if threshold.kind in _EXAMPLES and threshold.baseline is None:
        what = f"a threshold of kind {threshold.kind} needs a baseline."
        found.append(file.finding("no-baseline", (name,), what, remedy="Say how many years or months it is computed from."))
    return found


def _levels(file: YamlFile, threshold: Threshold) -> Iterator[Finding]:
    """Each level is written as its kind needs, and a higher colour takes more."""
    if threshold.kind == "station_levels":
        return
    unit = CATALOGUE[threshold.indicator].unit
    bounds: list[tuple[Level, Decimal]] = []
    for word, text in threshold.levels.items():
        location = (threshold.name, "levels", word)
        if threshold.kind == "fixed":
            wrong = _unit_wrong(text, unit)
            match = _QUANTITY.match(text)
        else:
            match = (_CHANNEL if threshold.kind == "endemic_channel" else _DEVIATIONS).match(text)
            wrong = "" if match else f"`{text}` is not how a {threshold.kind} level is written."
        if wrong or match is None:
            yield file.finding("quantity", location, wrong, remedy=f"Write it like `{_EXAMPLES.get(threshold.kind, f'7 {unit}')}`.")
            continue
        bounds.append((Level.named(word), Decimal(match[1])))
    yield from _order(file, threshold, sorted(bounds))


def _order(file: YamlFile, threshold: Threshold, bounds: list[tuple[Level, Decimal]]) -> Iterator[Finding]:
    sign = 1 if threshold.direction == "above" else -1
    leave = _QUANTITY.match(threshold.leave_below or "")
    for (low, lower), (high, higher) in pairwise(bounds):
        step = (higher - lower) * sign
        if step <= 0:
            what = f"{high.word} ({higher}) takes no more than {low.word} ({lower})."
            remedy = f"A higher colour needs a {'greater' if sign > 0 else 'smaller'} value."
            yield file.finding("level-order", (threshold.name, "levels", high.word), what, "It could not be told apart.", remedy)
        elif threshold.kind == "fixed" and leave is not None and Decimal(leave[1]) > step:
            what = f"leave_below {threshold.leave_below} reaches past {low.word} ({lower}) from {high.word} ({higher})."
            why = f"{high.word.capitalize()} would be left straight past {low.word}."
            remedy = f"Write at most {step} {CATALOGUE[threshold.indicator].unit}."
            yield file.finding("leave-past-beneath", (threshold.name, "leave_below"), what, why, remedy)


def _quantities(file: YamlFile, threshold: Threshold) -> Iterator[Finding]:
    unit = CATALOGUE[threshold.indicator].unit
    for key in ("leave_below", "floor"):
        text = getattr(threshold, key)
        if text is None:
            continue
        wrong = _unit_wrong(text, unit)
        if wrong:
            yield file.finding("quantity", (threshold.name, key), wrong, remedy=f"Write a number and `{unit}`.")


def _unit_wrong(text: str, unit: str) -> str:
    match = _QUANTITY.match(text)
    if match is None:
        return f"`{text}` is not a number with its unit."
    if not match[2]:
        return f"`{text}` has no unit."
    return "" if match[2] == unit else f"`{text}` is in {match[2]}, the indicator is in {unit}."


def check_rule(file: YamlFile, rule: Rule, around: Surroundings) -> list[Finding]:
    """Findings about one rule: names, reachable levels, windows, areas, signatures, mutes."""
    raw = file.data[rule.name]
    found: list[Finding] = []
    for key in ("when", "until", "raise"):
        if raw.get(key) is not None:
            found += _conditions(file, raw[key], (rule.name, key), rule, around)
    found += _counts(file, rule, around)
    found += _areas(file, rule, around)
    found += _sign(file, rule, around)
    for index, muted in enumerate(rule.mutes):
        if muted not in around.rules or muted == rule.name:
            what = f"mutes `{muted}`, which is no other rule."
            found.append(file.finding("unknown-rule", (rule.name, "mutes", index), what, remedy=nearest(muted, tuple(around.rules))))
        elif rule.audience == "operators" and around.rules[muted].audience == "public":
            what = f"mutes `{muted}`, which is for households, and tells only the people on duty."
            why = "Households would hear of neither."
            found.append(file.finding("mutes-public", (rule.name, "mutes", index), what, why, f"Take `{muted}` out of it."))
    return found


def _conditions(file: YamlFile, node: Any, location: Location, rule: Rule, around: Surroundings) -> Iterator[Finding]:
    """Walk the conditions as written, so that each finding has its own place."""
    if isinstance(node, str):
        match = _AT_LEVEL.match(node)
        if match:
            yield from _at_level(file, location, match[1], match[2], rule, around)
    elif isinstance(node, Mapping):
        if "silent" in node and isinstance(node["silent"], Mapping):
            yield from _silent(file, node["silent"], (*location, "silent"), around)
            return
        if "threshold" in node:
            yield from _at_level(file, (*location, "threshold"), str(node["threshold"]), str(node.get("level")), rule, around)
        yield from _window(file, node, location, around)
        yield from _span(file, node, location, around)
        if isinstance(node.get("sequence"), Sequence):
            yield from _onsets(file, node, location, "sequence")
            yield from _lags(file, node, location)
        if "together" in node and isinstance(node.get("of"), Sequence):
            yield from _onsets(file, node, location, "of")
        if "times" in node:
            yield from _onsets(file, {"of": [node.get("of")]}, location, "of", "what `times` counts")
            yield from _often(file, node, location, around)
        for key, value in node.items():
            yield from _conditions(file, value, (*location, key), rule, around) if key not in _NOT_CONDITIONS else ()
    elif isinstance(node, Sequence):
        for index, value in enumerate(node):
            yield from _conditions(file, value, (*location, index), rule, around)


def _onsets(file: YamlFile, node: Mapping[str, Any], location: Location, key: str, compared: str = "") -> Iterator[Finding]:
    """What may stand where onsets are compared: levels joined by all, any, not, at_least. Onsets of windows are not proved to be right."""
    named, code = ("a step of a sequence", "sequence-step") if key == "sequence" else ("a condition of `together`", "together-part")
    compared, code = (compared, "times-part") if compared else (named, code)
    for index, step in enumerate(node[key]):
        windowed = sorted(_keys(step) & {"within", "for", "silent", "dimensions", "sequence", "together", "times", "condition"})
        if windowed:
            what = f"{compared} holds `{windowed[0]}`."
            why = "When a window or a silence began is not what is compared there."
            yield file.finding(code, (*location, key, index), what, why, "Write levels, joined by all, any or not.")


def _often(file: YamlFile, node: Mapping[str, Any], location: Location, around: Surroundings) -> Iterator[Finding]:
    """What must become true n times has room for it: between two onsets lies a reading that is lower."""
    slowest = _slowest(node, around)
    count = node.get("times")
    if slowest is None or not isinstance(count, int) or node.get("within") is None:
        return
    least = slowest[0] * 2 * (count - 1)
    if parse_span(node["within"]) < least:
        what = (
            f"{count} times within {node['within']} cannot be: {slowest[1]} is read every {format_span(slowest[0])}."
        )
        why = "It can never be true: between two times it must be read lower."
        yield file.finding("times-too-many", (*location, "times"), what, why, f"Write at least {format_span(least)}.")


def _lags(file: YamlFile, node: Mapping[str, Any], location: Location) -> Iterator[Finding]:
    """A sequence whose least lags fit into it."""
    if "least_lag" in node and "within" in node:
        least, most = parse_span(node["least_lag"]) * (len(node["sequence"]) - 1), parse_span(node["within"])
        if least > most:
            what = f"the lags of {len(node['sequence'])} steps need {least}, the sequence allows {most}."
            yield file.finding("sequence-lag", (*location, "least_lag"), what, "It can never be true.", "Write a longer `within`.")


def _keys(node: Any) -> set[str]:
    """All keys of a condition as written, at any depth."""
    if isinstance(node, Mapping):
        return {str(key) for key in node} | {key for value in node.values() for key in _keys(value)}
    if isinstance(node, Sequence) and not isinstance(node, str):
        return {key for value in node for key in _keys(value)}
    return set()


def _at_level(file: YamlFile, location: Location, name: str, level: str, rule: Rule, around: Surroundings) -> Iterator[Finding]:
    threshold = around.thresholds.get(name)
    if threshold is None:
        yield from _unknown(file, location, name, around)
        return
    if Level.named(level) > max(Level.named(word) for word in threshold.levels):
        what = f"`{name}` never reaches {level}."
        yield file.finding("unreachable-level", location, what, remedy=f"Its levels are {', '.join(threshold.levels)}.")
    rolled = threshold.roll_up.to if threshold.roll_up else threshold.at
    if _RANK[threshold.at] > _RANK[rule.area] and rolled != rule.area:
        what = f"`{name}` is known at {threshold.at}, the rule is judged at {rule.area}."
        yield file.finding("no-roll-up", location, what, remedy=f"Give the threshold `roll_up: {{to: {rule.area}, by: worst}}`.")


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
    dimensions = {CATALOGUE[t.indicator].dimension for t in around.thresholds.values()}
    for condition in walk(rule.when):
        if isinstance(condition, AtLeast | Together):
            key, count = ("at_least", condition.at_least) if isinstance(condition, AtLeast) else ("together", condition.together)
            if count > len(condition.of):
                what = f"asks for {count} of {len(condition.of)} conditions."
                yield file.finding("at-least-too-many", (rule.name, "when", key), what, "It can never be true.", "Lower the number.")
        if isinstance(condition, Dimensions) and condition.dimensions > len(dimensions):
            what = f"asks for {condition.dimensions} dimensions; thresholds watch {len(dimensions)}: {', '.join(sorted(dimensions))}."
            remedy = "Add a threshold or lower the number."
            yield file.finding("at-least-too-many", (rule.name, "when"), what, "It can never be true.", remedy)


def _areas(file: YamlFile, rule: Rule, around: Surroundings) -> Iterator[Finding]:
    for index, code in enumerate(rule.only):
        if code not in around.areas:
            yield _outside(file, (rule.name, "only", index), code, around)
        elif around.areas[code].level != rule.area:
            what = f"{code} is an {around.areas[code].level}, the rule is judged at {rule.area}."
            yield file.finding("wrong-level", (rule.name, "only", index), what, remedy=f"Name areas of {rule.area}.")


def _outside(file: YamlFile, location: Location, code: str, around: Surroundings) -> Finding:
    why = "What happens beyond the shard is not in its log."
    remedy = nearest(code, tuple(around.areas))
    return file.finding("outside-shard", location, f"area `{code}` is outside the shard {around.facts.shard}.", why, remedy)


def _sign(file: YamlFile, rule: Rule, around: Surroundings) -> Iterator[Finding]:
    """A rule that says who signs may only be stricter than the country's table, at each level it can have."""
    if "sign" not in file.data[rule.name]:
        return
    for level in {rule.level, *(step.to for step in rule.raise_)}:
        if level == Level.GREEN:
            continue
        table = around.facts.signatures(level)
        if rule.sign.people < table.people or rule.sign.within > table.within:
            what = f"{rule.sign.people} within {format_span(rule.sign.within)} is weaker than the country's table at {level.word}."
            remedy = f"Ask for at least {table.people} within {format_span(table.within)}, as country.yaml does."
            yield file.finding("sign-weaker", (rule.name, "sign"), what, remedy=remedy)
