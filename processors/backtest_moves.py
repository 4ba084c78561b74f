"""One rule over the years, and what it would have said with one of its levels moved: hits, misses and false alarms, year by year.

All that a move leaves as it is, is made once: the readings of the rule's thresholds in order of receipt, the statistics of their
baselines, and what was said of places and rules with today's numbers. A move judges the moved threshold, and the rule and those that mute
it where something else is said of it, and nothing else of the country. The answer is that of a whole backtest with the changed file.
"""

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import cached_property
from itertools import pairwise
from statistics import median

from processors.backtest import Activation, Outcome, run
from processors.backtest_baselines import Made, baselines_of, in_order
from processors.backtest_parallel import end_of
from processors.backtest_sweep import number_in, setting, with_number, within
from processors.backtest_verdicts import compared, verdicts_of
from processors.history import History
from processors.lived import LivedRules
from processors.verification import Counts, Happened, Verdict, counts_of, scored
from schemas.configuration import Configuration, Rule
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError
from schemas.levels import Level
from schemas.place_tables import nearest
from schemas.threshold_kinds import KIND_FORMS
from schemas.thresholds import Threshold, level_number

_WORDS = tuple(level.word for level in (Level.YELLOW, Level.ORANGE, Level.RED))
_SECOND = timedelta(seconds=1)
_STEPS = 4
"""Values of a trade-off on either side of today's."""


@dataclass(frozen=True)
class Movable:
    """A level that has a number: `dengue_channel.orange`, which is `mean + 2 sd` today."""

    threshold: str
    level: str
    text: str
    number: float

    @property
    def name(self) -> str:
        """Threshold and level, as they are asked for."""
        return f"{self.threshold}.{self.level}"

    @property
    def path(self) -> str:
        """The setting, as a sweep names it."""
        return f"thresholds.{self.threshold}.levels.{self.level}"


@dataclass(frozen=True)
class OfYear:
    """What a rule said in a year, by when it was known, and what became of the events that began in it."""

    year: int
    warnings: int
    counts: Counts


@dataclass(frozen=True)
class Judged:
    """A rule over the years with one value of a level.

    Attributes:
        text: the level as the file would have it. hash: of the whole configuration with it.
        activations: those that could have been warned of. afterwards: events that were known only when they were over.
        counts, scores, lead: against events; none without any. `lead` is the median of the hits.
    """

    text: str
    value: float
    hash: str
    first: datetime
    last: datetime
    activations: tuple[Activation, ...]
    afterwards: int
    verdicts: tuple[Verdict, ...]
    years: tuple[OfYear, ...]
    counts: Counts | None
    scores: Mapping[str, float] | None
    lead: timedelta | None


class Moves:
    """One rule over a history.

    Args:
        history, made: what is judged, and the baselines for it, as `judged_since` gives them.
        events: what happened; none gives no scores.
        last: up to when time goes on, UTC; by default to the end of the day of the last reading.

    Raises:
        ConfigurationError: there is no such rule, or no reading was received in that time.
    """

    def __init__(
        self,
        country: LoadedCountry,
        rule: str,
        history: History,
        made: Mapping[str, Made],
        events: Sequence[Happened] = (),
        last: datetime | None = None,
    ) -> None:
        rules = {r.name: r for r in country.configuration.rules}
        if rule not in rules:
            raise ConfigurationError(f"There is no rule `{rule}`.", remedy=nearest(rule, list(rules)))
        if not len(history):
            raise ConfigurationError("No reading was received in that time.", remedy="Widen the period.")
        self.country, self.rule = country, rules[rule]
        self.part = within(country.configuration, {rule})
        read = {t.indicator for t in self.part.thresholds}
        self.first, self.last = first_of(history), end_of(history) if last is None else last
        self.history = history.of(indicators=[i for i in history.indicators if i in read or i.split(".")[0] in read])
        self._made = {name: one for name, one in made.items() if name in {t.name for t in self.part.thresholds}}
        self.events = [e for e in events if e.rule in ("", rule) and self.first <= e.start <= self.last]
        self._known: dict[tuple[str, float], Outcome] = {}

    @property
    def movable(self) -> tuple[Movable, ...]:
        """The levels of the thresholds that the rule reads, as far as they have a number."""
        return movable(self.part, self.rule)

    def today(self, level: Movable) -> Judged:
        """The rule as the file has it."""
        return self.move(level, level.number)

    def move(self, level: Movable, value: float) -> Judged:
        """The rule with another number at a level.

        Raises:
            ConfigurationError: the level cannot have that number.
        """
        changed = moved(self.country.configuration, level, value)
        return self._judged(level, value, self.outcome(level, value), changed.hash)

    def outcome(self, level: Movable, value: float) -> Outcome:
        """What the rule, and those that mute it or that it mutes, would have said; today's is judged once for all levels."""
        today = value == level.number
        key = ("", 0.0) if today else (level.name, value)
        if key not in self._known:
            configuration = self.part if today else moved(self.part, level, value)
            outcome = replace(self._said(configuration, level.threshold), first=self.first)
            self._known = {key: outcome} | {k: o for k, o in self._known.items() if k == ("", 0.0)}
        return self._known[key]

    def _said(self, configuration: Configuration, threshold: str) -> Outcome:
        """What a configuration would have said that differs from today's in one threshold, or in nothing."""
        baselines = in_order(baselines_of(configuration, self.history, self._made))
        if self._today is not None:
            return self._today.moved(configuration, threshold, baselines)
        return run(configuration, self.history, baselines, self.last, truths=bool(self.events))

    @cached_property
    def _today(self) -> LivedRules | None:
        """Today's rules as they went; none if not all that they are judged by can be kept."""
        return LivedRules.of(self.part, self.history, in_order(baselines_of(self.part, self.history, self._made)), self.last)

    def trade_off(self, level: Movable) -> tuple[float, ...]:
        """The values of a level that its trade-off is drawn by: today's, and as many on either side, none beyond the next level."""
        return around(self._threshold(level), level)

    def _threshold(self, level: Movable) -> Threshold:
        return next(t for t in self.part.thresholds if t.name == level.threshold)

    def _judged(self, level: Movable, value: float, outcome: Outcome, configuration: str) -> Judged:
        said = outcome.of(self.rule.name)
        verdicts = verdicts_of(self.country, self.rule, outcome, self.events) if self.events else []
        counts = counts_of(verdicts) if self.events else None
        leads = [v.lead / _SECOND for v in verdicts if v.lead is not None]
        years = range(self.first.year, self.last.year + 1)
        return Judged(
            text=with_number(level.text, value),
            value=value,
            hash=configuration,
            first=self.first,
            last=self.last,
            activations=tuple(said),
            afterwards=sum(a.afterwards for a in outcome.activations if a.rule == self.rule.name),
            verdicts=tuple(verdicts),
            years=tuple(
                OfYear(year, sum(a.known.year == year for a in said), counts_of([v for v in verdicts if v.year == year])) for year in years
            ),
            counts=counts,
            scores=scored(counts) if counts is not None else None,
            lead=median(leads) * _SECOND if leads else None,
        )


def first_of(history: History) -> datetime:
    """When the first reading was received, UTC."""
    return end_of(history.until(int(history.received[0]))) - timedelta(days=1)


def difference(today: Judged, now: Judged) -> tuple[list[Activation], list[Activation], int]:
    """The warnings that are gained and those that are lost, and how many are kept."""
    changes = compared(_as_outcome(today), _as_outcome(now))
    gained = [c.after for c in changes if c.kind == "gained" and c.after is not None]
    lost = [c.before for c in changes if c.kind == "lost" and c.before is not None]
    return gained, lost, sum(c.kind == "kept" for c in changes)


def _as_outcome(judged: Judged) -> Outcome:
    return Outcome(judged.hash, judged.first, judged.last, 0, list(judged.activations))


def movable(configuration: Configuration, rule: Rule) -> tuple[Movable, ...]:
    """The levels that have a number, of the thresholds that a rule reads; a station's own levels are the source's, and have none."""
    read = {t.name for t in within(configuration, {rule.name}, muting=False).thresholds}
    found = []
    for threshold in configuration.thresholds:
        form = KIND_FORMS[threshold.kind]
        if threshold.name not in read or not form.ordered or form.levels is None:
            continue
        for word, text in ((word, threshold.levels.get(word)) for word in _WORDS):
            if text is not None and math.isfinite(number_in(text)):
                found.append(Movable(threshold.name, word, text, number_in(text)))
    return tuple(found)


def moved(configuration: Configuration, level: Movable, value: float) -> Configuration:
    """The configuration with another number at a level.

    Raises:
        ConfigurationError: it is no finite number, the level cannot have it, or it would pass the level above or below it.
    """
    if not math.isfinite(value) or abs(value) >= _GREATEST:
        raise ConfigurationError(f"`{value:g}` cannot be the number of a level.", remedy=f"Today's is {level.text}.")
    changed: Configuration = setting(configuration, level.path, value)
    threshold = next(t for t in changed.thresholds if t.name == level.threshold)
    _in_order(threshold)
    return changed


def _in_order(threshold: Threshold) -> None:
    """A higher colour takes more, as `polyrisk check` asks of the file."""
    sign = 1 if threshold.direction == "above" or KIND_FORMS[threshold.kind].sizes else -1
    words = [word for word in _WORDS if word in threshold.levels]
    try:
        bounds = [level_number(threshold, threshold.levels[word]) for word in words]
    except ValueError as error:
        raise ConfigurationError(f"{error}.".replace("..", "."), remedy="Write another number.") from error
    for (low, below), (high, above) in pairwise(zip(words, bounds, strict=True)):
        if (above - below) * sign <= 0:
            what = f"{high.capitalize()} ({threshold.levels[high]}) would be no graver than {low} ({threshold.levels[low]})."
            raise ConfigurationError(what, remedy=f"Stay between the levels beside it, or move {low} and {high} both, in the file.")


_GREATEST = 1e12
"""No quantity of the catalogue is near it, and greater numbers would not be written with all their digits."""


def around(threshold: Threshold, level: Movable) -> tuple[float, ...]:
    """Today's number of a level and some on either side: from half of it to half as much again, none past the next level."""
    span = abs(level.number) / 2 or 1.0
    others = [number_in(threshold.levels[word]) for word in _WORDS if word in threshold.levels and word != level.level]
    low = max([level.number - span, *(n for n in others if n < level.number)])
    high = min([level.number + span, *(n for n in others if n > level.number)])
    low = level.number - (level.number - low) * (0.9 if low in others else 1)
    high = level.number + (high - level.number) * (0.9 if high in others else 1)
    below = [level.number - (level.number - low) * n / _STEPS for n in range(_STEPS, 0, -1)]
    above = [level.number + (high - level.number) * n / _STEPS for n in range(1, _STEPS + 1)]
    return tuple(value if value == level.number else float(f"{value:.4g}") for value in (*below, level.number, *above))
