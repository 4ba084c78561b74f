"""Rule tests run: a test's records through the engine as it is, and what it said compared with what the planner expects.

Nothing is imitated: the configuration is that of the country's files, events and truths are the engine's, texts are those of `alerts`.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime
from functools import cached_property

from alerts.life import ENDINGS, Life, decide
from alerts.rendering import Renderer
from alerts.texts import Kind
from polyrisk.explain import place_name
from polyrisk.local_time import clock
from polyrisk.rule_test_records import TestRecords
from polyrisk.shortfalls import Shortfalls
from processors import engine
from schemas.country_files import LoadedCountry
from schemas.levels import Level, Truth
from schemas.outputs import BreachChange, CompoundEvent, Evidence, ThresholdBreach
from schemas.records import Record
from schemas.rule_test_files import Location, WrittenTest
from schemas.rule_tests import (
    Expected,
    ExpectedBreach,
    ExpectedEvent,
    ExpectedLevel,
    ExpectedText,
    ExpectedTruth,
    OfRule,
    OfThreshold,
    moment_of,
)

_ENDED = {BreachChange.CLOSED, BreachChange.RETRACTED, BreachChange.DECLARED_DEAD}


@dataclass(frozen=True)
class Failure:
    """One expectation that was not met.

    Attributes:
        file, line, column: where it is written. what: of what, where and when.
        expected, was: a line each. because: the evidence behind it, a line each, indented.
    """

    file: str
    line: int
    column: int
    what: str
    expected: str
    was: str
    because: tuple[str, ...] = ()


@dataclass(frozen=True)
class Outcome:
    """A test that was run."""

    country: str
    written: WrittenTest
    failures: tuple[Failure, ...]

    @property
    def passed(self) -> bool:
        """Whether everything was as expected."""
        return not self.failures


def run_tests(tests: Iterable[WrittenTest], country: LoadedCountry, done: Callable[[Outcome], None] = lambda _: None) -> list[Outcome]:
    """Run tests of one country, one after the other.

    Args:
        done: told of each as soon as it was run.

    Raises:
        ConfigurationError: a test asks for more than makes sense, or a text cannot be rendered.
    """
    renderer = Renderer(country)
    outcomes = []
    for written in tests:
        outcome = Outcome(country.within_countries, written, tuple(_Run(written, country, renderer).failures()))
        outcomes.append(outcome)
        done(outcome)
    return outcomes


@dataclass
class _Said:
    """What the engine has said so far.

    Attributes:
        breaches: (threshold, place) to what was said of it last. events: identifier to the same, in order of their openings.
        lives: identifier to how far its warning has come, as if each message were signed at once.
        messages: (rule, area) to the last message: its kind and the change that made it.
    """

    breaches: dict[tuple[str, str], ThresholdBreach] = field(default_factory=dict)
    events: dict[str, CompoundEvent] = field(default_factory=dict)
    lives: dict[str, Life] = field(default_factory=dict)
    messages: dict[tuple[str, str], tuple[Kind, CompoundEvent]] = field(default_factory=dict)

    def take(self, said: ThresholdBreach | CompoundEvent, has_until: bool) -> None:
        """One more change."""
        if isinstance(said, ThresholdBreach):
            self.breaches[said.threshold, said.area] = said
            return
        self.events[said.id] = said
        life = self.lives.get(said.id, Life(warning=said.id, event=said.id))
        decision = decide(life, said, has_until=has_until)
        if decision.say is not None:
            self.messages[said.rule, said.area] = (decision.say, said)
            told = decision.say not in ENDINGS
            life = replace(life, told=told, level=said.level if told else life.level, last_issued=said.known)
        self.lives[said.id] = replace(life, open=not said.ended)

    def event(self, rule: str, area: str) -> CompoundEvent | None:
        """Of a rule in an area: the event that stands, else the last that ended."""
        found = [e for e in self.events.values() if (e.rule, e.area) == (rule, area)]
        return next((e for e in found if not e.ended), found[-1] if found else None)

    def standing(self, rules: set[str]) -> list[CompoundEvent]:
        """The events of some rules that stand."""
        return [e for e in self.events.values() if e.rule in rules and not e.ended]

    def breached(self, thresholds: set[str]) -> list[ThresholdBreach]:
        """The breaches of some thresholds that stand; of no threshold in particular, of any."""
        return [b for (t, _), b in self.breaches.items() if (not thresholds or t in thresholds) and b.change not in _ENDED]


class _Run:
    """One test, run once."""

    def __init__(self, written: WrittenTest, country: LoadedCountry, renderer: Renderer) -> None:
        self.written, self.test, self.country, self.renderer = written, written.test, country, renderer
        self.shortfalls = Shortfalls(country)
        self.rules = {rule.name: rule for rule in country.configuration.rules}
        self.said = _Said()
        self.state = engine.initial(country.shard)

    def failures(self) -> Iterator[Failure]:
        """What was not as expected, in the order of the moments."""
        records = TestRecords(self.written, self.country).records()
        first = 0
        for number, expected in sorted(enumerate(self.test.expect), key=lambda pair: moment_of(self.test.start, pair[1].at)):
            at = moment_of(self.test.start, expected.at)
            last = first
            while last < len(records) and records[last].received <= at:
                last += 1
            yield from self._advance(records[first:last])
            first = last
            yield from _Moment(self, expected, ("expect", number), at).failures()
        yield from self._advance(records[first:])

    def _advance(self, records: Sequence[Record]) -> Iterator[Failure]:
        """Take in records. Where rules must stay quiet, each event of theirs is a failure at once."""
        self.state, said = engine.advance(self.state, records)
        for change in (one for of_record in said for one in of_record):
            rule = self.rules.get(change.rule) if isinstance(change, CompoundEvent) else None
            known = isinstance(change, CompoundEvent) and change.id in self.said.events
            self.said.take(change, has_until=rule is not None and rule.until is not None)
            if isinstance(change, CompoundEvent) and self.test.shows == "quiet" and change.rule in self.test.rules and not known:
                what = f"{change.rule} in {self.place(change.area)}, known {clock(change.known, self.country.timezone)}"
                yield self.failure(("shows",), what, "no event", event_words(change, self.country), change.evidence)

    def failure(self, at: Location, what: str, expected: str, was: str, because: Evidence | None = None) -> Failure:
        """A failure at a part of the test."""
        line, column = self.written.place(at)
        lines = tuple(self.shortfalls.lines(because)) if because is not None else ()
        return Failure(self.written.file.name, line, column, what, expected, was, lines)

    def place(self, code: str) -> str:
        """A place as people call it, with its code."""
        name = place_name(code, self.country)
        return f"{name} ({code})" if name != code else code


class _Moment:
    """What a test expects at one moment, against what the engine knows then."""

    def __init__(self, run: _Run, expected: Expected, location: Location, at: datetime) -> None:
        self.run, self.expected, self.location, self.at = run, expected, location, at
        self.test = run.test

    def failures(self) -> Iterator[Failure]:
        """What is not as expected."""
        for number, truth in enumerate(self.expected.truths):
            yield from self._truth(truth, (*self.location, "truths", number))
        for number, level in enumerate(self.expected.levels):
            yield from self._level(level, (*self.location, "levels", number))
        if self.expected.breaches is not None:
            yield from self._breaches(self.expected.breaches, (*self.location, "breaches"))
        if self.expected.events is not None:
            yield from self._events(self.expected.events, (*self.location, "events"))
        for number, text in enumerate(self.expected.texts):
            yield from self._text(text, (*self.location, "texts", number))

    @cached_property
    def _timelines(self) -> dict[tuple[str, str], engine.Timeline]:
        return engine.timelines(self.run.state)

    @cached_property
    def _levels(self) -> dict[tuple[str, str, Level], engine.Timeline]:
        return engine.levels(self.run.state)

    def _truth(self, expected: ExpectedTruth, at: Location) -> Iterator[Failure]:
        rule = self.test.rule_of(expected)
        line = self._timelines.get((rule, expected.area))
        truth, held = _at(line, self.at)
        if truth is not expected.is_:
            never = "" if line is not None else ": nothing that the rule reads was ever heard of here"
            was = truth.value + (", held" if held else "") + never
            yield self.run.failure(at, self._of_rule("truth", expected), expected.is_.value, was, self._why(rule, expected.area))

    def _level(self, expected: ExpectedLevel, at: Location) -> Iterator[Failure]:
        level = self._level_at(expected.threshold, expected.place)
        if level != expected.level:
            wanted = Level.named(expected.level) if expected.level != "unknown" else Level.YELLOW
            evidence = engine.why_level(self.run.state, expected.threshold, expected.place, max(wanted, Level.YELLOW), self.at)
            yield self.run.failure(at, self._of_threshold("level", expected), expected.level, level, evidence)

    def _level_at(self, threshold: str, place: str) -> str:
        """The highest level that is true; green if even the lowest is known false; else nobody can tell."""
        truths = {level: _at(self._levels.get((threshold, place, level)), self.at)[0] for level in (Level.YELLOW, Level.ORANGE, Level.RED)}
        true = [level for level, truth in truths.items() if truth is Truth.TRUE]
        if true:
            return max(true).word
        return Level.GREEN.word if truths[Level.YELLOW] is Truth.FALSE else "unknown"

    def _breaches(self, expected: Sequence[ExpectedBreach], at: Location) -> Iterator[Failure]:
        named = {(e.threshold, e.place) for e in expected}
        for number, one in enumerate(expected):
            breach = self.run.said.breaches.get((one.threshold, one.place))
            stands = breach is not None and breach.change not in _ENDED
            met = (
                breach is not None
                and (one.change is not None or stands)
                and one.change in (None, breach.change)
                and one.level in (None, breach.level.word)
            )
            if not met:
                wanted = f"{one.change.value if one.change else 'stands'}{f', {one.level}' if one.level else ''}"
                level = Level.named(one.level) if one.level else Level.YELLOW
                because = engine.why_level(self.run.state, one.threshold, one.place, level, self.at)
                was = breach_words(breach, self.run.country) if breach is not None else "no breach was said of it"
                yield self.run.failure((*at, number), self._of_threshold("breach", one), wanted, was, because)
        for breach in self.run.said.breached({e.threshold for e in expected}):
            if (breach.threshold, breach.area) not in named:
                what = f"breach of {breach.threshold} at {self.run.place(breach.area)}, {self._when}"
                because = engine.why_level(self.run.state, breach.threshold, breach.area, breach.level, self.at)
                yield self.run.failure(at, what, "no such breach", breach_words(breach, self.run.country), because)

    def _events(self, expected: Sequence[ExpectedEvent], at: Location) -> Iterator[Failure]:
        named = {(self.test.rule_of(e), e.area) for e in expected}
        for number, one in enumerate(expected):
            rule = self.test.rule_of(one)
            event = self.run.said.event(rule, one.area)
            if event is None or not self._is(one, event):
                was = event_words(event, self.run.country) if event is not None else "no event was said of it"
                because = self._why(rule, one.area)
                yield self.run.failure((*at, number), self._of_rule("event", one), self._wanted(one), was, because)
        for event in self.run.said.standing({*self.test.rules, *(rule for rule, _ in named)}):
            if (event.rule, event.area) not in named:
                what = f"event of {event.rule} in {self.run.place(event.area)}, {self._when}"
                yield self.run.failure(at, what, "no such event", event_words(event, self.run.country), event.evidence)

    def _is(self, expected: ExpectedEvent, event: CompoundEvent) -> bool:
        since = moment_of(self.test.start, expected.since) if expected.since is not None else None
        return (
            (not event.ended if expected.change is None else event.change is expected.change)
            and expected.level in (None, event.level.word)
            and since in (None, event.since)
            and expected.quiet in (None, bool(event.quiet))
        )

    def _wanted(self, expected: ExpectedEvent) -> str:
        words = [expected.change.value if expected.change is not None else "stands"]
        words += [expected.level] if expected.level is not None else []
        if expected.since is not None:
            words.append(f"since {clock(moment_of(self.test.start, expected.since), self.run.country.timezone)}")
        if expected.quiet is not None:
            words.append("cooled or muted" if expected.quiet else "neither cooled nor muted")
        return ", ".join(words)

    def _text(self, expected: ExpectedText, at: Location) -> Iterator[Failure]:
        rule = self.test.rule_of(expected)
        what = self._of_rule(f"text in {expected.language}", expected)
        message = self.run.said.messages.get((rule, expected.area))
        if message is None:
            event = self.run.said.event(rule, expected.area)
            was = "nobody would have been told anything" + (f": {event_words(event, self.run.country)}" if event is not None else "")
            yield self.run.failure(at, what, "a message", was, self._why(rule, expected.area))
            return
        kind, event = message
        rendered = self.run.renderer.render(self.run.rules[rule].text, kind, event, expected.language)
        if rendered.language != expected.language:
            yield self.run.failure(at, what, f"a text in {expected.language}", f"only one in {rendered.language}: {rendered.body}")
        for part in expected.contains:
            if part not in rendered.body:
                yield self.run.failure((*at, "contains"), what, f"contains `{part}`", rendered.body)
        for part in expected.lacks:
            if part in rendered.body:
                yield self.run.failure((*at, "lacks"), what, f"does not contain `{part}`", rendered.body)
        if expected.equals is not None and expected.equals != rendered.body:
            yield self.run.failure((*at, "equals"), what, expected.equals, rendered.body)

    def _why(self, rule: str, area: str) -> Evidence | None:
        return engine.why(self.run.state, rule, area, self.at)

    def _of_rule(self, what: str, expected: OfRule) -> str:
        return f"{what} of {self.test.rule_of(expected)} in {self.run.place(expected.area)}, {self._when}"

    def _of_threshold(self, what: str, expected: OfThreshold) -> str:
        return f"{what} of {expected.threshold} at {self.run.place(expected.place)}, {self._when}"

    @property
    def _when(self) -> str:
        return clock(self.at, self.run.country.timezone)


def _at(line: engine.Timeline | None, at: datetime) -> tuple[Truth, bool]:
    """The truth at a moment, and whether it rests on a held breach."""
    found = [(truth, held) for start, truth, held in line or () if start <= at]
    return found[-1] if found else (Truth.UNKNOWN, False)


def event_words(event: CompoundEvent, country: LoadedCountry) -> str:
    """What was last said of an event, in a line."""
    zone = country.timezone
    until = f" until {clock(event.until, zone)}" if event.until is not None else ""
    quiet = f", {event.quiet}" if event.quiet else ""
    doubt = ", unconfirmed" if event.unconfirmed else ""
    since, known = clock(event.since, zone), clock(event.known, zone)
    return f"{event.change.value}, {event.level.word}, since {since}{until} (known {known}){doubt}{quiet}"


def breach_words(breach: ThresholdBreach, country: LoadedCountry) -> str:
    """What was last said of a breach, in a line."""
    since, known = clock(breach.since, country.timezone), clock(breach.known, country.timezone)
    return f"{breach.change.value}, {breach.level.word}, since {since} (known {known})"
