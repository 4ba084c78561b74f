"""What can be found wrong in a country's texts before anybody is warned with them."""

import unicodedata
from collections.abc import Iterator
from itertools import product
from pathlib import Path

import smsutil

from alerts import patterns
from alerts.channels.contract import known_channels
from alerts.rendering import NONE, place_name
from alerts.segments import measure
from alerts.texts import Catalogue, Kind, Pattern
from schemas.configuration import Rule
from schemas.country_files import LoadedCountry, load_country
from schemas.errors import ConfigurationError
from schemas.findings import Finding

_VIRAMAS = {"\u0dca", "\u094d", "\u09cd", "\u0bcd"}
_JOINERS = {"\u200c", "\u200d"}
_CHOICES = {"level": ("yellow", "orange", "red"), "confirmed": ("yes", "no")}


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


def _texts(country: LoadedCountry) -> list[Finding]:
    try:
        catalogue = Catalogue.load(country.folder)
    except ConfigurationError as error:
        return [Finding(check="unreadable-file", file=error.where, line=0, column=0, what=error.what, remedy=error.remedy)]
    found = [finding for rule in country.configuration.rules for finding in _missing(country, catalogue, rule)]
    for pattern in catalogue.patterns:
        of_pattern = list(_pattern(pattern))
        found += of_pattern or list(_length(country, pattern))
    return list({str(f): f for f in found}.values())


def _missing(country: LoadedCountry, catalogue: Catalogue, rule: Rule) -> Iterator[Finding]:
    for language in sorted(_languages(country, rule)):
        for kind in Kind:
            if catalogue.get(language, rule.text, kind) is None:
                yield Finding(
                    check="missing-text",
                    file=f"countries/{country.folder.name}/texts/{language}.po",
                    line=0,
                    column=0,
                    what=f"text {rule.text}.{kind} is missing in `{language}`.",
                    why=f"Rule {rule.name} reaches areas where it is read.",
                    remedy=f'Add msgctxt "{rule.text}", msgid "{kind}".',
                )


def _languages(country: LoadedCountry, rule: Rule) -> set[str]:
    if rule.audience == "operators":
        return set(country.languages)
    return {language for area in _areas(country, rule) for language in country.languages_of(area)}


def _areas(country: LoadedCountry, rule: Rule) -> tuple[str, ...]:
    """The areas that a rule is judged for."""
    return rule.only or tuple(a.code for a in country.places.areas.values() if a.level == rule.area)


def _pattern(pattern: Pattern) -> Iterator[Finding]:
    try:
        patterns.check(pattern.text, pattern.language)
        used = patterns.arguments(pattern.text)
    except ValueError as error:
        reason = "a brace is not closed" if "BRACES" in str(error) else str(error)
        yield _at(pattern, "unparsable-pattern", f"is no ICU MessageFormat pattern: {reason}.")
        return
    for name in sorted(used - pattern.known):
        known = f"Known are {', '.join(sorted(pattern.known))}."
        yield _at(pattern, "unknown-argument", f"asks for {{{name}}}, which nobody gives.", known)
    for name in sorted(pattern.required - used):
        yield _at(pattern, "missing-argument", f"does not say {{{name}}}.", "Each message says who speaks, where, and as of when.")
    if unicodedata.normalize("NFC", pattern.text) != pattern.text:
        yield _at(pattern, "not-nfc", "is not in Unicode's composed form.", "Save it in NFC.")
    for character in dict.fromkeys(_invisible(pattern.text)):
        yield _at(pattern, "invisible-character", f"holds the invisible character U+{ord(character):04X}.", "Take it out.")


def _invisible(text: str) -> Iterator[str]:
    """Format and control characters, except joiners after a virama, which spell real conjuncts."""
    for before, character in zip(" " + text, text, strict=False):
        joins = character in _JOINERS and before in _VIRAMAS
        if unicodedata.category(character) in {"Cf", "Cc", "Co"} and not joins:
            yield character


def _length(country: LoadedCountry, pattern: Pattern) -> Iterator[Finding]:
    """The longest it can get with what must be in it."""
    budget = country.facts.messaging.segments.get(pattern.language, 1)
    source = country.facts.messaging.speaks_as.get(pattern.language, country.facts.messaging.sender)
    reached = {code for rule in country.configuration.rules if rule.text == pattern.name for code in _areas(country, rule)}
    places = {place_name(country, code, pattern.language) for code in reached}
    fixed = {"source": source, "time": "28/12 20:58", "rivers": NONE, "divisions": NONE, "stations": NONE}
    fixed |= {"need": NONE, "when": NONE, "hazard": NONE, "promise": "no"}
    texts = [pattern.render({**fixed, "place": place, **choice}) for place, choice in product(places, _choices(pattern))]
    if not texts:
        return
    longest = max(texts, key=lambda t: len(t.encode("utf-16-be")))
    size = measure(longest)
    if size.segments > budget:
        what = f"takes {size.segments} segments ({size.units} units) for some place; the budget of `{pattern.language}` is {budget}."
        yield _at(pattern, "too-long", what, f"Longest: {longest}")
    odd = [c for c in dict.fromkeys(pattern.text) if not smsutil.is_valid_gsm(c)]
    if odd and len(odd) <= 3:
        what = f"leaves GSM-7 for {', '.join(f'U+{ord(c):04X}' for c in odd)}: less than half fits into a segment."
        yield _at(pattern, "leaves-gsm7", what, "Write plain quotes, hyphens and dots.")


def _choices(pattern: Pattern) -> list[dict[str, str]]:
    """Each way in which the arguments that a pattern chooses by can be given; those it does not ask for, in one way."""
    used = patterns.arguments(pattern.text)
    ways = ([(name, value) for value in (values if name in used else values[:1])] for name, values in _CHOICES.items())
    return [dict(way) for way in product(*ways)]


def _at(pattern: Pattern, check: str, what: str, remedy: str = "") -> Finding:
    what = f"text {pattern.name}.{pattern.kind} {what}"
    return Finding(check=check, file=pattern.file, line=pattern.line, column=1, what=what, remedy=remedy)
