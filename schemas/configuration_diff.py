"""What differs between two configurations, by what it means: a level, a window, an area, not a line of a file.

Changes are grouped by the threshold, rule or place that they are about. Keys are those that planners write in their files.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal

from pydantic import BaseModel

from schemas.condition_words import differing, in_words
from schemas.conditions import AtLevel, Dimensions, Silent, walk
from schemas.configuration import Configuration, Raise, Rule, Threshold
from schemas.counting import counted
from schemas.thresholds import Override

About = Literal["threshold", "rule", "feed", "station", "area", "figure", "text", "country"]
NOT_SET = "not set"
_NAMES = {"name", "code", "feed"}
_OWN_ACCOUNT = {"levels", "overrides", "for_"}
_CONDITIONS = ("when", "unless", "until")


@dataclass(frozen=True)
class Line:
    """One key and its two values, as people write them; `not set` where there is none."""

    key: str
    before: str
    after: str


@dataclass(frozen=True)
class Difference:
    """What differs of one threshold, rule or place.

    Attributes:
        what: `renamed` may have lines as well. was: the name before, if it is another.
        reach: where it is judged and who reads it, such as `39 stations in 17 adm2 areas; read by river_flood`.
        readers: the rules that read a threshold.
    """

    about: About
    name: str
    what: Literal["added", "removed", "renamed", "changed"]
    lines: tuple[Line, ...] = ()
    was: str = ""
    reach: str = ""
    readers: tuple[str, ...] = ()


def differences(before: Configuration | None, after: Configuration) -> list[Difference]:
    """All that differs: thresholds, then rules, feeds, stations, areas and figures.

    Args:
        before: none if nothing was in force: then all is added.
    """
    then = before if before is not None else after.model_copy(update=dict.fromkeys(_LISTS, ()) | {"figures": None})
    found = _of("threshold", _named(then.thresholds), _named(after.thresholds), _threshold_lines, Threshold)
    found = [_reaching(one, then if one.what == "removed" else after) for one in found]
    found += _of("rule", _named(then.rules), _named(after.rules), _rule_lines, Rule)
    found += _of("feed", {f.feed: f for f in then.feeds}, {f.feed: f for f in after.feeds}, _plain_lines)
    found += _of("station", {s.code: s for s in then.stations}, {s.code: s for s in after.stations}, _plain_lines)
    found += _of("area", {a.code: a for a in then.areas}, {a.code: a for a in after.areas}, _plain_lines)
    figures = [{f"{f.figure} of {f.area}": f for f in one.figures or ()} for one in (then, after)]
    found += _of("figure", figures[0], figures[1], _plain_lines)
    whole = _lines(_flat({"areas_version": then.areas_version}), _flat({"areas_version": after.areas_version}))
    return found + ([Difference("country", after.shard, "changed", tuple(whole))] if whole else [])


_LISTS = ("thresholds", "rules", "feeds", "stations", "areas")


def _named(entries: Sequence[Threshold] | Sequence[Rule]) -> dict[str, Threshold | Rule]:
    return {entry.name: entry for entry in entries}


def of_mappings(about: About, before: Mapping[str, Mapping[str, Any]], after: Mapping[str, Mapping[str, Any]]) -> list[Difference]:
    """What differs of things that are written as keys and values, by their names."""
    return _of(about, before, after, lambda then, now: _lines(_flat(then), _flat(now)))


def _of(about: About, before: Mapping[str, Any], after: Mapping[str, Any], lines: Any, renamed: type | None = None) -> list[Difference]:
    gone, new = [n for n in before if n not in after], [n for n in after if n not in before]
    found: list[Difference] = []
    for name in [n for n in new if renamed is not None]:
        old = next((n for n in gone if before[n].model_copy(update={"name": name}) == after[name]), None)
        if old is not None:
            gone.remove(old)
            new.remove(name)
            found.append(Difference(about, name, "renamed", was=old))
    for name in sorted(before.keys() & after.keys()):
        if before[name] != after[name]:
            found.append(Difference(about, name, "changed", tuple(lines(before[name], after[name]))))
    found += [Difference(about, name, "added", tuple(_summary(after[name]))) for name in new]
    found += [Difference(about, name, "removed") for name in gone]
    return sorted(found, key=lambda d: d.name)


def _threshold_lines(before: Threshold, after: Threshold) -> Iterator[Line]:
    for word in sorted({*before.levels, *after.levels}, key=_colour):
        yield from _line(word, before.levels.get(word), after.levels.get(word))
    yield from _line("for", _persistence(before.for_), _persistence(after.for_))
    places = [{o.place: o for o in one.overrides or ()} for one in (before, after)]
    for place in sorted({*places[0], *places[1]}):
        then, now = (one.get(place) for one in places)
        yield from _line(f"at {place}", *(_override(one) if one is not None else None for one in (then, now)))
    yield from _lines(*(_flat(_dump(one, _OWN_ACCOUNT | _NAMES)) for one in (before, after)))


def _colour(word: str) -> int:
    return ("yellow", "orange", "red").index(word) if word in ("yellow", "orange", "red") else -1


def _persistence(written: Any) -> str:
    return counted(written, "reading") if isinstance(written, int) else _text(written)


def _override(one: Override) -> str:
    levels = ", ".join(f"{word} {text}" for word, text in one.levels.items())
    return f"{levels} ({one.told})"


def _rule_lines(before: Rule, after: Rule) -> Iterator[Line]:
    for key in _CONDITIONS:
        then, now = getattr(before, key), getattr(after, key)
        if then is not None and now is not None:
            yield from (Line(key, *pair) for pair in differing(then, now))
        else:
            yield from _line(key, then and in_words(then), now and in_words(now))
    yield from _raise_lines(before.raise_, after.raise_)
    yield from _lines(*(_flat(_dump(one, {*_CONDITIONS, "raise_", *_NAMES})) for one in (before, after)))


def _raise_lines(before: Sequence[Raise], after: Sequence[Raise]) -> Iterator[Line]:
    if len(before) == len(after):
        for then, now in zip(before, after, strict=True):
            name = f"raise to {now.stage or now.to.word}"
            if (then.to, then.stage) == (now.to, now.stage):
                yield from (Line(f"{name} if", *pair) for pair in differing(then.if_, now.if_))
            else:
                yield from _line("raise", _raise(then), _raise(now))
        return
    same = [one for one in before if one in after]
    yield from (Line("raise", _raise(one), NOT_SET) for one in before if one not in same)
    yield from (Line("raise", NOT_SET, _raise(one)) for one in after if one not in same)


def _raise(one: Raise) -> str:
    return f"to {one.to.word}{f' ({one.stage})' if one.stage else ''} if {in_words(one.if_)}"


def _plain_lines(before: BaseModel, after: BaseModel) -> Iterator[Line]:
    yield from _lines(_flat(_dump(before, _NAMES)), _flat(_dump(after, _NAMES)))


def _summary(entry: Any) -> Iterator[Line]:
    """What is new of a threshold or a rule, in a few lines; of anything else its name says enough."""
    if isinstance(entry, Threshold):
        yield from _line("kind", None, entry.kind)
        yield from (Line(word, NOT_SET, text) for word, text in entry.levels.items())
        yield from _line("for", None, _persistence(entry.for_))
    if isinstance(entry, Rule):
        yield from _line("when", None, in_words(entry.when))
        yield from _line("level", None, entry.level.word)
        yield from (Line("raise", NOT_SET, _raise(one)) for one in entry.raise_)
        yield from _line("shadow", None, _text(entry.shadow.instead_of or "yes") if entry.shadow is not None else None)


def _dump(entry: BaseModel, without: set[str]) -> dict[str, Any]:
    return entry.model_dump(mode="json", by_alias=True, exclude_none=True, exclude=without)


def _flat(value: Mapping[str, Any], above: str = "") -> dict[str, str]:
    """Keys joined by dots, to values as text."""
    found: dict[str, str] = {}
    for key, inner in value.items():
        name = f"{above}.{key}" if above else str(key)
        if isinstance(inner, Mapping):
            found |= _flat(inner, name)
        else:
            found[name] = _text(inner)
    return found


def _text(value: Any) -> str:
    if isinstance(value, list | tuple):
        return ", ".join(_text(one) for one in value) or NOT_SET
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{key}: {_text(one)}" for key, one in value.items()) + "}"
    return str(value)


def _line(key: str, before: str | None, after: str | None) -> Iterator[Line]:
    if before != after:
        yield Line(key, before if before is not None else NOT_SET, after if after is not None else NOT_SET)


def _lines(before: Mapping[str, str], after: Mapping[str, str]) -> list[Line]:
    keys = [*before, *(key for key in after if key not in before)]
    return [line for key in keys for line in _line(key, before.get(key), after.get(key))]


def _reaching(one: Difference, configuration: Configuration) -> Difference:
    """With how many places a threshold is judged at, and which rules read it."""
    threshold = next(t for t in configuration.thresholds if t.name == one.name)
    parents = {area.code: area.parent for area in configuration.areas}
    levels = {area.code: area.level for area in configuration.areas}
    if threshold.at == "station":
        giving = {f.feed for f in configuration.feeds if threshold.indicator in f.indicators}
        only = {line.key.removeprefix("at ") for line in one.lines}
        stations = [s for s in configuration.stations if s.feed in giving and (one.what != "changed" or s.code in only or _everywhere(one))]
        areas = {_around(code, parents, levels, "adm2") for station in stations for code in station.areas} - {""}
        where = f"{counted(len(stations), 'station')} in {counted(len(areas), 'adm2 area')}"
    else:
        where = counted(sum(level == threshold.at for level in levels.values()), f"{threshold.at} area")
    readers = tuple(_readers(configuration)[one.name])
    told = f"read by {', '.join(readers)}" if readers else "no rule reads it"
    return replace(one, reach=f"{where}; {told}", readers=readers)


def _everywhere(one: Difference) -> bool:
    """Whether more differs than values at single places."""
    return any(not line.key.startswith("at ") for line in one.lines)


def _around(code: str, parents: Mapping[str, str | None], levels: Mapping[str, str], level: str) -> str:
    """The area of a level around a place; empty if there is none."""
    current: str | None = code
    while current is not None and levels.get(current) != level:
        current = parents.get(current)
    return current or ""


def _readers(configuration: Configuration) -> dict[str, list[str]]:
    """Threshold to the rules that read it."""
    found: dict[str, list[str]] = defaultdict(list)
    for rule in configuration.rules:
        parts = [part for condition in rule.conditions for part in walk(condition)]
        names = {p.threshold for p in parts if isinstance(p, AtLevel)} | {p.silent.of for p in parts if isinstance(p, Silent)}
        if any(isinstance(part, Dimensions) for part in parts):
            names |= {threshold.name for threshold in configuration.thresholds}
        for name in sorted(names):
            found[name].append(rule.name)
    return found
