"""What can be found wrong in one text, whatever country reads it: its form, its arguments, its words, and its age beside the English."""

import re
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from itertools import product

import smsutil

from alerts import patterns
from alerts.duty_words import DUTY
from alerts.languages import Language
from alerts.texts import ANY, SERVICE, SLOTS, Kind, Need, Pattern
from schemas.errors import ConfigurationError
from schemas.findings import Finding

CHOICES: Mapping[str, tuple[str, ...]] = {
    "level": ("yellow", "orange", "red"),
    "confirmed": ("yes", "no"),
    "two_way": ("yes", "no"),
    "promise": ("no", "yes"),
    "ever": ("yes", "no"),
    "need": ("none", *Need),
}
"""In which ways the arguments that a pattern chooses by can be given."""
LISTS = ("rivers", "divisions", "stations", "when", "hazard", "report", "example", "more", "to", *SLOTS)
"""Arguments that may be `none`."""
UNREADABLE = frozenset({"unparsable-pattern", "unformattable-pattern", "unknown-argument", "missing-argument"})
"""The checks whose findings mean that a text cannot be rendered, or not as it must."""
_CHOOSING = frozenset({"level", "confirmed", "need", "two_way", "when", "hazard", "more", "to", "ever", *SLOTS})
"""What every language must ask for if the English does: else something is not said in it. Names of places are left out where they cannot
be written, and a promise that is always given is no fault."""
_VIRAMAS = {"\u0dca", "\u094d", "\u09cd", "\u0bcd"}
_JOINERS = {"\u200c", "\u200d"}
_WHY_REQUIRED = {SERVICE: "Each message says who speaks.", DUTY: "Who is woken must hear it."}
_MOST_CAPITALS = 0.7
_FEWEST_LETTERS = 12


def at(pattern: Pattern, check: str, what: str, remedy: str = "", *, why: str = "", fragment: str = "") -> Finding:
    """A finding about a text, where the fragment stands."""
    line, column = pattern.place_of(fragment)
    what = f"text {pattern.name}.{pattern.kind} {what}"
    return Finding(check=check, file=pattern.file, line=line, column=column, what=what, why=why, remedy=remedy)


def findings_of_text(pattern: Pattern, english: Pattern | None, language: Language | None) -> list[Finding]:
    """All that is wrong with a text by itself and beside the English it was made from."""
    form = list(_form(pattern))
    if form:
        return form
    found = [*_beside(pattern, english), *_characters(pattern)]
    if language is not None and language.script == "Latn":
        found += _odd(pattern)
    if language is not None and (not pattern.is_part or pattern.is_choice):
        found += _words(pattern, language)
    return found


def ways(pattern: Pattern) -> list[dict[str, str]]:
    """Each way in which the arguments that a pattern chooses by can be given; those it does not ask for, in one way."""
    used = patterns.arguments(pattern.text)
    given = ([(name, str(value)) for value in (values if name in used else values[:1])] for name, values in CHOICES.items())
    return [dict(way) for way in product(*given)]


def _said(pattern: Pattern, names: str = "none") -> list[str]:
    """What the text says by itself, in each of its ways."""
    empty = dict.fromkeys(pattern.known, "") | dict.fromkeys(LISTS, names)
    return [pattern.render({**empty, **way}) for way in ways(pattern)]


def _form(pattern: Pattern) -> Iterator[Finding]:
    try:
        patterns.check(pattern.text, pattern.language)
        used = patterns.arguments(pattern.text)
    except ValueError as error:
        reason = "a brace is not closed" if "BRACES" in str(error) else str(error)
        remedy = "Close each brace, give each `select` an `other`, and change nothing but what stands in the inner braces."
        yield at(pattern, "unparsable-pattern", f"is no ICU MessageFormat pattern: {reason}.", remedy, why="It could not be sent.")
        return
    for name in sorted(used - pattern.known):
        known = f"Known are {', '.join(sorted(pattern.known))}." if pattern.known else "This text has none."
        why = "It could not be sent."
        yield at(pattern, "unknown-argument", f"asks for {{{name}}}, which nobody gives.", known, why=why, fragment=f"{{{name}")
    for name in sorted(pattern.required - used):
        said = _WHY_REQUIRED.get(pattern.name, "Each message says who speaks, where, and as of when.")
        yield at(pattern, "missing-argument", f"does not say {{{name}}}.", f"Put {{{name}}} where it belongs.", why=said)
    if used <= pattern.known:
        try:
            _said(pattern)
            _said(pattern, names="some")
        except ConfigurationError as error:
            yield at(pattern, "unformattable-pattern", error.what, error.remedy, why="It could not be sent.")


def _beside(pattern: Pattern, english: Pattern | None) -> Iterator[Finding]:
    if english is None or english.language == pattern.language:
        return
    if pattern.older:
        yield at(
            pattern,
            "older-than-source",
            f"was made from another English text than {english.file}:{english.line}.",
            f"See whether it still says the same, then `polyrisk texts stamp` {pattern.file} {pattern.name}.{pattern.kind}.",
            why=f"That was: {pattern.stamps.source}",
        )
    elif not pattern.stamps.source:
        yield at(
            pattern,
            "unknown-source",
            "does not say which English it was made from.",
            f"See whether it says the same as {english.file}:{english.line}, then `polyrisk texts stamp` {pattern.file}.",
            why="So nobody can tell when the English changes.",
        )
    try:
        asked, own = patterns.arguments(english.text), patterns.arguments(pattern.text)
    except ValueError:
        return
    for name in sorted((asked ^ own) & _CHOOSING):
        here, there = ("asks for", "does not") if name in own else ("does not ask for", "does")
        yield at(
            pattern,
            "other-arguments",
            f"{here} {{{name}}}, the English {there}.",
            "Ask for the same in every language.",
            why="Who reads this language would be told something else.",
            fragment=f"{{{name}",
        )


def _characters(pattern: Pattern) -> Iterator[Finding]:
    if unicodedata.normalize("NFC", pattern.text) != pattern.text:
        yield at(
            pattern, "not-nfc", "is not in Unicode's composed form.", "Save it in NFC.", why="It takes more room, and searches miss it."
        )
    for character in dict.fromkeys(invisible(pattern.text)):
        what = f"holds the invisible character U+{ord(character):04X}."
        yield at(
            pattern, "invisible-character", what, "Take it out.", why="Nobody sees it, and it may turn text around.", fragment=character
        )


def _odd(pattern: Pattern) -> Iterator[Finding]:
    odd = [c for c in dict.fromkeys(pattern.text) if not smsutil.is_valid_gsm(c) and unicodedata.category(c) not in {"Cf", "Cc", "Co"}]
    if odd:
        what = f"leaves GSM-7 for {', '.join(f'U+{ord(c):04X}' for c in odd)}: less than half fits into a segment."
        why = "Each segment is paid for."
        yield at(pattern, "leaves-gsm7", what, "Write plain quotes, hyphens and dots.", why=why, fragment=odd[0])


def invisible(text: str) -> Iterator[str]:
    """Format and control characters, except joiners after a virama, which spell real conjuncts."""
    for before, character in zip(" " + text, text, strict=False):
        joins = character in _JOINERS and before in _VIRAMAS
        if unicodedata.category(character) in {"Cf", "Cc", "Co"} and not joins:
            yield character


def _words(pattern: Pattern, language: Language) -> Iterator[Finding]:
    said = _said(pattern)
    if pattern.is_choice:
        yield from _parts(pattern, language, said, ("action",))
    elif pattern.kind in {Kind.WARNING, Kind.UPDATE} and pattern.name != ANY:
        yield from _parts(pattern, language, said)
    for word, why in language.jargon.items():
        if any(_holds(text, word) for text in said):
            yield at(pattern, "jargon", f"says `{word}`.", why, why="People do not use the word.", fragment=word)
    loud = next((text for text in said if _is_shouted(text)), None)
    if loud is not None:
        remedy = "Write capitals for the hazard and the action alone."
        yield at(pattern, "all-capitals", f"is in capitals as a whole: {loud}", remedy, why="What is all loud is read more slowly.")


def lacks(text: str, language: Language, part: str) -> bool:
    """Whether a text does not say a part of a warning that its language has words for: `hazard` or `action`."""
    return not any(_holds(text, word) for word in (language.hazards if part == "hazard" else language.actions))


def _parts(pattern: Pattern, language: Language, said: list[str], parts: Sequence[str] = ("hazard", "action")) -> Iterator[Finding]:
    for part in parts:
        question = "what threatens" if part == "hazard" else "what to do"
        without = next((text for text in said if lacks(text, language, part)), None)
        if without is not None:
            remedy = f"Say it, or add its word to `{part}s` of `{pattern.language}` in countries/texts/languages.yaml."
            yield at(
                pattern, f"no-{part}", f"does not say {question}: {without}", remedy, why="A warning that lacks a part is not acted on."
            )


def _holds(text: str, word: str) -> bool:
    """Whether a text holds a word that begins so, or ends so if it is written with a hyphen before it; in other scripts than Latin, where
    words grow at both ends, whether it stands anywhere."""
    if not word.isascii():
        return word in text
    before, after = ("", r"(?!\w)") if word.startswith("-") else (r"(?<!\w)", "")
    return re.search(before + re.escape(word.removeprefix("-")) + after, text, re.IGNORECASE) is not None


def _is_shouted(text: str) -> bool:
    letters = [c for c in text if c.lower() != c.upper()]
    return len(letters) >= _FEWEST_LETTERS and sum(c.isupper() for c in letters) > _MOST_CAPITALS * len(letters)
