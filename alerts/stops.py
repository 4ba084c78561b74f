"""The stop button: a person halts what is being sent, of one warning or of all, and says why; and goes on later.

It works through the database, so it does not matter which process sends. What a warning says later in its life, such as its correction,
is not held by a stop of that warning: it goes out.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, and_, func, insert, not_, select, update

from alerts import journal, ledger
from alerts.journal import Step
from alerts.tables import lives, messages, stops, warnings
from schemas.errors import RefusedError
from schemas.levels import Level
from schemas.warning_records import MessageState

ALL = ""
"""Instead of a warning: whatever it is."""
EVERY_WARNING = "every warning"
STOPPED, RESUMED = "dispatch_stopped", "dispatch_resumed"
"""Kinds of notices."""
_MAY_BE_THERE = (MessageState.SENDING, MessageState.UNKNOWN)
_IS_THERE = (MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED)


@dataclass(frozen=True)
class Stop:
    """A halt that stands.

    Attributes:
        warning: its life's id, or `ALL`. up_to: the number of its newest message when it was stopped.
    """

    warning: str
    up_to: int
    by: str
    why: str
    at: datetime

    def holds(self, message: str) -> bool:
        """Whether a message of a warning is not to be sent."""
        warning, _, number = message.rpartition(".")
        return self.warning == ALL or (warning == self.warning and int(number) <= self.up_to)


@dataclass(frozen=True)
class Reached:
    """How many people of an area, in a language, a halted warning has reached.

    Attributes:
        has: the provider has their message. may_have: it is being sent, or nobody knows. held: it was not sent.
    """

    area: str
    language: str
    has: int
    may_have: int
    held: int


def named(connection: Connection, warning: str) -> str:
    """The id of the warning that a person names by the beginning of its id, or by one of its messages.

    Raises:
        RefusedError: none, or several, are called so.
    """
    known = (
        select(warnings.c.warning).where(warnings.c.warning.startswith(warning, autoescape=True) | (warnings.c.id == warning)).distinct()
    )
    found = list(connection.execute(known.order_by(warnings.c.warning)).scalars())
    if warning in found:
        return warning
    if len(found) != 1:
        what = "several warnings begin like this." if found else "no warning is called so."
        raise RefusedError(what, where=warning, remedy="`polyrisk warnings` lists them; without one, everything is meant.")
    return str(found[0])


def stop(connection: Connection, warning: str, by: str, why: str, at: datetime) -> None:
    """Halt what is being sent of a warning, or of all: nothing more of it is handed over, and people on duty are told.

    Raises:
        RefusedError: it is halted already.
    """
    if any(standing.warning == warning for standing in standing_stops(connection)):
        raise RefusedError("it is halted already.", where=warning or EVERY_WARNING, remedy="`polyrisk dispatch resume` goes on.")
    newest = select(func.coalesce(func.max(warnings.c.number), 0)).where(warnings.c.warning == warning)
    up_to = int(connection.execute(newest).scalar_one())
    place = connection.execute(insert(stops).values(warning=warning, up_to=up_to, by=by, why=why, at=at)).inserted_primary_key
    text = f"{by} halted what is being sent of {warning or EVERY_WARNING}: {why}"
    journal.write(connection, at, by, "", Step.HALTED, warning, {"of": warning or EVERY_WARNING, "why": why})
    ledger.note(connection, f"{STOPPED}:{place[0] if place else ''}", at, STOPPED, warning, text)


def resume(connection: Connection, warning: str, by: str, why: str, at: datetime) -> None:
    """Go on with a warning, or with all, as far as it is still in time. Other halts stay.

    Raises:
        RefusedError: it is not halted.
    """
    open_one = (stops.c.warning == warning) & stops.c.ended_at.is_(None)
    place = connection.execute(select(stops.c.place).where(open_one)).scalar()
    if place is None:
        raise RefusedError("it is not halted.", where=warning or EVERY_WARNING, remedy="`polyrisk dispatch status` shows what is.")
    connection.execute(update(stops).where(stops.c.place == place).values(ended_at=at, ended_by=by, ended_why=why))
    text = f"{by} goes on sending {warning or EVERY_WARNING}: {why}"
    journal.write(connection, at, by, "", Step.RESUMED, warning, {"of": warning or EVERY_WARNING, "why": why})
    ledger.note(connection, f"{RESUMED}:{place}", at, RESUMED, warning, text)


def standing_stops(connection: Connection) -> tuple[Stop, ...]:
    """The halts that stand, oldest first."""
    rows = connection.execute(select(stops).where(stops.c.ended_at.is_(None)).order_by(stops.c.place))
    return tuple(Stop(row.warning, row.up_to, row.by, row.why, row.at) for row in rows)


def not_held(standing: Sequence[Stop]) -> list[ColumnElement[bool]]:
    """The conditions that a message's warning is halted by none of these."""
    held: list[ColumnElement[bool]] = [and_(warnings.c.warning == one.warning, warnings.c.number <= one.up_to) for one in standing]
    return [not_(one) for one in held]


def reached(connection: Connection, warning: str) -> list[Reached]:
    """Who has a halted warning already, or any of those that stand or wait: numbers of people, nobody's name."""
    query = select(messages.c.area, messages.c.language, messages.c.state, func.count().label("people"))
    query = query.join(warnings, warnings.c.id == messages.c.message)
    if warning != ALL:
        query = query.where(warnings.c.warning == warning)
    else:
        waiting = select(messages.c.message).where(messages.c.state.in_([MessageState.INTENDED.value, MessageState.SENDING.value]))
        standing = select(lives.c.warning).where(lives.c.told)
        query = query.where(messages.c.message.in_(waiting) | warnings.c.warning.in_(standing))
    found: dict[tuple[str, str], dict[str, int]] = {}
    for row in connection.execute(query.group_by(messages.c.area, messages.c.language, messages.c.state)):
        counted = found.setdefault((row.area, row.language), {"has": 0, "may_have": 0, "held": 0})
        if (name := _meaning(MessageState(row.state))) is not None:
            counted[name] += row.people
    return [Reached(area, language, **counted) for (area, language), counted in sorted(found.items())]


def under_way(connection: Connection, warning: str) -> bool:
    """Whether a call may still be under way: a message is being sent."""
    query = select(messages.c.message).join(warnings, warnings.c.id == messages.c.message)
    query = query.where(messages.c.state == MessageState.SENDING.value)
    if warning != ALL:
        query = query.where(warnings.c.warning == warning)
    return connection.execute(query.limit(1)).first() is not None


def _meaning(state: MessageState) -> str | None:
    if state in _IS_THERE:
        return "has"
    if state in _MAY_BE_THERE:
        return "may_have"
    return "held" if state is MessageState.INTENDED else None


def as_json(found: Sequence[Reached]) -> list[dict[str, Any]]:
    """For programs."""
    return [vars(one) for one in found]


@dataclass(frozen=True)
class OnItsWay:
    """A message of a warning of which some wait to be sent or are being sent, with numbers of people."""

    warning: str
    message: str
    area: str
    level: Level
    waiting: int
    sending: int
    has: int


def area_of(connection: Connection, warning: str) -> str | None:
    """The area of a warning's event; none if nobody knows it."""
    return connection.execute(select(lives.c.area).where(lives.c.warning == warning)).scalar()


def on_its_way(connection: Connection) -> list[OnItsWay]:
    """Messages of warnings that somebody still waits for, the gravest first."""
    moving = (MessageState.INTENDED.value, MessageState.SENDING.value)
    unsent = select(messages.c.message).where(messages.c.state.in_(moving)).distinct()
    query = select(warnings.c.warning, warnings.c.id, warnings.c.area, warnings.c.level, messages.c.state, func.count().label("people"))
    query = query.join(messages, messages.c.message == warnings.c.id).where(warnings.c.id.in_(unsent), warnings.c.stage == ledger.ISSUED)
    rows = connection.execute(query.group_by(warnings.c.warning, warnings.c.id, warnings.c.area, warnings.c.level, messages.c.state)).all()
    has = {state.value for state in _IS_THERE}
    found = {row.id: OnItsWay(row.warning, row.id, row.area, Level(row.level), 0, 0, 0) for row in rows}
    for row in rows:
        one = found[row.id]
        found[row.id] = replace(
            one,
            waiting=one.waiting + (row.people if row.state == moving[0] else 0),
            sending=one.sending + (row.people if row.state == moving[1] else 0),
            has=one.has + (row.people if row.state in has else 0),
        )
    return sorted(found.values(), key=lambda one: (-one.level, one.message))
