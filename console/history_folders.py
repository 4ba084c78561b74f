"""What lies in the folder of a history (`console.history_files`), for those who only choose one."""

from pathlib import Path

EVENTS_FILE = "events.csv"
"""In a history's folder it is no history but what happened, and is read only by who asks for it."""


def files_of(folder: Path) -> list[Path]:
    """The files with readings, in the order in which they are read."""
    return sorted(p for p in folder.rglob("*") if p.suffix in (".csv", ".parquet") and p.name != EVENTS_FILE)
