"""Time as records: one tick a minute, the missed ones made up for, so that silence is noticed when it begins."""

from datetime import datetime, timedelta

from eventlog.log import EventLog
from schemas.envelopes import input_record
from schemas.records import Tick


class Ticker:
    """Appends ticks on whole multiples of a span.

    Args:
        every: one minute; a case that is played back may tick hourly.
        last: the last tick appended, if that is known; without it the first is the last one due.
    """

    def __init__(self, log: EventLog, shard: str, *, every: timedelta = timedelta(minutes=1), last: datetime | None = None) -> None:
        self.log, self.shard, self.every, self.last = log, shard, every, last

    def tick(self, now: datetime) -> int:
        """Append the ticks that are due at a moment (aware), and answer how many. A tick appended twice is one record."""
        due = now - (now - datetime(1970, 1, 1, tzinfo=now.tzinfo)) % self.every
        following = self.last + self.every if self.last is not None else due
        ticks = []
        while following <= due:
            ticks.append(input_record(self.shard, Tick(at=following)))
            following += self.every
        if ticks:
            self.log.append(ticks)
            self.last = following - self.every
        return len(ticks)
