"""One step: a shard's state and a record in, the next state and what must be said out.

A function of its arguments alone: no clock, no input or output, no chance. Time comes in with the records, so a live run, a replay, a
backtest and a rule's test are the same code, and the same log always gives the same breaches and events.
"""

from processors.intake import Intake
from processors.saying import say
from processors.snapshots import from_bytes, to_bytes
from processors.state import State
from processors.timeline_views import Timeline, levels, timelines
from schemas.envelopes import read_input
from schemas.records import (
    Baseline,
    CompoundEvent,
    ConfigChange,
    GaugeDeclaration,
    Heartbeat,
    Record,
    ThresholdBreach,
    Tick,
)

ENGINE_VERSION = "1"
"""Changes when the same input would be judged otherwise; what was said before then goes out again as an update."""

__all__ = ["ENGINE_VERSION", "State", "Timeline", "from_bytes", "initial", "levels", "step", "timelines", "to_bytes"]


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
    intake = Intake(state, record)
    match read_input(record):
        case Heartbeat() as heartbeat:
            intake.heartbeat(heartbeat)
        case Tick():
            pass
        case ConfigChange() as change:
            intake.configuration(change)
        case Baseline() as baseline:
            intake.baseline(baseline)
        case GaugeDeclaration() as declaration:
            intake.declaration(declaration)
        case batch:
            intake.observations(batch)
    return say(intake.state(), intake.touched(), record, ENGINE_VERSION)
