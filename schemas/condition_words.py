"""A condition in one line, as a meeting reads it, and where two of the same shape differ."""

from collections.abc import Iterator

from schemas.conditions import Condition, Not, Sequence, Silent, Unless
from schemas.moments import format_span


def in_words(condition: Condition | Unless) -> str:
    """The whole condition in one line: `in sequence within 8 w (river_station >= orange; dengue_channel >= orange)`."""
    if isinstance(condition, Not):
        return f"not {in_words(condition.not_)}"
    parts = "; ".join(in_words(part) for part in condition.parts)
    return f"{_own(condition)} ({parts})" if parts else _own(condition)


def differing(before: Condition | Unless, after: Condition | Unless) -> Iterator[tuple[str, str]]:
    """The smallest parts that differ, as words before and after; the whole if the two are not of one shape."""
    if before == after:
        return
    same_shape = type(before) is type(after) and len(before.parts) == len(after.parts) > 0
    if not same_shape or isinstance(before, Not):
        yield in_words(before), in_words(after)
        return
    if _own(before) != _own(after):
        yield _own(before), _own(after)
    for part, other in zip(before.parts, after.parts, strict=True):
        yield from differing(part, other)


def _own(condition: Condition | Unless) -> str:
    """What a condition says itself, without those inside it."""
    if isinstance(condition, Sequence) and condition.least_lag is not None:
        return f"{condition.text}, each at least {format_span(condition.least_lag)} after the one before"
    if isinstance(condition, Silent):
        silence = condition.silent
        where = f" in {', '.join(silence.areas)}" if silence.areas else ""
        sooner = f", silent after {format_span(silence.stale_after)}" if silence.stale_after is not None else ""
        return f"{condition.text}{where}{sooner}"
    return condition.text
