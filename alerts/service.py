"""The alert service: reads events, proposes warnings, waits for signatures, lets them go out, and never lapses in silence.

It is the duty desk (`alerts.desk`), and what goes on though nobody asks: events are taken in (`judgements`), time passes (`passing_time`),
messages go out (`dispatch`). Here each gets its transaction, and what was decided is published.
"""

import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from alerts import (
    afterwards,
    agreement_dates,
    deliveries,
    intents,
    journal,
    ledger,
    originated,
    quiet_hours,
    silences,
    stops,
    waiting,
)
from alerts.as_signed import Way
from alerts.cap.folder import CapFolder
from alerts.channels.contract import Channel
from alerts.desk import DutyDesk
from alerts.dispatch import Dispatcher, DispatchReport
from alerts.listening import acknowledgements
from alerts.metrics import Metrics
from alerts.passing_time import PassingTime
from alerts.registry import Registry
from alerts.roster import wakings
from eventlog.log import Consumer, EventLog
from schemas.country_files import LoadedCountry
from schemas.envelopes import output_record
from schemas.topics import EVENTS
from schemas.warning_records import JournalAnchor

BATCH = 500
LOOK_EVERY = timedelta(minutes=1)
LOOK_S = 10.0
"""Seconds between two looks at since when messages wait."""


class AlertService(DutyDesk):
    """One for each country.

    Args:
        channel: the way out; without one, messages are intended and wait.
        cap: where public messages are written for machines once they went out.
        wall_clock: what the provider's own times can be compared with; a case's clock is given to each call instead.
        look_every: how often what waits is held against how it stands now.
        segments_per_second: what the channel's sender may send; none if nobody limits it, as before a stand-in.
    """

    def __init__(
        self,
        log: EventLog,
        registry: Registry,
        country: LoadedCountry,
        channel: Channel | None = None,
        *,
        group: str = "alerts",
        member: str = "alerts",
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        metrics: Metrics | None = None,
        segments_per_second: float | None = None,
        cap: CapFolder | None = None,
        look_every: timedelta = LOOK_EVERY,
    ) -> None:
        super().__init__(log, registry, country)
        self.metrics = metrics or Metrics()
        self._time = PassingTime(self._proposals, self._judgements, self._silencing)
        self._group = group
        self._member = member
        self._consumer: Consumer | None = None
        self._cap = cap
        self._anchored: tuple[int, str] | None = None  # place and hash of the step that was published last; none after a start
        self._in_cap = 0  # how many messages had gone out when CAP documents were written last
        self._counted: dict[str, int] | None = None  # messages by stage when counts were published last; none after a start
        self._look_every = look_every
        self._looked: datetime | None = None  # when what waits was last held against how it stands
        self._observed: dict[str, int] | None = None  # the same when metrics of what was not said were set last
        self._wall = wall_clock
        self._look_again_at = 0.0  # when to look next since when messages wait, in seconds that are never set back
        self.metrics.warn_below(country.facts.messaging.balance_below)
        self.metrics.observe_agreements(agreement_dates.ends(country))
        self._dispatcher = (
            None
            if channel is None
            else Dispatcher(
                registry,
                channel,
                agreed=country.facts.sends or registry.exercise,  # who is on a drill's list agreed to it
                way=Way(country.facts.messaging.sender, country.facts.messaging.channel),
                segments_per_second=segments_per_second,
                balance_below=country.facts.messaging.balance_below,
                wall_clock=wall_clock,
            )
        )

    def run_once(self, now: datetime) -> int:
        """Take in what is new, let time pass, send what is due. Answers how many events, steps and messages that were.

        Args:
            now: the country's time; a case's clock may give it.
        """
        done = self.take_in(now) + self.dispatch(now).settled
        with self.registry.reading() as connection:
            stages = ledger.statuses(connection)  # each time: another process may have signed
            self.metrics.observe_warnings(stages)
            pending = ledger.in_stage(connection, ledger.PENDING) if stages.get(ledger.PENDING) else []
            self.metrics.observe_unsigned(waiting.unsigned(pending, self._proposals.to_be_signed_within))
            unreviewed = afterwards.unreviewed(connection)
            self.metrics.observe_unreviewed(len(unreviewed), unreviewed[0].at if unreviewed else None)
            self.metrics.observe_wakings([one.began for one in wakings.open_ones(connection, self.country.code)])
            self.metrics.observe_originated([kept.ends for kept in originated.open_ones(connection).values()])
            if done or stages != self._observed:
                self._observed = stages
                holding = sum(silence.holds(now) for silence in silences.not_over(connection))
                self.metrics.observe_unsaid(intents.unsent(connection), ledger.decided(connection), holding)
        self._look_what_waits(now)
        return done

    def _look_what_waits(self, now: datetime) -> None:
        """Now and then alone: a long queue is read whole for it, which may take no more than a twentieth of the time."""
        begun = time.monotonic()
        if begun < self._look_again_at:
            return
        with self.registry.reading() as connection:
            stopped = stops.standing_stops(connection)
            self.metrics.observe_waiting(waiting.looked(connection, now, self._wall(), stopped))
            self.metrics.observe_answers(acknowledgements.together(connection))
        took = time.monotonic() - begun
        self._look_again_at = begun + max(LOOK_S, 20 * took)

    def take_in(self, now: datetime) -> int:
        """Take in what is new and let time pass; nothing is sent. Answers how many events and steps that were."""
        done = self._consume(now)
        with self.registry.acting() as connection:
            done += self._time.pass_to(connection, now)
        self._anchor(now)
        self._publish()
        done += self._look_when_due(now)
        self._write_cap()
        return done

    def has_work(self, now: datetime) -> bool:
        """Whether `take_in` would do anything: there are events it has not seen, or time has made something due."""
        self._joined()
        if self.log.lag(self._group).get(EVENTS.name, 0):
            return True
        with self.registry.reading() as connection:
            return self._time.asks(connection, now) or self._signing.asks(connection, now)

    def _look_when_due(self, now: datetime) -> int:
        """People are counted for it, so it is done now and then."""
        if self._looked is not None and now - self._looked < self._look_every:
            return 0
        self._looked = now
        return self.look_again(now)

    def dispatch(self, now: datetime) -> DispatchReport:
        """Send what is due and publish how many messages stand where."""
        report = self.send(now)
        self.publish_counts(report, now)
        return report

    def send(self, now: datetime) -> DispatchReport:
        """Send what is due. May run in a thread of its own while nothing else is asked of this service."""
        if self._dispatcher is None:
            return DispatchReport()
        if not self.registry.exercise:  # the hour of a case that is played says nothing of the hour in which people read it
            with self.registry.begin() as connection:
                quiet_hours.hold(connection, self.country, now)
        return self._dispatcher.run(now)

    def publish_counts(self, report: DispatchReport, now: datetime) -> None:
        """Publish how many messages stand where, if a round of sending has moved any, or a message went out since, here or in another
        process: it may have overtaken others. After a start always, for what was sent before a crash."""
        if self._dispatcher is None:
            return
        with self.registry.reading() as connection:
            stages = ledger.statuses(connection)
            received = intents.received(connection)
            halts = len(stops.standing_stops(connection))
        self.metrics.observe_sending(closed=bool(report.closed), halts=halts, balance=self._dispatcher.balance)
        if report.settled:
            self.metrics.settled(self._wall())
        if self._counted == stages and not (received or report.settled or report.later or report.waiting):
            return
        self._counted = stages
        with self.registry.begin() as connection:
            deliveries.publish(connection, self.country.shard, now)
            self.metrics.observe_messages(deliveries.published(connection))
        self._publish()

    def close(self) -> None:
        """Leave the consumer group."""
        if self._consumer is not None:
            self._consumer.close()

    def _joined(self) -> Consumer:
        """The place in the consumer group, taken when events are first asked for."""
        if self._consumer is None:
            self._consumer = self.log.consumer(self._group, self._member, [EVENTS.name], shard=self.country.shard)
        return self._consumer

    def _consume(self, now: datetime) -> int:
        total = 0
        while batch := self._joined().poll(BATCH):
            with self.registry.acting() as connection:
                for stored in batch:
                    self._judgements.take_in(connection, stored, now)
            self._publish()  # before the events are committed that it came from
            with self.log.transaction(self._joined()) as transaction:
                transaction.commit(batch)
            total += len(batch)
        return total

    def _anchor(self, now: datetime) -> None:
        """Have the newest step of the journal published if it grew: here, by a signature in another process, or by the stop button.

        Only the service that takes in does so: of several processes that append to a log on Kafka, each has to wait for the others.
        """
        with self.registry.reading() as connection:
            head = journal.head(connection)
        if head is None or head == self._anchored:
            return
        place, hash = head
        anchor = JournalAnchor(shard=self.country.shard, place=place, hash=hash, at=now)
        with self.registry.acting() as connection:  # others may want to say the same
            ledger.to_publish(connection, output_record(anchor, f"anchor:{place}:{hash}", now))
        self._anchored = head

    def _write_cap(self) -> None:
        """Write what went out since, here or by a signature in another process; after a start, what a crash left unwritten."""
        if self._cap is None:
            return
        with self.registry.reading() as connection:
            number = ledger.statuses(connection).get(ledger.ISSUED, 0)
            if number == self._in_cap:
                return
            issued = ledger.in_stage(connection, ledger.ISSUED)
        self._cap.write(issued)
        self._in_cap = number
