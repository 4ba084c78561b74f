"""New keys for the registry: made, everything that is encrypted and every index written anew under them, the old ones forgotten.

It can end at any moment and be called again. The keys on disk say how far it came: while there is more than one number key it is under
way, and a row that the newest keys made is done. Others may read and write meanwhile: they read the keys again when they meet a token
they cannot read, and before they write (`Registry.people`).

What is encrypted is found by its type, so that a table that is added later is covered: a binary column holds a token, and nothing else is
one. A table with `number` and `number_index` says both of one number.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, LargeBinary, Table, bindparam, func, select, update

from alerts import journal
from alerts.journal import SERVICE, Step
from alerts.people.keys import Keys, name_of
from alerts.registry import Registry
from alerts.tables import metadata, subscribers, suppressions

CHUNK = 1_000


@dataclass(frozen=True)
class Rotated:
    """What was done.

    Attributes:
        written: rows that were written anew, most of them people. resumed: whether it goes on with one that did not end.
        older_kept: index keys that stay, because people who were erased stand on the list of those who left under them alone.
    """

    written: int
    resumed: bool
    older_kept: int


def rotate(registry: Registry, progress: Callable[[float], None] = lambda _: None, by: str = SERVICE) -> Rotated:
    """Change the keys; `progress` is told the share that is done.

    Args:
        by: who does it, for the journal.

    Raises:
        ConfigurationError: the keys are in no folder, or a token was made with none of them.
    """
    keys = registry.keys
    with registry.people() as connection:  # nobody else changes them now
        resumed = len(keys.number_keys) > 1
        if not resumed:
            keys.add()
        total = sum(connection.execute(select(func.count()).select_from(table)).scalar_one() for table in encrypted())
    seen = written = 0
    for table in encrypted():
        (key,) = table.primary_key.columns
        last = ""
        while True:
            with registry.people() as connection:
                rows = connection.execute(select(table).where(key > last).order_by(key).limit(CHUNK)).all()
                written += _write(connection, keys, table, rows)
            if not rows:
                break
            last, seen = rows[-1]._mapping[key.name], seen + len(rows)
            progress(min(1.0, seen / total))
    with registry.people() as connection:
        journal.write(connection, datetime.now(UTC), by, "", Step.KEYS_ROTATED, "", {"written": written, "resumed": resumed})
        return Rotated(written, resumed, _end(connection, keys))


def encrypted() -> list[Table]:
    """The tables in which something is encrypted."""
    return [table for table in metadata.sorted_tables if _tokens(table)]


def _tokens(table: Table) -> list[str]:
    return [column.name for column in table.c if isinstance(column.type, LargeBinary)]


def _write(connection: Connection, keys: Keys, table: Table, rows: Sequence[Any]) -> int:
    """Write what older keys made anew; answers how many rows."""
    (key,) = table.primary_key.columns
    tokens = _tokens(table)
    anew, indexes = [], []
    for row in rows:
        held = row._mapping
        values: dict[str, Any] = {f"_{name}": held[name] for name in tokens}
        values |= {f"_{name}": keys.encrypt(keys.decrypt(held[name])) for name in tokens if not keys.is_newest(held[name])}
        if "number_index" in held:
            values["_number_index"] = keys.index(keys.decrypt(held["number"]))
            if values["_number_index"] != held["number_index"]:
                indexes.append({"_before": held["number_index"], "_after": values["_number_index"]})
        if any(held[name[1:]] != value for name, value in values.items()):
            anew.append({**values, "_key": held[key.name]})
    if anew:
        named: dict[str, Any] = {name[1:]: bindparam(name) for name in anew[0] if name != "_key"}
        connection.execute(update(table).where(key == bindparam("_key")).values(named), anew)
    if indexes and table is subscribers:
        _follow(connection, keys, indexes)
    return len(anew)


def _follow(connection: Connection, keys: Keys, indexes: Sequence[dict[str, str]]) -> None:
    """Where a person is known by the index alone, it becomes the new one."""
    for table in metadata.sorted_tables:
        if "number_index" in table.c and not _tokens(table):
            values: dict[str, Any] = {"number_index": bindparam("_after")}
            if table is suppressions:
                values["index_key"] = keys.index_name
            connection.execute(update(table).where(table.c.number_index == bindparam("_before")).values(values), indexes)


def _end(connection: Connection, keys: Keys) -> int:
    """Forget the keys that nothing needs any more; answers how many older index keys are still needed."""
    under = set(connection.execute(select(suppressions.c.index_key).distinct()).scalars())
    newest, *older = keys.index_keys
    kept = [key for key in older if "" in under or name_of(key) in under]
    keys.keep([newest, *kept])
    return len(kept)
