"""What the log has said until a moment, read once and kept: heartbeats, newest readings, breaches, events, warnings, deliveries."""

import logging
from bisect import bisect_right
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

import pyarrow.compute as pc
from pydantic import ValidationError

from eventlog.log import NOTHING, EventLog
from schemas.envelopes import read_input, read_output
from schemas.errors import PolyriskError
from schemas.observations import decode
from schemas.records import CompoundEvent, Heartbeat, Stored, ThresholdBreach
from schemas.topics import BREACHES, DELIVERIES, EVENTS, INPUT, WARNINGS
from schemas.warning_records import AnswerCount, Delivery, Warning, WarningReview

_TOPICS = (INPUT.name, BREACHES.name, EVENTS.name, WARNINGS.name, DELIVERIES.name)
_BATCH = 1000
_LOGGER = logging.getLogger(__name__)


@dataclass(frozen=True)
class Published:
    """A message of a warning as it stood when it was made known."""

    at: datetime
    warning: Warning


@dataclass(frozen=True)
class Known:
    """All that had been said at a moment. Pages are made of this and of nothing else.

    Attributes:
        at: the moment, UTC. first, last: of the records of the input topic; none if there is none yet.
        heartbeats: feed to its last sign of life.
        kept_aside: feed to the rows that were kept aside of all its deliveries.
        newest: feed to the end of the newest period that it gave a value for. A feed may answer daily and still bring nothing new.
        events, breaches, warnings, reviews, deliveries, answers: in the order of the log.
        unreadable: records that this version cannot read; what they said is missing.
    """

    at: datetime
    first: datetime | None = None
    last: datetime | None = None
    heartbeats: Mapping[str, Heartbeat] = field(default_factory=dict)
    kept_aside: Mapping[str, int] = field(default_factory=dict)
    newest: Mapping[str, datetime] = field(default_factory=dict)
    breaches: tuple[ThresholdBreach, ...] = ()
    events: tuple[CompoundEvent, ...] = ()
    warnings: tuple[Published, ...] = ()
    reviews: tuple[WarningReview, ...] = ()
    deliveries: tuple[Delivery, ...] = ()
    answers: tuple[AnswerCount, ...] = ()
    unreadable: int = 0


class LogReader:
    """Reads a shard's topics as they grow. Several threads may use one.

    Raises, on reading:
        LogError: the log cannot be read.
    """

    def __init__(self, log: EventLog, shard: str) -> None:
        self._log, self._shard = log, shard
        self._after = dict.fromkeys(_TOPICS, NOTHING)
        self._received: list[datetime] = []
        self._heartbeats: list[Heartbeat] = []
        self._newest: list[tuple[datetime, str, datetime]] = []
        self._breaches: list[tuple[datetime, ThresholdBreach]] = []
        self._events: list[tuple[datetime, CompoundEvent]] = []
        self._warnings: list[Published] = []
        self._reviews: list[tuple[datetime, WarningReview]] = []
        self._deliveries: list[tuple[datetime, Delivery]] = []
        self._answers: list[tuple[datetime, AnswerCount]] = []
        self._unreadable: list[datetime] = []
        self._lock = Lock()

    def refresh(self) -> tuple[int, ...]:
        """Take in what is new; answers how far each topic was read, which is the version of what is known."""
        with self._lock:
            for topic in _TOPICS:
                while found := self._log.read(topic, after=self._after[topic], shard=self._shard, limit=_BATCH):
                    for stored in found:
                        self._read(topic, stored)
                    self._after[topic] = found[-1].offset
            return tuple(self._after[topic] for topic in _TOPICS)

    def end(self) -> datetime | None:
        """The greatest `received` of the input; none before its first record."""
        with self._lock:
            return self._received[-1] if self._received else None

    def until(self, at: datetime) -> Known:
        """What was known at a moment: nothing received after it."""
        with self._lock:
            heard = bisect_right(self._received, at)
            newest: dict[str, datetime] = {}
            for when, feed, end in self._newest:
                if when <= at:
                    newest[feed] = max(end, newest.get(feed, end))
            kept_aside = Counter[str]()
            for beat in self._heartbeats:
                # What was the last delivery already is not kept aside again.
                kept_aside[beat.feed] += beat.quarantined if beat.new and beat.received <= at else 0
            return Known(
                at=at,
                first=self._received[0] if heard else None,
                last=self._received[heard - 1] if heard else None,
                heartbeats={h.feed: h for h in sorted(self._heartbeats, key=lambda h: h.received) if h.received <= at},
                kept_aside=kept_aside,
                newest=newest,
                breaches=tuple(b for when, b in self._breaches if when <= at),
                events=tuple(e for when, e in self._events if when <= at),
                warnings=tuple(p for p in self._warnings if p.at <= at),
                reviews=tuple(r for when, r in self._reviews if when <= at),
                deliveries=tuple(d for when, d in self._deliveries if when <= at),
                answers=tuple(a for when, a in self._answers if when <= at),
                unreadable=sum(when <= at for when in self._unreadable),
            )

    def _read(self, topic: str, stored: Stored) -> None:
        """Take a record in; one that cannot be read is counted and told, because the next may be a warning."""
        try:
            self._take(topic, stored)
        except (PolyriskError, ValidationError) as error:
            _LOGGER.warning("record %s of %s cannot be read and is left out: %s", stored.record.id, topic, error)
            self._unreadable.append(stored.record.received)

    def _take(self, topic: str, stored: Stored) -> None:
        record = stored.record
        if topic != INPUT.name:
            match read_output(record):
                case ThresholdBreach() as breach:
                    self._breaches.append((record.received, breach))
                case CompoundEvent() as event:
                    self._events.append((record.received, event))
                case Warning() as warning:
                    self._warnings.append(Published(record.received, warning))
                case WarningReview() as review:
                    self._reviews.append((record.received, review))
                case Delivery() as delivery:
                    self._deliveries.append((record.received, delivery))
                case AnswerCount() as answer:
                    self._answers.append((record.received, answer))
            return
        self._received.append(max(record.received, self._received[-1]) if self._received else record.received)
        if record.kind == "heartbeat":
            heartbeat = read_input(record)
            if isinstance(heartbeat, Heartbeat):
                self._heartbeats.append(heartbeat)
        elif record.kind == "observations":
            self._take_newest(record.received, record.payload)

    def _take_newest(self, received: datetime, payload: bytes) -> None:
        batch = decode(payload)
        given = batch.filter(pc.is_valid(batch["value"]))
        if given.num_rows:
            self._newest.append((received, str(given["feed"][0].as_py()), pc.max(given["end"]).as_py()))
