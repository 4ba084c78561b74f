"""The alert service: reads events, proposes warnings, waits for signatures, lets them go out, and never lapses in silence."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime

from sqlalchemy import Connection, select

from alerts import audience, deliveries, intents, ledger, quiet_hours, silences, stops
from alerts.cap.folder import CapFolder
from alerts.channels.contract import Channel
from alerts.dispatch import Dispatcher, DispatchReport
from alerts.life import ENDINGS, MERGED, Decision, Life, Reason, decide, due, silenced
from alerts.metrics import Metrics
from alerts.proposals import Proposals, publish, warning_id
from alerts.registry import Registry
from alerts.rendering import Renderer
from alerts.silences import Silence
from alerts.tables import notices
from alerts.texts import Kind
from eventlog.log import Consumer, EventLog
from schemas.configuration import Rule
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_output
from schemas.errors import ConfigurationError, RefusedError
from schemas.levels import Level
from schemas.records import CompoundEvent, Signature, Stored, Warning, WarningStatus
from schemas.topics import EVENTS

BATCH = 500
_TOLD_ON_DUTY = {
    Reason.UNCONFIRMED: "is unconfirmed: {silent}. The warning stands.",
    Reason.ENDED_UNSENT: "ended while nobody stands under a warning of it; nothing was sent.",
    Reason.SILENCED: "is silenced: {silenced}.",
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
        cap: where public messages are written for machines once they went out.
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
        cap: CapFolder | None = None,
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
        self._cap = cap
        self._in_cap = 0  # how many messages had gone out when CAP documents were written last
        self._joined_when: dict[str, tuple[int, datetime | None]] = {}  # warning to who had joined when nobody new was found
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
        """
        done = self.take_in(now) + self.dispatch(now).settled
        with self.registry.reading() as connection:
            self.metrics.observe_warnings(ledger.statuses(connection))  # each time: another process may have signed
            if done:
                holding = sum(silence.holds(now) for silence in silences.not_over(connection))
                self.metrics.observe_unsaid(intents.unsent(connection), ledger.decided(connection), holding)
        return done

    def take_in(self, now: datetime) -> int:
        """Take in what is new and let time pass; nothing is sent. Answers how many events and steps that were."""
        done = self._consume(now) + self._pass_time(now)
        self._flush()
        self._write_cap()
        return done

    def has_work(self, now: datetime) -> bool:
        """Whether `take_in` would do anything: there are events it has not seen, or time has made something due."""
        self._joined()
        if self.log.lag(self._group).get(EVENTS.name, 0):
            return True
        with self.registry.reading() as connection:
            if ledger.unsigned(connection, now) or any(now >= silence.until for silence in silences.not_over(connection)):
                return True
            standing = ledger.standing(connection)
            if any(self._due(connection, life, self._rules.get(name), now) is not None for life, name in standing):
                return True
            return any(self._somebody_joined(connection, life, self._rules.get(name)) for life, name in standing)

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

    def correct(
        self, warning: str, by: str, role: str, comment: str, now: datetime, *, area: str | None = None, level: Level | None = None
    ) -> Warning:
        """Propose a correction of a warning that stands: what people were told of its place or level was wrong.

        It waits for signatures as any message does, and goes to exactly those who were warned.

        Args:
            warning: its id, or that of one of its messages. area, level: what is right.

        Raises:
            RefusedError: the role may not sign, nobody stands under such a warning, something of it waits for signatures, or nothing is
                corrected.
            ConfigurationError: no language of the country has the text.
        """
        self._may("sign", role, warning)
        if not by.strip() or not comment.strip() or (area is None and level is None):
            raise RefusedError(
                "a correction says who, why, and what is right.", where=warning, remedy="Give a name, a comment, area or level."
            )
        if area is not None and area not in self.country.places.areas:
            raise RefusedError(f"the country has no area `{area}`.", where=warning, remedy="Give a P-code of areas.csv.")
        with self.registry.begin() as connection:
            life, event = self._standing_under(connection, warning.partition(".")[0])
            rule = self._rules.get(event.rule)
            if rule is None:
                what = f"no rule `{event.rule}` stands in the country's files any more."
                raise RefusedError(what, where=warning, remedy="Put the files of its time back, or warn by hand.")
            life = self._proposals.correct(connection, life, rule, event, area, level, now)
            ledger.save_life(connection, life, event)
            text = f"{by} ({role}) corrects {event.rule} in {event.area}: {comment}"
            ledger.note(connection, f"corrected:{life.warning}:{life.messages}", now, Reason.CORRECTED.value, life.warning, text)
            proposed = ledger.load_message(connection, f"{life.warning}.{life.messages}")
        self._flush()
        if proposed is None:
            raise RefusedError("the correction was not kept.", where=warning, remedy="Try again.")
        return proposed[0]

    def silence(self, silence: Silence) -> Silence:
        """Let nothing new be proposed of what a silence reaches, until its end; what waits of it is taken back. The answer has its id.

        Raises:
            RefusedError: the role may not silence, it lacks a name, a reason or an end, or it names an area, a rule or a hazard that the
                country does not have.
        """
        silences.check(silence)
        self._may("silence", silence.role, silence.in_words())
        known = {"area": self.country.places.areas, "rule": self._rules, "hazard": {rule.text for rule in self._rules.values()}}
        for what, names in known.items():
            name = getattr(silence, what)
            if name is not None and name not in names:
                raise RefusedError(f"the country has no {what} `{name}`.", where="silence", remedy="Look at its files.")
        with self.registry.begin() as connection:
            kept = silences.add(connection, silence)
            text = f"{kept.by} ({kept.role}) silences {kept.in_words()}, until {kept.until.isoformat()}: {kept.comment}"
            ledger.note(connection, f"{kept.id}:begun", kept.since, "silence", "", text)
            for life, name in ledger.waiting(connection):
                self._take_back(connection, kept, life, self._rules.get(name))
        self._flush()
        return kept

    def silences(self) -> list[tuple[Silence, int]]:
        """All silences there ever were, the oldest first, each with how much it held back."""
        with self.registry.reading() as connection:
            held = silences.held(connection)
            return [(one, held.get(one.id, 0)) for one in silences.everything(connection)]

    def end_silence(self, id: str, by: str, role: str, now: datetime) -> Silence:
        """End a silence before its time; what it held is judged again at once.

        Raises:
            RefusedError: the role may not silence, or no silence of this id holds.
        """
        self._may("silence", role, id)
        with self.registry.begin() as connection:
            found = next((one for one in silences.not_over(connection) if one.id == id and one.holds(now)), None)
            if found is None:
                raise RefusedError("no silence of this id holds.", where=id, remedy="`polyrisk silence list` shows those that do.")
            ended = silences.end(connection, found, f"{by} ({role})", now)
            self._close_silences(connection, now)
        self._flush()
        return ended

    def dispatch(self, now: datetime) -> DispatchReport:
        """Send what is due and publish how many messages stand where."""
        report = self.send(now)
        self.publish_counts(report, now)
        return report

    def send(self, now: datetime) -> DispatchReport:
        """Send what is due. May run in a thread of its own while nothing else is asked of this service."""
        if self._dispatcher is None:
            return DispatchReport()
        with self.registry.begin() as connection:
            quiet_hours.hold(connection, self.country, now)
        return self._dispatcher.run(now)

    def publish_counts(self, report: DispatchReport, now: datetime) -> None:
        """Publish how many messages stand where, if a round of sending has moved any, or a message went out since, here or in another
        process: it may have overtaken others. After a start always, for what was sent before a crash."""
        with self.registry.reading() as connection:
            stages = ledger.statuses(connection)
            received = intents.received(connection)
            halts = len(stops.standing_stops(connection))
        if self._dispatcher is None:
            return
        self.metrics.observe_sending(closed=bool(report.closed), halts=halts, balance=self._dispatcher.balance)
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
        silence = self._silence_of(connection, rule, event.area, event.level, event.known)
        decision = decide(life, event, over=over, has_until=event.ending is not None, silenced=silence is not None)
        self._tell_duty(connection, decision.reason, event, record, life.warning, silence)
        if decision.reason is Reason.MERGED:
            self._go_on_as(connection, life, rule, event)
            return decision
        return self._carry_out(connection, life, rule, event, decision, over)

    def _carry_out(
        self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent, decision: Decision, over: Sequence[Life] = ()
    ) -> Decision:
        if decision.withdraw and life.pending is not None:
            self._proposals.withdraw(connection, life.pending.message, event.known)
        life = life.after(decision, event, over)
        if decision.say is not None:
            life = self._proposals.propose(connection, life, rule, event, decision.say, decision.reason, event.known)
        ledger.save_life(connection, life, event)
        if decision.reason is Reason.ENDED_IN_GREATER:
            ledger.leave_to(connection, life)
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

    def _tell_duty(
        self, connection: Connection, reason: Reason, event: CompoundEvent, record: str, warning: str, silence: Silence | None = None
    ) -> None:
        sentence = _TOLD_ON_DUTY.get(reason)
        if reason is Reason.SILENCED and silence is not None:
            silences.keep_held(connection, silence, f"{reason}:{record}", warning, event.known)
        if sentence is not None and not event.in_shadow:
            words = {
                "silent": "; ".join(event.silent) or "no reading",
                "quiet": event.quiet,
                "change": event.change.replace("_", " "),
                "silenced": f"{silence.id}, by {silence.by}" if silence is not None else "",
            }
            text = sentence.format(**words)
            ledger.note(connection, f"{reason}:{record}", event.known, reason.value, warning, f"{event.rule} in {event.area} {text}")

    def _not_said(self, connection: Connection, record: str, event: CompoundEvent, why: str) -> None:
        text = f"{event.rule} in {event.area} ({event.change}) could NOT be put into words: {why} Warn by hand."
        ledger.note(connection, f"not_said:{record}", event.known, "not_said", warning_id(event.id), text)

    def _pass_time(self, now: datetime) -> int:
        with self.registry.begin() as connection:
            done = self._close_silences(connection, now)
            for message, count, _ in ledger.unsigned(connection, now):
                self._pass_on(connection, message, count, now)
                done += 1
            for life, name in ledger.standing(connection):
                done += self._when_due(connection, life, self._rules.get(name), now)
            for life, name in ledger.standing(connection):
                done += self._tell_who_joined(connection, life, self._rules.get(name), now)
        return done

    def _close_silences(self, connection: Connection, now: datetime) -> int:
        """What silences held that are over by now is judged again, once."""
        over = [silence for silence in silences.not_over(connection) if now >= silence.until]
        held = silences.held(connection) if over else {}
        for silence in over:
            silences.close(connection, silence)
            how = f"ended by {silence.ended_by}" if silence.ended_by else "ended"
            text = f"The silence of {silence.in_words()} {how}; it held back {held.get(silence.id, 0)}, what still stands is judged again."
            ledger.note(connection, f"{silence.id}:ended", now, "silence", "", text)
        for life, name in ledger.held(connection) if over else ():
            rule = self._rules.get(name)
            event = ledger.latest_event(connection, life.warning)
            if rule is not None and self._silence_of(connection, rule, event.area, event.level, now) is None:
                self._judge_again(connection, replace(life, held=False), rule, event, now)
        return len(over)

    def _judge_again(self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent, now: datetime) -> None:
        event = event.model_copy(update={"known": now})
        ledger.save_life(connection, life, event)
        try:
            with connection.begin_nested():
                over = self._over(connection, rule, event, life)
                decision = decide(life, event, over=over, has_until=event.ending is not None)
                self._carry_out(connection, life, rule, event, decision, over)
        except ConfigurationError as error:
            self._not_said(connection, f"{life.warning}:{now.isoformat()}", event, str(error))

    def _silence_of(self, connection: Connection, rule: Rule, area: str, level: Level, now: datetime) -> Silence | None:
        """The silence that holds back a rule's warnings of an area at a level, if any does."""
        around = set(self.country.places.line(area))
        reaching = (s for s in silences.not_over(connection) if s.holds(now) and s.reaches(rule, around, level))
        return next(reaching, None)

    def _take_back(self, connection: Connection, silence: Silence, life: Life, rule: Rule | None) -> None:
        """A message that waits and that a new silence reaches is taken back, and judged again at the silence's end."""
        decision = silenced(life)
        event = ledger.latest_event(connection, life.warning)
        around = set(self.country.places.line(event.area))
        if decision is None or rule is None or life.pending is None or not silence.reaches(rule, around, life.pending.level):
            return
        self._tell_duty(connection, decision.reason, event, life.pending.message, life.warning, silence)
        self._carry_out(connection, life, rule, event.model_copy(update={"known": silence.since}), decision)

    def _somebody_joined(self, connection: Connection, life: Life, rule: Rule | None) -> bool:
        """Whether somebody came to a standing warning who must hear of it; looked at only if anybody joined since the last look."""
        if rule is None or life.began is None:
            return False
        newest = audience.newest_joining(connection, life.began)
        if self._joined_when.get(life.warning) == newest:
            return False
        if self._proposals.anybody_joined(connection, life, rule, ledger.latest_event(connection, life.warning)):
            return True
        self._joined_when[life.warning] = newest
        return False

    def _tell_who_joined(self, connection: Connection, life: Life, rule: Rule | None, now: datetime) -> int:
        if rule is None or not life.open or not self._somebody_joined(connection, life, rule):
            return 0
        event = ledger.latest_event(connection, life.warning)
        told = self._proposals.tell_who_joined(connection, life, rule, event)
        text = f"{event.rule} in {event.area}: {told} people came there while it stands, and are told."
        ledger.note(connection, f"joined:{life.warning}:{now.isoformat()}", now, "joined", life.warning, text)
        return told

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

    def _due(self, connection: Connection, life: Life, rule: Rule | None, now: datetime) -> Decision | None:
        if rule is None or life.expires is None:
            return None
        ahead = self._proposals.signatures(rule, life.level).within * 2
        area = ledger.areas_of(connection, [life.warning])[life.warning]
        reached = self._silence_of(connection, rule, area, life.level, now) is not None
        return due(life, now, remind_every=rule.remind.every if rule.remind else None, ahead=ahead, silenced=reached)

    def _when_due(self, connection: Connection, life: Life, rule: Rule | None, now: datetime) -> int:
        decision = self._due(connection, life, rule, now)
        if decision is None or rule is None:
            return 0
        event = ledger.latest_event(connection, life.warning).model_copy(update={"known": now})
        try:
            with connection.begin_nested():
                if decision.reason is Reason.EXPIRED:
                    self._run_out(connection, life, rule, event, decision)
                elif decision.say is None:
                    self._hold_reminder(connection, life, rule, event)
                else:
                    life = self._proposals.propose(connection, life, rule, event, decision.say, decision.reason, now)
                    ledger.save_life(connection, life, event)
        except ConfigurationError as error:
            self._not_said(connection, f"{life.warning}:{decision.reason}", event, str(error))
            return 0
        return 1

    def _hold_reminder(self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent) -> None:
        silence = self._silence_of(connection, rule, event.area, life.level, event.known)
        self._tell_duty(connection, Reason.SILENCED, event, f"reminder:{life.warning}:{life.messages}", life.warning, silence)
        ledger.save_life(connection, replace(life, held=True), event)

    def _run_out(self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent, decision: Decision) -> None:
        """The last message has run out: told to everybody who was warned and to the people on duty. If the event still stands, a new
        warning of it is proposed, and waits loudly as any other."""
        if decision.withdraw and life.pending is not None:
            self._proposals.withdraw(connection, life.pending.message, event.known)
        life = self._proposals.propose(connection, replace(life, pending=None), rule, event, Kind.EXPIRED, decision.reason, event.known)
        stands = "The event still stands: sign a new warning." if life.open else "The event is over, but nobody signed the end."
        text = f"{event.rule} in {event.area}: the last message has run out and nobody signed a new one; people are told so. {stands}"
        ledger.note(connection, f"expired:{life.warning}:{life.messages}", event.known, Reason.EXPIRED.value, life.warning, text)
        if life.open and not life.quiet:
            life = self._proposals.propose(connection, life, rule, event, Kind.WARNING, Reason.RENEWED, event.known)
        ledger.save_life(connection, life, event)
        self._proposals.tell_spared(connection, rule, event.area)

    def _sign(self, connection: Connection, message: str, by: str, role: str, now: datetime) -> Warning:
        loaded = ledger.load_message(connection, message)
        if loaded is None or loaded[4] != ledger.PENDING:
            raise RefusedError("nothing waits for a signature under this id.", where=message, remedy="Look at the list of what waits.")
        warning, kind, _, people, _ = loaded
        self._may("sign", role, message)
        so_far = ledger.signed(connection, message)
        if any(s.by == by or s.role == role for s in so_far):
            raise RefusedError("this person or this role has signed already.", where=message, remedy="Another person in another role must.")
        ledger.sign(connection, message, Signature(by=by, role=role, at=now))
        signed = warning.model_copy(update={"signatures": ledger.signed(connection, message)})
        if len(so_far) + 1 < people or not self._in_whose_name(signed):
            ledger.settle(connection, signed, ledger.PENDING)
            return signed
        return self._go_out(connection, signed, kind, now)

    def _in_whose_name(self, signed: Warning) -> bool:
        """Whether a message may speak as it does: as official only with a signature of the authority."""
        roles = self.country.facts.roles
        return signed.standing != "official" or any(roles[s.role].authority for s in signed.signatures if s.role in roles)

    def _may(self, what: str, role: str, where: str) -> None:
        known = self.country.facts.roles.get(role)
        if known is None or what not in known.may:
            those = ", ".join(name for name, r in self.country.facts.roles.items() if what in r.may)
            raise RefusedError(f"the role `{role}` may not {what}.", where=where, remedy=f"Those that may: {those}.")

    def _standing_under(self, connection: Connection, warning: str) -> tuple[Life, CompoundEvent]:
        """A warning that people stand under, of which nothing waits for signatures."""
        life = next((life for life, _ in ledger.standing(connection) if life.warning == warning), None)
        if life is None:
            raise RefusedError("nobody stands under this warning.", where=warning, remedy="`polyrisk warnings` lists what went out.")
        if life.pending is not None:
            raise RefusedError("another message of it waits for signatures.", where=life.pending.message, remedy="Sign that one first.")
        return life, ledger.latest_event(connection, warning)

    def _go_out(self, connection: Connection, warning: Warning, kind: Kind, now: datetime) -> Warning:
        rule = self._rules.get(warning.rule)
        if rule is None:
            what = f"no rule `{warning.rule}` stands in the country's files any more, so nothing says how long its message holds."
            raise RefusedError(what, where=warning.id, remedy="Put the files of its time back, or warn by hand.")
        event = ledger.latest_event(connection, warning.warning)
        life = ledger.load_life(connection, warning.event, warning.warning)
        life, issued = self._proposals.issue(connection, life, rule, warning, kind, event, now)
        ledger.save_life(connection, life, event)
        if kind in ENDINGS:
            self._proposals.tell_spared(connection, rule, event.area)
        return issued
