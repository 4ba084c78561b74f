"""Writing into a PO file that a translation was made from the English as it stands, or that somebody reviewed it as it stands."""

from collections.abc import Callable, Collection
from dataclasses import replace
from datetime import date
from pathlib import Path

import polib

from alerts.reviews import Review, fingerprint, is_older, stamped, stamps_of
from alerts.texts import REGIONAL, SOURCE_LANGUAGE, Catalogue, regional
from schemas.errors import ConfigurationError, RefusedError

_UNWRAPPED = 1_000_000_000
"""Columns: lines stay as long as they are, so that a change is the line that changed."""
KEYED_BY = "X-Keyed-By"
"""A header of catalogues whose msgid is the English itself, as those of the console: it says `English`."""
_Change = Callable[[polib.POEntry, str], bool]


def stamp(path: Path, names: Collection[str] = ()) -> list[str]:
    """Write into a file that translations were made from the English as it stands now; answers which.

    Args:
        names: the texts, each as `river_flood.warning`; by default those that do not say what they were made from.

    Raises:
        ConfigurationError: the file cannot be read. RefusedError: it has no such text.
    """

    def change(entry: polib.POEntry, english: str) -> bool:
        stamps = stamps_of(entry.comment)
        if not names and stamps.source:
            return False
        entry.comment = stamped(entry.comment, replace(stamps, source=english))
        return True

    return _changed(path, names, change, header="")


def review(path: Path, names: Collection[str], by: str, day: date) -> list[str]:
    """Write into a file who reviewed texts, when, and as what they stood; answers which.

    Args:
        names: the texts, each as `river_flood.warning`; all of the file if none is named. by: the reviewer's name.

    Raises:
        ConfigurationError: the file cannot be read.
        RefusedError: it has no such text; or one of them is marked fuzzy, or older than its English: then it is not ready.
    """
    if not by.strip() or "\n" in by:
        raise RefusedError("a review is somebody's.", remedy="Write the reviewer's name.")

    def change(entry: polib.POEntry, english: str) -> bool:
        stamps, name = stamps_of(entry.comment), _name(entry)
        if "fuzzy" in entry.flags:
            raise RefusedError(f"text {name} is marked as doubtful.", where=str(path), remedy="Take the mark away first.")
        if is_older(stamps, english):
            raise RefusedError(
                f"text {name} is older than its English.", where=str(path), remedy="See what changed, then `polyrisk texts stamp`."
            )
        said = Review(by.strip(), day.isoformat(), fingerprint(english, entry.msgstr))
        entry.comment = stamped(entry.comment, replace(stamps, review=said))
        return True

    return _changed(path, names, change, header=by.strip())


def _changed(path: Path, names: Collection[str], change: _Change, *, header: str) -> list[str]:
    try:
        po = polib.pofile(str(path), encoding="utf-8", wrapwidth=_UNWRAPPED)
    except (OSError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"is no PO file: {error}.", where=str(path)) from error
    by_english = po.metadata.get(KEYED_BY) == "English"
    name_of = _english if by_english else _name
    entries = [entry for entry in po if entry.msgstr and not entry.obsolete]
    known = {name_of(entry) for entry in entries}
    for name in names:
        if name not in known:
            remedy = "Write the English, all of it." if by_english else "Write name and kind, as river_flood.warning."
            raise RefusedError(f"no text `{name}` in the file.", where=str(path), remedy=remedy)
    english_of = _english if by_english else _english_beside(path)
    changed = []
    for entry in entries:
        if names and name_of(entry) not in names:
            continue
        if change(entry, english_of(entry)):
            changed.append(name_of(entry))
    if header:
        said = [name for name in str(po.metadata.get("X-Reviewed-By", "")).split(", ") if name.strip()]
        po.metadata["X-Reviewed-By"] = ", ".join(dict.fromkeys([*said, header]))
    if changed:
        po.save()
    return changed


def _english(entry: polib.POEntry) -> str:
    return str(entry.msgid)


def _english_beside(path: Path) -> Callable[[polib.POEntry], str]:
    """How to find the English of an entry: in the file beside it, or in what all countries share; the text itself if there is none."""
    beside = regional() if path.parent.resolve() == REGIONAL else Catalogue.load(path.resolve().parent.parent)

    def english(entry: polib.POEntry) -> str:
        found = beside.get(SOURCE_LANGUAGE, entry.msgctxt or "", entry.msgid)
        return found.text if found is not None else str(entry.msgstr)

    return english


def _name(entry: polib.POEntry) -> str:
    return f"{entry.msgctxt or ''}.{entry.msgid}"
