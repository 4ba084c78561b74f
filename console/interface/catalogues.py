"""The catalogues of the console's own words: PO files that translators know, each msgid the English and each msgstr its translation, both
ICU MessageFormat patterns with the same arguments.

A language is offered once its file stands here. A text that no named person has reviewed as it stands is a draft (`alerts.reviews`, the
same stamps as those of messages to people); a page that has any says so.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import polib
from babel import Locale

from alerts.reviews import is_reviewed, stamps_of
from schemas.errors import ConfigurationError

FOLDER = Path(__file__).parent / "catalogues"
SOURCE = "en"
"""The language that the console is written in."""


@dataclass(frozen=True)
class Catalogue:
    """One language.

    Attributes:
        texts: English to translation, those that are marked as doubtful left out. drafts: how many of them nobody has reviewed.
        own_name: of the language, in itself. right_to_left: written from the right.
    """

    language: str
    texts: Mapping[str, str]
    drafts: int
    own_name: str
    right_to_left: bool

    @classmethod
    def read(cls, path: Path) -> "Catalogue":
        """A PO file, named by its language.

        Raises:
            ConfigurationError: polib cannot parse it, or Babel does not know the language; names the file.
        """
        try:
            entries = [entry for entry in polib.pofile(str(path), encoding="utf-8") if entry.msgstr and not entry.obsolete]
            locale = Locale.parse(path.stem, sep="-")
        except (OSError, ValueError) as error:
            raise ConfigurationError(f"is no PO file of a language: {error}.", where=path.name) from error
        reviewed = [entry for entry in entries if is_reviewed(stamps_of(entry.comment), entry.msgid, entry.msgstr)]
        return cls(
            language=path.stem,
            texts={entry.msgid: entry.msgstr for entry in entries if "fuzzy" not in entry.flags},
            drafts=len(entries) - len(reviewed),
            own_name=locale.get_display_name() or path.stem,
            right_to_left=locale.text_direction == "rtl",
        )


@lru_cache(maxsize=1)
def catalogues() -> Mapping[str, Catalogue]:
    """All languages that are offered, English first, the others by their tags.

    Raises:
        ConfigurationError: a file cannot be read.
    """
    english = Catalogue(SOURCE, {}, 0, "English", right_to_left=False)
    found = (Catalogue.read(path) for path in sorted(FOLDER.glob("*.po")))
    return {SOURCE: english, **{catalogue.language: catalogue for catalogue in found}}
