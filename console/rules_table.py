"""A country's thresholds and rules as two tables that a meeting can read: nothing of the files left out that decides a warning."""

from collections.abc import Mapping
from dataclasses import dataclass

from alerts.texts import SLOTS, Catalogue, Kind, Pattern
from console.code_words import dimension_word, quality_word
from console.interface.speaking import _, language, later
from console.local_time import span_words
from console.names import COLOURS, colour
from console.rules_words import words
from schemas.configuration import Move, Rule
from schemas.country_files import LoadedCountry
from schemas.decided import Document
from schemas.indicators import CATALOGUE
from schemas.levels import Level
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


def column_word(title: str) -> str:
    """A column's heading in the language of the page."""
    return colour(title.lower()).capitalize() if title.lower() in COLOURS else _(title)


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
    Column(later("Document"), later("Document"), 32),
    Column(later("Section"), later("Document"), 32),
    Column(later("Date"), later("Document"), 11),
    Column(later("Owner"), later("Document"), 24),
    Column(later("Valid for"), later("Document"), 14),
    Column(later("Reference"), later("Document"), 32),
)
_THRESHOLD = (
    Column(later("Threshold"), later("Threshold"), 20),
    Column(later("Measured"), later("Threshold"), 22),
    Column(later("Indicator"), later("Threshold"), 18),
    Column(later("Unit"), later("Threshold"), 8),
    Column(later("Where"), later("Threshold"), 22),
    Column(later("Kind"), later("Kind"), 16),
    Column(later("History or forecast"), later("Kind"), 28),
    *(Column(level.word.capitalize(), level.word.capitalize(), 16, level.word) for level in _LEVELS),
    Column(later("Set otherwise"), later("Persistence and hysteresis"), 30),
    Column(later("Reached by"), later("Persistence and hysteresis"), 18),
    Column(later("Left"), later("Persistence and hysteresis"), 24),
    Column(later("Unknown after"), later("Staleness"), 22),
    Column(later("A breach is held for"), later("Staleness"), 14),
    *_DOCUMENT,
)
_RULE = (
    Column(later("Rule"), later("Rule"), 22),
    Column(later("Areas"), later("Rule"), 22),
    Column(later("Dimensions"), later("Rule"), 18),
    Column(later("For"), later("Rule"), 12),
    Column(later("In force"), later("Rule"), 22),
    Column(later("When"), later("When"), 48),
    Column(later("Unless"), later("When"), 32),
    Column(later("Level"), later("Level"), 12),
    Column(later("Raised"), later("Level"), 36),
    Column(later("Moved"), later("Level"), 36),
    Column(later("Until"), later("Ends"), 40),
    Column(later("Ends otherwise"), later("Ends"), 22),
    Column(later("Again only after"), later("Ends"), 14),
    Column(later("Keeps quiet"), later("Ends"), 22),
    Column(later("Signatures"), later("Who signs"), 32),
    Column(later("May sign"), later("Who signs"), 28),
    Column(later("Texts"), later("Texts"), 28),
    Column(later("First message"), later("Texts"), 60),
    Column(later("Reminder"), later("Texts"), 12),
    *_DOCUMENT,
)


def _threshold(threshold: Threshold, country: LoadedCountry) -> Mapping[str, str]:
    indicator = CATALOGUE[threshold.indicator]
    measured = _(indicator.title)
    if threshold.span is not None:
        measured = _("{what}, change over {span}", what=measured, span=span_words(threshold.span))
    return {
        "name": threshold.name,
        "measured": measured,
        "indicator": threshold.indicator,
        "unit": indicator.unit,
        "where": _where(threshold),
        "kind": _("{kind}, at this or less", kind=threshold.kind) if threshold.direction == "below" else threshold.kind,
        "history": _history(threshold),
        **{level.word: level_words(threshold, level.word) for level in _LEVELS},
        "otherwise": "\n".join(_override(override, country) for override in threshold.overrides or ()),
        "reached": _persistence(threshold),
        "left": _left(threshold),
        "stale": _("{span} without a reading", span=span_words(threshold.stale_after)),
        "held": span_words(threshold.hold_for),
        **_document(threshold.document),
    }


_AT = {"station": later("at each station"), "adm2": later("in each district (adm2)"), "adm3": later("in each division (adm3)")}
_BY = {"worst": later("worst")}
_NEEDS = {
    "half": later("of an area ({area}) the {by}, if half of them can be told"),
    "all": later("of an area ({area}) the {by}, if all of them can be told"),
    "one": later("of an area ({area}) the {by}, if one of them can be told"),
}


def _where(threshold: Threshold) -> str:
    where = [_(_AT[threshold.at])]
    if threshold.datum is not None:
        where.append(_("levels above {datum}", datum=threshold.datum))
    if threshold.least_trust is not None:
        where.append(_("readings that are {quality} or trusted more", quality=quality_word(threshold.least_trust.value)))
    roll_up = threshold.roll_up
    said = ", ".join(where)
    return said if roll_up is None else f"{said}; {_(_NEEDS[roll_up.needs], area=roll_up.to, by=_(_BY[roll_up.by]))}"


def level_words(threshold: Threshold, word: str) -> str:
    """What a level takes, as written; a quantity in another unit than the indicator's with what it comes to. Empty if there is none."""
    text = threshold.levels.get(word)
    if text is None:
        return ""
    form = level_form(threshold.kind, threshold.method)
    if form is None:
        return f"{text}\n{_('of the station itself')}"
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
        lines += [_("impact {name}: from {value} on", name=name, value=text) for name, text in matrix.impacts.items()]
        lines += [_("{name}: from {value} of the members on", name=name, value=text) for name, text in matrix.likelihoods.items()]
        lines += [f"{impact}, {likely}: {colour(level)}" for impact, row in matrix.cells.items() for likely, level in row.items()]
    return "\n".join(lines)


def _override(override: Override, country: LoadedCountry) -> str:
    levels = ", ".join(f"{colour(word)} {text}" for word, text in override.levels.items())
    return f"{place_words(override.place, country)}: {levels} ({override.told})"


def place_words(code: str, country: LoadedCountry) -> str:
    """A place by its name, with its code."""
    station = country.places.stations.get(code)
    area = country.places.areas.get(code)
    name = station.name if station is not None else area.names.get("en", "") if area is not None else ""
    return f"{name} ({code})" if name else code


def _persistence(threshold: Threshold) -> str:
    if not isinstance(threshold.for_, int):
        return _("{span} of it", span=span_words(threshold.for_))
    return _("{number, plural, =1 {one reading} other {# readings in a row}}", number=threshold.for_)


def _left(threshold: Threshold) -> str:
    if threshold.direction == "below":
        parts = [_("{margin} over it", margin=threshold.leave_below) if threshold.leave_below else _("over it")]
    else:
        parts = [_("{margin} under it", margin=threshold.leave_below) if threshold.leave_below else _("under it")]
    parts += [_("for {span}", span=span_words(threshold.quiet))] if threshold.quiet else []
    parts += [_("never a breach under {floor}", floor=threshold.floor)] if threshold.floor else []
    return ", ".join(parts)


def _document(document: Document) -> Mapping[str, str]:
    return {
        "title": document.title, "section": document.section, "date": document.date.isoformat(), "owner": document.owner,
        "valid for": document.valid, "reference": document.reference,
    }  # fmt: skip


def _rule(rule: Rule, country: LoadedCountry, catalogue: Catalogue) -> Mapping[str, str]:
    own = [area for area in country.configuration.areas if area.level == rule.area]
    only = ", ".join(place_words(code, country) for code in rule.only)
    raised = [
        _("{level} if {condition}", level=_staged(step.to.word, step.stage), condition=_inside(words(step.if_))) for step in rule.raise_
    ]
    unless = words(rule.unless) if rule.unless is not None else ""
    if rule.unless is not None:
        asked = _("if nobody can tell: people are asked") if rule.proposes else _("if nobody can tell: nothing is said")
        unless += f"\n{asked}"
    return {
        "name": rule.name,
        "areas": only or _("each of the {number, number} ({kind})", number=len(own), kind=rule.area),
        "dimensions": ", ".join(dimension_word(dimension.value) for dimension in rule.dimensions),
        "for": _("the public") if rule.audience == "public" else _("people on duty"),
        "valid": rule.valid.text if rule.valid is not None else _("always"),
        "when": words(rule.when),
        "unless": unless,
        "level": _staged(rule.level.word, rule.stage),
        "raised": "\n".join(raised),
        "moved": "\n".join(_move(move) for move in rule.move or ()),
        "until": words(rule.until) if rule.until is not None else _("it is known no longer to hold"),
        "otherwise": _("after {span} in which nobody can tell", span=span_words(rule.ends.otherwise_after)),
        "cool_down": span_words(rule.cool_down) if rule.cool_down is not None else "",
        "mutes": ", ".join(rule.mutes),
        "signatures": _signatures(rule, country),
        "may": "\n".join(role.title for role in country.facts.roles.values() if "sign" in role.may) if rule.audience == "public" else "",
        **_texts(rule, country, catalogue),
        "remind": _("every {span}", span=span_words(rule.remind.every)) if rule.remind is not None else "",
        **_document(rule.document),
    }


def _staged(level: str, stage: str | None) -> str:
    return f"{colour(level)} ({stage})" if stage is not None else colour(level)


def _inside(text: str) -> str:
    """Words of a condition inside a sentence: those of several lines begin on one of their own."""
    return f"\n{text}" if "\n" in text else text


def _move(move: Move) -> str:
    up, down = (
        later("{number, plural, one {# level up} other {# levels up}}"),
        later("{number, plural, one {# level down} other {# levels down}}"),
    )
    said = _("{steps} if {condition}", steps=_(up if move.by > 0 else down, number=abs(move.by)), condition=move.if_.text)
    if move.at_most is not None:
        said = _("{what}, at most {level}", what=said, level=colour(move.at_most))
    if move.at_least is not None:
        said = _("{what}, at least {level}", what=said, level=colour(move.at_least))
    return f"{said}: {move.why}"


def _signatures(rule: Rule, country: LoadedCountry) -> str:
    """By level, the stricter of the country's table and the rule's own."""
    if rule.audience == "operators":
        return _("none: it goes to the people on duty at once")
    lines = []
    for level in sorted(rule.levels):
        table = country.facts.signatures(level)
        people, within = max(rule.sign.people, table.people), min(rule.sign.within, table.within)
        each = later("{number, plural, one {{level}: # person within {span}} other {{level}: # people within {span}}}")
        lines.append(_(each, level=colour(level), number=people, span=span_words(within)))
    steps = [(span_words(step.after), country.facts.roles[step.to].title) for step in country.facts.escalate]
    ladder = ", ".join(_("after {span} to {role}", span=span, role=role) for span, role in steps)
    return "\n".join([*lines, _("unsigned: passed on {ladder}", ladder=ladder)] if ladder else lines)


def _texts(rule: Rule, country: LoadedCountry, catalogue: Catalogue) -> Mapping[str, str]:
    found = {tag: catalogue.get(tag, rule.text, Kind.WARNING.value) for tag in country.languages}
    states = {tag: _("missing") if p is None else _("reviewed") if p.reviewed else _("draft, not reviewed") for tag, p in found.items()}
    shown = found.get(language()) or found.get("en") or next((p for p in found.values() if p is not None), None)
    return {
        "texts": "\n".join([rule.text, *(f"{tag}: {state}" for tag, state in states.items())]),
        "message": _first_message(shown, rule, country) if shown is not None else "",
    }


def _first_message(pattern: Pattern, rule: Rule, country: LoadedCountry) -> str:
    """As people would read it, without names of rivers and places; once if it is the same at every level."""
    known = {"source": country.facts.messaging.speaks_as[pattern.language], "place": "[place]", "time": "[time]", "confirmed": "yes"}
    known |= dict.fromkeys(("rivers", "divisions", "stations", "need", "when", "hazard", *SLOTS), "none") | {"promise": "yes"}
    texts = {level.word: pattern.render({**known, "level": level.word}) for level in sorted(rule.levels)}
    if len(set(texts.values())) == 1:
        return next(iter(texts.values()))
    return "\n".join(f"{word}: {text}" for word, text in texts.items())
