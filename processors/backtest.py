"""The years lived through again: what a configuration would have said, as of what was known then.

The same `advance` as in a live run takes in the same records in the order of their receipt: each delivery when it was received, each
baseline as it could be computed then, a tick each day. So a reading received later cannot matter earlier, and a test proves it.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from processors.advance import advance
from processors.backtest_memory import fills, lightened
from processors.backtest_records import Brought, records_of
from processors.backtest_truths import Steps, Truths
from processors.contents import Content, Piece
from processors.engine import ENGINE_VERSION, initial
from processors.history import Delivery, History
from processors.state import State
from schemas.configuration import Configuration
from schemas.envelopes import input_record
from schemas.inputs import Baseline, ConfigChange, Tick
from schemas.levels import Level
from schemas.microseconds import from_microseconds
from schemas.outputs import CompoundEvent, EventChange, ThresholdBreach

DAY = timedelta(days=1)
_TAKEN_AT_ONCE = 256
"""Records handed to the engine together, at most; it answers for each by itself."""
_ENOUGH_FOR_COLUMNS = 120
"""Records that are worth going forward with: what is put in order with them is put in order once."""
_SPOKEN = {EventChange.OPENED, EventChange.ESCALATED, EventChange.EASED, EventChange.CLOSED, EventChange.CANNOT_TELL, EventChange.RETRACTED}
"""Changes that people are told of by a message; the others are seen on the page."""


@dataclass(frozen=True)
class Activation:
    """An event as it would have been lived: one that opened and that people could have been warned of.

    Attributes:
        id: the event's. since: valid time of its onset. known: when it was known, the earliest moment of a warning.
        until: valid time of its end, and closed: when that was known; none while it goes on.
        level: the highest it reached. quiet: why nobody would have been told, else empty.
        messages: how many changes of it would have gone out. ending: the last change if it ended, such as `closed` or `cannot_tell`.
    """

    id: str
    rule: str
    area: str
    since: datetime
    known: datetime
    level: Level
    until: datetime | None = None
    closed: datetime | None = None
    quiet: str = ""
    messages: int = 1
    ending: EventChange | None = None
    afterwards: bool = False

    def stands(self, at: datetime) -> bool:
        """Whether it was known to be in force at a moment."""
        return self.known <= at and (self.closed is None or at < self.closed)


@dataclass
class Outcome:
    """What a configuration would have said of a history.

    Attributes:
        configuration: its hash. first, last: of what was run, UTC. readings: how many were taken in.
        activations: events by the moment they were known, those that were found only when they were over among them (`afterwards`).
        breaches: (threshold, place) to how many breaches opened there.
        truths: (rule or condition, area) to its truth over valid time, as it stood once nothing could alter it any more.
    """

    configuration: str
    first: datetime
    last: datetime
    readings: int
    activations: list[Activation] = field(default_factory=list)
    breaches: dict[tuple[str, str], int] = field(default_factory=dict)
    truths: Mapping[tuple[str, str], Steps] = field(default_factory=dict)

    def of(self, rule: str) -> list[Activation]:
        """The activations of a rule that could have been warned of."""
        return [a for a in self.activations if a.rule == rule and not a.afterwards]


def run(
    configuration: Configuration,
    history: History,
    baselines: Sequence[Baseline] = (),
    last: datetime | None = None,
    truths: bool = True,
) -> Outcome:
    """Run a configuration over a history.

    Args:
        baselines: as `processors.backtest_baselines.baselines_of` makes them, by the moment they were made.
        last: up to when time goes on after the last reading was received; by default to the end of that day.
        truths: whether the truth over time is kept too, which tells "no" from "cannot tell".

    Raises:
        ConfigurationError: the configuration means nothing.
    """
    if not len(history):
        now = datetime.now(UTC) if last is None else last
        return Outcome(configuration.hash, now, now, 0)
    first = from_microseconds(history.deliveries[0].received)
    end = last if last is not None else from_microseconds(history.deliveries[-1].received) + DAY
    lived = _Lived(configuration, history, first, truths)
    for begins, brought in _months(configuration.shard, history, baselines, first, end):
        lived.take(brought, begins)
    return lived.outcome(end)


class _Lived:
    """A configuration as it goes through the years."""

    def __init__(self, configuration: Configuration, history: History, first: datetime, truths: bool) -> None:
        self._hash, self._history, self._first = configuration.hash, history, first
        self._state = configured(configuration, first)
        self._told, self._truths = Told(), Truths() if truths else None
        self._waiting: list[Brought] = []

    def take(self, brought: Sequence[Brought], ends: bool) -> None:
        """Take in records, with those that wait. `ends` says that they end a month.

        Months are short where places are judged by timelines, which let go of what was said as they go on; columns keep it longer.
        """
        self._waiting += brought
        columns = self._state.columns
        if columns is None or not columns.regular.all() or len(self._waiting) >= _ENOUGH_FOR_COLUMNS:
            self._advance(ends)

    def outcome(self, end: datetime) -> Outcome:
        """What came of it."""
        self._advance(ends=True)
        return Outcome(
            configuration=self._hash,
            first=self._first,
            last=end,
            readings=len(self._history),
            activations=self._told.activations(),
            breaches=self._told.breaches,
            truths=self._truths.truths() if self._truths is not None else {},
        )

    def _advance(self, ends: bool) -> None:
        records, contents = [record for record, _ in self._waiting], _cut(self._history, [content for _, content in self._waiting])
        state, said = advance(self._state, records, contents, ENGINE_VERSION, reasons=False)
        for outputs in said:
            self._told.take(outputs)
        if ends or fills(state):
            if self._truths is not None:
                self._truths.take(state)
            state = lightened(state)
        self._state, self._waiting = state, []


def configured(configuration: Configuration, first: datetime) -> State:
    change = ConfigChange(
        at=first, hash=configuration.hash, configuration=configuration.canonical(), author="backtest", reason="what is tried"
    )
    state, _ = advance(initial(configuration.shard), [input_record(configuration.shard, change)], [change], ENGINE_VERSION)
    return state


def _months(
    shard: str, history: History, baselines: Sequence[Baseline], first: datetime, end: datetime
) -> Iterator[tuple[bool, list[Brought]]]:
    """Records in order of receipt with what they say, cut so that a new month begins a new part; and whether one does after it."""
    brought: list[Brought] = []
    month = (first.year, first.month)
    for at, one in records_of(shard, history, baselines, first, end):
        now = from_microseconds(at)
        begins = (now.year, now.month) != month
        if begins or len(brought) >= _TAKEN_AT_ONCE:
            yield begins, brought
            brought = []
            month = (now.year, now.month)
        brought.append(one)
    yield False, brought


def _cut(history: History, contents: Sequence[Delivery | Baseline | Tick]) -> list[Content]:
    """What records say, deliveries as pieces of one batch."""
    first = next((c.first for c in contents if isinstance(c, Delivery)), 0)
    last = next((c.last for c in reversed(contents) if isinstance(c, Delivery)), first)
    batch = history.batch(first, last)
    return [Piece(batch, c.first - first, c.last - first) if isinstance(c, Delivery) else c for c in contents]


class Told:
    """Keeps what was said of each event, as it is said.

    Attributes:
        breaches: (threshold, place) to how many breaches opened there.
    """

    def __init__(self) -> None:
        self.breaches: dict[tuple[str, str], int] = {}
        self._events: dict[str, list[CompoundEvent]] = {}

    def take(self, outputs: Sequence[ThresholdBreach | CompoundEvent]) -> None:
        """What was said because of one record."""
        for output in outputs:
            if isinstance(output, CompoundEvent):
                self._events.setdefault(output.id, []).append(output)
            elif output.change.value == "opened":
                place = (output.threshold, output.area)
                self.breaches[place] = self.breaches.get(place, 0) + 1

    def activations(self) -> list[Activation]:
        """Each event as one activation."""
        found = [_activation(changes) for changes in self._events.values()]
        return sorted(found, key=lambda a: (a.known, a.area, a.rule, a.id))


def _activation(changes: Sequence[CompoundEvent]) -> Activation:
    first, last = changes[0], changes[-1]
    loud = [c for c in changes if not c.quiet]
    return Activation(
        id=first.id,
        rule=first.rule,
        area=first.area,
        since=first.since,
        known=(loud[0] if loud else first).known,
        level=max(c.level for c in changes),
        until=last.until if last.ended else None,
        closed=last.known if last.ended else None,
        quiet="" if loud else first.quiet,
        messages=sum(c.change in _SPOKEN for c in loud),
        ending=last.change if last.ended else None,
        afterwards=first.change is EventChange.FOUND_AFTERWARDS,
    )
