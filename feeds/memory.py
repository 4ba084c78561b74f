"""What is remembered of a feed between two fetches: small, and written so that a crash leaves the old or the new, never half."""

import fcntl
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from schemas.moments import Moment


class Pending(BaseModel):
    """A delivery that is about to be kept and published.

    If it is still here at the next fetch and was kept, publishing is done again, with the same ids. If it was not kept, the source will say
    it again.
    """

    model_config = ConfigDict(frozen=True)
    delivery: str
    received: Moment


class FeedMemory(BaseModel):
    """The last delivery of a feed.

    Attributes:
        etag, last_modified: what the source said of it.
        delivery: its SHA-256; empty before the first.
        readings: identity of each reading in it, to all that it said of it.
        rows, quarantined: how many it had.
        fetched: when the source last answered.
        pending: see `Pending`.
    """

    model_config = ConfigDict(frozen=True)
    etag: str = ""
    last_modified: str = ""
    delivery: str = ""
    readings: Mapping[str, str] = {}
    rows: int = 0
    quarantined: int = 0
    fetched: Moment | None = None
    pending: Pending | None = None


class FeedState:
    """The memories of all feeds, a file each in one folder."""

    def __init__(self, root: Path) -> None:
        self._root = root

    @contextmanager
    def alone(self, feed: str) -> Iterator[None]:
        """Nobody else takes in this feed while the `with` block lasts; waits for one who does. A process that dies lets go."""
        self._root.mkdir(parents=True, exist_ok=True)
        with (self._root / f".{feed}.lock").open("wb") as file:
            fcntl.flock(file, fcntl.LOCK_EX)
            yield

    def load(self, feed: str) -> FeedMemory:
        """The memory of a feed; an empty one before its first delivery."""
        path = self._root / f"{feed}.json"
        return FeedMemory.model_validate_json(path.read_bytes()) if path.exists() else FeedMemory()

    def save(self, feed: str, memory: FeedMemory) -> None:
        """Replace the memory of a feed, durably."""
        self._root.mkdir(parents=True, exist_ok=True)
        draft = self._root / f".{feed}.draft"
        with draft.open("wb") as file:
            file.write(memory.model_dump_json().encode())
            file.flush()
            os.fsync(file.fileno())
        draft.replace(self._root / f"{feed}.json")
