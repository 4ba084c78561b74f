"""Where drills lie: each in a folder of its own, beside it its result; and which one is running now.

That one runs is known by a lock that ends with its process, so no drill that was killed keeps what people write.
"""

import fcntl
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path

from eventlog.state import DRILL, is_drill
from schemas.errors import RefusedError

DRILLS, RUNNING = "drills", "running"
KEPT = 8
"""Folders of drills that are kept; results are kept for good."""
_WRITTEN = "%Y%m%dT%H%M%SZ"
_NOTE = "This folder is a drill's. All that is said from it is an exercise and goes to the drill's list alone. `polyrisk run` refuses it.\n"


def make(state: Path, case: str, at: datetime) -> Path:
    """A new folder for a drill of an installation; of older ones only the last few are kept.

    Args:
        case: its name. at: UTC.

    Raises:
        RefusedError: the installation's folder is itself a drill's, or one began this second.
    """
    if is_drill(state):
        raise RefusedError("this is a drill's own folder.", where=str(state), remedy="Name the folder of the installation with --state.")
    home = state / DRILLS
    home.mkdir(mode=0o700, parents=True, exist_ok=True)
    for old in [folder for folder in sorted(home.iterdir()) if is_drill(folder)][: -(KEPT - 1)]:
        shutil.rmtree(old)
    folder = home / f"{at.strftime(_WRITTEN)}-{case}"
    try:
        folder.mkdir(mode=0o700)
    except FileExistsError as error:
        raise RefusedError("a drill has just begun here.", where=str(folder), remedy="Begin it again.") from error
    (folder / DRILL).write_text(_NOTE, encoding="utf-8")
    return folder


def drop(folder: Path) -> None:
    """Take away the folder of a drill that did not begin."""
    shutil.rmtree(folder)


def began(folder: Path) -> datetime:
    """When the drill of a folder began, UTC."""
    return datetime.strptime(folder.name.partition("-")[0], _WRITTEN).replace(tzinfo=UTC)


@contextmanager
def alone(folder: Path) -> Iterator[None]:
    """Be the drill that runs in an installation, as long as the `with` block and this process last.

    Raises:
        RefusedError: another one is running.
    """
    with (folder.parent / RUNNING).open("a+", encoding="utf-8") as held:
        try:
            fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            raise RefusedError("a drill is running here.", where=str(folder.parent), remedy="Wait until it has ended.") from error
        held.truncate(0)
        held.write(folder.name)
        held.flush()
        yield
        held.truncate(0)


def running(state: Path) -> Path | None:
    """The folder of the drill that is running in an installation; none if none is."""
    file = state / DRILLS / RUNNING
    try:
        with file.open(encoding="utf-8") as held:
            try:
                fcntl.flock(held, fcntl.LOCK_SH | fcntl.LOCK_NB)
            except OSError:
                name = held.read().strip()
                folder = file.parent / name
                return folder if name and is_drill(folder) else None
    except FileNotFoundError:
        pass
    return None
