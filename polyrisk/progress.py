"""How long work still takes, for a person who waits at a terminal."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn


def bars(out: Console) -> Progress:
    """A bar for each task, with its share and the time it took so far."""
    return Progress(TextColumn("{task.description:16}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), console=out)


PATIENCE = 1.0
"""Seconds after which a person at a terminal is shown how far it has come."""


@contextmanager
def patient(what: str, *, shown: bool = True) -> Iterator[Callable[[float], None]]:
    """A bar on standard error for work that takes longer than a second; gives what must be told how far it has come, as a share."""
    console = Console(stderr=True)
    begun = time.monotonic()
    progress = bars(console)
    task = progress.add_task(what, total=1.0)

    def done(share: float) -> None:
        progress.update(task, completed=share)
        if shown and console.is_terminal and time.monotonic() - begun > PATIENCE:
            progress.start()

    try:
        yield done
    finally:
        if progress.live.is_started:
            progress.stop()
