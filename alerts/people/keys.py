"""The secrets of the registry, kept outside its database: some encrypt numbers, some make their index.

A plain hash of a telephone number is inverted in minutes by trying all numbers, so the index is an HMAC.
"""

import hashlib
import hmac
import os
import secrets
from collections.abc import Sequence
from pathlib import Path

from cryptography.fernet import Fernet, InvalidToken, MultiFernet

from schemas.errors import ConfigurationError

NUMBER_FILE, INDEX_FILE = "number.key", "index.key"


class Keys:
    """Encrypts, decrypts and indexes numbers. The newest key of each kind writes, all are tried for reading.

    Args:
        number_keys: Fernet keys, the newest first.
        index_key: at least 32 bytes. older: index keys before it, under which people who were forgotten still stand on the list.
        home: the folder they were read from; read again when another process has changed them.
    """

    def __init__(self, number_keys: Sequence[bytes], index_key: bytes, *older: bytes, home: Path | None = None) -> None:
        self._home = home
        self._seen: tuple[tuple[int, int, int], ...] = ()
        self._take(number_keys, (index_key, *older))

    def _take(self, number_keys: Sequence[bytes], index_keys: Sequence[bytes]) -> None:
        self.number_keys = tuple(number_keys)
        self.index_keys = tuple(index_keys)
        self._fernet = MultiFernet([Fernet(key) for key in number_keys])
        self._newest = Fernet(number_keys[0])

    @classmethod
    def load(cls, folder: Path | None = None, *, create: bool = False) -> "Keys":
        """The keys in a folder (by default POLYRISK_KEYS): `number.key` (one Fernet key a line) and `index.key` (hex, one a line).

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
            _create(place / NUMBER_FILE, Fernet.generate_key())
            _create(place / INDEX_FILE, secrets.token_hex(32).encode())
        stamp = _stamp(place)  # first, so that a change that comes while they are read is seen later
        number_keys, index_keys = _read_both(place)
        try:
            keys = cls(number_keys, *index_keys, home=place)
        except (ValueError, TypeError, IndexError) as error:
            raise _malformed(place) from error
        keys._seen = stamp
        return keys

    def refresh(self) -> None:
        """Read the keys again if another process has changed them; who writes people calls it with writing to itself.

        Raises:
            ConfigurationError: what is there now cannot be read.
        """
        if self._home is not None and (stamp := _stamp(self._home)) != self._seen:
            number_keys, index_keys = _read_both(self._home)
            try:
                self._take(number_keys, index_keys)
            except (ValueError, IndexError) as error:
                raise _malformed(self._home) from error
            self._seen = stamp

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
        except InvalidToken:
            self.refresh()
        try:
            return self._fernet.decrypt(token).decode()
        except InvalidToken as error:
            raise ConfigurationError(
                "a number was encrypted with another key.", where=NUMBER_FILE, remedy="Restore the key that the registry was filled with."
            ) from error

    def is_newest(self, token: bytes) -> bool:
        """Whether the newest key made a token."""
        try:
            self._newest.decrypt(token)
        except InvalidToken:
            return False
        return True

    def index(self, number: str) -> str:
        """HMAC-SHA256 of a number in E.164; equal numbers have equal ones, and nobody without the key can invert it."""
        return _hmac(self.index_keys[0], number)

    def indexes(self, number: str) -> list[str]:
        """The index of a number under each key, the newest first: under any of them it may stand in the database."""
        return [_hmac(key, number) for key in self.index_keys]

    @property
    def index_name(self) -> str:
        """What may be known of the newest index key: which one it is."""
        return name_of(self.index_keys[0])

    def add(self) -> None:
        """Put a fresh key of each kind before the others, on disk and here.

        The index key first: if the process ends between the two, the next rotation adds another, and one is never used.

        Raises:
            ConfigurationError: they are not kept in a folder.
        """
        self._write(self.number_keys, (secrets.token_bytes(32), *self.index_keys))
        self._write((Fernet.generate_key(), *self.number_keys), self.index_keys)

    def keep(self, index_keys: Sequence[bytes]) -> None:
        """Forget all number keys but the newest, and all index keys but these, on disk and here."""
        self._write(self.number_keys, index_keys)
        self._write(self.number_keys[:1], self.index_keys)

    def _write(self, number_keys: Sequence[bytes], index_keys: Sequence[bytes]) -> None:
        if self._home is None:
            raise ConfigurationError("the keys are in no folder.", where="keys", remedy="Load them from one.")
        if tuple(index_keys) != self.index_keys:
            _replace(self._home / INDEX_FILE, b"\n".join(key.hex().encode() for key in index_keys))
        if tuple(number_keys) != self.number_keys:
            _replace(self._home / NUMBER_FILE, b"\n".join(number_keys))
        self._take(number_keys, index_keys)
        self._seen = _stamp(self._home)


def name_of(index_key: bytes) -> str:
    """Which index key it is; nothing follows from it about the key."""
    return hashlib.sha256(b"name:" + index_key).hexdigest()[:8]


def _hmac(key: bytes, number: str) -> str:
    return hmac.new(key, number.encode(), hashlib.sha256).hexdigest()


def _stamp(folder: Path) -> tuple[tuple[int, int, int], ...]:
    """What changes when a file of keys is replaced."""
    found = [(folder / name).stat() for name in (NUMBER_FILE, INDEX_FILE) if (folder / name).exists()]
    return tuple((stat.st_ino, stat.st_mtime_ns, stat.st_size) for stat in found)


def _malformed(place: Path) -> ConfigurationError:
    return ConfigurationError("a key is malformed.", where=str(place), remedy="Restore it from where it is kept safe.")


def _read_both(place: Path) -> tuple[list[bytes], list[bytes]]:
    try:
        return _read(place / NUMBER_FILE).split(), [bytes.fromhex(line.decode()) for line in _read(place / INDEX_FILE).split()]
    except ValueError as error:
        raise _malformed(place) from error


def _create(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return
    with os.fdopen(descriptor, "wb") as file:
        file.write(content + b"\n")


def _replace(path: Path, content: bytes) -> None:
    """Put a file of keys in place of another, whole and durably, or not at all."""
    draft = path.with_name(f"{path.name}.draft")
    draft.unlink(missing_ok=True)
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(content + b"\n")
        file.flush()
        os.fsync(file.fileno())
    draft.replace(path)
    folder = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(folder)
    finally:
        os.close(folder)


def _read(path: Path) -> bytes:
    try:
        mode = path.stat().st_mode
        content = path.read_bytes().strip()
    except OSError as error:
        raise ConfigurationError(f"cannot be read: {error.strerror}.", where=str(path), remedy="Create it or restore it.") from error
    if mode & 0o077:
        raise ConfigurationError("can be read by others.", where=str(path), remedy=f"Run `chmod 600 {path.name}`.")
    return content
