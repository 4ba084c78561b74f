"""Who is signed in, and one-time codes. Of both only the SHA-256 is kept: whoever reads the database can use neither."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from sqlalchemy import Connection, delete, insert, select, update

from alerts.officers import accounts
from alerts.officers.officer import Officer, State
from alerts.tables import officer_links, officer_sessions

IDLE = timedelta(hours=2)
"""Who has not asked for a page for so long signs in anew."""
_SEEN_EVERY = timedelta(minutes=1)
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without those that are read for others."""


class Stage(StrEnum):
    """How far somebody has come."""

    SET_UP = "set_up"
    SECOND = "second"
    FULL = "full"


LASTS = {Stage.SET_UP: timedelta(minutes=20), Stage.SECOND: timedelta(minutes=5), Stage.FULL: timedelta(hours=12)}
"""From the moment a stage was reached; a session is at most a shift long."""


@dataclass(frozen=True)
class Session:
    """A session that holds.

    Attributes:
        token: the cookie's value; a secret. officer: whose it is, with what is granted now.
    """

    token: str
    stage: Stage
    officer: Officer
    expires: datetime

    def __repr__(self) -> str:
        return f"Session({self.stage}, {self.officer.name})"


def begin(connection: Connection, officer: str, stage: Stage, now: datetime, instead_of: str = "") -> str:
    """A new session, under a value that nobody could know before; the one it comes instead of ends. Answers the cookie's value."""
    if instead_of:
        end(connection, instead_of)
    token = secrets.token_urlsafe(32)
    values = {"digest": _digest(token), "officer": officer, "stage": stage.value}
    connection.execute(insert(officer_sessions).values(**values, created_at=now, seen_at=now, expires_at=now + LASTS[stage]))
    return token


def look(connection: Connection, token: str, now: datetime) -> Session | None:
    """The session of a cookie's value, if it holds and its account is in use."""
    row = connection.execute(select(officer_sessions).where(officer_sessions.c.digest == _digest(token))).first()
    if row is None or now >= row.expires_at or now >= row.seen_at + IDLE:
        return None
    officer = accounts.load(connection, row.officer)
    if officer is None or officer.state is not State.ACTIVE:
        return None
    return Session(token, Stage(row.stage), officer, row.expires_at)


def is_due(connection: Connection, token: str, now: datetime) -> bool:
    """Whether it is to be noted again that somebody still uses the session; not at each page, for that is a write."""
    seen = connection.execute(select(officer_sessions.c.seen_at).where(officer_sessions.c.digest == _digest(token))).scalar()
    return seen is not None and now >= seen + _SEEN_EVERY


def note_seen(connection: Connection, token: str, now: datetime) -> None:
    """Somebody uses the session."""
    connection.execute(update(officer_sessions).where(officer_sessions.c.digest == _digest(token)).values(seen_at=now))


def end(connection: Connection, token: str) -> None:
    """The session is over; its cookie is worth nothing any more."""
    connection.execute(delete(officer_sessions).where(officer_sessions.c.digest == _digest(token)))


def end_all(connection: Connection, officer: str) -> int:
    """All sessions of an account are over; answers how many."""
    return connection.execute(delete(officer_sessions).where(officer_sessions.c.officer == officer)).rowcount


def make_code(connection: Connection, officer: str, by: str, now: datetime, lasts: timedelta) -> str:
    """A one-time code with which its holder sets the account's password and authenticator; older ones are void."""
    forget_codes(connection, officer)
    code = "-".join("".join(secrets.choice(_LETTERS) for _ in range(5)) for _ in range(4))
    values = {"digest": _digest(_plain(code)), "officer": officer, "created_by": by, "expires_at": now + lasts}
    connection.execute(insert(officer_links).values(**values))
    return code


def officer_of_code(connection: Connection, code: str, now: datetime) -> str | None:
    """The account that a one-time code is for, if it holds."""
    row = connection.execute(select(officer_links).where(officer_links.c.digest == _digest(_plain(code)))).first()
    return row.officer if row is not None and now < row.expires_at else None


def forget_codes(connection: Connection, officer: str) -> None:
    """The account's one-time codes were used, or are void."""
    connection.execute(delete(officer_links).where(officer_links.c.officer == officer))


def _plain(code: str) -> str:
    return "".join(c for c in code.lower() if c in _LETTERS)


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()
