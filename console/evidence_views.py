"""The tree of reasons as a page shows it: each condition with its answer in words, down to each reading with its three times."""

import re
from dataclasses import dataclass
from datetime import datetime

from console.code_words import dimension_word, quality_word
from console.interface.recognising import recognised, reworded
from console.interface.speaking import _, later
from console.local_time import LocalTime, span_text, spans_in
from console.names import Names, colour
from console.quantities import quantity
from schemas.conditions import UNLESS, AtLevel, expand
from schemas.levels import Level, Truth
from schemas.outputs import Evidence, Reading

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:\+00:00|Z))?")
"""A date, or a moment in UTC, as the engine writes them into notes."""
_FORMS = (
    ("all", later("all of these")),
    ("all within {span}", later("all of these within {span}")),
    ("any", later("any of these")),
    ("any within {span}", later("any of these within {span}")),
    ("not", later("not this")),
    ("at least {number} of {all}", later("at least {number} of {all}")),
    ("at least {number} of {all} within {span}", later("at least {number} of {all} within {span}")),
    ("{number} of {all} together within {span}", later("{number} of {all} together within {span}")),
    ("in sequence within {span}", later("one after the other within {span}")),
    ("was true within {span}", later("was so within {span}")),
    ("true for {span}", later("was so for all of {span}")),
    ("became true {number} times within {span}", later("came about {number} times within {span}")),
    ("in {share} of {places}", later("in {share} of {places}")),
    ("within {distance} of here", later("within {distance} of here")),
    ("at {number} places or more within {distance} of here", later("at {number} places or more within {distance} of here")),
    (UNLESS, later("the first, unless the second")),
    ("{number} of {what} silent within {span}", later("{number} of {what} silent within {span}")),
    ("{place} silent", later("{place} silent")),
    ("{number} dimensions at {level}", later("{number} dimensions at {level}")),
    ("{number} dimensions at {level} within {span}", later("{number} dimensions at {level} within {span}")),
)
"""How conditions that hold others are written by `schemas.conditions`, and how a page says them."""
ANSWERS = {Truth.TRUE: later("yes"), Truth.FALSE: later("no"), Truth.UNKNOWN: later("cannot tell")}


@dataclass(frozen=True)
class ReadingView:
    """One reading in words; `delivery` is the SHA-256 of the raw bytes it was read from."""

    place: str
    indicator: str
    value: str
    bound: str | None
    valid: str
    issued: str
    received: str
    age: str
    feed: str
    quality: str
    delivery: str
    record: str


@dataclass(frozen=True)
class ReasonView:
    """One condition.

    Attributes:
        says: the condition in words. written: as the planner wrote it. answer: `yes`, `no`, `cannot tell` or `not covered here`.
        truth: `true`, `false`, `unknown` or `bare`, for its look. doubt: why it cannot be told, in words.
        opened: whether it is unfolded at first: what is true or unknown is, what is false is not.
    """

    says: str
    written: str
    answer: str
    truth: str
    place: str
    since: str
    level: str
    doubt: str
    opened: bool
    readings: tuple[ReadingView, ...]
    parts: tuple["ReasonView", ...]


def reason_view(evidence: Evidence, names: Names, clock: LocalTime, depth: int = 0, around: str = "", first: bool = True) -> ReasonView:
    """A condition and all inside it.

    Args:
        around: the place of the condition around it, which need not be named again.
        first: it is the first that tells something, and so is what it lies in; it is unfolded down to its readings.
    """
    held = evidence.held and evidence.truth is Truth.TRUE
    answer = _("not covered here") if not evidence.covered else _("yes, held") if held else _(ANSWERS[evidence.truth])
    place, says = evidence.area or "", condition_text(evidence.condition, names)
    telling = next((n for n, p in enumerate(evidence.parts) if p.truth is not Truth.FALSE), None)
    return ReasonView(
        says=says,
        written=evidence.condition,
        answer=answer,
        truth="bare" if not evidence.covered else evidence.truth.value,
        place=names.place(place) if place and place != around and names.place(place) not in says else "",
        since=clock.text(evidence.since) if evidence.since is not None and evidence.covered else "",
        level=evidence.level.word if evidence.level is not None else "",
        doubt=doubt_text(evidence, clock, names),
        opened=evidence.truth is not Truth.FALSE and (depth < 2 or first),
        readings=tuple(reading_view(r, names, clock) for r in evidence.readings),
        parts=tuple(reason_view(p, names, clock, depth + 1, place or around, first and n == telling) for n, p in enumerate(evidence.parts)),
    )


def why_text(why: str, names: Names) -> str:
    """Why a level was taken: a condition in words, after the name of its stage if it has one, or what the engine wrote."""
    stage, colon, condition = why.rpartition(": ")
    if ">=" not in condition:
        return recognised(" ".join(_called(word, names) for word in why.split(" ")))
    return f"{stage.replace('_', ' ')}{colon}{condition_text(condition, names)}"


def condition_text(condition: str, names: Names) -> str:
    """A condition as a person says it: `river level (river station) at orange or more`."""
    try:
        written = expand(condition)
    except ValueError:
        return _joined(" ".join(names.place(word) for word in condition.split(" ")), names)
    at_level = AtLevel.model_validate(written.get("not", written))
    top = at_level.level is Level.RED
    thing = at_level.threshold
    known = any(t.name == thing for t in names.country.configuration.thresholds)
    what, level = names.threshold(thing) if known else dimension_word(thing), colour(at_level.level)
    if "not" in written:
        return _("not {what} at {level}", what=what, level=level) if top else _("not {what} at {level} or more", what=what, level=level)
    return _("{what} at {level}", what=what, level=level) if top else _("{what} at {level} or more", what=what, level=level)


def _joined(written: str, names: Names) -> str:
    """A form that holds others: `all within 2 d` as `all of these within 2 d`."""
    words = " ".join(_called(word, names) for word in written.split(" "))
    return reworded(spans_in(words), _FORMS) or words


def _called(word: str, names: Names) -> str:
    """A name of the country's files as people on duty know it."""
    name = word.rstrip(",")
    return (names.called(name) or name.replace("_", " ")) + word[len(name) :]


def doubt_text(evidence: Evidence, clock: LocalTime, names: Names) -> str:
    """What a person must know beside the answer; the moments in it on the local clock."""
    note = note_text(evidence.note, names, clock)
    missing = evidence.note.startswith("no reading")
    if not evidence.covered:
        return note or _("no series here; it is left out")
    if evidence.truth is Truth.UNKNOWN and missing and evidence.readings:
        return _no_reading(evidence.note, names.indicator(evidence.readings[-1].indicator), clock)
    if evidence.truth is Truth.UNKNOWN and note:
        return _("cannot tell: {why}", why=note)
    return note


def _no_reading(note: str, what: str, clock: LocalTime) -> str:
    """That no reading came, by what is read."""
    since = _MOMENT.search(note)
    if since is None:
        return _("cannot tell: no {what} yet", what=what)
    return _("cannot tell: no {what} since {moment}", what=what, moment=_written(since[0], clock))


def note_text(note: str, names: Names, clock: LocalTime) -> str:
    """A note of the engine for people: moments on the local clock, codes of stations as their names."""
    before, about, said = note.rpartition(": ")
    words = [names.place(word) for word in before.split(" ")] if about else []
    told = " ".join(names.place(word) for word in said.split(" "))
    return " ".join(words) + about + recognised(_MOMENT.sub(lambda found: _written(found[0], clock), told))


def quiet_text(quiet: str, names: Names, clock: LocalTime) -> str:
    """Why an event is quiet, for people."""
    return note_text(" ".join(_called(word, names) for word in quiet.split(" ")), names, clock)


def _written(text: str, clock: LocalTime) -> str:
    moment = clock.parse(text)
    return clock.text(moment) if "T" in text else clock.day(moment)


def reading_view(reading: Reading, names: Names, clock: LocalTime) -> ReadingView:
    """One reading, its times on the local clock."""
    return ReadingView(
        place=names.place(reading.area),
        indicator=names.indicator(reading.indicator),
        value=_("the source gave none") if reading.value is None else quantity(reading.value, reading.unit),
        bound=None if reading.bound is None else quantity(reading.bound, reading.unit),
        valid=_period(reading.start, reading.end, clock),
        issued=clock.text(reading.issued) if reading.issued is not None else _("not said"),
        received=clock.text(reading.received),
        age=span_text(reading.age),
        feed=reading.feed,
        quality=quality_word(reading.quality.value),
        delivery=reading.delivery,
        record=reading.record,
    )


def _period(start: datetime, end: datetime, clock: LocalTime) -> str:
    return clock.text(start) if start == end else _("{start} to {end}", start=clock.text(start), end=clock.text(end))
