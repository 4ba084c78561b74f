"""A rule's conditions in words, a line for each, what stands inside a condition indented under it: for people who do not read YAML."""

from collections.abc import Sequence as Many

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
from schemas.moments import format_span

_INDENT = "    "


def words(condition: Condition | Unless) -> str:
    """A condition and all inside it, as lines."""
    return "\n".join(_lines(condition))


def _lines(condition: Condition | Unless) -> list[str]:
    match condition:
        case AtLevel():
            return [f"{condition.threshold} at {condition.level.word} or more"]
        case Not(not_=AtLevel() as inner):
            return [f"{inner.threshold} known to be under {inner.level.word}"]
        case Not(not_=Within() as inner):
            return _nested(f"at no moment of the last {format_span(inner.within)}", inner.parts)
        case Dimensions():
            within = f", each at some moment of the last {format_span(condition.within)}" if condition.within is not None else ""
            return [f"breaches at {condition.level.word} or more in {condition.dimensions} dimensions{within}"]
        case Silent():
            silent = condition.silent
            where = f" in {', '.join(silent.areas)} together" if silent.areas else ""
            after = f", {format_span(silent.stale_after)} after the last reading" if silent.stale_after is not None else ""
            return [
                f"{silent.count} stations of {silent.of}{where} fell silent within {format_span(silent.within)} of each other{after}, "
                "while their feed went on"
            ]
        case Sequence():
            return [f"one after the other within {format_span(condition.within)}{_lag(condition)}:", *_numbered(condition.parts)]
        case _:
            return _nested(_head(condition), condition.parts)


def _head(condition: Condition | Unless) -> str:
    """What joins the conditions inside this one."""
    match condition:
        case All():
            return "all of" + (f", each at some moment of the last {format_span(condition.within)}" if condition.within else "")
        case AnyOf():
            return "any of" + (f", at some moment of the last {format_span(condition.within)}" if condition.within else "")
        case AtLeast():
            within = f", each at some moment of the last {format_span(condition.within)}" if condition.within else ""
            return f"at least {condition.at_least} of{within}"
        case Together():
            return f"at least {condition.together} of, their beginnings at most {format_span(condition.within)} apart"
        case Within():
            return f"at some moment of the last {format_span(condition.within)}"
        case Sustained():
            return f"throughout the last {format_span(condition.for_)}"
        case Times():
            return f"began {condition.times} times within the last {format_span(condition.within)}"
        case Share():
            return f"in at least {format_proportion(condition.share)} of the area's {condition.of}"
        case Near():
            where = "somewhere" if condition.near.at_least is None else f"at {condition.near.at_least} places or more"
            return f"{where} within {format_distance(condition.near.distance)}"
        case Unless():
            return "the first, unless the second"
        case _:
            return "not"


def _lag(sequence: Sequence) -> str:
    return f", each at least {format_span(sequence.least_lag)} after the one before" if sequence.least_lag is not None else ""


def _nested(head: str, parts: Many[Condition]) -> list[str]:
    inside = [_lines(part) for part in parts]
    if len(inside) == 1 and len(inside[0]) == 1:
        return [f"{head}: {inside[0][0]}"]
    return [f"{head}:", *_marked(inside, ["–"] * len(inside))]


def _numbered(parts: Many[Condition]) -> list[str]:
    return _marked([_lines(part) for part in parts], [f"{number}." for number in range(1, len(parts) + 1)])


def _marked(inside: Many[list[str]], marks: Many[str]) -> list[str]:
    found = []
    for mark, (first, *others) in zip(marks, inside, strict=True):
        found += [f"{_INDENT}{mark} {first}", *(f"{_INDENT}{line}" for line in others)]
    return found
