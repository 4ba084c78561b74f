"""What has no answer: looked up at the provider before anything is sent again.

What the provider does not show after the grace time was surely not taken if it shows what was sent later: that is sent again. Without
such a sign it is sent again if it is grave, and marked as possibly doubled; the rest waits for a sign as long as it is worth sending, and
is then marked unknown. A receipt settles any of them at any time.
"""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from alerts import intents
from alerts.channels.contract import Channel, Outgoing, Refused, Unanswered
from alerts.intents import Answered, Intent
from alerts.life import ENDINGS
from alerts.receipts import GRAVE, MOST_ATTEMPTS
from alerts.registry import Registry
from schemas.warning_records import MessageState


@dataclass
class Found:
    """What a look-up of all that has no answer came to, in messages.

    Attributes:
        found: the provider has them. waiting: it does not show them yet. resent, unknown: it never showed them; of what is sent again, all
            but what it surely had not taken is marked as possibly doubled.
    """

    found: int = 0
    waiting: int = 0
    resent: int = 0
    unknown: int = 0


@dataclass(frozen=True)
class _Sign:
    """A message that the provider has taken, by which its list of messages can be tried: what was sent before must stand there too.

    Attributes:
        chunk: the number of its chunk; what belongs to an earlier one, or to an earlier process, was sent before.
    """

    intent: Intent
    provider_id: str
    chunk: int


class Reconciliation:
    """Of one registry with one channel, over the rounds of one process.

    Args:
        outgoing: a message as it is sent. wall: comparable with the provider's times.
        grace: how long the provider may take to show what it accepted.
    """

    def __init__(
        self,
        registry: Registry,
        channel: Channel,
        outgoing: Callable[[Intent, datetime], Outgoing],
        wall: Callable[[], datetime],
        grace: timedelta,
        concurrency: int,
    ) -> None:
        self._registry = registry
        self._channel = channel
        self._outgoing = outgoing
        self._wall = wall
        self._grace = grace
        self._concurrency = concurrency
        self._chunks = 0
        self._claimed_in: dict[tuple[str, str], int] = {}  # messages without an answer; those of an earlier process are not there
        self._sign: _Sign | None = None
        self._absent: set[tuple[str, str]] = set()  # past the grace time the provider did not show them, and there was no sign yet

    def note(self, chunk: Sequence[Intent], answers: Sequence[Answered | None]) -> None:
        """Remember what of a chunk has no answer, and one message that the provider has taken."""
        self._chunks += 1
        taken: Answered | None = None
        for intent, answered in zip(chunk, answers, strict=True):
            if answered is None:
                self._claimed_in[intent.message, intent.subscriber] = self._chunks
                continue
            self._claimed_in.pop((intent.message, intent.subscriber), None)
            if answered.provider_id is not None:
                taken = answered
        if taken is not None and taken.provider_id is not None:
            self._sign = _Sign(replace(taken.intent, attempted_at=self._wall()), taken.provider_id, self._chunks)

    async def run(self, now: datetime) -> Found:
        """Look up what has no answer; nothing of it is sent again before the provider was asked."""
        with self._registry.reading() as connection:
            unanswered = intents.unanswered(connection)
        open_ones = [intent for intent in unanswered if not self._awaits_sign(intent, now)]
        report = Found(waiting=len(unanswered) - len(open_ones))
        if not open_ones:
            return report
        gate = asyncio.Semaphore(self._concurrency)
        looked = await asyncio.gather(*(self._look_up(intent, now, gate) for intent in open_ones))
        shown = await self._shown_until(now, gate) if any(found == () for found in looked) else 0
        with self._registry.begin() as connection:
            every = [candidate for found in looked for candidate in found or ()]
            taken = intents.known_provider_ids(connection, every)
            answers = [self._judge(intent, found, taken, shown, now, report) for intent, found in zip(open_ones, looked, strict=True)]
            intents.record(connection, [a for a in answers if a is not None], self._wall())
        return report

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
        self, intent: Intent, found: tuple[str, ...] | None, taken: set[str], shown: int, now: datetime, report: Found
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
        if intent.priority >= GRAVE and intent.kind not in ENDINGS and intent.attempts < MOST_ATTEMPTS:
            report.resent += 1
            return Answered(intent, MessageState.INTENDED, possibly_doubled=True)
        if intent.expires > now:
            self._absent.add((intent.message, intent.subscriber))
            report.waiting += 1
            return None
        report.unknown += 1
        return Answered(intent, MessageState.UNKNOWN)
