"""The registry: people who asked to be warned, their consent and their leave. A number lives here alone, encrypted.

It also opens the database in which warnings, signatures and messages are recorded (`ledger`, `intents`), so that what belongs
together is written in one transaction.
"""

import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from typing import Any

from sqlalchemy import URL, Connection, Engine, create_engine, event, insert, make_url, select

from alerts import journal, migrations
from alerts.journal import SERVICE, Step
from alerts.people import numbers, own_data
from alerts.people import subscribers as people
from alerts.people.keys import Keys
from alerts.people.person import Consent, Enrolment, Group
from alerts.people.subscribers import counts, in_audience
from alerts.tables import subscribers
from eventlog.state import is_drill
from schemas.errors import RefusedError

__all__ = ["Consent", "Enrolment", "Group", "Registry", "counts", "has_registry", "in_audience", "open_registry", "registry_url"]


REGISTRY = "POLYRISK_REGISTRY"
"""Names the database, if it is not a file in the installation's folder."""
URL_NOTED = "registry.url"
"""The file in an installation's folder that names its registry, if that is not in the folder."""


def registry_url(state: Path) -> str:
    """Where an installation keeps its registry: POLYRISK_REGISTRY, else where its folder says that it is, else a file there.

    So the stop button works in a shell that knows nothing of the service's environment.
    """
    own = f"sqlite:///{state / 'registry.db'}"
    if is_drill(state):
        return own
    noted = state / URL_NOTED
    of_folder = noted.read_text(encoding="utf-8").strip() if noted.exists() else ""
    return os.environ.get(REGISTRY) or of_folder or own


def engine_url(url: str) -> URL:
    """The address of a registry as SQLAlchemy opens it: PostgreSQL by the driver that we have."""
    place = make_url(url)
    return place.set(drivername="postgresql+psycopg") if place.drivername == "postgresql" else place


def _note_url(state: Path) -> None:
    """Keep where the registry is, without a password: that is in the environment or in libpq's own file."""
    url = os.environ.get(REGISTRY)
    if url and state.is_dir() and not is_drill(state):
        (state / URL_NOTED).write_text(make_url(url)._replace(password=None).render_as_string() + "\n", encoding="utf-8")


def has_registry(state: Path) -> bool:
    """Whether an installation's registry is there; of a database server that is asked when it is opened."""
    url = make_url(registry_url(state))
    return url.get_backend_name() != "sqlite" or Path(url.database or "").exists()


CACHE_KB = 32_000
"""Of SQLite pages, a connection: with its own 2 MB, each of a million people costs reading their page of the index again."""


def open_registry(state: Path, *, create: bool = False, cache_kb: int = CACHE_KB) -> "Registry":
    """The registry of an installation, with the keys in POLYRISK_KEYS, else in its folder; or of a drill, with the keys of drills.

    Args:
        create: make what is not there. Who lets people in does; all others must find the registry, and the keys that wrote it.
        cache_kb: as `Registry`.

    Raises:
        RefusedError: there is none. ConfigurationError: the keys cannot be used. NewerVersionError: a newer version wrote the database.
    """
    if not create and not has_registry(state):
        raise RefusedError("there is no registry here.", where=str(state), remedy="Name the folder of the installation with --state.")
    if is_drill(state):  # its keys are those of all drills, so that who left one is known to have left in the next
        return Registry(registry_url(state), Keys.load(state.parent / "keys", create=create), for_exercise=True, cache_kb=cache_kb)
    keys = os.environ.get("POLYRISK_KEYS")
    if create:
        _note_url(state)
    return Registry(registry_url(state), Keys.load(Path(keys) if keys else state / "keys", create=create), cache_kb=cache_kb)


EXERCISE_ID = 0x44524C4C
"""SQLite's `application_id` of a registry that was made for an exercise; it stands in the database itself, wherever that lies."""


class Registry:
    """The database of people and of what was said to them.

    Args:
        url: SQLAlchemy's, such as `sqlite:///var/registry.sqlite` or `postgresql://user@host/name`.
        keys: kept outside the database.
        for_exercise: make it one for an exercise; it stays one whoever opens it.
        cache_kb: most pages of a SQLite file that each connection keeps, in kB.

    Attributes:
        exercise: all that is said from it is an exercise.

    Raises:
        NewerVersionError: a newer version of Polyrisk wrote the database.
        RefusedError: it is to be one for an exercise and is another already.
    """

    def __init__(self, url: str, keys: Keys, *, for_exercise: bool = False, cache_kb: int = CACHE_KB) -> None:
        self.keys = keys
        place = engine_url(url)
        served = place.get_backend_name() == "postgresql"  # a server that was started again has let go of all connections
        self.engine = create_engine(place, hide_parameters=True, pool_pre_ping=served)  # errors name no index and no encrypted number
        if self.engine.dialect.name == "sqlite":
            _keep_private(self.engine)
            _prepare_sqlite(self.engine, cache_kb)
        try:
            self.exercise = _is_for_exercise(self.engine, make=for_exercise)
            migrations.prepare(self.engine)
        except BaseException:
            self.engine.dispose()
            raise

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

    @contextmanager
    def acting(self) -> Iterator[Connection]:
        """A transaction whose steps stand in the journal, one at a time from its beginning: who waits for a turn holds no rows."""
        with self.begin() as connection:
            journal.take_turn(connection)
            yield connection

    @contextmanager
    def attempt(self, asked: str, by: str, role: str, subject: str, at: datetime) -> Iterator[Connection]:
        """The same for what a person asks for. That it was refused is a step too, in a transaction of its own, for this one rolls back.

        Args:
            asked: the verb, such as `sign`. subject: what it is asked of.
        """
        try:
            with self.acting() as connection:
                yield connection
        except RefusedError as refusal:
            with self.acting() as connection:
                journal.write(connection, at, by, role, Step.REFUSED, subject, {"asked": asked, "why": refusal.what})
            raise

    @contextmanager
    def people(self) -> Iterator[Connection]:
        """A transaction that changes people, one at a time and with the newest keys, also while another process changes the keys."""
        with self.begin() as connection:
            people.take_turn(connection)
            self.keys.refresh()
            yield connection

    def enrol(self, person: Enrolment, *, region: str | None = None, at: datetime | None = None) -> str:
        """Add a person who agreed; the answer is the registry's id. One who is there already is brought to what is said now.

        Args:
            region: ISO 3166-1 alpha-2, for a number written without its country's code.
            at: when they join, which decides which standing warnings are news to them; by default when they agreed.

        Raises:
            RefusedError: not a mobile number, or the person left and did not come back of their own will.
        """
        known = replace(person, number=numbers.mobile(person.number, region))
        with self.people() as connection:
            return self.put(connection, known, at or person.consent.at)

    def put(self, connection: Connection, person: Enrolment, at: datetime) -> str:
        """The same in a transaction that is open (`people`), of a person whose number is E.164.

        Raises:
            RefusedError: the person left and did not come back of their own will.
        """
        if people.has_left(connection, self.keys.indexes(person.number)):
            raise RefusedError("this person has left.", remedy="Only the person can come back, by START.")
        return people.put(connection, self.keys, person, at)

    def enrol_synthetic(self, made_up: Sequence[tuple[str, Enrolment]]) -> int:
        """Add made-up people, each with an id; those already there stay as they are. Answers how many are new.

        Raises:
            RefusedError: a number is not of the range that belongs to nobody.
        """
        if not all(numbers.is_synthetic(person.number) for _, person in made_up):
            raise RefusedError("a made-up person must not have a number that could be somebody's.", remedy="Use +999.")
        with self.people() as connection:
            known = set(connection.execute(select(subscribers.c.id)).scalars())
            rows = [people.row(name, self.keys, person, person.consent.at) for name, person in made_up if name not in known]
            if rows:
                connection.execute(insert(subscribers), rows)
            return len(rows)

    def stop(self, number: str, at: datetime, reason: str = "stop") -> None:
        """The person leaves: nothing is sent to them from now on, and no import brings them back.

        Args:
            number: E.164, here and below. It need not be known: who leaves before they were enrolled is not enrolled later.
        """
        with self.people() as connection:
            people.stop(connection, self.keys, number, at, reason)

    def start(self, number: str, at: datetime) -> bool:
        """The person comes back of their own will. Whether they are known; if not, somebody must ask where they are, and enrol them."""
        with self.people() as connection:
            return people.start(connection, self.keys.indexes(number), at)

    def move(self, number: str, area: str, at: datetime) -> bool:
        """The person says where they are now; whether they are known and did not leave.

        Args:
            area: P-code. That the country has it, the caller has looked up.
        """
        return self._change(number, at, area=area)

    def change_language(self, number: str, language: str, at: datetime) -> bool:
        """The person says which language they read, one of the country's; whether they are known and did not leave."""
        return self._change(number, at, language=language)

    def romanised(self, number: str, on: bool, at: datetime) -> bool:
        """The person asks for Latin letters, or for their own again; whether they are known and did not leave."""
        return self._change(number, at, romanised=on)

    def _change(self, number: str, at: datetime, **values: Any) -> bool:
        with self.people() as connection:
            return people.change(connection, self.keys.indexes(number), at, **values)

    def erase(self, number: str, at: datetime, by: str = SERVICE) -> None:
        """Forget the person; only the index stays on the list of those who left, so that no import enrols them again.

        Args:
            by: who does it, for the journal. Of whom, it does not say.
        """
        with self.people() as connection:
            journal.write(connection, at, by, "", Step.ERASED, "", {"people": 1})
            own_data.erase(connection, self.keys, number, at)

    def export(self, number: str) -> Mapping[str, Any]:
        """All that is held about a number, in a form for JSON: it is the person's own and nobody else's."""
        with self.reading() as connection:
            return own_data.export(connection, self.keys, number)

    def counts(self, areas: Sequence[str], group: Group) -> Mapping[str, int]:
        """Language to the number of active people whom a message to a group in these areas reaches."""
        with self.reading() as connection:
            return counts(connection, areas, group)

    def close(self) -> None:
        """Let go of the database."""
        self.engine.dispose()


def _is_for_exercise(engine: Engine, *, make: bool) -> bool:
    """Whether a database is a registry for an exercise; a new one is made one if that is asked for."""
    if engine.dialect.name != "sqlite":
        if make:
            raise RefusedError("an exercise has a registry of its own, in a file.", remedy="Name no other database for it.")
        return False
    with engine.begin() as connection:
        found = connection.exec_driver_sql("PRAGMA application_id").scalar_one() == EXERCISE_ID
        if found or not make:
            return bool(found)
        if connection.exec_driver_sql("SELECT count(*) FROM sqlite_master").scalar_one():
            what = "this is a registry of people to be warned, and no exercise is held with it."
            raise RefusedError(what, where=engine.url.database or "", remedy="A drill makes a folder of its own.")
        connection.exec_driver_sql(f"PRAGMA application_id = {EXERCISE_ID}")
    return True


def _keep_private(engine: Engine) -> None:
    """A new file is its owner's alone: areas, needs and consents stand in it as they are. What SQLite puts beside it follows it."""
    path = engine.url.database
    if path and path != ":memory:" and not Path(path).exists():
        with suppress(FileExistsError):  # another process was first
            os.close(os.open(path, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o600))


def _prepare_sqlite(engine: Engine, cache_kb: int) -> None:
    """WAL so that pages can read while warnings go out; full synchronisation, because an intent must outlive a power cut; what is deleted
    is overwritten, because who was erased must not be found in the file."""

    def connect(connection: Any, _: Any) -> None:
        connection.isolation_level = None
        for pragma in ("journal_mode=WAL", "synchronous=FULL", "busy_timeout=30000", "secure_delete=ON", f"cache_size=-{cache_kb}"):
            connection.execute(f"PRAGMA {pragma}")

    def begin(connection: Connection) -> None:
        connection.exec_driver_sql("BEGIN IMMEDIATE" if connection.get_execution_options().get("writes") else "BEGIN")

    event.listen(engine, "connect", connect)
    event.listen(engine, "begin", begin)
