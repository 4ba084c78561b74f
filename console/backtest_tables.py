"""A backtest as tables for people. What a rule is worth against "the same as in the period before" stands in the first line."""

import math
from collections.abc import Iterator, Mapping, Sequence

from rich.console import Console, RenderableType
from rich.table import Table

from console.backtest_report import Report, RuleReport
from processors.backtest import Activation
from processors.backtest_sweep import Step
from processors.backtest_verdicts import Change
from processors.probability_skill import Probable
from processors.verification import Interval
from schemas.country_files import LoadedCountry

CANNOT_TELL = "cannot tell"


def verdict(found: Report) -> str:
    """What the years say in one line, the worst first."""
    scored = [r for r in found.rules if r.skill is not None]
    if not scored and found.events:
        return "No rule is held against the events of the file: whether they are right cannot be told."
    if not scored:
        return "No events to hold the rules against: this shows how often they speak, not whether they are right."
    worse = [r for r in scored if r.skill is not None and r.skill.beats_persistence is False]
    unsure = [r for r in scored if r.skill is not None and r.skill.beats_persistence is None]
    parts = [_worse(r) for r in worse]
    if unsure:
        parts.append(f"Whether {', '.join(r.rule for r in unsure)} beats persistence cannot be told from these years.")
    better = [r.rule for r in scored if r.skill is not None and r.skill.beats_persistence]
    if better:
        parts.append(f"{', '.join(better)} {'beats' if len(better) == 1 else 'beat'} persistence.")
    return " ".join(parts)


def _worse(rule: RuleReport) -> str:
    if rule.skill is None:
        return ""
    mine, reference = number(rule.skill.csi), number(rule.skill.csi_persistence)
    return f"{rule.rule} DOES NOT BEAT PERSISTENCE: “the same as in the week before” has a CSI of {reference}, the rule {mine}."


def show(
    out: Console,
    found: Report,
    country: LoadedCountry,
    changes: Sequence[Change] | None,
    sweep: Mapping[str, Sequence[Step]] | None,
    now: float,
) -> None:
    """Print the report."""
    out.print(f"[bold]{verdict(found)}[/]")
    for part in tables(found, country, changes, sweep, now):
        out.print(part, soft_wrap=False)


def tables(
    found: Report, country: LoadedCountry, changes: Sequence[Change] | None, sweep: Mapping[str, Sequence[Step]] | None, now: float
) -> Iterator[RenderableType]:
    """Every table of the report."""
    yield by_year(found)
    yield worth(found)
    if any(r.counts is not None for r in found.rules):
        yield against_events(found)
        yield against_references(found)
    if any(r.probabilities for r in found.rules):
        yield probabilities(found)
        yield reliability(found)
    yield known(found)
    if changes is not None:
        yield changed(changes, country)
    for rule, steps in (sweep or {}).items():
        yield trade_off(rule, steps, now)


def by_year(found: Report) -> Table:
    """Activations by year, with how often that is."""
    years = sorted({year for r in found.rules for year, n in r.by_year.items() if n})
    table = Table(title=f"Activations by year, {found.country}, {found.outcome.first:%Y-%m-%d} to {found.outcome.last:%Y-%m-%d}")
    table.add_column("rule")
    for name in [*map(str, years), "all", "found afterwards", "a year", "in one area once in", "anywhere once in"]:
        table.add_column(name, justify="right")
    for r in found.rules:
        rate, back = r.returns.a_year, r.returns
        cells = [str(r.by_year.get(year, 0) or "·") for year in years]
        table.add_row(
            r.rule,
            *cells,
            str(len(r.activations)),
            str(r.afterwards),
            with_interval(rate),
            _years(back.once_in),
            _years(back.once_in_anywhere),
        )
    return table


def worth(found: Report) -> Table:
    """What it would have cost: an upper bound, because everybody reached would get everything."""
    note = found.rules[0].told.note if found.rules else ""
    table = Table(title="What it would have cost if every person in the areas were reached", caption=note)
    table.add_column("rule")
    for name in ("people warned", "messages", "money", "quiet (cooled or muted)"):
        table.add_column(name, justify="right")
    for r in found.rules:
        quiet = sum(bool(a.quiet) for a in r.activations)
        table.add_row(r.rule, f"{r.told.people:,}", f"{r.told.messages:,}", f"{r.told.money:,.0f} {r.told.currency}", str(quiet))
    return table


def against_events(found: Report) -> Table:
    """Hits, misses, false alarms, and the ratios made of them."""
    table = Table(title=f"Against {found.events} events (90 % intervals, years drawn with replacement)")
    table.add_column("rule")
    for name in ("hits", "misses", "cannot tell", "false alarms", "POD", "FAR", "CSI", "bias", "median lead (h)"):
        table.add_column(name, justify="right")
    for r in found.rules:
        if r.counts is None or r.scores is None:
            continue
        c = r.counts
        cells = [f"{n:.0f}" for n in (c.hits, c.misses, c.cannot_tell, c.false_alarms)]
        table.add_row(r.rule, *cells, *(with_interval(r.scores[name]) for name in ("POD", "FAR", "CSI", "bias", "lead (h)")))
    return table


def against_references(found: Report) -> Table:
    """Against forecasts that cost nothing."""
    table = Table(title="Against forecasts that cost nothing, by area and week, as the rule stood when the week began")
    table.add_column("rule")
    names = (
        "area-weeks", "cannot tell", "base rate", "CSI", "CSI persistence", "difference", "Brier",
        "skill over persistence", "over climatology",
    )  # fmt: skip
    for name in names:
        table.add_column(name, justify="right")
    for r in found.rules:
        s = r.skill
        if s is not None:
            table.add_row(
                r.rule, f"{s.cells:,}", f"{s.unknown:,}", number(s.base_rate, 4), number(s.csi),
                number(s.csi_persistence), with_interval(s.better),
                number(s.brier, 4), with_interval(s.over_persistence), with_interval(s.over_climatology),
            )  # fmt: skip
    return table


def probabilities(found: Report) -> Table:
    """The probabilities that rules ask ensembles for, against the share for area and month."""
    table = Table(title=f"Probabilities against {found.events} events, issue by issue, in the time that each is for")
    table.add_column("rule")
    table.add_column("probability")
    for name in ("issues", "cannot tell", "base rate", "Brier", "Brier of climatology", "skill over climatology"):
        table.add_column(name, justify="right")
    for rule, quantity, p in _probabilities(found):
        rates = (number(p.base_rate, 4), number(p.brier, 4), number(p.brier_climatology, 4))
        table.add_row(rule, quantity, f"{p.issues:,}", f"{p.unknown:,}", *rates, with_interval(p.over_climatology))
    return table


def reliability(found: Report) -> Table:
    """How often it happened when so much was said."""
    table = Table(title="Reliability: of the issues that gave about one probability, the share in which it happened")
    table.add_column("rule")
    table.add_column("probability")
    for name in ("given", "issues", "mean given", "happened"):
        table.add_column(name, justify="right")
    for rule, quantity, p in _probabilities(found):
        for one in p.reliability:
            share = number(one.happened) if one.tells else f"{CANNOT_TELL}: too few"
            table.add_row(rule, quantity, f"{one.low:.1f}..{one.high:.1f}", f"{one.count:,}", number(one.mean), share)
    return table


def _probabilities(found: Report) -> Iterator[tuple[str, str, Probable]]:
    yield from ((r.rule, quantity, p) for r in found.rules for quantity, p in r.probabilities.items())


def known(found: Report) -> Table:
    """In how many area-months a rule and its conditions were true, were known not to be, and nobody could tell."""
    table = Table(title="What could be told, by area and month: true at some moment, known false throughout, or cannot tell (never a “no”)")
    for name in ("rule, and its conditions", "yes", "no", "cannot tell"):
        table.add_column(name, justify="left" if name.startswith("rule") else "right")
    for r in found.rules:
        table.add_row(f"[bold]{r.rule}[/]", *(f"{n:,}" for n in r.months))
        for condition, counts in r.conditions.items():
            table.add_row(f"  {condition}", *(f"{n:,}" for n in counts))
    return table


def changed(changes: Sequence[Change], country: LoadedCountry) -> Table:
    """Event by event: fired then, fires now, gained, lost."""
    kept = sum(c.kind == "kept" for c in changes)
    gained, lost = (sum(c.kind == kind for c in changes) for kind in ("gained", "lost"))
    table = Table(
        title=f"Against the other configuration: fired then {kept + lost}, fires now {kept + gained}, gained {gained}, lost {lost}"
    )
    for name in ("", "rule", "area", "then: known, level", "now: known, level"):
        table.add_column(name)
    for change in changes:
        either = change.after or change.before
        if either is None or (change.kind == "kept" and change.before is not None and _alike(change.before, change.after)):
            continue
        style = {"gained": "green", "lost": "red"}.get(change.kind, "")
        place = country.places.areas[either.area].names.get("en", either.area)
        cells = [_shown(a, country) for a in (change.before, change.after)]
        table.add_row(f"[{style}]{change.kind}[/]" if style else change.kind, either.rule, place, *cells)
    return table


def _alike(one: Activation, other: Activation | None) -> bool:
    return other is not None and (one.known, one.level) == (other.known, other.level)


def _shown(activation: Activation | None, country: LoadedCountry) -> str:
    return f"{activation.known.astimezone(country.timezone):%Y-%m-%d %H:%M} {activation.level.word}" if activation is not None else "-"


def trade_off(rule: str, steps: Sequence[Step], now: float) -> Table:
    """What each value of the swept setting would have made of a rule."""
    table = Table(title=f"Trade-off of {rule}; today's value is {now:g}")
    for name in ("value", "activations", "in one area once in", "POD", "FAR", "CSI", "bias"):
        table.add_column(name, justify="right")
    for s in steps:
        scores = [number((s.scores or {}).get(name, math.nan)) for name in ("POD", "FAR", "CSI", "bias")]
        table.add_row(f"{s.value:g}", str(s.activations), _years(s.once_in), *scores)
    return table


def number(value: float, places: int = 2) -> str:
    """A figure; where there is nothing to divide by nobody can tell it."""
    return f"{value:.{places}f}" if math.isfinite(value) else CANNOT_TELL


def with_interval(found: Interval, places: int = 2) -> str:
    """A figure with its interval, or why it has none."""
    figure = number(found.value, places)
    if not math.isfinite(found.value):
        return figure
    if not math.isfinite(found.low):
        return f"{figure} (one year only: no interval)"
    if found.low == found.high:
        return f"{figure} (all years alike: no interval)"
    return f"{figure} ({number(found.low, places)}..{number(found.high, places)})"


def _years(span: float | None) -> str:
    return "not once" if span is None else f"{span:.1f} years"
