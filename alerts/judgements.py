"""What follows from a change of an event: decided, proposed or withdrawn, kept, and told to the people on duty."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from alerts import ledger, notices, silences
from alerts.agreed import Agreed
from alerts.life import MERGED, Decision, Life, Reason, decide
from alerts.proposals import Proposals, warning_id
from alerts.silences import Silence
from schemas.configuration import Rule
from schemas.envelopes import read_output
from schemas.errors import ConfigurationError
from schemas.levels import Level
from schemas.outputs import CompoundEvent
from schemas.records import Stored


class Judgements:
    """Acts on changes of events inside the caller's transaction, each once."""

    def __init__(self, proposals: Proposals, *, exercise: bool = False) -> None:
        self._proposals = proposals
        self._agreed = Agreed(proposals, exercise=exercise)
        self._country = proposals.country

    def take_in(self, connection: Connection, stored: Stored, now: datetime) -> None:
        """Act on a record of the log, if it is an event's and was not acted on before. What cannot be put into words is told on duty."""
        record = stored.record
        event = read_output(record) if record.kind == "event" else None
        if not isinstance(event, CompoundEvent) or ledger.seen(connection, record.id):
            return
        rule = self._proposals.rules.get(event.rule)
        if rule is None:
            if not event.in_shadow:
                notices.not_said(connection, record.id, event, f"no rule `{event.rule}` stands in the country's files.")
            ledger.mark_seen(connection, record.id, now, "not_said")
            return
        try:
            with connection.begin_nested():
                decision = self._act(connection, rule, event, record.id, now)
            ledger.mark_seen(connection, record.id, now, decision.reason.value)
        except ConfigurationError as error:
            notices.not_said(connection, record.id, event, str(error))
            ledger.mark_seen(connection, record.id, now, "not_said")

    def judge_again(self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent, now: datetime) -> None:
        """Decide anew on the newest change of an event, once no silence holds it back any more."""
        event = event.model_copy(update={"known": now})
        ledger.save_life(connection, life, event)
        try:
            with connection.begin_nested():
                over = self._over(connection, rule, event, life)
                decision = decide(life, event, over=over, has_until=event.ending is not None)
                self.carry_out(connection, life, rule, event, decision, over)
        except ConfigurationError as error:
            notices.not_said(connection, f"{life.warning}:{now.isoformat()}", event, str(error))

    def carry_out(
        self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent, decision: Decision, over: Sequence[Life] = ()
    ) -> Decision:
        """Withdraw, propose and keep what a decision asks for; answers it.

        Args:
            over: as given to `alerts.life.decide`.
        """
        if decision.withdraw and life.pending is not None:
            self._proposals.withdraw(connection, life.pending.message, event.known)
        life = life.after(decision, event, over)
        if decision.say is not None:
            life = self._proposals.propose(connection, life, rule, event, decision.say, decision.reason, event.known)
        ledger.save_life(connection, life, event)
        if decision.reason is Reason.ENDED_IN_GREATER:
            ledger.leave_to(connection, life)
        return decision

    def tell_duty(
        self, connection: Connection, reason: Reason, event: CompoundEvent, record: str, warning: str, silence: Silence | None = None
    ) -> None:
        """Tell the people on duty of a decision, and count what a silence holds back.

        Args:
            record: an identity of what was decided on. silence: the one that holds it back.
        """
        if reason is Reason.SILENCED and silence is not None:
            silences.keep_held(connection, silence, f"{reason}:{record}", warning, event.known)
        notices.of_decision(connection, reason, event, record, warning, silence)

    def silence_of(self, connection: Connection, rule: Rule, area: str, level: Level, now: datetime) -> Silence | None:
        """The silence that holds back a rule's warnings of an area at a level, if any does."""
        around = set(self._country.places.line(area))
        reaching = (s for s in silences.not_over(connection) if s.holds(now) and s.reaches(rule, around, level))
        return next(reaching, None)

    def _act(self, connection: Connection, rule: Rule, event: CompoundEvent, record: str, now: datetime) -> Decision:
        life = ledger.load_life(connection, event.id, warning_id(event.id))
        over = self._over(connection, rule, event, life)
        silence = self.silence_of(connection, rule, event.area, event.level, event.known)
        decision = decide(life, event, over=over, has_until=event.ending is not None, silenced=silence is not None)
        self.tell_duty(connection, decision.reason, event, record, life.warning, silence)
        if decision.reason is Reason.MERGED:
            self._go_on_as(connection, life, rule, event)
            return decision
        self.carry_out(connection, life, rule, event, decision, over)
        if decision.say is not None:
            self._agreed.let_out(connection, rule, event, ledger.load_life(connection, event.id, life.warning), now)
        return decision

    def _over(self, connection: Connection, rule: Rule, event: CompoundEvent, life: Life) -> list[Life]:
        """Warnings that speak for this one: of rules that mute its rule, and of its own rule if its event was merged into another."""
        speaking = {name for name, other in self._proposals.rules.items() if rule.name in other.mutes}
        if event.quiet.startswith(MERGED):
            speaking.add(rule.name)
        return [other for other, name in ledger.standing_beside(connection, event.area, life.warning) if name in speaking]

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
            self.carry_out(connection, life, rule, newest, decide(life, newest))
