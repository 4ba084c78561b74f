"""How good warnings were: warnings against what happened, with an interval, and against forecasts that cost nothing.

The four ratios are those of the field (WMO, Joint Working Group on Forecast Verification Research). Warnings and events are not one to
one: several warnings may meet one event. So the probability of detection counts events and the false alarm ratio counts warnings, and
CSI and bias follow from the two (Schaefer 1990, The critical success index as an indicator of warning skill, Weather and Forecasting 5,
570-575); where they are one to one, these are a / (a + b + c) and (a + b) / (a + c).

Ours and not a library's: `scores` 2.7 gives the same answers on Finley's tornado forecasts (1884), but to import it takes two seconds.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from statistics import median

import numpy as np
import numpy.typing as npt

from processors.backtest import Activation
from schemas.levels import Truth

Numbers = npt.NDArray[np.float64]
Flags = npt.NDArray[np.bool_]
TruthOf = Callable[[str, datetime, datetime], Truth]
"""Whether a rule was true in an area at some moment of a span: false only if it is known to have been false throughout it."""
REPLICATES = 1000
SEED = 1884
"""Of the bootstrap; the year of Finley's tornado forecasts."""
_INTERVAL = (0.05, 0.95)


@dataclass(frozen=True)
class Happened:
    """Something that happened, against which warnings are held.

    Attributes:
        start, end: in valid time, UTC. what, source: for people.
        before: how long before its start a warning may come and still be of it. after: how long after its end.
        rule: if given, the rule that it is held against; else all are.
    """

    area: str
    start: datetime
    end: datetime
    what: str
    source: str
    before: timedelta
    after: timedelta
    rule: str = ""


@dataclass(frozen=True)
class Verdict:
    """What became of one event, or of one activation.

    Attributes:
        year: by which it is put into blocks. kind: `hit`, `miss`, `cannot tell` of an event; `met`, `false alarm` of an activation.
        lead: of a hit, from when the warning could be given to the event's start; negative if it came after.
    """

    year: int
    kind: str
    happened: Happened | None = None
    activation: Activation | None = None
    lead: timedelta | None = None


@dataclass(frozen=True)
class Counts:
    """Hits, misses and events of which nobody could tell; activations that met an event, and those that met none."""

    hits: float = 0
    misses: float = 0
    met: float = 0
    false_alarms: float = 0
    cannot_tell: float = 0


@dataclass(frozen=True)
class Interval:
    """A figure with its 90 % interval; NaN where there is nothing to divide by. Of one year alone there is no interval: it is NaN too."""

    value: float
    low: float
    high: float


def judged(
    activations: Sequence[Activation],
    events: Sequence[Happened],
    end: datetime,
    covers: Callable[[str, str], bool],
    truth: TruthOf,
    covered: tuple[datetime, datetime],
) -> list[Verdict]:
    """Each event and each activation of one rule with what became of it.

    Args:
        end: of the run; an activation that goes on lasts until then.
        covers: whether an event's area and an activation's are one, or one lies in the other.
        covered: the time for which events are listed; activations that were over before it or began after it are not judged.
    """
    found: list[Verdict] = []
    met: set[str] = set()
    for event in events:
        first, last = event.start - event.before, event.end + event.after
        matches = [a for a in activations if covers(event.area, a.area) and a.known <= last and (a.closed or end) >= first]
        met |= {a.id for a in matches}
        if matches:
            earliest = min(matches, key=lambda a: (a.known, a.id))
            found.append(Verdict(event.start.year, "hit", event, earliest, event.start - earliest.known))
        else:
            # True, and nobody warned: it was known too late. That is a miss too.
            unknown = truth(event.area, first, last) is Truth.UNKNOWN
            found.append(Verdict(event.start.year, "cannot tell" if unknown else "miss", event))
    for activation in activations:
        if (activation.closed or end) >= covered[0] and activation.known <= covered[1]:
            kind = "met" if activation.id in met else "false alarm"
            found.append(Verdict(activation.known.year, kind, activation=activation))
    return found


def counts_of(verdicts: Sequence[Verdict]) -> Counts:
    """How many of each."""
    by = {kind: float(sum(v.kind == kind for v in verdicts)) for kind in ("hit", "miss", "met", "false alarm", "cannot tell")}
    return Counts(by["hit"], by["miss"], by["met"], by["false alarm"], by["cannot tell"])


def scores(hits: Numbers, misses: Numbers, met: Numbers, false_alarms: Numbers) -> dict[str, Numbers]:
    """The four ratios of each column of counts; NaN where there is nothing to divide by."""
    with np.errstate(divide="ignore", invalid="ignore"):
        pod = hits / (hits + misses)
        far = false_alarms / (met + false_alarms)
        csi = np.where((hits == 0) & (misses + false_alarms > 0), 0.0, 1 / (1 / pod + 1 / (1 - far) - 1))
        bias = np.where(met == 0, (met + false_alarms) / (hits + misses), pod / (1 - far))
    return {"POD": pod, "FAR": far, "CSI": csi, "bias": bias}


def scored(counts: Counts) -> dict[str, float]:
    """The four ratios of one set of counts."""
    columns = [np.array([n], dtype=np.float64) for n in (counts.hits, counts.misses, counts.met, counts.false_alarms)]
    return {name: float(found[0]) for name, found in scores(*columns).items()}


def with_intervals(verdicts: Sequence[Verdict], years: Sequence[int], seed: int) -> dict[str, Interval]:
    """The four ratios and the median lead time in hours, each with a bootstrap interval.

    Whole years are drawn, because what happens in one year is not independent: a wet monsoon has many floods, and one gauge that lies
    makes many false alarms.
    """
    values = scored(counts_of(verdicts))
    by_year = [counts_of([v for v in verdicts if v.year == year]) for year in years]
    table = np.array([(c.hits, c.misses, c.met, c.false_alarms) for c in by_year], dtype=np.float64).reshape(len(years), 4)
    drawn = draws(len(years), seed)
    found = {name: interval(values[name], column, len(years)) for name, column in scores(*(drawn @ table).T).items()}
    leads = [[v.lead / timedelta(hours=1) for v in verdicts if v.lead is not None and v.year == year] for year in years]
    everything = [lead for of_year in leads for lead in of_year]
    medians = [median(some) if (some := [x for n, k in enumerate(row) for x in leads[n] * int(k)]) else np.nan for row in drawn]
    found["lead (h)"] = interval(median(everything) if everything else float("nan"), np.array(medians), len(years))
    return found


def draws(blocks: int, seed: int, replicates: int = REPLICATES) -> Numbers:
    """How often each block is drawn, a row a replicate: as many as there are, with replacement."""
    chance = np.random.default_rng(seed)
    return chance.multinomial(blocks, np.full(blocks, 1 / blocks), size=replicates).astype(np.float64) if blocks else np.zeros((0, 0))


def interval(value: float, replicates: Numbers, years: int) -> Interval:
    """A figure with the interval that its replicates give.

    Args:
        years: how many were drawn from; one alone can only be drawn again.
    """
    known = replicates[np.isfinite(replicates)]
    low, high = np.quantile(known, _INTERVAL) if len(known) and years > 1 else (np.nan, np.nan)
    return Interval(float(value), float(low), float(high))


def brier(probabilities: Numbers, happened: Flags) -> float:
    """The mean of the squared distance between a probability and what happened (1 or 0); a yes or no is a probability of 1 or 0."""
    return float(np.mean((probabilities - happened) ** 2)) if len(happened) else float("nan")


@dataclass(frozen=True)
class Cells:
    """Areas and periods, a row an area: what happened in each period, and what was in force at its beginning.

    Attributes:
        years: of each period. months: 1 to 12, of each period. known: where the rule could be told at the beginning of the period.
    """

    areas: Sequence[str]
    years: npt.NDArray[np.int64]
    months: npt.NDArray[np.int64]
    happened: Flags
    warned: Flags
    known: Flags


@dataclass(frozen=True)
class Skill:
    """A rule against forecasts that cost nothing, on the same areas and periods.

    Attributes:
        cells, unknown: how many could be judged, and in how many nobody could tell. base_rate: in which share something happened.
        csi, csi_persistence: of the rule, and of "the same as in the period before". better: the difference.
        brier, brier_persistence, brier_climatology: of the rule's yes or no, of persistence, of the share for that area and month.
        over_persistence, over_climatology: Brier skill; 1 is perfect, 0 no better than the reference, negative worse.
    """

    cells: int
    unknown: int
    base_rate: float
    csi: float
    csi_persistence: float
    better: Interval
    brier: float
    brier_persistence: float
    brier_climatology: float
    over_persistence: Interval
    over_climatology: Interval

    @property
    def beats_persistence(self) -> bool | None:
        """Whether the rule is better; none if the interval holds both answers, or nothing can be said."""
        if not np.isfinite(self.better.low) or self.better.low <= 0 < self.better.high:
            return None
        return self.better.low > 0


def skill(cells: Cells, seed: int) -> Skill:
    """A rule's skill: the rule as it stood at the beginning of each period, against what happened in it.

    Persistence says that what happened in the period before happens again. Climatology is the share of periods of the same month of the
    year, in the same area, in all other years, so it knows more than anybody knew then. The first period has no one before it and is left
    out, as are cells in which nobody could tell.
    """
    happened, warned, before = cells.happened[:, 1:], cells.warned[:, 1:], cells.happened[:, :-1]
    counted = cells.known[:, 1:]
    usual = climatology(cells)[:, 1:]
    years = np.unique(cells.years[1:])
    sums = np.zeros((len(years), 11))
    for n, year in enumerate(years.tolist()):
        chosen = counted & (cells.years[1:] == year)[None, :]
        o, f, p, c = (x[chosen] for x in (happened, warned, before, usual))
        with_usual = np.isfinite(c)
        sums[n] = (
            (f & o).sum(), (f & ~o).sum(), (~f & o).sum(), (p & o).sum(), (p & ~o).sum(), (~p & o).sum(),
            (f != o).sum(), (p != o).sum(), ((c - o)[with_usual] ** 2).sum(), (f != o)[with_usual].sum(), with_usual.sum(),
        )  # fmt: skip
    total = sums.sum(axis=0)
    drawn = draws(len(years), seed) @ sums
    number = int(counted.sum())
    share = number if number else float("nan")
    return Skill(
        cells=number,
        unknown=int((~counted).sum()),
        base_rate=float(happened[counted].mean()) if number else float("nan"),
        csi=float(_csi(total[None, 0:3])[0]),
        csi_persistence=float(_csi(total[None, 3:6])[0]),
        better=interval(float(_better(total[None])[0]), _better(drawn), len(years)),
        brier=float(total[6] / share),
        brier_persistence=float(total[7] / share),
        brier_climatology=float(total[8] / total[10]) if total[10] else float("nan"),
        over_persistence=interval(float(_over(total[None], 6, 7)[0]), _over(drawn, 6, 7), len(years)),
        over_climatology=interval(float(_over(total[None], 9, 8)[0]), _over(drawn, 9, 8), len(years)),
    )


def _csi(counts: Numbers) -> Numbers:
    with np.errstate(divide="ignore", invalid="ignore"):
        csi: Numbers = counts[:, 0] / counts.sum(axis=1)
    return csi


def _better(sums: Numbers) -> Numbers:
    return _csi(sums[:, 0:3]) - _csi(sums[:, 3:6])


def _over(sums: Numbers, rule: int, reference: int) -> Numbers:
    with np.errstate(divide="ignore", invalid="ignore"):
        skill: Numbers = 1 - sums[:, rule] / sums[:, reference]
    return skill


def climatology(cells: Cells) -> Numbers:
    """Of each cell the share of periods of its month and area, in all other years, in which something happened."""
    usual = np.full(cells.happened.shape, np.nan)
    for month in np.unique(cells.months).tolist():
        of_month = cells.months == month
        total, number = cells.happened[:, of_month].sum(axis=1), int(of_month.sum())
        for year in np.unique(cells.years[of_month]).tolist():
            own = of_month & (cells.years == year)
            others = number - int(own.sum())
            if others:
                usual[:, own] = ((total - cells.happened[:, own].sum(axis=1)) / others)[:, None]
    return usual


@dataclass(frozen=True)
class Returns:
    """How often a rule speaks: activations a year, and once in how many years in one area and anywhere; none if it never spoke."""

    a_year: Interval
    once_in: float | None
    once_in_anywhere: float | None


def returns(activations: Sequence[Activation], areas: int, first: datetime, last: datetime, seed: int) -> Returns:
    """The return period of activation, counted over the areas in which the rule is judged."""
    span = (last - first) / timedelta(days=365.2425)
    years = range(first.year, last.year + 1)
    by_year = np.array([sum(a.known.year == year for a in activations) for year in years], dtype=np.float64)
    replicates = draws(len(by_year), seed) @ by_year / span if span > 0 else np.zeros(0)
    rate = len(activations) / span if span > 0 else float("nan")
    anywhere = _spells(activations)
    return Returns(
        a_year=interval(rate, replicates, len(years)),
        once_in=span * areas / len(activations) if activations and areas else None,
        once_in_anywhere=span / anywhere if anywhere else None,
    )


def _spells(activations: Sequence[Activation]) -> int:
    """How many stretches there were in which the rule stood somewhere."""
    count, until = 0, None
    for activation in sorted(activations, key=lambda a: (a.known, a.id)):
        if until is None or activation.known > until:
            count, until = count + 1, activation.closed or datetime.max.replace(tzinfo=activation.known.tzinfo)
        else:
            until = max(until, activation.closed or datetime.max.replace(tzinfo=activation.known.tzinfo))
    return count


def by_year(activations: Sequence[Activation], years: Collection[int]) -> Mapping[int, int]:
    """How many activations became known in each year."""
    return {year: sum(a.known.year == year for a in activations) for year in sorted(years)}
