"""Where this installation keeps its log and archive, as the environment says; for what is started by path, such as a schedule.

`POLYRISK_STATE` is the folder of all state (by default `var` in the checkout), `POLYRISK_LOG` the log's URL if it is not the file
`log.db` in that folder (`kafka://host:port/name`), `POLYRISK_ARCHIVE` the archive's place if it is not the folder `archive` in it.
"""

import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from eventlog.log import EventLog, open_log

if TYPE_CHECKING:
    from eventlog.archive import Archive

STATE = "POLYRISK_STATE"
LOG = "POLYRISK_LOG"
ARCHIVE = "POLYRISK_ARCHIVE"
DRILL = "drill.txt"
"""The file that says that a folder is a drill's. What lies in such a folder is a drill's own, wherever the environment says that those of
the installation are."""
_DEFAULT = Path(__file__).resolve().parent.parent / "var"


def state_folder() -> Path:
    """The folder of all state; it need not exist yet."""
    return Path(os.environ.get(STATE) or _DEFAULT)


def log_url(state: Path | None = None) -> str:
    """The URL of the event log of this installation, or of the one in another folder of state."""
    folder = state or state_folder()
    return (None if is_drill(folder) else os.environ.get(LOG)) or f"sqlite:///{folder / 'log.db'}"


def is_drill(state: Path) -> bool:
    """Whether a folder is that of a drill."""
    return (state / DRILL).exists()


@contextmanager
def opened_log() -> Iterator[EventLog]:
    """The event log, closed at the end of the `with` block.

    Raises:
        ConfigurationError, LogError: it cannot be opened.
    """
    log = open_log(log_url())
    try:
        yield log
    finally:
        log.close()


def archive() -> "Archive":
    """The archive."""
    from eventlog.archive import Archive  # here: most who ask where the log is never look into the archive

    return Archive(os.environ.get(ARCHIVE) or str(state_folder() / "archive"))


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Settings for the parts that are started by path, put back afterwards."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
