"""`polyrisk explain --why-not`: why nobody was warned. Which condition was false or unknown, since when, and by how much it was missed."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import Any

from eventlog.log import EventLog
from polyrisk.config_log import SHORT
from polyrisk.local_time import clock, in_zone
from polyrisk.replaying import Replayed, replayed
from polyrisk.rule_tests import event_words
from polyrisk.shortfalls import Shortfalls
from polyrisk.story import events_said, warnings_said
from processors import engine
from schemas.conditions import UNLESS
from schemas.configuration import Rule
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError
from schemas.levels import Truth
from schemas.moments import to_utc
from schemas.outputs import CompoundEvent, Evidence
from schemas.place_tables import nearest
from schemas.warning_records import Warning

_DAY = re.compile(r"^\d{4}-\d\d-\d\d$")
_INSTANT = timedelta(microseconds=1)
_SAID = {
    Truth.TRUE: "the rule was true",
    Truth.FALSE: "the rule was known to be false",
    Truth.UNKNOWN: "nobody could tell",
}


@dataclass(frozen=True)
class Asked:
    """The question: a rule in an area, at a moment or on a day.

    Attributes:
        since, until: the same for a moment; for a day its beginning and its last instant.
    """

    rule: Rule
    area: str
    since: datetime
    until: datetime


@dataclass(frozen=True)
class Answer:
    """Why there was no warning.

    Attributes:
        truths: (since when, truth, held) of the rule in the time asked for, as known at its end; the first may have begun before.
        events: what was said until then of events that stood in that time. later: what was first said of such only afterwards.
        messages: those that went out, or wait, because of these events.
        blocking: the conditions that kept the rule from being true. evidence: the whole of its `when`.
        kept: the configuration by which an event is judged on that stands there, if another one is in force by then, and that one.
    """

    asked: Asked
    truths: tuple[tuple[datetime, Truth, bool], ...]
    events: tuple[CompoundEvent, ...]
    later: tuple[CompoundEvent, ...]
    messages: tuple[Warning, ...]
    blocking: tuple[Evidence, ...]
    evidence: Evidence | None
    kept: tuple[str, str] | None

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {
            "rule": self.asked.rule.name,
            "area": self.asked.area,
            "since": self.asked.since.isoformat(),
            "until": self.asked.until.isoformat(),
            "truths": [{"since": start.isoformat(), "truth": truth.value, "held": held} for start, truth, held in self.truths],
            "events": [event.model_dump(mode="json") for event in self.events],
            "known_later": [event.model_dump(mode="json") for event in self.later],
            "messages": [message.model_dump(mode="json") for message in self.messages],
            "blocking": [evidence.model_dump(mode="json") for evidence in self.blocking],
            "evidence": self.evidence.model_dump(mode="json") if self.evidence is not None else None,
            "judged_on_by": self.kept[0] if self.kept is not None else None,
        }


def asked(country: LoadedCountry, rule: str, area: str, moment: str) -> Asked:
    """The question as a person writes it: an area by code or name, a moment with its zone or a day of the country's.

    Raises:
        RefusedError: there is no such rule or area, the rule is not judged there, or the moment is none; names the nearest.
    """
    rules = {one.name: one for one in country.configuration.rules}
    if rule not in rules:
        raise RefusedError(f"There is no rule `{rule}`.", remedy=nearest(rule, tuple(rules)))
    names = {
        name.lower(): code for code, one in country.places.areas.items() for name in one.names.values() if one.level == rules[rule].area
    }
    code = names.get(area.lower()) or country.places.area(area)
    if code is None:
        raise RefusedError(f"There is no area `{area}`.", remedy=nearest(area.lower(), tuple(names)))
    if country.places.areas[code].level != rules[rule].area or (rules[rule].only and code not in rules[rule].only):
        where = f"in {', '.join(rules[rule].only)}" if rules[rule].only else f"at {rules[rule].area}"
        raise RefusedError(f"`{rule}` is not judged in {code}.", remedy=f"It is judged {where}.")
    if _DAY.match(moment):
        begin = datetime.combine(date.fromisoformat(moment), time(), country.timezone)
        following = datetime.combine(begin.date() + timedelta(days=1), time(), country.timezone)
        return Asked(rules[rule], code, to_utc(begin), to_utc(following) - _INSTANT)
    try:
        at = to_utc(datetime.fromisoformat(moment))
    except ValueError as error:
        raise RefusedError(f"`{moment}` is no moment.", remedy="Write a day, or a moment such as 2025-11-27T06:00+05:30.") from error
    return Asked(rules[rule], code, at, at)


def why_not(log: EventLog, country: LoadedCountry, question: Asked, done: Callable[[float], None] = lambda _: None) -> Answer:
    """Judge again what was known at the end of the time asked for, and look for what kept the rule from being true.

    Raises:
        RefusedError: nothing was received until then.
        LogError: the log cannot be read.
    """
    then = replayed(log, country.shard, question.until, done)
    if then.state.plan is None:
        raise RefusedError("Nothing was configured at that time.", remedy="Ask for a moment after the installation began.")
    place = (question.rule.name, question.area)
    truths = _truths(engine.timelines(then.state).get(place, ()), question)
    evidence = engine.why(then.state, *place, question.until)
    events = _standing(then, question)
    heard = {event.id for event in events}
    said = [e for e in events_said(log) if (e.rule, e.area) == place and e.known > question.until and e.id not in heard]
    later = {event.id: event for event in reversed(said)}.values()
    return Answer(
        asked=question,
        truths=truths,
        events=tuple(events),
        later=tuple(event for event in later if _stood(event, question)),
        messages=tuple(w for w in warnings_said(log) if w.event in heard and w.proposed <= question.until),
        blocking=tuple(_blocking(evidence)) if evidence is not None else (),
        evidence=evidence,
        kept=next(((by, then.state.plan.hash) for by in engine.judged_on_by(then.state, *place)), None),
    )


def lines(answer: Answer, country: LoadedCountry) -> Iterator[str]:
    """The answer as a person reads it."""
    question, zone = answer.asked, country.timezone
    name = country.places.areas[question.area].names.get("en", question.area)
    when = clock(question.until, zone) if question.since == question.until else f"{question.since.astimezone(zone):%Y-%m-%d}"
    yield f"{question.rule.name} in {name} ({question.area}), {when} (times: {country.facts.timezone})"
    if answer.events:
        yield "There was an event:"
        for event in answer.events:
            yield f"  {event_words(event, country)}"
        yield from _messages(answer, country)
    if answer.kept is not None:
        yield f"It is judged on, to its end, by the configuration it opened under ({answer.kept[0][:SHORT]})."
        yield f"What follows is judged by the one in force ({answer.kept[1][:SHORT]}), which does not touch it:"
    if not answer.events:
        yield "No event stood."
    why = question.rule.valid.why_not(question.until) if question.rule.valid is not None else ""
    if why:
        yield f"The rule opened nothing: {in_zone(why, zone)}."
    for start, truth, held in answer.truths:
        yield f"From {clock(start, zone)} on {_SAID[truth]}{' (held: it was, before it fell silent)' if held else ''}."
    if not answer.truths:
        yield "Nobody could tell: nothing that the rule reads was ever heard of here."
    if answer.blocking:
        yield "At the end of it this was missing:" if question.since != question.until else "This was missing:"
        shortfalls = Shortfalls(country)
        for evidence in answer.blocking:
            yield from (f"  {line}" for line in shortfalls.lines(evidence))
    for event in answer.later:
        yield f"Only afterwards it became known: {event_words(event, country)}"


def _messages(answer: Answer, country: LoadedCountry) -> Iterator[str]:
    """What became of the events: said, waiting, or held back by the engine."""
    for message in answer.messages:
        out = f"went out {clock(message.issued, country.timezone)}" if message.issued else "had not been signed"
        yield f"  message {message.id}: {message.level.word}, {message.status.value}, {out}"
    if not answer.messages:
        quiet = next((event.quiet for event in answer.events if event.quiet), "")
        yield f"  nobody was warned of it: {quiet}" if quiet else "  nobody was asked to warn of it by then"


def _truths(line: engine.Timeline, question: Asked) -> tuple[tuple[datetime, Truth, bool], ...]:
    """The stretches that reach into the time asked for."""
    ends = [*(start for start, _, _ in line[1:]), question.until + _INSTANT]
    stretches = zip(line, ends, strict=bool(line))
    return tuple(stretch for stretch, end in stretches if stretch[0] <= question.until and end > question.since)


def _standing(then: Replayed, question: Asked) -> list[CompoundEvent]:
    """The events of the rule in the area that stood in the time asked for, as last said."""
    said = [event for event in then.events if (event.rule, event.area) == (question.rule.name, question.area)]
    return [event for event in {event.id: event for event in said}.values() if _stood(event, question)]


def _stood(event: CompoundEvent, question: Asked) -> bool:
    """Whether an event stood in the time asked for, as it was said."""
    return event.since <= question.until and (event.until is None or event.until >= question.since)


def _is_denied(evidence: Evidence, part: int) -> bool:
    """Whether a condition asks for a part of it not to be true: that of a `not`, the second of an `unless`."""
    return evidence.condition == "not" or (evidence.condition == UNLESS and part == 1)


def _blocking(evidence: Evidence) -> Iterator[Evidence]:
    """The innermost conditions that keep a condition from being true; itself if its parts do not explain it."""
    if evidence.truth is Truth.TRUE:
        return
    inner = [part for part in evidence.parts if part.condition != evidence.condition]
    wrong = [part for n, part in enumerate(inner) if part.truth is not (Truth.FALSE if _is_denied(evidence, n) else Truth.TRUE)]
    if not wrong or evidence.condition == "not":
        yield evidence
        return
    for part in sorted(wrong, key=lambda part: part.truth is not evidence.truth):  # what decides comes first
        yield from _blocking(part)
