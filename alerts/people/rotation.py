"""New keys for the registry: made, every number and index written anew under them, the old ones forgotten.

It can end at any moment and be called again. The keys on disk say how far it came: while there is more than one number key it is under
way, and a row that the newest keys made is done. Others may read and write meanwhile: they read the keys again when they meet a number
they cannot read, and before they write (`Registry.people`).
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, bindparam, func, select, update

from alerts.people.keys import Keys, name_of
from alerts.registry import Registry
from alerts.tables import metadata, subscribers, suppressions

CHUNK = 1_000


@dataclass(frozen=True)
class Rotated:
    """What was done.

    Attributes:
        written: people whose number was written anew. resumed: whether it goes on with one that did not end.
        older_kept: index keys that stay, because people who were erased stand on the list of those who left under them alone.
    """

    written: int
    resumed: bool
    older_kept: int


def rotate(registry: Registry, progress: Callable[[float], None] = lambda _: None) -> Rotated:
    """Change the keys; `progress` is told the share that is done.

    Raises:
        ConfigurationError: the keys are in no folder, or a number was encrypted with none of them.
    """
    keys = registry.keys
    with registry.people():  # nobody else changes them now
        resumed = len(keys.number_keys) > 1
        if not resumed:
            keys.add()
    with registry.reading() as connection:
        total = connection.execute(select(func.count()).select_from(subscribers)).scalar_one()
    last, seen, written = "", 0, 0
    while True:
        with registry.people() as connection:
            query = select(subscribers.c.id, subscribers.c.number, subscribers.c.number_index)
            rows = connection.execute(query.where(subscribers.c.id > last).order_by(subscribers.c.id).limit(CHUNK)).all()
            if not rows:
                kept = _end(connection, keys)
                return Rotated(written, resumed, kept)
            written += _write(connection, keys, rows)
        last, seen = rows[-1].id, seen + len(rows)
        progress(min(1.0, seen / max(1, total)))


def _write(connection: Connection, keys: Keys, rows: Sequence[Any]) -> int:
    anew = []
    for row in rows:
        number = keys.decrypt(row.number)
        index = keys.index(number)
        if index != row.number_index or not keys.is_newest(row.number):
            anew.append({"_id": row.id, "_token": keys.encrypt(number), "_index": index, "_before": row.number_index})
    if not anew:
        return 0
    person = update(subscribers).where(subscribers.c.id == bindparam("_id"))
    connection.execute(person.values(number=bindparam("_token"), number_index=bindparam("_index")), anew)
    for table in metadata.sorted_tables:
        if "number_index" in table.c and table is not subscribers:
            values: dict[str, Any] = {"number_index": bindparam("_index")}
            if table is suppressions:
                values["index_key"] = keys.index_name
            connection.execute(update(table).where(table.c.number_index == bindparam("_before")).values(**values), anew)
    return len(anew)


def _end(connection: Connection, keys: Keys) -> int:
    """Forget the keys that nothing needs any more; answers how many older index keys are still needed."""
    under = set(connection.execute(select(suppressions.c.index_key).distinct()).scalars())
    newest, *older = keys.index_keys
    kept = [key for key in older if "" in under or name_of(key) in under]
    keys.keep([newest, *kept])
    return len(kept)
