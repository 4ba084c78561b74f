"""Which processes run over an installation's folder, as each of them notes there: who looks need not know how they were started.

A note is held by a lock as long as its process lives, so that a killed one is known to be gone though its note is still there.
"""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from datetime import UTC, datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.moments import Moment

FOLDER = "processes"


class Note(BaseModel):
    """What a process says of itself.

    Attributes:
        part: as `polyrisk run` names it. since: its start, by the machine's clock. url: where its metrics are; empty if it has none.
    """

    model_config = ConfigDict(frozen=True)
    part: str
    since: Moment
    url: str = ""


@contextmanager
def noted(state: Path, part: str, url: str = "") -> Iterator[None]:
    """Be known as running until the `with` block ends. Notes of the same part whose process is gone are taken away."""
    folder = state / FOLDER
    folder.mkdir(parents=True, exist_ok=True)
    for path in folder.glob(f"{part}.*.json"):
        if not _is_held(path):
            path.unlink(missing_ok=True)
    mine = folder / f"{part}.{os.getpid()}.json"
    with mine.open("w", encoding="utf-8") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        file.write(Note(part=part, since=datetime.now(UTC), url=url).model_dump_json() + "\n")
        file.flush()
        try:
            yield
        finally:
            mine.unlink(missing_ok=True)


def running(state: Path) -> tuple[list[Note], list[Note]]:
    """The processes that run, and those that ended without saying so."""
    live: list[Note] = []
    gone: list[Note] = []
    for path in sorted((state / FOLDER).glob("*.json")):
        with suppress(OSError, ValidationError):  # gone meanwhile, or not written whole yet
            note = Note.model_validate_json(path.read_bytes())
            (live if _is_held(path) else gone).append(note)
    return live, gone


def _is_held(path: Path) -> bool:
    try:
        with path.open("rb") as file:
            fcntl.flock(file, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    except FileNotFoundError:
        return False
    return False
