"""A country's thresholds and rules as two tables that a meeting can read: nothing of the files left out that decides a warning."""

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.texts import Catalogue, Kind, Pattern
from console.rules_words import words
from schemas.configuration import Move, Rule
from schemas.counting import counted
from schemas.country_files import LoadedCountry
from schemas.decided import Document
from schemas.indicators import CATALOGUE
from schemas.levels import Level
from schemas.moments import format_span
from schemas.threshold_kinds import level_form
from schemas.thresholds import Override, Threshold, level_number

_LEVELS = (Level.YELLOW, Level.ORANGE, Level.RED)


@dataclass(frozen=True)
class Column:
    """A column of a table.

    Attributes:
        title: its heading. group: what it stands under where there is no room for every column by itself.
        width: in characters, of a sheet. level: the level's word if it says what takes that level.
    """

    title: str
    group: str
    width: int = 16
    level: str = ""


@dataclass(frozen=True)
class Sheet:
    """A table: a name, columns, and rows of as many texts as there are columns."""

    name: str
    columns: tuple[Column, ...]
    rows: tuple[tuple[str, ...], ...]


def sheets(country: LoadedCountry) -> tuple[Sheet, Sheet]:
    """Thresholds and rules, in the order of the files.

    Raises:
        ConfigurationError: a file of texts cannot be read.
    """
    catalogue = Catalogue.load(country.folder)
    configuration = country.configuration
    thresholds = tuple(tuple(_threshold(threshold, country).values()) for threshold in configuration.thresholds)
    rules = tuple(tuple(_rule(rule, country, catalogue).values()) for rule in configuration.rules)
    return Sheet("Thresholds", _THRESHOLD, thresholds), Sheet("Rules", _RULE, rules)


_DOCUMENT = (
    Column("Document", "Document", 32),
    Column("Section", "Document", 32),
    Column("Date", "Document", 11),
    Column("Owner", "Document", 24),
    Column("Valid for", "Document", 14),
    Column("Reference", "Document", 32),
)
_THRESHOLD = (
    Column("Threshold", "Threshold", 20),
    Column("Measured", "Threshold", 22),
    Column("Indicator", "Threshold", 18),
    Column("Unit", "Threshold", 8),
    Column("Where", "Threshold", 22),
    Column("Kind", "Kind", 16),
    Column("History or forecast", "Kind", 28),
    *(Column(level.word.capitalize(), level.word.capitalize(), 16, level.word) for level in _LEVELS),
    Column("Set otherwise", "Persistence and hysteresis", 30),
    Column("Reached by", "Persistence and hysteresis", 18),
    Column("Left", "Persistence and hysteresis", 24),
    Column("Unknown after", "Staleness", 22),
    Column("A breach is held for", "Staleness", 14),
    *_DOCUMENT,
)
_RULE = (
    Column("Rule", "Rule", 22),
    Column("Areas", "Rule", 22),
    Column("Dimensions", "Rule", 18),
    Column("For", "Rule", 12),
    Column("In force", "Rule", 22),
    Column("When", "When", 48),
    Column("Unless", "When", 32),
    Column("Level", "Level", 12),
    Column("Raised", "Level", 36),
    Column("Moved", "Level", 36),
    Column("Until", "Ends", 40),
    Column("Ends otherwise", "Ends", 22),
    Column("Again only after", "Ends", 14),
    Column("Keeps quiet", "Ends", 22),
    Column("Signatures", "Who signs", 32),
    Column("May sign", "Who signs", 28),
    Column("Texts", "Texts", 28),
    Column("First message", "Texts", 60),
    Column("Reminder", "Texts", 12),
    *_DOCUMENT,
)


def _threshold(threshold: Threshold, country: LoadedCountry) -> Mapping[str, str]:
    indicator = CATALOGUE[threshold.indicator]
    where = {"station": "at each station", "adm2": "in each district (adm2)", "adm3": "in each division (adm3)"}[threshold.at]
    if threshold.datum is not None:
        where += f", levels above {threshold.datum}"
    if threshold.least_trust is not None:
        where += f", readings that are {threshold.least_trust.value} or trusted more"
    roll_up = threshold.roll_up
    if roll_up is not None:
        known = {"half": "half of them", "all": "all of them", "one": "one of them"}[roll_up.needs]
        where += f"; of an area ({roll_up.to}) the {roll_up.by}, if {known} can be told"
    return {
        "name": threshold.name,
        "measured": indicator.title + (f", change over {format_span(threshold.span)}" if threshold.span is not None else ""),
        "indicator": threshold.indicator,
        "unit": indicator.unit,
        "where": where,
        "kind": threshold.kind + (", at this or less" if threshold.direction == "below" else ""),
        "history": _history(threshold),
        **{level.word: level_words(threshold, level.word) for level in _LEVELS},
        "otherwise": "\n".join(_override(override, country) for override in threshold.overrides or ()),
        "reached": _persistence(threshold),
        "left": _left(threshold),
        "stale": f"{format_span(threshold.stale_after)} without a reading",
        "held": format_span(threshold.hold_for),
        **_document(threshold.document),
    }


def level_words(threshold: Threshold, word: str) -> str:
    """What a level takes, as written; a quantity in another unit than the indicator's with what it comes to. Empty if there is none."""
    text = threshold.levels.get(word)
    if text is None:
        return ""
    form = level_form(threshold.kind, threshold.method)
    if form is None:
        return f"{text}\nof the station itself"
    unit = CATALOGUE[threshold.indicator].unit
    match = form.pattern.match(text)
    written = match.groupdict().get("unit") if match is not None else None
    return text if written in (None, unit) else f"{text}\n({float(level_number(threshold, text)):.6g} {unit})"


def _history(threshold: Threshold) -> str:
    lines = []
    for part in (threshold.baseline, threshold.forecast):
        if part is not None:
            given = part.model_dump(mode="json", exclude_none=True)
            lines += [f"{key.replace('_', ' ')}: {', '.join(map(str, v)) if isinstance(v, list) else v}" for key, v in given.items()]
    if threshold.matrix is not None:
        matrix = threshold.matrix
        lines += [f"impact {name}: from {text} on" for name, text in matrix.impacts.items()]
        lines += [f"{name}: from {text} of the members on" for name, text in matrix.likelihoods.items()]
        lines += [f"{impact}, {likely}: {colour}" for impact, row in matrix.cells.items() for likely, colour in row.items()]
    return "\n".join(lines)


def _override(override: Override, country: LoadedCountry) -> str:
    levels = ", ".join(f"{word} {text}" for word, text in override.levels.items())
    return f"{place_words(override.place, country)}: {levels} ({override.told})"


def place_words(code: str, country: LoadedCountry) -> str:
    """A place by its name, with its code."""
    station = country.places.stations.get(code)
    area = country.places.areas.get(code)
    name = station.name if station is not None else area.names.get("en", "") if area is not None else ""
    return f"{name} ({code})" if name else code


def _persistence(threshold: Threshold) -> str:
    if not isinstance(threshold.for_, int):
        return f"{format_span(threshold.for_)} of it"
    return "one reading" if threshold.for_ == 1 else f"{threshold.for_} readings in a row"


def _left(threshold: Threshold) -> str:
    side = "over" if threshold.direction == "below" else "under"
    parts = [f"{threshold.leave_below} {side} it" if threshold.leave_below else f"{side} it"]
    parts += [f"for {format_span(threshold.quiet)}"] if threshold.quiet else []
    parts += [f"never a breach under {threshold.floor}"] if threshold.floor else []
    return ", ".join(parts)


def _document(document: Document) -> Mapping[str, str]:
    return {
        "title": document.title, "section": document.section, "date": document.date.isoformat(), "owner": document.owner,
        "valid for": document.valid, "reference": document.reference,
    }  # fmt: skip


def _rule(rule: Rule, country: LoadedCountry, catalogue: Catalogue) -> Mapping[str, str]:
    own = [area for area in country.configuration.areas if area.level == rule.area]
    only = ", ".join(place_words(code, country) for code in rule.only)
    raised = [f"{_staged(step.to.word, step.stage)} if {_inside(words(step.if_))}" for step in rule.raise_]
    unless = words(rule.unless) if rule.unless is not None else ""
    if rule.unless is not None:
        unless += "\nif nobody can tell: " + ("people are asked" if rule.proposes else "nothing is said")
    return {
        "name": rule.name,
        "areas": only or f"each of the {len(own)} ({rule.area})",
        "dimensions": ", ".join(dimension.value for dimension in rule.dimensions),
        "for": {"public": "the public", "operators": "people on duty"}[rule.audience],
        "valid": rule.valid.text if rule.valid is not None else "always",
        "when": words(rule.when),
        "unless": unless,
        "level": _staged(rule.level.word, rule.stage),
        "raised": "\n".join(raised),
        "moved": "\n".join(_move(move) for move in rule.move or ()),
        "until": words(rule.until) if rule.until is not None else "it is known no longer to hold",
        "otherwise": f"after {format_span(rule.ends.otherwise_after)} in which nobody can tell",
        "cool_down": format_span(rule.cool_down) if rule.cool_down is not None else "",
        "mutes": ", ".join(rule.mutes),
        "signatures": _signatures(rule, country),
        "may": "\n".join(role.title for role in country.facts.roles.values() if "sign" in role.may) if rule.audience == "public" else "",
        **_texts(rule, country, catalogue),
        "remind": f"every {format_span(rule.remind.every)}" if rule.remind is not None else "",
        **_document(rule.document),
    }


def _staged(level: str, stage: str | None) -> str:
    return f"{level} ({stage})" if stage is not None else level


def _inside(text: str) -> str:
    """Words of a condition inside a sentence: those of several lines begin on one of their own."""
    return f"\n{text}" if "\n" in text else text


def _move(move: Move) -> str:
    bound = f", at most {move.at_most.word}" if move.at_most is not None else ""
    bound += f", at least {move.at_least.word}" if move.at_least is not None else ""
    steps = f"{abs(move.by)} level{'s' if abs(move.by) > 1 else ''} {'up' if move.by > 0 else 'down'}"
    return f"{steps} if {move.if_.text}{bound}: {move.why}"


def _signatures(rule: Rule, country: LoadedCountry) -> str:
    """By level, the stricter of the country's table and the rule's own."""
    if rule.audience == "operators":
        return "none: it goes to the people on duty at once"
    lines = []
    for level in sorted(rule.levels):
        table = country.facts.signatures(level)
        people, within = max(rule.sign.people, table.people), min(rule.sign.within, table.within)
        lines.append(f"{level.word}: {counted(people, 'person', 'people')} within {format_span(within)}")
    ladder = ", ".join(f"after {format_span(step.after)} to {country.facts.roles[step.to].title}" for step in country.facts.escalate)
    return "\n".join([*lines, f"unsigned: passed on {ladder}"] if ladder else lines)


def _texts(rule: Rule, country: LoadedCountry, catalogue: Catalogue) -> Mapping[str, str]:
    found = {tag: catalogue.get(tag, rule.text, Kind.WARNING.value) for tag in country.languages}
    states = {tag: "missing" if p is None else "reviewed" if p.reviewed else "draft, not reviewed" for tag, p in found.items()}
    shown = found.get("en") or next((p for p in found.values() if p is not None), None)
    return {
        "texts": "\n".join([rule.text, *(f"{tag}: {state}" for tag, state in states.items())]),
        "message": _first_message(shown, rule, country) if shown is not None else "",
    }


def _first_message(pattern: Pattern, rule: Rule, country: LoadedCountry) -> str:
    """As people would read it, without names of rivers and places; once if it is the same at every level."""
    known = {"source": country.facts.messaging.speaks_as[pattern.language], "place": "[place]", "time": "[time]", "confirmed": "yes"}
    known |= dict.fromkeys(("rivers", "divisions", "stations", "need", "when", "hazard"), "none") | {"promise": "yes"}
    texts = {level.word: pattern.render({**known, "level": level.word}) for level in sorted(rule.levels)}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return "\n".join(f"{word}: {text}" for word, text in texts.items())
