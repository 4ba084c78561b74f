"""Issues of forecasts as readings: 3.7 of the specification, the line on probability in its section 4, and what the two kinds say.

An issue is valid at its base time, from which leads are counted, and counts until the next one or until it is stale. What it says is made
of its rows as they stand now, whatever order and deliveries they came in.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from decimal import Decimal

from oracle_known import NO_TIME, Known, Reading, admitted, rank

from schemas.configuration import Threshold
from schemas.inputs import Observation
from schemas.levels import Level

Members = list[list[Decimal]]
"""Of each member that is there its values inside the lead, in order of time."""


def issues(known: Known, threshold: Threshold, place: str) -> list[Reading]:
    """One reading for each issue with enough members, at its base time: the number of the level it reaches; in order of time."""
    won: dict[tuple[datetime, int, datetime], Observation] = {}
    for row, _ in admitted(known, threshold, threshold.indicator, place):
        identity = (base_of(row), row.member or 0, row.end)
        if identity not in won or rank(row) > rank(won[identity]):
            won[identity] = row
    found = []
    for base in sorted({base for base, _, _ in won}):
        rows = [row for (of, _, _), row in sorted(won.items()) if of == base]
        level = _level(threshold, rows)
        if level is not None:
            found.append(Reading(base, base, Decimal(int(level)), rows[0].feed))
    return found


def base_of(row: Observation) -> datetime:
    """The time from which a forecast's lead is counted."""
    return row.end - (row.lead or NO_TIME)


def _level(threshold: Threshold, rows: Sequence[Observation]) -> Level | None:
    """The highest level that an issue reaches; none if members are missing beyond the allowed."""
    forecast = threshold.forecast
    assert forecast is not None
    shortest, longest = forecast.leads
    steps, by_member = forecast.steps or 1, {row.member or 0 for row in rows}
    members = [_inside(rows, member, shortest, longest) for member in sorted(by_member)]
    there = [values for values in members if len(values) >= steps]
    if len(there) < (forecast.members if forecast.needs is None else forecast.needs):
        return None
    levels = _by_matrix(threshold, there, steps) if threshold.matrix is not None else _by_share(threshold, there, steps)
    return max(levels, default=Level.GREEN)


def _inside(rows: Sequence[Observation], member: int, shortest: timedelta, longest: timedelta) -> list[Decimal]:
    own = [row for row in rows if (row.member or 0) == member and shortest <= (row.lead or NO_TIME) <= longest]
    return [Decimal(str(row.value)) for row in sorted(own, key=lambda row: row.end) if row.value is not None]


def _by_share(threshold: Threshold, there: Members, steps: int) -> list[Level]:
    """The levels of which so many of a hundred members lie over (or under) the quantity."""
    found = []
    for word, text in threshold.levels.items():
        share, _, side, quantity, _ = text.split()
        if _percent(there, steps, Decimal(quantity), over=side == "over") >= Decimal(share):
            found.append(Level.named(word))
    return found


def _by_matrix(threshold: Threshold, there: Members, steps: int) -> list[Level]:
    """The colour of each impact at the greatest likelihood that its share of members reaches."""
    matrix = threshold.matrix
    assert matrix is not None
    found = []
    for impact, quantity in matrix.impacts.items():
        percent = _percent(there, steps, Decimal(quantity.split()[0]), over=True)
        likelihoods = {name: Decimal(text.split()[0]) for name, text in matrix.likelihoods.items()}
        reached = [name for name in sorted(likelihoods, key=lambda name: likelihoods[name]) if percent >= likelihoods[name]]
        if reached:
            found.append(Level.named(matrix.cells.get(impact, {}).get(reached[-1], "green")))
    return found


def _percent(there: Members, steps: int, quantity: Decimal, *, over: bool) -> Decimal:
    """Of a hundred members how many reach a quantity on so many steps in a row."""
    reaching = [[value >= quantity if over else value <= quantity for value in values] for values in there]
    count = sum(any(all(row[n : n + steps]) for n in range(len(row) - steps + 1)) for row in reaching)
    return Decimal(100 * count) / len(there)
