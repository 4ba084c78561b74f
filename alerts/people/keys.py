"""The two secrets of the registry, kept outside its database: one encrypts numbers, one makes their index.

A plain hash of a telephone number is inverted in minutes by trying all numbers, so the index is an HMAC.
"""

import hashlib
import hmac
import os
import secrets
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from schemas.errors import ConfigurationError

_NUMBER, _INDEX = "number.key", "index.key"


class Keys:
    """Encrypts, decrypts and indexes numbers.

    Args:
        number_keys: Fernet keys, the newest first; all are tried for reading, the first writes.
        index_key: at least 32 bytes; it cannot be changed without the numbers.
    """

    def __init__(self, number_keys: list[bytes], index_key: bytes) -> None:
        self._fernet = MultiFernet([Fernet(key) for key in number_keys])
        self._index_key = index_key

    @classmethod
    def load(cls, folder: Path | None = None, *, create: bool = False) -> "Keys":
        """The keys in a folder (by default POLYRISK_KEYS): `number.key` (one Fernet key a line) and `index.key` (hex).

        Args:
            create: make what is missing, readable by its owner alone.

        Raises:
            ConfigurationError: a key is missing, malformed, or readable by others.
        """
        place = folder or (Path(os.environ["POLYRISK_KEYS"]) if os.environ.get("POLYRISK_KEYS") else None)
        if place is None:
            raise ConfigurationError(
                "no folder of keys is named.", where="POLYRISK_KEYS", remedy="Set it to a folder outside the database."
            )
        if create:
            _create(place / _NUMBER, Fernet.generate_key())
            _create(place / _INDEX, secrets.token_hex(32).encode())
        try:
            return cls(_read(place / _NUMBER).split(), bytes.fromhex(_read(place / _INDEX).decode()))
        except ValueError as error:
            raise ConfigurationError("a key is malformed.", where=str(place), remedy="Restore it from where it is kept safe.") from error

    def encrypt(self, number: str) -> bytes:
        """The number as a Fernet token."""
        return self._fernet.encrypt(number.encode())

    def decrypt(self, token: bytes) -> str:
        """The number of a token.

        Raises:
            ConfigurationError: none of the keys made it.
        """
        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken as error:
            raise ConfigurationError(
                "a number was encrypted with another key.", where=_NUMBER, remedy="Restore the key that the registry was filled with."
            ) from error

    def index(self, number: str) -> str:
        """HMAC-SHA256 of a number in E.164; equal numbers have equal ones, and nobody without the key can invert it."""
        return hmac.new(self._index_key, number.encode(), hashlib.sha256).hexdigest()


def _create(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(content + b"\n")


def _read(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        content = path.read_bytes().strip()
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}.", where=str(path), remedy="Create it or restore it.") from error
    if mode & 0o077:
        raise ConfigurationError("can be read by others.", where=str(path), remedy=f"Run `chmod 600 {path.name}`.")
    return content
