"""Tests that planners write for their rules: made-up series, and what must follow from them. How a file of them reads.

A file in `countries/<iso3>/tests/` maps names to tests. Series are written as for Prometheus' rule tests (`promtool test rules`):
`3.1x4` is 3.1 and four more of it, `1+0.5x6` is 1 and six more, each half more than the one before, `_` is a moment without a reading and
`_x3` three of them. `null` is ours: the source spoke and gave no value.
"""

import calendar
import re
from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Annotated, Literal, Self
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator
from ruamel.yaml.scalarint import HexInt

from schemas.configuration import Decided
from schemas.levels import Truth
from schemas.moments import Span, parse_span, to_utc
from schemas.outputs import BreachChange, EventChange

MONTH = "1 month"
MOST_SAMPLES = 20_000
"""Of one series: more is a slip of the pen, not a test."""
_NUMBER = r"\d+(?:\.\d+)?"
_SAMPLE = re.compile(rf"^(?P<first>[+-]?{_NUMBER}|null|_)(?P<step>[+-]{_NUMBER})?(?:x(?P<times>\d+))?$")
_RANGE = re.compile(r"^\s*(\d{1,4})\s*\.\.\s*(\d{1,4})\s*$")
MOST_MEMBERS = 1000
_EXAMPLE_MOMENT = "2025-11-27T06:00+05:30"

Shown = Literal["fires", "quiet", "unknown"]
SHOWN: tuple[Shown, ...] = ("fires", "quiet", "unknown")
LevelOrUnknown = Literal["green", "yellow", "orange", "red", "unknown"]
Colour = Literal["yellow", "orange", "red"]
Sample = tuple[int, float | None]
"""How many steps after the first, and the value; none if the source gave none."""


def parse_samples(text: object) -> tuple[Sample, ...]:
    """Values as they are written, moments without a reading left out.

    Raises:
        ValueError: a word is none of the notation, or there are too many.
    """
    if isinstance(text, tuple):
        return text
    if isinstance(text, HexInt):  # `0x59`, nought and 59 more, is a hexadecimal number to YAML
        text = f"0x{text:x}"
    if isinstance(text, bool) or not isinstance(text, str | int | float):
        raise ValueError('values are written in a line, such as `3.1x4 3.5+0.5x6 _x2 null`; a single null as "null"')
    found: list[Sample] = []
    number = 0
    for word in str(text).split():
        for value in _expanded(word):
            if value != "_":
                found.append((number, None if value == "null" else float(value)))
            number += 1
            if number > MOST_SAMPLES:
                raise ValueError(f"more than {MOST_SAMPLES} readings in one series")
    if not found:
        raise ValueError("no reading in it; a place without readings needs no series")
    return tuple(found)


def _expanded(word: str) -> Iterator[str]:
    """What a word of the notation stands for."""
    match = _SAMPLE.match(word)
    if match is None:
        raise ValueError(f"`{word}` is no value; write `3.1`, `3.1x4`, `1+0.5x6`, `_`, `_x3` or `null`")
    first, step, times = match["first"], match["step"], match["times"]
    if step is not None and (times is None or first in ("_", "null")):
        raise ValueError(f"`{word}` is no value; a step needs a number before it and says how often, such as `1+0.5x6`")
    count = int(times) if times is not None else 0
    if count > MOST_SAMPLES:
        raise ValueError(f"more than {MOST_SAMPLES} readings in one series")
    if first == "_":
        yield from ["_"] * (count if times is not None else 1)
    elif first == "null":
        yield from ["null"] * (count + 1)
    else:
        yield from (str(Decimal(first) + n * Decimal(step or "0")) for n in range(count + 1))


def _moment(value: object) -> datetime:
    if isinstance(value, datetime):
        moment = value
    elif isinstance(value, date):
        raise ValueError(f"`{value}` is a day without hour and zone; write it like `{_EXAMPLE_MOMENT}`")
    else:
        try:
            moment = datetime.fromisoformat(str(value))
        except ValueError:
            raise ValueError(f"`{value}` is no moment; write it like `{_EXAMPLE_MOMENT}`") from None
    if moment.tzinfo is None:
        raise ValueError(f"`{value}` has no zone; write it like `{_EXAMPLE_MOMENT}`")
    return to_utc(moment)


def _moment_or_span(value: object) -> datetime | timedelta:
    if isinstance(value, timedelta):
        return value
    try:
        return parse_span(value)
    except ValueError:
        pass
    if re.match(r"^\s*\d+(\.\d+)?\s*[a-z]*\s*$", str(value)):
        raise ValueError(f"`{value}` is neither a span, such as `8 h`, nor a moment, such as `{_EXAMPLE_MOMENT}`")
    return _moment(value)


def _step(value: object) -> timedelta | str:
    if value == MONTH:
        return MONTH
    span = parse_span(value)
    if span <= timedelta(0):
        raise ValueError("must be longer than nothing")
    return span


def _listed(value: object) -> object:
    return [value] if isinstance(value, str | int) else value


def _members(value: object) -> object:
    """`0..35` as the members from 0 to 35, both among them."""
    match = _RANGE.match(value) if isinstance(value, str) else None
    if match is None:
        return _listed(value)
    first, last = int(match[1]), int(match[2])
    if not first <= last < MOST_MEMBERS:
        raise ValueError(f"`{value}` are no members; write the first and the last, such as `0..50`")
    return range(first, last + 1)


def _truth(value: object) -> object:
    return str(value).lower() if isinstance(value, bool) else value


_TEXT = WithJsonSchema({"type": "string"})
MomentWithZone = Annotated[datetime, BeforeValidator(_moment), _TEXT]
When = Annotated[datetime | timedelta, BeforeValidator(_moment_or_span), _TEXT]
"""A moment with its zone, or a span."""
Step = Annotated[timedelta | str, BeforeValidator(_step), _TEXT]
"""A span, or `1 month` by the calendar."""
Samples = Annotated[tuple[Sample, ...], BeforeValidator(parse_samples), WithJsonSchema({"type": ["string", "number"]})]
Names = Annotated[
    tuple[str, ...],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
"""One name or a list of them."""
Leads = Annotated[
    tuple[Span, ...],
    BeforeValidator(_listed),
    WithJsonSchema({"anyOf": [{"type": "string"}, {"type": "array", "items": {"type": "string"}}]}),
]
Members = Annotated[
    tuple[int, ...],
    BeforeValidator(_members),
    WithJsonSchema({"anyOf": [{"type": ["integer", "string"]}, {"type": "array", "items": {"type": "integer"}}]}),
]
WrittenTruth = Annotated[Truth, BeforeValidator(_truth), WithJsonSchema({"enum": [True, False, "true", "false", "unknown"]})]


def moment_of(start: datetime, written: datetime | timedelta) -> datetime:
    """A moment as written, or a span after `start`."""
    return start + written if isinstance(written, timedelta) else written


class WrittenSeries(Decided):
    """Readings of one indicator, the same at each of its places.

    Attributes:
        place: codes of areas or stations; `adm3 of LK21` or `stations of LK21` stands for all in it that have no series of their own.
        values: in the indicator's unit.
        start: the moment, or the beginning of the first period; a span counts from the test's start. step: from one to the next.
        period: how long each is valid for; without it, it is a moment.
        received: a span after the end of the period (by default the feed's declared delay), or the moment at which all of them came.
        issued: likewise, if the source says it. A later reading of the same time is a revision.
        lead: for forecasts: how long after each moment, at which it is issued, the time ends that it is for; several give the same value.
        member: for an ensemble, which of its members say so: one, a list, or from which to which, such as `0..35`.
    """

    place: Names = Field(min_length=1)
    indicator: str
    values: Samples
    start: When | None = None
    step: Step | None = None
    period: Step | None = None
    received: When | None = None
    issued: When | None = None
    lead: Leads = ()
    member: Members = ()

    @model_validator(mode="after")
    def _forecast(self) -> Self:
        if self.lead and (self.issued is not None or isinstance(self.period, str)):
            raise ValueError("a forecast is issued at its own moment and for a span: write `lead` without `issued` and `period: 1 month`")
        if self.member and not self.lead:
            raise ValueError("`member` is of a forecast; write its `lead` too")
        return self


class WrittenBaseline(Decided):
    """Bounds that history would have given: of a channel, a seasonal trend, a return period.

    Attributes:
        bounds: level to the value at which it is met. admitted: false for too little history: nobody can tell.
        since, until: the span they serve; by default all of the test. at: when they were made; by default before everything.
    """

    threshold: str
    place: Names = Field(min_length=1)
    bounds: dict[Colour, float] = Field(default_factory=dict)
    admitted: bool = True
    since: When | None = Field(default=None, alias="from")
    until: When | None = Field(default=None, alias="to")
    at: When | None = None

    @model_validator(mode="after")
    def _bounds_if_admitted(self) -> Self:
        if self.admitted != bool(self.bounds):
            raise ValueError("write `bounds`, or `admitted: false` for too little history, and not both")
        return self


class WrittenSilence(Decided):
    """A feed that does not answer. What it would have brought comes when it answers again, if it does."""

    feed: str
    since: When = Field(alias="from")
    until: When | None = Field(default=None, alias="to")


class WrittenDeclaration(Decided):
    """A person on duty says that a station is dead, or back."""

    station: str
    at: When
    state: Literal["dead", "back"]


class OfRule(Decided):
    """What is expected of a rule in an area. `rule` may be left out where the test is about one."""

    rule: str = ""
    area: str


class OfThreshold(Decided):
    """What is expected of a threshold at a station or in an area."""

    threshold: str
    place: str


class ExpectedTruth(OfRule):
    """The truth of a rule in an area."""

    is_: WrittenTruth = Field(alias="is")


class ExpectedLevel(OfThreshold):
    """The level of a threshold at a station or in an area."""

    level: LevelOrUnknown


class ExpectedBreach(OfThreshold):
    """A breach that stands, or with `change` the last that was said of one."""

    level: Colour | None = None
    change: BreachChange | None = None


class ExpectedEvent(OfRule):
    """An event that stands, or with `change` the last that was said of one.

    Attributes:
        since: the valid time it began. quiet: whether it is cooled or muted.
    """

    level: Colour | None = None
    change: EventChange | None = None
    since: When | None = None
    quiet: bool | None = None


class ExpectedText(OfRule):
    """The last message that people of an area would have been asked to sign, in one language."""

    language: str
    contains: Names = ()
    lacks: Names = ()
    equals: str | None = None

    @model_validator(mode="after")
    def _asks(self) -> Self:
        if not (self.contains or self.lacks or self.equals is not None):
            raise ValueError("write `contains`, `lacks` or `equals`")
        return self


class Expected(Decided):
    """What is known at a moment, all that was received until then taken in.

    Attributes:
        at: the moment; a span counts from the test's start.
        breaches: all that stand of the thresholds they name; an empty list: none of any.
        events: all that stand of the test's rules, and of others that they name; an empty list: none.
    """

    at: When
    truths: tuple[ExpectedTruth, ...] = ()
    levels: tuple[ExpectedLevel, ...] = ()
    breaches: tuple[ExpectedBreach, ...] | None = None
    events: tuple[ExpectedEvent, ...] | None = None
    texts: tuple[ExpectedText, ...] = ()

    @model_validator(mode="after")
    def _expects(self) -> Self:
        if not (self.truths or self.levels or self.texts) and self.breaches is None and self.events is None:
            raise ValueError("expects nothing; write truths, levels, breaches, events or texts")
        return self


class RuleTest(Decided):
    """One test.

    Attributes:
        why: what it shows, in a sentence.
        rules: which it is about. shows: that they fire, stay quiet (then no event of theirs may open anywhere), or cannot tell.
        start: of all series that do not say their own. step: likewise. ticks: how often time goes on; by default every step.
        own_levels: station to colour to quantity, for thresholds that ask the station's own levels; null for a level it has not.
    """

    name: str
    why: str = ""
    rules: Names = ()
    shows: Shown | None = None
    start: MomentWithZone
    step: Step
    ticks: Step | None = None
    own_levels: dict[str, dict[Colour, str | None]] = Field(default_factory=dict)
    series: tuple[WrittenSeries, ...] = ()
    baselines: tuple[WrittenBaseline, ...] = ()
    silent: tuple[WrittenSilence, ...] = ()
    declared: tuple[WrittenDeclaration, ...] = ()
    expect: tuple[Expected, ...]

    @model_validator(mode="after")
    def _meant(self) -> Self:
        if not self.expect:
            raise ValueError("expects nothing; write `expect` with a moment and what must be known then")
        if bool(self.rules) != (self.shows is not None):
            raise ValueError("`rules` and `shows` belong together: which rules, and whether they fire, stay quiet or cannot tell")
        named: list[OfRule] = [asked for one in self.expect for asked in (*one.truths, *(one.events or ()), *one.texts)]
        if len(self.rules) != 1 and any(not asked.rule for asked in named):
            raise ValueError("each expected truth, event and text must say its `rule`, because the test is not about a single one")
        for rule in self.rules:
            if not self._shown_of(rule):
                raise ValueError(f"shows that {rule} {_SAID[self.shows or 'fires']}, but expects no {_ASKED[self.shows or 'fires']} of it")
        return self

    def _shown_of(self, rule: str) -> bool:
        """Whether what the test says it shows is among what it expects."""
        if self.shows == "fires":
            return any(self.rule_of(e) == rule for one in self.expect for e in one.events or ())
        wanted = Truth.FALSE if self.shows == "quiet" else Truth.UNKNOWN
        return any(self.rule_of(t) == rule and t.is_ is wanted for one in self.expect for t in one.truths)

    def rule_of(self, expected: OfRule) -> str:
        """The rule that an expectation is about."""
        return expected.rule or self.rules[0]


def following(moment: datetime, step: timedelta | str, times: int, zone: ZoneInfo) -> datetime:
    """The moment some steps later; months are those of the calendar in a zone."""
    if isinstance(step, timedelta):
        return moment + times * step
    local = moment.astimezone(zone)
    months = local.year * 12 + local.month - 1 + times
    day = min(local.day, calendar.monthrange(months // 12, months % 12 + 1)[1])
    return to_utc(local.replace(year=months // 12, month=months % 12 + 1, day=day))


def periods(series: WrittenSeries, test: RuleTest, zone: ZoneInfo) -> list[tuple[datetime, datetime, float | None]]:
    """Beginning, end and value of each reading of a series."""
    first = moment_of(test.start, series.start) if series.start is not None else test.start
    begins = [(following(first, series.step or test.step, number, zone), value) for number, value in series.values]
    return [(begin, following(begin, series.period, 1, zone) if series.period is not None else begin, value) for begin, value in begins]


_SAID: dict[Shown, str] = {"fires": "fires", "quiet": "stays quiet", "unknown": "cannot tell"}
_ASKED: dict[Shown, str] = {"fires": "event", "quiet": "truth `false`", "unknown": "truth `unknown`"}
