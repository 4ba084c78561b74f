"""The stages of a drill from feed to phone, and how many minutes each took."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from math import ceil

from pydantic import Field

from schemas.country_facts import Drill
from schemas.moments import format_span
from schemas.records import Typed


class Stage(StrEnum):
    """What happens in a drill, in its order. A closed set."""

    READ = "read"
    JUDGED = "judged"
    PROPOSED = "proposed"
    WOKEN = "woken"
    AWAKE = "awake"
    SIGNED = "signed"
    HANDED_OVER = "handed_over"
    RECEIPT = "receipt"
    ANSWER = "answer"


IN_WORDS = {
    Stage.READ: "source asked, its readings in the log",
    Stage.JUDGED: "event in the log",
    Stage.PROPOSED: "message proposed",
    Stage.WOKEN: "officer on duty woken",
    Stage.AWAKE: "officer on duty answered",
    Stage.SIGNED: "signed",
    Stage.HANDED_OVER: "handed to the provider",
    Stage.RECEIPT: "handset receipt",
    Stage.ANSWER: "human answer",
}
BY_HALF = (Stage.RECEIPT, Stage.ANSWER)
"""Of people and networks the half must keep the limit: not every network reports, and not everybody has the telephone in the hand."""


@dataclass(frozen=True)
class Timed:
    """A stage as it was seen.

    Attributes:
        took: of each feed, signature or person by whom it came about. last: when it had come about for all of them; none if for nobody.
        of: for how many it was to come about; 0 if it was not asked for.
    """

    stage: Stage
    took: Sequence[timedelta]
    last: datetime | None
    of: int


class StageTime(Typed):
    """A line of a drill's table.

    Attributes:
        happened, of: for how many feeds, officers, signatures or people it came about, and for how many it was to. 0 of 0: not asked for.
        p50, slowest: minutes that it took, counted from the stage before; `p50` is of those for whom it came about.
        minute: of the drill, counted from asking the sources, in which it came about last. first: in which first.
    """

    stage: Stage
    happened: int = Field(ge=0)
    of: int = Field(ge=0)
    p50: float | None
    slowest: float | None
    first: float | None
    minute: float | None


def line(timed: Timed, begun: datetime, first: datetime | None) -> StageTime:
    """The line of a stage.

    Args:
        begun: when the sources were asked. first: when the stage came about first.
    """
    took = sorted(timed.took)
    return StageTime(
        stage=timed.stage,
        happened=len(took),
        of=timed.of,
        p50=_minutes(_nth(took, len(took))),
        slowest=_minutes(took[-1]) if took else None,
        first=_minutes(first - begun) if first is not None else None,
        minute=_minutes(timed.last - begun) if timed.last is not None else None,
    )


def _nth(took: Sequence[timedelta], of: int) -> timedelta | None:
    """How long it was until half of so many had it; none if that never came."""
    half = ceil(of / 2)
    return took[half - 1] if 0 < half <= len(took) else None


def _minutes(span: timedelta | None) -> float | None:
    return None if span is None else round(span.total_seconds() / 60, 3)


def faults(seen: Sequence[Timed], limits: Drill) -> tuple[str, ...]:
    """What did not happen, or took longer than the country's file allows; in words, the first of them first."""
    within = {
        Stage.JUDGED: limits.judged_within,
        Stage.AWAKE: limits.awake_within,
        Stage.SIGNED: limits.signed_within,
        Stage.HANDED_OVER: limits.handed_over_within,
        Stage.RECEIPT: limits.receipt_within,
        Stage.ANSWER: limits.answer_within,
    }
    found = []
    for timed in seen:
        if not timed.of:
            continue
        took, name = sorted(timed.took), IN_WORDS[timed.stage]
        limit = within.get(timed.stage)
        if not took:
            found.append(f"{name}: it did not happen")
        elif timed.stage in BY_HALF:
            half = _nth(took, timed.of)
            if limit is not None and (half is None or half > limit):
                found.append(f"{name}: not from half of {timed.of} within {format_span(limit)}")
        elif len(took) < timed.of:
            found.append(f"{name}: {len(took)} of {timed.of}")
        elif limit is not None and took[-1] > limit:
            found.append(f"{name}: it took longer than {format_span(limit)}")
    return tuple(found)
