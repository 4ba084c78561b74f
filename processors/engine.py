"""One step: a shard's state and a record in, the next state and what must be said out.

A function of its arguments alone: no clock, no input or output, no chance. Time comes in with the records, so a live run, a replay, a
backtest and a rule's test are the same code, and the same log always gives the same breaches and events.
"""

from collections.abc import Sequence, Set
from datetime import datetime

from processors import snapshots, timeline_views
from processors.advance import advance as advance_by
from processors.advance import all_by_timelines, as_regular_as_may_be
from processors.contents import read_all
from processors.state import State
from processors.timeline_views import Timeline
from schemas.levels import Level
from schemas.outputs import CompoundEvent, Evidence, ThresholdBreach
from schemas.records import Record

ENGINE_VERSION = "4"
"""Changes when the same input would be judged otherwise; what was said before then goes out again as an update."""

__all__ = [
    "ENGINE_VERSION",
    "State",
    "Timeline",
    "advance",
    "from_bytes",
    "initial",
    "judged_on_by",
    "levels",
    "step",
    "timelines",
    "to_bytes",
    "why",
    "why_level",
]


def initial(shard: str) -> State:
    """A shard of which nothing is known yet."""
    return State(shard)


def step(state: State, record: Record) -> tuple[State, list[ThresholdBreach | CompoundEvent]]:
    """Take in one record.

    Returns:
        The next state, and what must be said because of the record: breaches by threshold and place, then events by area and rule.

    Raises:
        PolyriskError, pydantic.ValidationError: the record cannot be read; the state given still stands.
    """
    state, (said,) = advance(state, [record])
    return state, said


def advance(state: State, records: Sequence[Record], *, reasons: bool = True) -> tuple[State, list[list[ThresholdBreach | CompoundEvent]]]:
    """Take in records, one after the other; many at once cost far less than each by itself.

    Args:
        reasons: whether what is said comes with its reasons. Without, it is fit for nothing but to be counted; the state is the same.

    Returns:
        The next state, and for each record what must be said because of it, as `step` would.

    Raises:
        PolyriskError, pydantic.ValidationError: one of them cannot be read; the state given still stands.
    """
    return advance_by(state, records, read_all(records), ENGINE_VERSION, reasons=reasons)


def to_bytes(state: State) -> bytes:
    """A state as bytes; the same state always gives the same."""
    return snapshots.to_bytes(state)


def from_bytes(content: bytes) -> State:
    """The state that `to_bytes` wrote.

    Raises:
        PolyriskError: the bytes are not a state, or one of another format.
    """
    return as_regular_as_may_be(snapshots.from_bytes(content))


def timelines(state: State) -> dict[tuple[str, str], Timeline]:
    """(rule, area) to the truth of its `when`, up to what may be said now. Areas that no series covers are left out."""
    return timeline_views.timelines(all_by_timelines(state))


def levels(state: State, wanted: Set[str] | None = None) -> dict[tuple[str, str, Level], Timeline]:
    """(threshold, place, level) to its truth, for each place with a series and each area that it is rolled up to.

    Args:
        wanted: these places alone; none for all.
    """
    return timeline_views.levels(all_by_timelines(state), wanted)


def why(state: State, rule: str, area: str, at: datetime) -> Evidence | None:
    """How what a rule asks for stood in an area at a moment, each condition down to its readings; none if it is not judged there."""
    return timeline_views.why(all_by_timelines(state), rule, area, at)


def why_level(state: State, threshold: str, place: str, level: Level, at: datetime) -> Evidence | None:
    """How a threshold's level stood at a station or in an area at a moment; none if there is no such threshold."""
    return timeline_views.why_level(all_by_timelines(state), threshold, place, level, at)


def judged_on_by(state: State, rule: str, area: str) -> tuple[str, ...]:
    """The hash of the configuration by which the event that stands of a rule in an area is judged on, if it is not the one in force."""
    return tuple(former.plan.hash for former in state.formers if former.plan is not None and (rule, area) in former.events)
