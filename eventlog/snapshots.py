"""Snapshots as files beside a log: one for each group and shard, replaced in one step, with a checksum."""

import hashlib
import os
from pathlib import Path
from urllib.parse import quote

from pydantic import BaseModel, ConfigDict, ValidationError

from eventlog.log import Snapshot
from schemas.errors import LogError, NewerVersionError
from schemas.moments import Moment

_FORMAT = 1


class SnapshotFiles:
    """The snapshots of one log, in `root/<group>/<shard>.snapshot`."""

    def __init__(self, root: Path) -> None:
        self.root = root

    def save(self, snapshot: Snapshot) -> None:
        """Replace the kept one, unless that stands for a later offset (a fenced processor may come late). A damaged one is replaced."""
        try:
            kept = self.offset(snapshot.group, snapshot.shard)
        except NewerVersionError:
            raise
        except LogError:
            kept = None
        if kept is not None and kept > snapshot.offset:
            return
        path = self._path(snapshot.group, snapshot.shard)
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_name(f"{path.name}.{os.getpid()}.draft")
        with draft.open("wb") as file:
            file.write(_header_of(snapshot).model_dump_json().encode() + b"\n")
            file.write(snapshot.state)
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)

    def load(self, group: str, shard: str) -> Snapshot | None:
        """The kept snapshot.

        Raises:
            LogError: the file is damaged or of a newer version.
        """
        path = self._path(group, shard)
        if not path.exists():
            return None
        head, _, state = path.read_bytes().partition(b"\n")
        header = _read_header(path, head)
        if hashlib.sha256(state).hexdigest() != header.sha256:
            raise _damaged(path)
        return Snapshot(group, shard, header.offset, header.engine, header.at, state)

    def offset(self, group: str, shard: str) -> int | None:
        """The offset of the kept snapshot; none if there is none.

        Raises:
            LogError: the file is damaged or of a newer version.
        """
        path = self._path(group, shard)
        if not path.exists():
            return None
        with path.open("rb") as file:
            return _read_header(path, file.readline()).offset

    def _path(self, group: str, shard: str) -> Path:
        return self.root / _file_name(group) / f"{_file_name(shard)}.snapshot"


def _file_name(name: str) -> str:
    """A name that is one folder or file below the root, whatever it holds."""
    return quote(name, safe="").replace(".", "%2E")


class _Header(BaseModel):
    """The first line of a snapshot's file."""

    model_config = ConfigDict(extra="forbid")
    format: int
    offset: int
    engine: str
    at: Moment
    sha256: str


def _read_header(path: Path, line: bytes) -> _Header:
    try:
        header = _Header.model_validate_json(line)
    except ValidationError as error:
        raise _damaged(path) from error
    if header.format > _FORMAT:
        raise NewerVersionError(
            "The snapshot was written by a newer version.", where=str(path), remedy="Start that version, or remove the file."
        )
    return header


def _header_of(snapshot: Snapshot) -> _Header:
    return _Header(
        format=_FORMAT,
        offset=snapshot.offset,
        engine=snapshot.engine,
        at=snapshot.at,
        sha256=hashlib.sha256(snapshot.state).hexdigest(),
    )


def _damaged(path: Path) -> LogError:
    remedy = "Remove the file: the processor then judges the whole log again, with its outputs muted up to what was committed."
    return LogError("The snapshot is damaged.", where=str(path), remedy=remedy)
