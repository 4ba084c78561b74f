"""What providers say later of messages that they took: merged into what is known, and what follows from a failure.

Receipts come in any order, more than once, and before the answer of the call that sent the message.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, insert, select, update

from alerts import intents, ledger
from alerts.channels.contract import Cause, Receipt, ReceiptState
from alerts.life import ENDINGS
from alerts.people.subscribers import leave
from alerts.tables import earlier_attempts, messages, warnings
from alerts.texts import Kind
from schemas.levels import Level
from schemas.warning_records import MessageState

STATE: Mapping[ReceiptState, MessageState] = {
    ReceiptState.ACCEPTED: MessageState.ACCEPTED,
    ReceiptState.QUEUED: MessageState.ACCEPTED,
    ReceiptState.SENDING: MessageState.ACCEPTED,
    ReceiptState.SENT: MessageState.SENT,
    ReceiptState.FAILED: MessageState.FAILED,
    ReceiptState.CANCELED: MessageState.FAILED,
    ReceiptState.UNDELIVERED: MessageState.UNDELIVERED,
    ReceiptState.DELIVERED: MessageState.DELIVERED,
}
"""The provider's states as ours: until it has sent a message, it has accepted it."""
_RANK = (MessageState.ACCEPTED, MessageState.SENT, MessageState.FAILED, MessageState.UNDELIVERED, MessageState.DELIVERED)
LOST = frozenset({MessageState.FAILED, MessageState.UNDELIVERED})
GRAVE = Level.ORANGE
"""From this level on, not to be warned is worse than to be warned twice."""
TRY_AGAIN_AFTER = timedelta(minutes=10)
"""How long a handset that is off is left in peace; twice as long each time."""
MOST_ATTEMPTS = 3


class Taken(StrEnum):
    """What became of a receipt. A closed set: a metric may show it."""

    NOT_OURS = "not_ours"
    NOTHING_NEW = "nothing_new"
    RECORDED = "recorded"
    TO_BE_SENT_AGAIN = "to_be_sent_again"


@dataclass(frozen=True)
class _Row:
    """A message, as far as a receipt concerns it."""

    message: str
    subscriber: str
    language: str
    state: MessageState
    priority: int
    attempts: int
    provider_id: str | None
    kind: Kind
    expires: datetime
    warning: str


def merged(known: MessageState, said: ReceiptState) -> MessageState:
    """Where a message stands after a receipt, whichever came first: the furthest that was ever said of it.

    Terminal states win, and of those the one that a handset has it. What we held to be intended, being sent, unknown or over was taken if
    the provider says so.
    """
    new = STATE[said]
    return new if known not in _RANK or _RANK.index(new) > _RANK.index(known) else known


def record_receipt(connection: Connection, receipt: Receipt, at: datetime, now: datetime) -> Taken:
    """Take in one receipt; the caller's transaction is that of all that follows from it. A repetition changes nothing.

    Args:
        at: the wall clock. now: the country's time, by which warnings run out.
    """
    row = _find(connection, receipt)
    if row is None:
        return Taken.NOT_OURS
    if receipt.provider_id and receipt.provider_id != row.provider_id:
        over = _is_over(connection, receipt.provider_id)
        if over or row.provider_id is not None:
            return _of_another_attempt(connection, row, receipt, at, over=over)
    state = merged(row.state, receipt.state)
    proven = receipt.provider_id if row.provider_id is None else ""
    if state is row.state and not proven:
        return Taken.NOTHING_NEW
    lost = state in LOST and state is not row.state
    if lost and _again(connection, row, receipt.cause, now):
        _send_again(connection, row, receipt, at)
        return Taken.TO_BE_SENT_AGAIN
    values: dict[str, Any] = {"state": state.value, "answered_at": at}
    if proven:
        values["provider_id"] = receipt.provider_id
    if lost:
        values["refusal"] = receipt.code or receipt.cause.value
        _tell(connection, row, receipt, at)
    _change(connection, row, **values)
    return Taken.RECORDED


def _find(connection: Connection, receipt: Receipt) -> _Row | None:
    message, subscriber = intents.referred_to(receipt.reference)
    if message:
        which: ColumnElement[bool] = (messages.c.message == message) & (messages.c.subscriber == subscriber)
    elif receipt.provider_id:
        which = messages.c.provider_id == receipt.provider_id
    else:
        return None
    columns = (messages, warnings.c.kind, warnings.c.expires, warnings.c.warning)
    query = select(*columns).join(warnings, warnings.c.id == messages.c.message).where(which).with_for_update(of=messages)
    row = connection.execute(query).first()
    if row is None:
        return None
    return _Row(
        message=row.message,
        subscriber=row.subscriber,
        language=row.language,
        state=MessageState(row.state),
        priority=row.priority,
        attempts=row.attempts,
        provider_id=row.provider_id,
        kind=Kind(row.kind),
        expires=row.expires,
        warning=row.warning,
    )


def _is_over(connection: Connection, provider_id: str) -> bool:
    """Whether this is an attempt after which the message was sent again."""
    past = select(earlier_attempts.c.provider_id).where(earlier_attempts.c.provider_id == provider_id)
    return connection.execute(past).first() is not None


def _of_another_attempt(connection: Connection, row: _Row, receipt: Receipt, at: datetime, *, over: bool) -> Taken:
    """The message was sent more than once: what an attempt that is over failed by is known; that it arrived after all counts."""
    values: dict[str, Any] = {}
    if not over:
        connection.execute(
            insert(earlier_attempts).values(provider_id=receipt.provider_id, message=row.message, subscriber=row.subscriber, at=at)
        )
        values["possibly_doubled"] = True
    if receipt.state is ReceiptState.DELIVERED and row.state is not MessageState.DELIVERED:
        values["state"] = MessageState.DELIVERED.value
    if not values:
        return Taken.NOTHING_NEW
    _change(connection, row, **values)
    return Taken.RECORDED


def _again(connection: Connection, row: _Row, cause: Cause, now: datetime) -> bool:
    """Whether a message that did not arrive is worth another try with the same words."""
    if row.expires <= now or row.attempts >= MOST_ATTEMPTS or intents.overtaken(connection, {row.message}):
        return False
    if cause is Cause.PASSING:
        return True
    return cause is Cause.UNEXPLAINED and row.attempts < 2 and row.priority >= GRAVE and row.kind not in ENDINGS


def _send_again(connection: Connection, row: _Row, receipt: Receipt, at: datetime) -> None:
    """Back into the queue, not before its time. What it was taken as is kept, so that a later look-up does not find it for the new one."""
    provider_id = row.provider_id or receipt.provider_id
    if provider_id:
        connection.execute(insert(earlier_attempts).values(provider_id=provider_id, message=row.message, subscriber=row.subscriber, at=at))
    wait = TRY_AGAIN_AFTER * 2 ** max(0, row.attempts - 1)
    _change(connection, row, state=MessageState.INTENDED.value, provider_id=None, not_before=at + wait, answered_at=at)


def _tell(connection: Connection, row: _Row, receipt: Receipt, at: datetime) -> None:
    """What a failure means beyond the one person."""
    code = f" ({receipt.code})" if receipt.code else ""
    match receipt.cause:
        case Cause.STOPPED:
            leave(connection, row.subscriber, at, "stopped at the provider")
        case Cause.FILTERED:
            text = (
                f"A network filters the text of {row.message} in `{row.language}`{code}. To whom it was refused it is not sent again. "
                "Look at its words and the sender's registration; `polyrisk dispatch stop` halts the rest."
            )
            ledger.note(connection, f"filtered:{row.message}:{row.language}", at, Cause.FILTERED.value, row.warning, text)
        case Cause.SUSPENDED:
            text = f"The provider has suspended our account{code}: messages that it had taken do not arrive. Call the provider."
            ledger.note(connection, f"suspended:{at.date().isoformat()}", at, Cause.SUSPENDED.value, row.warning, text)
        case _:
            pass


def _change(connection: Connection, row: _Row, **values: Any) -> None:
    where = (messages.c.message == row.message) & (messages.c.subscriber == row.subscriber)
    connection.execute(update(messages).where(where).values(**values))
    intents.recount(connection, row.message)
