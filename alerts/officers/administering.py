"""What is done to accounts: the first administrator, colleagues, roles, loss. Each step is one transaction.

Whoever can run these on the machine can read the registry, so no password is asked for; who did it is named, and must be an administrator.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts.journal import Step
from alerts.officers import accounts, identities, permissions, second_factors, sessions, steps, tries
from alerts.officers.identities import Identity
from alerts.officers.officer import ConsoleRole, Grant, Officer, State
from alerts.officers.signing_in import utc_now
from alerts.registry import Registry
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError

FIRST_LASTS, LASTS = timedelta(hours=1), timedelta(hours=24)
"""How long a one-time code holds: the first administrator's, and a colleague's."""


@dataclass(frozen=True)
class Invitation:
    """A one-time code, shown once. code: a secret. expires: when it is worth nothing any more."""

    officer: Officer
    code: str
    expires: datetime

    def __repr__(self) -> str:
        return f"Invitation({self.officer.name})"


class Administering:
    """Changes the accounts of a country.

    Args:
        now: the clock by which codes hold.
    """

    def __init__(self, registry: Registry, country: LoadedCountry, now: Callable[[], datetime] = utc_now) -> None:
        self._registry, self._country, self._now = registry, country, now

    def first(self, name: str, display: str) -> Invitation:
        """The first administrator; again, if the one before never finished.

        Raises:
            RefusedError: somebody has set an account up already.
        """
        with self._registry.people() as connection:  # one at a time, so that there are no two first ones
            if accounts.anybody_was_set_up(connection):
                what = "there is an administrator already."
                raise RefusedError(what, where="officers", remedy="They make accounts: `polyrisk officers add`; who lost theirs: `reset`.")
            for unfinished in accounts.all_of(connection):
                accounts.remove(connection, unfinished)
                sessions.forget_codes(connection, unfinished.id)
                sessions.end_all(connection, unfinished.id)
                second_factors.forget(connection, unfinished.id)
            officer = accounts.add(connection, name, display, name, self._now())
            officer = accounts.grant(connection, officer, Grant(ConsoleRole.ADMINISTRATOR, self._country.code), name, self._now())
            return self._invite(connection, officer, name, FIRST_LASTS)

    def add(self, name: str, display: str, by: str) -> Invitation:
        """An account for a colleague, without a role.

        Raises:
            RefusedError: `by` does not administer the country, or the name cannot be one or is taken.
        """
        with self._registry.acting() as connection:
            by = self._administrator(connection, by)
            officer = accounts.add(connection, name, display, by, self._now())
            return self._invite(connection, officer, by, LASTS)

    def grant(self, name: str, granted: Grant, by: str) -> Officer:
        """Give an account a role.

        Raises:
            RefusedError: `by` does not administer the country, there is no such account, or the country's files do not have the role.
        """
        permissions.check(granted, self._country)
        with self._registry.acting() as connection:
            by = self._administrator(connection, by)
            return accounts.grant(connection, accounts.named(connection, name), granted, by, self._now())

    def revoke(self, name: str, granted: Grant, by: str) -> Officer:
        """Take a role from an account; it holds from the next request on.

        Raises:
            RefusedError: `by` does not administer the country, the account has no such role, or nobody who administers would be left.
        """
        with self._registry.acting() as connection:
            by = self._administrator(connection, by)
            return accounts.revoke(connection, accounts.named(connection, name), granted, by, self._now())

    def disable(self, name: str, by: str) -> Officer:
        """Take an account out of use; whoever is signed in with it is out at the next request.

        Raises:
            RefusedError: `by` does not administer the country, there is no such account, or nobody who administers would be left.
        """
        with self._registry.acting() as connection:
            by = self._administrator(connection, by)
            officer = accounts.named(connection, name)
            sessions.end_all(connection, officer.id)
            sessions.forget_codes(connection, officer.id)
            return accounts.set_state(connection, officer, State.DISABLED, by, self._now())

    def enable(self, name: str, by: str) -> Officer:
        """Take an account into use again.

        Raises:
            RefusedError: `by` does not administer the country, or there is no such account.
        """
        with self._registry.acting() as connection:
            by = self._administrator(connection, by)
            return accounts.set_state(connection, accounts.named(connection, name), State.ACTIVE, by, self._now())

    def reset(self, name: str, by: str) -> Invitation:
        """For who lost password or telephone: both, and a link to a sign-in service, are void from now on; a one-time code sets anew.

        Raises:
            RefusedError: `by` does not administer the country, or there is no such account or it is out of use.
        """
        with self._registry.acting() as connection:
            by = self._administrator(connection, by)
            officer = accounts.named(connection, name)
            if officer.state is not State.ACTIVE:
                raise RefusedError(f"`{officer.name}` is out of use.", where="officers", remedy="Enable it first.")
            accounts.keep_password(connection, officer.id, "")
            second_factors.forget(connection, officer.id)
            identities.unlink(connection, officer.id)
            sessions.end_all(connection, officer.id)
            tries.forget(connection, self._registry.keys, officer.name, officer.id)
            steps.administered(connection, self._now(), by, Step.ACCOUNT_RESET, officer.name)
            return self._invite(connection, officer, by, LASTS)

    def link(self, name: str, identity: Identity, by: str) -> Officer:
        """Let a person whom a sign-in service knows sign in to an account by it.

        Raises:
            RefusedError: `by` does not administer the country, there is no such account, or the person has one already.
        """
        if not identity.issuer or not identity.subject.strip():
            raise RefusedError("the service or what it calls the person is missing.", where="--subject", remedy="Give both.")
        with self._registry.begin() as connection:
            by = self._administrator(connection, by)
            officer = accounts.named(connection, name)
            identities.link(connection, identity, officer.id, by, self._now())
            steps.administered(connection, self._now(), by, Step.ACCOUNT_LINKED, officer.name, identity.issuer)
            return officer

    def unlock(self, name: str, by: str) -> Officer:
        """Let an account that was tried too often be tried again at once.

        Raises:
            RefusedError: `by` does not administer the country, or there is no such account.
        """
        with self._registry.acting() as connection:
            by = self._administrator(connection, by)
            officer = accounts.named(connection, name)
            tries.forget(connection, self._registry.keys, officer.name, officer.id)
            steps.administered(connection, self._now(), by, Step.ACCOUNT_UNLOCKED, officer.name)
            return officer

    def all(self) -> list[Officer]:
        """Every account, by name."""
        with self._registry.reading() as connection:
            return accounts.all_of(connection)

    def _administrator(self, connection: Connection, by: str) -> str:
        found = accounts.find(connection, by)
        if found is None or not found.was_set_up or not accounts.is_administrator(found, self._country.code):
            what = f"`{by}` does not administer {self._country.name}, or has not signed in yet."
            raise RefusedError(what, where="--by", remedy="Name an administrator's account; `polyrisk officers first` makes the first.")
        return found.name

    def _invite(self, connection: Connection, officer: Officer, by: str, lasts: timedelta) -> Invitation:
        now = self._now()
        return Invitation(officer, sessions.make_code(connection, officer.id, by, now, lasts), now + lasts)
