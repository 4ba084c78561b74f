"""What is kept for a time only. Afterwards a message to a person is a count by area, and who left is a mark that nobody can read.

A table that others add says itself how long its rows are kept: a column of moments with `info={"kept_days": n}`.
"""

import logging
from collections.abc import Mapping
from datetime import datetime, timedelta

from sqlalchemy import ColumnElement, Connection, Table, delete, exists, select

from alerts import journal, migrations
from alerts.intents import GOODBYE, MOVING, SERVICE
from alerts.journal import Step
from alerts.people import own_data
from alerts.people import subscribers as people
from alerts.registry import Registry, has_registry, open_registry
from alerts.tables import (
    bodies,
    delivery_counts,
    earlier_attempts,
    lives,
    messages,
    metadata,
    recounts,
    subscribers,
    suppressions,
    warnings,
)
from eventlog.state import state_folder

DELIVERIES = timedelta(days=90)
"""How long it is kept who got which text, after the message's time is over and its warning has ended."""
LEFT = timedelta(days=365)
"""How long the number of a person who left is kept, so that START brings back where they are; then the index alone."""
COPIES = timedelta(days=30)
"""How long the copy that an upgrade leaves beside the database is kept: people who were erased since are in it."""
CHUNK, AT_ONCE = 5_000, 100
"""People, and messages with all that goes with them, that are deleted in one transaction."""
_LOG = logging.getLogger(__name__)


def forget(registry: Registry, now: datetime) -> Mapping[str, int]:
    """Delete what was kept long enough; answers how many rows, by table. It may end at any moment and be called again.

    Texts and deliveries of a warning that stands, or whose end was left to another's, are kept, however old: the end must go to those who
    were warned. So are those whose counts were not published yet.
    """
    done: dict[str, int] = {}
    with registry.reading() as connection:
        over = _over(connection, now - DELIVERIES)
    for place in range(0, len(over), AT_ONCE):
        with registry.begin() as connection:
            for table in (messages, earlier_attempts, bodies):
                gone = connection.execute(delete(table).where(table.c.message.in_(over[place : place + AT_ONCE]))).rowcount
                done[table.name] = done.get(table.name, 0) + gone
    for table, condition in _marked(now):
        with registry.begin() as connection:
            done[table.name] = connection.execute(delete(table).where(condition)).rowcount
    done[subscribers.name] = _forget_left(registry, now)
    done["copies of older versions"] = migrations.discard_copies(registry.engine, now - COPIES)
    return {name: count for name, count in sorted(done.items()) if count}


def run_retention(now: datetime) -> None:
    """Do it for the installation that the environment names, for a schedule; nothing if it has no registry yet.

    Raises:
        ConfigurationError: its keys cannot be used.
    """
    if not has_registry(state_folder()):
        return
    registry = open_registry(state_folder())
    try:
        forgotten = forget(registry, now)
    finally:
        registry.close()
    _LOG.info("Forgotten: %s", forgotten or "nothing was old enough")


def _over(connection: Connection, before: datetime) -> list[str]:
    """Messages whose people need not be known any more: old, of a life that is over, all settled and counted."""
    stands = exists().where(lives.c.warning == warnings.c.warning, lives.c.told | lives.c.left_to.is_not(None))
    held = exists().where(bodies.c.message == warnings.c.id) | exists().where(messages.c.message == warnings.c.id)
    moving = exists().where(messages.c.message == warnings.c.id, messages.c.state.in_(MOVING))
    moved = exists().where(recounts.c.message == warnings.c.id)
    nobody_got_it = ~exists().where(messages.c.message == warnings.c.id)
    counted = exists().where(delivery_counts.c.message == warnings.c.id) | warnings.c.stage.in_((SERVICE, GOODBYE)) | nobody_got_it
    query = select(warnings.c.id).where(warnings.c.expires <= before, held, counted, ~stands, ~moving, ~moved)
    return list(connection.execute(query.order_by(warnings.c.id)).scalars())


def _marked(now: datetime) -> list[tuple[Table, ColumnElement[bool]]]:
    return [
        (table, column <= now - timedelta(days=column.info["kept_days"]))
        for table in metadata.sorted_tables
        for column in table.c
        if "kept_days" in column.info
    ]


def _forget_left(registry: Registry, now: datetime) -> int:
    """Erase those who left long ago."""
    done = 0
    while True:
        with registry.people() as connection:
            query = select(subscribers.c.number).join(suppressions, suppressions.c.number_index == subscribers.c.number_index)
            query = query.where(subscribers.c.status == people.LEFT, suppressions.c.at <= now - LEFT).limit(CHUNK)
            tokens = list(connection.execute(query).scalars())
            if tokens:
                why = {"people": len(tokens), "why": "left long ago"}
                journal.write(connection, now, journal.SERVICE, journal.AS_SERVICE, Step.ERASED, "", why)
            for token in tokens:
                own_data.erase(connection, registry.keys, registry.keys.decrypt(token), now)
        done += len(tokens)
        if not tokens:
            return done
