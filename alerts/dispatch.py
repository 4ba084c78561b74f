"""Sends what was intended, most at risk first, and never twice on purpose.

Each chunk is recorded as being sent in one durable transaction, then called, then its answers are recorded in one transaction. What
has no answer, be it for a dropped connection or because a process died, is looked up at the provider by recipient, time and body
before anything is sent again. What the provider does not show after the grace time was surely not taken if it shows what was sent
later: that is sent again. Without such a sign it is sent again if it is grave, and marked as possibly doubled; the rest waits for a
sign as long as it is worth sending, and is then marked unknown. Both are counted.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

import uvloop

from alerts import intents
from alerts.channels.contract import LATER, STOPS_ALL, Channel, Outgoing, Refusal, Refused, Unanswered
from alerts.intents import Answered, Intent
from alerts.life import ENDINGS
from alerts.people.numbers import is_synthetic
from alerts.people.subscribers import leave
from alerts.registry import Registry
from schemas.errors import ChannelError
from schemas.levels import Level
from schemas.records import MessageState

GRACE = timedelta(minutes=30)
"""How long the provider may take to show what it accepted."""
MOST_ATTEMPTS = 3


@dataclass
class DispatchReport:
    """What a round did, in messages.

    Attributes:
        later: put back into the queue, surely not taken. found: without an answer, but the provider has them.
        waiting: without an answer; the provider does not show them yet. resent, unknown: the provider never showed them; of what was
            resent, all but what it surely had not taken is marked as possibly doubled.
    """

    accepted: int = 0
    refused: int = 0
    later: int = 0
    found: int = 0
    waiting: int = 0
    resent: int = 0
    unknown: int = 0
    dropped: int = 0

    @property
    def settled(self) -> int:
        """Messages whose state changed for good in this round."""
        return self.accepted + self.refused + self.found + self.resent + self.unknown + self.dropped


@dataclass
class _Pace:
    """How many calls at once, and how often the provider asked us to slow down without taking anything in between."""

    most: int
    now: int = field(init=False)
    fruitless: int = 0

    def __post_init__(self) -> None:
        self.now = self.most


@dataclass(frozen=True)
class _Sign:
    """A message that the provider has taken, by which its list of messages can be tried: what was sent before must stand there too.

    Attributes:
        chunk: the number of its chunk; what belongs to an earlier one, or to an earlier process, was sent before.
    """

    intent: Intent
    provider_id: str
    chunk: int


class Dispatcher:
    """Sends for one registry through one channel.

    Args:
        agreed: the country lets messages go out to people; otherwise only numbers that belong to nobody are called.
        wall_clock: comparable with the provider's times. sleep: replaced in tests.
        chunk: messages recorded as being sent at once; after a crash so many are looked up at most.
        patience: rounds that may pass without any message taken before the queue is left for the next time.
    """

    def __init__(
        self,
        registry: Registry,
        channel: Channel,
        *,
        agreed: bool = False,
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        chunk: int = 500,
        concurrency: int = 32,
        grace: timedelta = GRACE,
        patience: int = 4,
    ) -> None:
        self._registry = registry
        self._channel = channel
        self._agreed = agreed
        self._wall = wall_clock
        self._sleep = sleep
        self._chunk = chunk
        self._concurrency = concurrency
        self._grace = grace
        self._patience = patience
        self._chunks = 0
        self._claimed_in: dict[tuple[str, str], int] = {}  # messages without an answer; those of an earlier process are not there
        self._sign: _Sign | None = None
        self._absent: set[tuple[str, str]] = set()  # past the grace time the provider did not show them, and there was no sign yet

    def run(self, now: datetime) -> DispatchReport:
        """Send what is due until the queue is empty, or the provider takes no more.

        Args:
            now: the country's time, by which warnings run out.

        Raises:
            ChannelError: the provider refuses us as a whole. What was not taken stays in the queue.
        """
        report = DispatchReport()
        with self._registry.begin() as connection:
            report.dropped = intents.expire(connection, now) + intents.drop_left(connection)
            work = intents.waiting(connection)
        if work:
            with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
                runner.run(self._round(now, report))
        return report

    async def _round(self, now: datetime, report: DispatchReport) -> None:
        pace = _Pace(self._concurrency)
        async with self._channel:
            await self._reconcile(now, report)
            while pace.fruitless < self._patience:
                with self._registry.begin() as connection:
                    chunk = intents.claim(connection, self._chunk, self._wall())
                if not chunk:
                    break
                await self._send_chunk(chunk, now, report, pace)
            if report.waiting:
                report.waiting = 0
                await self._reconcile(now, report)

    async def _send_chunk(self, chunk: Sequence[Intent], now: datetime, report: DispatchReport, pace: _Pace) -> None:
        gate = asyncio.Semaphore(pace.now)
        self._chunks += 1
        outcomes = await asyncio.gather(*(self._send(intent, now, gate) for intent in chunk))
        self._note(chunk, [answered for answered, _ in outcomes])
        with self._registry.begin() as connection:
            intents.record(connection, [answered for answered, _ in outcomes if answered is not None], self._wall())
            for answered, refused in outcomes:
                if refused is not None and refused.refusal is Refusal.STOPPED and answered is not None:
                    leave(connection, answered.intent.subscriber, self._wall(), "stopped at the provider")
        _count(outcomes, report)
        refusals = [refused for _, refused in outcomes if refused is not None]
        closed = next((r for r in refusals if r.refusal in STOPS_ALL), None)
        if closed is not None:
            what = f"the provider refuses us: {closed.refusal.value} ({closed.code or 'no code'})."
            raise ChannelError(what, where="channel", remedy="Check account, token and countries; the queue is kept.")
        await self._slow_down([r for r in refusals if r.refusal in LATER], len(chunk), pace)

    def _note(self, chunk: Sequence[Intent], answers: Sequence[Answered | None]) -> None:
        """Remember what has no answer, and one message that the provider has taken."""
        for intent, answered in zip(chunk, answers, strict=True):
            if answered is None:
                self._claimed_in[intent.message, intent.subscriber] = self._chunks
                continue
            self._claimed_in.pop((intent.message, intent.subscriber), None)
            if answered.provider_id is not None:
                self._sign = _Sign(replace(intent, attempted_at=self._wall()), answered.provider_id, self._chunks)

    async def _send(self, intent: Intent, now: datetime, gate: asyncio.Semaphore) -> tuple[Answered | None, Refused | None]:
        """Send one message; without an answer its state stays as recorded: being sent."""
        message = self._outgoing(intent, now)
        if self._channel.reaches_people and not self._agreed and not is_synthetic(message.to):
            return Answered(intent, MessageState.REFUSED, refusal=Refusal.NOT_AGREED.value), Refused(Refusal.NOT_AGREED)
        async with gate:
            try:
                accepted = await self._channel.send(message)
            except Refused as refused:
                again = refused.refusal in LATER or refused.refusal in STOPS_ALL
                state = MessageState.INTENDED if again else MessageState.REFUSED
                return Answered(intent, state, refusal="" if again else refused.refusal.value), refused
            except Unanswered:
                return None, None
        return Answered(intent, MessageState.ACCEPTED, accepted.provider_id), None

    def _outgoing(self, intent: Intent, now: datetime) -> Outgoing:
        left = int((intent.expires - now).total_seconds())
        return Outgoing(self._registry.keys.decrypt(intent.token), intent.body, left, intent.reference)

    async def _slow_down(self, later: Sequence[Refused], called: int, pace: _Pace) -> None:
        """Wait as long as the provider asks, else longer each time; with fewer calls at once from then on."""
        if not later:
            pace.fruitless = 0
            return
        pace.fruitless = pace.fruitless + 1 if len(later) == called else 0
        pace.now = max(1, pace.now // 2)
        if pace.fruitless >= self._patience:
            return
        asked = [r.retry_after_s for r in later if r.retry_after_s is not None]
        await self._sleep(max(asked) if asked else 0.5 * 2**pace.fruitless)

    async def _reconcile(self, now: datetime, report: DispatchReport) -> None:
        """Look up what has no answer; nothing of it is sent again before the provider was asked."""
        with self._registry.reading() as connection:
            unanswered = intents.unanswered(connection)
        open_ones = [intent for intent in unanswered if not self._awaits_sign(intent, now)]
        report.waiting += len(unanswered) - len(open_ones)
        if not open_ones:
            return
        gate = asyncio.Semaphore(self._concurrency)
        looked = await asyncio.gather(*(self._look_up(intent, now, gate) for intent in open_ones))
        shown = await self._shown_until(now, gate) if any(found == () for found in looked) else 0
        with self._registry.begin() as connection:
            every = [candidate for found in looked for candidate in found or ()]
            taken = intents.known_provider_ids(connection, every)
            answers = [self._judge(intent, found, taken, shown, now, report) for intent, found in zip(open_ones, looked, strict=True)]
            intents.record(connection, [a for a in answers if a is not None], self._wall())

    async def _look_up(self, intent: Intent, now: datetime, gate: asyncio.Semaphore) -> tuple[str, ...] | None:
        """The provider's ids of what it took; none if it could not be asked."""
        async with gate:
            try:
                found = await self._channel.look_up(self._outgoing(intent, now), intent.attempted_at or self._wall())
            except (Refused, Unanswered):
                return None
        return tuple(accepted.provider_id for accepted in found)

    async def _shown_until(self, now: datetime, gate: asyncio.Semaphore) -> int:
        """The number of a chunk that the provider's list of messages reaches to; 0 if nobody can tell."""
        sign = self._sign
        if sign is None:
            return 0
        found = await self._look_up(sign.intent, now, gate)
        return sign.chunk if found is not None and sign.provider_id in found else 0

    def _awaits_sign(self, intent: Intent, now: datetime) -> bool:
        """Whether asking for it again would tell nothing new."""
        key = (intent.message, intent.subscriber)
        signed = self._sign is not None and self._claimed_in.get(key, 0) < self._sign.chunk
        return key in self._absent and not signed and intent.expires > now

    def _judge(
        self, intent: Intent, found: tuple[str, ...] | None, taken: set[str], shown: int, now: datetime, report: DispatchReport
    ) -> Answered | None:
        ours = [candidate for candidate in found or () if candidate not in taken]
        if ours:
            taken.update(ours)
            report.found += 1
            return Answered(intent, MessageState.ACCEPTED, ours[0], possibly_doubled=True if len(ours) > 1 else None)
        if found is None or intent.attempted_at is None or self._wall() - intent.attempted_at < self._grace:
            report.waiting += 1
            return None
        if self._claimed_in.get((intent.message, intent.subscriber), 0) < shown:
            report.resent += 1
            return Answered(intent, MessageState.INTENDED)
        if intent.priority >= Level.ORANGE and intent.kind not in ENDINGS and intent.attempts < MOST_ATTEMPTS:
            report.resent += 1
            return Answered(intent, MessageState.INTENDED, possibly_doubled=True)
        if intent.expires > now:
            self._absent.add((intent.message, intent.subscriber))
            report.waiting += 1
            return None
        report.unknown += 1
        return Answered(intent, MessageState.UNKNOWN)


def _count(outcomes: Sequence[tuple[Answered | None, Refused | None]], report: DispatchReport) -> None:
    for answered, _ in outcomes:
        if answered is None:
            report.waiting += 1
        elif answered.state is MessageState.ACCEPTED:
            report.accepted += 1
        elif answered.state is MessageState.REFUSED:
            report.refused += 1
        else:
            report.later += 1
