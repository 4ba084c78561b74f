"""What a run said, held against what happened and against another run: verdicts, months, periods, and what is gained and lost."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np

from processors.backtest import Activation, Outcome
from processors.backtest_truths import Steps, conditions_of
from processors.plan import Plan
from processors.verification import Cells, Happened, Verdict, judged
from schemas.configuration import Configuration, Rule
from schemas.country_files import LoadedCountry
from schemas.levels import Truth


@dataclass(frozen=True)
class Change:
    """An activation under one configuration and the other: kept, gained or lost."""

    kind: str
    before: Activation | None
    after: Activation | None


def verdicts_of(country: LoadedCountry, rule: Rule, outcome: Outcome, events: Sequence[Happened]) -> list[Verdict]:
    """What became of each event and activation of a rule."""
    covered = (min(e.start - e.before for e in events), max(e.end + e.after for e in events))

    def truth(area: str, first: datetime, last: datetime) -> Truth:
        places = [a for a in areas_of(country, rule) if covers(country, area, a)]
        found = [outcome.truths.get((rule.name, place), Steps()).within(first, last) for place in places]
        return Truth.TRUE if Truth.TRUE in found else Truth.UNKNOWN if Truth.UNKNOWN in found or not found else Truth.FALSE

    return judged(outcome.of(rule.name), events, outcome.last, lambda a, b: covers(country, a, b), truth, covered)


def covers(country: LoadedCountry, one: str, other: str) -> bool:
    return one in tuple(country.places.line(other)) or other in tuple(country.places.line(one))


def areas_of(country: LoadedCountry, rule: Rule) -> list[str]:
    return list(rule.only) or [a.code for a in country.configuration.areas if a.level == rule.area]


def conditions_read(configuration: Configuration, rule: Rule) -> list[str]:
    """The conditions on levels that a rule reads, as people write them."""
    return list(conditions_of(rule, Plan(configuration, configuration.hash).dimensions))


def months_of(outcome: Outcome, name: str, areas: Sequence[str], zone: ZoneInfo) -> tuple[int, int, int]:
    """In how many (area, month) a rule or condition was true at some moment, known false throughout, and neither can be told."""
    counted = dict.fromkeys(Truth, 0)
    months = months_between(outcome.first, outcome.last, zone)
    for steps in [outcome.truths.get((name, area), Steps()) for area in areas]:
        for first, last in months:
            counted[steps.within(first, last)] += 1
    return counted[Truth.TRUE], counted[Truth.FALSE], counted[Truth.UNKNOWN]


def months_between(first: datetime, last: datetime, zone: ZoneInfo) -> list[tuple[datetime, datetime]]:
    """The calendar months of a zone that a span touches, each with its last moment; the first and the last as far as the span goes."""
    begin = first.astimezone(zone)
    month = begin.year * 12 + begin.month - 1
    found = []
    while (start := _month(month, zone)) < last:
        month += 1
        found.append((max(start, first), min(_month(month, zone) - timedelta(microseconds=1), last)))
    return found


def _month(number: int, zone: ZoneInfo) -> datetime:
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=zone)


def cells_of(country: LoadedCountry, rule: Rule, outcome: Outcome, events: Sequence[Happened], period: timedelta) -> Cells:
    """Areas and periods of a rule, within the time for which events are listed."""
    first, last = min(e.start for e in events), max(e.end for e in events)
    count = max(int((last - first) / period) + 1, 1)
    begins = [first + n * period for n in range(count)]
    areas = areas_of(country, rule)
    happened, warned, known = (np.zeros((len(areas), count), bool) for _ in range(3))
    for row, area in enumerate(areas):
        for event in events:
            if covers(country, event.area, area):
                a, b = (event.start - first) // period, (event.end - first) // period
                happened[row, a : b + 1] = True
        own = [a for a in outcome.of(rule.name) if a.area == area]
        steps = outcome.truths.get((rule.name, area), Steps())
        for column, at in enumerate(begins):
            warned[row, column] = any(a.stands(at) for a in own)
            known[row, column] = warned[row, column] or steps.within(at, at) is not Truth.UNKNOWN
    years, months = (np.array([getattr(at, part) for at in begins], dtype=np.int64) for part in ("year", "month"))
    return Cells(areas, years, months, happened, warned, known)


def compared(before: Outcome, after: Outcome) -> list[Change]:
    """Each activation under either configuration: kept if both have one of the rule in the area at the same valid time."""
    found: list[Change] = []
    left = [a for a in after.activations if not a.afterwards]
    for old in (a for a in before.activations if not a.afterwards):
        match = next((a for a in left if _same(old, a, before.last)), None)
        if match is not None:
            left.remove(match)
        found.append(Change("lost" if match is None else "kept", old, match))
    found += [Change("gained", None, new) for new in left]
    return sorted(found, key=lambda c: (c.after or c.before or _NEVER).known)


_NEVER = Activation("", "", "", datetime.max.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC), level=0)  # type: ignore[arg-type]


def _same(one: Activation, other: Activation, end: datetime) -> bool:
    spans = one.since <= (other.until or end) and other.since <= (one.until or end)
    return (one.rule, one.area) == (other.rule, other.area) and spans
