"""Rows kept aside: which feed, which row, why, what to do. Nothing is swallowed, and everything else goes on."""

import logging
from collections import Counter
from collections.abc import Iterator, Sequence
from datetime import datetime
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, ValidationError

from schemas.moments import Moment

_LOG = logging.getLogger(__name__)


def _writable(text: str) -> str:
    """JSON may hold half of a surrogate pair, which no file can: it is shown as its escape."""
    return text.encode("utf-8", "backslashreplace").decode("utf-8")


Words = Annotated[str, AfterValidator(_writable)]
"""Text of a source, made fit to be written."""


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
    reason: Words
    remedy: Words
    excerpt: Words


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
        known = set(map(_identity, _lines(path))) if path.exists() else set()
        torn = path.exists() and not path.read_bytes().endswith(b"\n")
        new = [row.model_dump_json() + "\n" for row in rows if _identity(row) not in known]
        with path.open("a", encoding="utf-8", newline="\n") as file:
            file.write(("\n" if torn else "") + "".join(new))

    def rows(self, feed: str | None = None) -> Iterator[Kept]:
        """All rows kept aside, of one feed or of all, oldest first within a feed."""
        for path in sorted(self._root.glob(f"{feed or '*'}/*.jsonl")):
            yield from _lines(path)

    def counts(self) -> Counter[tuple[str, str]]:
        """How many rows by feed and reason."""
        return Counter((k.feed, k.reason) for k in self.rows())

    def _path(self, feed: str, received: datetime) -> Path:
        return self._root / feed / f"{received:%Y-%m-%d}.jsonl"


def _identity(kept: Kept) -> tuple[str, int, str, str]:
    return kept.delivery, kept.row, kept.reason, kept.excerpt


def _lines(path: Path) -> Iterator[Kept]:
    # Not splitlines(): it also breaks at characters such as U+2028, which JSON leaves as they are.
    for number, line in enumerate(path.read_text(encoding="utf-8", errors="replace").split("\n"), start=1):
        if not line:
            continue
        try:
            yield Kept.model_validate_json(line)
        except ValidationError:
            # Only the last line before a crash can be cut off, and the next try of its delivery writes it again.
            _LOG.warning("%s:%d was cut off by a crash and is left out", path.name, number)
