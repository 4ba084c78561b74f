"""The texts that a message that waits would go out with, and to how many people each: read from where the dispatcher takes them, chosen for
each person by the same statement.

How many have a need is said on the page to sign alone: it is in no record of the log, no metric and no file.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Select, select

from alerts import intents
from alerts.people.person import NEEDS
from alerts.tables import bodies

FEWEST = 5
"""Fewer people with one need in one place are not counted out to whoever reads a page: somebody may know who they are."""


@dataclass(frozen=True)
class Variant:
    """One text as it lies ready to be sent. need: of those who get it; empty for what all others read. people: who would get it."""

    language: str
    need: str
    body: str
    segments: int
    people: int

    @property
    def few(self) -> bool:
        """So few that the number is not shown."""
        return bool(self.need) and 0 < self.people < FEWEST


def ready(connection: Connection, message: str, people: Select[Any]) -> tuple[Variant, ...]:
    """The texts of a message with how many of these people would get each, in order of language and need.

    Args:
        people: a query for their ids and the languages they read.
    """
    counted = intents.by_text(connection, message, people)
    rows = connection.execute(select(bodies).where(bodies.c.message == message))
    found = [Variant(row.language, row.need, row.body, row.segments, counted.get((row.language, row.need), 0)) for row in rows]
    return tuple(sorted(found, key=lambda one: (one.language, _ORDER[one.need])))


def for_a_need(variants: Iterable[Variant], language: str) -> tuple[Variant, ...]:
    """Those in one language that are for a need."""
    return tuple(one for one in variants if one.need and one.language == language)


_ORDER = {need: place for place, need in enumerate(("", *NEEDS))}
