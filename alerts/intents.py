"""Messages to people: intended, being sent, answered. Each is recorded before the call that sends it.

A message's identity is the warning's message and the subscriber, so that it can exist only once.
"""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from itertools import accumulate
from math import inf
from typing import Any

from sqlalchemy import ColumnElement, Connection, bindparam, case, delete, func, insert, literal, or_, select, update
from sqlalchemy.sql import Select

from alerts import as_signed
from alerts.as_signed import NotAsSignedError, Way
from alerts.ledger import ISSUED
from alerts.marks import marked
from alerts.ordering import risk
from alerts.people.person import NEEDS
from alerts.segments import measure
from alerts.stops import ALL, Stop, not_held
from alerts.tables import bodies, delivery_counts, earlier_attempts, lives, messages, recounts, subscribers, warnings, withheld
from alerts.texts import Kind
from schemas.warning_records import MessageState, Warning

MAYBE_TAKEN = tuple(
    s.value for s in (MessageState.SENDING, MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED, MessageState.UNKNOWN)
)
"""States in which a person has, or may have, the message."""
NOT_TAKEN = tuple(s.value for s in MessageState if s.value not in MAYBE_TAKEN)
MOVING = (MessageState.INTENDED.value, MessageState.SENDING.value)
"""States that a message leaves again by our own doing. What moves one out of another state notes it in `recounts`, as receipts do."""

SERVICE, GOODBYE = "service", "goodbye"
"""Stages of what is said to one person alone: an answer, and the last one, to somebody who has just left."""

_BETWEEN = "~"

Counted = tuple[str, str, str, MessageState]
"""What is counted: message, area, language, state."""


@dataclass(frozen=True)
class Intent:
    """One message to one person, as the dispatcher needs it.

    Attributes:
        token: the encrypted number. priority: the warning's level. kind: of its text. attempts: calls after which it was, or may have been,
            taken. attempted_at: the last call, by the wall clock. late: its text says that it is late. otherwise: the text without that
            mark, or with it.
    """

    message: str
    subscriber: str
    language: str
    area: str
    body: str
    token: bytes
    priority: int
    kind: Kind
    expires: datetime
    attempts: int
    attempted_at: datetime | None
    segments: int
    late: bool = False
    otherwise: str = ""

    @property
    def reference(self) -> str:
        """The identity that receipts bring back: of the message and the subscriber, never of a number."""
        return reference(self.message, self.subscriber)


def reference(message: str, subscriber: str) -> str:
    """The identity of one message to one person, for ever the same."""
    return f"{message}{_BETWEEN}{subscriber}"


def referred_to(reference: str) -> tuple[str, str]:
    """Message and subscriber of a reference."""
    message, _, subscriber = reference.rpartition(_BETWEEN)
    return message, subscriber


def intend(connection: Connection, warning: Warning, priority: int, people: Select[Any]) -> int:
    """Intend a message for people, given as a query for their ids and the languages they read; answers how many."""
    who = people.subquery()
    person, language = who.c
    need = _need(connection, warning.id, language)
    fixed = [
        literal(warning.area),
        literal(priority),
        literal(MessageState.INTENDED.value),
        literal(0),
        literal(""),
        literal(False),
    ]
    columns = ["message", "subscriber", "language", "risk", "need", "area", "priority", "state", "attempts", "refusal", "possibly_doubled"]
    rows = select(literal(warning.id), person, language, risk(connection), need, *fixed).join(subscribers, subscribers.c.id == person)
    # Without the option PostgreSQL's answer to an insertion is gone when it is asked for, and counts as -1.
    return connection.execute(insert(messages).from_select(columns, rows), execution_options={"preserve_rowcount": True}).rowcount


def _need(connection: Connection, message: str, language: ColumnElement[str]) -> ColumnElement[str]:
    """Which of a message's texts a person gets: the one for the first of their needs that it has one for, else the one for all."""
    query = select(bodies.c.need, bodies.c.language).where(bodies.c.message == message, bodies.c.need != "")
    said: dict[str, list[str]] = defaultdict(list)
    for need, of in connection.execute(query):
        said[need].append(of)
    steps = [(subscribers.c.needs.contains(need) & language.in_(said[need]), literal(need)) for need in NEEDS if need in said]
    return case(*steps, else_="") if steps else literal("")


def by_text(connection: Connection, message: str, people: Select[Any]) -> dict[tuple[str, str], int]:
    """Which of a message's texts, by language and need, `intend` would choose for how many of these people, given as it is given them."""
    who = people.subquery()
    person, language = who.c
    chosen = select(language.label("language"), _need(connection, message, language).label("need"))
    texts = chosen.join(subscribers, subscribers.c.id == person).subquery()
    query = select(texts.c.language, texts.c.need, func.count()).group_by(texts.c.language, texts.c.need)
    return {(tag, need): int(number) for tag, need, number in connection.execute(query)}


class Unsent(StrEnum):
    """Why a message to a person was not sent, or never made. A closed set: it stands in the registry and in metrics."""

    OUT_OF_TIME = "out_of_time"
    OVERTAKEN = "overtaken"
    GROUPED = "grouped"
    DAMPED = "damped"
    STOPPED = "stopped"
    NOT_AS_SIGNED = "not_as_signed"


def overtake(connection: Connection, warning: str, by: str) -> int:
    """Messages of earlier parts of a life that were not sent yet are not sent any more; answers how many."""
    earlier = select(warnings.c.id).where(warnings.c.warning == warning, warnings.c.id != by)
    return _drop(connection, Unsent.OVERTAKEN, messages.c.message.in_(earlier))


def group(connection: Connection, into: str, lesser: Sequence[str]) -> int:
    """Messages of lesser warnings that were not sent yet are not sent to whoever gets this one; answers how many."""
    of_lesser = select(warnings.c.id).where(warnings.c.warning.in_(lesser))
    gets = select(messages.c.subscriber).where(messages.c.message == into)
    return _drop(connection, Unsent.GROUPED, messages.c.message.in_(of_lesser), messages.c.subscriber.in_(gets))


def expire(connection: Connection, now: datetime) -> int:
    """Messages not sent before their warning ran out are not sent any more; answers how many."""
    over = select(warnings.c.id).where(warnings.c.expires <= now)
    return _drop(connection, Unsent.OUT_OF_TIME, messages.c.message.in_(over))


def _drop(connection: Connection, why: Unsent, *which: ColumnElement[bool]) -> int:
    query = update(messages).where(messages.c.state == MessageState.INTENDED.value, *which)
    return connection.execute(query.values(state=MessageState.EXPIRED.value, refusal=why.value)).rowcount


def unsent(connection: Connection) -> dict[str, int]:
    """Why messages were not sent, or never made, to how many people."""
    gone = messages.c.state.in_([MessageState.EXPIRED.value, MessageState.REFUSED.value])
    rows = connection.execute(select(messages.c.refusal, func.count()).where(gone).group_by(messages.c.refusal)).all()
    never = connection.execute(select(withheld.c.reason, func.sum(withheld.c.people)).group_by(withheld.c.reason)).all()
    found: dict[str, int] = defaultdict(int)
    for reason, people in (*rows, *never):
        found[reason] += int(people)
    return dict(found)


def _selected() -> Select[Any]:
    of_warning = (warnings.c.kind, warnings.c.expires, warnings.c.late_at)
    query = select(messages, subscribers.c.number, subscribers.c.status, bodies.c.body, bodies.c.segments, *of_warning)
    query = query.join(subscribers, subscribers.c.id == messages.c.subscriber).join(warnings, warnings.c.id == messages.c.message)
    return query.join(bodies, its_text())


def its_text() -> ColumnElement[bool]:
    """The condition that a text is the one that a message to a person is sent with."""
    same = (bodies.c.message == messages.c.message) & (bodies.c.language == messages.c.language)
    return same & (bodies.c.need == messages.c.need)


def _read(rows: Iterable[Any]) -> list[Intent]:
    return [_intent(row, late=row.late) for row in rows]


def _intent(row: Any, *, late: bool) -> Intent:
    late_body, late_segments = _late(row.body, row.language)
    body, segments, otherwise = (late_body, late_segments, row.body) if late else (row.body, row.segments, late_body)
    return Intent(
        message=row.message,
        subscriber=row.subscriber,
        language=row.language,
        area=row.area,
        body=body,
        token=row.number,
        priority=row.priority,
        kind=Kind(row.kind),
        expires=row.expires,
        attempts=row.attempts,
        attempted_at=row.attempted_at,
        segments=segments,
        late=late,
        otherwise=otherwise,
    )


@lru_cache(maxsize=256)
def _late(body: str, language: str) -> tuple[str, int]:
    """A text as it goes when it is late, and its segments then."""
    said = marked(body, language, late=True)
    return said, measure(said).segments


def claim(
    connection: Connection,
    limit: int,
    at: datetime,
    now: datetime,
    *,
    segments: float = inf,
    stopped: Sequence[Stop] = (),
    way: Way | None = None,
) -> list[Intent]:
    """Take the next messages, most at risk first, and record that they are being sent: after this, each may have been.

    Args:
        way: as whom and how they go; none if nobody says.
        limit: messages at most. segments: segments at most, but one message always.
        at: the wall clock, which the provider's records can be compared with.
        now: the country's time, by which warnings run out, quiet hours hold a message, and one is late.
        stopped: what a person halted; nothing of it is taken.

    Raises:
        NotAsSignedError: among the next there is what was not signed as it stands; it is to be refused (`refuse`) before any is taken.
    """
    if any(stop.warning == ALL for stop in stopped):
        return []
    reached = (subscribers.c.status == "active") | (warnings.c.stage == GOODBYE)
    query = _selected().where(messages.c.state == MessageState.INTENDED.value, reached, *not_held(stopped))
    query = query.where(or_(messages.c.not_before.is_(None), messages.c.not_before <= at), warnings.c.expires > now)
    query = query.where(or_(warnings.c.wait_until.is_(None), warnings.c.wait_until <= now))
    order = (messages.c.priority.desc(), messages.c.risk.desc(), messages.c.area, messages.c.message, messages.c.subscriber)
    query = query.order_by(*order).limit(max(1, min(limit, int(min(segments, limit)))))
    query = query.with_for_update(of=messages, skip_locked=True)  # a second process of PostgreSQL takes others; SQLite knows one writer
    rows = connection.execute(query).all()
    if not rows:
        return []
    unlike = as_signed.differing(connection, {row.message for row in rows}, way)
    if unlike:
        raise NotAsSignedError(unlike)
    taken = _within(segments, [_intent(row, late=row.late_at is not None and row.late_at <= now) for row in rows])
    late = {intent.message for intent in taken if intent.late}
    of: dict[str, list[str]] = defaultdict(list)
    for intent in taken:
        of[intent.message].append(intent.subscriber)
    sending = {"state": MessageState.SENDING.value, "attempts": messages.c.attempts + 1, "attempted_at": at}
    for message, people in of.items():  # few messages to many people: one statement each, not one a person
        chosen = update(messages).where(messages.c.message == message, messages.c.subscriber.in_(people))
        connection.execute(chosen.values(**sending, late=message in late))
    return taken


def refuse(connection: Connection, error: NotAsSignedError, at: datetime) -> None:
    """Let what was not signed as it stands go to nobody, now or later, and tell the people on duty."""
    for message, why in error.differing.items():
        as_signed.tell(connection, message, why, _drop(connection, Unsent.NOT_AS_SIGNED, messages.c.message == message), at)


def _within(segments: float, found: list[Intent]) -> list[Intent]:
    """As many from the front as do not exceed so many segments together, but one."""
    together = accumulate(intent.segments for intent in found)
    fitting = sum(1 for total in together if total <= segments)
    return found[: max(1, fitting)]


def drop_left(connection: Connection, subscriber: str | None = None) -> int:
    """Messages intended for people who left meanwhile, or for one of them, are not sent but for the word that they have left; answers how
    many."""
    left = select(subscribers.c.id).where(subscribers.c.status != "active")
    if subscriber is not None:
        left = left.where(subscribers.c.id == subscriber)
    goodbyes = select(warnings.c.id).where(warnings.c.stage == GOODBYE)
    query = update(messages).where(messages.c.subscriber.in_(left), messages.c.state == MessageState.INTENDED.value)
    query = query.where(messages.c.message.not_in(goodbyes))
    return connection.execute(query.values(state=MessageState.REFUSED.value, refusal=Unsent.STOPPED.value)).rowcount


def unanswered(connection: Connection, limit: int = 1_000) -> list[Intent]:
    """Messages that are being sent, or were when a process died."""
    query = _selected().where(messages.c.state == MessageState.SENDING.value)
    query = query.order_by(messages.c.priority.desc(), messages.c.area, messages.c.message, messages.c.subscriber).limit(limit)
    return _read(connection.execute(query))


@dataclass(frozen=True)
class Answered:
    """What is now known of a message.

    Attributes:
        tried: it was, or may have been, taken by this call. not_before: of one that goes back into the queue.
    """

    intent: Intent
    state: MessageState
    provider_id: str | None = None
    refusal: str = ""
    possibly_doubled: bool | None = None
    tried: bool = True
    not_before: datetime | None = None


def record(connection: Connection, answers: Sequence[Answered], at: datetime) -> None:
    """Record what is known of messages that were being sent. What would be sent again, but was overtaken meanwhile, is not.

    A receipt may have come before the answer: then it has said more, and of the answer only the provider's id is news.
    """
    if not answers:
        return
    again = {answered.intent.message for answered in answers if answered.state is MessageState.INTENDED}
    late = overtaken(connection, again) if again else set()
    being_sent = messages.c.state == MessageState.SENDING.value
    values = {
        "state": case((being_sent, bindparam("state_")), else_=messages.c.state),
        "provider_id": func.coalesce(messages.c.provider_id, bindparam("provider")),
        "refusal": case((being_sent, bindparam("refusal_")), else_=messages.c.refusal),
        "possibly_doubled": func.coalesce(bindparam("doubled"), messages.c.possibly_doubled),
        "attempts": messages.c.attempts - bindparam("untried"),
        "not_before": bindparam("not_before_", type_=messages.c.not_before.type),
        "answered_at": at,
    }
    rows = [
        {
            "m": a.intent.message,
            "s": a.intent.subscriber,
            "state_": (MessageState.EXPIRED if a.state is MessageState.INTENDED and a.intent.message in late else a.state).value,
            "provider": a.provider_id,
            "refusal_": a.refusal,
            "doubled": a.possibly_doubled,
            "untried": 0 if a.tried else 1,
            "not_before_": a.not_before,
        }
        for a in answers
    ]
    connection.execute(_one().values(**values), rows)


def overtaken(connection: Connection, of: Collection[str]) -> set[str]:
    """Which of these messages have a later one in their life that went out: after an all-clear nobody may get the warning before it."""
    later = warnings.alias("later")
    went_out = (later.c.warning == warnings.c.warning) & (later.c.number > warnings.c.number) & (later.c.stage == ISSUED)
    return set(connection.execute(select(warnings.c.id).where(warnings.c.id.in_(of)).join(later, went_out)).scalars())


def _one() -> Any:
    return update(messages).where(messages.c.message == bindparam("m"), messages.c.subscriber == bindparam("s"))


def known_provider_ids(connection: Connection, ids: Sequence[str]) -> set[str]:
    """Which of the provider's ids belong to a message already."""
    now = select(messages.c.provider_id).where(messages.c.provider_id.in_(ids))
    before = select(earlier_attempts.c.provider_id).where(earlier_attempts.c.provider_id.in_(ids))
    return {*connection.execute(now).scalars(), *connection.execute(before).scalars()}


def unsettled() -> Select[Any]:
    """Messages of warnings whose counts may differ from those published: never published, published with people in a moving state, or moved
    by a receipt since.

    It reads what was published, not what this process remembers, so that a crash between sending and publishing leaves nothing uncounted.
    """
    published = select(delivery_counts.c.message).where(delivery_counts.c.message == warnings.c.id)
    moving = published.where(delivery_counts.c.state.in_(MOVING), delivery_counts.c["count"] > 0)
    received = select(recounts.c.place).where(recounts.c.message == warnings.c.id)
    of_warnings = warnings.c.stage.not_in((SERVICE, GOODBYE))
    return select(warnings.c.id).where(~published.exists() | moving.exists() | received.exists(), of_warnings)


def recount(connection: Connection, message: str) -> None:
    """Note that people have come into another state of a message whose counts may have been published for good."""
    connection.execute(insert(recounts).values(message=message))


def counted(connection: Connection, up_to: int) -> None:
    """Note that receipts up to a place were counted."""
    connection.execute(delete(recounts).where(recounts.c.place <= up_to))


def received(connection: Connection) -> int:
    """The place of the newest receipt that moved a message and was not counted yet; 0 if all were."""
    return int(connection.execute(select(func.coalesce(func.max(recounts.c.place), 0))).scalar_one())


def counts(connection: Connection, of: Select[Any] | None = None) -> dict[Counted, int]:
    """The number of messages to people.

    Args:
        of: a query for the ids of those of warnings to count; by default all that there ever were are read.
    """
    keys = (messages.c.message, messages.c.area, messages.c.language, messages.c.state)
    query = select(*keys, func.count()).group_by(*keys)
    if of is not None:
        query = query.where(messages.c.message.in_(of))
    return {(m, a, lang, MessageState(s)): n for m, a, lang, s, n in connection.execute(query)}


def standing_by_provider(connection: Connection, prefix: str) -> int:
    """How many messages of warnings that people stand under were taken as ids that begin so."""
    told = select(warnings.c.id).join(lives, lives.c.warning == warnings.c.warning).where(lives.c.told)
    query = select(func.count()).where(messages.c.provider_id.startswith(prefix), messages.c.message.in_(told))
    return int(connection.execute(query).scalar_one())


def waiting(connection: Connection) -> bool:
    """Whether any message is intended or without an answer."""
    return connection.execute(select(messages.c.message).where(messages.c.state.in_(MOVING)).limit(1)).first() is not None
