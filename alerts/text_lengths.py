"""Whether a text keeps its budget of segments at its longest: for the longest place names, in each way in which it can be asked for.

What is left out when room is short (names, the promise to tell the end, what is said for a need) does not count: without it, it must fit.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import product

import smsutil

from alerts.marks import EXERCISE, LATE, marked
from alerts.patterns import arguments
from alerts.segments import Size, measure
from alerts.text_checks import CHOICES, LISTS, at, ways
from alerts.texts import Pattern
from schemas.findings import Finding

SOURCE = "Polyrisk test"
"""What texts that no single country owns are measured with as the name of who speaks."""
OPT_OUT = "To leave call the ward office"
REPORT, EXAMPLE = "water in houses, 14", "WATER 2"
_COUNTRY, _CODE = "NPL", "0000"
_MINUTES = "15"
"""What stands at least in the SMS that wakes somebody; what they are woken for is cut to the room that is left."""
_MOMENT = "28/12 20:58"
_MOST_PLACES = 3


@dataclass(frozen=True)
class Setting:
    """With what a text is measured.

    Attributes:
        places: all names that may stand in it. dangers: what it may call the danger, each with what a person may choose to have people told
            to do about it. tomorrow: the language's word.
        joins: false if not even a mark may make a segment more than the budget.
    """

    source: str
    places: tuple[str, ...]
    budget: int
    opt_out: str = OPT_OUT
    dangers: Mapping[str, Sequence[str]] = field(default_factory=dict)
    tomorrow: str = ""
    joins: bool = True


@dataclass(frozen=True)
class Longest:
    """A text at its longest."""

    body: str
    size: Size


def longest(pattern: Pattern, setting: Setting) -> Longest | None:
    """The text with what must be in it where that takes the most segments; none if no place can stand in it."""
    bodies = dict.fromkeys(_bodies(pattern, setting))
    if not bodies:
        return None
    return max((Longest(body, measure(body)) for body in bodies), key=lambda found: (found.size.segments, found.size.units))


def findings_of_length(pattern: Pattern, setting: Setting) -> Iterator[Finding]:
    """What is too long."""
    found = longest(pattern, setting)
    if found is None:
        return
    segments = f"{found.size.segments} segments ({found.size.units} units)"
    if found.size.segments > setting.budget:
        what = f"takes {segments} for some place; the budget of `{pattern.language}` is {setting.budget}."
        yield at(pattern, "too-long", what, f"Longest: {found.body}", why="Each segment is paid for, and a part may be lost.")
    elif not setting.joins:
        marks = [words.get(pattern.language, words["en"]) for words in (EXERCISE, LATE)]
        exercise = 2 * len(marks[0]) > len(marks[1])  # it stands first and last
        body = marked(found.body, pattern.language, exercise=exercise, late=not exercise)
        if measure(body).segments > setting.budget:
            what = f"takes {measure(body).units} units with its mark, and networks join no parts where `{pattern.language}` is read."
            yield at(pattern, "too-long-marked", what, f"Longest: {body}", why="Its end would be lost in an exercise, or when it is late.")


def _bodies(pattern: Pattern, setting: Setting) -> Iterator[str]:
    fixed = dict.fromkeys(LISTS, "none") | {"source": setting.source, "time": _MOMENT, "opt_out": setting.opt_out}
    fixed |= {"report": REPORT, "example": EXAMPLE, "country": _COUNTRY, "code": _CODE, "minutes": _MINUTES}
    needed = [way for way in ways(pattern) if way["promise"] == CHOICES["promise"][0] and way["need"] == CHOICES["need"][0]]
    asked = arguments(pattern.text)
    whens = (f"{setting.tomorrow} {_MOMENT}".strip(), "none") if "when" in asked else ("none",)
    dangers = _dangers(setting, by_action="action" in asked)
    for way, place, (hazard, action), when in product(needed, _longest_of(setting.places), dangers, whens):
        told = dict.fromkeys(pattern.known, place)
        yield pattern.render({**told, **fixed, **way, "place": place, "hazard": hazard, "when": when, "action": action})


def _dangers(setting: Setting, *, by_action: bool) -> list[tuple[str, str]]:
    """The dangers, each with what a text may tell people to do about it."""
    if not by_action:
        return [(hazard, "none") for hazard in _longest_of(setting.dangers) or ("none",)]
    return [(hazard, action) for hazard, actions in (setting.dangers or {"none": ()}).items() for action in ("none", *_longest_of(actions))]


def _longest_of(names: Iterable[str]) -> Sequence[str]:
    """The few that take the most room, and among those that leave GSM-7, which make the whole text dearer, the few that do."""
    by_length = sorted(dict.fromkeys(names), key=lambda name: (-len(name.encode("utf-16-le")), name))
    leaving = [name for name in by_length if not smsutil.is_valid_gsm(name)]
    return tuple(dict.fromkeys([*by_length[:_MOST_PLACES], *leaving[:_MOST_PLACES]]))
