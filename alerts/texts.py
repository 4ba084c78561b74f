"""The country's texts: PO files that translators know, each msgstr an ICU MessageFormat pattern with declared arguments.

msgctxt is the text's name (a rule's `text`), msgid its kind. A file whose header `X-Reviewed-By` is empty, and an entry marked
fuzzy, are drafts: they are shown as such wherever they stand.
"""

import unicodedata
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from pathlib import Path

import polib
from icu4py.messageformat import MessageFormat

from alerts import patterns
from schemas.errors import ConfigurationError


class Kind(StrEnum):
    """What a text is for.

    `update` says that something changed, `still` that nothing did; `retraction` that the first message rested on a wrong reading.
    """

    WARNING = "warning"
    UPDATE = "update"
    STILL = "still"
    ALL_CLEAR = "all_clear"
    CANNOT_TELL = "cannot_tell"
    RETRACTION = "retraction"


REQUIRED = frozenset({"source", "place", "time"})
"""Every text says who speaks, where, and as of when."""

OPTIONAL = frozenset({"level", "confirmed", "rivers", "divisions", "stations"})
"""`confirmed` is `no` while the event rests on what fell silent, else `yes`. `rivers`, `divisions` and `stations` are lists of names and
may be empty: a pattern asks `{rivers, select, none {} other {...}}`."""


@dataclass(frozen=True)
class Pattern:
    """One pattern and where it stands.

    Attributes:
        reviewed: a named person who reads the language has approved it.
    """

    language: str
    name: str
    kind: str
    text: str
    reviewed: bool
    file: str
    line: int

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
                    remedy=f"Known arguments are {', '.join(sorted(REQUIRED | OPTIONAL))}.",
                )
            text = message.format(dict(arguments))
        except ValueError as error:
            raise ConfigurationError(f"is no ICU pattern: {error}.", where=f"{self.file}:{self.line}") from error
        return unicodedata.normalize("NFC", " ".join(text.split()))


@lru_cache(maxsize=512)
def _compiled(text: str, language: str) -> tuple[frozenset[str], MessageFormat]:
    return patterns.arguments(text), MessageFormat(text, language)


class Catalogue:
    """All patterns of a country, by language, name and kind."""

    def __init__(self, entries: Iterable[Pattern]) -> None:
        self._patterns = {(p.language, p.name, p.kind): p for p in entries}

    @classmethod
    def load(cls, folder: Path) -> "Catalogue":
        """The catalogue of a country's folder (`texts/<language>.po`).

        Raises:
            ConfigurationError: a file cannot be parsed.
        """
        return cls(pattern for path in sorted((folder / "texts").glob("*.po")) for pattern in read(path))

    @property
    def patterns(self) -> tuple[Pattern, ...]:
        """All of them, in the order of the files."""
        return tuple(self._patterns.values())

    def get(self, language: str, name: str, kind: str) -> Pattern | None:
        """The pattern in exactly this language; none if nobody wrote it."""
        return self._patterns.get((language, name, kind))

    def nearest(self, languages: Iterable[str], name: str, kind: str) -> Pattern:
        """The pattern in the first of the languages that has it.

        Raises:
            ConfigurationError: none has it.
        """
        tried = tuple(languages)
        for language in tried:
            pattern = self.get(language, name, kind)
            if pattern is not None:
                return pattern
        raise ConfigurationError(
            f"text {name}.{kind} exists in none of {', '.join(tried)}.",
            where="texts",
            remedy=f'Add msgctxt "{name}", msgid "{kind}" to the PO files.',
        )


def read(path: Path) -> list[Pattern]:
    """The patterns of one PO file; entries not yet translated are left out.

    Raises:
        ConfigurationError: polib cannot parse it; names the file.
    """
    name = "/".join(path.parts[-4:])
    try:
        po = polib.pofile(str(path), encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"is no PO file: {error}.", where=name) from error
    language = str(po.metadata.get("Language") or path.stem)
    signed = bool(str(po.metadata.get("X-Reviewed-By", "")).strip())
    return [
        Pattern(
            language=language,
            name=entry.msgctxt or "",
            kind=entry.msgid,
            text=entry.msgstr,
            reviewed=signed and "fuzzy" not in entry.flags,
            file=name,
            line=int(entry.linenum),
        )
        for entry in po
        if entry.msgstr and not entry.obsolete
    ]
