"""The life of events over a finished truth: sections 4.3, 4.5, 6.2 and 6.4 of the specification.

From scratch again: nothing here knows what was said before. An event is a stretch that the truth over time makes.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from oracle import areas_of, judged_until
from oracle_known import Known
from oracle_levels import FALSE, TRUE, UNKNOWN, Steps, truth_at
from oracle_rules import BEGINNING, Rules

from schemas.configuration import Rule
from schemas.levels import Level


@dataclass(frozen=True)
class Life:
    """A stretch in which a rule was true, held through unknown.

    Attributes:
        until: when it ended, none while it stands. told: false if it ended because nobody can tell any more.
        level: at its end, or now.
    """

    rule: str
    area: str
    since: datetime
    until: datetime | None
    told: bool
    level: Level


@dataclass(frozen=True)
class Start:
    """Where a rule begins in an area, if that is at the end of an event that another configuration judged.

    Attributes:
        armed: whether a truth that stands there opens an event; not after `until` has closed the one before.
    """

    at: datetime
    armed: bool


@dataclass(frozen=True)
class Courses:
    """All truths over time that a rule's life looks at; `keep` takes held breaches as true, `opening` as unknown.

    Attributes:
        asked: where nothing but an excuse may be in doubt, if people are asked then.
        valid: the moments between which an event may open.
        until: what alone closes, with held breaches taken as unknown; none without it. until_keep: the same with them as true.
    """

    keep: Steps
    opening: Steps
    asked: Steps
    valid: tuple[datetime, datetime]
    until: Steps | None
    until_keep: Steps


def lives(known: Known, rule: Rule, area: str, start: Start | None = None) -> list[Life]:
    """All events of a rule in an area, as the readings known now make them; from a moment on, if it begins there."""
    as_true, as_unknown = Rules(known, TRUE), Rules(known, UNKNOWN)
    until = as_unknown.truth(rule.until, area) if rule.until else None
    until_keep = as_true.truth(rule.until, area) if rule.until else []
    asked = as_unknown.asked(rule, area) if rule.unless is not None and rule.on_unknown != "nothing" else []
    courses = Courses(as_true.holds(rule, area), as_unknown.holds(rule, area), asked, _valid(rule), until, until_keep)
    raised = [(step.to, as_true.truth(step.if_, area), as_unknown.truth(step.if_, area)) for step in rule.raise_]
    judged = judged_until(known, rule, area)
    return [
        Life(rule.name, area, since, end, told, _moved(known, rule, area, _level(rule, raised, min(end or judged, judged))))
        for since, end, told in stretches(courses, rule, judged, start)
    ]


def all_lives(known: Known) -> list[Life]:
    """All events of all rules."""
    return [life for rule in known.configuration.rules for area in areas_of(known, rule) for life in lives(known, rule, area)]


def stretches(courses: Courses, rule: Rule, judged: datetime, start: Start | None = None) -> list[tuple[datetime, datetime | None, bool]]:
    """(since, until, told) of each event up to where the rule is judged (4.3).

    After `until` closed an event the same truth opens none: not before either is known false.
    """
    changes = {at for steps in (courses.keep, courses.opening, courses.asked, courses.until or [], courses.until_keep) for at, _ in steps}
    edges = changes | set(courses.valid) | ({start.at} if start is not None else set())
    moments = sorted(at for at in edges if at < judged and (start is None or at >= start.at))
    found: list[tuple[datetime, datetime | None, bool]] = []
    since: datetime | None = None
    told_until: datetime | None = None
    armed = start is None or start.armed or courses.until is None
    for index, at in enumerate(moments):
        if since is not None and told_until is not None and at >= told_until + rule.ends.otherwise_after:
            found.append((since, told_until + rule.ends.otherwise_after, False))
            since, armed = None, True
        if since is not None and _closes(courses, at):
            found.append((since, at, True))
            since, armed = None, courses.until is None
        armed = armed or truth_at(courses.keep, at) is FALSE or (courses.until is not None and truth_at(courses.until, at) is FALSE)
        if since is None and armed and _opens(courses, at):
            since = at
        if since is not None:
            told_until = _last_told(courses, at, moments[index + 1] if index + 1 < len(moments) else None, told_until)
        else:
            told_until = None
    if since is not None and told_until is not None and told_until + rule.ends.otherwise_after < judged:
        return [*found, (since, told_until + rule.ends.otherwise_after, False)]
    return found if since is None else [*found, (since, None, True)]


def _valid(rule: Rule) -> tuple[datetime, datetime]:
    """From when, and until before when, a rule may open events."""
    written = rule.valid.text if rule.valid is not None else ".."
    since, until = written.split("..")
    first = datetime.fromisoformat(since).replace(tzinfo=UTC) if since else BEGINNING
    return first, datetime.fromisoformat(until).replace(tzinfo=UTC) + timedelta(days=1) if until else datetime.max.replace(tzinfo=UTC)


def _opens(courses: Courses, at: datetime) -> bool:
    """Where the truth is true without held breaches, and what ends it is not."""
    asked = truth_at(courses.keep, at) is UNKNOWN and truth_at(courses.asked, at) is TRUE
    if not courses.valid[0] <= at < courses.valid[1]:
        return False
    return (asked or truth_at(courses.opening, at) is TRUE) and (courses.until is None or truth_at(courses.until_keep, at) is not TRUE)


def _closes(courses: Courses, at: datetime) -> bool:
    """By `until` alone if there is one, else when known false."""
    return truth_at(courses.keep, at) is FALSE if courses.until is None else truth_at(courses.until, at) is TRUE


def _last_told(courses: Courses, at: datetime, following: datetime | None, before: datetime | None) -> datetime | None:
    """The end of the last stretch of a truth that was not held (6.4); none while it lasts."""
    if courses.until is None:
        told = truth_at(courses.opening, at) is not UNKNOWN
    else:
        told = truth_at(courses.opening, at) is TRUE or truth_at(courses.until, at) is not UNKNOWN
    return following if told or truth_at(courses.asked, at) is TRUE else before


def _moved(known: Known, rule: Rule, area: str, level: Level) -> Level:
    """Each `move` whose figure is known and is so, in order; no further than its bound, and a bound moves nothing back (4.5)."""
    for move in rule.move or ():
        asked = move.if_
        given = [f.value for f in known.configuration.figures or () if (f.area, f.figure, f.unit) == (area, asked.figure, asked.unit)]
        if not any({">": v > asked.value, ">=": v >= asked.value, "<": v < asked.value, "<=": v <= asked.value}[asked.sign] for v in given):
            continue
        if move.by > 0:
            highest = Level.RED if move.at_most is None else move.at_most
            level = next((Level(level + up) for up in range(move.by, 0, -1) if level + up <= highest), level)
        else:
            lowest = Level.YELLOW if move.at_least is None else max(move.at_least, Level.YELLOW)
            level = next((Level(level - down) for down in range(-move.by, 0, -1) if level - down >= lowest), level)
    return level


def _level(rule: Rule, raised: list[tuple[Level, Steps, Steps]], end: datetime) -> Level:
    """Base, then each `raise`; an unknown one keeps its last known answer, else the base (4.5)."""
    level = rule.level
    for to, keep, opening in raised:
        answer = False
        for at in sorted({at for steps in (keep, opening) for at, _ in steps if at < end}):
            if truth_at(opening, at) is TRUE:
                answer = True
            elif truth_at(keep, at) is FALSE:
                answer = False
        level = max(level, to) if answer else level
    return level
