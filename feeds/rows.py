"""The account that a parser keeps of a delivery's rows, so that none is lost: used, ignored with a reason, or quarantined."""

from collections import Counter
from collections.abc import Sequence

from feeds.contract import Parsed, Quarantined
from schemas.inputs import Observation

EXCERPT_LENGTH = 300


class UnfitRow(Exception):
    """A row that cannot be read as it stands; it goes to quarantine and the rest goes on.

    Args:
        reason: what is wrong with it. remedy: what a person can do.
    """

    def __init__(self, reason: str, remedy: str) -> None:
        super().__init__(reason)
        self.reason = reason
        self.remedy = remedy


class IgnoredRow(Exception):
    """A row that is in order and holds nothing for us, such as a forecast price."""


class RowAccount:
    """Counts the rows of one delivery."""

    def __init__(self) -> None:
        self._rows = 0
        self._ignored: Counter[str] = Counter()
        self._quarantined: list[Quarantined] = []

    def row(self) -> int:
        """Count one more row and answer its number, from 1."""
        self._rows += 1
        return self._rows

    def ignore(self, reason: str) -> None:
        """A row counted is used, and gave no observation."""
        self._ignored[reason] += 1

    def quarantine(self, row: int, unfit: UnfitRow, text: str) -> None:
        """A row counted is kept aside; each row at most once."""
        self._quarantined.append(Quarantined(row, unfit.reason, unfit.remedy, text[:EXCERPT_LENGTH]))

    def parsed(self, observations: Sequence[Observation]) -> Parsed:
        """The parser's answer; quarantined rows in the order of the source."""
        kept_aside = tuple(sorted(self._quarantined, key=lambda q: q.row))
        return Parsed(self._rows, self._rows - len(kept_aside), tuple(observations), kept_aside, dict(sorted(self._ignored.items())))
