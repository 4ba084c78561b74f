"""A registry copied while it is used, and put back: an SQLite file by SQLite's own backup, PostgreSQL by `pg_dump` and `pg_restore`.

Log and registry cannot commit together, and each relies on the other: what the alert service has committed in the log, the registry has
acted on. So for the moment in which a copy of both begins nobody may write into the registry (`still`); what both hold then is what a power
cut would have left, and from that the parts go on by themselves.
"""

import os
import subprocess
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, closing, contextmanager
from pathlib import Path
from typing import Protocol

from sqlalchemy import URL, Connection, Engine, create_engine, inspect, make_url, text
from sqlalchemy.exc import OperationalError

from alerts import migrations
from alerts.people.subscribers import take_turn
from eventlog.sqlite_cuts import SqliteCut, nobody_writing
from schemas.errors import NewerVersionError, RefusedError

LONGEST_WAIT_S = 60.0
"""For a moment in which nobody writes into PostgreSQL. It is tried again and again, so that nobody waits for us who holds something."""
_LOOK_S = 0.02
_VERSION = "SELECT version_num FROM alembic_version"
_WRITTEN_WITH_THE_LOG = "outbox, processed"
"""Tables of which the log must not know more than the copy: what was published, and which events were acted on."""


class RegistryCut(Protocol):
    """A registry at one moment. home: `sqlite` or `postgresql`. version: of its tables, 0 if they name none."""

    home: str
    version: int

    def write(self, to: Path, progress: Callable[[float], None]) -> None:
        """Write the registry of this moment into a new file, readable by its owner alone."""
        ...


@contextmanager
def still(url: str) -> Iterator[tuple[RegistryCut, Callable[[], None]]]:
    """The registry at a moment since which nobody writes, and what lets the others write again. Its tables are left as they are.

    Raises:
        RefusedError: somebody writes without end, or the registry is of a version before 0.2.
    """
    place = driver_of(url)
    with ExitStack() as stack:
        held = ExitStack()
        stack.callback(held.close)
        if place.get_backend_name() == "sqlite":
            path = Path(place.database or "")
            held.enter_context(nobody_writing(path))
            yield _SqliteRegistryCut(stack.enter_context(closing(SqliteCut(path)))), held.close
        else:
            engine = create_engine(place, hide_parameters=True)
            stack.callback(engine.dispose)
            held.enter_context(_alone(engine))
            yield stack.enter_context(_PostgresCut(engine)), held.close


def driver_of(url: str) -> URL:
    """A registry's URL with the driver that is installed."""
    place = make_url(url)
    return place.set(drivername="postgresql+psycopg") if place.get_backend_name() == "postgresql" else place


class _SqliteRegistryCut:
    home = "sqlite"

    def __init__(self, cut: SqliteCut) -> None:
        self._cut = cut
        named = cut.ask("SELECT count(*) FROM sqlite_schema WHERE name = 'alembic_version'")[0][0]
        self.version = int(cut.ask(_VERSION)[0][0]) if named else 0

    def write(self, to: Path, progress: Callable[[float], None]) -> None:
        self._cut.write(to, progress)


class _PostgresCut(AbstractContextManager["_PostgresCut"]):
    home = "postgresql"

    def __init__(self, engine: Engine) -> None:
        self._place = engine.url
        self._connection = engine.connect().execution_options(isolation_level="REPEATABLE READ")
        self.version = int(self._connection.execute(text(_VERSION)).scalar_one()) if inspect(engine).has_table("alembic_version") else 0
        self._snapshot = str(self._connection.execute(text("SELECT pg_export_snapshot()")).scalar_one())

    def __exit__(self, *_: object) -> None:
        self._connection.close()

    def write(self, to: Path, progress: Callable[[float], None]) -> None:
        os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))
        words = ["--format=custom", "--no-owner", "--no-privileges", f"--snapshot={self._snapshot}", f"--file={to}"]
        _run("pg_dump", self._place, *words)
        progress(1.0)


@contextmanager
def _alone(engine: Engine) -> Iterator[None]:
    deadline = time.monotonic() + LONGEST_WAIT_S
    while True:
        with engine.connect() as connection, connection.begin():
            if _taken(connection):
                yield
                return
        if time.monotonic() > deadline:
            raise RefusedError("The registry was written to without a pause.", where="backup", remedy="Try again in a quieter minute.")
        time.sleep(_LOOK_S)


def _taken(connection: Connection) -> bool:
    try:
        connection.execute(text(f"LOCK TABLE {_WRITTEN_WITH_THE_LOG} IN SHARE MODE NOWAIT"))
    except OperationalError:
        return False
    take_turn(connection)
    return True


def check_version(version: int) -> None:
    """That this version of Polyrisk can open a copy.

    Raises:
        NewerVersionError: a newer one wrote it.
    """
    if version > migrations.VERSION:
        raise NewerVersionError(
            f"A newer version of Polyrisk wrote this registry (its tables are version {version}, this one knows {migrations.VERSION}).",
            where="backup",
            remedy="Restore it with the version that wrote it, or a later one.",
        )


def put_back(copy: Path, url: str) -> None:
    """Fill an empty PostgreSQL database from a copy, all of it or nothing.

    Raises:
        RefusedError: the database is not empty, or it could not be filled.
    """
    check_empty(url)
    _run("pg_restore", driver_of(url), "--no-owner", "--no-privileges", "--single-transaction", "--exit-on-error", str(copy))


def check_empty(url: str) -> None:
    """That a database can be filled.

    Raises:
        RefusedError: it has tables.
    """
    engine = create_engine(driver_of(url), hide_parameters=True)
    try:
        if inspect(engine).get_table_names():
            raise RefusedError("This database is not empty.", where=shown(url), remedy="Make a new one, and name it in POLYRISK_REGISTRY.")
    finally:
        engine.dispose()


def shown(url: str) -> str:
    """A registry's URL without its password."""
    return make_url(url).render_as_string(hide_password=True)


def _run(program: str, place: URL, *words: str) -> None:
    """Run one of PostgreSQL's own programs for a database; a password is given where nobody sees it."""
    names = {"host": place.host, "port": place.port, "username": place.username, "dbname": place.database}
    asked = {"host": place.query.get("host"), "port": place.query.get("port")}
    options = [f"--{name}={value}" for name, value in {**names, **{k: v for k, v in asked.items() if v}}.items() if value]
    environment = {**os.environ, **({"PGPASSWORD": str(place.password)} if place.password else {})}
    try:
        command = [program, "--no-password", *options, *words]
        done = subprocess.run(command, env=environment, check=False, capture_output=True, text=True)  # noqa: S603 - no shell
    except FileNotFoundError as error:
        raise RefusedError(f"`{program}` is not here.", where="PATH", remedy="Install PostgreSQL's client.") from error
    if done.returncode != 0:
        said = done.stderr.strip().splitlines()
        raise RefusedError(f"{program} failed: {said[-1] if said else done.returncode}", where=place.render_as_string(hide_password=True))
