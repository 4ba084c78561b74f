"""The people of a drill's list: enrolled in the drill's registry, brought to where the case strikes, and what became of each."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from sqlalchemy import Connection, insert, select, update

from alerts.drills.folders import DRILLS
from alerts.intents import MAYBE_TAKEN
from alerts.listening.replies import language_of
from alerts.people.numbers import masked
from alerts.people.person import Group
from alerts.people.subscribers import ACTIVE
from alerts.registry import Registry
from alerts.tables import answers, messages, subscribers, suppressions
from schemas.errors import RefusedError
from schemas.moments import to_utc
from schemas.warning_records import MessageState

LEFT = "left"
"""Who has left a drill: what their number's index is under the keys of drills. The next drill writes to none of them."""


@dataclass(frozen=True)
class Listed:
    """Somebody on the list. number: E.164."""

    id: str
    number: str
    language: str
    group: Group

    @property
    def shown(self) -> str:
        """As it may be shown."""
        return masked(self.number)


def listed(registry: Registry) -> list[Listed]:
    """All who are on the list and have not left.

    Raises:
        RefusedError: nobody is, or the registry is none of an exercise.
    """
    if not registry.exercise:
        raise RefusedError("this is a registry of people to be warned, and no exercise is held with it.")
    with registry.reading() as connection:
        rows = connection.execute(select(subscribers).where(subscribers.c.status == ACTIVE).order_by(subscribers.c.id)).all()
    if not rows:
        raise RefusedError("nobody is on the drill's list.", remedy="Write who agreed into `drill-list.csv`, or name a file with --list.")
    return [Listed(row.id, registry.keys.decrypt(row.number), language_of(row), row.group) for row in rows]


def bring_to(connection: Connection, area: str, at: datetime) -> None:
    """Bring everybody to where the case strikes; who came from elsewhere joins its audience then."""
    connection.execute(update(subscribers).values(area=area, joined_at=at))


@dataclass(frozen=True)
class Reached:
    """What is known of a message: whose handset has it, who answered, and to whom it was refused and why; people by their id."""

    receipts: frozenset[str]
    answered: frozenset[str]
    refused: Mapping[str, str]


def reached(connection: Connection, message: str) -> Reached:
    """What is known now of a message."""
    rows = connection.execute(select(messages).where(messages.c.message == message)).all()
    said = select(answers.c.subscriber).where(answers.c.message == message)
    return Reached(
        frozenset(row.subscriber for row in rows if row.state == MessageState.DELIVERED.value),
        frozenset(connection.execute(said).scalars()),
        {row.subscriber: row.refusal or row.state for row in rows if row.state not in MAYBE_TAKEN},
    )


def keep_who_left(state: Path, registry: Registry) -> None:
    """Remember who left in this drill, for all that come."""
    with registry.reading() as connection:
        rows = connection.execute(select(suppressions).order_by(suppressions.c.number_index)).all()
    entries = [{"index": row.number_index, "at": row.at.isoformat(), "reason": row.reason, "key": row.index_key} for row in rows]
    file = state / DRILLS / LEFT
    draft = file.with_suffix(".draft")
    draft.write_text(json.dumps(entries, indent=1) + "\n", encoding="utf-8")
    draft.replace(file)


def take_who_left(state: Path, registry: Registry) -> None:
    """Know in a new drill who left an earlier one, so that the list cannot bring them back."""
    file = state / DRILLS / LEFT
    entries: Sequence[Mapping[str, str]] = json.loads(file.read_text(encoding="utf-8")) if file.exists() else ()
    rows = [
        {"number_index": e["index"], "at": to_utc(datetime.fromisoformat(e["at"])), "reason": e["reason"], "index_key": e["key"]}
        for e in entries
    ]
    if rows:
        with registry.people() as connection:
            connection.execute(insert(suppressions), rows)
