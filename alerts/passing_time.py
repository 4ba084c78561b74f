"""What the mere passing of time asks for: a word that nobody signs, reminders, renewals, ends, and who joined meanwhile."""

from dataclasses import replace
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts import audience, journal, ledger, notices, originated, silences
from alerts.afterwards import Afterwards
from alerts.journal import Step
from alerts.judgements import Judgements
from alerts.life import Decision, Life, Reason, due
from alerts.originating import Originating
from alerts.proposals import Proposals, publish
from alerts.silencing import Silencing
from alerts.texts import Kind
from schemas.configuration import Rule
from schemas.errors import ConfigurationError
from schemas.outputs import CompoundEvent
from schemas.warning_records import WarningStatus


class PassingTime:
    """Looks at what waits and what stands, inside the caller's transaction."""

    def __init__(self, proposals: Proposals, judgements: Judgements, silencing: Silencing) -> None:
        self._proposals = proposals
        self._judgements = judgements
        self._silencing = silencing
        self._country = proposals.country
        self._afterwards = Afterwards(proposals.country)
        self._originating = Originating(proposals)
        self._joined_when: dict[str, tuple[int, datetime | None]] = {}  # warning to who had joined when nobody new was found

    def asks(self, connection: Connection, now: datetime) -> bool:
        """Whether `pass_to` would do anything."""
        if ledger.unsigned(connection, now) or any(now >= silence.until for silence in silences.not_over(connection)):
            return True
        if self._afterwards.asks(connection, now) or self._originating.asks(connection, now):
            return True
        standing = ledger.standing(connection)
        if any(self._due(connection, life, self._proposals.rules.get(name), now) is not None for life, name in standing):
            return True
        return any(self._somebody_joined(connection, life, self._proposals.rules.get(name)) for life, name in standing)

    def pass_to(self, connection: Connection, now: datetime) -> int:
        """Do what has become due by now; answers how many things that were."""
        done = self._silencing.close_over(connection, now) + self._afterwards.pass_on_due(connection, now)
        done += self._originating.pass_to(connection, now)
        for message, count, _ in ledger.unsigned(connection, now):
            self._pass_on(connection, message, count, now)
            done += 1
        for life, name in ledger.standing(connection):
            done += self._when_due(connection, life, self._proposals.rules.get(name), now)
        for life, name in ledger.standing(connection):
            done += self._tell_who_joined(connection, life, self._proposals.rules.get(name), now)
        return done

    def _pass_on(self, connection: Connection, message: str, count: int, now: datetime) -> None:
        """Nobody signed in time: say so loudly, to the next on the country's ladder, and go on waiting."""
        loaded = ledger.load_message(connection, message)
        if loaded is None:
            return
        rule = self._proposals.rules.get(loaded[0].rule)
        ladder = self._country.facts.escalate
        to = ladder[min(count, len(ladder) - 1)].to if ladder else "everybody on duty"
        warning = loaded[0].model_copy(update={"status": WarningStatus.ESCALATED})
        ledger.settle(connection, warning, ledger.PENDING)
        ledger.passed_on(connection, message, self._proposals.signatures(rule, warning.level).within, now)
        publish(connection, warning, f"escalated.{count + 1}", now)
        journal.write_message(connection, now, Step.ESCALATED, warning, to=to, time=count + 1)
        text = f"{warning.rule} in {warning.area} waits unsigned since {warning.proposed.isoformat()}; passed on to {to}."
        ledger.note(connection, f"unsigned:{message}:{count + 1}", now, Reason.UNSIGNED.value, warning.warning, text)

    def _due(self, connection: Connection, life: Life, rule: Rule | None, now: datetime) -> Decision | None:
        if rule is None or life.expires is None:
            return None
        # What a person wrote is renewed by a person alone: nobody else can know whether it still stands.
        ahead = timedelta(0) if originated.is_originated(rule.name) else self._proposals.signatures(rule, life.level).within * 2
        area = ledger.areas_of(connection, [life.warning])[life.warning]
        reached = self._judgements.silence_of(connection, rule, area, life.level, now) is not None
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
            notices.not_said(connection, f"{life.warning}:{decision.reason}", event, str(error))
            return 0
        return 1

    def _hold_reminder(self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent) -> None:
        silence = self._judgements.silence_of(connection, rule, event.area, life.level, event.known)
        self._judgements.tell_duty(connection, Reason.SILENCED, event, f"reminder:{life.warning}:{life.messages}", life.warning, silence)
        ledger.save_life(connection, replace(life, held=True), event)

    def _run_out(self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent, decision: Decision) -> None:
        """The last message has run out: told to everybody who was warned and to the people on duty. If the event still stands, a new
        warning of it is proposed, and waits loudly as any other; of what a person wrote, if somebody had said that it stands for longer."""
        author = ""
        if decision.withdraw and life.pending is not None:
            author = ledger.waits(connection, life.pending.message)[0].author
            self._proposals.withdraw(connection, life.pending.message, event.known)
        written = originated.of_warning(connection, life.warning)
        life = replace(life, pending=None, open=life.open and (written is None or written.ends > event.known))
        life = self._proposals.propose(connection, life, rule, event, Kind.EXPIRED, decision.reason, event.known)
        stands = "The event still stands: sign a new warning." if life.open else "The event is over, but nobody signed the end."
        text = f"{event.rule} in {event.area}: the last message has run out and nobody signed a new one; people are told so. {stands}"
        ledger.note(connection, f"expired:{life.warning}:{life.messages}", event.known, Reason.EXPIRED.value, life.warning, text)
        if life.open and not life.quiet:
            life = self._proposals.propose(connection, life, rule, event, Kind.WARNING, Reason.RENEWED, event.known, author)
        ledger.save_life(connection, life, event)
        self._proposals.tell_spared(connection, rule, event.area)

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
        if not told:
            return 0
        text = f"{event.rule} in {event.area}: {told} people came there while it stands, and are told."
        ledger.note(connection, f"joined:{life.warning}:{now.isoformat()}", now, "joined", life.warning, text)
        return told
