"""Officers' own telephones, encrypted as people's are, in a table of their own: who is woken need not be enrolled.

No index is kept of them: they are few, so who answers is found by reading them all.
"""

from datetime import datetime

from sqlalchemy import Connection, delete, insert, select, update

from alerts import journal
from alerts.journal import Step
from alerts.officers.officer import Officer
from alerts.people.keys import Keys
from alerts.people.numbers import is_synthetic, mobile
from alerts.tables import officer_telephones

_OWN = "account"


def understood(number: str, region: str | None) -> str:
    """A number that an officer gave, in E.164; a drill's, which belongs to nobody, as it is.

    Raises:
        RefusedError: it is no mobile number; the number itself is never said.
    """
    plain = number.replace(" ", "")
    return plain if is_synthetic(plain) and plain[1:].isdigit() else mobile(number, region)


def give(connection: Connection, keys: Keys, officer: Officer, number: str, now: datetime) -> None:
    """Keep an officer's number in the place of the one before."""
    values = {"number": keys.encrypt(number), "given_at": now}
    if not connection.execute(update(officer_telephones).where(officer_telephones.c.officer == officer.id).values(**values)).rowcount:
        connection.execute(insert(officer_telephones).values(officer=officer.id, **values))
    journal.write(connection, now, officer.name, _OWN, Step.TELEPHONE_GIVEN, officer.name, {})


def forget(connection: Connection, officer: Officer, now: datetime) -> bool:
    """Delete an officer's number; whether there was one."""
    gone = connection.execute(delete(officer_telephones).where(officer_telephones.c.officer == officer.id)).rowcount > 0
    if gone:
        journal.write(connection, now, officer.name, _OWN, Step.TELEPHONE_FORGOTTEN, officer.name, {})
    return gone


def who_has_one(connection: Connection) -> set[str]:
    """The ids of the accounts that can be woken."""
    return set(connection.execute(select(officer_telephones.c.officer)).scalars())


def of(connection: Connection, keys: Keys, officer: str) -> str | None:
    """An officer's number, by the account's id; none if they gave none."""
    token = connection.execute(select(officer_telephones.c.number).where(officer_telephones.c.officer == officer)).scalar()
    return None if token is None else keys.decrypt(token)


def whose(connection: Connection, keys: Keys, number: str) -> list[str]:
    """The accounts that gave a number: two people may share a telephone of the office."""
    rows = connection.execute(select(officer_telephones).order_by(officer_telephones.c.officer)).all()
    return [str(row.officer) for row in rows if keys.decrypt(row.number) == number]
