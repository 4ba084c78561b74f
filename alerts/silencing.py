"""What begins and ends with a silence: what waits is taken back, and what was held is judged again once."""

from dataclasses import replace
from datetime import datetime

from sqlalchemy import Connection

from alerts import journal, ledger, originated, roles, silences
from alerts.journal import AS_SERVICE, SERVICE, Step
from alerts.judgements import Judgements
from alerts.life import Life, silenced
from alerts.proposals import Proposals
from alerts.silences import Silence
from schemas.configuration import Rule
from schemas.errors import RefusedError


class Silencing:
    """Sets, ends and closes silences inside the caller's transaction."""

    def __init__(self, proposals: Proposals, judgements: Judgements) -> None:
        self._proposals = proposals
        self._judgements = judgements
        self._country = proposals.country

    def begin(self, connection: Connection, silence: Silence) -> Silence:
        """Keep a new silence and take back what waits of it; the answer has its id.

        Raises:
            RefusedError: the role may not silence, it lacks a name, a reason or an end, or it names an area, a rule or a hazard that the
                country does not have.
        """
        self._check(silence)
        kept = silences.add(connection, silence)
        text = f"{kept.by} ({kept.role}) silences {kept.in_words()}, until {kept.until.isoformat()}: {kept.comment}"
        ledger.note(connection, f"{kept.id}:begun", kept.since, "silence", "", text)
        said = {"of": kept.in_words(), "until": kept.until.isoformat(), "comment": kept.comment}
        journal.write(connection, kept.since, kept.by, kept.role, Step.SILENCED, kept.id, said)
        for life, name in ledger.waiting(connection):
            self._take_back(connection, kept, life, self._proposals.rules.get(name))
        return kept

    def end(self, connection: Connection, id: str, by: str, role: str, now: datetime) -> Silence:
        """End a silence before its time; what it held is judged again.

        Raises:
            RefusedError: the role may not silence, or no silence of this id holds.
        """
        roles.require(self._country.facts, "silence", role, id)
        found = next((one for one in silences.not_over(connection) if one.id == id and one.holds(now)), None)
        if found is None:
            raise RefusedError("no silence of this id holds.", where=id, remedy="`polyrisk silence list` shows those that do.")
        ended = silences.end(connection, found, f"{by} ({role})", now)
        journal.write(connection, now, by, role, Step.SILENCE_ENDED, id, {})
        self.close_over(connection, now)
        return ended

    def close_over(self, connection: Connection, now: datetime) -> int:
        """Judge again, once, what silences held that are over by now. Answers how many silences that were."""
        over = [silence for silence in silences.not_over(connection) if now >= silence.until]
        held = silences.held(connection) if over else {}
        for silence in over:
            silences.close(connection, silence)
            how = f"ended by {silence.ended_by}" if silence.ended_by else "ended"
            text = f"The silence of {silence.in_words()} {how}; it held back {held.get(silence.id, 0)}, what still stands is judged again."
            ledger.note(connection, f"{silence.id}:ended", now, "silence", "", text)
            journal.write(connection, now, SERVICE, AS_SERVICE, Step.SILENCE_OVER, silence.id, {"held": held.get(silence.id, 0)})
        for life, name in ledger.held(connection) if over else ():
            rule = self._proposals.rules.get(name)
            event = ledger.latest_event(connection, life.warning)
            if rule is not None and self._judgements.silence_of(connection, rule, event.area, event.level, now) is None:
                self._judgements.judge_again(connection, replace(life, held=False), rule, event, now)
        return len(over)

    def _check(self, silence: Silence) -> None:
        silences.check(silence)
        roles.require(self._country.facts, "silence", silence.role, silence.in_words())
        hazards = {rule.text for rule in self._proposals.rules.values()}
        known = {"area": self._country.places.areas, "rule": self._proposals.rules, "hazard": hazards}
        for what, names in known.items():
            name = getattr(silence, what)
            if name is not None and name not in names:
                raise RefusedError(f"the country has no {what} `{name}`.", where="silence", remedy="Look at its files.")

    def _take_back(self, connection: Connection, silence: Silence, life: Life, rule: Rule | None) -> None:
        """A message that waits and that a new silence reaches is taken back, and judged again at the silence's end; not what a person
        wrote, which a person takes back."""
        decision = silenced(life)
        event = ledger.latest_event(connection, life.warning)
        around = set(self._country.places.line(event.area))
        if (
            decision is None
            or rule is None
            or originated.is_originated(rule.name)
            or life.pending is None
            or not silence.reaches(rule, around, life.pending.level)
        ):
            return
        self._judgements.tell_duty(connection, decision.reason, event, life.pending.message, life.warning, silence)
        self._judgements.carry_out(connection, life, rule, event.model_copy(update={"known": silence.since}), decision)
