"""What we know of each language: its segments, digits and script, the words that say a hazard or an action, and those nobody understands.

It stands in `countries/texts/languages.yaml`, so that who speaks a language can change it without touching code.
"""

from collections.abc import Mapping
from functools import lru_cache
from typing import Literal

from pydantic import Field, ValidationError

from alerts.texts import REGIONAL
from schemas.country_files import CHECKOUT
from schemas.decided import Decided
from schemas.errors import ConfigurationError
from schemas.yaml_files import YamlFile, plain

Digits = Literal["latn", "deva", "beng"]
_ZERO: Mapping[str, str] = {"deva": "०", "beng": "০"}
FILE = "languages.yaml"


class LongestPlace(Decided):
    """A real place name as long as they get, for the budget of texts that no single country owns."""

    name: str
    country: str = Field(pattern=r"^[A-Z]{3}$")


class Language(Decided):
    """One language.

    Attributes:
        name: in English. script: ISO 15924. right_to_left: written from the right.
        segments: the most that a message takes unless a country's file says otherwise.
        joins: false where a network that it is read in joins no parts, so that not even a mark may make a second segment.
        digits: those in which days and hours are written unless a country's file says otherwise (CLDR's names).
        longest_place: what the texts that all countries share are measured with.
        hazards, actions: how words begin, one of which a warning must hold to say what threatens, and what to do; `-nus` is how one ends.
        jargon: words that people do not use, each with the reason.
    """

    name: str
    script: str = Field(pattern=r"^[A-Z][a-z]{3}$")
    right_to_left: bool = False
    segments: int = Field(ge=1)
    joins: bool = True
    digits: Digits = "latn"
    longest_place: LongestPlace
    hazards: tuple[str, ...] = Field(min_length=1)
    actions: tuple[str, ...] = Field(min_length=1)
    jargon: dict[str, str] = Field(default_factory=dict)


@lru_cache(maxsize=1)
def languages() -> Mapping[str, Language]:
    """All languages by BCP 47 tag.

    Raises:
        ConfigurationError: the file cannot be read, or a language is described wrongly; names file, line and column.
    """
    file = YamlFile(REGIONAL / FILE, CHECKOUT)
    known = {}
    for tag, body in file.data.items():
        try:
            known[str(tag)] = Language.model_validate(plain(body))
        except ValidationError as error:
            finding = max(file.findings_of(error, (str(tag),), Language), key=lambda found: found.line)
            raise ConfigurationError(
                finding.what, where=f"{finding.file}:{finding.line}:{finding.column}", remedy=finding.remedy
            ) from error
    return known


def is_latin(language: str) -> bool:
    """Whether names in Latin letters can stand in its texts."""
    known = languages().get(language)
    return known is not None and known.script == "Latn"


def in_latin_letters(language: str) -> str:
    """The tag of the form of a language in Latin letters, for a person who asked for it; the language's own if nobody wrote one."""
    form = f"{language}-Latn"
    return form if form in languages() else language


def in_digits(text: str, digits: str) -> str:
    """The text with its digits written in another script; `latn` leaves them as they are."""
    zero = _ZERO.get(digits)
    return text if zero is None else text.translate({ord("0") + n: chr(ord(zero) + n) for n in range(10)})
