"""Who is warned first: the gravest warning, then who moves slowly or has a need, then the places in most danger, then a fixed order."""

from collections import defaultdict

from sqlalchemy import ColumnElement, Connection, case, literal, select

from alerts.people.person import Need
from alerts.tables import lives, subscribers
from schemas.levels import Level

MOVES_SLOWLY: Need = "mobility"
SLOW = 20
"""Somebody who needs help to move."""
NEEDY = 10
"""Somebody with another need."""


def risk(connection: Connection) -> ColumnElement[int]:
    """The order of people under one warning's level, as a number of `subscribers`: the greater, the sooner.

    The level of a place is the gravest of the warnings that its people stand under.
    """
    return _needs() + _level_of_area(connection)


def _needs() -> ColumnElement[int]:
    needs = subscribers.c.needs
    return case((needs.contains(MOVES_SLOWLY), SLOW), (needs != "", NEEDY), else_=0)


def _level_of_area(connection: Connection) -> ColumnElement[int]:
    standing = select(lives.c.area, lives.c.level).where(lives.c.told)
    gravest: dict[str, int] = defaultdict(int)
    for area, level in connection.execute(standing):
        gravest[area] = max(gravest[area], level)
    areas = {level: sorted(area for area, found in gravest.items() if found == level) for level in sorted(set(gravest.values()))}
    steps = [(subscribers.c.area.in_(codes), literal(int(Level(level)))) for level, codes in areas.items() if level]
    return case(*steps, else_=0) if steps else literal(0)
