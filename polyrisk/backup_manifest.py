"""What a backup says of itself, so that a restore can tell whether it is whole, readable, and how old."""

import hashlib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.errors import NewerVersionError, RefusedError
from schemas.moments import Moment

FORMAT = 2
"""2: files may be sealed."""
MANIFEST = "manifest.json"
OBJECTS = "objects"
"""The folder beside all backups of a place: each file once, named by its SHA-256, however many backups hold it."""
_CHUNK = 1 << 20


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Part(_Model):
    """A database in a backup's own folder.

    Attributes:
        home: `sqlite` or `postgresql`. version: of its tables. file: its name in the backup's folder.
    """

    home: str
    version: int
    file: str
    sha256: str
    bytes: int


class KeptFile(_Model):
    """A file of the installation. path: in its folder. The content lies among the objects; sealed: with the registry's keys."""

    path: str
    sha256: str
    bytes: int
    sealed: bool = False


class Place(_Model):
    """How far a group had committed in the log, or, with an empty group, where a topic ended."""

    group: str
    topic: str
    partition: int
    offset: int


class Manifest(_Model):
    """All of it.

    Attributes:
        at: the one moment that log and registry show, by the wall clock. written_by: Polyrisk's version. engine: that judges.
        log: a log in SQLite, also if it was read out of another home (`log_home`). registry: none if there was none.
        keys: which keys the registry needs; they are not in the backup.
    """

    format: int = FORMAT
    at: Moment
    written_by: str
    engine: str
    log_home: str
    log: Part
    places: tuple[Place, ...]
    registry: Part | None
    keys: str
    files: tuple[KeptFile, ...]

    def save(self, folder: Path) -> None:
        """Write it; the last file of a backup."""
        file = folder / MANIFEST
        file.touch(0o600)
        file.write_text(self.model_dump_json(indent=1) + "\n", encoding="utf-8")


def load_manifest(folder: Path) -> Manifest:
    """What a backup says of itself.

    Raises:
        RefusedError: this is no backup. NewerVersionError: a newer version wrote it.
    """
    try:
        said = (folder / MANIFEST).read_text(encoding="utf-8")
        manifest = Manifest.model_validate_json(said)
    except OSError as error:
        remedy = f"Name the folder of one backup, with a {MANIFEST} in it."
        raise RefusedError("This is no backup.", where=str(folder), remedy=remedy) from error
    except ValidationError as error:
        raise RefusedError("The manifest of this backup cannot be read.", where=str(folder / MANIFEST), remedy="Take another.") from error
    if manifest.format > FORMAT:
        raise NewerVersionError("A newer version of Polyrisk wrote this backup.", where=str(folder), remedy="Restore it with that version.")
    return manifest


def object_path(objects: Path, sha256: str) -> Path:
    """Where a file of this content lies among the objects."""
    return objects / sha256[:2] / sha256


def sha256_of(path: Path) -> tuple[str, int]:
    """A file's SHA-256 and its length.

    Raises:
        OSError: it cannot be read.
    """
    digest, length = hashlib.sha256(), 0
    with path.open("rb") as file:
        while chunk := file.read(_CHUNK):
            digest.update(chunk)
            length += len(chunk)
    return digest.hexdigest(), length
