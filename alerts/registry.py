"""The registry: people who asked to be warned, their consent and their leave. A number lives here alone, encrypted.

It also opens the database in which warnings, signatures and messages are recorded (`ledger`, `intents`), so that what belongs
together is written in one transaction.
"""

import secrets
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

from sqlalchemy import Connection, Engine, create_engine, delete, event, func, insert, select, update

from alerts import migrations
from alerts.people import numbers
from alerts.people.keys import Keys
from alerts.tables import subscribers, suppressions
from schemas.errors import RefusedError

Group = Literal["household", "operator"]


@dataclass(frozen=True)
class Consent:
    """When a person agreed, to which text, and through whom."""

    at: datetime
    text: str
    by: str


@dataclass(frozen=True)
class Enrolment:
    """A person to be warned: where, in which language. No name, no sex, no exact home.

    Attributes:
        number: E.164. area: P-code, the coarsest that serves.
    """

    number: str
    area: str
    language: str
    group: Group
    consent: Consent


class Registry:
    """The database of people and of what was said to them.

    Args:
        url: SQLAlchemy's, such as `sqlite:///var/registry.sqlite`, or one of PostgreSQL.
        keys: kept outside the database.

    Raises:
        NewerVersionError: a newer version of Polyrisk wrote the database.
    """

    def __init__(self, url: str, keys: Keys) -> None:
        self.keys = keys
        self.engine = create_engine(url)
        if self.engine.dialect.name == "sqlite":
            _prepare_sqlite(self.engine)
        migrations.prepare(self.engine)

    @contextmanager
    def begin(self) -> Iterator[Connection]:
        """A transaction that writes: all of it or nothing, durable when it ends."""
        with self.engine.connect().execution_options(writes=True) as connection, connection.begin():
            yield connection

    @contextmanager
    def reading(self) -> Iterator[Connection]:
        """A transaction that only reads, and waits for no writer."""
        with self.engine.connect() as connection, connection.begin():
            yield connection

    def enrol(self, person: Enrolment, *, region: str | None = None) -> str:
        """Add a person who agreed; the answer is the registry's id. One who is there already is moved to the new area and language.

        Args:
            region: ISO 3166-1 alpha-2, for a number written without its country's code.

        Raises:
            RefusedError: not a mobile number, or the person left and did not come back of their own will.
        """
        number = numbers.mobile(person.number, region)
        index = self.keys.index(number)
        with self.begin() as connection:
            if connection.execute(select(suppressions.c.number_index).where(suppressions.c.number_index == index)).first():
                raise RefusedError("this person has left.", remedy="Only the person can come back, by START.")
            known = connection.execute(select(subscribers.c.id).where(subscribers.c.number_index == index)).scalar()
            row = _row(known or f"s{secrets.token_hex(8)}", index, self.keys.encrypt(number), person)
            if known:
                connection.execute(update(subscribers).where(subscribers.c.id == known).values(**row))
            else:
                connection.execute(insert(subscribers), [row])
            return str(row["id"])

    def enrol_synthetic(self, people: Sequence[tuple[str, Enrolment]]) -> int:
        """Add made-up people, each with an id; those already there stay as they are. Answers how many are new.

        Raises:
            RefusedError: a number is not of the range that belongs to nobody.
        """
        if not all(numbers.is_synthetic(person.number) for _, person in people):
            raise RefusedError("a made-up person must not have a number that could be somebody's.", remedy="Use +999.")
        with self.begin() as connection:
            known = set(connection.execute(select(subscribers.c.id)).scalars())
            rows = [_row(name, self.keys.index(p.number), self.keys.encrypt(p.number), p) for name, p in people if name not in known]
            if rows:
                connection.execute(insert(subscribers), rows)
            return len(rows)

    def stop(self, number: str, at: datetime, reason: str = "stop") -> None:
        """The person leaves: nothing is sent to them from now on, and no import brings them back."""
        with self.begin() as connection:
            suppress(connection, self.keys.index(number), at, reason)

    def start(self, number: str) -> None:
        """The person comes back of their own will."""
        index = self.keys.index(number)
        with self.begin() as connection:
            connection.execute(delete(suppressions).where(suppressions.c.number_index == index))
            connection.execute(update(subscribers).where(subscribers.c.number_index == index).values(status="active"))

    def erase(self, number: str, at: datetime) -> None:
        """Forget the person; only the index stays on the list of those who left, so that no import enrols them again."""
        index = self.keys.index(number)
        with self.begin() as connection:
            suppress(connection, index, at, "erased")
            connection.execute(delete(subscribers).where(subscribers.c.number_index == index))

    def counts(self, areas: Sequence[str], group: Group) -> Mapping[str, int]:
        """Language to the number of active subscribers of a group in these areas."""
        with self.reading() as connection:
            return counts(connection, areas, group)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def counts(connection: Connection, areas: Sequence[str], group: Group) -> dict[str, int]:
    """Language to the number of active subscribers of a group in these areas."""
    query = select(subscribers.c.language, func.count()).where(in_audience(areas, group)).group_by(subscribers.c.language)
    return dict(connection.execute(query.order_by(subscribers.c.language)).all())


def in_audience(areas: Sequence[str], group: Group) -> Any:
    """The condition that a subscriber is active, of the group and in one of the areas."""
    return subscribers.c.area.in_(areas) & (subscribers.c.group == group) & (subscribers.c.status == "active")


def suppress(connection: Connection, index: str, at: datetime, reason: str) -> None:
    """Put a number's index on the list of those who left."""
    if not connection.execute(select(suppressions.c.number_index).where(suppressions.c.number_index == index)).first():
        connection.execute(insert(suppressions).values(number_index=index, at=at, reason=reason))
    connection.execute(update(subscribers).where(subscribers.c.number_index == index).values(status="left"))


def _row(name: str, index: str, token: bytes, person: Enrolment) -> dict[str, Any]:
    return {
        "id": name,
        "number_index": index,
        "number": token,
        "area": person.area,
        "language": person.language,
        "group": person.group,
        "status": "active",
        "consent_at": person.consent.at,
        "consent_text": person.consent.text,
        "consent_by": person.consent.by,
    }


def _prepare_sqlite(engine: Engine) -> None:
    """WAL so that pages can read while warnings go out; full synchronisation, because an intent must outlive a power cut."""

    def connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000"):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", begin)
