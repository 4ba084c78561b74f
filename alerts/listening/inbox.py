"""What came in and a person should read: messages that were not understood, or came from nobody who is enrolled."""

import re
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Select, select

from alerts.listening.answering import STRANGER, TOO_MANY
from alerts.listening.keywords import Meaning
from alerts.registry import Registry
from alerts.tables import inbox, inbox_payloads, subscribers
from schemas.errors import RefusedError

FAILED = "failed"
"""The outcome of a message that could not be answered, because the country's files lack a text."""
FOR_A_PERSON = (Meaning.UNSURE.value, STRANGER, TOO_MANY, FAILED)
_LIKE_A_NUMBER = re.compile(r"\+?\d[\d\s()/.-]{5,}\d")


@dataclass(frozen=True)
class Received:
    """A message that came in.

    Attributes:
        person, area: of who wrote; empty if nobody who is enrolled did. text: none once it was deleted after its time.
    """

    id: str
    at: datetime
    outcome: str
    person: str
    area: str
    text: str | None


def received(registry: Registry, *, most: int = 50, every: bool = False) -> list[Received]:
    """The newest messages that a person should read, newest first.

    Args:
        every: those too that were understood.
    """
    query = _query().order_by(inbox.c.place.desc()).limit(most)
    if not every:
        query = query.where(inbox.c.outcome.in_(FOR_A_PERSON))
    with registry.reading() as connection:
        return [_read(registry, row) for row in connection.execute(query)]


def one(registry: Registry, identity: str) -> Received:
    """One message.

    Raises:
        RefusedError: none is called so.
    """
    with registry.reading() as connection:
        row = connection.execute(_query().where(inbox.c.id == identity)).first()
    if row is None:
        raise RefusedError("no message is called so.", where=identity, remedy="`polyrisk inbox` lists them.")
    return _read(registry, row)


def _query() -> Select[Any]:
    columns = (inbox, inbox_payloads.c.body, subscribers.c.id.label("person"), subscribers.c.area)
    query = select(*columns).outerjoin(inbox_payloads, inbox_payloads.c.id == inbox.c.id)
    return query.outerjoin(subscribers, subscribers.c.number_index == inbox_payloads.c.number_index)


def _read(registry: Registry, row: Any) -> Received:
    text = None if row.body is None else without_numbers(registry.keys.decrypt(row.body))
    return Received(row.id, row.at, row.outcome, row.person or "", row.area or "", text)


def without_numbers(text: str) -> str:
    """A text as people on duty may read it: what may be a telephone number is covered, in whatever digits it is written."""
    plain = "".join(str(int(c)) if c.isdecimal() else c for c in text)
    found = list(text)
    for match in _LIKE_A_NUMBER.finditer(plain):
        found[match.start() : match.end()] = ["*"] * (match.end() - match.start())
    return "".join(found)
