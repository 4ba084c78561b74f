"""Stretches of valid time that have a life: what they are now, what was last said of them, and the difference.

A stretch is found again in full from the truth over time, each time something changes. Breaches and events are both told this way.
"""

import hashlib
from collections.abc import Sequence
from enum import StrEnum
from typing import NamedTuple

from processors.timelines import FAR


class Point(NamedTuple):
    """From `at` on: a level, the steps that raised it, and whether it stands on what nobody can confirm."""

    at: int
    level: int
    steps: tuple[int, ...] = ()
    doubted: bool = False


class Stretch(NamedTuple):
    """A longest stretch, with what it was from point to point.

    Attributes:
        until: when it ended; none while it goes on. told: whether it ended with knowledge, not for the lack of it.
    """

    since: int
    points: tuple[Point, ...]
    until: int | None = None
    told: bool = True

    def at(self, when: int) -> Point:
        """What it was at a moment, or at its beginning."""
        return next((p for p in reversed(self.points) if p.at <= when), self.points[0])


class Said(NamedTuple):
    """What was last said of a stretch.

    Attributes:
        known: when it was opened, by the shard's now. records: the input records behind what was said.
        quiet: why it was said to nobody. peak: the highest value so far, for a breach.
    """

    id: str
    since: int
    level: int
    known: int
    records: tuple[str, ...]
    steps: tuple[int, ...] = ()
    doubted: bool = False
    until: int | None = None
    told: bool = True
    quiet: str = ""
    peak: float | None = None


class Word(StrEnum):
    """What is to be said of a stretch."""

    OPENED = "opened"
    ESCALATED = "escalated"
    EASED = "eased"
    DOUBTED = "doubted"
    CONFIRMED = "confirmed"
    UPDATED = "updated"
    ENDED = "ended"
    FOUND = "found"
    MERGED = "merged"
    RETRACTED = "retracted"


class Change(NamedTuple):
    """One thing to say: the word, the valid time it happened, and the stretch as it is then. `into` names what it was merged into."""

    word: Word
    at: int
    said: Said
    into: str = ""


def differences(
    said: Sequence[Said], stretches: Sequence[Stretch], judged: int, name: "Namer", known: int, record: str
) -> tuple[list[Change], tuple[Said, ...]]:
    """What must be said, in order of valid time, and all that has then been said.

    Args:
        said: what may still change, oldest first. judged: up to when that was said.
        name: makes the id of a stretch that opens.
    """
    free = list(stretches)
    changes: list[Change] = []
    after: list[Said] = []
    owners: list[tuple[Stretch, Said]] = []
    for old in sorted(said, key=lambda s: (s.since, s.id)):
        match = next((s for s in free if _overlap(old, s)), None)
        if match is not None:
            free.remove(match)
            made, new = _followed(old, match, judged, record)
            owners.append((match, new))
            after.append(new)
            changes.extend(made)
            continue
        owner = next((o for s, o in owners if _overlap(old, s)), None)
        if old.until is None or owner is None:
            word = Word.MERGED if owner is not None else Word.RETRACTED
            gone = old._replace(until=old.since if owner is None else old.until, records=_with(old.records, record))
            changes.append(Change(word, old.since, gone, owner.id if owner is not None else ""))
    for stretch in free:
        made, new = _begun(stretch, name, known, record)
        after.append(new)
        changes.extend(made)
    return sorted(changes, key=lambda c: c.at), tuple(sorted(after, key=lambda s: (s.since, s.id)))


def opened(at: int, level: int, name: "Namer", known: int, record: str) -> Change:
    """What `differences` finds if nothing stood and a stretch begins."""
    return Change(Word.OPENED, at, Said(name.next(), at, level, known, (record,)))


def moved(old: Said, at: int, level: int, record: str) -> Change:
    """What `differences` finds if what stands goes on at another level, without steps or doubt."""
    word = Word.ESCALATED if level > old.level else Word.EASED
    return Change(word, at, old._replace(level=level, records=_with(old.records, record)))


def ended(old: Said, at: int, record: str) -> Change:
    """What `differences` finds if what stands ends, with knowledge."""
    return Change(Word.ENDED, at, old._replace(until=at, told=True, records=_with(old.records, record)))


class Namer:
    """Ids of what opens with one record: made of shard, threshold or rule, place and record, and a number if one record opens several."""

    def __init__(self, shard: str, name: str, place: str, record: str) -> None:
        self._parts = shard, name, place, record
        self._made = 0

    def next(self) -> str:
        """The id of the next one that opens: the same on any home."""
        self._made += 1
        digest = hashlib.sha256("\x1f".join(self._parts).encode()).hexdigest()[:24]
        return digest if self._made == 1 else f"{digest}-{self._made}"


def _overlap(old: Said, stretch: Stretch) -> bool:
    old_end = old.until if old.until is not None else FAR
    end = stretch.until if stretch.until is not None else FAR
    return stretch.since < old_end and old.since < end


def _with(records: tuple[str, ...], record: str) -> tuple[str, ...]:
    return records if record in records else (*records, record)


def _begun(stretch: Stretch, name: Namer, known: int, record: str) -> tuple[list[Change], Said]:
    first = stretch.points[0]
    said = Said(name.next(), stretch.since, first.level, known, (record,), first.steps, first.doubted)
    if stretch.until is not None:
        worst = max(stretch.points, key=lambda p: p.level)
        said = said._replace(level=worst.level, steps=worst.steps, until=stretch.until, told=stretch.told)
        return [Change(Word.FOUND, stretch.since, said)], said
    changes = [Change(Word.OPENED, stretch.since, said)]
    for point in stretch.points[1:]:
        made, said = _moved(said, point, record)
        changes.extend(made)
    return changes, said


def _followed(old: Said, stretch: Stretch, judged: int, record: str) -> tuple[list[Change], Said]:
    """What is to be said of a stretch that was said before."""
    said = old._replace(since=stretch.since)
    if old.until is not None:
        if (old.until, old.told) == (stretch.until, stretch.told):
            return [], said
        last = stretch.points[-1]
        said = said._replace(until=stretch.until, told=stretch.told, level=last.level, steps=last.steps, doubted=last.doubted,
            records=_with(old.records, record),
        )  # fmt: skip
        word = Word.OPENED if stretch.until is None else Word.UPDATED
        return [Change(word, stretch.since if stretch.until is None else stretch.until, said)], said
    changes: list[Change] = []
    for point in (stretch.at(judged), *(p for p in stretch.points if p.at > judged)):
        made, said = _moved(said, point, record)
        changes.extend(made)
    if stretch.until is not None:
        said = said._replace(until=stretch.until, told=stretch.told, records=_with(said.records, record))
        changes.append(Change(Word.ENDED, stretch.until, said))
    elif not changes and old.since != stretch.since:
        said = said._replace(records=_with(said.records, record))
        changes.append(Change(Word.UPDATED, stretch.since, said))
    return changes, said


def _moved(said: Said, point: Point, record: str) -> tuple[list[Change], Said]:
    changes = []
    if (point.level, point.steps) != (said.level, said.steps):
        word = Word.ESCALATED if point.level > said.level else Word.EASED if point.level < said.level else Word.UPDATED
        said = said._replace(level=point.level, steps=point.steps, records=_with(said.records, record))
        changes.append(Change(word, point.at, said))
    if point.doubted != said.doubted:
        said = said._replace(doubted=point.doubted, records=_with(said.records, record))
        changes.append(Change(Word.DOUBTED if point.doubted else Word.CONFIRMED, point.at, said))
    return changes, said
