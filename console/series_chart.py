"""A place's series as a drawing and in words. Across, places are per cent, so that it fits any width; up, they are CSS pixels."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import groupby

from console.code_words import quality_word
from console.colours import word_of
from console.evidence_views import ANSWERS
from console.interface.speaking import _, later, number
from console.local_time import LocalTime, span_text
from console.names import Names, colour
from console.place_series import Issue, LevelLine, PlaceSeries
from console.quantities import quantity, unit_word
from console.reading_order import SeriesReading
from console.time_axis import Axis, Tick, ticks
from schemas.indicators import CATALOGUE

TOP, TALL, BOTTOM = 36, 170, 20
"""Height of the band of marks, of the drawing itself, of the axis."""
_LABEL = 15
_TICKS, _TICK_LABEL, _LAST = 5, 15.0, 86.0
"""Marks of the axis, room for the label of one in per cent of a narrow screen, and from where on it is written before its mark."""
_ALL_DOTS, _DOUBTS = 60, 3
_STEPPED = "level"
"""The unit of what holds until the next word of it."""
_BARE = {_STEPPED, "LCU/kg"}
"""Units that the drawing's title says once, for they are words."""
_CITED, _LATE, _CORRECTED = later("named in the tree"), later("came late, after a newer one"), later("corrected afterwards, not counted")
_CORRECTS, _GAVE_NONE = later("takes the place of another"), later("the source gave no value")


@dataclass(frozen=True)
class Dot:
    """A reading on the drawing. `look` is `plain`, `cited`, `late`, `corrected` or `none`, which is a source that gave no value."""

    x: float
    y: float
    look: str


@dataclass(frozen=True)
class LevelMark:
    """A level: its lines (from, until, height), and its label, which stands where no other does."""

    level: str
    lines: tuple[tuple[float, float, float], ...]
    label: str
    label_y: float


@dataclass(frozen=True)
class MomentMark:
    """A moment across the whole drawing. `before`: its label stands before it."""

    x: float
    label: str
    before: bool
    row: int


@dataclass(frozen=True)
class Span:
    """From the lowest to the highest of a forecast's members at one time, and the middle one."""

    x: float
    top: float
    bottom: float
    middle: float


@dataclass(frozen=True)
class SeriesRow:
    """A reading in the table. `says` is what marks it."""

    valid: str
    value: str
    received: str
    source: str
    delivery: str
    says: str


@dataclass(frozen=True)
class SeriesChart:
    """The drawing of one series.

    Attributes:
        answer, truth: how the rule's condition stood, in words and for its look.
        path: the readings joined, in thousandths across and pixels up. unknown: (from, width), where nobody knew.
        now: where the moment looked at lies, if what is forecast goes on behind it.
        low, high: the ends of the scale. says: all of it in words, for who does not see it.
        doubts: since when nobody knew. notes: what a person must know beside it.
        legend: which looks there are, with their words. rows: the readings that are drawn. forecast: its steps, if there are any.
    """

    title: str
    place: str
    unit: str
    answer: str
    truth: str
    asked: str
    path: str
    dots: tuple[Dot, ...]
    spans: tuple[Span, ...]
    levels: tuple[LevelMark, ...]
    moments: tuple[MomentMark, ...]
    unknown: tuple[tuple[float, float], ...]
    now: float | None
    ticks: tuple[Tick, ...]
    low: str
    high: str
    says: str
    doubts: tuple[str, ...]
    notes: tuple[str, ...]
    legend: tuple[tuple[str, str], ...]
    rows: tuple[SeriesRow, ...]
    forecast: tuple[SeriesRow, ...]
    top: int = TOP
    tall: int = TALL
    height: int = TOP + TALL + BOTTOM
    last_tick: float = _LAST


def series_chart(series: PlaceSeries, names: Names, clock: LocalTime) -> SeriesChart:
    """The drawing of a series."""
    return _Chart(series, names, clock).made()


class _Chart:
    def __init__(self, series: PlaceSeries, names: Names, clock: LocalTime) -> None:
        self._series, self._names, self._clock = series, names, clock
        self._unit = CATALOGUE[series.threshold.indicator].unit
        steps = series.issue.steps if series.issue is not None else ()
        self._axis = Axis(series.first, max([series.last, *(step.valid for step in steps)]))
        self._low, self._high = self._scale()

    def made(self) -> SeriesChart:
        """All of it."""
        series, dots = self._series, tuple(self._dots())
        later = self._axis.end > series.last
        return SeriesChart(
            title=self._title(), place=self._names.place(series.place), unit=self._unit_words(),
            answer=_(ANSWERS[series.truth]), truth=series.truth.value,
            asked=_("asked for: {level} or more", level=colour(series.asked)) if series.asked else _("asked for: silence"),
            path="".join(self._path()), dots=dots, spans=tuple(self._spans()), levels=self._levels(), moments=tuple(self._moments()),
            unknown=tuple(self._width(*span) for span in series.unknown), now=self._axis.x(series.last) if later else None,
            ticks=tuple(self._ticks()), low=self._end_of_scale(self._low), high=self._end_of_scale(self._high),
            says=" ".join(self._sentences()), doubts=tuple(self._doubts()), notes=tuple(self._notes()),
            legend=tuple(self._legend({dot.look for dot in dots})),
            rows=tuple(self._row(one) for one in series.readings), forecast=tuple(self._forecast_rows(series.issue)),
        )  # fmt: skip

    def _title(self) -> str:
        title = self._names.indicator(self._series.threshold.indicator)
        return f"{title[:1].upper()}{title[1:]}"

    def _unit_words(self) -> str:
        return unit_word(self._unit)

    def _scale(self) -> tuple[float, float]:
        series = self._series
        values = [one.value for one in series.readings if one.value is not None]
        values += [value for level in series.levels for _, _, value in level.steps]
        values += [value for step in (series.issue.steps if series.issue else ()) for value in (step.lowest, step.highest)]
        low, high = min(values, default=0.0), max(values, default=1.0)
        room = (high - low) * 0.08 or abs(high) * 0.1 or 1.0
        return (low if 0 <= low < room else low - room), high + room

    def _end_of_scale(self, value: float) -> str:
        """The value at an end of the scale; nothing where a level's line would go through it, or says enough."""
        lines = [self._y(step[2]) for level in self._series.levels for step in level.steps]
        near = any(abs(self._y(value) - y) < _LABEL + 6 for y in lines)
        return "" if near or self._unit == _STEPPED else self._with_unit(value)

    def _ticks(self) -> Iterator[Tick]:
        """Those whose labels lie apart on a narrow screen; the last is written before its mark."""
        after = -1.0
        for tick in ticks(self._axis, self._clock, _TICKS):
            left = tick.x - _TICK_LABEL if tick.x > _LAST else tick.x
            if left >= after:
                after = left + _TICK_LABEL
                yield tick

    def _x(self, moment: datetime) -> float:
        return round(self._axis.x(moment) * 10, 1)

    def _y(self, value: float) -> float:
        return round(TOP + TALL * (self._high - value) / (self._high - self._low), 1)

    def _width(self, start: datetime, end: datetime) -> tuple[float, float]:
        return self._axis.x(start), round(self._axis.x(end) - self._axis.x(start), 2)

    def _with_unit(self, value: float) -> str:
        return number(value) if self._unit in _BARE else f"{number(value)} {self._unit}"

    def _joined(self) -> list[list[SeriesReading]]:
        given = [one for one in self._series.readings if one.value is not None and not one.corrected]
        return [list(run) for _, run in groupby(given, key=lambda one: one.run)]

    def _path(self) -> Iterator[str]:
        """Moments are joined by a line, a word that holds until the next by steps, a period is as long as it lasts."""
        for run in self._joined():
            if any(one.end > one.start for one in run):
                yield from (f"M{self._x(one.start)} {self._y(one.value or 0.0)}H{self._x(one.end)}" for one in run)
                continue
            places = [(self._x(one.end), self._y(one.value or 0.0)) for one in run]
            x, y = places[0]
            yield f"M{x} {y}"
            yield from (f"H{x}V{y}" if self._unit == _STEPPED else f"L{x} {y}" for x, y in places[1:])

    def _dots(self) -> Iterator[Dot]:
        """Every reading if there are few; of many those that are marked, and those that no line joins to another."""
        alone = {id(run[0]) for run in self._joined() if len(run) == 1}
        every = len(self._series.readings) <= _ALL_DOTS
        for one in self._series.readings:
            if every or id(one) in alone or _look(one) != "plain" or one.corrects:
                x = self._axis.x(one.end)
                yield Dot(x, float(TOP + TALL - 5) if one.value is None else self._y(one.value), _look(one))

    def _spans(self) -> Iterator[Span]:
        for step in self._series.issue.steps if self._series.issue is not None else ():
            yield Span(self._axis.x(step.valid), self._y(step.highest), self._y(step.lowest), self._y(step.middle))

    def _levels(self) -> tuple[LevelMark, ...]:
        """The levels from the lowest line to the highest, each label over its line or as near as the one under it leaves room."""
        shown = sorted((one for one in self._series.levels if one.steps), key=lambda one: one.steps[-1][2])
        ys: list[float] = []
        for one in shown:
            y = self._y(one.steps[-1][2]) - 4
            ys.append(min(y, ys[-1] - _LABEL) if ys else min(y, float(TOP + TALL - 5)))
        lowest = TOP + 11.0
        for n in reversed(range(len(ys))):
            ys[n] = max(ys[n], lowest + (len(ys) - 1 - n) * _LABEL)
        marks = (
            LevelMark(word_of(one.level), tuple((self._axis.x(a), self._axis.x(b), self._y(v)) for a, b, v in one.steps), label, y)
            for one, label, y in zip(shown, (self._level_label(one) for one in shown), ys, strict=True)
        )
        return tuple(marks)

    def _level_label(self, one: LevelLine) -> str:
        value, level = self._with_unit(one.steps[-1][2]), colour(one.level)
        if one.share is None:
            return f"{level} {value}"
        return _("{level}: {share, number} % of members at {value}", level=level, share=one.share, value=value)

    def _moments(self) -> Iterator[MomentMark]:
        series = self._series
        marks = ((series.since, later("true since {moment}")), (series.known, later("known {moment}")))
        for row, (moment, words) in enumerate(marks):
            if moment is not None and moment >= series.first:
                x = self._axis.x(moment)
                yield MomentMark(x, _(words, moment=self._short(moment)), x > 50, row)

    def _short(self, moment: datetime) -> str:
        return f"{self._clock.short_day(moment)} {self._clock.clock(moment)}"

    def _sentences(self) -> Iterator[str]:
        """What the drawing shows, for who does not see it."""
        series, text = self._series, self._clock.text
        given = [one for one in series.readings if one.value is not None and not one.corrected]
        what, place, unit = self._title(), self._names.place(series.place), self._unit_words()
        span = {"start": text(series.first), "end": text(series.last)}
        yield _("{what} at {place}, in {unit}, from {start} to {end}.", what=what, place=place, unit=unit, **span)
        if given:
            low, high = (of(given, key=lambda one: one.value or 0.0) for of in (min, max))
            named = (("low", low), ("high", high), ("last", given[-1]))
            said = {name: self._with_unit(one.value or 0.0) for name, one in named}
            said |= {f"{name}_time": text(one.end) for name, one in named}
            yield _("Lowest {low} at {low_time}, highest {high} at {high_time}, last {last} at {last_time}.", **said)
        elif series.issue is None:
            yield _("No reading gives a value.")
        if series.issue is not None:
            times, issued = len(series.issue.steps), text(series.issue.issued or series.issue.base)
            yield _("Forecast issued {moment}, for {times, plural, one {# time} other {# times}}.", moment=issued, times=times)
        if series.levels:
            yield _("Levels: {levels}.", levels=", ".join(self._level_words(one) for one in series.levels))
        if series.since is not None and series.known is not None:
            since, known = text(series.since), text(series.known)
            yield _("At {level} or more since {since}, known {known}.", level=colour(series.asked), since=since, known=known)
        yield from self._doubts()

    def _level_words(self, one: LevelLine) -> str:
        return self._level_label(one) if one.steps else _("{level} not known", level=colour(one.level))

    def _doubts(self) -> Iterator[str]:
        """Where nobody knew: the newest few in words, all of them hatched."""
        series, text = self._series, self._clock.text
        shown = series.unknown[-_DOUBTS:]
        if len(shown) < len(series.unknown):
            more = len(series.unknown) - len(shown)
            yield _("Before that nobody knew {times, plural, one {once} other {# times}}: what is hatched.", times=more)
        for start, end in shown:
            span = span_text(end - start)
            if end < series.last:
                yield _("Nobody knew from {start} to {end}, for {span}: there was no reading.", start=text(start), end=text(end), span=span)
            else:
                yield _("Nobody knows from {start} on, for {span} so far: no newer reading has come.", start=text(start), span=span)

    def _notes(self) -> Iterator[str]:
        series = self._series
        wait = series.threshold.for_
        if isinstance(wait, timedelta):
            yield _("A level is reached when it is met for {span}.", span=span_text(wait))
        elif wait > 1:
            yield _("A level is reached when {number, number} readings in a row meet it.", number=wait)
        silent = [colour(one.level) for one in series.levels if not one.steps]
        if silent:
            yield _("No value of {levels} is known here: it cannot be told.", levels=", ".join(silent))
        if any(len(one.steps) > 1 for one in series.levels):
            yield _("The line of a level moves where the source or the baseline moved it.")
        written = [f"{colour(one.level)}: {one.written.replace('_', ' ')}" for one in series.levels if not one.written[:1].isdigit()]
        if any(one.written for one in series.levels) and written:
            yield _("As the planners wrote it: {levels}.", levels=", ".join(written))
        yield from self._missing()

    def _missing(self) -> Iterator[str]:
        """What is not drawn."""
        series, drawn = self._series, len(self._series.readings)
        if series.left_out:
            every = drawn + series.left_out
            yield _(
                "{drawn, number} of {all, number} readings are drawn: of each stretch the lowest and the highest.", drawn=drawn, all=every
            )
        if series.distrusted:
            left_out = later(
                "{number, plural, one {# reading is} other {# readings are}} trusted less than the threshold asks for: left out."
            )
            yield _(left_out, number=series.distrusted)
        if series.whole is None:
            yield _("Of this series only the readings that the tree names are in the log.")
        elif series.whole > series.first:
            yield _("Before {moment} only the readings that the tree names are kept.", moment=self._clock.text(series.whole))

    def _legend(self, looks: set[str]) -> Iterator[tuple[str, str]]:
        words = {"cited": _CITED, "late": _LATE, "corrected": _CORRECTED, "none": _GAVE_NONE}
        yield from ((look, _(says)) for look, says in words.items() if look in looks)
        if self._series.unknown:
            yield "doubt", _("nobody knew: no line is drawn")
        if self._series.issue is not None:
            yield "span", _("forecast: from the lowest member to the highest, the ring is the middle")
        if self._axis.end > self._series.last:
            yield "now", _("the moment looked at; what is to the right was forecast")

    def _row(self, one: SeriesReading) -> SeriesRow:
        text = self._clock.text
        valid = text(one.end) if one.start == one.end else _("{start} to {end}", start=text(one.start), end=text(one.end))
        value = _("the source gave none") if one.value is None else quantity(one.value, self._unit)
        received = text(one.known)
        if one.issued is not None:
            received = _("{received}, issued {issued}", received=received, issued=text(one.issued))
        delivery = one.delivery if one.cited else one.delivery[:16]
        return SeriesRow(valid, value, received, f"{one.feed}, {quality_word(one.quality)}", delivery, "; ".join(_marks(one)))

    def _forecast_rows(self, issue: Issue | None) -> Iterator[SeriesRow]:
        if issue is None:
            return
        text, says = self._clock.text, later("lowest / middle / highest of {members, number}, {span} ahead")
        received = _("{received}, issued {issued}", received=text(issue.known), issued=text(issue.issued or issue.base))
        for step in issue.steps:
            value = " / ".join(number(value) for value in (step.lowest, step.middle, step.highest))
            ahead = _(says, members=step.members, span=span_text(step.valid - issue.base))
            yield SeriesRow(text(step.valid), f"{value} {self._unit}", received, issue.feed, issue.delivery[:16], ahead)


def _look(one: SeriesReading) -> str:
    if one.value is None:
        return "none"
    return "corrected" if one.corrected else "late" if one.late else "cited" if one.cited else "plain"


def _marks(one: SeriesReading) -> Sequence[str]:
    marks = ((one.cited, _CITED), (one.late, _LATE), (one.corrected, _CORRECTED), (one.corrects, _CORRECTS))
    return [_(words) for marked, words in marks if marked]
