"""The texts: PO files that translators know, each msgstr an ICU MessageFormat pattern with declared arguments.

msgctxt is the text's name (a rule's `text`), msgid its kind. A country's own files stand in its folder; what it does not write itself it
has from `countries/texts`, which all countries share. A text that no named person has reviewed as it stands is a draft, and is shown as
one wherever it is shown (`reviews`).
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from functools import lru_cache
from itertools import takewhile
from pathlib import Path
from types import MappingProxyType

import polib
from icu4py.messageformat import MessageFormat

from alerts import duty_words, patterns
from alerts.duty_words import DUTY, Duty
from alerts.reviews import NO_STAMPS, Stamps, is_older, is_reviewed, stamps_of
from schemas.country_files import CHECKOUT
from schemas.errors import ConfigurationError
from schemas.frameworks import home_of

REGIONAL = CHECKOUT / "countries" / "texts"
"""The texts that all countries share."""
SOURCE_LANGUAGE = "en"
"""The language that texts are translated from."""


class Kind(StrEnum):
    """What a text of a warning is for.

    `update` says that something changed, `still` that nothing did; `retraction` that the first message rested on a wrong reading and the
    warning is withdrawn; `correction` that a message was wrong and what is right, while the warning stands; `expired` that the time of the
    last message has run out and nobody may give the all-clear.
    """

    WARNING = "warning"
    UPDATE = "update"
    STILL = "still"
    ALL_CLEAR = "all_clear"
    CANNOT_TELL = "cannot_tell"
    RETRACTION = "retraction"
    CORRECTION = "correction"
    EXPIRED = "expired"


class Service(StrEnum):
    """What a text to one person is for, who joins, leaves, asks or answers. All have the name `service`."""

    ENROLLED = "enrolled"
    LEFT = "left"
    RETURNED = "returned"
    HELP = "help"
    AREA_CHANGED = "area_changed"
    LANGUAGE_CHANGED = "language_changed"
    NOT_UNDERSTOOD = "not_understood"
    REPORT_UNDERSTOOD = "report_understood"
    REPORT_NOT_UNDERSTOOD = "report_not_understood"
    REPORT_TRAINING = "report_training"
    SAFETY_QUESTION = "safety_question"
    SAFE_NOTED = "safe_noted"
    HELP_NOTED = "help_noted"


class Need(StrEnum):
    """What a person told us about themselves that changes wording."""

    MOBILITY = "mobility"
    HEARING = "hearing"
    PREGNANCY = "pregnancy"
    LIVESTOCK = "livestock"


REQUIRED = frozenset({"source", "place", "time"})
"""Every text of a warning says who speaks, where, and as of when."""

SLOTS = ("action", "shelter")
"""What a person may fill in a message that waits, where its text asks for it; `none` until they do. All else in a text is a fact that the
rule found, or follows from one. `action` is one of the text's own (`CHOICES`), `shelter` the name of one of the country's."""

OPTIONAL = frozenset({"level", "confirmed", "rivers", "divisions", "stations", "need", "promise", "when", "hazard", *SLOTS})
"""`confirmed` is `no` while the event rests on what fell silent, else `yes`. `rivers`, `divisions` and `stations` are lists of names,
`need` is one of `Need`, `when` the day and hour that a forecast danger is expected from, `hazard` the text's own `name`; these may be
`none`: a pattern asks `{rivers, select, none {} other {...}}`. `promise` is `yes` where there is room to say that the end will be told,
else `no`."""

SERVICE_REQUIRED = frozenset({"source"})
SERVICE_OPTIONAL = frozenset({"place", "opt_out", "two_way", "report", "example"})
"""`opt_out` is how one leaves, in the country's words; `two_way` is `yes` where answers arrive, else `no`; `report` is what was understood
of a report, `example` one that is written well."""

SERVICE = "service"
"""The name of all texts to one person."""
WORDS = "word"
"""The name of single words: `today`, `tomorrow`."""
ANY = "any"
"""The name of texts that fit every hazard, for kinds that a hazard's own text lacks."""
NAME = "name"
"""The kind under which a text says what its danger is called inside a sentence, as `flood`."""
ACTION, MEANWHILE, AFTERWARDS, WITHDRAWN = "action.", "meanwhile.", "afterwards.", "withdrawn."
"""How the kinds begin under which a text says what else people may be told to do, as `action.leave`: words for its slot `{action}`."""
CHOICES: Mapping[str, str] = MappingProxyType(
    {
        Kind.WARNING: ACTION,
        Kind.UPDATE: ACTION,
        Kind.STILL: ACTION,
        Kind.CORRECTION: MEANWHILE,
        Kind.CANNOT_TELL: MEANWHILE,
        Kind.ALL_CLEAR: AFTERWARDS,
        Kind.RETRACTION: WITHDRAWN,
    }
)
"""Which of them may stand in a message of a kind: what is to be done under a danger is another than after it. That a warning has run out
is said at once and waits for nobody, so it leaves nothing open."""
_CHOICES = (ACTION, MEANWHILE, AFTERWARDS, WITHDRAWN)


@dataclass(frozen=True)
class Pattern:
    """One pattern and where it stands.

    Attributes:
        reviewed: a named person who reads the language has approved it as it stands, made from the English as that stands.
        line: of its msgstr. written: the lines of its msgstr as they stand in the file, by which a finding says where.
        stamps: what the file says about its source and its review.
        older: the English it was made from has changed since.
    """

    language: str
    name: str
    kind: str
    text: str
    reviewed: bool
    file: str
    line: int
    written: tuple[str, ...] = ()
    stamps: Stamps = NO_STAMPS
    older: bool = False

    @property
    def is_part(self) -> bool:
        """It is no message by itself: words that stand inside one."""
        if self.name == DUTY:
            return self.kind not in (Duty.SMS, Duty.TELEPHONE_CODE)
        return self.kind == NAME or self.name == WORDS or self.is_choice

    @property
    def is_choice(self) -> bool:
        """It is what people may be told to do, if a person chooses it."""
        return self.kind.startswith(_CHOICES)

    @property
    def required(self) -> frozenset[str]:
        """The arguments that it must ask for."""
        if self.name == DUTY:
            return duty_words.required(self.kind)
        return frozenset() if self.is_part else SERVICE_REQUIRED if self.name == SERVICE else REQUIRED

    @property
    def known(self) -> frozenset[str]:
        """The arguments that it may ask for."""
        if self.name == DUTY:
            return duty_words.known(self.kind)
        if self.is_part:
            return frozenset()
        return SERVICE_REQUIRED | SERVICE_OPTIONAL if self.name == SERVICE else REQUIRED | OPTIONAL

    def place_of(self, fragment: str) -> tuple[int, int]:
        """Line and column of a part of the text, from 1; those of its msgstr if the part is broken over lines."""
        for number, line in enumerate(self.written):
            at = line.casefold().find(fragment.replace('"', '\\"').casefold()) if fragment else -1
            if at >= 0:
                return self.line + number, at + 1
        return self.line, 1

    def render(self, arguments: Mapping[str, str]) -> str:
        """The text, in NFC.

        Raises:
            ConfigurationError: the pattern asks for an argument that is not given, or cannot be parsed.
        """
        try:
            asked, message = _compiled(self.text, self.language)
            missing = asked - arguments.keys()
            if missing:
                raise ConfigurationError(
                    f"text {self.name}.{self.kind} asks for {', '.join(sorted(missing))}, which nobody gives.",
                    where=f"{self.file}:{self.line}",
                    remedy=f"Known arguments are {', '.join(sorted(self.known))}.",
                )
            text = message.format(dict(arguments))
        except (ValueError, RuntimeError) as error:  # ICU's own word for what it cannot format, as a name asked for as a number
            remedy = "Close each brace; choose by `select`; every argument is a word."
            raise ConfigurationError(
                f"cannot be put into words by ICU: {error}.", where=f"{self.file}:{self.line}", remedy=remedy
            ) from error
        return unicodedata.normalize("NFC", " ".join(text.split()))


@lru_cache(maxsize=2048)
def _compiled(text: str, language: str) -> tuple[frozenset[str], MessageFormat]:
    return patterns.arguments(text), MessageFormat(text, language)


class Catalogue:
    """Patterns by language, name and kind: a country's own, and beneath them those that all countries share.

    Args:
        beneath: asked for what is not among the entries.
    """

    def __init__(self, entries: Iterable[Pattern], beneath: "Catalogue | None" = None) -> None:
        self._patterns = {(p.language, p.name, p.kind): p for p in entries}
        self._beneath = beneath

    @classmethod
    def load(cls, folder: Path) -> "Catalogue":
        """The catalogue of a country's folder (`texts/<language>.po`), with the shared one beneath it; of a framework, its country's.

        Raises:
            ConfigurationError: a file cannot be parsed.
        """
        beneath = regional()
        return cls(_judged((p for path in sorted((home_of(folder) / "texts").glob("*.po")) for p in read(path)), beneath), beneath)

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """The country's own, in the order of the files."""
        return tuple(self._patterns.values())

    def names(self) -> frozenset[str]:
        """The names of all texts, the country's own and the shared ones."""
        beneath = self._beneath.names() if self._beneath is not None else frozenset()
        return beneath | {name for _, name, _ in self._patterns}

    def get(self, language: str, name: str, kind: str) -> Pattern | None:
        """The pattern in exactly this language: the country's own, else the shared one, else the shared one for any hazard."""
        own = self._patterns.get((language, name, kind))
        if own is not None or self._beneath is None:
            return own
        return self._beneath.get(language, name, kind) or self._for_any(language, name, kind)

    def _for_any(self, language: str, name: str, kind: str) -> Pattern | None:
        special = name in {SERVICE, WORDS, DUTY} or kind == NAME or kind.startswith(_CHOICES)
        return None if special or self._beneath is None else self._beneath.get(language, ANY, kind)

    def actions(self, language: str, name: str, kind: str = Kind.WARNING) -> dict[str, str]:
        """What else a message of a kind may tell people to do in this language: the country's own words, else the shared ones, by their
        names; first those of the danger, then those that fit every one."""
        begins = CHOICES.get(kind)
        if begins is None:
            return {}
        return {**self._choices(language, name, begins), **self._choices(language, ANY, begins)}

    def _choices(self, language: str, name: str, begins: str) -> dict[str, str]:
        beneath = self._beneath._choices(language, name, begins) if self._beneath is not None else {}
        own = [p for p in self._patterns.values() if p.language == language and p.name == name and p.kind.startswith(begins)]
        return {**beneath, **{p.kind.removeprefix(begins): p.render({}) for p in own}}

    def nearest(self, languages: Iterable[str], name: str, kind: str) -> Pattern:
        """The pattern in the first of the languages that has it.

        Raises:
            ConfigurationError: none has it.
        """
        tried = tuple(dict.fromkeys(languages))
        for language in tried:
            pattern = self.get(language, name, kind)
            if pattern is not None:
                return pattern
        raise ConfigurationError(
            f"text {name}.{kind} exists in none of {', '.join(tried)}.",
            where="texts",
            remedy=f'Add msgctxt "{name}", msgid "{kind}" to the PO files.',
        )


@lru_cache(maxsize=1)
def regional() -> Catalogue:
    """The texts that all countries share.

    Raises:
        ConfigurationError: a file cannot be parsed.
    """
    return Catalogue(_judged([p for path in sorted(REGIONAL.glob("*.po")) for p in read(path)]))


def _judged(entries: Iterable[Pattern], beneath: Catalogue | None = None) -> list[Pattern]:
    """Each with whether it is reviewed and whether it is older than its source: both need the English beside it."""
    own = Catalogue(entries, beneath)
    judged = []
    for pattern in own.patterns:
        english = own.get(SOURCE_LANGUAGE, pattern.name, pattern.kind)
        source = english.text if english is not None else pattern.text
        older = pattern.language != SOURCE_LANGUAGE and is_older(pattern.stamps, source)
        reviewed = pattern.reviewed and not older and is_reviewed(pattern.stamps, source, pattern.text)
        judged.append(replace(pattern, older=older, reviewed=reviewed))
    return judged


_WITH_TEXT = re.compile(r'(msg(ctxt|id|id_plural|str)(\[\d+\])?\s+)?"')
_QUOTED = re.compile(r'"(?:[^"\\]|\\.)*"$')


def read(path: Path) -> list[Pattern]:
    """The patterns of one PO file, `reviewed` unless marked fuzzy; entries not yet translated are left out.

    Raises:
        ConfigurationError: polib cannot parse it, or a text stands in it twice; names the file.
    """
    name = _shown(path)
    try:
        lines = path.read_text(encoding="utf-8").splitlines()
        po = polib.pofile(str(path), encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"is no PO file: {error}.", where=name) from error
    _check_quotes(lines, name)
    language = str(po.metadata.get("Language") or path.stem).replace("_", "-")
    found: dict[tuple[str, str], Pattern] = {}
    for entry in (entry for entry in po if entry.msgstr and not entry.obsolete):
        pattern = _pattern(entry, language, name, lines)
        first = found.setdefault((pattern.name, pattern.kind), pattern)
        if first is not pattern:
            what = f"text {pattern.name}.{pattern.kind} stands on line {first.line} already."
            raise ConfigurationError(what, where=f"{name}:{pattern.line}", remedy="Take one of the two out.")
    return list(found.values())


def _check_quotes(lines: Sequence[str], file: str) -> None:
    """Refuse a line whose text does not end in a quote: polib takes the last letter for the quote, and a household would miss it."""
    for number, line in enumerate(lines, 1):
        written = line.strip()
        if _WITH_TEXT.match(written) and not _QUOTED.search(written):
            raise ConfigurationError("The text is not closed by a quote.", where=f"{file}:{number}", remedy='Put " at the end of the line.')


def _pattern(entry: polib.POEntry, language: str, file: str, lines: Sequence[str]) -> Pattern:
    first = next((n for n in range(entry.linenum - 1, len(lines)) if lines[n].startswith("msgstr")), entry.linenum - 1)
    more = takewhile(lambda line: line.startswith('"'), lines[first + 1 :])
    return Pattern(
        language=language,
        name=entry.msgctxt or "",
        kind=entry.msgid,
        text=entry.msgstr,
        reviewed="fuzzy" not in entry.flags,
        file=file,
        line=first + 1,
        written=(lines[first], *more),
        stamps=stamps_of(entry.comment),
    )


def _shown(path: Path) -> str:
    """The file as findings name it: from the folder of all countries on."""
    start = [index for index, part in enumerate(path.parts) if part == "countries"][-1:] or [-4]
    return "/".join(path.parts[start[0] :])
