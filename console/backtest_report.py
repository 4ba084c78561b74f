"""What a country's configuration would have said over the years and how good that was, rule by rule, with people and cost."""

import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from functools import partial
from typing import Any

from alerts.cost import estimate
from processors.backtest import Activation, Outcome
from processors.backtest_probabilities import probabilities_of
from processors.backtest_verdicts import Change, areas_of, cells_of, conditions_read, covers, months_of, verdicts_of
from processors.history import History
from processors.probability_skill import Probable
from processors.verification import (
    SEED,
    Counts,
    Happened,
    Interval,
    Returns,
    Skill,
    Verdict,
    counts_of,
    returns,
    skill,
    with_intervals,
)
from schemas.configuration import Rule
from schemas.country_files import LoadedCountry
from schemas.warning_records import RenderedText

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
        probabilities=probabilities_of(country.configuration, rule, history, own, partial(covers, country), SEED),
    )


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
