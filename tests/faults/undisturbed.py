"""What would have been said had nothing gone wrong: the log's input judged anew, and the journal of the registry lived through anew."""

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing, suppress
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import groupby
from pathlib import Path

from flood_world import World, registry_at
from sqlalchemy import select, update

from alerts.registry import Registry
from alerts.service import AlertService
from alerts.tables import bodies, delivery_counts, lives, messages, notices, outbox, processed, signatures, warnings
from alerts.tables import journal as steps
from eventlog.log import EventLog, open_log
from processors.engine import initial, step
from schemas.errors import RefusedError
from schemas.records import Record, Stored
from schemas.topics import BREACHES, EVENTS, WARNINGS

HAPPENED = (lives, warnings, signatures, bodies, messages, delivery_counts, processed, outbox, notices, steps)
"""The registry's tables that hold what happened; the others hold people."""


@dataclass(frozen=True)
class Warned:
    """All that a run of the alert service decided.

    Attributes:
        warnings: what was published of warnings, in order.
        addressed: message, subscriber, language and area of each message to a person.
        decisions: what was decided about each event's record. notices: what the people on duty were told.
    """

    warnings: Sequence[Record]
    addressed: frozenset[tuple[str, str, str, str]]
    decisions: dict[str, str]
    notices: frozenset[tuple[str, str, str]]


def judged(inputs: Sequence[Stored], shard: str) -> dict[str, list[str]]:
    """Topic to what the engine says of these inputs, by the pure step alone, as JSON."""
    said: dict[str, list[str]] = {BREACHES.name: [], EVENTS.name: []}
    state = initial(shard)
    for stored in inputs:
        state, outputs = step(state, stored.record)
        for output in outputs:
            said[(BREACHES if output.kind == "breach" else EVENTS).name].append(output.model_dump_json())
    return said


def warned(log: EventLog, registry: Registry) -> Warned:
    """What a run left in log and registry."""
    with registry.reading() as connection:
        people = select(messages.c.message, messages.c.subscriber, messages.c.language, messages.c.area)
        told = select(notices.c.id, notices.c.warning, notices.c.text).where(notices.c.kind != "overtaken")  # how many depends on the pace
        return Warned(
            warnings=[stored.record for stored in log.read(WARNINGS.name)],
            addressed=frozenset((m, s, lang, area) for m, s, lang, area in connection.execute(people)),
            decisions={row.record: row.decision for row in connection.execute(select(processed.c.record, processed.c.decision))},
            notices=frozenset((n, warning, text) for n, warning, text in connection.execute(told)),
        )


def warned_undisturbed(world: World, events: Sequence[Stored], folder: Path) -> Warned:
    """What the alert service decides if nothing disturbs it, given the same events and signatures in the same order.

    Args:
        folder: an empty one, for the log and the registry of this second run.
    """
    by_id = {stored.record.id: stored.record for stored in events}
    country = world.country()
    database = folder / "registry.db"
    _copy_people(world.registry_file, database)
    registry = registry_at(database, world.state / "keys")
    with closing(open_log(f"sqlite:///{folder / 'log.db'}")) as log, closing(registry):
        service = AlertService(log, registry, country, look_every=timedelta.max)
        for what, entries in groupby(journal(world.registry_file), key=lambda entry: entry.what):
            if what == "state":
                _send(registry, entries)
                continue
            for entry in entries:
                if what == "event" and entry.record in by_id:  # else it is missed when the decisions are compared
                    log.append([by_id[entry.record]])
                    service.take_in(entry.at)
                elif what == "look":
                    service.look_again(entry.at, [entry.record])
                elif what == "signature":
                    # Where an event is missing nothing waits for its signature; that too is missed when the warnings are compared.
                    with suppress(RefusedError):
                        service.sign(entry.record, entry.person, entry.detail, entry.at)
        return warned(log, registry)


def _send(registry: Registry, entries: Iterable["Entry"]) -> None:
    """Let messages come where the dispatcher and the provider brought them."""
    with registry.begin() as connection:
        for entry in entries:
            of = (messages.c.message == entry.record, messages.c.subscriber == entry.person)
            connection.execute(update(messages).where(*of).values(state=entry.detail))


@dataclass(frozen=True)
class Entry:
    """One line of the journal: an event was acted on, a person signed, what waits was found to be another than was shown, or a message to a
    person came into another state.

    Attributes:
        record: the event's record, or the message. at: when it was, by the country's clock. person: who signed, or whom it is for.
        detail: the signer's role, or the new state.
    """

    what: str
    record: str
    at: datetime
    person: str
    detail: str


def journal(database: Path) -> Iterator[Entry]:
    """What happened in a registry, in order."""
    with closing(sqlite3.connect(database)) as connection:
        rows = connection.execute("SELECT what, record, at, person, detail FROM what_happened ORDER BY place").fetchall()
    for what, record, at, person, detail in rows:
        moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
        yield Entry(what, record, moment, person, detail)


def _copy_people(source: Path, target: Path) -> None:
    """A registry with the same people in which nothing has happened yet."""
    with closing(sqlite3.connect(source)) as old, closing(sqlite3.connect(target)) as new:
        old.backup(new)
        for (trigger,) in new.execute("SELECT name FROM sqlite_schema WHERE type = 'trigger'").fetchall():
            new.execute(f"DROP TRIGGER {trigger}")
        for table in HAPPENED:
            new.execute(f"DELETE FROM {table.name}")
        new.commit()
