"""What makes the journal a chain, as pure functions over its rows: each step's hash covers the step and the hash of the one before.

So a row that was changed is not what its hash says, and a row that is gone leaves a gap. Whoever writes the rest of the chain anew, with
right hashes, or cuts its end off, disagrees with the anchors: the hashes of its newest steps, which go into the event log as it grows.
"""

import hashlib
import json
from collections.abc import Iterable
from dataclasses import dataclass, replace
from enum import StrEnum
from typing import NamedTuple

from schemas.warning_records import JournalAnchor

GENESIS = "0" * 64
"""What stands for the hash before the first step."""


class Entry(NamedTuple):
    """A step as it stands in the table. Of one that somebody damaged, any column but the place may hold something that is no text.

    Attributes:
        place: 1, 2, 3 ... at: ISO 8601, UTC, to the microsecond. content: canonical JSON.
        previous: the hash of the step before. hash: of all other columns (`digest`).
    """

    place: int
    at: str
    actor: str
    role: str
    step: str
    subject: str
    content: str
    previous: str
    hash: str

    def digest(self) -> str:
        """SHA-256 of the other columns as a JSON array without spaces, in ASCII: no two rows are written alike."""
        written = json.dumps(self[:-1], separators=(",", ":"), default=lambda damaged: {"no text": repr(damaged)})
        return hashlib.sha256(written.encode()).hexdigest()

    @property
    def sound(self) -> bool:
        """Whether it is what its hash says."""
        return self.digest() == self.hash


class Wrong(StrEnum):
    """What can be wrong with a journal. A closed set."""

    EDITED = "edited"
    REPLACED = "replaced"
    DELETED = "deleted"
    INSERTED = "inserted"
    MOVED = "moved"
    REWRITTEN = "rewritten"
    CUT = "cut"
    ANCHORS = "anchors"
    UNREADABLE = "unreadable"


_SAID = {
    Wrong.EDITED: "not what the hash beside it says: a column was changed",
    Wrong.REPLACED: "does not follow from the place before it: one of the two was written anew, with a right hash",
    Wrong.DELETED: "nothing stands there any more",
    Wrong.INSERTED: "put in between by somebody else",
    Wrong.MOVED: "written at another place than this",
    Wrong.REWRITTEN: "not what the event log anchored at its end: all from somewhere here on was written anew, with right hashes",
    Wrong.CUT: "the end of the journal is missing, which the event log has anchored",
    Wrong.ANCHORS: "the event log has two anchors that disagree: the journal went on from an older copy, or the log was written to",
    Wrong.UNREADABLE: "the database is damaged and cannot be read from here on",
}


@dataclass(frozen=True, order=True)
class Finding:
    """Something wrong, with the places it concerns: from `first` to `last`."""

    first: int
    last: int
    wrong: Wrong

    def __str__(self) -> str:
        places = f"place {self.first:,}" if self.first == self.last else f"places {self.first:,} to {self.last:,}"
        return f"{places}: {self.wrong.value}: {_SAID[self.wrong]}"


@dataclass(frozen=True)
class Verified:
    """What a journal was found to be.

    Attributes:
        steps: how many rows there are. head: the last of them; none of an empty journal.
        anchored: the place up to which the event log agrees with it; 0 if it has no anchor that does.
    """

    steps: int
    head: Entry | None
    anchored: int
    findings: tuple[Finding, ...]


def verify(entries: Iterable[Entry], anchors: Iterable[JournalAnchor]) -> Verified:
    """Hold a journal against its own hashes and against what the event log anchored of it.

    Args:
        entries: in the order of their places. anchors: read before them, so that none is of a step that came later.
    """
    walk = _Walk(anchors)
    for entry in entries:
        walk.take(entry)
    return walk.result()


class _Walk:
    """Goes along the chain once, and remembers what it cannot judge before the end."""

    def __init__(self, anchors: Iterable[JournalAnchor]) -> None:
        self._anchored: dict[int, set[str]] = {}
        for anchor in anchors:
            self._anchored.setdefault(anchor.place, set()).add(anchor.hash)
        self._findings = [Finding(place, place, Wrong.ANCHORS) for place, hashes in self._anchored.items() if len(hashes) > 1]
        self._before = Entry(0, "", "", "", "", "", "", "", GENESIS)
        self._before_sound = True
        self._steps = 0
        self._agreed = 0
        self._rewritten = False
        self._places: dict[str, int] = {GENESIS: 0}  # hash to the place where it stands first
        self._unsound: list[Entry] = []

    def take(self, entry: Entry) -> None:
        self._steps += 1
        before, expected = self._before, self._before.place + 1
        if entry.place < expected:
            self._find(entry.place, entry.place, Wrong.INSERTED)
            return
        if entry.place > expected:
            self._find(expected, entry.place - 1, Wrong.DELETED)
        sound = entry.sound
        if not sound:
            self._unsound.append(entry)
        elif entry.place == expected and self._before_sound and entry.previous != before.hash:
            self._find(entry.place, entry.place, Wrong.REPLACED)
        if sound:
            self._hold_against_anchors(entry)
        self._places.setdefault(entry.hash, entry.place)
        self._before, self._before_sound = entry, sound

    def result(self) -> Verified:
        end = self._before.place
        self._judge_unsound()
        if (anchored := max(self._anchored, default=0)) > end:
            self._find(end + 1, anchored, Wrong.CUT)
        return Verified(self._steps, self._before if end else None, self._agreed, tuple(_joined(self._findings)))

    def _find(self, first: int, last: int, wrong: Wrong) -> None:
        self._findings.append(Finding(first, last, wrong))

    def _hold_against_anchors(self, entry: Entry) -> None:
        """The first anchor that disagrees tells all; those after it would only say it again."""
        hashes = self._anchored.get(entry.place)
        if hashes is None:
            return
        if entry.hash in hashes:
            self._agreed, self._rewritten = entry.place, False
        elif not self._rewritten:
            self._find(self._agreed + 1, entry.place, Wrong.REWRITTEN)
            self._rewritten = True

    def _judge_unsound(self) -> None:
        """Rows that are not what their hashes say: moved, if they are at the place that follows the row they name; else edited."""
        sound = {place: hash for hash, place in self._places.items()} if self._unsound else {}
        for entry in self._unsound:
            sound.pop(entry.place, None)
        written_at: dict[int, int] = {}
        for entry in self._unsound:
            before = self._places.get(entry.previous, -1)
            candidates = {before + 1, written_at.get(before, before) + 1} - {entry.place}
            origin = next((place for place in candidates if entry._replace(place=place).sound), None)
            self._find(entry.place, entry.place, Wrong.EDITED if origin is None else Wrong.MOVED)
            if origin is None:
                continue
            written_at[entry.place] = origin
            if sound.get(origin, entry.hash) != entry.hash:
                self._find(origin, origin, Wrong.INSERTED)


def _joined(findings: Iterable[Finding]) -> Iterable[Finding]:
    """One finding for what is wrong in the same way at places that follow each other."""
    found: list[Finding] = []
    for one in sorted(set(findings), key=lambda finding: (finding.wrong, finding)):
        last = found[-1] if found else None
        if last is not None and last.wrong is one.wrong and one.wrong in (Wrong.EDITED, Wrong.MOVED) and one.first == last.last + 1:
            found[-1] = replace(last, last=one.last)
        else:
            found.append(one)
    return sorted(found)
