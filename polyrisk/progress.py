"""How long work still takes, for a person who waits at a terminal."""

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn


def bars(out: Console) -> Progress:
    """A bar for each task, with its share and the time it took so far."""
    return Progress(TextColumn("{task.description:16}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), console=out)
