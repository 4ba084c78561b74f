"""Sends what was intended, most at risk first, and never twice on purpose.

Each chunk is recorded as being sent in one durable transaction, then called, then its answers are recorded in one transaction. What
has no answer, be it for a dropped connection or because a process died, is looked up at the provider by recipient, time and body
before anything is sent again (`alerts.reconciliation`). So is all that is sent for a while after a restore (`alerts.restores`).

Little is handed over at a time, and between two hand-overs all that waits is looked at anew: a graver warning that came meanwhile goes
first, and what a person halted is not sent.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import uvloop

from alerts import intents, ledger, stops
from alerts.as_signed import NotAsSignedError, Way
from alerts.balance import BalanceWatch
from alerts.channels.contract import LATER, STOPS_ALL, STOPS_COUNTRY, Balance, Channel, Outgoing, Refusal, Refused, Unanswered
from alerts.doors import TRY_AGAIN_AFTER, Doors
from alerts.intents import Answered, Intent
from alerts.marks import is_exercise
from alerts.pace import Backlog, Pace
from alerts.people.numbers import is_synthetic
from alerts.people.subscribers import leave
from alerts.reconciliation import Reconciliation
from alerts.registry import Registry
from alerts.restores import LookBack
from schemas.warning_records import MessageState

GRACE = timedelta(minutes=30)
"""How long the provider may take to show what it accepted."""
LONGEST_PAUSE_S = 10.0
"""A provider that asks for a longer pause is left until it is over: meanwhile others have work to do, and a graver warning may come."""
LOOK_S = 0.5
"""How often it is asked, while messages go out, whether a person has halted them."""


@dataclass
class DispatchReport:
    """What a round did, in messages.

    Attributes:
        later: put back into the queue, surely not taken. found: without an answer, but the provider has them.
        waiting: without an answer; the provider does not show them yet. resent, unknown: the provider never showed them; of what was
            resent, all but what it surely had not taken is marked as possibly doubled.
        closed: why the provider refuses us as a whole; empty if it does not.
    """

    accepted: int = 0
    refused: int = 0
    later: int = 0
    found: int = 0
    waiting: int = 0
    resent: int = 0
    unknown: int = 0
    dropped: int = 0
    closed: str = ""

    @property
    def settled(self) -> int:
        """Messages whose state changed for good in this round."""
        return self.accepted + self.refused + self.found + self.resent + self.unknown + self.dropped


@dataclass(frozen=True)
class _Outcome:
    """What became of one message. answered: none if nobody knows. called: the provider was asked to take it."""

    intent: Intent
    answered: Answered | None
    refused: Refused | None = None
    called: bool = True


class Dispatcher:
    """Sends for one registry through one channel.

    Args:
        agreed: the country lets messages go out to people; otherwise only numbers that belong to nobody are called.
        segments_per_second: of the sender; no more than a minute's work is handed over ahead of it. None if nobody limits it.
        way: as whom and through which channel the country sends now, which what was signed is held against; none if nobody says.
        balance_below: people on duty are told when less is left on the provider's account; none if they are not.
        wall_clock: comparable with the provider's times. clock: seconds, never set back. sleep: replaced in tests.
        chunk: messages recorded as being sent at once; after a crash so many are looked up at most.
        patience: rounds that may pass without any message taken before the queue is left for the next time.
    """

    def __init__(
        self,
        registry: Registry,
        channel: Channel,
        *,
        agreed: bool = False,
        segments_per_second: float | None = None,
        way: Way | None = None,
        balance_below: float | None = None,
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chunk: int = 500,
        concurrency: int = 32,
        grace: timedelta = GRACE,
        patience: int = 4,
    ) -> None:
        self._registry = registry
        self._channel = channel
        self._agreed = agreed
        self._way = way
        self._wall = wall_clock
        self._sleep = sleep
        self._chunk = chunk
        self._concurrency = concurrency
        self._patience = patience
        self._clock = clock
        self._rest_until = 0.0
        self._backlog = Backlog(segments_per_second, clock)
        self._doors = Doors(clock)
        self._balance = BalanceWatch(registry, balance_below, wall_clock, clock)
        self._stops: tuple[stops.Stop, ...] = ()
        self._look_back = LookBack(registry, channel)
        self._reconciliation = Reconciliation(registry, channel, self._outgoing, wall_clock, grace, concurrency)

    @property
    def balance(self) -> Balance | None:
        """What was left on the provider's account when it was last asked; none if nobody knows."""
        return self._balance.last

    def run(self, now: datetime) -> DispatchReport:
        """Send what is due until the queue is empty, the sender has a minute's work, or the provider takes no more.

        What was not taken stays in the queue. If the provider refuses us as a whole, people on duty are told, and the report says so.

        Args:
            now: the country's time, by which warnings run out.
        """
        report = DispatchReport(closed=self._doors.closed)
        with self._registry.begin() as connection:
            report.dropped = intents.expire(connection, now) + intents.drop_left(connection)
            work = intents.waiting(connection) and not report.closed and self._clock() >= self._rest_until
        if work or self._balance.due():
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._round(now, report, work=work))
        return report

    async def _round(self, now: datetime, report: DispatchReport, *, work: bool) -> None:
        async with self._channel:
            await self._balance.look(self._channel)
            if not work:
                return
            time_now = self._running(now)
            await self._reconcile(now, report)
            looking = asyncio.create_task(self._look_for_stops())
            try:
                await self._send_all(time_now, report)
            finally:
                looking.cancel()
                with suppress(asyncio.CancelledError):
                    await looking
            if report.waiting:
                report.waiting = 0
                await self._reconcile(now, report)

    def _running(self, now: datetime) -> Callable[[], datetime]:
        """The country's time while a round lasts: a round may be long, and a warning may run out in it."""
        begun = self._clock()
        return lambda: now + timedelta(seconds=self._clock() - begun)

    async def _send_all(self, now: Callable[[], datetime], report: DispatchReport) -> None:
        pace = Pace(self._concurrency)
        while pace.fruitless < self._patience and not report.closed and self._clock() >= self._rest_until:
            room = self._backlog.room()
            if room < 1:
                return
            try:
                with self._registry.begin() as connection:
                    self._stops = stops.standing_stops(connection)
                    self._look_back.look(connection, self._wall())
                    chunk = intents.claim(connection, self._chunk, self._wall(), now(), segments=room, stopped=self._stops, way=self._way)
            except NotAsSignedError as error:
                with self._registry.acting() as connection:
                    intents.refuse(connection, error, now())
                continue
            if not chunk:
                return
            await self._send_chunk(chunk, now, report, pace)

    async def _look_for_stops(self) -> None:
        """While a chunk is on its way, see what a person halts meanwhile."""
        while True:
            await asyncio.sleep(LOOK_S)
            with self._registry.reading() as connection:
                self._stops = stops.standing_stops(connection)

    async def _send_chunk(self, chunk: Sequence[Intent], now: Callable[[], datetime], report: DispatchReport, pace: Pace) -> None:
        pace.asked_to_wait = False
        outcomes: list[_Outcome] = []
        left = iter(chunk)

        async def one_after_the_other() -> None:
            for intent in left:
                outcomes.append(await self._send(intent, now, report, pace))

        await asyncio.gather(*(one_after_the_other() for _ in range(pace.now)))
        self._reconciliation.note([outcome.intent for outcome in outcomes], [outcome.answered for outcome in outcomes])
        self._backlog.hand_over(sum(o.intent.segments for o in outcomes if o.answered is None or o.answered.provider_id is not None))
        with self._registry.begin() as connection:
            at = self._wall()
            intents.record(connection, [outcome.answered for outcome in outcomes if outcome.answered is not None], at)
            for outcome in outcomes:
                if outcome.refused is not None and outcome.refused.refusal is Refusal.STOPPED:
                    leave(connection, outcome.intent.subscriber, at, "stopped at the provider")
        _count(outcomes, report)
        later = [o.refused for o in outcomes if o.refused is not None and o.refused.refusal in LATER]
        await self._slow_down(later, sum(o.called for o in outcomes), pace)

    async def _send(self, intent: Intent, now: Callable[[], datetime], report: DispatchReport, pace: Pace) -> _Outcome:
        """Send one message; without an answer its state stays as recorded: being sent."""
        at = now()
        message = self._outgoing(intent, at)
        if self._channel.reaches_people and not self._agreed and not is_synthetic(message.to):
            refused = Refused(Refusal.NOT_AGREED)
            return _Outcome(intent, Answered(intent, MessageState.REFUSED, refusal=refused.refusal.value), refused, called=False)
        if self._registry.exercise and not is_exercise(message.body):
            refused = Refused(Refusal.NOT_MARKED)
            return _Outcome(intent, Answered(intent, MessageState.REFUSED, refusal=refused.refusal.value), refused, called=False)
        halted = bool(self._stops) and any(stop.holds(intent.message) for stop in self._stops)
        if report.closed or pace.asked_to_wait or halted or intent.expires <= at:
            return _Outcome(intent, Answered(intent, MessageState.INTENDED, tried=False), called=False)
        if self._doors.closed_to(message.to):
            return _Outcome(intent, self._wait_outside(intent), called=False)
        if self._look_back.asks and (found := await self._sent_before(intent, message, report)) is not None:
            return found
        try:
            accepted = await self._channel.send(message)
        except Refused as refused:
            pace.asked_to_wait |= refused.refusal in LATER
            return self._refused(intent, refused, message.to, report)
        except Unanswered:
            return _Outcome(intent, None)
        return _Outcome(intent, Answered(intent, MessageState.ACCEPTED, accepted.provider_id))

    async def _sent_before(self, intent: Intent, message: Outgoing, report: DispatchReport) -> _Outcome | None:
        """What became of a message that went out before the registry was restored; none if it did not, and is to be sent now."""
        try:
            provider_id = await self._look_back.sent_before((message, replace(message, body=intent.otherwise)))
        except Refused as refused:
            if refused.refusal in LATER or refused.refusal in STOPS_ALL:
                return self._refused(intent, refused, message.to, report)
            return _Outcome(intent, self._wait_outside(intent), called=False)
        except Unanswered:
            return _Outcome(intent, self._wait_outside(intent), called=False)
        return None if provider_id is None else _Outcome(intent, Answered(intent, MessageState.ACCEPTED, provider_id), called=False)

    def _refused(self, intent: Intent, refused: Refused, to: str, report: DispatchReport) -> _Outcome:
        news = self._doors.note(refused, to)
        if news is not None:
            with self._registry.begin() as connection:
                at = self._wall()
                ledger.note(connection, f"{refused.refusal.value}:{at.isoformat()}", at, refused.refusal.value, "", news)
        if refused.refusal in STOPS_ALL:
            report.closed = refused.refusal.value
        if refused.refusal in STOPS_COUNTRY:
            return _Outcome(intent, self._wait_outside(intent), refused)
        if refused.refusal in LATER or refused.refusal in STOPS_ALL:
            return _Outcome(intent, Answered(intent, MessageState.INTENDED, tried=False), refused)
        return _Outcome(intent, Answered(intent, MessageState.REFUSED, refusal=refused.refusal.value), refused)

    def _wait_outside(self, intent: Intent) -> Answered:
        return Answered(intent, MessageState.INTENDED, tried=False, not_before=self._wall() + TRY_AGAIN_AFTER)

    def _outgoing(self, intent: Intent, now: datetime) -> Outgoing:
        left = int((intent.expires - now).total_seconds())
        return Outgoing(self._registry.keys.decrypt(intent.token), intent.body, left, intent.reference)

    async def _slow_down(self, later: Sequence[Refused], called: int, pace: Pace) -> None:
        """Wait as long as the provider asks, else longer each time; with fewer calls at once from then on."""
        if not later:
            pace.fruitless = 0
            pace.now = min(pace.most, pace.now + 1)
            return
        pace.fruitless = pace.fruitless + 1 if len(later) == called else 0
        pace.now = max(1, pace.now // 2)
        if pace.fruitless >= self._patience:
            return
        asked = [r.retry_after_s for r in later if r.retry_after_s is not None]
        pause = max(asked) if asked else 0.5 * 2**pace.fruitless
        if pause > LONGEST_PAUSE_S:
            self._rest_until = self._clock() + pause
            return
        await self._sleep(pause)

    async def _reconcile(self, now: datetime, report: DispatchReport) -> None:
        found = await self._reconciliation.run(now)
        report.found += found.found
        report.waiting += found.waiting
        report.resent += found.resent
        report.unknown += found.unknown


def _count(outcomes: Sequence[_Outcome], report: DispatchReport) -> None:
    for outcome in outcomes:
        if outcome.answered is None:
            report.waiting += 1
        elif outcome.answered.state is MessageState.ACCEPTED:
            report.accepted += 1
        elif outcome.answered.state is MessageState.REFUSED:
            report.refused += 1
        else:
            report.later += 1
