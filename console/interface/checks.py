"""What can be found wrong in the console's own texts and in their translations, before anybody reads them."""

import re
import unicodedata
from collections import Counter
from collections.abc import Iterator, Mapping
from pathlib import Path

import polib

from alerts import patterns
from alerts.review_files import KEYED_BY
from alerts.reviews import is_reviewed, stamps_of
from console.interface.catalogues import FOLDER, SOURCE
from console.interface.finding import ROOT, TEMPLATES, Text, texts, untranslated
from console.interface.recognising import FORMS, as_in_code
from console.interface.refusals import behind_pages
from schemas.counting import counted
from schemas.findings import Finding

_TAG = re.compile(r"<[^>]+>")
_JOINERS = {"\u200c", "\u200d"}
"""Devanagari and Arabic letters need them inside words."""
_REMEDY = "`polyrisk texts interface --write` puts in what is new and takes out what is gone."


def findings(folder: Path = FOLDER) -> list[Finding]:
    """All that is wrong: in the templates, in the English, and in each catalogue.

    Args:
        folder: of the catalogues.
    """
    known = texts()
    found = [finding for path in sorted(TEMPLATES.glob("*.html")) for finding in _templates(path)]
    found += [finding for text in known for finding in _english(text)]
    found += _unspoken()
    for path in sorted(folder.glob("*.po")):
        found += _catalogue(path, {text.english: text for text in known})
    return found


def _templates(path: Path) -> Iterator[Finding]:
    for one in untranslated(path):
        what, remedy = f"`{one.words}` stands in no catalogue.", 'Write {{ _("...") }}, the whole sentence in one.'
        yield Finding(check="untranslated-text", file=one.file, line=one.line, column=1, what=what, remedy=remedy)


def _unspoken() -> Iterator[Finding]:
    """What the code behind the pages refuses with, and no page knows."""
    known = {as_in_code(form) for form in FORMS}
    for one in behind_pages():
        if one.english not in known:
            yield Finding(
                check="unspoken-refusal",
                file=one.file.relative_to(ROOT).as_posix() if one.file.is_relative_to(ROOT) else one.file.name,
                line=one.line,
                column=1,
                what=f"`{one.english}` may come to a page, and stands in no catalogue.",
                remedy="Write its form into console/interface/refusal_forms.py, each part that changes in braces with a name.",
            )


def _english(text: Text) -> Iterator[Finding]:
    def at(check: str, what: str, remedy: str) -> Finding:
        return Finding(check=check, file=text.file, line=text.line, column=1, what=f"text `{text.english[:60]}` {what}", remedy=remedy)

    try:
        patterns.check(text.english, SOURCE)
        asked = patterns.arguments(text.english)
    except (ValueError, RuntimeError) as error:
        yield at("unparsable-pattern", f"is no pattern of ICU: {error}.", "Close each brace.")
        return
    if text.given is not None and asked != text.given:
        differ = ", ".join(sorted(asked ^ text.given))
        yield at("arguments-differ", f"and what it is given differ in: {differ}.", "Give exactly what it asks for.")


def _catalogue(path: Path, known: Mapping[str, Text]) -> Iterator[Finding]:
    name = path.relative_to(ROOT).as_posix() if path.is_relative_to(ROOT) else path.name

    def at(check: str, what: str, remedy: str = "", line: int = 1, *, note: bool = False) -> Finding:
        return Finding(check=check, file=name, line=line, column=1, what=what, remedy=remedy, note=note)

    try:
        entries = [entry for entry in polib.pofile(str(path), encoding="utf-8") if not entry.obsolete]
    except (OSError, UnicodeDecodeError) as error:
        yield at("unreadable-file", f"is no PO file: {error}.", "Open it in an editor for PO files, or take the last change back.")
        return
    for text, times in Counter(entry.msgid for entry in entries).items():
        if times > 1:
            yield at("text-stands-twice", f"text `{text[:60]}` stands {times} times.", "Leave one.")
    there = {entry.msgid: entry for entry in entries}
    for english, text in known.items():
        if english not in there:
            yield at("missing-text", f"text `{english[:60]}` of {text.file}:{text.line} is missing.", _REMEDY)
    for entry in entries:
        if entry.msgid not in known:
            yield at(
                "unused-text", f"text `{entry.msgid[:60]}` is used nowhere: its English is another now, or gone.", _REMEDY, entry.linenum
            )
            continue
        for check, what, remedy in _entry(entry, path.stem):
            yield at(check, f"text `{entry.msgid[:60]}` {what}", remedy, entry.linenum)
    drafts = sum(not is_reviewed(stamps_of(entry.comment), entry.msgid, entry.msgstr) for entry in entries)
    if drafts:
        what = f"{counted(drafts, 'text')} of {len(entries)} nobody has reviewed; pages in this language say so."
        yield at("draft", what, "Who reads it approves it: docs/translators.md.", note=True)


def _entry(entry: polib.POEntry, language: str) -> Iterator[tuple[str, str, str]]:
    """Check, what is wrong and what to do, of one translation."""
    text = entry.msgstr
    if not text:
        yield "untranslated-text", "has no translation.", "Write it."
        return
    if "fuzzy" in entry.flags:
        yield "fuzzy-text", "is marked as doubtful.", "Look at it and take the mark away."
    if unicodedata.normalize("NFC", text) != text:
        yield "not-normalised", "is not in NFC: letters are put together from parts.", "Write it anew, or normalise the file."
    hidden = sorted({f"U+{ord(c):04X}" for c in text if unicodedata.category(c) in ("Cf", "Cc", "Co") and c not in _JOINERS})
    if hidden:
        yield (
            "invisible-character",
            f"holds {', '.join(hidden)}, which nobody sees.",
            "Take it out; the page keeps directions apart itself.",
        )
    try:
        patterns.check(text, language)
        asked = patterns.arguments(text)
    except (ValueError, RuntimeError) as error:
        yield "unparsable-pattern", f"is no pattern of ICU: {error}.", "Close each brace; keep `plural` and `other` as they stand."
        return
    if asked != patterns.arguments(entry.msgid):
        differ = ", ".join(sorted(asked ^ patterns.arguments(entry.msgid)))
        yield "arguments-differ", f"asks for something else than its English: {differ}.", "Use each name in braces as the English has it."
    if Counter(_TAG.findall(text)) != Counter(_TAG.findall(entry.msgid)) and not _plural(entry.msgid):
        yield "tags-differ", "has other tags than its English.", "Keep each <tag> as the English has it."
    if _edges(text) != _edges(entry.msgid):
        yield "spaces-differ", "begins or ends with another space than its English.", "Keep spaces at both ends."


def _plural(english: str) -> bool:
    return ", plural," in english and "<" not in english


def _edges(text: str) -> tuple[bool, bool]:
    return text[:1].isspace(), text[-1:].isspace()


def update(path: Path) -> tuple[int, int]:
    """Bring a catalogue up to what the console says now: new texts are put in without a translation, those that are gone are taken out,
    and each says where it stands. Answers how many were put in and taken out. A file that is not there is begun."""
    if path.is_file():
        po = polib.pofile(str(path), encoding="utf-8", wrapwidth=_UNWRAPPED)
    else:
        po = polib.POFile(wrapwidth=_UNWRAPPED)
        po.metadata = {
            "Language": path.stem,
            "MIME-Version": "1.0",
            "Content-Type": "text/plain; charset=utf-8",
            "Content-Transfer-Encoding": "8bit",
        }
    po.metadata[KEYED_BY] = "English"
    where: dict[str, list[str]] = {}
    for text in texts():
        where.setdefault(text.english, []).append(text.file)
    before = {entry.msgid: entry for entry in po if not entry.obsolete}
    kept = []
    for english, files in where.items():
        entry = before.get(english) or polib.POEntry(msgid=english, msgstr="")
        entry.occurrences = [(file, "") for file in dict.fromkeys(files)]
        kept.append(entry)
    changed = len(where.keys() - before.keys()), len(before.keys() - where.keys())
    po[:] = kept
    po.save(str(path))
    return changed


_UNWRAPPED = 1_000_000_000
"""Columns: a line is a text, so that a change is the line that changed."""
