"""The steps by which a person shows who they are: password, then a code; and by which they set both with a one-time code.

Each step answers a new value for the cookie, so that one that somebody else knew before is worth nothing. What is asked of a wrong
account, a wrong password and one that is not in use is the same work and the same words.
"""

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy import Connection

from alerts.journal import Step
from alerts.officers import accounts, identities, passwords, second_factors, sessions, steps, tries
from alerts.officers.identities import Identity
from alerts.officers.officer import Officer, State
from alerts.officers.second_factors import Authenticator
from alerts.officers.sessions import Session, Stage
from alerts.officers.tries import Try
from alerts.registry import Registry
from schemas.errors import RefusedError


def utc_now() -> datetime:
    """The machine's clock: a played case has one of its own, but sessions and codes are of today."""
    return datetime.now(UTC)


class SigningIn:
    """Takes the steps in a registry.

    Args:
        now: the clock by which sessions and codes hold.
    """

    def __init__(self, registry: Registry, now: Callable[[], datetime] = utc_now) -> None:
        self.registry, self.now = registry, now

    def look(self, token: str) -> Session | None:
        """The session of a cookie's value, if it holds; that it is used is noted once a minute."""
        now = self.now()
        with self.registry.reading() as connection:
            found = sessions.look(connection, token, now)
            due = found is not None and sessions.is_due(connection, token, now)
        if due:
            with self.registry.begin() as connection:
                sessions.note_seen(connection, token, now)
        return found

    def choose_language(self, session: Session, language: str) -> None:
        """Speak to whoever is signed in in a language from now on; empty takes the choice back."""
        with self.registry.acting() as connection:
            accounts.choose_language(connection, session.officer, language, self.now())

    def is_closed(self) -> bool:
        """Whether reading, too, needs an account: since the first administrator has signed in."""
        with self.registry.reading() as connection:
            return accounts.anybody_was_set_up(connection)

    def give_password(self, name: str, password: str, address: str, token: str = "") -> str:
        """The first step. Answers the cookie's new value, with which only the second step can be taken.

        Args:
            address: from where it is tried. token: the cookie's value so far; it is worth nothing afterwards.

        Raises:
            RefusedError: wrong, not in use, not set up, or tried too often.
        """
        taken = self._take(tries.at_password(name, address))
        with self.registry.reading() as connection:
            officer = accounts.find(connection, name)
            kept = accounts.password_of(connection, officer.id) if officer is not None else ""
        right = passwords.verify(password, kept)
        if officer is None or not right or officer.state is not State.ACTIVE:
            with self.registry.acting() as connection:
                steps.failed(connection, self.now(), officer.name if officer is not None else None, "password")
            remedy = "Try again; after five failures it takes a quarter of an hour. An administrator can set the account anew."
            raise RefusedError("the name or the password is wrong, or the account is not in use.", remedy=remedy)
        anew = passwords.hashed(password) if passwords.is_outdated(kept) else kept
        if not officer.set_up:
            what = "this account has no second factor yet."
            raise RefusedError(what, remedy="Use your one-time code to finish it, or ask an administrator for a new one.")
        with self.registry.begin() as connection:
            tries.forgive(connection, taken)
            if accounts.password_of(connection, officer.id) != kept:
                raise RefusedError("the password was changed meanwhile.", remedy="Sign in with the new one.")
            accounts.keep_password(connection, officer.id, anew)
            return sessions.begin(connection, officer.id, Stage.SECOND, self.now(), token)

    def give_code(self, session: Session, code: str, address: str) -> str:
        """The second step, with a code of the authenticator or one for its loss. Answers the cookie's new value; the person is in.

        Raises:
            RefusedError: wrong, taken before, or tried too often.
        """
        officer = session.officer
        taken = self._take(tries.at_second_factor(officer.id, address))
        with self.registry.acting() as connection:
            lost = second_factors.take_recovery(connection, officer.id, code)
            if lost or second_factors.take(connection, self.registry.keys, officer.id, code, self.now()):
                tries.forgive(connection, taken)
                steps.own(connection, self.now(), officer.name, Step.SIGNED_IN, "with a code for a lost authenticator" if lost else "")
                return sessions.begin(connection, officer.id, Stage.FULL, self.now(), session.token)
            steps.failed(connection, self.now(), officer.name, "second factor")
        raise _wrong_code()

    def believe(self, identity: Identity, address: str, token: str = "") -> tuple[str, Stage]:
        """The first step, taken at a sign-in service elsewhere; both, if it says that the person showed a second factor there.

        Answers the cookie's new value, and the stage that was reached.

        Raises:
            RefusedError: no account in use is linked to the person, or a second factor is missing here and there.
        """
        taken = self._take(tries.at_code(address))
        with self.registry.begin() as connection:
            id = identities.officer_of(connection, identity)
            officer = accounts.load(connection, id) if id is not None else None
            ready = officer is not None and officer.state is State.ACTIVE
            stage = Stage.FULL if identity.second_factor else Stage.SECOND
            if officer is not None and ready and (officer.set_up or stage is Stage.FULL):
                tries.forgive(connection, taken)
                if stage is Stage.FULL:
                    accounts.note_set_up(connection, officer.id, self.now())
                    steps.own(connection, self.now(), officer.name, Step.SIGNED_IN, f"by {identity.issuer}")
                return sessions.begin(connection, officer.id, stage, self.now(), token), stage
            steps.failed(connection, self.now(), officer.name if officer is not None else None, "sign-in service")
        if not ready:
            what = "no account in use here is linked to you."
            raise RefusedError(what, remedy="An administrator links it: `polyrisk officers link`.")
        what = "the sign-in service did not ask you for a second factor, and you have set none here."
        raise RefusedError(what, remedy="Use your one-time code to set one, or ask an administrator for a new one.")

    def use_one_time_code(self, code: str, password: str, address: str, token: str = "") -> str:
        """Set the password with a one-time code. Answers the cookie's new value, with which the authenticator is set.

        The code holds until then, so that who is interrupted can begin again; a password alone opens nothing.

        Raises:
            RefusedError: the code is wrong or too old, or the password is none to take.
        """
        taken = self._take(tries.at_code(address))
        with self.registry.reading() as connection:
            officer = self._of_code(connection, code)
        with self.registry.begin() as connection:
            tries.forgive(connection, taken)
        passwords.check(password, officer.name)
        hashed = passwords.hashed(password)
        with self.registry.acting() as connection:
            officer = self._of_code(connection, code)
            accounts.keep_password(connection, officer.id, hashed)
            second_factors.forget(connection, officer.id)
            sessions.end_all(connection, officer.id)
            steps.own(connection, self.now(), officer.name, Step.PASSWORD_SET, "with a one-time code")
            return sessions.begin(connection, officer.id, Stage.SET_UP, self.now(), token)

    def authenticator(self, session: Session) -> Authenticator:
        """What the authenticator is told, until it has shown its first code.

        Raises:
            RefusedError: the session is of another stage.
        """
        _at(session, Stage.SET_UP)
        with self.registry.people() as connection:  # with the newest keys, also while they are changed
            return second_factors.prepare(connection, self.registry.keys, session.officer.id, session.officer.name, self.now())

    def confirm(self, session: Session, code: str, address: str) -> tuple[str, tuple[str, ...]]:
        """The authenticator's first code. Answers the cookie's new value (the person is in) and the codes for a lost authenticator.

        Raises:
            RefusedError: the code is wrong, or tried too often.
        """
        _at(session, Stage.SET_UP)
        officer = session.officer
        taken = self._take(tries.at_second_factor(officer.id, address))
        with self.registry.acting() as connection:
            if second_factors.take(connection, self.registry.keys, officer.id, code, self.now(), confirmed=False):
                tries.forgive(connection, taken)
                sessions.forget_codes(connection, officer.id)
                accounts.note_set_up(connection, officer.id, self.now())
                steps.own(connection, self.now(), officer.name, Step.ACCOUNT_SET_UP)
                codes = second_factors.confirm(connection, officer.id)
                return sessions.begin(connection, officer.id, Stage.FULL, self.now(), session.token), codes
        raise _wrong_code()

    def change_password(self, session: Session, current: str, new: str, address: str) -> str:
        """Set another password. All sessions of the account end; answers the cookie's new value for the one that goes on.

        Raises:
            RefusedError: the current one is wrong, the new one is none to take, or it was tried too often.
        """
        _at(session, Stage.FULL)
        officer = session.officer
        taken = self._take(tries.at_password(officer.name, address))
        with self.registry.reading() as connection:
            kept = accounts.password_of(connection, officer.id)
        if not passwords.verify(current, kept):
            raise RefusedError("the current password is wrong.", remedy="Try again.")
        with self.registry.begin() as connection:
            tries.forgive(connection, taken)
        passwords.check(new, officer.name)
        hashed = passwords.hashed(new)
        with self.registry.acting() as connection:
            if accounts.password_of(connection, officer.id) != kept:
                raise RefusedError("the password was changed meanwhile.", remedy="Sign in with the new one.")
            accounts.keep_password(connection, officer.id, hashed)
            sessions.end_all(connection, officer.id)
            steps.own(connection, self.now(), officer.name, Step.PASSWORD_SET)
            return sessions.begin(connection, officer.id, Stage.FULL, self.now())

    def sign_out(self, session: Session) -> None:
        """The session is over."""
        with self.registry.acting() as connection:
            sessions.end(connection, session.token)
            steps.own(connection, self.now(), session.officer.name, Step.SIGNED_OUT)

    def recovery_left(self, session: Session) -> int:
        """How many codes for a lost authenticator are left."""
        with self.registry.reading() as connection:
            return second_factors.recovery_left(connection, session.officer.id)

    def _take(self, tried: Try) -> int:
        self.registry.keys.refresh()  # another process may have changed them, and counts and unlocks by the new ones
        with self.registry.begin() as connection:
            return tries.take(connection, self.registry.keys, tried, self.now())

    def _of_code(self, connection: Connection, code: str) -> Officer:
        id = sessions.officer_of_code(connection, code, self.now())
        officer = accounts.load(connection, id) if id is not None else None
        if officer is not None and officer.state is State.ACTIVE:
            return officer
        what = "this one-time code is not known, was used, or is too old."
        raise RefusedError(what, remedy="Ask whoever gave it to you for a new one.")


def _at(session: Session, stage: Stage) -> None:
    if session.stage is not stage:
        raise RefusedError("this step is not the one you are at.", remedy="Begin at the sign-in page.")


def _wrong_code() -> RefusedError:
    remedy = "Wait for the next one; is the telephone's clock right? After five failures it takes a quarter of an hour."
    return RefusedError("the code is wrong, or was used before.", remedy=remedy)
