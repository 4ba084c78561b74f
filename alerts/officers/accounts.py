"""Accounts and what is granted to them, inside the caller's transaction."""

import secrets
from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import ColumnElement, Connection, delete, insert, select, update

from alerts.journal import Step
from alerts.officers import steps
from alerts.officers.officer import DISPLAY_MOST, ConsoleRole, Grant, Officer, State, checked_name, key_of
from alerts.tables import officer_grants, officer_second_factors, officers
from schemas.errors import RefusedError


def load(connection: Connection, id: str) -> Officer | None:
    """The account with an id, with what is granted to it now."""
    return next(iter(_read(connection, officers.c.id == id)), None)


def find(connection: Connection, name: str) -> Officer | None:
    """The account with a name; case does not count."""
    return next(iter(_read(connection, officers.c.name_key == key_of(name))), None)


def named(connection: Connection, name: str) -> Officer:
    """The same, of one that must be there.

    Raises:
        RefusedError: there is none.
    """
    found = find(connection, name)
    if found is None:
        raise RefusedError(f"there is no account `{name}`.", where="officers", remedy="`polyrisk officers list` shows those there are.")
    return found


def all_of(connection: Connection) -> list[Officer]:
    """Every account, by name."""
    return _read(connection)


def add(connection: Connection, name: str, display: str, by: str, now: datetime) -> Officer:
    """Make an account, without a password and without a role.

    Raises:
        RefusedError: the name cannot be one, or is taken.
    """
    name, display = checked_name(name), " ".join(display.split())
    if not display or len(display) > DISPLAY_MOST:
        raise RefusedError("the account's person has no name.", where=name, remedy=f"Write it, in {DISPLAY_MOST} characters at most.")
    if find(connection, name) is not None:
        raise RefusedError(f"there is an account `{name}`.", where="officers", remedy="Take another name; each person has their own.")
    id = f"officer-{secrets.token_hex(8)}"
    values = {"id": id, "name": name, "name_key": key_of(name), "display": display, "password": "", "state": State.ACTIVE.value}
    connection.execute(insert(officers).values(**values, created_at=now, created_by=by))
    steps.administered(connection, now, by, Step.ACCOUNT_MADE, name, display)
    return Officer(id, name, display, State.ACTIVE)


def remove(connection: Connection, officer: Officer) -> None:
    """Take away an account that nobody ever set up, with its roles; all others are only taken out of use, for what they did names them."""
    connection.execute(delete(officer_grants).where(officer_grants.c.officer == officer.id))
    connection.execute(delete(officers).where(officers.c.id == officer.id, officers.c.set_up_at.is_(None)))


def grant(connection: Connection, officer: Officer, granted: Grant, by: str, now: datetime) -> Officer:
    """Give an account a role; one that it has already stays as it is."""
    if granted not in officer.grants:
        values = {"role": granted.role.value, "duty_role": granted.duty_role, "country": granted.country, "area": granted.area}
        connection.execute(insert(officer_grants).values(officer=officer.id, **values, granted_at=now, granted_by=by))
        steps.administered(connection, now, by, Step.ROLE_GRANTED, officer.name, granted.in_words())
    return _again(connection, officer)


def revoke(connection: Connection, officer: Officer, granted: Grant, by: str, now: datetime) -> Officer:
    """Take a role from an account; it holds from the next request on.

    Raises:
        RefusedError: it has no such role, or nobody who administers would be left.
    """
    if granted not in officer.grants:
        has = "; ".join(one.in_words() for one in officer.grants) or "none"
        raise RefusedError(f"`{officer.name}` is not {granted.in_words()}.", where="officers", remedy=f"Its roles: {has}.")
    before = _administrators(connection)
    same = [officer_grants.c[name] == getattr(granted, name) for name in ("role", "duty_role", "country", "area")]
    connection.execute(delete(officer_grants).where(officer_grants.c.officer == officer.id, *same))
    _keep_one_administrator(connection, before)
    steps.administered(connection, now, by, Step.ROLE_REVOKED, officer.name, granted.in_words())
    return _again(connection, officer)


def set_state(connection: Connection, officer: Officer, state: State, by: str, now: datetime) -> Officer:
    """Take an account out of use, or into it again. That its sessions end, the caller sees to.

    Raises:
        RefusedError: nobody who administers would be left.
    """
    before = _administrators(connection)
    connection.execute(update(officers).where(officers.c.id == officer.id).values(state=state.value))
    _keep_one_administrator(connection, before)
    step = Step.ACCOUNT_ENABLED if state is State.ACTIVE else Step.ACCOUNT_DISABLED
    steps.administered(connection, now, by, step, officer.name)
    return _again(connection, officer)


def choose_language(connection: Connection, officer: Officer, language: str, now: datetime) -> Officer:
    """Keep in which language somebody is spoken to, on pages and when they are woken; which there are, the caller knows.

    Args:
        language: a BCP 47 tag; empty takes the choice back.
    """
    if language != officer.language:
        connection.execute(update(officers).where(officers.c.id == officer.id).values(language=language))
        steps.own(connection, now, officer.name, Step.LANGUAGE_CHOSEN, language or "none")
    return _again(connection, officer)


def password_of(connection: Connection, id: str) -> str:
    """The hash of an account's password; empty if it has none."""
    return connection.execute(select(officers.c.password).where(officers.c.id == id)).scalar() or ""


def keep_password(connection: Connection, id: str, hashed: str) -> None:
    """Put a new hash in the place of the old one; empty takes the password away."""
    connection.execute(update(officers).where(officers.c.id == id).values(password=hashed))


def note_set_up(connection: Connection, id: str, now: datetime) -> None:
    """The account's owner has a password and a second factor, for the first time or again."""
    connection.execute(update(officers).where(officers.c.id == id, officers.c.set_up_at.is_(None)).values(set_up_at=now))


def anybody_was_set_up(connection: Connection) -> bool:
    """Whether the first administrator ever finished; from then on nobody makes another first one, whatever was reset since."""
    return connection.execute(select(officers.c.id).where(officers.c.set_up_at.is_not(None)).limit(1)).first() is not None


def is_administrator(officer: Officer, country: str | None = None) -> bool:
    """Whether an account in use administers a country, or any."""
    administers = any(g.role is ConsoleRole.ADMINISTRATOR and country in (None, g.country) for g in officer.grants)
    return officer.state is State.ACTIVE and administers


def _administrators(connection: Connection) -> set[str]:
    return {o.id for o in _read(connection, officers.c.set_up_at.is_not(None)) if is_administrator(o)}


def _keep_one_administrator(connection: Connection, before: set[str]) -> None:
    if before and not _administrators(connection):
        what = "then nobody could change accounts any more."
        raise RefusedError(what, where="officers", remedy="Make somebody else administrator first, and let them sign in.")


def _again(connection: Connection, officer: Officer) -> Officer:
    return next(iter(_read(connection, officers.c.id == officer.id)))


def _read(connection: Connection, *conditions: ColumnElement[bool]) -> list[Officer]:
    found = connection.execute(select(officers).where(*conditions).order_by(officers.c.name_key)).all()
    ids = [row.id for row in found]
    grants = _grants(connection, ids)
    ready = select(officer_second_factors.c.officer).where(officer_second_factors.c.officer.in_(ids), officer_second_factors.c.confirmed)
    confirmed = set(connection.execute(ready).scalars())
    return [
        Officer(
            row.id,
            row.name,
            row.display,
            State(row.state),
            tuple(grants.get(row.id, ())),
            set_up=bool(row.password) and row.id in confirmed,
            was_set_up=row.set_up_at is not None,
            language=row.language,
        )
        for row in found
    ]


def _grants(connection: Connection, ids: Sequence[str]) -> dict[str, list[Grant]]:
    rows = connection.execute(select(officer_grants).where(officer_grants.c.officer.in_(ids)).order_by(officer_grants.c.place))
    found: dict[str, list[Grant]] = {}
    for row in rows:
        found.setdefault(row.officer, []).append(Grant(ConsoleRole(row.role), row.country, row.duty_role, row.area))
    return found
