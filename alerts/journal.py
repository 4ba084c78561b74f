"""The journal: each step that people took, and each that the service took for them, in the order in which it took effect.

A step is written in the transaction that does what it says, so neither is there without the other. It is never changed; `alerts.chain` says
how that is known. It is never deleted either, so no number of a person may stand in it, nor anything that leads to one.
"""

import json
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import datetime
from enum import StrEnum
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select

from alerts.chain import GENESIS, Entry
from alerts.people.numbers import hidden
from alerts.tables import journal
from schemas.moments import to_utc
from schemas.warning_records import Warning

SERVICE, AS_SERVICE = "polyrisk", "service"
"""Actor and role of what no person did."""
_TURN = 4_077_003
"""The lock of those who write steps, on PostgreSQL."""
_BATCH = 1_000


class Step(StrEnum):
    """What was done. A closed set, each at most 40 letters. The last ones are of accounts (`alerts.officers`) and of who is on duty
    (`alerts.roster`), of whom they call back (`alerts.listening.revealing`), and of what they tell the engine (`alerts.by_hand`)."""

    PROPOSED = "proposed"
    ESCALATED = "escalated"
    WITHDRAWN = "withdrawn"
    SHOWN_ANEW = "shown_anew"
    HELD = "held"
    LET_GO = "let_go"
    EDITED = "edited"
    PREVIEWED = "previewed"
    SIGNED = "signed"
    VOID = "void"
    ISSUED = "issued"
    NOT_AS_SIGNED = "not_as_signed"
    CORRECTED = "corrected"
    BY_AGREEMENT = "by_agreement"
    NOT_BY_AGREEMENT = "not_by_agreement"
    REVIEWED = "reviewed"
    REVIEW_PASSED_ON = "review_passed_on"
    ORIGINATED = "originated"
    ORIGINATED_UPDATED = "originated_updated"
    ORIGINATED_ENDED = "originated_ended"
    SILENCED = "silenced"
    SILENCE_ENDED = "silence_ended"
    SILENCE_OVER = "silence_over"
    HALTED = "halted"
    RESUMED = "resumed"
    REFUSED = "refused"
    ERASED = "erased"
    EXPORTED = "exported"
    KEYS_ROTATED = "keys_rotated"
    RESTORED = "restored"
    ACCOUNT_MADE = "account_made"
    ACCOUNT_SET_UP = "account_set_up"
    ACCOUNT_RESET = "account_reset"
    ACCOUNT_UNLOCKED = "account_unlocked"
    ACCOUNT_DISABLED = "account_disabled"
    ACCOUNT_ENABLED = "account_enabled"
    ACCOUNT_LINKED = "account_linked"
    ROLE_GRANTED = "role_granted"
    ROLE_REVOKED = "role_revoked"
    LANGUAGE_CHOSEN = "language_chosen"
    PASSWORD_SET = "password_set"  # noqa: S105 - a step, no password
    SIGNED_IN = "signed_in"
    SIGNED_OUT = "signed_out"
    SIGN_IN_REFUSED = "sign_in_refused"
    SHIFT_ADDED = "shift_added"
    SHIFT_REMOVED = "shift_removed"
    HANDED_OVER = "handed_over"
    TELEPHONE_ASKED = "telephone_asked"
    TELEPHONE_GIVEN = "telephone_given"
    TELEPHONE_FORGOTTEN = "telephone_forgotten"
    WOKEN = "woken"
    ACKNOWLEDGED = "acknowledged"
    WAKING_OVER = "waking_over"
    NUMBER_SHOWN = "number_shown"
    READING_ENTERED = "reading_entered"
    GAUGE_DECLARED = "gauge_declared"


def take_turn(connection: Connection) -> None:
    """Be the only one who writes steps until the transaction ends. On SQLite who writes is alone anyway."""
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_TURN)))


def write(connection: Connection, at: datetime, actor: str, role: str, step: Step, subject: str, content: Mapping[str, Any]) -> None:
    """Add a step in the caller's transaction.

    Args:
        actor: who, by name, or `SERVICE`. subject: what it was done to: the id of a message, a warning or a silence; empty if it is nobody
            else's business. content: what else must be known of it, as JSON values. What looks like a number in any of them is masked.
    """
    take_turn(connection)
    before, previous = head(connection) or (0, GENESIS)
    written = json.dumps(_without_numbers(content), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    moment = to_utc(at).isoformat(timespec="microseconds")
    entry = Entry(before + 1, moment, hidden(actor), hidden(role), step.value, hidden(subject), written, previous, "")
    connection.execute(insert(journal).values(entry._replace(hash=entry.digest())._asdict()))


def write_message(connection: Connection, at: datetime, step: Step, warning: Warning, **more: str | int) -> None:
    """Add what the service did with a message of a warning."""
    content: dict[str, str | int] = {"rule": warning.rule, "area": warning.area, "level": warning.level.word, "reason": warning.reason}
    counted = {"recipients": warning.recipients, "segments": warning.segments}
    write(connection, at, SERVICE, AS_SERVICE, step, warning.id, {**content, **counted, **more})


def head(connection: Connection) -> tuple[int, str] | None:
    """Place and hash of the newest step; none of an empty journal."""
    row = connection.execute(select(journal.c.place, journal.c.hash).order_by(journal.c.place.desc()).limit(1)).first()
    return None if row is None else (row.place, row.hash)


def count(connection: Connection) -> int:
    """How many steps there are."""
    return int(connection.execute(select(func.count()).select_from(journal)).scalar_one())


def entries(connection: Connection, *where: ColumnElement[bool]) -> Iterator[Entry]:
    """The steps as they stand, in the order of their places, damaged ones too: that order is made anew, and no text is taken for granted.

    Raises:
        sqlalchemy.exc.DatabaseError: the file is damaged so that the database cannot read it.
    """
    query = select(journal).where(*where).order_by(journal.c.place + 0)  # not by the index, which is part of what may be damaged
    with _any_text(connection):
        for row in connection.execute(query.execution_options(yield_per=_BATCH)):
            yield Entry(*row)


def of_warning(warning: str) -> ColumnElement[bool]:
    """The condition that a step was done to a warning or to one of its messages, named by the beginning of its id."""
    return journal.c.subject.startswith(warning, autoescape=True)


def of_step(step: Step) -> ColumnElement[bool]:
    """The condition that a step is of a kind."""
    return journal.c.step == step.value


def since(moment: datetime) -> ColumnElement[bool]:
    """The condition that a step was taken at a moment or later."""
    return journal.c.at >= to_utc(moment).isoformat(timespec="microseconds")


def _without_numbers(value: Any) -> Any:
    if isinstance(value, str):
        return hidden(value)
    if isinstance(value, Mapping):
        return {str(name): _without_numbers(one) for name, one in value.items()}
    return [_without_numbers(one) for one in value] if isinstance(value, Sequence) else value


@contextmanager
def _any_text(connection: Connection) -> Iterator[None]:
    """Let SQLite read also what is no UTF-8 any more, so that the row is named and not the whole journal refused."""
    raw: Any = connection.connection.driver_connection if connection.dialect.name == "sqlite" else None
    if raw is None:
        yield
        return
    before: Callable[[bytes], Any] = raw.text_factory
    raw.text_factory = lambda text: text.decode(errors="surrogateescape")
    try:
        yield
    finally:
        raw.text_factory = before
