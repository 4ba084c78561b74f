"""Accounts of a registry with a clock that the test sets, and a telephone that shows codes."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pyotp

from alerts.officers import accounts
from alerts.officers.administering import Administering
from alerts.officers.officer import ConsoleRole, Grant, Officer
from alerts.officers.sessions import Session
from alerts.officers.signing_in import SigningIn
from alerts.registry import Registry
from schemas.country_files import LoadedCountry

HERE, ELSEWHERE = "192.0.2.1", "192.0.2.2"
PASSWORD = "four words that dance"
ADMINISTRATOR = "a.fonseka"


@dataclass
class Clock:
    """Stands still until it is told."""

    at: datetime = field(default_factory=lambda: datetime(2026, 11, 26, 6, 0, 5, tzinfo=UTC))

    def __call__(self) -> datetime:
        return self.at

    def goes_on(self, **span: float) -> None:
        """Later by a span."""
        self.at += timedelta(**span)


class Telephone:
    """An authenticator with one secret."""

    def __init__(self, secret: str, clock: Clock) -> None:
        self.secret, self._clock = secret, clock

    def shows(self, steps: int = 0) -> str:
        """The code now, or that of some half minutes later."""
        return pyotp.TOTP(self.secret).at(self._clock.at + timedelta(seconds=30 * steps))


class Desk:
    """A registry's accounts.

    Attributes:
        telephones: by the account's name. recovery: the codes that were shown to it.
    """

    def __init__(self, registry: Registry, country: LoadedCountry) -> None:
        self.registry, self.country, self.clock = registry, country, Clock()
        self.signing_in = SigningIn(registry, self.clock)
        self.administering = Administering(registry, country, self.clock)
        self.telephones: dict[str, Telephone] = {}
        self.recovery: dict[str, tuple[str, ...]] = {}

    def session(self, token: str) -> Session:
        """The session of a cookie's value, which must hold."""
        found = self.signing_in.look(token)
        assert found is not None
        return found

    def officer(self, name: str) -> Officer:
        """An account as it stands."""
        with self.registry.reading() as connection:
            return accounts.named(connection, name)

    def finish(self, name: str, code: str, password: str = PASSWORD) -> str:
        """Use a one-time code to the end; answers the cookie's value."""
        token = self.signing_in.use_one_time_code(code, password, HERE)
        told = self.signing_in.authenticator(self.session(token))
        self.telephones[name] = Telephone(told.secret, self.clock)
        token, self.recovery[name] = self.signing_in.confirm(self.session(token), self.telephones[name].shows(), HERE)
        self.clock.goes_on(seconds=60)
        return token

    def first(self) -> str:
        """The first administrator, ready; answers the cookie's value."""
        return self.finish(ADMINISTRATOR, self.administering.first(ADMINISTRATOR, "A. Fonseka").code)

    def colleague(self, name: str, *grants: Grant) -> str:
        """Another account, ready, with roles; answers the cookie's value."""
        token = self.finish(name, self.administering.add(name, name.upper(), ADMINISTRATOR).code)
        for granted in grants:
            self.administering.grant(name, granted, ADMINISTRATOR)
        return token

    def sign_in(self, name: str, address: str = HERE) -> str:
        """Both steps, as the person takes them; answers the cookie's value."""
        token = self.signing_in.give_password(name, PASSWORD, address)
        token = self.signing_in.give_code(self.session(token), self.telephones[name].shows(), address)
        self.clock.goes_on(seconds=60)
        return token


def approver(duty_role: str = "director", area: str = "", country: str = "LKA") -> Grant:
    """A role that signs."""
    return Grant(ConsoleRole.APPROVER, country, duty_role, area)
