"""The SQLite file of a log: its tables, its version, and how a connection is opened."""

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from schemas.errors import ConfigurationError, LogError

APPLICATION = 0x504C524B
"""`PLRK`, in the file's header, so that no other program's database is taken for a log."""
VERSION = 1
"""Of the tables below, in the file's header."""
BUSY_S = 30.0

_TABLES = (
    "CREATE TABLE shards (partition INTEGER PRIMARY KEY, shard TEXT NOT NULL UNIQUE) STRICT",
    """CREATE TABLE ends (
        topic TEXT NOT NULL, partition INTEGER NOT NULL, next INTEGER NOT NULL, PRIMARY KEY (topic, partition)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE records (
        topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL, id TEXT NOT NULL, kind TEXT NOT NULL,
        received INTEGER NOT NULL, headers TEXT NOT NULL, payload BLOB NOT NULL,
        UNIQUE (topic, partition, offset), UNIQUE (topic, partition, id)
    ) STRICT""",
    "CREATE TABLE groups (name TEXT PRIMARY KEY, generation INTEGER NOT NULL, partitions INTEGER NOT NULL) STRICT",
    """CREATE TABLE members (
        group_name TEXT NOT NULL, member TEXT NOT NULL, joined INTEGER NOT NULL, topics TEXT NOT NULL, shard TEXT,
        session REAL NOT NULL, seen REAL NOT NULL, PRIMARY KEY (group_name, member)
    ) STRICT, WITHOUT ROWID""",
    """CREATE TABLE holders (
        group_name TEXT NOT NULL, partition INTEGER NOT NULL, member TEXT NOT NULL, since INTEGER NOT NULL,
        PRIMARY KEY (group_name, partition)
    ) STRICT, WITHOUT ROWID""",
    "CREATE TABLE readers (group_name TEXT NOT NULL, topic TEXT NOT NULL, PRIMARY KEY (group_name, topic)) STRICT, WITHOUT ROWID",
    """CREATE TABLE committed (
        group_name TEXT NOT NULL, topic TEXT NOT NULL, partition INTEGER NOT NULL, offset INTEGER NOT NULL,
        PRIMARY KEY (group_name, topic, partition)
    ) STRICT, WITHOUT ROWID""",
)


def path_of(url: str) -> Path:
    """The file that `sqlite:///relative` or `sqlite:////absolute` names.

    Raises:
        ConfigurationError: the URL names none.
    """
    prefix = "sqlite:///"
    if not url.startswith(prefix) or len(url) == len(prefix):
        raise ConfigurationError("The log's URL names no file.", where=url, remedy="Write `sqlite:///` and the file's path.")
    return Path(url.removeprefix(prefix))


def connect(path: Path) -> sqlite3.Connection:
    """A connection to the log in `path`, which is made if it is not there.

    `synchronous` is full, because a delivery whose record is lost in a power cut would not be fetched again: its source
    answers that nothing has changed.

    Raises:
        LogError: it cannot be opened, is no log, or is of a newer version.
    """
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        connection = sqlite3.connect(path, timeout=BUSY_S, isolation_level=None, check_same_thread=False)
    except (OSError, sqlite3.Error) as error:
        raise LogError(f"The log cannot be opened: {error}.", where=str(path)) from error
    try:
        _prepare(connection, path)
    except sqlite3.Error as error:
        connection.close()
        raise LogError(f"This is no log that can be read: {error}.", where=str(path), remedy="Name another file for the log.") from error
    except LogError:
        connection.close()
        raise
    return connection


def check_readable(version: int, where: str = "backup") -> None:
    """That this version of Polyrisk reads a file of this version.

    Raises:
        LogError: a newer one wrote it.
    """
    if version > VERSION:
        raise LogError(
            f"The log was written by a newer version of Polyrisk (its tables are version {version}, this one knows {VERSION}).",
            where=where,
            remedy="Start that version, or name another file for the log.",
        )


def _prepare(connection: sqlite3.Connection, path: Path) -> None:
    _check_header(connection, path)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("PRAGMA synchronous = FULL")
    if _version(connection) == 0:
        with writing(connection):
            if _version(connection) == 0:
                for table in _TABLES:
                    connection.execute(table)
                connection.execute(f"PRAGMA application_id = {APPLICATION}")
                connection.execute(f"PRAGMA user_version = {VERSION}")


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


def _check_header(connection: sqlite3.Connection, path: Path) -> None:
    version = _version(connection)
    application = connection.execute("PRAGMA application_id").fetchone()[0]
    tables = connection.execute("SELECT count(*) FROM sqlite_schema").fetchone()[0]
    if tables and application != APPLICATION:
        raise LogError("This database is another program's.", where=str(path), remedy="Name another file for the log.")
    check_readable(version, str(path))


@contextmanager
def writing(connection: sqlite3.Connection) -> Iterator[None]:
    """A write transaction: all of it or nothing."""
    connection.execute("BEGIN IMMEDIATE")
    try:
        yield
    except BaseException:
        connection.execute("ROLLBACK")
        raise
    connection.execute("COMMIT")
