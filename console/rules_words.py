"""A rule's conditions in words, a line for each, what stands inside a condition indented under it: for people who do not read YAML."""

from collections.abc import Sequence as Many
from datetime import timedelta

from console.interface.speaking import _, in_own_digits
from console.local_time import span_words
from console.names import colour
from schemas.conditions import (
    All,
    AnyOf,
    AtLeast,
    AtLevel,
    Condition,
    Dimensions,
    Near,
    Not,
    Sequence,
    Share,
    Silent,
    Sustained,
    Times,
    Together,
    Unless,
    Within,
)
from schemas.measures import format_distance, format_proportion

_INDENT = "    "


def words(condition: Condition | Unless) -> str:
    """A condition and all inside it, as lines."""
    return "\n".join(_lines(condition))


def _lines(condition: Condition | Unless) -> list[str]:
    match condition:
        case AtLevel():
            return [_("{threshold} at {level} or more", threshold=condition.threshold, level=colour(condition.level))]
        case Not(not_=AtLevel() as inner):
            return [_("{threshold} known to be under {level}", threshold=inner.threshold, level=colour(inner.level))]
        case Not(not_=Within() as inner):
            return _nested(_("at no moment of the last {span}", span=span_words(inner.within)), inner.parts)
        case Dimensions():
            return [_dimensions(condition)]
        case Silent():
            return [_silent(condition)]
        case Sequence():
            return [_sequence(condition), *_numbered(condition.parts)]
        case _:
            return _nested(_head(condition), condition.parts)


def _dimensions(condition: Dimensions) -> str:
    level = colour(condition.level)
    if condition.within is None:
        return _(
            "{number, plural, one {breaches at {level} or more in # dimension} other {breaches at {level} or more in # dimensions}}",
            number=condition.dimensions,
            level=level,
        )
    return _(
        "breaches at {level} or more in {number, number} dimensions, each at some moment of the last {span}",
        number=condition.dimensions,
        level=level,
        span=span_words(condition.within),
    )


def _silent(condition: Silent) -> str:
    silent = condition.silent
    said = _(
        "{number, number} stations of {threshold} fell silent within {span} of each other, while their feed went on",
        number=silent.count,
        threshold=silent.of,
        span=span_words(silent.within),
    )
    if silent.areas:
        said = _("{what}; in {areas} together", what=said, areas=", ".join(silent.areas))
    if silent.stale_after is not None:
        said = _("{what}; silent from {span} after the last reading on", what=said, span=span_words(silent.stale_after))
    return said


def _sequence(condition: Sequence) -> str:
    span = span_words(condition.within)
    if condition.least_lag is None:
        return _("one after the other within {span}:", span=span)
    lag = span_words(condition.least_lag)
    return _("one after the other within {span}, each at least {lag} after the one before:", span=span, lag=lag)


def _head(condition: Condition | Unless) -> str:
    """What joins the conditions inside this one."""
    match condition:
        case All(within=None):
            return _("all of")
        case All():
            return _("all of, each at some moment of the last {span}", span=_within(condition.within))
        case AnyOf(within=None):
            return _("any of")
        case AnyOf():
            return _("any of, at some moment of the last {span}", span=_within(condition.within))
        case AtLeast(within=None):
            return _("at least {number, number} of", number=condition.at_least)
        case AtLeast():
            number, span = condition.at_least, _within(condition.within)
            return _("at least {number, number} of, each at some moment of the last {span}", number=number, span=span)
        case Together():
            number, span = condition.together, span_words(condition.within)
            return _("at least {number, number} of, their beginnings at most {span} apart", number=number, span=span)
        case Within():
            return _("at some moment of the last {span}", span=span_words(condition.within))
        case Sustained():
            return _("throughout the last {span}", span=span_words(condition.for_))
        case Times():
            return _("began {number, number} times within the last {span}", number=condition.times, span=span_words(condition.within))
        case Share():
            return _("in at least {share} of the area's {places}", share=format_proportion(condition.share), places=condition.of)
        case Near():
            return _near(condition)
        case Unless():
            return _("the first, unless the second")
        case _:
            return _("not")


def _near(condition: Near) -> str:
    distance = format_distance(condition.near.distance)
    if condition.near.at_least is None:
        return _("somewhere within {distance}", distance=distance)
    return _("at {number, number} places or more within {distance}", number=condition.near.at_least, distance=distance)


def _within(span: timedelta | None) -> str:
    return span_words(span) if span is not None else ""


def _nested(head: str, parts: Many[Condition]) -> list[str]:
    inside = [_lines(part) for part in parts]
    if len(inside) == 1 and len(inside[0]) == 1:
        return [f"{head}: {inside[0][0]}"]
    return [f"{head}:", *_marked(inside, ["–"] * len(inside))]


def _numbered(parts: Many[Condition]) -> list[str]:
    return _marked([_lines(part) for part in parts], [f"{in_own_digits(str(number))}." for number in range(1, len(parts) + 1)])


def _marked(inside: Many[list[str]], marks: Many[str]) -> list[str]:
    found = []
    for mark, (first, *others) in zip(marks, inside, strict=True):
        found += [f"{_INDENT}{mark} {first}", *(f"{_INDENT}{line}" for line in others)]
    return found
