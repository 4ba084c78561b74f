"""What tests of the journal share: a chain made by hand, anchors of it, and what is wrong with another."""

from collections.abc import Iterable, Sequence
from datetime import timedelta

from alert_places import START

from alerts.chain import GENESIS, Entry, Verified, Wrong, verify
from schemas.warning_records import JournalAnchor


def chain(length: int) -> list[Entry]:
    """A journal of so many steps."""
    rows = [
        Entry(
            place, (START + timedelta(seconds=place)).isoformat(), f"person {place}", "duty_officer", "signed", f"w{place}.1", "{}", "", ""
        )
        for place in range(1, length + 1)
    ]
    return linked(rows)


def linked(rows: Iterable[Entry], previous: str = GENESIS) -> list[Entry]:
    """The same rows with right hashes, one after the other, as whoever knows how they are made can write them."""
    made: list[Entry] = []
    for row in rows:
        named = row._replace(previous=made[-1].hash if made else previous)
        made.append(named._replace(hash=named.digest()))
    return made


def anchors(rows: Sequence[Entry], *places: int) -> list[JournalAnchor]:
    """What the event log has of a journal at some of its places; by default at each."""
    wanted = set(places) or {row.place for row in rows}
    return [JournalAnchor(shard="LKA", place=row.place, hash=row.hash, at=START) for row in rows if row.place in wanted]


def wrong(verified: Verified) -> list[tuple[Wrong, int, int]]:
    """What was found, and where."""
    return [(finding.wrong, finding.first, finding.last) for finding in verified.findings]


def found(rows: Iterable[Entry], anchored: Iterable[JournalAnchor] = ()) -> list[tuple[Wrong, int, int]]:
    """The same of rows."""
    return wrong(verify(rows, anchored))
