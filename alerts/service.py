"""The alert service: reads events, proposes warnings, waits for signatures, lets them go out, and never lapses in silence."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from alerts import deliveries, intents, ledger
from alerts.channels.contract import Channel
from alerts.dispatch import Dispatcher, DispatchReport
from alerts.life import MERGED, Decision, Life, Reason, decide, due
from alerts.metrics import Metrics
from alerts.proposals import Proposals, publish, warning_id
from alerts.registry import Registry
from alerts.rendering import Renderer
from alerts.tables import notices
from alerts.texts import Kind
from eventlog.log import Consumer, EventLog
from schemas.configuration import Rule
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_output
from schemas.errors import ConfigurationError, RefusedError
from schemas.records import CompoundEvent, EventChange, Signature, Stored, Warning, WarningStatus
from schemas.topics import EVENTS

BATCH = 500
_TOLD_ON_DUTY = {
    Reason.UNCONFIRMED: "is unconfirmed: {silent}. The warning stands.",
    Reason.ENDED_UNSENT: "ended before anybody was warned; nothing was sent.",
    Reason.FOUND_AFTERWARDS: "was found afterwards; nobody is warned.",
    Reason.QUIET: "is quiet: {quiet}.",
    Reason.ENDED_IN_GREATER: "ended ({change}) while people stand under a greater warning; its end will speak for both.",
    Reason.MERGED: "was {quiet}, of which nobody is warned: this warning goes on as that event's.",
    Reason.REVISED: "was revised after its end ({change}); households hear nothing of it.",
    Reason.REOPENED: "stands again; the end that waited for signatures was withdrawn.",
}


@dataclass(frozen=True)
class Notice:
    """What the people on duty must know, beside the warnings themselves."""

    at: datetime
    kind: str
    warning: str
    text: str


class AlertService:
    """One for each country.

    Args:
        channel: the way out; without one, messages are intended and wait.
        wall_clock: what the provider's own times can be compared with; a case's clock is given to each call instead.
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
    ) -> None:
        self.log = log
        self.registry = registry
        self.country = country
        self.metrics = metrics or Metrics()
        self._rules = {rule.name: rule for rule in country.configuration.rules}
        self._proposals = Proposals(country, Renderer(country))
        self._group = group
        self._member = member
        self._consumer: Consumer | None = None
        self._counted: dict[str, int] | None = None  # messages by stage when counts were published last; none after a start
        live = country.facts.standing == "warning"
        self._dispatcher = (
            None
            if channel is None
            else Dispatcher(
                registry,
                channel,
                agreed=live,
                segments_per_second=segments_per_second,
                balance_below=country.facts.messaging.balance_below,
                wall_clock=wall_clock,
            )
        )

    def run_once(self, now: datetime) -> int:
        """Take in what is new, let time pass, send what is due. Answers how many events, steps and messages that were.

        Args:
            now: the country's time; a case's clock may give it.

        Raises:
            ChannelError: the provider refuses us as a whole; the queue is kept.
        """
        done = self.take_in(now) + self.dispatch(now).settled
        with self.registry.reading() as connection:
            self.metrics.observe_warnings(ledger.statuses(connection))  # each time: another process may have signed
        return done

    def take_in(self, now: datetime) -> int:
        """Take in what is new and let time pass; nothing is sent. Answers how many events and steps that were."""
        done = self._consume(now) + self._pass_time(now)
        self._flush()
        return done

    def has_work(self, now: datetime) -> bool:
        """Whether `take_in` would do anything: there are events it has not seen, or time has made something due."""
        self._joined()
        if self.log.lag(self._group).get(EVENTS.name, 0):
            return True
        with self.registry.reading() as connection:
            if ledger.unsigned(connection, now):
                return True
            return any(self._due(life, self._rules.get(name), now) is not None for life, name in ledger.standing(connection))

    def pending(self) -> list[Warning]:
        """Messages that wait for signatures, gravest first."""
        with self.registry.reading() as connection:
            return ledger.in_stage(connection, ledger.PENDING)

    def sign(self, warning_message_id: str, by: str, role: str, now: datetime) -> Warning:
        """Sign a message; with the last signature it needs it goes out. Answers the message as it then stands.

        Raises:
            RefusedError: nothing waits under this id, the role may not sign, or this person or role has signed it already.
        """
        with self.registry.begin() as connection:
            warning = self._sign(connection, warning_message_id, by, role, now)
        self._flush()
        return warning

    def dispatch(self, now: datetime) -> DispatchReport:
        """Send what is due and publish how many messages stand where."""
        report = self.send(now)
        self.publish_counts(report, now)
        return report

    def send(self, now: datetime) -> DispatchReport:
        """Send what is due. May run in a thread of its own while nothing else is asked of this service.

        Raises:
            ChannelError: the provider refuses us as a whole; the queue is kept.
        """
        return DispatchReport() if self._dispatcher is None else self._dispatcher.run(now)

    def publish_counts(self, report: DispatchReport, now: datetime) -> None:
        """Publish how many messages stand where, if a round of sending has moved any, or a message went out since, here or in another
        process: it may have overtaken others. After a start always, for what was sent before a crash."""
        with self.registry.reading() as connection:
            stages = ledger.statuses(connection)
            received = intents.received(connection)
        if self._dispatcher is None:
            return
        self.metrics.observe_balance(self._dispatcher.balance)
        if self._counted == stages and not (received or report.settled or report.later or report.waiting):
            return
        self._counted = stages
        with self.registry.begin() as connection:
            deliveries.publish(connection, self.country.shard, now)
            self.metrics.observe_messages(deliveries.published(connection))
        self._flush()

    def notices(self) -> list[Notice]:
        """What the people on duty were told, oldest first."""
        with self.registry.reading() as connection:
            rows = connection.execute(select(notices).order_by(notices.c.place))
            return [Notice(row.at, row.kind, row.warning, row.text) for row in rows]

    def close(self) -> None:
        """Leave the consumer group."""
        if self._consumer is not None:
            self._consumer.close()

    def _joined(self) -> Consumer:
        """The place in the consumer group, taken when events are first asked for: who only signs must not hold the shard."""
        if self._consumer is None:
            self._consumer = self.log.consumer(self._group, self._member, [EVENTS.name], shard=self.country.shard)
        return self._consumer

    def _consume(self, now: datetime) -> int:
        total = 0
        while batch := self._joined().poll(BATCH):
            with self.registry.begin() as connection:
                for stored in batch:
                    self._take_in(connection, stored, now)
            self._flush(batch)
            total += len(batch)
        return total

    def _flush(self, batch: list[Stored] | None = None) -> None:
        """Publish what waits, then commit the events it came from. Ids make a repetition harmless.

        Not in one transaction: who signs publishes the same at the same time, and an id is there once only if all append alike.
        """
        with self.registry.reading() as connection:
            waiting = ledger.unpublished(connection)
        if waiting:
            self.log.append(waiting)
        if batch:
            with self.log.transaction(self._joined()) as transaction:
                transaction.commit(batch)
        if waiting:
            with self.registry.begin() as connection:
                ledger.mark_published(connection, waiting)

    def _take_in(self, connection: Connection, stored: Stored, now: datetime) -> None:
        record = stored.record
        event = read_output(record) if record.kind == "event" else None
        if not isinstance(event, CompoundEvent) or ledger.seen(connection, record.id):
            return
        rule = self._rules.get(event.rule)
        if rule is None:
            if not event.in_shadow:
                self._not_said(connection, record.id, event, f"no rule `{event.rule}` stands in the country's files.")
            ledger.mark_seen(connection, record.id, now, "not_said")
            return
        try:
            with connection.begin_nested():
                decision = self._act(connection, rule, event, record.id)
            ledger.mark_seen(connection, record.id, now, decision.reason.value)
        except ConfigurationError as error:
            self._not_said(connection, record.id, event, str(error))
            ledger.mark_seen(connection, record.id, now, "not_said")

    def _act(self, connection: Connection, rule: Rule, event: CompoundEvent, record: str) -> Decision:
        life = ledger.load_life(connection, event.id, warning_id(event.id))
        over = self._over(connection, rule, event, life)
        decision = decide(life, event, over=over, has_until=event.ending is not None)
        self._tell_duty(connection, decision.reason, event, record, life.warning)
        if decision.reason is Reason.MERGED:
            self._go_on_as(connection, life, rule, event)
            return decision
        return self._carry_out(connection, life, rule, event, decision)

    def _carry_out(self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent, decision: Decision) -> Decision:
        if decision.withdraw and life.pending is not None:
            self._proposals.withdraw(connection, life.pending.message, event.known)
        life = replace(
            life,
            pending=None if decision.withdraw else life.pending,
            open=not event.ended and decision.reason is not Reason.REVISED,
            unconfirmed=event.unconfirmed or event.change is EventChange.UNCONFIRMED,
            quiet=bool(event.quiet),
            told=life.told and decision.reason is not Reason.ENDED_IN_GREATER,
        )
        if decision.say is not None:
            life = self._proposals.propose(connection, life, rule, event, decision.say, decision.reason, event.known)
        ledger.save_life(connection, life, event)
        return decision

    def _go_on_as(self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent) -> None:
        """The warning that people know goes on as that of the event which theirs became part of, so that they will hear its end.

        Nobody is warned of that event under its own warning, else it would speak for both.
        """
        other = event.quiet.removeprefix(MERGED).strip()
        known = ledger.acted_on(connection, other)
        onward = ledger.load_life(connection, other, warning_id(other))
        for waits in (life.pending, onward.pending):
            if waits is not None:
                self._proposals.withdraw(connection, waits.message, event.known)
        if not known:
            ledger.save_life(connection, replace(life, pending=None, open=True), event)
            return
        newest = ledger.latest_event(connection, onward.warning)
        ledger.exchange(connection, life, onward)
        ledger.save_life(connection, replace(onward, event=life.event, pending=None, open=False), event)
        life = replace(life, event=other, pending=None, open=onward.open, unconfirmed=onward.unconfirmed, quiet=onward.quiet)
        ledger.save_life(connection, life, newest)
        if life.open:  # else its end, found anew, follows
            newest = newest.model_copy(update={"known": event.known})
            self._carry_out(connection, life, rule, newest, decide(life, newest))

    def _over(self, connection: Connection, rule: Rule, event: CompoundEvent, life: Life) -> list[Life]:
        """Warnings that speak for this one: of rules that mute its rule, and of its own rule if its event was merged into another."""
        speaking = {name for name, other in self._rules.items() if rule.name in other.mutes}
        if event.quiet.startswith(MERGED):
            speaking.add(rule.name)
        return [other for other, name in ledger.standing_beside(connection, event.area, life.warning) if name in speaking]

    def _tell_duty(self, connection: Connection, reason: Reason, event: CompoundEvent, record: str, warning: str) -> None:
        sentence = _TOLD_ON_DUTY.get(reason)
        if sentence is not None and not event.in_shadow:
            change = event.change.replace("_", " ")
            text = sentence.format(silent="; ".join(event.silent) or "no reading", quiet=event.quiet, change=change)
            ledger.note(connection, f"{reason}:{record}", event.known, reason.value, warning, f"{event.rule} in {event.area} {text}")

    def _not_said(self, connection: Connection, record: str, event: CompoundEvent, why: str) -> None:
        text = f"{event.rule} in {event.area} ({event.change}) could NOT be put into words: {why} Warn by hand."
        ledger.note(connection, f"not_said:{record}", event.known, "not_said", warning_id(event.id), text)

    def _pass_time(self, now: datetime) -> int:
        done = 0
        with self.registry.begin() as connection:
            for message, count, _ in ledger.unsigned(connection, now):
                self._pass_on(connection, message, count, now)
                done += 1
            for life, name in ledger.standing(connection):
                done += self._when_due(connection, life, self._rules.get(name), now)
        return done

    def _pass_on(self, connection: Connection, message: str, count: int, now: datetime) -> None:
        """Nobody signed in time: say so loudly, to the next on the country's ladder, and go on waiting."""
        loaded = ledger.load_message(connection, message)
        if loaded is None:
            return
        rule = self._rules.get(loaded[0].rule)
        ladder = self.country.facts.escalate
        to = ladder[min(count, len(ladder) - 1)].to if ladder else "everybody on duty"
        warning = loaded[0].model_copy(update={"status": WarningStatus.ESCALATED})
        ledger.settle(connection, warning, ledger.PENDING)
        ledger.passed_on(connection, message, self._proposals.signatures(rule, warning.level).within, now)
        publish(connection, warning, f"escalated.{count + 1}", now)
        text = f"{warning.rule} in {warning.area} waits unsigned since {warning.proposed.isoformat()}; passed on to {to}."
        ledger.note(connection, f"unsigned:{message}:{count + 1}", now, Reason.UNSIGNED.value, warning.warning, text)

    def _due(self, life: Life, rule: Rule | None, now: datetime) -> Decision | None:
        if rule is None or life.expires is None:
            return None
        ahead = self._proposals.signatures(rule, life.level).within * 2
        return due(life, now, remind_every=rule.remind.every if rule.remind else None, ahead=ahead)

    def _when_due(self, connection: Connection, life: Life, rule: Rule | None, now: datetime) -> int:
        decision = self._due(life, rule, now)
        if decision is None or rule is None:
            return 0
        event = ledger.latest_event(connection, life.warning)
        if decision.say is None:
            self._run_out(connection, life, event, now)
            return 1
        standing = event.model_copy(update={"known": now})
        try:
            with connection.begin_nested():
                life = self._proposals.propose(connection, life, rule, standing, decision.say, decision.reason, now)
                ledger.save_life(connection, life, event)
        except ConfigurationError as error:
            self._not_said(connection, f"{life.warning}:{decision.reason}", event, str(error))
            return 0
        return 1

    def _run_out(self, connection: Connection, life: Life, event: CompoundEvent, now: datetime) -> None:
        """The last message has run out while the event still stands: recorded as expired, and told to the people on duty."""
        last = ledger.load_message(connection, ledger.issued_ids(connection, life.warning)[-1])
        if last is not None:
            expired = last[0].model_copy(update={"status": WarningStatus.EXPIRED, "reason": Reason.EXPIRED.value})
            publish(connection, expired, "expired", now)
        text = f"{event.rule} in {event.area}: the last message has run out and nobody signed a new one. The event still stands."
        ledger.note(connection, f"expired:{life.warning}:{life.messages}", now, Reason.EXPIRED.value, life.warning, text)
        ledger.save_life(connection, replace(life, expires=None), event)

    def _sign(self, connection: Connection, message: str, by: str, role: str, now: datetime) -> Warning:
        loaded = ledger.load_message(connection, message)
        if loaded is None or loaded[4] != ledger.PENDING:
            raise RefusedError("nothing waits for a signature under this id.", where=message, remedy="Look at the list of what waits.")
        warning, kind, _, people, _ = loaded
        known = self.country.facts.roles.get(role)
        if known is None or "sign" not in known.may:
            signing = ", ".join(name for name, r in self.country.facts.roles.items() if "sign" in r.may)
            raise RefusedError(f"the role `{role}` may not sign.", where=message, remedy=f"Those that may: {signing}.")
        so_far = ledger.signed(connection, message)
        if any(s.by == by or s.role == role for s in so_far):
            raise RefusedError("this person or this role has signed already.", where=message, remedy="Another person in another role must.")
        ledger.sign(connection, message, Signature(by=by, role=role, at=now))
        signed = warning.model_copy(update={"signatures": ledger.signed(connection, message)})
        if len(so_far) + 1 < people:
            ledger.settle(connection, signed, ledger.PENDING)
            return signed
        return self._go_out(connection, signed, kind, now)

    def _go_out(self, connection: Connection, warning: Warning, kind: Kind, now: datetime) -> Warning:
        rule = self._rules.get(warning.rule)
        if rule is None:
            what = f"no rule `{warning.rule}` stands in the country's files any more, so nothing says how long its message holds."
            raise RefusedError(what, where=warning.id, remedy="Put the files of its time back, or warn by hand.")
        event = ledger.latest_event(connection, warning.warning)
        life = ledger.load_life(connection, warning.event, warning.warning)
        life, issued = self._proposals.issue(connection, life, rule, warning, kind, event, now)
        ledger.save_life(connection, life, event)
        return issued
