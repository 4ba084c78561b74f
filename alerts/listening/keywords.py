"""What people may write to us, by language: one file each in `words/`, and how a text is made comparable with them."""

import unicodedata
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path
from typing import Any

from pydantic import Field, ValidationError

from schemas.decided import Decided
from schemas.errors import ConfigurationError
from schemas.places import Places
from schemas.yaml_files import YamlFile, plain

FOLDER = Path(__file__).resolve().parent / "words"
_SAME_LETTER = str.maketrans({"ي": "ی", "ى": "ی", "ك": "ک", "ه": "ہ", "ۀ": "ہ"})
"""Telephones write some letters of Urdu as Arabic has them."""
_UNSEEN = {"\ufe0f", "\ufe0e", "\u20e3"}
"""What makes a digit an emoji."""
_OF_PEOPLE = ("adm2", "adm3")
"""Levels of areas that people belong to."""


class Meaning(StrEnum):
    """What a message says. A closed set: log, page and metric show the same word."""

    STOP = "stop"
    START = "start"
    HELP = "help"
    JOIN = "join"
    AREA = "area"
    LANGUAGE = "language"
    LATIN_LETTERS = "latin_letters"
    OWN_LETTERS = "own_letters"
    SAFE = "safe"
    NEED_HELP = "need_help"
    REPORT = "report"
    UNSURE = "unsure"


class ReportKind(StrEnum):
    """What can be reported."""

    WATER_IN_HOUSES = "water_in_houses"


class Words(Decided):
    """The words of one language.

    Attributes:
        names: of the language, as people may write it. reviewed_by: the reader who confirmed the words; empty: a draft.
        join, area: what is followed by a place. change_language: what is followed by a language's name.
        latin_letters, own_letters: asks for messages in Latin letters, or again in the language's own.
        drill: what is written before a report that is only an exercise.
        reports: what is followed by a number of houses, and a place if it is not the person's own.
    """

    language: str
    names: tuple[str, ...] = Field(min_length=1)
    reviewed_by: str
    stop: tuple[str, ...] = Field(min_length=1)
    start: tuple[str, ...] = Field(min_length=1)
    help: tuple[str, ...] = Field(min_length=1)
    join: tuple[str, ...] = Field(min_length=1)
    area: tuple[str, ...] = Field(min_length=1)
    change_language: tuple[str, ...] = Field(min_length=1)
    latin_letters: tuple[str, ...]
    own_letters: tuple[str, ...]
    drill: tuple[str, ...] = Field(min_length=1)
    reports: Mapping[ReportKind, tuple[str, ...]]


@dataclass(frozen=True)
class Vocabulary:
    """The words of all languages together, each as `squashed` leaves it: a person may write another language than they read.

    Attributes:
        whole: words that are a message by themselves. opening: words that something follows. reports, drills: likewise.
        languages: names of languages to their tags. drafts: languages whose words nobody has reviewed.
    """

    whole: Mapping[str, Meaning]
    opening: Mapping[str, Meaning]
    reports: Mapping[str, ReportKind]
    drills: frozenset[str]
    languages: Mapping[str, str]
    drafts: frozenset[str]
    by_language: Mapping[str, Words]


def squashed(text: str) -> str:
    """A text without all that telephones and people put in without meaning it: case, spaces, invisible characters, another form of the
    same letter, native digits. Equal results are the same word; it is not for reading."""
    text = unicodedata.normalize("NFKC", text).casefold().translate(_SAME_LETTER)
    kept = (_digit(c) for c in text if c not in _UNSEEN and not c.isspace() and unicodedata.category(c) not in ("Cf", "Cc", "Zs"))
    return unicodedata.normalize("NFC", "".join(kept))


def _digit(character: str) -> str:
    value = unicodedata.decimal(character, None)
    return character if value is None else str(value)


@lru_cache(maxsize=1)
def vocabulary() -> Vocabulary:
    """The words of all files, read once.

    Raises:
        ConfigurationError: a file cannot be used, or one word means two things.
    """
    return joined([read(path) for path in sorted(FOLDER.glob("*.yaml"))])


def read(path: Path) -> Words:
    """The words of one file.

    Raises:
        ConfigurationError: it cannot be used; names the line.
    """
    file = YamlFile(path, FOLDER)
    try:
        return Words.model_validate(plain(file.data))
    except ValidationError as error:
        found = file.findings_of(error, model=Words)
        raise ConfigurationError("\n".join(str(finding) for finding in found)) from error


def joined(files: Iterable[Words]) -> Vocabulary:
    """The words of several languages as one vocabulary.

    Raises:
        ConfigurationError: one word means two things.
    """
    files = tuple(files)
    meanings: dict[str, set[str]] = defaultdict(set)
    whole: dict[str, Meaning] = {}
    opening: dict[str, Meaning] = {}
    reports: dict[str, ReportKind] = {}
    drills: set[str] = set()
    for words in files:
        alone = {
            Meaning.STOP: words.stop,
            Meaning.START: words.start,
            Meaning.HELP: words.help,
            Meaning.LATIN_LETTERS: words.latin_letters,
            Meaning.OWN_LETTERS: words.own_letters,
        }
        followed = {Meaning.JOIN: words.join, Meaning.AREA: words.area, Meaning.LANGUAGE: words.change_language}
        whole |= _noted(alone, meanings)
        opening |= _noted(followed, meanings)
        reports |= _noted(words.reports, meanings)
        drills |= set(_noted({"drill": words.drill}, meanings))
    twice = sorted(word for word, said in meanings.items() if len(said) > 1)
    if twice:
        raise ConfigurationError(f"`{twice[0]}` means {' and '.join(sorted(meanings[twice[0]]))}.", where="words", remedy="Take one out.")
    names = {squashed(name): words.language for words in files for name in (*words.names, words.language)}
    drafts = frozenset(words.language for words in files if not words.reviewed_by.strip())
    return Vocabulary(whole, opening, reports, frozenset(drills), names, drafts, {words.language: words for words in files})


def _noted(groups: Mapping[Any, Iterable[str]], meanings: dict[str, set[str]]) -> dict[str, Any]:
    found = [(squashed(word), meaning) for meaning, words in groups.items() for word in words]
    for word, meaning in found:
        meanings[word].add(str(meaning))
    return dict(found)


def place_words(places: Places) -> dict[str, str]:
    """Names, spellings and codes of the areas that people can belong to, squashed, to the area's code.

    A district and its town often bear one name: it means the wider of the two. A name of areas that lie apart means neither.
    """
    found: dict[str, set[str]] = defaultdict(set)
    areas = {area.code: area for area in places.areas.values() if area.level in _OF_PEOPLE}
    for area in areas.values():
        for name in (area.code, *area.names.values()):
            found[squashed(name)].add(area.code)
    for spelling, code in places.aliases.items():
        if code in areas:
            found[squashed(spelling)].add(code)
    widest = {word: next((code for code in codes if all(code in places.line(c) for c in codes)), "") for word, codes in found.items()}
    return {word: code for word, code in widest.items() if word and code}
