"""All that comes in over the years, in the order in which it would have been received."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

from processors.history import Delivery, History, delivery_record, moments_between
from schemas.envelopes import input_record
from schemas.inputs import Baseline, Tick
from schemas.microseconds import from_microseconds, to_microseconds
from schemas.records import Record

_DAY = timedelta(days=1) // timedelta(microseconds=1)
Brought = tuple[Record, Delivery | Baseline | Tick]
"""A record, and what it says."""


def records_of(
    shard: str, history: History, baselines: Iterable[Baseline], first: datetime, end: datetime
) -> Iterator[tuple[int, Brought]]:
    """Each record with the moment it is received, in microseconds, and what it says; a tick each day.

    At one moment deliveries come first, then what is computed of them, then the tick, as in a live run.
    """
    latest = to_microseconds(end)
    found: list[tuple[int, int, int, Delivery | Baseline | Tick]] = []
    found += [(d.received, 0, n, d) for n, d in enumerate(history.deliveries) if d.received <= latest]
    found += [(at, 1, n, b) for n, b in enumerate(baselines) if (at := to_microseconds(b.at)) <= latest]
    found += [(at, 2, 0, Tick(at=from_microseconds(at))) for at in moments_between(first, end, _DAY)]
    for at, _, _, content in sorted(found, key=lambda one: one[:3]):
        yield at, (delivery_record(shard, content) if isinstance(content, Delivery) else input_record(shard, content), content)
