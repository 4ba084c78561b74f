"""A shard's input taken in again, up to a moment: what was known then, without asking what a processor had said of it."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime

from eventlog.log import NOTHING, EventLog
from processors import engine
from processors.taking import Engine, take
from schemas.outputs import CompoundEvent
from schemas.records import Record
from schemas.topics import INPUT

_AT_ONCE = 1_000
"""Records read and taken in at a time. The log holds them about in the order received: when so many are all of later, no more is read."""


@dataclass(frozen=True)
class Replayed:
    """How a shard stood.

    Attributes:
        state: the engine's. events: all that was said of events, in order.
    """

    state: engine.State
    events: tuple[CompoundEvent, ...]


def replayed(log: EventLog, shard: str, until: datetime | None = None, done: Callable[[float], None] = lambda _: None) -> Replayed:
    """Take in all that was received until a moment, by default all there is. What cannot be taken in is passed over, as the processor does.

    Args:
        done: told how far it has come, as a share; only where the moment is given.

    Raises:
        LogError: the log cannot be read, or holds records of a newer version.
    """
    ours, state = Engine(), engine.initial(shard)
    events: list[CompoundEvent] = []
    first: datetime | None = None
    for records in _pages(log, shard):
        known = [record for record in records if until is None or record.received <= until]
        if not known:
            break
        state, taken = take(ours, state, known)
        events += [said for one in taken.values() for said in one.said if isinstance(said, CompoundEvent)]
        first = first or known[0].received
        if until is not None and until > first:
            done((known[-1].received - first) / (until - first))
    return Replayed(state, tuple(events))


def _pages(log: EventLog, shard: str) -> Iterator[list[Record]]:
    after = NOTHING
    while found := log.read(INPUT.name, after=after, shard=shard, limit=_AT_ONCE):
        after = found[-1].offset
        yield [stored.record for stored in found]
