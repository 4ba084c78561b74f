"""Passwords: what one must be, and Argon2id with the library's own parameters (RFC 9106)."""

from functools import lru_cache
from threading import BoundedSemaphore

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from alerts.officers.officer import key_of
from schemas.errors import RefusedError

LEAST, MOST = 12, 1_000
"""Characters. The most is far above what anybody types; it bounds what a stranger makes us hash."""
_DIFFERENT = 5
_AT_ONCE = BoundedSemaphore(2)
"""Each hash takes 64 MiB; whoever sends many tries at once must not take the machine's memory."""
_hasher = PasswordHasher()


def check(password: str, name: str) -> None:
    """Hold a new password of an account against what each must be.

    Raises:
        RefusedError: it is too short, too long, made of too few characters, or has the account's name in it; it is never repeated.
    """
    remedy = f"Take {LEAST} characters or more, such as four or five words that do not belong together."
    if len(password) < LEAST:
        raise RefusedError(f"the password is too short: it has fewer than {LEAST} characters.", remedy=remedy)
    if len(password) > MOST:
        raise RefusedError(f"the password is longer than {MOST} characters.", remedy=remedy)
    if len(set(password)) < _DIFFERENT:
        raise RefusedError("the password repeats the same few characters.", remedy=remedy)
    if key_of(name) in key_of(password):
        raise RefusedError("the password has the account's name in it.", remedy=remedy)


def hashed(password: str) -> str:
    """What is kept of a password."""
    with _AT_ONCE:
        return _hasher.hash(password)


def verify(password: str, kept: str) -> bool:
    """Whether a password is the one that a hash was made of. Where there is none, one of nobody is tried, which takes as long."""
    if len(password) > MOST:
        return False
    with _AT_ONCE:
        try:
            return _hasher.verify(kept or _of_nobody(), password) and bool(kept)
        except (VerificationError, InvalidHashError):
            return False


def is_outdated(kept: str) -> bool:
    """Whether the library would hash otherwise by now."""
    return _hasher.check_needs_rehash(kept)


@lru_cache(maxsize=1)
def _of_nobody() -> str:
    return _hasher.hash("the password of an account that is not there")
