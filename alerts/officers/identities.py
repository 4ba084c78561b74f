"""Which account a person has whom a sign-in service elsewhere (OpenID Connect) vouches for. An administrator links them, nobody else."""

import hashlib
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, delete, insert, select

from alerts.tables import officer_identities
from schemas.errors import RefusedError


@dataclass(frozen=True)
class Identity:
    """A person as a sign-in service knows them.

    Attributes:
        issuer: the service's address. subject: what it calls the person, for ever; not a name or an address, which change hands.
        second_factor: the service says that they showed more than a password (`amr` has `mfa`, RFC 8176).
    """

    issuer: str
    subject: str
    second_factor: bool = False


def officer_of(connection: Connection, identity: Identity) -> str | None:
    """The id of the account that is linked to a person."""
    found = select(officer_identities.c.officer).where(officer_identities.c.identity == _key(identity))
    return connection.execute(found).scalar()


def link(connection: Connection, identity: Identity, officer: str, by: str, now: datetime) -> None:
    """Let a person sign in to an account by the service, instead of whoever could before.

    Raises:
        RefusedError: they are linked to an account already.
    """
    if officer_of(connection, identity) is not None:
        what = "this person of the sign-in service has an account already."
        raise RefusedError(what, where="officers", remedy="Reset that account first, or give the right --subject.")
    unlink(connection, officer)
    values = {"identity": _key(identity), "officer": officer, "linked_at": now, "linked_by": by}
    connection.execute(insert(officer_identities).values(**values))


def unlink(connection: Connection, officer: str) -> None:
    """Nobody signs in to the account by a service any more."""
    connection.execute(delete(officer_identities).where(officer_identities.c.officer == officer))


def _key(identity: Identity) -> str:
    return hashlib.sha256(f"{identity.issuer}\n{identity.subject}".encode()).hexdigest()
