"""A copy of the keys in one file, to be kept apart from every copy of the registry: together they give all numbers away."""

import json
import os
from pathlib import Path

from alerts.people.keys import INDEX_FILE, NUMBER_FILE, Keys
from schemas.errors import ConfigurationError, RefusedError

_FILES = (NUMBER_FILE, INDEX_FILE)


def write(folder: Path, to: Path) -> None:
    """Copy the keys of a folder into a new file, readable by its owner alone.

    Raises:
        ConfigurationError: they cannot be read. RefusedError: the file is there already.
    """
    Keys.load(folder)  # whole, well formed and private, or nothing is written
    content = {name: (folder / name).read_text(encoding="ascii") for name in _FILES}
    try:
        descriptor = os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise RefusedError("This file is there already.", where=str(to), remedy="Name a new one for the keys.") from error
    with os.fdopen(descriptor, "w", encoding="ascii") as file:
        json.dump(content, file)
        file.flush()
        os.fsync(file.fileno())


def read(copy: Path) -> Keys:
    """The keys in such a file.

    Raises:
        ConfigurationError: the file is no copy of keys, or can be read by others.
    """
    parts = _parts(copy)
    try:
        return Keys(parts[NUMBER_FILE].encode().split(), *(bytes.fromhex(line) for line in parts[INDEX_FILE].split()))
    except (ValueError, TypeError, IndexError) as error:
        raise _no_copy(copy) from error


def put_back(copy: Path, folder: Path) -> Keys:
    """Make a folder of keys from such a file.

    Raises:
        ConfigurationError: as above. FileExistsError: there are keys in it.
    """
    parts = _parts(copy)
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    for name, text in parts.items():
        with os.fdopen(os.open(folder / name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w", encoding="ascii") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
    return Keys.load(folder)


def _parts(copy: Path) -> dict[str, str]:
    """The content of each file of keys."""
    try:
        mode = copy.stat().st_mode
        content = json.loads(copy.read_text(encoding="ascii"))
        parts = {name: str(content[name]) for name in _FILES}
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise _no_copy(copy) from error
    if mode & 0o077:
        raise ConfigurationError("can be read by others.", where=str(copy), remedy=f"Run `chmod 600 {copy.name}`.")
    return parts


def _no_copy(copy: Path) -> ConfigurationError:
    return ConfigurationError("this is no copy of keys.", where=str(copy), remedy="`polyrisk backup --keys FILE` writes one.")
