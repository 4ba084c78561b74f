"""When an officer looked last, so that a page can say what has changed since.

A visit is a time of looking at pages without a gap of a quarter of an hour between two of them. What counts is when the visit before
ended: whoever goes from page to page is told the same until they were away.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import datetime, timedelta

from sqlalchemy import insert, select, update
from sqlalchemy.exc import IntegrityError

from alerts.officers.officer import Officer
from alerts.registry import Registry
from alerts.tables import officer_visits

GAP = timedelta(minutes=15)
"""Who has not asked for a page for so long has gone."""
NOTED_EVERY = timedelta(minutes=1)
"""Not at each page, for that is a write."""


class Visits:
    """The visits of a registry's officers.

    Args:
        now: the country's time, by which pages are shown too; in a played case that is not the machine's.
    """

    def __init__(self, registry: Registry, now: Callable[[], datetime]) -> None:
        self._registry, self._now = registry, now

    def note(self, officer: Officer) -> None:
        """An officer asks for a page: the visit goes on, or a new one begins."""
        now, own = self._now(), officer_visits.c.officer == officer.id
        with self._registry.reading() as connection:
            row = connection.execute(select(officer_visits).where(own)).first()
        if row is None:
            with suppress(IntegrityError), self._registry.begin() as connection:  # two pages at once: the other one noted it
                connection.execute(insert(officer_visits).values(officer=officer.id, began_at=now, seen_at=now))
            return
        values = _goes_on(row.seen_at, now)
        if values:
            with self._registry.begin() as connection:
                # Of two pages at once after a gap one begins the visit; the other must not take that for the visit before.
                connection.execute(update(officer_visits).where(own, officer_visits.c.seen_at == row.seen_at).values(**values))

    def before(self, officer: Officer) -> datetime | None:
        """When the visit before this one ended; none if there was none, or so long ago that it is not known any more."""
        with self._registry.reading() as connection:
            found: datetime | None = connection.execute(
                select(officer_visits.c.before_at).where(officer_visits.c.officer == officer.id)
            ).scalar()
        return found


def _goes_on(seen: datetime, now: datetime) -> dict[str, datetime | None]:
    """What is to be noted of a page now; nothing if that was done a moment ago."""
    if now < seen:  # another case is played, from its beginning
        return {"began_at": now, "seen_at": now, "before_at": None}
    if now - seen >= GAP:
        return {"began_at": now, "seen_at": now, "before_at": seen}
    return {"seen_at": now} if now - seen >= NOTED_EVERY else {}
