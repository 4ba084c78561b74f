"""What can be found wrong in a country's texts, and in how it sends them, before anybody is warned with them."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from functools import lru_cache
from pathlib import Path

from alerts.channels.contract import known_channels
from alerts.duty_words import DUTY, Duty
from alerts.languages import Language, languages
from alerts.marks import EXERCISE
from alerts.rendering import NONE, budget_of, opt_out_of, place_name, source_of
from alerts.text_checks import UNREADABLE, findings_of_text, invisible
from alerts.text_lengths import SOURCE, Setting, findings_of_length
from alerts.texts import (
    ANY,
    CHOICES,
    NAME,
    REGIONAL,
    SERVICE,
    SOURCE_LANGUAGE,
    WORDS,
    Catalogue,
    Kind,
    Pattern,
    Service,
    regional,
)
from schemas.configuration import Rule
from schemas.country_files import LoadedCountry, load_country
from schemas.errors import ConfigurationError
from schemas.findings import Finding
from schemas.frameworks import home_of


def findings(folder: Path) -> list[Finding]:
    """All that is wrong with the texts of a country's folder.

    Nothing if the rest of the folder cannot be read: its own findings say so.
    """
    try:
        country = load_country(folder)
    except ConfigurationError:
        return []
    return findings_of(country)


def findings_of(country: LoadedCountry) -> list[Finding]:
    """The same of a country already read."""
    return [*_channel(country), *_texts(country)]


def missing(framework: Path) -> list[Finding]:
    """The texts that the rules of a framework name and that its country has not: switched on, it could not speak.

    How long they are is found with the country's other texts. Nothing if the rest of the folder cannot be read.
    """
    try:
        country = load_country(framework)
        catalogue = Catalogue.load(framework)
    except ConfigurationError:
        return []
    return [finding for rule in country.configuration.rules for finding in _missing(country, catalogue, rule)]


@lru_cache(maxsize=1)
def shared_findings() -> tuple[Finding, ...]:
    """All that is wrong with the texts that all countries share, measured with the longest place name of each language."""
    try:
        catalogue, known = regional(), languages()
    except ConfigurationError as error:
        return (_unreadable(error),)
    found = []
    for pattern in catalogue.patterns:
        of_text = findings_of_text(pattern, catalogue.get(SOURCE_LANGUAGE, pattern.name, pattern.kind), known.get(pattern.language))
        found += [*of_text, *_unknown_language(pattern)]
        if pattern.language in known and not any(f.check in UNREADABLE for f in of_text):
            found += findings_of_length(pattern, _shared_setting(pattern, catalogue))
    return tuple(found)


def missing_duty_texts(languages: Iterable[str], catalogue: Catalogue | None = None) -> list[Finding]:
    """In which of the languages that officers are spoken to in the words that wake them are missing: they are woken in English.

    Nothing if a file cannot be read: then `shared_findings` says so.

    Args:
        catalogue: by default that which all countries share.
    """
    try:
        known = catalogue or regional()
    except ConfigurationError:
        return []
    found = []
    for language in dict.fromkeys(languages):
        lacks = [kind.value for kind in Duty if known.get(language, DUTY, kind) is None]
        if lacks:
            found.append(
                Finding(
                    check="missing-text",
                    file=f"countries/texts/{language}.po",
                    line=0,
                    column=0,
                    what=f"texts {DUTY}.{', '.join(lacks)} are missing in `{language}`.",
                    why="Whoever is spoken to in it on the console's pages is woken in English.",
                    remedy=f'Add msgctxt "{DUTY}" with these msgids.',
                )
            )
    return found


def sendable(country: LoadedCountry) -> list[Pattern]:
    """The texts that a country can send, its own or shared ones, each once; none if a file cannot be read: then `findings` says so."""
    try:
        return [pattern for pattern, _ in _measured(country, Catalogue.load(country.folder))]
    except ConfigurationError:
        return []


def notes(folder: Path) -> list[Finding]:
    """Which of a folder's texts are drafts: the country's, or those that all share. Nothing must be changed for it.

    Nothing if a file cannot be read.
    """
    try:
        own = regional() if folder == REGIONAL else Catalogue.load(folder)
    except ConfigurationError:
        return []
    by_file: dict[str, list[Pattern]] = defaultdict(list)
    for pattern in own.patterns:
        by_file[pattern.file].append(pattern)
    drafts = {file: sum(not p.reviewed for p in texts) for file, texts in by_file.items()}
    stale = [p for texts in by_file.values() for p in texts if p.stamps.review is not None and not p.reviewed]
    said = [_drafts(folder, by_file, drafts)] if any(drafts.values()) else []
    return [*said, *(_stale(p) for p in stale)]


def _drafts(folder: Path, texts: Mapping[str, list[Pattern]], drafts: Mapping[str, int]) -> Finding:
    counted = ", ".join(f"`{texts[file][0].language}` {count} of {len(texts[file])}" for file, count in drafts.items() if count)
    file = "countries/texts" if folder == REGIONAL else f"countries/{folder.name}/texts"
    what = f"drafts, not reviewed: {counted}."
    return Finding(check="draft", file=file, line=0, column=0, what=what, remedy="docs/translators.md says how to review.", note=True)


def _stale(pattern: Pattern) -> Finding:
    review = pattern.stamps.review
    said = f"text {pattern.name}.{pattern.kind} was reviewed by {review.by} on {review.date}, " if review is not None else ""
    what = f"{said}and has changed since, or its English has: it is a draft again."
    return Finding(check="review-over", file=pattern.file, line=pattern.line, column=1, what=what, note=True)


def _channel(country: LoadedCountry) -> Iterator[Finding]:
    channel = country.facts.messaging.channel
    if channel not in known_channels():
        yield Finding(
            check="unknown-channel",
            file=f"countries/{country.folder.name}/country.yaml",
            line=0,
            column=0,
            what=f"messaging.channel: no channel is called `{channel}`.",
            remedy=f"Known are {', '.join(known_channels())}.",
        )


def _names(country: LoadedCountry, known: Mapping[str, Language]) -> Iterator[Finding]:
    """What stands in texts beside their own words: who speaks, how one leaves, the names of places."""
    messaging = country.facts.messaging
    facts, areas = f"countries/{country.folder.name}/country.yaml", f"countries/{country.folder.name}/areas.csv"
    said = [(facts, f"messaging.speaks_as.{tag}", name) for tag, name in messaging.speaks_as.items()]
    said += [(facts, f"messaging.opt_out.{tag}", words) for tag, words in messaging.opt_out.items()]
    said += [(facts, f"shelters.{name}.{tag}", words) for name, one in country.facts.shelters.items() for tag, words in one.names.items()]
    said += [(areas, f"name_{tag} of {area.code}", name) for area in country.places.areas.values() for tag, name in area.names.items()]
    for file, where, text in said:
        for character in dict.fromkeys(invisible(text)):
            what = f"{where} holds the invisible character U+{ord(character):04X}."
            why = "It would stand in every message, and may turn one around."
            yield Finding(check="invisible-character", file=file, line=0, column=0, what=what, why=why, remedy="Take it out.")
    for tag, name in messaging.speaks_as.items():
        if tag in known and known[tag].right_to_left and unicodedata.bidirectional(name[:1]) not in {"R", "AL"}:
            what = f"messaging.speaks_as.{tag} `{name}` does not begin with a letter of the language."
            why = "A message begins with it, and telephones lay a whole message out by its first letter: from the left."
            yield Finding(check="turned-around", file=facts, line=0, column=0, what=what, why=why, remedy=f"Write the name in `{tag}`.")


def _texts(country: LoadedCountry) -> list[Finding]:
    try:
        catalogue, known = Catalogue.load(country.folder), languages()
    except ConfigurationError as error:
        return [_unreadable(error)]
    found = [*_names(country, known)]
    found += [finding for rule in country.configuration.rules for finding in _missing(country, catalogue, rule)]
    found += _missing_service(country, catalogue)
    found += missing_duty_texts(filter(None, [country.facts.console_language]), catalogue)
    unreadable = set()
    for pattern in catalogue.patterns:
        english = catalogue.get(SOURCE_LANGUAGE, pattern.name, pattern.kind)
        of_text = findings_of_text(pattern, english, known.get(pattern.language))
        found += [*of_text, *_unknown_language(pattern)]
        unreadable |= {pattern for f in of_text if f.check in UNREADABLE}
    for pattern, setting in _measured(country, catalogue):
        if pattern not in unreadable:
            found += findings_of_length(pattern, setting)
    return list({(f.file, f.line, f.column, f.what): f for f in reversed(found)}.values())[::-1]


def _unreadable(error: ConfigurationError) -> Finding:
    file, line, column = (*error.where.split(":"), "0", "0")[:3]
    return Finding(check="unreadable-file", file=file, line=int(line), column=int(column), what=error.what, remedy=error.remedy)


def _unknown_language(pattern: Pattern) -> Iterator[Finding]:
    if pattern.language not in languages() or pattern.language not in EXERCISE:
        where = "countries/texts/languages.yaml" if pattern.language not in languages() else "EXERCISE of alerts/marks.py"
        yield Finding(
            check="unknown-language",
            file=pattern.file,
            line=1,
            column=1,
            what=f"`{pattern.language}` is not in {where}.",
            why="Its words cannot be checked, or an exercise would be marked in English.",
            remedy="CONTRIBUTING.md says how a language is added.",
        )


def _missing(country: LoadedCountry, catalogue: Catalogue, rule: Rule) -> Iterator[Finding]:
    for language in sorted(_languages(country, rule)):
        found = {kind: catalogue.get(language, rule.text, kind) for kind in Kind}
        for kind in (kind for kind, pattern in found.items() if pattern is None):
            yield _missing_text(country, language, rule.text, kind, f"Rule {rule.name} reaches areas where it is read.")
        for of_kind in {begins: kind for kind, begins in CHOICES.items()}.values():
            yield from _missing_choices(country, catalogue, language, rule.text, of_kind)
        shared = [kind.value for kind, pattern in found.items() if pattern is not None and pattern.name == ANY]
        if shared and catalogue.get(language, rule.text, NAME) is None:
            why = f"Its {', '.join(shared)} would not say which danger it is about, and people may stand under two warnings."
            yield _missing_text(country, language, rule.text, NAME, why)


def _missing_choices(country: LoadedCountry, catalogue: Catalogue, language: str, text: str, kind: str) -> Iterator[Finding]:
    """What the English or another language of the country has to fill `{action}` with, and this language has not."""
    offered = dict.fromkeys(name for tag in (SOURCE_LANGUAGE, *country.languages) for name in catalogue.actions(tag, text, kind))
    for name in offered:
        if name not in catalogue.actions(language, text, kind):
            why = "A person can choose only what every language of a message has, so nobody could choose it."
            yield _missing_text(country, language, text, f"{CHOICES[kind]}{name}", why)


def _missing_service(country: LoadedCountry, catalogue: Catalogue) -> Iterator[Finding]:
    for language in country.languages:
        for kind in Service:
            if catalogue.get(language, SERVICE, kind) is None:
                yield _missing_text(country, language, SERVICE, kind, "Who joins, leaves or answers is written to in it.")


def _missing_text(country: LoadedCountry, language: str, name: str, kind: str, why: str) -> Finding:
    return Finding(
        check="missing-text",
        file=f"countries/{home_of(country.folder).name}/texts/{language}.po",
        line=0,
        column=0,
        what=f"text {name}.{kind} is missing in `{language}`.",
        why=why,
        remedy=f'Add msgctxt "{name}", msgid "{kind}".',
    )


def _languages(country: LoadedCountry, rule: Rule) -> set[str]:
    if rule.audience == "operators":
        return set(country.languages)
    return {language for area in _areas(country, rule) for language in country.languages_of(area)}


def _areas(country: LoadedCountry, rule: Rule) -> tuple[str, ...]:
    """The areas that a rule is judged for."""
    return rule.only or tuple(a.code for a in country.places.areas.values() if a.level == rule.area)


def _measured(country: LoadedCountry, catalogue: Catalogue) -> list[tuple[Pattern, Setting]]:
    """Each text that the country can send, its own or a shared one, with all that may stand in it; of its own that no rule names, such as
    those of a framework, the names of all districts."""
    places: dict[Pattern, set[str]] = defaultdict(set)
    dangers: dict[Pattern, dict[str, tuple[str, ...]]] = defaultdict(dict)
    for rule in country.configuration.rules:
        for language in _languages(country, rule):
            name = catalogue.get(language, rule.text, NAME)
            for pattern in filter(None, (catalogue.get(language, rule.text, kind) for kind in Kind)):
                places[pattern] |= set(_areas(country, rule))
                actions = tuple(catalogue.actions(language, rule.text, pattern.kind).values())
                called = name.text if name is not None else NONE
                dangers[pattern][called] = (*dangers[pattern].get(called, ()), *actions)
    for language in country.languages:
        for pattern in filter(None, (catalogue.get(language, SERVICE, kind) for kind in Service)):
            places[pattern] = set(country.places.areas)
    districts = {area.code for area in country.places.areas.values() if area.level == "adm2"}
    for pattern in catalogue.patterns:
        if not pattern.is_part:
            places[pattern] = places.get(pattern) or districts
            if not dangers[pattern]:
                dangers[pattern][NONE] = tuple(catalogue.actions(pattern.language, pattern.name, pattern.kind).values())
    return [(p, _setting(country, catalogue, p, codes, dangers[p])) for p, codes in places.items()]


def _setting(
    country: LoadedCountry, catalogue: Catalogue, pattern: Pattern, places: set[str], dangers: Mapping[str, Sequence[str]]
) -> Setting:
    tomorrow = catalogue.get(pattern.language, WORDS, "tomorrow")
    known = languages().get(pattern.language)
    return Setting(
        source=source_of(country, pattern.language),
        places=tuple(place_name(country, code, pattern.language) for code in places),
        budget=budget_of(country, pattern.language),
        opt_out=opt_out_of(country, pattern.language),
        dangers=dangers,
        tomorrow=tomorrow.text if tomorrow is not None else "",
        joins=known is None or known.joins,
    )


def _shared_setting(pattern: Pattern, catalogue: Catalogue) -> Setting:
    language = languages()[pattern.language]
    of = {p.name: p.text for p in catalogue.patterns if p.language == pattern.language and p.kind == NAME}
    dangers = of if pattern.name == ANY else {pattern.name: NONE}
    tomorrow = catalogue.get(pattern.language, WORDS, "tomorrow")
    return Setting(
        source=SOURCE,
        places=() if pattern.is_part else (language.longest_place.name,),
        budget=language.segments,
        dangers={said: tuple(catalogue.actions(pattern.language, name, pattern.kind).values()) for name, said in dangers.items()},
        tomorrow=tomorrow.text if tomorrow is not None else "",
        joins=language.joins,
    )
