"""What was decided and what is to be published, written in the registry's own transactions.

The log and this database cannot commit together. So: an event's record id is noted in the transaction that acts on it, and what it
publishes waits in the outbox with ids made of what it says; after a crash both are repeated, and neither takes effect twice.
"""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, delete, func, insert, select, update

from alerts.life import Life, Pending
from alerts.tables import bodies, lives, notices, outbox, processed, signatures, warnings
from alerts.texts import Kind
from schemas.envelopes import record_from_json, record_to_json
from schemas.errors import RefusedError
from schemas.inputs import Signature
from schemas.levels import Level
from schemas.outputs import CompoundEvent
from schemas.records import Record
from schemas.warning_records import RenderedText, Warning

PENDING, ISSUED, WITHDRAWN = STAGES = "pending", "issued", "withdrawn"


def seen(connection: Connection, record: str) -> bool:
    """Whether an event's record was acted on before."""
    return connection.execute(select(processed.c.record).where(processed.c.record == record)).first() is not None


def mark_seen(connection: Connection, record: str, at: datetime, decision: str) -> None:
    """Note that an event's record was acted on, and how."""
    connection.execute(insert(processed).values(record=record, at=at, decision=decision))


def load_life(connection: Connection, event: str, warning: str) -> Life:
    """The life of an event's warning; a new one if nothing was ever said or kept of it."""
    row = connection.execute(select(lives).where(lives.c.event == event)).first()
    if row is None:
        return Life(warning=warning, event=event)
    return replace(_life(row), pending=_pending(connection, [row.warning]).get(row.warning))


def _life(row: Any) -> Life:
    return Life(
        warning=row.warning,
        event=row.event,
        told=row.told,
        level=Level(row.level),
        messages=row.messages,
        open=row.open,
        unconfirmed=row.unconfirmed,
        quiet=row.quiet,
        last_issued=row.last_issued,
        expires=row.expires,
        held=row.held,
        ended=row.ended,
        began=row.began,
        left_to=row.left_to,
    )


def _pending(connection: Connection, of: Sequence[str]) -> dict[str, Pending]:
    """Warning to its message that waits for signatures."""
    query = select(warnings.c.warning, warnings.c.id, warnings.c.kind, warnings.c.content)
    rows = connection.execute(query.where(warnings.c.warning.in_(of), warnings.c.stage == PENDING))
    return {r.warning: Pending(r.id, Kind(r.kind), Warning.model_validate_json(r.content).level) for r in rows}


def save_life(connection: Connection, life: Life, event: CompoundEvent) -> None:
    """Keep a life with the newest change of its event."""
    values = {
        "warning": life.warning,
        "event": life.event,
        "rule": event.rule,
        "area": event.area,
        "told": life.told,
        "level": int(life.level),
        "messages": life.messages,
        "open": life.open,
        "unconfirmed": life.unconfirmed,
        "quiet": life.quiet,
        "last_issued": life.last_issued,
        "expires": life.expires,
        "held": life.held,
        "ended": life.ended,
        "began": life.began,
        "left_to": life.left_to,
        "latest": event.model_dump_json(),
    }
    if connection.execute(update(lives).where(lives.c.warning == life.warning).values(**values)).rowcount == 0:
        connection.execute(insert(lives).values(**values))


def latest_event(connection: Connection, warning: str) -> CompoundEvent:
    """The newest change of a life's event."""
    return CompoundEvent.model_validate_json(connection.execute(select(lives.c.latest).where(lives.c.warning == warning)).scalar_one())


def standing(connection: Connection) -> list[tuple[Life, str]]:
    """Lives in which somebody was warned and not told the end, with their rules, in the order of their warnings' ids."""
    return _told(connection)


def standing_beside(connection: Connection, area: str | None, other_than: str) -> list[tuple[Life, str]]:
    """The same of other warnings of this area, or of any. A warning stands until its end went out, also while that waits for signatures."""
    here = [lives.c.area == area] if area is not None else []
    return _told(connection, lives.c.warning != other_than, *here)


def _told(connection: Connection, *where: ColumnElement[bool]) -> list[tuple[Life, str]]:
    rows = connection.execute(select(lives).where(lives.c.told, *where).order_by(lives.c.warning)).all()
    waiting = _pending(connection, [row.warning for row in rows]) if rows else {}
    return [(replace(_life(row), pending=waiting.get(row.warning)), row.rule) for row in rows]


def waiting(connection: Connection) -> list[tuple[Life, str]]:
    """Lives of which a message waits for signatures, with their rules."""
    waits = select(warnings.c.warning).where(warnings.c.stage == PENDING)
    rows = connection.execute(select(lives).where(lives.c.warning.in_(waits)).order_by(lives.c.warning)).all()
    pending = _pending(connection, [row.warning for row in rows]) if rows else {}
    return [(replace(_life(row), pending=pending.get(row.warning)), row.rule) for row in rows]


def held(connection: Connection) -> list[tuple[Life, str]]:
    """Lives of which a silence holds something back, with their rules."""
    rows = connection.execute(select(lives).where(lives.c.held).order_by(lives.c.warning)).all()
    waiting = _pending(connection, [row.warning for row in rows]) if rows else {}
    return [(replace(_life(row), pending=waiting.get(row.warning)), row.rule) for row in rows]


def leave_to(connection: Connection, life: Life) -> None:
    """What was left to a warning's end goes on to the one that its own end was left to."""
    connection.execute(update(lives).where(lives.c.left_to == life.warning).values(left_to=life.left_to))


def settle_left(connection: Connection, warning: str) -> None:
    """The end that others were left to went out: to those who were warned of them too."""
    connection.execute(update(lives).where(lives.c.left_to == warning).values(left_to=None, ended=lives.c.messages))


def areas_of(connection: Connection, of: Sequence[str]) -> dict[str, str]:
    """Warning to the area of its event."""
    return dict(connection.execute(select(lives.c.warning, lives.c.area).where(lives.c.warning.in_(of))).all())


def acted_on(connection: Connection, event: str) -> bool:
    """Whether anything was ever kept of an event."""
    return connection.execute(select(lives.c.warning).where(lives.c.event == event)).first() is not None


def exchange(connection: Connection, one: Life, other: Life) -> None:
    """Let two lives change their events, so that a warning goes on for another event than the one that began it."""
    for warning, event in ((other.warning, other.warning), (one.warning, other.event), (other.warning, one.event)):
        connection.execute(update(lives).where(lives.c.warning == warning).values(event=event))


def propose(connection: Connection, warning: Warning, kind: Kind, audience: str, people: int, escalate_at: datetime) -> None:
    """Keep a message of a warning's life that waits for signatures, with its texts."""
    connection.execute(
        insert(warnings).values(
            id=warning.id,
            warning=warning.warning,
            number=int(warning.id.rpartition(".")[2]),
            kind=kind.value,
            audience=audience,
            area=warning.area,
            stage=PENDING,
            content=warning.model_dump_json(),
            expires=warning.expires,
            people=people,
            escalate_at=escalate_at,
            escalations=0,
            level=int(warning.level),
        )
    )
    keep_texts(connection, warning.id, warning.texts)


def keep_texts(connection: Connection, message: str, texts: Sequence[RenderedText]) -> None:
    """Keep what people read of a message, in each language, and what those read instead who have a need."""
    rows = []
    for text in texts:
        ways = [("", text.body, text.segments), *((said.need, said.body, said.segments) for said in text.for_needs)]
        of = {"message": message, "language": text.language}
        rows += [{**of, "need": need, "body": body, "segments": segments} for need, body, segments in ways]
    if rows:
        connection.execute(insert(bodies), rows)


def exchange_texts(connection: Connection, message: str, texts: Sequence[RenderedText]) -> None:
    """Keep other texts in the place of those that a message that waits had."""
    connection.execute(delete(bodies).where(bodies.c.message == message))
    keep_texts(connection, message, texts)


def settle(connection: Connection, warning: Warning, stage: str) -> None:
    """Keep a message's newest content and where it stands."""
    values = {"content": warning.model_dump_json(), "expires": warning.expires, "stage": stage}
    if stage != PENDING:
        values["escalate_at"] = None
    connection.execute(update(warnings).where(warnings.c.id == warning.id).values(**values))


def went_out(connection: Connection, warning: Warning, level: Level, late_at: datetime) -> None:
    """Keep a message that goes out.

    Args:
        level: that quiet hours and damping go by. late_at: from when on it says that it is late.
    """
    settle(connection, warning, ISSUED)
    approved = warning.bound.digest if warning.bound is not None else ""
    values = {"level": int(level), "issued": warning.issued, "late_at": late_at, "approved": approved}
    connection.execute(update(warnings).where(warnings.c.id == warning.id).values(**values))


def load_message(connection: Connection, message: str) -> tuple[Warning, Kind, str, int, str] | None:
    """A message with its kind, audience, the signatures it needs, and its stage."""
    row = connection.execute(select(warnings).where(warnings.c.id == message)).first()
    return None if row is None else (Warning.model_validate_json(row.content), Kind(row.kind), row.audience, row.people, row.stage)


def waits(connection: Connection, message: str) -> tuple[Warning, Kind, int]:
    """A message that waits for signatures, its kind, and how many it needs.

    Raises:
        RefusedError: nothing waits under this id.
    """
    loaded = load_message(connection, message)
    if loaded is None or loaded[4] != PENDING:
        raise RefusedError("nothing waits for a signature under this id.", where=message, remedy="Look at the list of what waits.")
    return loaded[0], loaded[1], loaded[3]


def in_stage(connection: Connection, stage: str) -> list[Warning]:
    """Messages in a stage, gravest first, then oldest."""
    rows = connection.execute(select(warnings.c.content).where(warnings.c.stage == stage)).scalars()
    found = [Warning.model_validate_json(content) for content in rows]
    return sorted(found, key=lambda w: (-w.level, w.proposed, w.id))


def issued_ids(connection: Connection, warning: str) -> tuple[str, ...]:
    """Messages of a life that went out, in their order: what the next one refers to."""
    query = select(warnings.c.id).where(warnings.c.warning == warning, warnings.c.stage == ISSUED).order_by(warnings.c.number)
    return tuple(connection.execute(query).scalars())


def newest_standing(connection: Connection, life: Life) -> tuple[Warning, Kind] | None:
    """The newest message that told people that a warning stands, of those since it last ended; a correction is no such message for
    whoever did not read what it corrects."""
    kinds = (Kind.WARNING.value, Kind.UPDATE.value, Kind.STILL.value)
    query = select(warnings.c.content, warnings.c.kind).where(warnings.c.warning == life.warning, warnings.c.stage == ISSUED)
    query = query.where(warnings.c.number > life.ended, warnings.c.kind.in_(kinds)).order_by(warnings.c.number.desc()).limit(1)
    row = connection.execute(query).first()
    return None if row is None else (Warning.model_validate_json(row.content), Kind(row.kind))


def unsigned(connection: Connection, now: datetime) -> list[tuple[str, int, int]]:
    """Messages whose time to be signed is over: id, how often they were passed on already, signatures needed."""
    query = select(warnings.c.id, warnings.c.escalations, warnings.c.people)
    query = query.where(warnings.c.stage == PENDING, warnings.c.escalate_at <= now).order_by(warnings.c.id)
    return [(row.id, row.escalations, row.people) for row in connection.execute(query)]


def pass_on_at(connection: Connection, message: str, at: datetime) -> None:
    """Set when a message that waits is passed on next."""
    connection.execute(update(warnings).where(warnings.c.id == message).values(escalate_at=at))


def passed_on(connection: Connection, message: str, within: timedelta, now: datetime) -> None:
    """Note that an unsigned message was passed on; the next time comes later each time, but it comes."""
    count = connection.execute(select(warnings.c.escalations).where(warnings.c.id == message)).scalar_one() + 1
    values = {"escalations": count, "escalate_at": now + within * 2**count}
    connection.execute(update(warnings).where(warnings.c.id == message).values(**values))


def sign(connection: Connection, message: str, signature: Signature) -> None:
    """Add a signature. A second one by the same person or in the same role breaks a constraint of the database."""
    connection.execute(insert(signatures).values(message=message, **signature.model_dump(exclude_none=True)))


def take_away(connection: Connection, message: str, signature: Signature) -> None:
    """Take a signature away that holds no more; its person and its role may sign again."""
    connection.execute(delete(signatures).where(signatures.c.message == message, signatures.c.by == signature.by))


def signed(connection: Connection, message: str) -> tuple[Signature, ...]:
    """Signatures under a message, oldest first."""
    rows = connection.execute(select(signatures).where(signatures.c.message == message).order_by(signatures.c.at, signatures.c.by))
    return tuple(_signature(row) for row in rows)


def _signature(row: Any) -> Signature:
    return Signature(by=row.by, role=row.role, at=row.at, digest=row.digest, recipients=row.recipients, cost=row.cost)


def waiting_ids(connection: Connection) -> list[str]:
    """All messages that wait for signatures."""
    return list(connection.execute(select(warnings.c.id).where(warnings.c.stage == PENDING).order_by(warnings.c.id)).scalars())


def partly_signed(connection: Connection) -> list[str]:
    """Messages that wait for signatures and have some."""
    query = select(signatures.c.message).join(warnings, warnings.c.id == signatures.c.message).where(warnings.c.stage == PENDING)
    return list(connection.execute(query.distinct().order_by(signatures.c.message)).scalars())


def to_publish(connection: Connection, record: Record) -> None:
    """Put a record into the outbox; one with an id that is there already is not put again."""
    if not connection.execute(select(outbox.c.place).where(outbox.c.record == record.id)).first():
        connection.execute(insert(outbox).values(record=record.id, content=record_to_json(record), published=False))


def unpublished(connection: Connection) -> list[Record]:
    """What waits in the outbox, in its order."""
    rows = connection.execute(select(outbox.c.content).where(~outbox.c.published).order_by(outbox.c.place)).scalars()
    return [record_from_json(content) for content in rows]


def mark_published(connection: Connection, records: Sequence[Record]) -> None:
    """Note that the log has them."""
    for record in records:
        connection.execute(update(outbox).where(outbox.c.record == record.id).values(published=True))


def note(connection: Connection, identity: str, at: datetime, kind: str, warning: str, text: str) -> None:
    """Tell the people on duty; the same notice is not told twice."""
    if not connection.execute(select(notices.c.place).where(notices.c.id == identity)).first():
        connection.execute(insert(notices).values(id=identity, at=at, kind=kind, warning=warning, text=text))


def noted(connection: Connection, identity: str) -> bool:
    """Whether the people on duty were told of something already."""
    return connection.execute(select(notices.c.place).where(notices.c.id == identity)).first() is not None


def decided(connection: Connection) -> dict[str, int]:
    """Reason to the number of changes of events that were acted on for it, said or not."""
    return dict(connection.execute(select(processed.c.decision, func.count()).group_by(processed.c.decision)).all())


def statuses(connection: Connection) -> dict[str, int]:
    """Stage to number of messages, for metrics."""
    return dict(connection.execute(select(warnings.c.stage, func.count()).group_by(warnings.c.stage)).all())
