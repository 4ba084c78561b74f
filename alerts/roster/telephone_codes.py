"""An officer gives their own telephone at the console: a code is sent to it, and only whoever types that code is woken there from then on.

Inside the caller's transaction. Number and code stand in the registry encrypted, until the code is right or its time is over. How often
somebody may ask is counted in the journal, which knows no number.
"""

import hmac
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, delete, func, insert, select, update

from alerts import journal
from alerts.channels.contract import Receipt
from alerts.journal import Step
from alerts.officers.officer import Officer
from alerts.people.keys import Keys
from alerts.people.numbers import masked
from alerts.receipts import merged
from alerts.roster import telephones
from alerts.tables import journal as steps
from alerts.tables import telephone_codes
from schemas.errors import RefusedError
from schemas.moments import to_utc
from schemas.warning_records import MessageState

HOLDS = timedelta(minutes=15)
MOST_WRONG = 5
"""After so many wrong codes, one that is right is not taken any more."""
MOST_AN_HOUR, MOST_A_DAY = 3, 10
"""How often one account has a code sent: each is paid for, and whoever has the number has not asked for it."""
_AS = "account"


@dataclass(frozen=True)
class Waiting:
    """A code that was asked for. number: masked. state, refusal: what became of it. until: when it is worth nothing any more."""

    number: str
    state: MessageState
    refusal: str
    until: datetime


class Answer(StrEnum):
    """What came of a code that somebody typed."""

    RIGHT = "right"
    WRONG = "wrong"
    TOO_OFTEN = "too_often"
    TOO_LATE = "too_late"


def ask(connection: Connection, keys: Keys, country: str, officer: Officer, number: str, now: datetime) -> None:
    """Have a code sent to a number, in the place of one that was asked for before.

    Args:
        number: in E.164 (`telephones.understood`).

    Raises:
        RefusedError: it is the number that is known already, or a code was asked for too often.
    """
    if telephones.of(connection, keys, officer.id) == number:
        raise RefusedError("this number is known already.", remedy="Give another, or go on: you are woken there.")
    in_hour = f"a code was sent {MOST_AN_HOUR} times in an hour; each is paid for, and goes to somebody's telephone."
    in_day = f"a code was sent {MOST_A_DAY} times in a day; each is paid for, and goes to somebody's telephone."
    for most, span, what in ((MOST_AN_HOUR, timedelta(hours=1), in_hour), (MOST_A_DAY, timedelta(days=1), in_day)):
        if _asked_since(connection, officer, now - span) >= most:
            raise RefusedError(what, remedy=f"Wait, or on the machine: `polyrisk roster phone {officer.name}`.")
    connection.execute(delete(telephone_codes).where(telephone_codes.c.officer == officer.id))
    code = f"{secrets.randbelow(1_000_000):06d}"
    kept = {"number": keys.encrypt(number), "code": keys.encrypt(code), "id": f"code-{secrets.token_hex(8)}", "country": country}
    state = {"state": MessageState.INTENDED.value, "refusal": "", "wrong": 0, "asked_at": now}
    connection.execute(insert(telephone_codes).values(officer=officer.id, **kept, **state))
    journal.write(connection, now, officer.name, _AS, Step.TELEPHONE_ASKED, officer.name, {})


def confirm(connection: Connection, keys: Keys, officer: Officer, typed: str, now: datetime) -> Answer:
    """Take a code that the officer typed; if it is right, the number it was sent to is theirs. Whatever comes of it is to be kept.

    Raises:
        RefusedError: no code was asked for.
    """
    mine = telephone_codes.c.officer == officer.id
    row = connection.execute(select(telephone_codes).where(mine).with_for_update()).first()
    if row is None:
        raise RefusedError("no code was sent.", remedy="Give your number first.")
    answer = _judged(keys, row.code, row.wrong, row.asked_at, typed, now)
    if answer is Answer.WRONG:
        connection.execute(update(telephone_codes).where(mine).values(wrong=telephone_codes.c.wrong + 1))
        why = {"asked": "confirm a telephone", "why": "the code is wrong"}
        journal.write(connection, now, officer.name, _AS, Step.REFUSED, officer.name, why)
        return answer
    connection.execute(delete(telephone_codes).where(mine))
    if answer is Answer.RIGHT:
        telephones.give(connection, keys, officer, keys.decrypt(row.number), now)
    return answer


def of(connection: Connection, keys: Keys, officer: str, now: datetime) -> Waiting | None:
    """The code that an officer asked for and can still type; none if there is none."""
    row = connection.execute(select(telephone_codes).where(telephone_codes.c.officer == officer)).first()
    if row is None or row.asked_at + HOLDS <= now:
        return None
    return Waiting(masked(keys.decrypt(row.number)), MessageState(row.state), row.refusal, row.asked_at + HOLDS)


def forget_old(connection: Connection, country: str, now: datetime) -> int:
    """Delete what nobody typed in time, with its number; answers how many."""
    old = (telephone_codes.c.country == country) & (telephone_codes.c.asked_at <= now - HOLDS)
    return connection.execute(delete(telephone_codes).where(old)).rowcount


def received(connection: Connection, receipt: Receipt) -> bool:
    """Take in what a provider says of a code; whether it is of one. Nobody leaves by it, and nothing is sent again."""
    if not receipt.reference and not receipt.provider_id:
        return False
    known = telephone_codes.c.id == receipt.reference if receipt.reference else telephone_codes.c.provider_id == receipt.provider_id
    row = connection.execute(select(telephone_codes).where(known).with_for_update()).first()
    if row is None:
        return False
    state = merged(MessageState(row.state), receipt.state)
    lost = state in (MessageState.FAILED, MessageState.UNDELIVERED)
    values = {"state": state.value, "refusal": (receipt.code or receipt.cause.value) if lost else row.refusal}
    connection.execute(update(telephone_codes).where(telephone_codes.c.officer == row.officer).values(**values))
    return True


def _judged(keys: Keys, kept: bytes, wrong: int, asked: datetime, typed: str, now: datetime) -> Answer:
    if asked + HOLDS <= now:
        return Answer.TOO_LATE
    if wrong >= MOST_WRONG:
        return Answer.TOO_OFTEN
    plain = "".join(typed.split())
    right = plain.isascii() and hmac.compare_digest(plain, keys.decrypt(kept))
    return Answer.RIGHT if right else Answer.WRONG


def _asked_since(connection: Connection, officer: Officer, since: datetime) -> int:
    asked = (steps.c.step == Step.TELEPHONE_ASKED.value) & (steps.c.subject == officer.name)
    later = steps.c.at > to_utc(since).isoformat(timespec="microseconds")
    return int(connection.execute(select(func.count()).select_from(steps).where(asked, later)).scalar_one())
