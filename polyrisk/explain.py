"""`polyrisk explain WARNING`: the whole chain behind a warning as a tree, down to each reading and its raw bytes."""

from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from datetime import datetime

from rich.markup import escape
from rich.tree import Tree

from eventlog.log import EventLog
from polyrisk.local_time import clock, in_zone
from polyrisk.story import rounded
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_output
from schemas.errors import RefusedError
from schemas.levels import Truth
from schemas.outputs import CompoundEvent, Evidence, Reading
from schemas.topics import EVENTS, WARNINGS
from schemas.warning_records import Warning

FEW = 4
"""Fewer places than this are shown one by one."""
_SIGN = {Truth.TRUE: "[bold red]true[/]", Truth.FALSE: "[green]false[/]", Truth.UNKNOWN: "[yellow]cannot tell[/]"}


def find_warning(log: EventLog, name: str) -> Warning:
    """The newest message of a warning, by the id of the message or of its warning, or by their unique beginning.

    Raises:
        RefusedError: no warning, or more than one, has that name; says how to list them.
    """
    messages = [w for s in log.read(WARNINGS.name) if isinstance(w := read_output(s.record), Warning)]
    found = [w for w in messages if w.id.startswith(name) or w.warning.startswith(name)]
    if not found:
        raise RefusedError(f"No warning is called `{name}`.", remedy="`polyrisk warnings` lists them.")
    if len({w.warning for w in found}) > 1:
        raise RefusedError(f"{len({w.warning for w in found})} warnings begin with `{name}`.", remedy="Write more of it.")
    return found[-1]


def events_of(log: EventLog, event_id: str) -> list[CompoundEvent]:
    """All that was said of an event, in the order it was said."""
    return [e for s in log.read(EVENTS.name) if isinstance(e := read_output(s.record), CompoundEvent) and e.id == event_id]


def _clock_of(country: LoadedCountry) -> str:
    return f"times: {country.facts.timezone}"


def event_tree(event: CompoundEvent, country: LoadedCountry) -> Tree:
    """An event of which nobody was warned: when it was true, when that was known, and because of what."""
    zone = country.timezone
    place = f"{place_name(event.area, country)} ({event.area})"
    root = Tree(f"[bold]{event.change.value}[/] {place}, {event.level.word}: {event.rule} ({_clock_of(country)})")
    until = f", until {clock(event.until, zone)}" if event.until else ""
    root.add(f"occurred {clock(event.since, zone)}{until} · known {clock(event.known, zone)}")
    for line in _silent(event.silent):
        root.add(f"[yellow]nobody can tell[/]: {in_zone(line, zone)}")
    _add(root.add("because"), event.evidence, country)
    _add_ending(root, event, country)
    _add_beside(root, event, country)
    return root


def tree_of(warning: Warning, events: Sequence[CompoundEvent], country: LoadedCountry, kept: tuple[datetime, str] | None = None) -> Tree:
    """The tree: the warning, its event, each change of it, and the conditions of the one that made this message.

    Args:
        kept: since when another configuration is in force than the one it is judged on by, and which.
    """
    event = next((e for e in events if e.known == warning.known), events[-1] if events else None)
    zone = country.timezone
    what = f"[bold]{warning.message_type} {warning.status.value}[/] {place_name(warning.area, country)} ({warning.area})"
    root = Tree(f"{what}, {warning.level.word}: {warning.rule} ({_clock_of(country)})")
    said = root.add(f"since {clock(warning.since, zone)} · known {clock(warning.known, zone)} · message {warning.id}")
    for line in _by_whom(warning, country):
        said.add(line)
    if event is not None:
        _add_event(root, event, events, country)
    if kept is not None:
        root.add(
            f"judged on, to its end, by that configuration, under which it opened: {kept[1]}, in force since {clock(kept[0], zone)}, "
            "neither raises nor ends it"
        )
    return root


def _by_whom(warning: Warning, country: LoadedCountry) -> Iterator[str]:
    """Who let a message go, and who wrote it if no rule found the danger."""
    zone, person, agreed = country.timezone, warning.originated, warning.agreed
    if person is not None:
        yield escape(f"no rule found it: written by {person.by} ({person.role}) {clock(person.at, zone)}: {person.reason}")
        yield escape(f"source: {person.source}")
    if agreed is not None:
        yield f"went out by agreement {agreed.name}, signed by nobody {clock(agreed.at, zone)}"
        yield escape(f"agreed by {', '.join(agreed.agreed_by)}: {agreed.document}, until {agreed.until}")
    for signature in warning.signatures:
        yield f"signed by {signature.by} ({signature.role}) {clock(signature.at, zone)}"


def _add_event(root: Tree, event: CompoundEvent, events: Sequence[CompoundEvent], country: LoadedCountry) -> None:
    """The change of the event that made a message, and what was said of the event."""
    zone = country.timezone
    level = root.add(f"level {event.level.word}")
    for step in event.steps:
        level.add(f"{step.step}: {step.level.word} - {step.why}")
    if event.silent:
        silent = root.add("[yellow]what nobody can tell[/]")
        for line in _silent(event.silent):
            silent.add(in_zone(line, zone))
    _add(root.add("because"), event.evidence, country)
    _add_ending(root, event, country)
    _add_beside(root, event, country)
    changes = root.add("what was said of it")
    for change in events:
        changes.add(f"{change.change.value} {change.level.word}: valid {clock(change.at, zone)}, known {clock(change.known, zone)}")
    root.add(f"rule {event.rule} version {event.rule_version}, configuration {event.configuration[:12]}, engine {event.engine}")


def _said(evidence: Evidence, country: LoadedCountry) -> str:
    place = f" in {place_name(evidence.area, country)}" if evidence.area else ""
    held = " (held)" if evidence.held else ""
    cover = "" if evidence.covered else " [dim](not covered here)[/]"
    since = f" since {clock(evidence.since, country.timezone)}" if evidence.since else ""
    note = f" - {in_zone(evidence.note, country.timezone)}" if evidence.note else ""
    return f"{evidence.condition}{place}: {_SIGN[evidence.truth]}{held}{cover}{since}{note}"


def _add(node: Tree, evidence: Evidence, country: LoadedCountry) -> None:
    branch = node.add(_said(evidence, country))
    alike = [part for part in evidence.parts if part.condition == evidence.condition and not _notable(part)]
    for part in evidence.parts:
        if part not in alike or len(alike) < FEW:
            _add(branch, part, country)
    if len(alike) >= FEW:
        branch.add(_together(alike, country))
    for reading in evidence.readings:
        branch.add(_line(reading, country))


def _add_ending(root: Tree, event: CompoundEvent, country: LoadedCountry) -> None:
    """What must be known for the event to end: while it is not, the event stands, also when what began it is over.

    Its readings stand under the conditions above, and are not written twice.
    """
    if event.ending is not None and event.until is None:
        _add_conditions(root.add("ends when this is known"), event.ending, country)


def _add_conditions(node: Tree, evidence: Evidence, country: LoadedCountry) -> None:
    branch = node.add(_said(evidence, country))
    for part in evidence.parts:
        if part.condition != evidence.condition:
            _add_conditions(branch, part, country)


def _add_beside(root: Tree, event: CompoundEvent, country: LoadedCountry) -> None:
    """What else people there lived with: no reason for the warning, but what whoever answers for them asks next."""
    if event.beside:
        node = root.add("beside it, in the other dimensions")
        for dimension in event.beside:
            _add(node, dimension, country)


def _notable(evidence: Evidence) -> bool:
    """A place that is at the level, or once was: a reading of it met its bound."""
    met = any(r.value is not None and r.bound is not None and r.value >= r.bound for r in evidence.readings)
    return evidence.truth is Truth.TRUE or met


def _together(places: Sequence[Evidence], country: LoadedCountry) -> str:
    """Places of which there is nothing else to say, in one line."""
    truths = Counter(p.truth for p in places)
    counted = ", ".join(f"{count} {_SIGN[truth]}" for truth, count in truths.items())
    newest = max((r.received for p in places for r in p.readings), default=None)
    heard = f"; last heard of {clock(newest, country.timezone)}" if newest else ""
    return f"{len(places)} other places: {counted}{heard}"


def _silent(lines: Sequence[str]) -> list[str]:
    """Places of one feed that have been silent since the same moment, in one line."""
    groups: dict[tuple[str, str], list[str]] = defaultdict(list)
    for line in lines:
        who, _, since = line.partition(": ")
        feed, _, place = who.partition(" ")
        groups[feed, since].append(place)
    return [f"{feed}: {', '.join(p) if len(p) < FEW else f'{len(p)} places'}: {since}" for (feed, since), p in groups.items()]


def place_name(code: str, country: LoadedCountry) -> str:
    station, area = country.places.stations.get(code), country.places.areas.get(code)
    return station.name if station else area.names.get("en", code) if area else code


def _line(reading: Reading, country: LoadedCountry) -> str:
    zone = country.timezone
    name = place_name(reading.area, country)
    value = "none given" if reading.value is None else f"{reading.value:g} {reading.unit}"
    bound = "" if reading.bound is None else f" against {reading.bound:g}"
    period = clock(reading.start, zone) + (f" to {clock(reading.end, zone)}" if reading.end != reading.start else "")
    issued = f", issued {clock(reading.issued, zone)}" if reading.issued else ""
    received = clock(reading.received, zone)
    return (
        f"{name}: {reading.indicator} [bold]{value}[/]{bound}, valid {period}{issued}, received {received}, "
        f"age {rounded(reading.age)}, {reading.quality.value}, {reading.feed}, raw {reading.delivery[:12]}"
    )
