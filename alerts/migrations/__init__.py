"""The version of the registry's tables: an older database is brought to this one, a newer one is refused.

The steps are Alembic's, in `versions`; how to add one stands at the head of that folder. All that are missing are one transaction, and an
SQLite database as it was stays beside it as `<file>.version-<n>.backup` (of a PostgreSQL database the administrator keeps one with
`pg_dump` before an upgrade). An empty database gets the tables of `alerts.tables` at once; a test holds the two ways to one result.
"""

import glob
import os
import shutil
from datetime import datetime
from pathlib import Path

from sqlalchemy import Column, Connection, Engine, MetaData, String, Table, func, insert, inspect, select

from alerts.tables import metadata, subscribers, version
from schemas.errors import NewerVersionError

HOME = Path(__file__).resolve().parent
VERSION = max(int(path.name[:4]) for path in (HOME / "versions").glob("[0-9]*.py"))
"""Of the tables in `alerts.tables`: the number of the newest revision."""
_UNNAMED = 1
"""The tables of 0.1.0 named no version."""
_OURS = 2
"""The last version that was named in `registry_version`, before Alembic's table was there."""
_LOCK = 4_077_001
"""Of PostgreSQL, where two processes could otherwise begin at once."""

_alembic = Table("alembic_version", MetaData(), Column("version_num", String(32), primary_key=True))


def prepare(engine: Engine) -> None:
    """Make the tables in an empty database, or bring those of an older version to this one.

    Raises:
        NewerVersionError: they are of a newer version; nothing was changed.
    """
    with engine.connect() as connection:
        found = _found(connection)
    if found == VERSION:
        return
    if found is not None:
        _check(engine, found)
    with engine.connect().execution_options(writes=True) as connection, connection.begin():
        if engine.dialect.name == "postgresql":
            connection.execute(select(func.pg_advisory_xact_lock(_LOCK)))
        found = _found(connection)  # again: another process may have come first, and now none can
        if found is None:
            metadata.create_all(connection)
            connection.execute(insert(version).values(version=_OURS + 1))
            _name(connection, VERSION)
        elif found < VERSION:
            _keep_copy(engine, found)
            _upgrade(connection, found)


def discard_copies(engine: Engine, before: datetime) -> int:
    """Delete the copies of older versions that were made before a moment: people who were erased since are in them. Answers how many."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database or database == ":memory:":
        return 0
    place = Path(database)
    copies = [
        copy for copy in place.parent.glob(f"{glob.escape(place.name)}.version-*.backup") if copy.stat().st_mtime < before.timestamp()
    ]
    for copy in copies:
        copy.unlink()
    return len(copies)


def found_version(engine: Engine) -> int | None:
    """The version of the tables as they are, nothing changed; none in an empty database."""
    with engine.connect() as connection:
        return _found(connection)


def _found(connection: Connection) -> int | None:
    """The version of the tables; none in an empty database."""
    tables = inspect(connection)
    if tables.has_table(_alembic.name):
        return int(connection.execute(select(_alembic.c.version_num)).scalar_one())
    if tables.has_table(version.name):
        return int(connection.execute(select(version.c.version)).scalar_one())
    return _UNNAMED if tables.has_table(subscribers.name) else None


def _check(engine: Engine, found: int) -> None:
    if found > VERSION:
        raise NewerVersionError(
            f"The registry was written by a newer version of Polyrisk (its tables are version {found}, this one knows {VERSION}).",
            where=engine.url.render_as_string(hide_password=True),
            remedy="Start that version, or restore a copy that this one wrote.",
        )


def _name(connection: Connection, found: int) -> None:
    """Write the version where Alembic looks for it."""
    _alembic.create(connection)
    connection.execute(insert(_alembic).values(version_num=f"{found:04}"))


def _upgrade(connection: Connection, found: int) -> None:
    from alembic import command  # heavy, and needed once in the life of a database
    from alembic.config import Config

    if not inspect(connection).has_table(_alembic.name):
        _name(connection, found)
    config = Config()
    config.set_main_option("script_location", str(HOME).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _keep_copy(engine: Engine, found: int) -> None:
    """Keep the database as it was before the transaction that is open, whole and closed, under a name that says of which version it is."""
    database = engine.url.database
    if engine.dialect.name != "sqlite" or not database or database == ":memory:":
        return
    copy = Path(f"{database}.version-{found}.backup")
    draft = copy.with_name(f"{copy.name}.{os.getpid()}.draft")
    draft.unlink(missing_ok=True)
    raw = engine.raw_connection()
    try:
        raw.cursor().execute("VACUUM INTO ?", (str(draft),))
    finally:
        raw.close()
    shutil.copymode(database, draft)
    draft.replace(copy)
