"""Where a test's log in an SQLite file is."""

from pathlib import Path


def fresh_url(folder: Path) -> str:
    """The URL of a log that is not there yet."""
    return f"sqlite:///{folder / 'log.sqlite'}"
