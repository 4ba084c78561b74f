"""The version of the registry's tables: an older database is brought to this one, a newer one is refused.

Each step is one transaction, and the database as it was stays beside it as `<file>.version-<n>.backup` (SQLite; of a PostgreSQL database
the administrator keeps one with `pg_dump` before an upgrade).
"""

import os
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path

from sqlalchemy import Connection, Engine, delete, insert, inspect, select

from alerts.tables import metadata, subscribers, version
from schemas.errors import NewerVersionError

VERSION = 2
"""Of the tables in `alerts.tables`."""
_UNNAMED = 1
"""The tables of 0.1.0 named no version."""


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
        found = _found(connection)  # again: another process may have come first, and now none can
        if found is not None and found < VERSION:
            _keep_copy(engine, found)
        if found is None:
            metadata.create_all(connection)
            connection.execute(insert(version).values(version=VERSION))
        while found is not None and found < VERSION:
            _STEPS[found](connection)
            found += 1
            connection.execute(delete(version))
            connection.execute(insert(version).values(version=found))


def _found(connection: Connection) -> int | None:
    """The version of the tables; none in an empty database."""
    tables = inspect(connection)
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


def _from_1(connection: Connection) -> None:
    """What 0.1.0 did not have: the version itself, and the indexes made since."""
    metadata.create_all(connection)
    for table in metadata.sorted_tables:
        for index in table.indexes:
            index.create(connection, checkfirst=True)


_STEPS: Mapping[int, Callable[[Connection], None]] = {1: _from_1}
"""Version to the step that leads to the next. A step never changes once it is released."""
