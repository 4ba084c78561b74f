"""CAP documents in a folder: one file for each message, written once, and an Atom feed over the newest of them.

Any web server can hand it out as it is. What was published is never edited: a file that is there stays as it is.
"""

import re
from collections.abc import Iterable, Sequence
from pathlib import Path
from xml.etree import ElementTree as Xml

from alerts.cap.messages import CapMessage, Writer, add, document_of, messages_of, stamp
from alerts.rendering import place_name, source_of
from schemas.country_files import LoadedCountry
from schemas.warning_records import Warning

FEED = "feed.xml"
MOST_ENTRIES = 200
"""Of the feed, the newest first; the files of older messages stay."""
_ATOM = "http://www.w3.org/2005/Atom"
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]")


class CapFolder:
    """A folder that holds a country's messages; it is made if it is not there."""

    def __init__(self, folder: Path, writer: Writer) -> None:
        self.folder = folder
        self._writer = writer

    def write(self, issued: Iterable[Warning]) -> list[Path]:
        """Write what is not there yet, and the feed anew if there was any; answers the files that are new.

        Args:
            issued: all messages that went out.
        """
        messages = messages_of(issued, self._writer.country)
        new = []
        for message in messages:
            path = self.folder / name_of(message)
            if not path.exists():
                _replace(path, self._writer.document(message))
                new.append(path)
        if messages:
            feed, content = self.folder / FEED, self._feed(messages)
            if not feed.exists() or feed.read_bytes() != content:
                _replace(feed, content)
        return new

    def _feed(self, messages: Sequence[CapMessage]) -> bytes:
        facts = self._writer.country.facts
        newest = messages[: -MOST_ENTRIES - 1 : -1]
        feed = Xml.Element("feed", {"xmlns": _ATOM})
        add(feed, "id", f"urn:polyrisk:{self._writer.sender}")
        add(feed, "title", f"Warnings of {source_of(self._writer.country, 'en')}, {facts.name}")
        add(feed, "updated", stamp(newest[0].sent))
        add(Xml.SubElement(feed, "author"), "name", source_of(self._writer.country, "en"))
        Xml.SubElement(feed, "link", {"rel": "self", "href": FEED})
        for message in newest:
            self._entry(feed, message)
        return document_of(feed)

    def _entry(self, feed: Xml.Element, message: CapMessage) -> None:
        warning = message.warning
        place = place_name(self._writer.country, warning.area, "en")
        entry = Xml.SubElement(feed, "entry")
        add(entry, "id", f"urn:polyrisk:{self._writer.sender}:{warning.id}")
        add(entry, "title", f"{warning.message_type}: {self._writer.event_name(warning, 'en')}, {place}, {warning.level.word}")
        add(entry, "updated", stamp(message.sent))
        Xml.SubElement(entry, "link", {"rel": "alternate", "type": "application/cap+xml", "href": name_of(message)})
        add(entry, "summary", next((t.body for t in warning.texts if t.language == "en"), warning.texts[0].body))


def cap_folder(state: Path, country: LoadedCountry) -> CapFolder | None:
    """Where an installation writes its messages: `cap` in its folder; none if the country does not say in whose name."""
    return CapFolder(state / "cap", Writer(country)) if country.facts.cap is not None else None


def name_of(message: CapMessage) -> str:
    """The name of a message's file."""
    return f"{_UNSAFE.sub('_', message.warning.id)}.xml"


def _replace(path: Path, content: bytes) -> None:
    """Whole or not at all, so that nobody reads half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.draft")
    draft.write_bytes(content)
    draft.replace(path)
