"""What people answer to a warning, "1" for safe and "2" for "I need help": kept by person, published as counts."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, insert, select, update

from alerts import ledger, published_counts
from alerts.intents import MAYBE_TAKEN, its_text
from alerts.marks import EXERCISE
from alerts.tables import answer_counts, answers, bodies, messages, warnings
from schemas.envelopes import output_record
from schemas.warning_records import Answer, AnswerCount

ANSWERED_WITHIN = timedelta(days=7)
"""An answer is one to the last message that a person got, if that is not older."""


@dataclass(frozen=True)
class LastHeard:
    """The last message of a warning that a person has, or may have.

    Attributes:
        area, language: of the message. exercise: its words say that it is one.
    """

    message: str
    warning: str
    area: str
    language: str
    exercise: bool


def last_heard(connection: Connection, subscriber: str, at: datetime) -> LastHeard | None:
    """What a person's answer is an answer to; none if they heard nothing lately.

    Args:
        at: by the wall clock, as messages are sent.
    """
    query = select(messages.c.message, messages.c.area, messages.c.language, warnings.c.warning, bodies.c.body)
    query = query.join(warnings, warnings.c.id == messages.c.message)
    query = query.join(bodies, its_text())
    query = query.where(messages.c.subscriber == subscriber, warnings.c.stage == ledger.ISSUED, messages.c.state.in_(MAYBE_TAKEN))
    query = query.where(messages.c.attempted_at > at - ANSWERED_WITHIN).order_by(messages.c.attempted_at.desc(), warnings.c.number.desc())
    row = connection.execute(query.limit(1)).first()
    if row is None:
        return None
    return LastHeard(row.message, row.warning, row.area, row.language, row.body.startswith(tuple(EXERCISE.values())))


def keep(connection: Connection, heard: LastHeard, subscriber: str, answer: Answer, at: datetime) -> None:
    """Keep a person's answer to a message; a later one takes the place of an earlier one."""
    where = (answers.c.message == heard.message) & (answers.c.subscriber == subscriber)
    if connection.execute(update(answers).where(where).values(answer=answer.value, at=at)).rowcount == 0:
        values = {"message": heard.message, "subscriber": subscriber, "area": heard.area, "language": heard.language}
        connection.execute(insert(answers).values(**values, answer=answer.value, at=at))


def publish(connection: Connection, message: str, shard: str, at: datetime) -> None:
    """Put the counts of a message's answers into the outbox, as far as they changed. A count stands for itself."""
    keys = (answers.c.message, answers.c.area, answers.c.language, answers.c.answer)
    query = select(*keys, func.count()).where(answers.c.message == message).group_by(*keys)
    now = {(m, area, language, answer): count for m, area, language, answer, count in connection.execute(query)}
    changed = published_counts.change(connection, answer_counts, now, answer_counts.c.message == message)
    for (_, area, language, answer), count, revision in changed:
        content = AnswerCount(
            warning=message.rpartition(".")[0],
            message=message,
            shard=shard,
            area=area,
            language=language,
            answer=Answer(answer),
            count=count,
            at=at,
        )
        ledger.to_publish(connection, output_record(content, f"answer:{message}:{area}:{language}:{answer}:{revision}", at))


def counted(connection: Connection, warning: str) -> dict[Answer, int]:
    """How many people gave which answer last, over all messages of a warning: each person once, by their last word."""
    query = select(answers.c.subscriber, answers.c.answer).join(warnings, warnings.c.id == answers.c.message)
    last: dict[str, str] = dict(connection.execute(query.where(warnings.c.warning == warning).order_by(answers.c.at)).all())
    return {answer: list(last.values()).count(answer.value) for answer in Answer}


def together(connection: Connection) -> dict[str, int]:
    """How many answers of each kind were given to messages of warnings, as it was last published."""
    query = select(answer_counts.c.answer, func.sum(answer_counts.c["count"])).group_by(answer_counts.c.answer)
    return {answer: int(count) for answer, count in connection.execute(query)}
