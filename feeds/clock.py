"""What time it is, for everything outside the engine: the wall's, a case's, or one that another process sets.

The engine itself knows no clock; its time comes with the records.
"""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Protocol

from schemas.errors import ConfigurationError
from schemas.moments import to_utc

ENVIRONMENT_VARIABLE = "POLYRISK_CLOCK"
"""Names a file that holds the moment it is to be, as `FileClock` reads it."""


class Clock(Protocol):
    """Says what time it is."""

    def now(self) -> datetime:
        """The moment, UTC."""
        ...


class WallClock:
    """The machine's own time."""

    def now(self) -> datetime:
        """The moment, UTC."""
        return datetime.now(UTC)


class CaseClock:
    """A case's time: it stands still until someone sets it. Threads of one process may share it.

    Raises:
        ValueError: the moment has no time zone.
    """

    def __init__(self, start: datetime) -> None:
        self._now = to_utc(start)

    def now(self) -> datetime:
        """The moment last set, UTC."""
        return self._now

    def set(self, at: datetime) -> None:
        """From now on it is `at`; a case may be replayed, so it may also go back.

        Raises:
            ValueError: the moment has no time zone.
        """
        self._now = to_utc(at)


class FileClock:
    """The moment written in a file, ISO 8601 with its offset, so that several processes live in the same hour of a case."""

    def __init__(self, path: Path) -> None:
        self.path = path

    def now(self) -> datetime:
        """The moment in the file, UTC.

        Raises:
            ConfigurationError: the file is missing, or holds no moment with a time zone.
        """
        try:
            text = self.path.read_text(encoding="ascii").strip()
            return to_utc(datetime.fromisoformat(text))
        except (OSError, ValueError) as error:
            raise ConfigurationError(
                f"The clock's file tells no time: {error}.",
                where=str(self.path),
                remedy="Write one moment with its offset into it, such as 2025-11-27T18:00:00+00:00.",
            ) from error

    def set(self, at: datetime) -> None:
        """Write the moment in one step, so that no reader ever sees half of it.

        Raises:
            ValueError: the moment has no time zone.
        """
        draft = self.path.with_name(f"{self.path.name}.{os.getpid()}.draft")
        draft.write_text(to_utc(at).isoformat() + "\n", encoding="ascii")
        draft.replace(self.path)


def clock_from_environment() -> Clock:
    """The clock that the environment names: a file's if `POLYRISK_CLOCK` is set, else the wall's."""
    path = os.environ.get(ENVIRONMENT_VARIABLE)
    return FileClock(Path(path)) if path else WallClock()
