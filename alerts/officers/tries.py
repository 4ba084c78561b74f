"""How often somebody may try to sign in: failures of the last quarter of an hour are counted in the registry, so a restart forgets none.

A try is counted before it is judged and taken back if it succeeds, so that many at once do not get more. What was tried is kept as an
HMAC: people type their password into the field of the name.
"""

import math
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, delete, func, insert, select

from alerts.officers.officer import key_of
from alerts.people.keys import Keys
from alerts.tables import officer_tries
from schemas.errors import RefusedError

WINDOW = timedelta(minutes=15)
FROM_HERE, FROM_ANYWHERE, AFTER_PASSWORD, OF_ADDRESS = 5, 20, 10, 50
"""Failures that are let pass in the window: at one account from one address; at one from anywhere, and once its password was right; from an
address at anything.

From anywhere an account has more, so that a stranger who fails on purpose does not at once lock out whoever is on duty.
"""
_TURN = 4_077_009
"""The lock of those who try, on PostgreSQL."""


class TriesUsedUpError(RefusedError):
    """Too many tries failed; this one was not looked at.

    Attributes:
        wait_s: seconds after which one more is judged.
    """

    def __init__(self, wait_s: int) -> None:
        self.wait_s = wait_s
        minutes = max(1, math.ceil(wait_s / 60))
        wait = "a minute" if minutes == 1 else f"{minutes} minutes"
        remedy = f"Wait {wait}. If it was not you, tell an administrator: somebody is trying your account."
        super().__init__("too many tries have failed, so this one was not looked at.", remedy=remedy)


@dataclass(frozen=True)
class Try:
    """What is tried, and from where; neither is kept as it is.

    Attributes:
        at: what is tried on: the password or the second factor of an account, or any one-time code.
        most: failures at it that are let pass, wherever they come from.
    """

    at: str
    address: str
    most: int = FROM_ANYWHERE


def at_password(name: str, address: str) -> Try:
    """The password of an account that may not be there."""
    return Try(f"password:{key_of(name)[:200]}", address)


def at_second_factor(officer: str, address: str) -> Try:
    """The second factor of an account whose password was right."""
    return Try(f"second:{officer}", address, AFTER_PASSWORD)


def at_code(address: str) -> Try:
    """A one-time code, of whatever account."""
    return Try(f"code:{address}", address)


def take(connection: Connection, keys: Keys, tried: Try, now: datetime) -> int:
    """Count a try that is about to be judged; the answer is for `forgive`.

    Raises:
        TriesUsedUpError: one more is not looked at.
    """
    if connection.dialect.name == "postgresql":
        connection.execute(select(func.pg_advisory_xact_lock(_TURN)))
    table = officer_tries
    at, address = keys.index(f"try:{tried.at}"), keys.index(f"address:{tried.address}")
    same, here = table.c.account == at, table.c.address == address
    for conditions, most in (((same, here), FROM_HERE), ((same,), tried.most), ((here,), OF_ADDRESS)):
        failed = select(table.c.at).where(*conditions, table.c.at > now - WINDOW)
        newest = list(connection.execute(failed.order_by(table.c.at.desc()).limit(most)).scalars())
        if len(newest) >= most:
            raise TriesUsedUpError(max(1, math.ceil((newest[-1] + WINDOW - now).total_seconds())))
    connection.execute(delete(table).where(table.c.at <= now - WINDOW))
    made = connection.execute(insert(table).values(account=at, address=address, at=now).returning(table.c.place))
    return int(made.scalar_one())


def forgive(connection: Connection, taken: int) -> None:
    """The try succeeded: it does not count."""
    connection.execute(delete(officer_tries).where(officer_tries.c.place == taken))


def forget(connection: Connection, keys: Keys, name: str, officer: str) -> None:
    """Let an account be tried anew: an administrator says so."""
    tried = (at_password(name, "").at, at_second_factor(officer, "").at)
    indexes = [index for at in tried for index in keys.indexes(f"try:{at}")]
    connection.execute(delete(officer_tries).where(officer_tries.c.account.in_(indexes)))
