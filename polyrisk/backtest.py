"""`polyrisk backtest`: what a country's configuration would have said over the years, how good that was, and what another would have."""

import json
import math
import os
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from functools import partial
from multiprocessing import get_context
from typing import Any
from zoneinfo import ZoneInfo

import numpy as np

from alerts.cost import estimate
from polyrisk.backtest_probabilities import probabilities_of
from processors.backtest import Activation, Outcome, run
from processors.backtest_baselines import Made, in_order
from processors.backtest_parts import Part, joined, parts_of
from processors.backtest_truths import Steps, conditions_of
from processors.history import History
from processors.plan import Plan
from processors.probability_skill import Probable
from processors.verification import (
    Cells,
    Counts,
    Happened,
    Interval,
    Returns,
    Skill,
    Verdict,
    counts_of,
    judged,
    returns,
    skill,
    with_intervals,
)
from schemas.configuration import Configuration, Rule
from schemas.country_files import LoadedCountry
from schemas.levels import Truth
from schemas.warning_records import RenderedText

SEED = 1884
"""Of the bootstrap; the year of Finley's tornado forecasts."""
PERIOD = timedelta(days=7)


@dataclass(frozen=True)
class Told:
    """What activations would have cost: people in their areas, messages, money. `note` says by which price."""

    people: int
    messages: int
    money: float
    currency: str
    note: str


@dataclass(frozen=True)
class RuleReport:
    """One rule over the years.

    Attributes:
        by_year: year to activations. afterwards: events that were known only when they were over. cannot_tell: share of time and areas in
            which nobody could tell.
        conditions: condition to how many (area, month) it was true, false, and nobody could tell in.
        counts, scores, verdicts, skill: against events; none without a file of them.
        probabilities: quantity to how good the probabilities were that the rule asks for; empty without events, or if it asks for none.
    """

    rule: str
    activations: Sequence[Activation]
    by_year: Mapping[int, int]
    afterwards: int
    areas: int
    returns: Returns
    told: Told
    months: tuple[int, int, int]
    conditions: Mapping[str, tuple[int, int, int]]
    verdicts: Sequence[Verdict] = ()
    counts: Counts | None = None
    scores: Mapping[str, Interval] | None = None
    skill: Skill | None = None
    probabilities: Mapping[str, Probable] = field(default_factory=dict)


@dataclass(frozen=True)
class Report:
    """A country's rules over the years."""

    country: str
    outcome: Outcome
    rules: Sequence[RuleReport]
    events: int


@dataclass(frozen=True)
class Change:
    """An activation under one configuration and the other: kept, gained or lost."""

    kind: str
    before: Activation | None
    after: Activation | None


def simulate(
    configuration: Configuration, history: History, made: Mapping[str, Made], last: datetime | None = None, processes: int = 0
) -> Outcome:
    """A run, cut by areas over the machine's processors where the rules allow it.

    Args:
        processes: how many; 0 for as many as there are.
    """
    baselines = in_order(made)
    parts = parts_of(configuration, processes or len(os.sched_getaffinity(0)))
    end = last if last is not None else end_of(history)
    if len(parts) == 1:
        return run(configuration, history, baselines, end)
    jobs = [(part, history, baselines, end) for part in parts]
    outcomes = in_parallel(_run_part, jobs)
    return joined(configuration, outcomes, history)


def _run_part(job: tuple[Part, History, Sequence[Any], datetime]) -> Outcome:
    part, history, baselines, end = job
    return run(part.configuration, history.of(areas=part.places), baselines, end)


def in_parallel(work: Callable[[Any], Any], jobs: Sequence[Any]) -> list[Any]:
    """The jobs' answers in their order, by forked processes: what is large and shared is not copied to them."""
    global _JOBS
    _JOBS = (work, jobs)
    workers = min(len(jobs), len(os.sched_getaffinity(0)))
    if workers < 2:
        return [work(job) for job in jobs]
    with ProcessPoolExecutor(workers, mp_context=get_context("fork")) as pool:
        return list(pool.map(_nth, range(len(jobs))))


_JOBS: tuple[Callable[[Any], Any], Sequence[Any]] = (lambda _: None, ())


def _nth(number: int) -> Any:
    work, jobs = _JOBS
    return work(jobs[number])


def end_of(history: History) -> datetime:
    last = int(history.received[-1]) if len(history) else 0
    return datetime.fromtimestamp(last / 1e6, UTC) + timedelta(days=1)


def report(
    country: LoadedCountry, outcome: Outcome, history: History, events: Sequence[Happened], reach: float = 1.0, period: timedelta = PERIOD
) -> Report:
    """All that is said of a run, rule by rule.

    Args:
        history: that was run, for the probabilities in it. events: what happened; none gives no scores.
        reach: the share of people who would get a message.
        period: by which the rule is held against persistence and climatology.
    """
    rules = [_of_rule(country, rule, outcome, history, events, reach, period) for rule in country.configuration.rules]
    return Report(country.name, outcome, rules, len(events))


def _of_rule(
    country: LoadedCountry,
    rule: Rule,
    outcome: Outcome,
    history: History,
    events: Sequence[Happened],
    reach: float,
    period: timedelta,
) -> RuleReport:
    activations = outcome.of(rule.name)
    areas = areas_of(country, rule)
    years = range(outcome.first.year, outcome.last.year + 1)
    own = [e for e in events if not e.rule or e.rule == rule.name]
    conditions = {text: months_of(outcome, text, areas, country.timezone) for text in conditions_read(country.configuration, rule)}
    base = RuleReport(
        rule=rule.name,
        activations=activations,
        by_year={year: sum(a.known.year == year for a in activations) for year in years},
        afterwards=sum(a.afterwards for a in outcome.activations if a.rule == rule.name),
        areas=len(areas),
        returns=returns(activations, len(areas), outcome.first, outcome.last, SEED),
        told=told(country, activations, reach),
        months=months_of(outcome, rule.name, areas, country.timezone),
        conditions=conditions,
    )
    if not own:
        return base
    verdicts = verdicts_of(country, rule, outcome, own)
    known = sorted({v.year for v in verdicts})
    return replace(
        base,
        verdicts=verdicts,
        counts=counts_of(verdicts),
        scores=with_intervals(verdicts, known, SEED),
        skill=skill(cells_of(country, rule, outcome, own, period), SEED),
        probabilities=probabilities_of(country.configuration, rule, history, own, partial(_covers, country), SEED),
    )


def verdicts_of(country: LoadedCountry, rule: Rule, outcome: Outcome, events: Sequence[Happened]) -> list[Verdict]:
    """What became of each event and activation of a rule."""
    covered = (min(e.start - e.before for e in events), max(e.end + e.after for e in events))

    def truth(area: str, first: datetime, last: datetime) -> Truth:
        places = [a for a in areas_of(country, rule) if _covers(country, area, a)]
        found = [outcome.truths.get((rule.name, place), Steps()).within(first, last) for place in places]
        return Truth.TRUE if Truth.TRUE in found else Truth.UNKNOWN if Truth.UNKNOWN in found or not found else Truth.FALSE

    return judged(outcome.of(rule.name), events, outcome.last, lambda a, b: _covers(country, a, b), truth, covered)


def _covers(country: LoadedCountry, one: str, other: str) -> bool:
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
            if _covers(country, event.area, area):
                a, b = (event.start - first) // period, (event.end - first) // period
                happened[row, a : b + 1] = True
        own = [a for a in outcome.of(rule.name) if a.area == area]
        steps = outcome.truths.get((rule.name, area), Steps())
        for column, at in enumerate(begins):
            warned[row, column] = any(a.stands(at) for a in own)
            known[row, column] = warned[row, column] or steps.within(at, at) is not Truth.UNKNOWN
    years, months = (np.array([getattr(at, part) for at in begins], dtype=np.int64) for part in ("year", "month"))
    return Cells(areas, years, months, happened, warned, known)


def told(country: LoadedCountry, activations: Sequence[Activation], reach: float) -> Told:
    """People, messages and money: each change that would have gone out, to each person reached, in as many segments as are budgeted."""
    messaging, texts, people = country.facts.messaging, [], 0
    for activation in activations:
        if activation.quiet:
            continue
        area = country.places.areas[activation.area]
        persons = (area.population or 0) * reach
        people += round(persons)
        for language, share in country.languages_of(activation.area).items():
            texts.append(
                RenderedText(
                    language=language,
                    area=area.code,
                    body="-",
                    encoding="UCS-2",
                    segments=messaging.segments.get(language, 1),
                    reviewed=False,
                    recipients=round(persons * share * activation.messages),
                )
            )
    cost = estimate(texts, messaging.price, {})
    return Told(people, cost.recipients, cost.amount, cost.currency, cost.note)


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


def as_json(found: Report, changes: Sequence[Change] | None, sweep: Mapping[str, Sequence[Any]] | None) -> str:
    """Everything as JSON, for programs."""

    def plain(value: Any) -> Any:
        if isinstance(value, float):
            return value if math.isfinite(value) else None
        if isinstance(value, datetime):
            return value.isoformat()
        if isinstance(value, timedelta):
            return value.total_seconds()
        if isinstance(value, Mapping):
            return {str(k): plain(v) for k, v in value.items()}
        if isinstance(value, list | tuple):
            return [plain(v) for v in value]
        return {k: plain(v) for k, v in vars(value).items()} if hasattr(value, "__dict__") and not isinstance(value, int | str) else value

    told: dict[str, Any] = {"country": found.country, "first": found.outcome.first.isoformat(), "last": found.outcome.last.isoformat()}
    told |= {"readings": found.outcome.readings, "rules": [plain(rule) for rule in found.rules]}
    told |= {"changes": plain(list(changes))} if changes is not None else {}
    told |= {"sweep": plain(sweep)} if sweep is not None else {}
    return json.dumps(told, ensure_ascii=False)
