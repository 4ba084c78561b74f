"""What waits, and since when: signatures, messages to people, messages from people. An age is what nobody must be surprised by."""

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, case, func, or_, select

from alerts.ledger import ISSUED
from alerts.stops import ALL, Stop, not_held
from alerts.tables import inbox, messages, subscribers, warnings
from schemas.levels import Level
from schemas.warning_records import MessageState, Warning


@dataclass(frozen=True)
class Waiting:
    """Since when the oldest of each kind waits; none if nothing does.

    Attributes:
        to_send: of a warning's messages that nothing holds back and the provider was not given, when it could first have gone out.
        being_sent: when the provider was called that has not answered. to_answer: when a message from a person came in.
    """

    to_send: datetime | None
    being_sent: datetime | None
    to_answer: datetime | None


def looked(connection: Connection, now: datetime, wall: datetime, stopped: Sequence[Stop]) -> Waiting:
    """Look in the registry.

    Args:
        now: the country's time. wall: the wall clock, by which calls are made. stopped: what a person halted; it waits for that person.
    """
    being_sent = select(func.min(messages.c.attempted_at)).where(messages.c.state == MessageState.SENDING.value)
    to_answer = select(func.min(inbox.c.at)).where(inbox.c.handled_at.is_(None))
    return Waiting(
        to_send=None if any(stop.warning == ALL for stop in stopped) else _to_send(connection, now, wall, stopped),
        being_sent=connection.execute(being_sent).scalar_one(),
        to_answer=connection.execute(to_answer).scalar_one(),
    )


def _to_send(connection: Connection, now: datetime, wall: datetime, stopped: Sequence[Stop]) -> datetime | None:
    """What was put off, or held through quiet hours, waits from the end of that; who joined later, from then."""
    since = case(
        (messages.c.not_before.is_not(None), messages.c.not_before),
        (subscribers.c.joined_at > warnings.c.issued, subscribers.c.joined_at),
        (warnings.c.wait_until.is_not(None), warnings.c.wait_until),
        else_=warnings.c.issued,
    )
    query = select(func.min(since)).join_from(messages, warnings, warnings.c.id == messages.c.message)
    query = query.join(subscribers, subscribers.c.id == messages.c.subscriber)
    query = query.where(messages.c.state == MessageState.INTENDED.value, subscribers.c.status == "active", *not_held(stopped))
    query = query.where(warnings.c.stage == ISSUED, warnings.c.expires > now)
    query = query.where(or_(messages.c.not_before.is_(None), messages.c.not_before <= wall))
    query = query.where(or_(warnings.c.wait_until.is_(None), warnings.c.wait_until <= now))
    found: datetime | None = connection.execute(query).scalar_one()
    return found


@dataclass(frozen=True)
class Unsigned:
    """Of the messages of one level that wait for signatures: when the oldest was proposed, and by when the first is to be signed."""

    since: datetime
    due: datetime


def unsigned(pending: Sequence[Warning], within: Callable[[Warning], timedelta]) -> dict[Level, Unsigned]:
    """What waits for signatures, by level.

    Args:
        within: how long a message may wait for them.
    """
    found: dict[Level, list[Warning]] = defaultdict(list)
    for warning in pending:
        found[warning.level].append(warning)
    return {level: Unsigned(min(w.proposed for w in those), min(w.proposed + within(w) for w in those)) for level, those in found.items()}
