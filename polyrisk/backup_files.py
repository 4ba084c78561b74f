"""Files of an installation among the objects of a place of backups: each content once, however many backups hold it."""

import fcntl
import os
import shutil
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

from polyrisk.backup_manifest import MANIFEST, OBJECTS, KeptFile, load_manifest, object_path, sha256_of
from schemas.errors import PolyriskError, RefusedError

DRAFT = ".draft"
_LOCK = ".lock"


@contextmanager
def alone(place: Path) -> Iterator[None]:
    """Be the only one who writes backups into a place. What a backup left that was killed is cleared away.

    Raises:
        RefusedError: another backup is being written there.
    """
    place.mkdir(parents=True, exist_ok=True, mode=0o700)
    (place / OBJECTS).mkdir(exist_ok=True, mode=0o700)
    with open(os.open(place / _LOCK, os.O_RDWR | os.O_CREAT, 0o600), "w", encoding="ascii") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RefusedError("Another backup is being written here.", where=str(place), remedy="Wait until it has ended.") from error
        for left in place.glob(f".*{DRAFT}"):
            shutil.rmtree(left)
        for left in (place / OBJECTS).glob(f"*/*{DRAFT}"):
            left.unlink()
        yield


class Objects:
    """The objects of a place. new: how many were not there before."""

    def __init__(self, place: Path) -> None:
        self._root = place / OBJECTS
        self.new = 0

    def keep(self, file: Path, path: str) -> KeptFile | None:
        """Keep a file under a path of the installation; none if it is gone meanwhile, as files of feeds are that are replaced."""
        try:
            sha256, length = sha256_of(file)
            if not object_path(self._root, sha256).exists():
                sha256, length = self._copy(file)
        except FileNotFoundError:
            return None
        return KeptFile(path=path, sha256=sha256, bytes=length)

    def keep_content(self, content: bytes, path: str) -> KeptFile:
        """Keep what is to stand in a file of the installation."""
        draft = self._root / f"{uuid.uuid4().hex}{DRAFT}"
        try:
            draft.touch(0o600)
            draft.write_bytes(content)
            sha256, length = self._finish(draft)
            return KeptFile(path=path, sha256=sha256, bytes=length)
        finally:
            draft.unlink(missing_ok=True)

    def _copy(self, file: Path) -> tuple[str, int]:
        """Copy it; the copy says what it holds, for the file may have grown since it was looked at."""
        draft = self._root / f"{uuid.uuid4().hex}{DRAFT}"
        try:
            shutil.copyfile(file, draft)
            draft.chmod(0o600)
            return self._finish(draft)
        finally:
            draft.unlink(missing_ok=True)

    def _finish(self, draft: Path) -> tuple[str, int]:
        _make_durable(draft)
        sha256, length = sha256_of(draft)
        to = object_path(self._root, sha256)
        to.parent.mkdir(exist_ok=True, mode=0o700)
        draft.replace(to)
        self.new += 1
        return sha256, length


def files_below(root: Path, name: str) -> list[tuple[Path, str]]:
    """The files of a folder, or a file itself, with their paths in the installation; drafts are left out."""
    start = root / name
    found = [start] if start.is_file() else sorted(path for path in start.rglob("*") if path.is_file())
    relative = [(path, path.relative_to(root)) for path in found]
    return [(path, str(at)) for path, at in relative if not any(part.startswith(".") or part.endswith(DRAFT) for part in at.parts)]


def discard(place: Path, before: datetime, progress: Callable[[float], None] = lambda _: None) -> int:
    """Delete the backups of a place that were taken before a moment, and the objects that no backup holds any more. Answers how many.

    Raises:
        PolyriskError: a backup cannot be read, so that nobody knows which objects it holds; nothing was deleted.
    """
    folders = sorted(path.parent for path in place.glob(f"*/{MANIFEST}"))
    known = {folder: load_manifest(folder) for folder in folders}
    old = [folder for folder, manifest in known.items() if manifest.at < before]
    if not old:
        return 0
    held = {file.sha256 for folder, manifest in known.items() if folder not in old for file in manifest.files}
    for number, folder in enumerate(old):
        gone = folder.with_name(f".{folder.name}{DRAFT}")
        folder.rename(gone)
        shutil.rmtree(gone)
        progress((number + 1) / len(old))
    for path in (place / OBJECTS).glob("*/*"):
        if path.name not in held:
            path.unlink()
    return len(old)


def finish(draft: Path, folder: Path) -> None:
    """Give a backup its name, once all of it is on the disk.

    Raises:
        PolyriskError: there is one of this name.
    """
    for path in draft.iterdir():
        _make_durable(path)
    _make_durable(draft)
    if folder.exists():
        raise PolyriskError("A backup of this name is there already.", where=str(folder), remedy="Try again.")
    draft.rename(folder)
    _make_durable(folder.parent)


def _make_durable(path: Path) -> None:
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
