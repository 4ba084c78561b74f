"""To whom a message of a warning goes: to all of an area who need it, to who came there since, or to exactly those who were warned.

A person gets one message of a message however many areas they belong to, because message and person are its key. A person under two
warnings of one event hears the greater one. What a person does not get is counted with its reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Connection, case, exists, false, func, insert, or_, select, update
from sqlalchemy.sql import Select

from alerts.intents import NOT_TAKEN, Unsent
from alerts.languages import languages
from alerts.life import STANDING
from alerts.people.person import Group
from alerts.people.subscribers import in_audience
from alerts.tables import lives, messages, subscribers, warnings, withheld
from alerts.texts import Kind
from schemas.country_facts import Damping
from schemas.warning_records import MessageState

_GONE = tuple(s for s in NOT_TAKEN if s != MessageState.INTENDED.value)
"""States in which a person has no message and will get none."""
_STANDING = tuple(kind.value for kind in STANDING)


@dataclass(frozen=True)
class Audience:
    """Whom a standing warning concerns.

    Attributes:
        greater: warnings that speak for this one; who has one of theirs, or will have it, does not hear of this one beside it.
    """

    areas: Sequence[str]
    group: Group
    greater: Sequence[str] = ()


def told(warning: str) -> Select[Any]:
    """Who has, or may have, a word that a warning stands, and has not been told its end: ids, and the languages they read now.

    Those too who were warned of another whose end was left to this one's. Wherever they live by now.
    """
    of_it = or_(lives.c.warning == warning, lives.c.left_to == warning)
    # With `in_`, SQLite reads all messages that were ever taken, by their state.
    has = select(messages.c.subscriber).where(messages.c.message.in_(_round(of_it)), messages.c.state.not_in(NOT_TAKEN))
    return select(subscribers.c.id, _reads()).where(subscribers.c.id.in_(has), subscribers.c.status == "active")


def concerned(audience: Audience) -> Select[Any]:
    """Everybody whom a standing warning concerns and who has no greater one: ids and languages."""
    return select(subscribers.c.id, _reads()).where(in_audience(audience.areas, audience.group), ~_spoken_for(audience))


def not_damped(people: Select[Any], damping: Damping, at: datetime) -> Select[Any]:
    """Those of them who have not heard as many updates lately as one person may."""
    told_lately = select(warnings.c.id).where(warnings.c.issued > at - damping.within, warnings.c.kind.in_([Kind.UPDATE, Kind.STILL]))
    heard = select(func.count()).select_from(messages).where(messages.c.subscriber == subscribers.c.id)
    heard = heard.where(messages.c.message.in_(told_lately), messages.c.state.not_in(_GONE))
    return people.where(heard.scalar_subquery() < damping.at_most)


def joined(audience: Audience, warning: str, since: datetime | None) -> Select[Any]:
    """Those whom a warning concerns and who have heard nothing of it yet: ids and languages.

    Args:
        since: only who came into the audience after this moment; none asks for all.
    """
    has = exists().where(messages.c.subscriber == subscribers.c.id, messages.c.message.in_(_round(lives.c.warning == warning)))
    people = concerned(audience).where(~has.where(messages.c.state.not_in(_GONE)))
    return people if since is None else people.where(subscribers.c.joined_at > since)


def newest_joining(connection: Connection, since: datetime) -> tuple[int, datetime | None]:
    """How many came into any audience after a moment, and when the last did: while it is the same, nobody came."""
    query = select(func.count(), func.max(subscribers.c.joined_at)).where(subscribers.c.joined_at > since)
    row = connection.execute(query).one()
    return int(row[0]), row[1]


def by_language(connection: Connection, people: Select[Any]) -> dict[str, int]:
    """Language to the number of people."""
    who = people.subquery()
    rows = connection.execute(select(who.c.language, func.count()).group_by(who.c.language).order_by(who.c.language))
    return dict(rows.all())


def by_need(connection: Connection, people: Select[Any]) -> dict[tuple[str, str], int]:
    """Language and needs, as `subscribers` has them, to the number of those people who have any."""
    who = people.subquery()
    query = select(who.c.language, subscribers.c.needs, func.count()).join(subscribers, subscribers.c.id == who.c.id)
    rows = connection.execute(query.where(subscribers.c.needs != "").group_by(who.c.language, subscribers.c.needs))
    return {(language, needs): number for language, needs, number in rows}


def number(connection: Connection, people: Select[Any]) -> int:
    """How many they are."""
    return connection.execute(select(func.count()).select_from(people.subquery())).scalar_one()


def who_read(people: Select[Any], languages: Sequence[str]) -> Select[Any]:
    """Those of them who read one of these languages."""
    return people.where(people.selected_columns.language.in_(languages))


def without_message(people: Select[Any], message: str) -> Select[Any]:
    """Those of them for whom there is no row of a message."""
    return people.where(subscribers.c.id.not_in(select(messages.c.subscriber).where(messages.c.message == message)))


def intend_again(connection: Connection, people: Select[Any], message: str) -> int:
    """For whom a message was made but dropped, because they had left or heard a greater one, it is intended again; answers how many."""
    who = select(people.subquery().c.id)
    again = messages.c.refusal.in_([Unsent.STOPPED.value, Unsent.GROUPED.value])
    query = update(messages).where(messages.c.message == message, messages.c.subscriber.in_(who), again)
    return connection.execute(query.values(state=MessageState.INTENDED.value, refusal="")).rowcount


def keep_withheld(connection: Connection, message: str, why: Unsent, people: int) -> None:
    """Count people for whom no message was made."""
    if people > 0:
        connection.execute(insert(withheld).values(message=message, reason=why.value, people=people))


def _reads() -> ColumnElement[str]:
    """What a person reads: their language, in Latin letters if they asked for those and it is written in them."""
    latin = [name.removesuffix("-Latn") for name in languages() if name.endswith("-Latn")]
    asked = subscribers.c.romanised & subscribers.c.language.in_(latin)
    return case((asked, subscribers.c.language + "-Latn"), else_=subscribers.c.language).label("language")


def _round(of: ColumnElement[bool]) -> Select[Any]:
    """The messages that say that warnings stand, since they last ended."""
    query = select(warnings.c.id).join(lives, lives.c.warning == warnings.c.warning)
    return query.where(of, warnings.c.kind.in_(_STANDING), warnings.c.number > lives.c.ended)


def _spoken_for(audience: Audience) -> ColumnElement[bool]:
    if not audience.greater:
        return false()
    of_greater = _round(lives.c.warning.in_(audience.greater))
    has = exists().where(messages.c.subscriber == subscribers.c.id, messages.c.message.in_(of_greater))
    return has.where(messages.c.state.not_in(_GONE))
