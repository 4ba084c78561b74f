"""The second factor: codes of an authenticator (TOTP, RFC 6238: six digits, half a minute), each taken once; and codes for its loss."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import datetime

import pyotp
from sqlalchemy import Connection, delete, insert, select, update

from alerts.people.keys import Keys
from alerts.tables import officer_recovery_codes, officer_second_factors

ISSUER = "Polyrisk"
_STEP_S = 30
_DRIFT = 1
"""Steps by which a telephone's clock may be off, either way."""
_RECOVERY = 8
_LETTERS = "abcdefghjkmnpqrstuvwxyz23456789"


@dataclass(frozen=True)
class Authenticator:
    """What an authenticator is told, once.

    Attributes:
        secret: base 32, to be typed in. uri: the same for a QR code (`otpauth://`).
    """

    secret: str
    uri: str

    def __repr__(self) -> str:
        return "Authenticator(...)"


def prepare(connection: Connection, keys: Keys, officer: str, name: str, now: datetime) -> Authenticator:
    """The secret of an account that has confirmed none yet: a new one, or the one that waits for its first code."""
    row = connection.execute(select(officer_second_factors).where(officer_second_factors.c.officer == officer)).first()
    secret = keys.decrypt(row.secret) if row is not None and not row.confirmed else pyotp.random_base32()
    if row is None:
        values = {"officer": officer, "secret": keys.encrypt(secret), "confirmed": False, "last_step": 0, "since": now}
        connection.execute(insert(officer_second_factors).values(**values))
    return Authenticator(secret, pyotp.TOTP(secret).provisioning_uri(name=name, issuer_name=ISSUER))


def take(connection: Connection, keys: Keys, officer: str, code: str, now: datetime, *, confirmed: bool = True) -> bool:
    """Whether a code is the authenticator's, of now or one step beside it, and of a later step than any that was taken before."""
    row = connection.execute(select(officer_second_factors).where(officer_second_factors.c.officer == officer)).first()
    if row is None or row.confirmed is not confirmed:
        return False
    totp, now_step = pyotp.TOTP(keys.decrypt(row.secret)), int(now.timestamp()) // _STEP_S
    written = "".join(code.split())
    for step in range(now_step - _DRIFT, now_step + _DRIFT + 1):
        if pyotp.utils.strings_equal(totp.generate_otp(step), written):
            mine = officer_second_factors.c.officer == officer
            earlier = officer_second_factors.c.last_step < step  # in the statement, so that of two at once one alone is taken
            return connection.execute(update(officer_second_factors).where(mine, earlier).values(last_step=step)).rowcount == 1
    return False


def confirm(connection: Connection, officer: str) -> tuple[str, ...]:
    """The account's authenticator has shown its first code. Answers codes for the day it is lost, which are never shown again."""
    connection.execute(update(officer_second_factors).where(officer_second_factors.c.officer == officer).values(confirmed=True))
    connection.execute(delete(officer_recovery_codes).where(officer_recovery_codes.c.officer == officer))
    codes = tuple("-".join("".join(secrets.choice(_LETTERS) for _ in range(4)) for _ in range(4)) for _ in range(_RECOVERY))
    connection.execute(insert(officer_recovery_codes), [{"digest": _digest(officer, code), "officer": officer} for code in codes])
    return codes


def take_recovery(connection: Connection, officer: str, code: str) -> bool:
    """Whether it is one of the account's codes for a lost authenticator; it is used up."""
    table = officer_recovery_codes
    mine = (table.c.officer == officer, table.c.digest == _digest(officer, code))
    return connection.execute(delete(table).where(*mine)).rowcount == 1


def recovery_left(connection: Connection, officer: str) -> int:
    """How many codes for a lost authenticator an account still has."""
    return len(connection.execute(select(officer_recovery_codes.c.digest).where(officer_recovery_codes.c.officer == officer)).all())


def forget(connection: Connection, officer: str) -> None:
    """The account has no second factor any more."""
    for table in (officer_second_factors, officer_recovery_codes):
        connection.execute(delete(table).where(table.c.officer == officer))


def _digest(officer: str, code: str) -> str:
    plain = "".join(c for c in code.lower() if c in _LETTERS)
    return hashlib.sha256(f"{officer}:{plain}".encode()).hexdigest()
