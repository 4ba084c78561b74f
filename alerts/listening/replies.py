"""Answers to one person, sent through the same outbox as warnings: recorded before the call, sent once, and looked up after a crash."""

import hashlib
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, func, insert, select

from alerts.intents import GOODBYE, SERVICE
from alerts.languages import languages
from alerts.rendering import Rendered
from alerts.tables import bodies, messages, warnings
from alerts.texts import Kind
from schemas.warning_records import MessageState

WORTH_SENDING = timedelta(hours=24)
"""An answer that could not be sent for so long is not sent any more."""
MOST_IN_AN_HOUR = 10
"""Answers to one person: two machines that answer each other must come to an end."""
_HOUR = timedelta(hours=1)


def reply_id(inbound: str) -> str:
    """The identity of the answer to a message that came in: there is never a second one to the same."""
    return f"r{hashlib.sha256(inbound.encode()).hexdigest()[:24]}"


def language_of(person: Any) -> str:
    """The language that a person's texts are written in, in Latin letters if they asked for that and it can be."""
    latin = f"{person.language}-Latn"
    return latin if person.romanised and latin in languages() else str(person.language)


def intend(connection: Connection, inbound: str, person: Any, text: Rendered, at: datetime, *, goodbye: bool = False) -> None:
    """Intend the answer to a message that came in.

    Args:
        goodbye: it tells somebody that they have left, and is the last thing they hear.
    """
    reply = reply_id(inbound)
    message = f"{reply}.1"
    connection.execute(
        insert(warnings).values(
            id=message,
            warning=reply,
            number=1,
            kind=Kind.STILL.value,
            audience="one",
            area=person.area,
            stage=GOODBYE if goodbye else SERVICE,
            content="",
            expires=at + WORTH_SENDING,
            people=0,
            escalations=0,
        )
    )
    connection.execute(insert(bodies).values(message=message, language=text.language, body=text.body, segments=text.size.segments))
    connection.execute(
        insert(messages).values(
            message=message,
            subscriber=person.id,
            language=text.language,
            area=person.area,
            priority=0,
            state=MessageState.INTENDED.value,
            attempts=0,
            refusal="",
            possibly_doubled=False,
        )
    )


def too_many(connection: Connection, subscriber: str, at: datetime) -> bool:
    """Whether a person was answered so often lately that they must be a machine."""
    query = select(func.count()).select_from(messages).join(warnings, warnings.c.id == messages.c.message)
    query = query.where(messages.c.subscriber == subscriber, warnings.c.stage == SERVICE, warnings.c.expires > at + WORTH_SENDING - _HOUR)
    return int(connection.execute(query).scalar_one()) >= MOST_IN_AN_HOUR


def said_goodbye(connection: Connection, subscriber: str, at: datetime) -> bool:
    """Whether a person was told lately that they left: who writes STOP twice is not written to twice."""
    query = select(messages.c.message).join(warnings, warnings.c.id == messages.c.message)
    query = query.where(messages.c.subscriber == subscriber, warnings.c.stage == GOODBYE, warnings.c.expires > at)
    return connection.execute(query).first() is not None
