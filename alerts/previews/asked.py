"""Previews as they are kept, inside the caller's transaction: asked for, and what became of them.

One is known by message, words, language and account. So pressing twice asks for one, another text of the message is another, and nobody's
number is in it.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, update

from alerts import journal
from alerts.approvals import ways
from alerts.channels.contract import Receipt
from alerts.journal import Step
from alerts.marks import previewed
from alerts.officers.officer import Officer
from alerts.receipts import merged
from alerts.roster import telephones
from alerts.segments import measure
from alerts.tables import bodies, previews
from schemas.country_facts import Price
from schemas.errors import RefusedError
from schemas.warning_records import MessageState, Warning

MOST_OF_MESSAGE, MOST_AN_HOUR = 20, 60
"""How many texts one account has sent to itself of one message, and in an hour of all together: each is paid for."""
HOLDS = timedelta(minutes=15)
"""After this nobody looks at the telephone for it any more; what was not handed over by then is not sent."""
AGAIN = frozenset({MessageState.REFUSED, MessageState.EXPIRED, MessageState.FAILED, MessageState.UNDELIVERED})
"""It surely did not arrive: whoever asks again gets it."""
MOVING = frozenset({MessageState.INTENDED, MessageState.SENDING})


@dataclass(frozen=True)
class Preview:
    """One text of a message on its way to one officer.

    Attributes:
        id: for ever the same of message, words, language and account; receipts bring it back.
        need: of those who would read this text; empty for the one that all others read.
        body: as it is sent, with its mark. segments: with the mark.
        refusal: why it was surely not taken, or did not arrive; empty if nobody says so.
    """

    id: str
    message: str
    officer: str
    language: str
    need: str
    body: str
    segments: int
    state: MessageState
    asked: datetime
    called: datetime | None
    answered: datetime | None
    provider_id: str | None
    refusal: str


def preview_id(message: str, officer: str, language: str, body: str) -> str:
    """The identity of a preview: the same words of the same message to the same account are one."""
    return f"preview-{hashlib.sha256(chr(0).join((message, officer, language, body)).encode()).hexdigest()[:24]}"


def ask(
    connection: Connection,
    country: str,
    warning: Warning,
    languages: Sequence[str],
    officer: Officer,
    role: str,
    price: Price,
    now: datetime,
    need: str = "",
) -> list[Preview]:
    """Have texts of a message that waits sent to the officer who asks, and to nobody else. Those on their way already stay as they are.

    Args:
        languages: of the message's texts. need: whose text is wanted; empty for the one that all others read.

    Raises:
        RefusedError: the message has no such text in one of the languages, the officer gave no telephone, or has asked too often.
    """
    texts = _texts(warning, need)
    missing = sorted(set(languages) - set(texts))
    if missing or not languages:
        raise _no_text(warning, missing, need, texts)
    if officer.id not in telephones.who_has_one(connection):
        what = f"{officer.name} has given no telephone."
        raise RefusedError(
            what, where=warning.id, remedy=f"On the machine, `polyrisk roster phone {officer.name}` asks for it, and does not show it."
        )
    wanted = [texts[language] for language in dict.fromkeys(languages)]
    new = [text for text in wanted if _is_new(connection, warning.id, officer.id, text)]
    _check_limits(connection, warning.id, officer, len(new), now)
    for text in new:
        _put(connection, country, warning.id, officer.id, text, now)
    if new:
        segments = sum(measure(previewed(text.body, text.language)).segments for text in new)
        cost = {"segments": segments, "cost": round(segments * price.per_segment, 2), "currency": price.currency}
        said = {"to": officer.name, "languages": [text.language for text in new], **({"need": need} if need else {}), **cost}
        journal.write(connection, now, officer.display, role, Step.PREVIEWED, warning.id, said)
    return of_message(connection, warning.id, officer.id)


def of_message(connection: Connection, message: str, officer: str) -> list[Preview]:
    """What an officer had sent to themselves of a message, oldest first, also with words that it has no more."""
    return read(connection, previews.c.message == message, previews.c.officer == officer)


def moving(connection: Connection, country: str, most: int) -> list[Preview]:
    """Those to be handed over, and those without an answer, the oldest first."""
    states = [state.value for state in MOVING]
    return read(connection, previews.c.country == country, previews.c.state.in_(states))[:most]


def read(connection: Connection, *where: ColumnElement[bool]) -> list[Preview]:
    """Those for which conditions hold, oldest first."""
    rows = connection.execute(select(previews).where(*where).order_by(previews.c.asked_at, previews.c.language, previews.c.id))
    return [
        Preview(
            row.id,
            row.message,
            row.officer,
            row.language,
            row.need,
            row.body,
            row.segments,
            MessageState(row.state),
            row.asked_at,
            row.called_at,
            row.answered_at,
            row.provider_id,
            row.refusal,
        )
        for row in rows
    ]


def is_text_of(connection: Connection, preview: Preview) -> bool:
    """Whether it still is, to the letter, a text of its message with the mark: nothing else ever goes out this way."""
    its = (bodies.c.message == preview.message) & (bodies.c.language == preview.language) & (bodies.c.need == preview.need)
    body = connection.execute(select(bodies.c.body).where(its)).scalar()
    return body is not None and previewed(body, preview.language) == preview.body


def begin(connection: Connection, preview: Preview, wall: datetime) -> bool:
    """Record that one is being handed over, before the call; false if another process does so."""
    mine = (previews.c.id == preview.id) & (previews.c.state == MessageState.INTENDED.value)
    return connection.execute(update(previews).where(mine).values(state=MessageState.SENDING.value, called_at=wall)).rowcount > 0


def settle(connection: Connection, preview: Preview, state: MessageState, at: datetime, provider_id: str | None, refusal: str) -> None:
    """Record what became of one. A receipt that came before the answer has said more: then only the provider's id is news."""
    mine = previews.c.id == preview.id
    moves = mine & previews.c.state.in_([one.value for one in MOVING])
    connection.execute(update(previews).where(moves).values(state=state.value, answered_at=at, refusal=refusal))
    if provider_id is not None:
        connection.execute(update(previews).where(mine, previews.c.provider_id.is_(None)).values(provider_id=provider_id))


def received(connection: Connection, receipt: Receipt, at: datetime) -> bool:
    """Take in what a provider says of a preview; whether it is of one. Nobody leaves by it, and nothing is sent again."""
    if not receipt.reference and not receipt.provider_id:
        return False
    which = previews.c.id == receipt.reference if receipt.reference else previews.c.provider_id == receipt.provider_id
    row = connection.execute(select(previews).where(which).with_for_update()).first()
    if row is None:
        return False
    if row.provider_id is not None and receipt.provider_id and receipt.provider_id != row.provider_id:
        return True  # of a try that did not arrive, after which it was asked for again
    state = merged(MessageState(row.state), receipt.state)
    lost = state in (MessageState.FAILED, MessageState.UNDELIVERED)
    values: dict[str, Any] = {"provider_id": row.provider_id or receipt.provider_id or None}
    if state.value != row.state:
        refusal = (receipt.code or receipt.cause.value) if lost else ""
        values |= {"state": state.value, "answered_at": at, "refusal": refusal}
    connection.execute(update(previews).where(previews.c.id == row.id).values(**values))
    return True


@dataclass(frozen=True)
class _Text:
    """One text of a message."""

    language: str
    need: str
    body: str


def _texts(warning: Warning, need: str) -> dict[str, _Text]:
    """Language to the text of a message for a need, or to that which all others read."""
    said = ((text.language, of, body) for text in warning.texts for of, body in ways(text))
    return {language: _Text(language, of, body) for language, of, body in said if of == need}


def _no_text(warning: Warning, missing: Sequence[str], need: str, texts: Mapping[str, _Text]) -> RefusedError:
    what = "no language was named."
    if missing and need:
        what = f"the message has no text for `{need}` in `{', '.join(missing)}`."
    elif missing:
        what = f"the message has no text in `{', '.join(missing)}`."
    there = ", ".join(texts) or "none"
    return RefusedError(what, where=warning.id, remedy=f"It has {there}.")


def _is_new(connection: Connection, message: str, officer: str, text: _Text) -> bool:
    id = preview_id(message, officer, text.language, text.body)
    state = connection.execute(select(previews.c.state).where(previews.c.id == id)).scalar()
    return state is None or MessageState(state) in AGAIN


def _put(connection: Connection, country: str, message: str, officer: str, text: _Text, now: datetime) -> None:
    id, body = preview_id(message, officer, text.language, text.body), previewed(text.body, text.language)
    moved = {
        "state": MessageState.INTENDED.value,
        "asked_at": now,
        "called_at": None,
        "answered_at": None,
        "provider_id": None,
        "refusal": "",
    }
    again = update(previews).where(previews.c.id == id).values(**moved, times=previews.c.times + 1)
    if connection.execute(again).rowcount == 0:
        fixed = {"country": country, "message": message, "officer": officer, "language": text.language, "need": text.need}
        said = {"body": body, "segments": measure(body).segments}
        connection.execute(insert(previews).values(id=id, **fixed, **said, **moved, times=1))


def _check_limits(connection: Connection, message: str, officer: Officer, more: int, now: datetime) -> None:
    own = previews.c.officer == officer.id
    times = select(func.coalesce(func.sum(previews.c.times), 0))
    of_message = int(connection.execute(times.where(own, previews.c.message == message)).scalar_one())
    in_hour = int(connection.execute(times.where(own, previews.c.asked_at > now - timedelta(hours=1))).scalar_one())
    for asked, most, of in ((of_message, MOST_OF_MESSAGE, "of this message"), (in_hour, MOST_AN_HOUR, "in an hour")):
        if more and asked + more > most:
            what = f"{officer.name} has had {asked} texts sent {of}; {more} more would be over {most}, and each is paid for."
            raise RefusedError(what, where=message, remedy="Read it on the page, or ask for one language alone.")
