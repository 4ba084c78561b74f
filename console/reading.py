"""What the log has said until a moment, read once and kept: heartbeats, newest readings, breaches, events, warnings, deliveries.

A year of a country is kept small: of what is read of few pages only, such as the reasons of an event, the bytes are kept and read again.
"""

import logging
import time
import zlib
from array import array
from bisect import bisect_left, bisect_right, insort
from collections.abc import Callable, Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import Any, Generic, NamedTuple, TypeVar

import numpy as np
import pyarrow as pa
from pydantic import ValidationError

from console.interface.speaking import later
from console.kept_reading import FORMAT, Kept, KeptFeed, KeptReading, moments_of, packed_moments
from console.series_kept import SeriesKept
from eventlog.log import NOTHING, EventLog
from schemas.arrow_numbers import given, whole_numbers
from schemas.envelopes import read_input, read_output
from schemas.errors import PolyriskError
from schemas.inputs import Baseline, ConfigChange, Heartbeat
from schemas.microseconds import from_microseconds, to_microseconds
from schemas.observations import decode
from schemas.outputs import CompoundEvent, ThresholdBreach
from schemas.readings import decode_readings
from schemas.records import Record, Stored, Typed
from schemas.topics import BREACHES, DELIVERIES, EVENTS, INPUT, WARNINGS
from schemas.warning_records import AnswerCount, Delivery, Warning, WarningReview

_TOPICS = (EVENTS.name, INPUT.name, BREACHES.name, WARNINGS.name, DELIVERIES.name)
"""Events first: when the log is read from its beginning, it is then known which readings an event will rest on."""
_BATCH = 1000
_KEPT = 4
"""Moments of which all that was known is kept at hand."""
_LOGGER = logging.getLogger(__name__)
S = TypeVar("S")
T = TypeVar("T")
M = TypeVar("M", bound=Typed)


NOT_READ_YET = later("The console was started a moment ago and is still reading the log: nothing can be said until all of it is read.")


class NotReadYetError(PolyriskError):
    """What the log has said is still being read; a page of half of it would be taken for all of it.

    Attributes:
        came_to: how far that is, UTC; none if it has not begun.
    """

    def __init__(self, came_to: datetime | None) -> None:
        self.came_to = came_to
        super().__init__("the log is still being read since the start.", remedy="Wait, and load the page again.")


@dataclass(frozen=True)
class Published:
    """A message of a warning as it stood when it was made known."""

    at: datetime
    warning: Warning


@dataclass(frozen=True)
class Known:
    """All that had been said at a moment. Pages are made of this and of nothing else.

    Attributes:
        at: the moment, UTC. first, last: of the records of the input topic; none if there is none yet. heard: how many there are.
        heartbeats: feed to its last sign of life.
        kept_aside: feed to the rows that were kept aside of all its deliveries.
        newest: feed to the end of the newest period that it gave a value for. A feed may answer daily and still bring nothing new.
        events, breaches, warnings, reviews, deliveries, answers: in the order of the log. Breaches are without readings; of its reasons an
            event has the first alone, without what that rests on: `whole` gives all.
        unreadable: records that this version cannot read; what they said is missing.
        version: another one whenever anything of it is other than it was for the same moment.
    """

    at: datetime
    first: datetime | None = None
    last: datetime | None = None
    heard: int = 0
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
    version: tuple[int, ...] = ()
    _reasons: Sequence[bytes] = field(default=(), compare=False, repr=False)
    _made: dict[Hashable, Any] = field(default_factory=dict, compare=False, repr=False)

    def whole(self, event: CompoundEvent) -> CompoundEvent:
        """One of the events, with its reasons."""
        place = next((n for n, one in enumerate(self.events) if one is event), len(self._reasons))
        if place >= len(self._reasons):
            return event
        return CompoundEvent.model_validate_json(zlib.decompress(self._reasons[place]))

    def once(self, what: Hashable, make: Callable[[], T]) -> T:
        """What is made of it, made once for all pages. Two that ask at the same moment may both make it, and get the same."""
        if what not in self._made:
            self._made[what] = make()
        found: T = self._made[what]
        return found


class _Said(Generic[T]):
    """What one topic said, in the order of the log, each with when it was received."""

    def __init__(self) -> None:
        self.values: list[T] = []
        self._moments = array("q")
        self._in_order = True

    def add(self, moment: int, value: T) -> None:
        self._in_order = self._in_order and (not self._moments or self._moments[-1] <= moment)
        self._moments.append(moment)
        self.values.append(value)

    def count(self, at: int) -> int:
        """How many had been received by a moment."""
        return bisect_right(self._moments, at) if self._in_order else sum(moment <= at for moment in self._moments)

    def until(self, at: int, beside: Sequence[S]) -> tuple[S, ...]:
        """Of what stands beside each of them, or of themselves, what had been received by a moment."""
        if self._in_order:
            return tuple(beside[: self.count(at)])
        return tuple(one for moment, one in zip(self._moments, beside, strict=True) if moment <= at)

    def all_until(self, at: int) -> tuple[T, ...]:
        """Those that had been received by a moment."""
        return self.until(at, self.values)


class _Shared:
    """Records that say the same in part hold that part once: a year of them takes a third of the room."""

    def __init__(self) -> None:
        self._known: dict[object, object] = {}

    def model(self, model: M, **other: object) -> M:
        """The same record, with other values of some fields."""
        return type(model).made(**{name: other[name] if name in other else self._value(value) for name, value in model})

    def _value(self, value: object) -> object:
        match value:
            case str() | datetime():
                return self._known.setdefault((type(value), value), value)
            case tuple():
                return tuple([self._value(part) for part in value])
            case Typed():
                made = self.model(value)
                try:
                    return self._known.setdefault((type(made), made), made)
                except TypeError:  # it holds what has no hash
                    return made
        return value


class _Beat(NamedTuple):
    """A sign of life, in order of its receipt."""

    received: int
    number: int
    delivery: str
    new: bool
    rows: int
    quarantined: int


class _Feed:
    """What was heard of one feed, in order of receipt."""

    def __init__(self, beats: Sequence[_Beat] = (), given: Sequence[tuple[int, int]] = ()) -> None:
        self.beats = list(beats)
        self.given = list(given)
        """When a delivery was received, and the end of the newest period that any had given a value for by then."""

    def heard(self, beat: Heartbeat) -> None:
        received = to_microseconds(beat.received)
        insort(self.beats, _Beat(received, len(self.beats), beat.delivery, beat.new, beat.rows, beat.quarantined))

    def gave(self, received: int, end: int) -> None:
        place = bisect_right(self.given, (received, end))
        self.given.insert(place, (received, end))
        for n in range(place, len(self.given)):
            at, newest = self.given[n]
            self.given[n] = (at, max(newest, self.given[n - 1][1] if n else newest))

    def last(self, name: str, at: int) -> Heartbeat | None:
        """Its last sign of life by a moment."""
        place = bisect_left(self.beats, (at + 1,)) - 1
        if place < 0:
            return None
        beat = self.beats[place]
        return Heartbeat.made(
            kind="heartbeat", feed=name, received=from_microseconds(beat.received), delivery=beat.delivery, new=beat.new, rows=beat.rows,
            quarantined=beat.quarantined,
        )  # fmt: skip

    def answered(self, since: int, until: int) -> list[datetime]:
        """When it answered after one moment and by another, and its last answer before."""
        first, last = (bisect_left(self.beats, (at + 1,)) for at in (since, until))
        return [from_microseconds(beat.received) for beat in self.beats[max(first - 1, 0) : last]]

    def kept_aside(self, at: int) -> int:
        """Rows kept aside by a moment. What was the last delivery already is not kept aside again."""
        return sum(beat.quarantined for beat in self.beats[: bisect_left(self.beats, (at + 1,))] if beat.new)

    def newest(self, at: int) -> int | None:
        """The end of the newest period that a value was given for by a moment."""
        place = bisect_left(self.given, (at + 1,)) - 1
        return self.given[place][1] if place >= 0 else None


class LogReader:
    """Reads a shard's topics as they grow. Several threads may use one.

    Args:
        spans: feed to how long its readings are kept that no event rests on (`console.series_kept.horizons`); without it none are kept.
        kept: where what was read of the input is kept from one start to the next, with the readings; without it nothing is.

    Raises, on reading:
        LogError: the log cannot be read.
    """

    def __init__(self, log: EventLog, shard: str, spans: Mapping[str, timedelta] | None = None, kept: KeptReading | None = None) -> None:
        self._series = SeriesKept(spans) if spans is not None else None
        self._log, self._shard = log, shard
        self._after = dict.fromkeys(_TOPICS, NOTHING)
        self._received = array("q")
        self._feeds: dict[str, _Feed] = {}
        self._breaches, self._events, self._reasons = _Said[ThresholdBreach](), _Said[CompoundEvent](), list[bytes]()
        self._warnings, self._deliveries, self._answers = _Said[Published](), _Said[Delivery](), _Said[AnswerCount]()
        self._reviews = _Said[WarningReview]()
        self._unreadable, self._shared = _Said[None](), _Shared()
        self._unread_of_input = False
        self._kept: dict[tuple[datetime, tuple[int, ...]], Known] = {}
        self._lock = Lock()
        self._file, self._restored = kept, kept is None or spans is None

    def refresh(self, patience_s: float | None = None) -> tuple[int, ...]:
        """Take in what is new; answers how far each topic was read.

        Args:
            patience_s: how long that may take; none waits for all of it.

        Raises:
            NotReadYetError: it took longer; who asks again finds more of it done.
        """
        begun = time.monotonic()
        if not self._restored:
            self._restore()
        for topic in _TOPICS:
            while self._refreshed(topic):
                if patience_s is not None and time.monotonic() - begun > patience_s:
                    raise NotReadYetError(self.end())
        if self._series is not None:
            with self._lock:
                self._series.settle()
        return tuple(self._after[topic] for topic in _TOPICS)

    def keep(self) -> None:
        """Write down what was read of the input, so that the next start reads on from there. Nothing of it waits meanwhile but the reading.

        Raises:
            LogError: the log cannot be read.
        """
        if self._file is None or self._series is None:
            return
        with self._lock:
            offset = self._after[INPUT.name]
            if offset == NOTHING or not self._restored or self._unread_of_input:
                return
            feeds = {name: KeptFeed(feed.beats, feed.given) for name, feed in self._feeds.items()}
            kept = Kept(FORMAT, offset, self._file.mark(offset), packed_moments(self._received), feeds, self._series.kept())
            self._file.save(kept)

    def _restore(self) -> None:
        """Begin where the console before this one was, if that is known. It is looked at once."""
        with self._lock:
            if self._restored or self._file is None or self._series is None:
                return
            kept = self._file.load()
            self._restored = True
            if kept is None or not self._series.restore(kept.series):
                return
            self._after[INPUT.name] = kept.offset
            self._received = moments_of(kept.received)
            for name, one in kept.feeds.items():
                self._feeds[name] = _Feed([_Beat(*beat) for beat in one.beats], one.given)

    def end(self) -> datetime | None:
        """The greatest `received` of the input; none before its first record."""
        with self._lock:
            return from_microseconds(self._received[-1]) if self._received else None

    def until(self, at: datetime) -> Known:
        """What was known at a moment: nothing received after it. The same is given to all who ask, as long as nothing of it changes."""
        moment = to_microseconds(at)
        with self._lock:
            version = self._version(moment)
            known = self._kept.get((at, version))
            if known is None:
                while len(self._kept) >= _KEPT:
                    del self._kept[next(iter(self._kept))]
                known = self._kept[at, version] = self._until(at, moment, version)
            return known

    def answers(self, since: datetime, until: datetime) -> dict[str, list[datetime]]:
        """Feed to when it answered between two moments, in order, after its last answer before them if there was one."""
        first, last = to_microseconds(since), to_microseconds(until)
        with self._lock:
            found = {name: feed.answered(first, last) for name, feed in self._feeds.items()}
        return {name: answered for name, answered in found.items() if answered}

    def series(self, asked: Callable[[SeriesKept], T]) -> T | None:
        """What is asked of the readings that are kept; none if none are. Nothing is taken in meanwhile."""
        with self._lock:
            return asked(self._series) if self._series is not None else None

    def _version(self, moment: int) -> tuple[int, ...]:
        """How much of each had been received by a moment. Nothing is ever taken back, so as many are the same."""
        said = (self._breaches, self._events, self._warnings, self._reviews, self._deliveries, self._answers, self._unreadable)
        return bisect_right(self._received, moment), *(one.count(moment) for one in said)

    def _until(self, at: datetime, moment: int, version: tuple[int, ...]) -> Known:
        heard = version[0]
        beats = {name: beat for name, feed in self._feeds.items() if (beat := feed.last(name, moment)) is not None}
        newest = {name: end for name, feed in self._feeds.items() if (end := feed.newest(moment)) is not None}
        return Known(
            at=at,
            first=from_microseconds(self._received[0]) if heard else None,
            last=from_microseconds(self._received[heard - 1]) if heard else None,
            heard=heard,
            heartbeats=beats,
            kept_aside={name: self._feeds[name].kept_aside(moment) for name in beats},
            newest={name: from_microseconds(end) for name, end in newest.items()},
            breaches=self._breaches.all_until(moment),
            events=self._events.all_until(moment),
            warnings=self._warnings.all_until(moment),
            reviews=self._reviews.all_until(moment),
            deliveries=self._deliveries.all_until(moment),
            answers=self._answers.all_until(moment),
            unreadable=self._unreadable.count(moment),
            version=version,
            _reasons=self._events.until(moment, self._reasons),
        )

    def _refreshed(self, topic: str) -> bool:
        """Take in some records of a topic; whether there were any."""
        with self._lock:
            found = self._log.read(topic, after=self._after[topic], shard=self._shard, limit=_BATCH)
            for stored in found:
                self._read(topic, stored)
            if found:
                self._after[topic] = found[-1].offset
            return bool(found)

    def _read(self, topic: str, stored: Stored) -> None:
        """Take a record in; one that cannot be read is counted and told, because the next may be a warning."""
        try:
            self._take(topic, stored)
        except (PolyriskError, ValidationError) as error:
            _LOGGER.warning("record %s of %s cannot be read and is left out: %s", stored.record.id, topic, error)
            self._unreadable.add(stored.record.received_microseconds, None)
            self._unread_of_input = self._unread_of_input or topic == INPUT.name

    def _take(self, topic: str, stored: Stored) -> None:
        record, received = stored.record, stored.record.received_microseconds
        if topic != INPUT.name:
            match read_output(record):
                case ThresholdBreach() as breach:
                    self._breaches.add(received, self._shared.model(breach, readings=()))
                case CompoundEvent() as event:
                    self._reasons.append(zlib.compress(record.payload))
                    bare = self._shared.model(event.evidence, readings=(), parts=())
                    self._events.add(received, self._shared.model(event, evidence=bare, ending=None, beside=()))
                    if self._series is not None:
                        self._series.claim(event)
                case Warning() as warning:
                    self._warnings.add(received, Published(record.received, self._shared.model(warning)))
                case WarningReview() as review:
                    self._reviews.add(received, review)
                case Delivery() as delivery:
                    self._deliveries.add(received, self._shared.model(delivery))
                case AnswerCount() as answer:
                    self._answers.add(received, self._shared.model(answer))
            return
        self._received.append(max(received, self._received[-1]) if self._received else received)
        if record.kind == "heartbeat":
            heartbeat = read_input(record)
            if isinstance(heartbeat, Heartbeat):
                self._feeds.setdefault(heartbeat.feed, _Feed()).heard(heartbeat)
        elif record.kind == "observations":
            self._take_readings(record, decode(record.payload))
        elif record.kind == "reading":
            self._take_readings(record, decode_readings([record]))
        elif self._series is not None and record.kind in ("baseline", "configuration"):
            match read_input(record):
                case Baseline() as baseline:
                    self._series.baseline(baseline)
                case ConfigChange() as change:
                    self._series.configuration(change)

    def _take_readings(self, record: Record, batch: pa.RecordBatch) -> None:
        if self._series is not None:
            self._series.take(record.id, record.received, batch)
        rows = np.flatnonzero(given(batch["value"]))
        if len(rows):
            newest = int(whole_numbers(batch["end"], 0)[rows].max())
            self._feeds.setdefault(str(batch["feed"][int(rows[0])].as_py()), _Feed()).gave(record.received_microseconds, newest)
