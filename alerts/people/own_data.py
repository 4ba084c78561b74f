"""What is held about one number: given out to the person, or erased down to the mark that they left.

It is found by columns, not by a list of tables, so that a table that is added later is covered: `subscriber` holds the registry's id,
`number_index` the index of the number.
"""

import secrets
from collections.abc import Iterator, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, Table, delete, select, update

from alerts.people import subscribers as people
from alerts.people.keys import Keys
from alerts.tables import bodies, messages, metadata, subscribers, suppressions
from schemas.warning_records import MessageState

_AGAIN = {"number", "number_index", "index_key", "subscriber"}
"""Columns that only say again whose rows they are."""
_AFTER_ERASURE = {MessageState.INTENDED.value: MessageState.REFUSED.value, MessageState.SENDING.value: MessageState.UNKNOWN.value}
"""A message of which nothing was heard yet can no longer be asked for: its number is gone."""


def export(connection: Connection, keys: Keys, number: str) -> dict[str, Any]:
    """All that is held about a number, in words and ISO 8601, table by table; what is empty is not there."""
    indexes = keys.indexes(number)
    person = people.find(connection, indexes)
    held: dict[str, Any] = {"number": number}
    if person is not None:
        held["person"] = _shown(person, keys)
    for table, where in _about(indexes, None if person is None else person.id):
        rows = [_shown(row, keys) for row in connection.execute(select(table).where(where))]
        if table is messages:
            for row in rows:
                same = (bodies.c.message == row["message"]) & (bodies.c.language == row["language"])
                row["text"] = connection.execute(select(bodies.c.body).where(same, bodies.c.need == row["need"])).scalar()
        if rows:
            held[table.name] = rows
    return held


def erase(connection: Connection, keys: Keys, number: str, at: datetime) -> None:
    """Forget the person. What was sent stays as a count of somebody, each message of somebody else, and cannot be joined again."""
    indexes = keys.indexes(number)
    person = people.find(connection, indexes)
    people.stop(connection, keys, number, at, "erased")
    for table, where in _about(indexes, None if person is None else person.id):
        if table is messages and person is not None:
            _let_go(connection, person.id)
        elif table is not suppressions:
            connection.execute(delete(table).where(where))
    connection.execute(delete(subscribers).where(subscribers.c.number_index.in_(indexes)))


def _let_go(connection: Connection, person: str) -> None:
    for row in connection.execute(select(messages).where(messages.c.subscriber == person)).all():
        one = (messages.c.subscriber == person) & (messages.c.message == row.message)
        values = {"subscriber": f"erased-{secrets.token_hex(8)}", "provider_id": None, "state": _AFTER_ERASURE.get(row.state, row.state)}
        if row.state == MessageState.INTENDED.value:
            values["refusal"] = "stopped"
        connection.execute(update(messages).where(one).values(**values))


def _about(indexes: Sequence[str], person: str | None) -> Iterator[tuple[Table, ColumnElement[bool]]]:
    """Each table that may say something of the person, beside the one of people itself, and where."""
    for table in metadata.sorted_tables:
        if table is subscribers:
            continue
        if "number_index" in table.c:
            yield table, table.c.number_index.in_(indexes)
        elif "subscriber" in table.c and person is not None:
            yield table, table.c.subscriber == person


def _shown(row: Any, keys: Keys) -> dict[str, Any]:
    """A row in words, what is encrypted read."""
    held = {name: keys.decrypt(value) if isinstance(value, bytes) else value for name, value in row._mapping.items() if name not in _AGAIN}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in held.items()}
