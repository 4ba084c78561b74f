"""A log copied into another one, of whichever home: records in their order with their ids, and how far each group has come.

Offsets are the home's own, so those of the copy are others; a group's place is found again by the record it had committed last. States
of processors stand for offsets and are not copied: they are made again from the records.
"""

import time
from collections.abc import Callable

from eventlog.log import NOTHING, EventLog, Extent
from schemas.errors import LogError, RefusedError
from schemas.records import Stored

_BATCH = 2_000
_JOIN_S = 60.0
MEMBER = "copy"
"""The name under which places are committed in the copy."""


def check_empty(log: EventLog, where: str) -> None:
    """That a log has no record yet.

    Raises:
        RefusedError: it has.
    """
    if log.extent().ends:
        raise RefusedError("This log is not empty.", where=where, remedy="Name a new one; nothing is ever restored over another.")


def copy(source: EventLog, extent: Extent, target: EventLog, progress: Callable[[float], None] = lambda _: None) -> int:
    """Copy what a log held at a moment into one that is empty; answers how many records.

    Args:
        extent: of the source at the moment; what came later is left out. progress: is told the share that is done.

    Raises:
        LogError: one of them cannot be used.
    """
    places = sorted(extent.ends, key=lambda place: (place[1], place[0]))
    last: dict[tuple[str, str, str], Stored] = {}
    total = 0
    for number, (topic, shard) in enumerate(places):
        after, end = NOTHING, extent.ends[topic, shard]
        while after < end and (found := [s for s in source.read(topic, after=after, shard=shard, limit=_BATCH) if s.offset <= end]):
            kept = target.append([stored.record for stored in found])
            for group, done in extent.committed.items():
                passed = [new for old, new in zip(found, kept, strict=True) if old.offset <= done.get((topic, shard), NOTHING)]
                if passed:
                    last[group, topic, shard] = passed[-1]
            after = found[-1].offset
            total += len(found)
        progress((number + 1) / len(places))
    for (group, topic, shard), stored in last.items():
        _commit(target, group, topic, shard, stored)
    return total


def _commit(log: EventLog, group: str, topic: str, shard: str, stored: Stored) -> None:
    """Let a group have come as far as a record."""
    consumer = log.consumer(group, MEMBER, [topic], shard=shard)
    try:
        deadline = time.monotonic() + _JOIN_S
        while shard not in consumer.shards():
            if time.monotonic() > deadline:
                raise LogError(
                    f"The group {group} does not give out {shard}.", where=topic, remedy="End whoever reads this log, and try again."
                )
            consumer.poll(1, 0.1)
        with log.transaction(consumer) as transaction:
            transaction.commit([stored])
    finally:
        consumer.close()
