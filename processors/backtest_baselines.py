"""The baselines of the years as the job would have made them: each from what had been received until then, no reading more.

The job makes a threshold's baseline whenever its feed brought readings, out of the whole archive. Here what is known grows with each
delivery, and only rows that can come out otherwise than before are made again: `tests/backtest` holds them against the job's own.
"""

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from math import isnan

from processors.baselines import season
from processors.bounds import Bound
from processors.history import NOT_SAID, Delivery, History
from processors.kinds import BASELINE_KINDS, KINDS, bounds_of
from processors.kinds.kind import Baselined
from processors.kinds.periods import Period
from schemas.configuration import Configuration
from schemas.inputs import Baseline, BaselineRow
from schemas.microseconds import from_microseconds, to_microseconds
from schemas.thresholds import BaselineSettings, Threshold

_OTHER_YEARS_ALONE = {"endemic_channel"}
"""Kinds whose rows of a season rest on no reading of the season's own months."""
_USUAL = ("mean", "expected")
"""The statistic that a bound of standard deviations is counted from, by kind."""


@dataclass(frozen=True)
class Made:
    """The baselines of one threshold over the years, by the moment each was made; each holds the rows that differ from those before."""

    threshold: Threshold
    baselines: tuple[Baseline, ...]


def baselines_of(configuration: Configuration, history: History, known: Mapping[str, Made] | None = None) -> dict[str, Made]:
    """Threshold to its baselines over a history.

    Args:
        known: made before, of this history. What another configuration needs of them is taken from there: as it is, or held against
            other levels, where a baseline's statistics say what those are.

    Raises:
        ConfigurationError: a threshold's settings are not those of its kind.
    """
    found: dict[str, Made] = {}
    for threshold in configuration.thresholds:
        if threshold.kind in BASELINE_KINDS:
            before = (known or {}).get(threshold.name)
            made = _taken_over(before, threshold) if before is not None else None
            found[threshold.name] = made if made is not None else Made(threshold, tuple(_made(configuration, threshold, history)))
    return found


def in_order(made: Mapping[str, Made]) -> list[Baseline]:
    """All baselines by the moment they were made."""
    return sorted((b for one in made.values() for b in one.baselines), key=lambda b: (b.at, b.threshold))


def judged_since(since: datetime | None, history: History, made: Mapping[str, Made]) -> tuple[History, dict[str, Made]]:
    """What is judged from a moment on: readings received since then, and the last baseline made before it as its first.

    Args:
        since: UTC; none for all of the history.
    """
    if since is None:
        return history, dict(made)
    found = {}
    for name, one in made.items():
        before = [b for b in one.baselines if b.at < since]
        rows = {(row.area, row.start): row for b in before for row in b.rows}
        first = [b.model_copy(update={"at": since, "rows": tuple(rows.values())}) for b in before[-1:]]
        found[name] = Made(one.threshold, (*first, *(b for b in one.baselines if b.at >= since)))
    return history.since(to_microseconds(since)), found


def _made(configuration: Configuration, threshold: Threshold, history: History) -> Iterator[Baseline]:
    kind = KINDS[threshold.kind].baseline
    own = history.of(indicators=[threshold.indicator])
    if kind is None or not len(own):
        return
    settings = threshold.baseline if threshold.baseline is not None else BaselineSettings()
    areas = {a.code for a in configuration.areas if a.level == threshold.at}
    delay = max((f.delay for f in configuration.feeds if threshold.indicator in f.indicators), default=timedelta(0))
    soon = threshold.model_copy(update={"horizon": timedelta(0)})
    known = _Known(kind, settings, areas)
    said: dict[tuple[str, datetime], BaselineRow] = {}
    served: datetime | None = None
    for delivery in own.deliveries:
        at = from_microseconds(delivery.received)
        touched, late = known.take(own, delivery)
        # What came in order changes no row of a period before its own; what did not may change all that can still be judged.
        first, last = season(threshold if late or served is None else soon, at, delay)
        moved = last != served
        if not moved and not late and threshold.kind in _OTHER_YEARS_ALONE:
            continue
        served = last
        changed = []
        for area in sorted(known.values if moved else touched):
            for row in kind.rows(area, known.values[area], settings, bounds_of(threshold), first, last):
                if said.get((area, row.start)) != row:
                    said[area, row.start] = row
                    changed.append(row)
        if changed:
            yield Baseline(at=at, threshold=threshold.name, inputs_hash=f"{delivery.received:x}", rows=tuple(changed))


@dataclass
class _Known:
    """What had been received of one indicator, by area and period: of each identity the reading that wins.

    Attributes:
        values: area to period to its value; a null is no value.
    """

    kind: Baselined
    settings: BaselineSettings
    areas: set[str]
    values: dict[str, dict[int, float]] = field(default_factory=lambda: defaultdict(dict))
    _readings: dict[tuple[str, int], dict[tuple[int, int], tuple[int, float]]] = field(default_factory=lambda: defaultdict(dict))
    _newest: dict[str, int] = field(default_factory=dict)

    def take(self, history: History, delivery: Delivery) -> tuple[set[str], bool]:
        """Take in a delivery; answer the areas it spoke of, and whether it said something of a period that was spoken of, or before it."""
        period: Period = self.kind.period(self.settings)
        touched, late = set(), False
        for n in range(delivery.first, delivery.last):
            area = history.areas[history.area[n]]
            if area not in self.areas or (history.leads is not None and history.leads[n] != NOT_SAID):
                continue
            start, end = int(history.starts[n]), int(history.ends[n])
            key = period.key(from_microseconds(start), from_microseconds(end))
            issued = int(history.issued[n]) if history.issued is not None else NOT_SAID
            readings = self._readings[area, key]
            if issued >= readings.get((start, end), (NOT_SAID, 0.0))[0]:
                readings[start, end] = issued, float(history.values[n])
            self._value(area, key)
            touched.add(area)
            late |= key <= self._newest.get(area, key - 1)
            self._newest[area] = max(key, self._newest.get(area, key))
        return touched, late

    def _value(self, area: str, key: int) -> None:
        """The period's value: the greatest reading where the kind asks for it, else the one that begins last."""
        given = [(start, end, value) for (start, end), (_, value) in self._readings[area, key].items() if not isnan(value)]
        if given:
            self.values[area][key] = max(value for *_, value in given) if self.kind.greatest else max(given)[2]
        else:
            self.values[area].pop(key, None)


def _taken_over(before: Made, threshold: Threshold) -> Made | None:
    """The baselines of a threshold out of those of one that differs in its levels or in nothing; none if that cannot be."""
    if threshold.model_dump(include=_INPUTS) != before.threshold.model_dump(include=_INPUTS):
        return None
    old, new = bounds_of(before.threshold), bounds_of(threshold)
    if old == new:
        return Made(threshold, before.baselines)
    if not all(_held_against(row, old) == row for baseline in before.baselines for row in baseline.rows):
        return None
    found = []
    for baseline in before.baselines:
        rows = tuple([held for row in baseline.rows if (held := _held_against(row, new)) is not None])
        found.append(baseline.model_copy(update={"rows": rows}))
    return Made(threshold, tuple(found))


_INPUTS = {"name", "indicator", "at", "kind", "baseline", "horizon"}
"""What of a threshold decides the statistics of its baseline."""


def _held_against(row: BaselineRow, bounds: Sequence[Bound]) -> BaselineRow | None:
    """A row with the bounds that its statistics give; none if they do not give them."""
    usual = next((row.statistics[name] for name in _USUAL if name in row.statistics), None)
    if not row.admitted:
        return row
    if usual is None or "sd" not in row.statistics:
        return None
    found = {b.level.word: usual + (b.number or 0.0) * row.statistics["sd"] for b in bounds}
    return row.model_copy(update={"bounds": found})
