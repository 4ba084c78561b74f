"""Time as records: one tick a minute, the missed ones made up for, so that silence is noticed when it begins."""

from collections.abc import Iterator
from datetime import datetime, timedelta

from eventlog.log import NOTHING, EventLog
from schemas.envelopes import input_record
from schemas.inputs import Tick
from schemas.topics import INPUT

_AT_ONCE = 1000
"""Ticks appended in one go, so that a clock that jumps ahead by years fills no memory."""
_LOOK_BACK = 1000
"""Records before those not judged yet in which the last tick is looked for at first; feeds bring few beside one tick a minute."""
_FURTHER = 8


class Ticker:
    """Appends ticks on whole multiples of a span.

    Args:
        every: one minute; a case that is played back may tick hourly.
        last: the last tick appended; by default it is looked up in the log, so that what was missed while nobody ticked is made up for.
            In a log without a tick the first is the last one due.
    """

    def __init__(self, log: EventLog, shard: str, *, every: timedelta = timedelta(minutes=1), last: datetime | None = None) -> None:
        self.log, self.shard, self.every, self.last = log, shard, every, last

    def tick(self, now: datetime) -> int:
        """Append the ticks that are due at a moment (aware), and answer how many. A tick appended twice is one record."""
        due = now - (now - datetime(1970, 1, 1, tzinfo=now.tzinfo)) % self.every
        if self.last is None:
            self.last = last_tick(self.log, self.shard) or due - self.every
        appended = 0
        while self.last + self.every <= due:
            ahead = min((due - self.last) // self.every, _AT_ONCE)
            ticks = [self.last + n * self.every for n in range(1, ahead + 1)]
            self.log.append([input_record(self.shard, Tick(at=at)) for at in ticks])
            self.last = ticks[-1]
            appended += ahead
        return appended


def last_tick(log: EventLog, shard: str, group: str = "processors") -> datetime | None:
    """The latest tick of a shard, looked for from where a group stands, and further back while there is none; none in a log without."""
    partition = log.partition(shard)
    if partition is None:
        return None
    judged, back = log.committed(group).get((INPUT.name, partition), NOTHING), _LOOK_BACK
    while True:
        after = max(NOTHING, judged - back)
        latest = max(_ticks(log, shard, after), default=None)
        if latest is not None or after == NOTHING:
            return latest
        back *= _FURTHER


def _ticks(log: EventLog, shard: str, after: int) -> Iterator[datetime]:
    while found := log.read(INPUT.name, after=after, shard=shard, limit=_AT_ONCE):
        yield from (stored.record.received for stored in found if stored.record.kind == "tick")
        after = found[-1].offset
