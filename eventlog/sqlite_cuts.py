"""An SQLite file as it stood at one moment, copied while others write on.

A reader in WAL mode sees the file as it was when it began, however long it reads. The copy is made by SQLite's own backup from within such
a reading, so it is whole, and holds nothing that was written later.
"""

import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from schemas.errors import LogError

BUSY_S = 30.0
_PAGES = 4_000
"""Copied between two words about how far it is."""


class SqliteCut:
    """One moment of a file. It holds back the checkpoints of those who write, so it is to be closed soon."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._connection = _connect(path)
        self._connection.execute("BEGIN")
        self.ask("SELECT count(*) FROM sqlite_schema")  # only the first reading fixes the moment

    def ask(self, query: str, values: Sequence[Any] = ()) -> list[tuple[Any, ...]]:
        """What the file holds at this moment.

        Raises:
            LogError: it cannot be read.
        """
        try:
            return self._connection.execute(query, values).fetchall()
        except sqlite3.Error as error:
            raise _unreadable(self.path, error) from error

    def write(self, to: Path, progress: Callable[[float], None] = lambda _: None) -> None:
        """Write the file of this moment, readable by its owner alone, durably, and checked by SQLite.

        Args:
            progress: is told the share that is written.

        Raises:
            LogError: it cannot be read, or what was written is not whole.
        """
        os.close(os.open(to, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600))

        def told(_: int, left: int, total: int) -> None:
            progress(1.0 if total == 0 else 1 - left / total)

        try:
            with closing(sqlite3.connect(to, isolation_level=None)) as copy:
                self._connection.backup(copy, pages=_PAGES, progress=told, sleep=0)
                copy.execute("PRAGMA journal_mode = DELETE")  # one file, with nothing beside it that could be left behind
                (verdict,) = copy.execute("PRAGMA quick_check(1)").fetchone()
        except sqlite3.Error as error:
            raise _unreadable(self.path, error) from error
        if verdict != "ok":
            raise LogError(f"The file is damaged: {verdict}.", where=str(self.path), remedy="Restore an older backup.")
        descriptor = os.open(to, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)

    def close(self) -> None:
        """Let the others write on as they like."""
        self._connection.close()


@contextmanager
def nobody_writing(path: Path) -> Iterator[None]:
    """Keep all others from writing into a file for a moment; they wait.

    Raises:
        LogError: somebody writes into it without end.
    """
    with closing(_connect(path)) as connection:
        try:
            connection.execute("BEGIN IMMEDIATE")
        except sqlite3.Error as error:
            raise _unreadable(path, error) from error
        try:
            yield
        finally:
            connection.execute("ROLLBACK")


def _connect(path: Path) -> sqlite3.Connection:
    """A connection that makes no file."""
    try:
        return sqlite3.connect(f"file:{quote(str(path.absolute()))}?mode=rw", uri=True, timeout=BUSY_S, isolation_level=None)
    except sqlite3.Error as error:
        raise _unreadable(path, error) from error


def _unreadable(path: Path, error: sqlite3.Error) -> LogError:
    return LogError(f"The file cannot be read: {error}.", where=str(path), remedy="Is it there, and may you read and write it?")
