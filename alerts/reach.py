"""Whom a message reaches, and whom of its place it does not: what a signer must know beside the number of people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from sqlalchemy import Connection, func, select

from alerts.people.person import Group
from alerts.people.subscribers import ACTIVE, in_audience
from alerts.tables import delivery_counts, subscribers, warnings
from schemas.warning_records import MessageState

_LOST = (MessageState.UNDELIVERED.value, MessageState.FAILED.value, MessageState.REFUSED.value)
_DOUBTFUL = MessageState.UNKNOWN.value


@dataclass(frozen=True)
class LastTold:
    """What became of the last message to people of a place: whose number did not take that one will hardly take this one.

    Attributes:
        at: when it went out. told: for how many it was meant. lost: of these it did not arrive: no such number, barred, or too long without
            a network. doubtful: nobody knows.
    """

    at: datetime
    told: int
    lost: int
    doubtful: int


@dataclass(frozen=True)
class Reach:
    """People of a message's place, in numbers.

    Attributes:
        people: whom the message goes to. enrolled: of its audience there, also those who hear of a greater danger instead.
        left: who had enrolled there and left. population: of the place; none if the country's file does not say.
        not_written: language to the people who read it and get the text in another, because there is none in theirs.
        last: none if nothing was ever sent to the place, or it is too long ago.
        empty: the smallest areas of the place where nobody is enrolled, of `within` in all.
        empty_population: who lives in them; none if the country's file does not say it of all of them.
        around: an area that the place lies in, to how many of its audience are enrolled for the whole of that. They may live in the place,
            and the message does not go to them.
    """

    people: int
    enrolled: int
    left: int
    population: int | None
    not_written: Mapping[str, int] = field(default_factory=dict)
    last: LastTold | None = None
    empty: tuple[str, ...] = ()
    within: int = 0
    empty_population: int | None = None
    around: Mapping[str, int] = field(default_factory=dict)

    @property
    def spoken_for(self) -> int:
        """Who hears of a greater danger instead."""
        return max(0, self.enrolled - self.people)


def enrolled(connection: Connection, areas: Sequence[str], group: Group) -> dict[str, int]:
    """Area to how many are enrolled in an audience there; areas without anybody are left out."""
    query = select(subscribers.c.area, func.count()).where(in_audience(areas, group)).group_by(subscribers.c.area)
    return {area: int(number) for area, number in connection.execute(query)}


def left(connection: Connection, areas: Sequence[str]) -> int:
    """How many who were enrolled in these areas have left."""
    gone = subscribers.c.area.in_(areas) & (subscribers.c.status != ACTIVE)
    return int(connection.execute(select(func.count()).select_from(subscribers).where(gone)).scalar_one())


def last_told(connection: Connection, areas: Sequence[str]) -> LastTold | None:
    """What became of the last message to people of these areas, by the counts that were published."""
    counts = delivery_counts
    newest = select(warnings.c.id, warnings.c.issued).join(counts, counts.c.message == warnings.c.id)
    newest = newest.where(counts.c.area.in_(areas), counts.c.count > 0, warnings.c.issued.is_not(None))
    row = connection.execute(newest.order_by(warnings.c.issued.desc(), warnings.c.id).limit(1)).first()
    if row is None:
        return None
    by_state = select(counts.c.state, func.sum(counts.c.count)).where(counts.c.message == row.id, counts.c.area.in_(areas))
    found = {state: int(number) for state, number in connection.execute(by_state.group_by(counts.c.state))}
    lost = sum(found.get(state, 0) for state in _LOST)
    return LastTold(row.issued, sum(found.values()), lost, found.get(_DOUBTFUL, 0))
