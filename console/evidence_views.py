"""The tree of reasons as a page shows it: each condition with its answer in words, down to each reading with its three times."""

import re
from dataclasses import dataclass
from datetime import datetime

from console.local_time import LocalTime, span_text
from console.names import Names
from schemas.conditions import AtLevel, expand
from schemas.levels import Level, Truth
from schemas.records import Evidence, Reading

_MOMENT = re.compile(r"\d{4}-\d\d-\d\d(?:T\d\d:\d\d(?::\d\d)?(?:\+00:00|Z))?")
"""A date, or a moment in UTC, as the engine writes them into notes."""
_FORMS = {
    "all": "all of these",
    "any": "any of these",
    "not": "not this",
    "in sequence": "one after the other",
    "was true": "was so",
    "true for": "was so for all of",
    "became true": "came about",
}
ANSWERS = {Truth.TRUE: "yes", Truth.FALSE: "no", Truth.UNKNOWN: "cannot tell"}


@dataclass(frozen=True)
class ReadingView:
    """One reading in words; `delivery` is the SHA-256 of the raw bytes it was read from."""

    place: str
    indicator: str
    value: str
    bound: str
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
    answer = "not covered here" if not evidence.covered else ANSWERS[evidence.truth] + (", held" if held else "")
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
        return why.replace("_", " ")
    return f"{stage.replace('_', ' ')}{colon}{condition_text(condition, names)}"


def condition_text(condition: str, names: Names) -> str:
    """A condition as a person says it: `river level (river station) at orange or more`."""
    try:
        written = expand(condition)
    except ValueError:
        return _joined(" ".join(names.place(word) for word in condition.split(" ")))
    inner, negated = (written["not"], "not ") if "not" in written else (written, "")
    at_level = AtLevel.model_validate(inner)
    or_more = "" if at_level.level is Level.RED else " or more"
    thing = at_level.threshold
    known = any(t.name == thing for t in names.country.configuration.thresholds)
    return f"{negated}{names.threshold(thing) if known else thing.replace('_', ' ')} at {at_level.level.word}{or_more}"


def _joined(written: str) -> str:
    """A form that holds others: `all within 2 d` as `all of these within 2 d`."""
    for form, words in _FORMS.items():
        if written == form or written.startswith(f"{form} "):
            return (words + written.removeprefix(form)).replace("_", " ")
    return written.replace("_", " ")


def doubt_text(evidence: Evidence, clock: LocalTime, names: Names) -> str:
    """What a person must know beside the answer; the moments in it on the local clock."""
    note = note_text(evidence.note, names, clock)
    if not evidence.covered:
        return note or "no series here; it is left out"
    if evidence.truth is Truth.UNKNOWN and note.startswith("no reading"):
        what = names.indicator(evidence.readings[-1].indicator) if evidence.readings else "reading"
        return f"cannot tell: no {what}{note.removeprefix('no reading')}"
    if evidence.truth is Truth.UNKNOWN and note:
        return f"cannot tell: {note}"
    return note


def note_text(note: str, names: Names, clock: LocalTime) -> str:
    """A note of the engine for people: moments on the local clock, codes of stations as their names."""
    words = [names.place(word[:-1]) + ":" if word.endswith(":") else names.place(word) for word in note.split(" ")]
    return _MOMENT.sub(lambda found: _written(found[0], clock), " ".join(words))


def _written(text: str, clock: LocalTime) -> str:
    moment = clock.parse(text)
    return clock.text(moment) if "T" in text else clock.day(moment)


def reading_view(reading: Reading, names: Names, clock: LocalTime) -> ReadingView:
    """One reading, its times on the local clock."""
    return ReadingView(
        place=names.place(reading.area),
        indicator=names.indicator(reading.indicator),
        value="the source gave none" if reading.value is None else f"{_number(reading.value)} {reading.unit}",
        bound="no bound" if reading.bound is None else f"{_number(reading.bound)} {reading.unit}",
        valid=_period(reading.start, reading.end, clock),
        issued=clock.text(reading.issued) if reading.issued is not None else "not said",
        received=clock.text(reading.received),
        age=span_text(reading.age),
        feed=reading.feed,
        quality=reading.quality.value,
        delivery=reading.delivery,
        record=reading.record,
    )


def _period(start: datetime, end: datetime, clock: LocalTime) -> str:
    return clock.text(start) if start == end else f"{clock.text(start)} to {clock.text(end)}"


def _number(value: float) -> str:
    return f"{value:,.2f}".rstrip("0").rstrip(".")
