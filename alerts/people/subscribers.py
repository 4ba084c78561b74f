"""What is done to people in a transaction that is open: come, change, leave, be counted.

Who calls what writes has taken its turn first (`alerts.registry.Registry.people`): the keys are the newest, and nobody is added twice.
"""

import secrets
from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from alerts.people.keys import Keys
from alerts.people.person import REACHED_AS, Enrolment, Group
from alerts.tables import subscribers, suppressions

ACTIVE, LEFT = "active", "left"
_TURN = 4_077_002
"""The lock of those who change people, on PostgreSQL."""


def take_turn(connection: Connection) -> None:
    """Be the only one who changes people until the transaction ends. On SQLite who writes is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_TURN)))


def counts(connection: Connection, areas: Sequence[str], group: Group) -> dict[str, int]:
    """Language to the number of active people whom a message to a group in these areas reaches."""
    query = select(subscribers.c.language, func.count()).where(in_audience(areas, group)).group_by(subscribers.c.language)
    return dict(connection.execute(query.order_by(subscribers.c.language)).all())


def in_audience(areas: Sequence[str], group: Group) -> ColumnElement[bool]:
    """The condition that a person is active, in one of the areas, and reached by what is said to the group (`REACHED_AS`)."""
    groups = REACHED_AS.get(group, (group,))
    return subscribers.c.area.in_(areas) & subscribers.c.group.in_(groups) & (subscribers.c.status == ACTIVE)


def has_left(connection: Connection, indexes: Sequence[str]) -> bool:
    """Whether one of a number's indexes is on the list of those who left."""
    return connection.execute(select(suppressions.c.number_index).where(suppressions.c.number_index.in_(indexes))).first() is not None


def find(connection: Connection, indexes: Sequence[str]) -> Any:
    """The row of the person with one of a number's indexes, or none."""
    return connection.execute(select(subscribers).where(subscribers.c.number_index.in_(indexes))).first()


def put(connection: Connection, keys: Keys, person: Enrolment, at: datetime) -> str:
    """Add a person, or bring the one who has the number to what is said now; answers the registry's id.

    Args:
        at: when they came into the area's audience, if they were not in it.
    """
    known = find(connection, keys.indexes(person.number))
    name = known.id if known else new_id()
    values = row(name, keys, person, at)
    if not known:
        connection.execute(insert(subscribers), [values])
        return str(name)
    if (known.area, known.status) == (person.area, ACTIVE):
        values["joined_at"] = known.joined_at
    connection.execute(update(subscribers).where(subscribers.c.id == name).values(**values))
    return str(name)


def new_id() -> str:
    """An id of the registry's that says nothing of the person."""
    return f"s{secrets.token_hex(8)}"


def row(name: str, keys: Keys, person: Enrolment, at: datetime) -> dict[str, Any]:
    """A person as the table has them."""
    return {
        "id": name,
        "number_index": keys.index(person.number),
        "number": keys.encrypt(person.number),
        "area": person.area,
        "language": person.language,
        "group": person.group,
        "status": ACTIVE,
        "consent_at": person.consent.at,
        "consent_text": person.consent.text,
        "consent_by": person.consent.by,
        "channel": person.channel,
        "needs": ",".join(sorted(person.needs)),
        "romanised": person.romanised,
        "joined_at": at,
    }


def change(connection: Connection, indexes: Sequence[str], at: datetime, **values: Any) -> bool:
    """Change what an active person said of themselves; whether there is one. Who comes to another area joins its audience then."""
    chosen = subscribers.c.number_index.in_(indexes) & (subscribers.c.status == ACTIVE)
    if "area" in values:
        elsewhere = chosen & (subscribers.c.area != values["area"])
        connection.execute(update(subscribers).where(elsewhere).values(joined_at=at))
    return connection.execute(update(subscribers).where(chosen).values(said_at=at, **values)).rowcount > 0


def stop(connection: Connection, keys: Keys, number: str, at: datetime, reason: str) -> None:
    """Let a person leave: the number is on the list once, under the newest key, since the first time they left."""
    indexes = keys.indexes(number)
    listed = suppressions.c.number_index.in_(indexes)
    since = connection.execute(select(func.min(suppressions.c.at)).where(listed)).scalar() or at
    connection.execute(delete(suppressions).where(listed))
    entry = {"number_index": indexes[0], "at": since, "reason": reason, "index_key": keys.index_name}
    connection.execute(insert(suppressions), [entry])
    known = subscribers.c.number_index.in_(indexes)
    connection.execute(update(subscribers).where(known).values(status=LEFT, number_index=indexes[0]))


def leave(connection: Connection, subscriber: str, at: datetime, reason: str) -> None:
    """Let a person leave of whom the registry's id is known, as when a provider says so."""
    take_turn(connection)
    index = connection.execute(select(subscribers.c.number_index).where(subscribers.c.id == subscriber)).scalar()
    if index is None:  # erased meanwhile
        return
    if not has_left(connection, [index]):
        connection.execute(insert(suppressions), [{"number_index": index, "at": at, "reason": reason, "index_key": ""}])
    connection.execute(update(subscribers).where(subscribers.c.id == subscriber).values(status=LEFT))


def start(connection: Connection, indexes: Sequence[str], at: datetime) -> bool:
    """Let a person come back of their own will; whether they are known, so that there is an area to warn them of."""
    connection.execute(delete(suppressions).where(suppressions.c.number_index.in_(indexes)))
    chosen = subscribers.c.number_index.in_(indexes)
    connection.execute(update(subscribers).where(chosen, subscribers.c.status != ACTIVE).values(status=ACTIVE, joined_at=at))
    return find(connection, indexes) is not None
