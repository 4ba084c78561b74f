"""The planner's page as plain values: years, warnings and events, the trade-off, people and cost, and what differs from today."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import urlencode

from console.backtest_report import Told
from console.evidence_views import quiet_text
from console.interface.speaking import _, fixed, later, number
from console.local_time import LocalTime, span_words
from console.names import Names
from console.planner import Curve
from console.planner_worker import Moved, Point
from console.trade_off import Drawing, drawing
from processors.backtest import Activation
from processors.backtest_moves import Judged, Movable
from processors.verification import Counts, Verdict

_MOST = 100
"""Warnings or events in one list; a page is read, not searched."""


@dataclass(frozen=True)
class Choice:
    """Something that can be chosen."""

    name: str
    title: str
    chosen: bool


@dataclass(frozen=True)
class Chosen:
    """What the form shows.

    Attributes:
        note: what was not taken as it was asked. first, last: the days asked for; empty for all. span: the history's first and last day.
        has_events: the history says what happened. is_case: what must be warned of, not what happened, is what it says.
        others: the other rules that read the threshold. folder: the country's, below that of all.
    """

    histories: tuple[Choice, ...]
    rules: tuple[Choice, ...]
    levels: tuple[Choice, ...]
    history: str
    rule: str
    level: Movable
    value: float
    note: str
    first: str
    last: str
    span: tuple[str, str]
    has_events: bool
    is_case: bool
    others: tuple[str, ...]
    folder: str

    def address(self, value: float | None = None, path: str = "/planner") -> str:
        """The page with another value."""
        chosen = self.value if value is None else value
        asked = {"history": self.history, "rule": self.rule, "from": self.first, "to": self.last, "level": self.level.name}
        return f"{path}?{urlencode({k: v for k, v in {**asked, 'value': f'{chosen:.10g}'}.items() if v})}"


@dataclass(frozen=True)
class Figures:
    """One side of the comparison."""

    text: str
    warnings: int
    hits: str
    misses: str
    cannot_tell: str
    false_alarms: str
    pod: str
    far: str
    csi: str
    lead: str
    people: str
    messages: str
    money: str


@dataclass(frozen=True)
class YearLine:
    """One year: figures now, and today's beside them."""

    year: int
    now: tuple[str, ...]
    today: tuple[str, ...]


@dataclass(frozen=True)
class Item:
    """A warning or an event in a list. `at`: when it was known, or when it began. level: a warning's highest."""

    place: str
    at: datetime
    says: str
    level: str = ""


@dataclass(frozen=True)
class Listed:
    """A list of warnings or events. left_off: how many more there are."""

    id: str
    title: str
    items: tuple[Item, ...]
    left_off: int
    none: str


@dataclass(frozen=True)
class Value:
    """One value of the trade-off as a line of its table. mark: in words whether it is today's or the moved one. shown: the latter."""

    address: str
    text: str
    warnings: int
    pod: str
    far: str
    csi: str
    mark: str
    shown: bool = False


@dataclass(frozen=True)
class PlannerView:
    """The whole page.

    Attributes:
        moved: the level stands elsewhere than in the file. scored: there are events to hold the rule against; else `why_not` says why not.
    """

    chosen: Chosen
    moved: bool
    scored: bool
    why_not: str
    first: datetime
    last: datetime
    areas: int
    events: int
    afterwards: int
    today: Figures
    now: Figures
    cost_note: str
    years: tuple[YearLine, ...]
    became: tuple[Listed, ...]
    kept: int
    differs: tuple[Listed, ...]
    drawn: Drawing
    values: tuple[Value, ...]
    judged: int
    of: int
    export: str
    rule_title: str


def planner_view(chosen: Chosen, moved: Moved, curve: Curve, names: Names) -> PlannerView:
    """The page of a move."""
    now, today = moved.now, moved.today
    scored = now.counts is not None
    points = _with_moved(curve.points, now, chosen)
    return PlannerView(
        chosen=chosen,
        moved=chosen.value != chosen.level.number,
        scored=scored,
        why_not="" if scored else _why_not(chosen),
        first=now.first,
        last=now.last,
        areas=moved.areas,
        events=moved.events,
        afterwards=now.afterwards,
        today=_figures(today, moved.cost_today),
        now=_figures(now, moved.cost_now),
        cost_note=moved.cost_now.note,
        years=tuple(
            YearLine(n.year, _of_year(n.warnings, n.counts, scored), _of_year(t.warnings, t.counts, scored))
            for n, t in zip(now.years, today.years, strict=True)
        ),
        became=_became(now, names)
        if scored
        else (_warnings("warnings", _("Warnings"), now.activations, names, _("It would not have spoken.")),),
        kept=moved.kept,
        differs=(
            _warnings("gained", _("Warnings that today's rule would not have given"), moved.gained, names, _("None.")),
            _warnings("lost", _("Warnings of today's rule that would not have been given"), moved.lost, names, _("None.")),
        ),
        drawn=drawing(points, chosen.level.number, chosen.value, chosen.level.text),
        values=tuple(_value(point, chosen) for point in points),
        judged=len(curve.points),
        of=curve.of,
        export=chosen.address(path="/planner/export"),
        rule_title=names.rule(chosen.rule),
    )


def _why_not(chosen: Chosen) -> str:
    if chosen.is_case and chosen.has_events:
        return _("Of this rule the case does not say what it must have warned of, so hits and misses cannot be told.")
    if chosen.has_events:
        return _("No event of the file lies in this period and is one that this rule is held against, so hits and misses cannot be told.")
    return _(
        "Nothing says what happened in these years, so hits and misses cannot be told: put a file `events.csv` into the history's folder."
    )


def _with_moved(points: Sequence[Point], now: Judged, chosen: Chosen) -> list[Point]:
    """The points of the curve, with the moved value among them."""
    scores = now.scores or {}
    pod, far, csi = (scores[name] if name in scores and scores[name] == scores[name] else None for name in ("POD", "FAR", "CSI"))
    mine = Point(chosen.value, len(now.activations), pod, far, csi)
    return sorted([*(p for p in points if p.value != chosen.value), mine], key=lambda p: p.value)


def _figures(judged: Judged, cost: Told) -> Figures:
    hits, misses, unknown, false = _counted(judged.counts)
    pod, far, csi = (number_text((judged.scores or {}).get(name)) for name in ("POD", "FAR", "CSI"))
    return Figures(
        text=judged.text,
        warnings=len(judged.activations),
        hits=hits,
        misses=misses,
        cannot_tell=unknown,
        false_alarms=false,
        pod=pod,
        far=far,
        csi=csi,
        lead=lead_text(judged.lead) if judged.lead is not None else _("cannot tell"),
        people=number(cost.people),
        messages=number(cost.messages),
        money=f"{fixed(cost.money, 0)} {cost.currency}",
    )


def _counted(counts: Counts | None) -> tuple[str, str, str, str]:
    if counts is None:
        return (_("cannot tell"),) * 4
    return fixed(counts.hits, 0), fixed(counts.misses, 0), fixed(counts.cannot_tell, 0), fixed(counts.false_alarms, 0)


def _of_year(warnings: int, counts: Counts, scored: bool) -> tuple[str, ...]:
    if not scored:
        return (number(warnings),)
    hits, misses, unknown, false = _counted(counts)
    return number(warnings), hits, misses, unknown, false


def number_text(value: float | None) -> str:
    """A ratio with two places; where there is nothing to divide by nobody can tell it."""
    return fixed(value, 2) if value is not None and value == value else _("cannot tell")


def lead_text(lead: timedelta) -> str:
    """How long before an event's start it was known: `36 h before`, `14 d after`."""
    hours = abs(lead) / timedelta(hours=1)
    if not hours:
        return _("at its start")
    span = span_words(timedelta(hours=round(hours))) if hours < 72 else span_words(timedelta(days=round(hours / 24)))
    return _("{span} before", span=span) if lead > timedelta(0) else _("{span} after", span=span)


def _became(judged: Judged, names: Names) -> tuple[Listed, ...]:
    """What became of each event, and the warnings that met none."""
    hits = [_event(v, names) for v in judged.verdicts if v.kind == "hit"]
    misses = [_event(v, names) for v in judged.verdicts if v.kind == "miss"]
    unknown = [_event(v, names) for v in judged.verdicts if v.kind == "cannot tell"]
    false = [v.activation for v in judged.verdicts if v.kind == "false alarm" and v.activation is not None]
    return (
        _listed("hits", _("Hits"), hits, _("No event had a warning.")),
        _listed("misses", _("Misses"), misses, _("No event was missed.")),
        _listed("cannot-tell", _("Events of which the rule could not tell"), unknown, _("None.")),
        _warnings("false-alarms", _("False alarms"), false, names, _("Every warning that can be judged met an event.")),
    )


def _event(verdict: Verdict, names: Names) -> Item:
    event = verdict.happened
    if event is None:
        raise AssertionError("a verdict on an event has one")
    says, level = event.what, ""
    if verdict.activation is not None and verdict.lead is not None:
        clock = LocalTime(names.country.timezone)
        known, lead = clock.text(verdict.activation.known), lead_text(verdict.lead)
        warned = (
            _("warned {moment}, {lead} its start", moment=known, lead=lead)
            if verdict.lead
            else _("warned {moment}, at its start", moment=known)
        )
        says = f"{says}; {warned}"
        level = verdict.activation.level.word
    return Item(names.place(event.area), event.start, says, level)


def _warnings(id: str, title: str, activations: Sequence[Activation], names: Names, none: str) -> Listed:
    clock = LocalTime(names.country.timezone)
    items = []
    for a in activations:
        since = clock.text(a.since)
        if a.until is not None:
            says = _("true since {since}, until {until}", since=since, until=clock.text(a.until))
        else:
            says = _("true since {since}, still open at the end", since=since)
        quiet = _("quiet: {why}", why=quiet_text(a.quiet, names, clock)) if a.quiet else ""
        items.append(Item(names.place(a.area), a.known, f"{says}; {quiet}" if quiet else says, a.level.word))
    return _listed(id, title, items, none)


def _listed(id: str, title: str, items: Sequence[Item], none: str) -> Listed:
    return Listed(id, f"{title} ({number(len(items))})", tuple(items[:_MOST]), max(len(items) - _MOST, 0), none)


def _value(point: Point, chosen: Chosen) -> Value:
    marks = [_(word) for word, value in ((later("today"), chosen.level.number), (later("shown"), chosen.value)) if point.value == value]
    pod, far, csi = (number_text(value) for value in (point.pod, point.far, point.csi))
    return Value(
        chosen.address(point.value), f"{point.value:.10g}", point.warnings, pod, far, csi, ", ".join(marks), point.value == chosen.value
    )
