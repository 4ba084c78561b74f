"""What was said of a threshold at a place over years, as it was known with each record."""

from bisect import bisect_right
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import NamedTuple

from processors.levels import UNDECIDED, Code, Entry, reaching
from processors.timelines import BEGINNING


class Known(NamedTuple):
    """With a record it is known that after the first `kept` entries follow `added`, and nothing else so far."""

    record: int
    kept: int
    added: tuple[Entry, ...]


@dataclass(frozen=True, slots=True)
class Account:
    """What was said of a place: with which record which entries, none of them of a time that had not come yet.

    Attributes:
        known: in order of the records. longest: how long its longest period lasts, microseconds.
    """

    known: tuple[Known, ...]
    longest: int


def at_levels(account: Account, levels: Collection[int]) -> Account:
    """What is said of some levels alone, by their places among the defined ones: what changes none of them is left out."""
    said: list[Entry] = []
    after: list[int] = []  # after each entry of the whole account, how many of these there are
    known: list[Known] = []
    numbers = sorted(levels)
    for one in account.known:
        del after[one.kept :]
        kept = after[-1] if after else 0
        gone, said[kept:] = said[kept:], []
        for entry in one.added:
            told = entry._replace(codes=_of_levels(entry, numbers))
            if not said or not _goes_without_saying(said[-1], told):
                said.append(told)
            after.append(len(said))
        same = _shared(gone, said[kept:])
        if same < len(gone) or same < len(said) - kept:
            known.append(Known(one.record, kept + same, tuple(said[kept + same :])))
    return Account(tuple(known), account.longest)


def _of_levels(entry: Entry, numbers: Sequence[int]) -> tuple[Code, ...]:
    """The codes of an entry, such that `levels.reaching` answers the same of these levels whatever is said of the others."""
    codes = [Code.LOWER] * len(entry.codes)
    for number in numbers:
        codes[number] = reaching(entry, number)
    return tuple(codes)


def _goes_without_saying(before: Entry, entry: Entry) -> bool:
    """Whether an entry says what the one before it does; a period in which something is undecided is said by itself, as `levels` has it."""
    undecided = entry.end > entry.start and any(code in UNDECIDED for code in entry.codes)
    return not undecided and (before.codes, before.counts) == (entry.codes, entry.counts)


class Writer:
    """Writes an account, record by record.

    Args:
        nows: the shard's now after each record, microseconds.
    """

    def __init__(self, nows: Sequence[int]) -> None:
        self.nows = nows
        self._known: list[Known] = []
        self._said: list[Entry] = []

    def account(self, longest: int) -> Account:
        """All that was written."""
        return Account(tuple(self._known), longest)

    def say(self, record: int, following: int, first: int, base: Sequence[Entry], tail: Sequence[Entry]) -> None:
        """What is said with a record, and then by the passing of time alone until another one.

        Args:
            following: the next record with which something else may be said. first: so many entries of `base` are as they were before.
            base: what readings say. tail: what will be said, at which moment, if no other comes.
        """
        now = self.nows[record]
        come = [entry for entry in tail if entry.start < now]
        self._put(record, first, [*base, *come])
        for entry in tail[len(come) :]:
            # What time says can be said once it is past: with the first record after it.
            passed = bisect_right(self.nows, entry.start)
            if passed >= following:
                break
            self._put(passed, len(self._said), [entry])

    def _put(self, record: int, first: int, entries: Sequence[Entry]) -> None:
        """Args: first: so many entries stay; `entries` are those after them."""
        told = [entry._replace(peak=BEGINNING) for entry in entries]  # peaks are told with breaches alone
        count = first + _shared(self._said[first:], told)
        added = told[count - first :]
        if added or count < len(self._said):
            del self._said[count:]
            self._said += added
            self._known.append(Known(record, count, tuple(added)))


def _shared(one: Sequence[Entry], other: Sequence[Entry]) -> int:
    """How many entries both begin with."""
    differs = (n for n, (mine, theirs) in enumerate(zip(one, other, strict=False)) if mine != theirs)
    return next(differs, min(len(one), len(other)))
