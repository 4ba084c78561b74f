"""Rows kept aside: which feed, which row, why, what to do. Nothing is swallowed, and everything else goes on."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from schemas.moments import Moment


class Kept(BaseModel):
    """One row kept aside.

    Attributes:
        row: its number in the delivery, from 1; 0 if a reading made of several rows was unfit.
        delivery: SHA-256 of the raw bytes, which the archive still has.
    """

    model_config = ConfigDict(frozen=True)
    feed: str
    delivery: str
    received: Moment
    row: int
    reason: str
    remedy: str
    excerpt: str


class Quarantine:
    """A folder of JSON lines, one file a feed and day of receipt.

    Args:
        root: the folder; made when first needed.
    """

    def __init__(self, root: Path) -> None:
        self._root = root

    def keep(self, rows: Sequence[Kept]) -> None:
        """Add rows. A delivery that is taken in twice after a crash is added once."""
        if not rows:
            return
        path = self._path(rows[0].feed, rows[0].received)
        path.parent.mkdir(parents=True, exist_ok=True)
        known = {(k.delivery, k.row, k.reason) for k in _lines(path)} if path.exists() else set()
        with path.open("a", encoding="utf-8") as file:
            for row in rows:
                if (row.delivery, row.row, row.reason) not in known:
                    file.write(row.model_dump_json() + "\n")

    def rows(self, feed: str | None = None) -> Iterator[Kept]:
        """All rows kept aside, of one feed or of all, oldest first within a feed."""
        for path in sorted(self._root.glob(f"{feed or '*'}/*.jsonl")):
            yield from _lines(path)

    def counts(self) -> Counter[tuple[str, str]]:
        """How many rows by feed and reason."""
        return Counter((k.feed, k.reason) for k in self.rows())

    def _path(self, feed: str, received: datetime) -> Path:
        return self._root / feed / f"{received:%Y-%m-%d}.jsonl"


def _lines(path: Path) -> Iterator[Kept]:
    for line in path.read_text(encoding="utf-8").splitlines():
        if line.endswith("}"):  # a line cut off by a crash is written again by the next try
            yield Kept.model_validate(json.loads(line))
