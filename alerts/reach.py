"""Whom a message reaches, and whom of its place it does not: what a signer must know beside the number of people."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import Connection, func, select

from alerts.people.person import Group
from alerts.people.subscribers import ACTIVE, in_audience
from alerts.tables import subscribers


@dataclass(frozen=True)
class Reach:
    """People of a message's place, in numbers.

    Attributes:
        people: whom the message goes to. enrolled: of its audience there, also those who hear of a greater danger instead.
        left: who had enrolled there and left. population: of the place; none if the country's file does not say.
    """

    people: int
    enrolled: int
    left: int
    population: int | None

    @property
    def spoken_for(self) -> int:
        """Who hears of a greater danger instead."""
        return max(0, self.enrolled - self.people)


def enrolled(connection: Connection, areas: Sequence[str], group: Group) -> int:
    """How many are enrolled in an audience."""
    return int(connection.execute(select(func.count()).select_from(subscribers).where(in_audience(areas, group))).scalar_one())


def left(connection: Connection, areas: Sequence[str]) -> int:
    """How many who were enrolled in these areas have left."""
    gone = subscribers.c.area.in_(areas) & (subscribers.c.status != ACTIVE)
    return int(connection.execute(select(func.count()).select_from(subscribers).where(gone)).scalar_one())
