"""Days, weeks and months as numbers in a row, so that a history can be asked for the one before, and for the same season of other years."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from typing import Protocol


class Period(Protocol):
    """One way of cutting time. A period's key counts on by one from each to the next."""

    @property
    def word(self) -> str:
        """One of them, as a word."""
        ...

    def key(self, start: datetime, end: datetime) -> int:
        """The period that readings of [start, end] belong to."""
        ...

    def begin(self, key: int) -> datetime:
        """When a period begins, UTC."""
        ...

    def same_season(self, key: int, years: int, around: int) -> tuple[int, ...]:
        """The periods of an earlier year that stand for this one: the same of the year, and so many on either side."""
        ...


@dataclass(frozen=True)
class Days:
    """UTC days; a reading belongs to the day in which its middle lies. 29 February stands with 28 February."""

    word: str = "day"

    def key(self, start: datetime, end: datetime) -> int:
        """See `Period`."""
        return (start + (end - start) / 2).date().toordinal()

    def begin(self, key: int) -> datetime:
        """See `Period`."""
        return _midnight(date.fromordinal(key))

    def same_season(self, key: int, years: int, around: int) -> tuple[int, ...]:
        """See `Period`; neighbours may lie in the year before or after."""
        day = date.fromordinal(key)
        same = date(day.year - years, day.month, 28 if (day.month, day.day) == (2, 29) else day.day).toordinal()
        return tuple(range(same - around, same + around + 1))


@dataclass(frozen=True)
class Weeks:
    """ISO weeks; a week belongs to the one in which its fourth day lies, because sources begin their weeks on other days.

    A neighbour is the week numbered one less or one more in the same ISO year, so the first and the last week of a year have one
    neighbour only.
    """

    word: str = "week"

    def key(self, start: datetime, end: datetime) -> int:  # noqa: ARG002 - a week is known by its fourth day
        """See `Period`."""
        return ((start + timedelta(days=3)).date().toordinal() - 1) // 7

    def begin(self, key: int) -> datetime:
        """See `Period`."""
        return _midnight(date.fromordinal(key * 7 + 1))

    def same_season(self, key: int, years: int, around: int) -> tuple[int, ...]:
        """See `Period`."""
        year, week, _ = date.fromordinal(key * 7 + 1).isocalendar()
        last = date(year - years, 12, 28).isocalendar().week
        found = (date.fromisocalendar(year - years, week + n, 1) for n in range(-around, around + 1) if 1 <= week + n <= last)
        return tuple((monday.toordinal() - 1) // 7 for monday in found)


@dataclass(frozen=True)
class Months:
    """Calendar months, UTC; a reading belongs to the month in which its middle lies. December and January are neighbours."""

    word: str = "month"

    def key(self, start: datetime, end: datetime) -> int:
        """See `Period`; counted from year 0."""
        middle = start + (end - start) / 2
        return middle.year * 12 + middle.month - 1

    def begin(self, key: int) -> datetime:
        """See `Period`."""
        return datetime(key // 12, key % 12 + 1, 1, tzinfo=UTC)

    def same_season(self, key: int, years: int, around: int) -> tuple[int, ...]:
        """See `Period`."""
        same = key - 12 * years
        return tuple(range(same - around, same + around + 1))


DAYS, WEEKS, MONTHS = Days(), Weeks(), Months()


def between(period: Period, first: datetime, last: datetime) -> Iterator[int]:
    """The periods from the one that `first` lies in to the last that begins before `last`."""
    key = period.key(first, first)
    while period.begin(key) > first:
        key -= 1
    while period.begin(key) < last:
        yield key
        key += 1


def _midnight(day: date) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=UTC)
