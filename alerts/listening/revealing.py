"""Who wrote to us, as people on duty see it: numbers are masked. One is shown to who may call back, and the journal has that first."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, Select, select

from alerts import journal
from alerts.journal import Step
from alerts.listening.answering import STRANGER, TOO_MANY
from alerts.listening.inbox import FAILED, without_numbers
from alerts.listening.keywords import Meaning
from alerts.people.keys import Keys
from alerts.people.numbers import masked
from alerts.tables import inbox, inbox_payloads, subscribers
from schemas.errors import RefusedError

SINCE, MOST = timedelta(days=7), 100
"""How far back, and how many of each kind are listed."""
KINDS: Mapping[str, Sequence[str]] = {
    "help": (Meaning.NEED_HELP.value,),
    "to_read": ("", Meaning.HELP.value, Meaning.UNSURE.value, STRANGER, TOO_MANY, FAILED),
    "reports": (Meaning.REPORT.value,),
}
"""By why somebody may be called back: they need help; a person must read what they wrote; they reported something."""


@dataclass(frozen=True)
class Wrote:
    """A message that came in.

    Attributes:
        outcome: what it was taken for; empty if nobody has looked at it yet. area: of who is enrolled; empty of anybody else.
        number: its last two digits; empty once it was deleted. text: what may be a number in it is covered.
    """

    id: str
    at: datetime
    outcome: str
    area: str
    number: str
    text: str | None = field(repr=False)


def written(connection: Connection, keys: Keys, now: datetime) -> dict[str, list[Wrote]]:
    """By kind, what came in lately, the newest first."""
    found = {}
    for kind, outcomes in KINDS.items():
        query = _query().where(inbox.c.outcome.in_(outcomes), inbox.c.at > now - SINCE).order_by(inbox.c.place.desc()).limit(MOST)
        found[kind] = [_wrote(keys, row) for row in connection.execute(query)]
    return found


def one(connection: Connection, keys: Keys, id: str) -> Wrote:
    """A message.

    Raises:
        RefusedError: none is called so.
    """
    row = connection.execute(_query().where(inbox.c.id == id)).first()
    if row is None:
        raise RefusedError("no message is called so.", where=id, remedy="The page of what people wrote lists them.")
    return _wrote(keys, row)


def reveal(connection: Connection, keys: Keys, id: str, why: str, by: str, role: str, now: datetime) -> str:
    """The number from which a message came. It may be shown once the caller's transaction, which has written the step, has ended.

    Args:
        role: as what they see it.

    Raises:
        RefusedError: no reason is given, no message is called so, or its number was deleted.
    """
    if not why.strip():
        raise RefusedError("a reason is missing.", remedy="Say why you call; it stands in the journal with your name.")
    wrote = one(connection, keys, id)
    token = connection.execute(select(inbox_payloads.c.number).where(inbox_payloads.c.id == id)).scalar()
    if token is None:
        raise RefusedError("the number was deleted.", where=id, remedy="Numbers of messages are kept for 30 days.")
    journal.write(connection, now, by, role, Step.NUMBER_SHOWN, id, {"why": why, "area": wrote.area, "outcome": wrote.outcome})
    return keys.decrypt(token)


def _query() -> Select[Any]:
    columns = (inbox, inbox_payloads.c.number, inbox_payloads.c.body, subscribers.c.area)
    query = select(*columns).outerjoin(inbox_payloads, inbox_payloads.c.id == inbox.c.id)
    return query.outerjoin(subscribers, subscribers.c.number_index == inbox_payloads.c.number_index)


def _wrote(keys: Keys, row: Any) -> Wrote:
    number = "" if row.number is None else masked(keys.decrypt(row.number))
    text = None if row.body is None else without_numbers(keys.decrypt(row.body))
    return Wrote(row.id, row.at, row.outcome, row.area or "", number, text)
