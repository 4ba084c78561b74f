"""Counts as they were last published: by message, area, language and one word more. A count stands for itself, zeros included.

Each goes out with a revision, so that its record has an id of its own whenever it changes, and the same one after a crash.
"""

from collections.abc import Mapping

from sqlalchemy import ColumnElement, Connection, Table, insert, select, update

Key = tuple[str, str, str, str]
"""Message, area, language, and the word by which a table counts."""


def read(connection: Connection, table: Table, *where: ColumnElement[bool]) -> dict[Key, tuple[int, int]]:
    """Key to the count last published and how often it was.

    Args:
        table: `delivery_counts` or `answer_counts`: its primary key is the key.
    """
    query = select(*table.primary_key.columns, table.c["count"], table.c.revision).where(*where)
    return {(row[0], row[1], row[2], row[3]): (row[4], row[5]) for row in connection.execute(query)}


def change(connection: Connection, table: Table, now: Mapping[Key, int], *where: ColumnElement[bool]) -> list[tuple[Key, int, int]]:
    """Note as published what differs from what was published last; answers key, count and revision of it, in the order of keys.

    Args:
        now: all counts that are not zero of what `where` lets through.
    """
    before = read(connection, table, *where)
    changed = []
    for key in sorted({*now, *before}):
        count, (last, revision) = now.get(key, 0), before.get(key, (0, 0))
        if count != last:
            _keep(connection, table, key, count, revision + 1)
            changed.append((key, count, revision + 1))
    return changed


def _keep(connection: Connection, table: Table, key: Key, count: int, revision: int) -> None:
    names = [column.name for column in table.primary_key.columns]
    which = dict(zip(names, key, strict=True))
    values = {"count": count, "revision": revision}
    where = [table.c[name] == value for name, value in which.items()]
    if connection.execute(update(table).where(*where).values(**values)).rowcount == 0:
        connection.execute(insert(table).values(**which, **values))
