"""A person writes a warning that no rule saw, says later that it changed, or that it is over. Each is a proposal that others sign.

What households read is made of the country's own texts alone: hazard, area, level and times are chosen, and nothing is written freely, so
that no language is left behind. The person's reason and source stand in the journal and beside the message, where a tree of readings
would stand otherwise. Who wrote a message does not sign it.
"""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection

from alerts import approvals, journal, ledger, originated, roles
from alerts.editing import Editing, EditRefusedError
from alerts.journal import AS_SERVICE, SERVICE, Step
from alerts.life import Life, Reason
from alerts.originated import LONGEST, PREFIX, Kept
from alerts.people.numbers import hidden
from alerts.proposals import Proposals, warning_id
from alerts.signing import behind
from alerts.texts import Kind
from schemas.configuration import Rule
from schemas.errors import RefusedError
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Evidence, LevelStep
from schemas.warning_records import Originated, Warning

MAY = "originate"
"""The word in a role of country.yaml."""
ORIGINATED, ENDS_SOON, RAN_OUT = "originated", "originated_ends", "originated_ran_out"
"""Kinds of notices."""
How = Literal["all_clear", "mistaken", "cannot_tell"]
"""How a danger that a person warned of is over: it is known to be, what they were told was wrong, or nobody can tell any more."""
_ENDS: dict[How, tuple[Kind, Reason]] = {
    "all_clear": (Kind.ALL_CLEAR, Reason.CLOSED),
    "mistaken": (Kind.RETRACTION, Reason.RETRACTED),
    "cannot_tell": (Kind.CANNOT_TELL, Reason.CANNOT_TELL),
}
_SAID_BY_A_PERSON = "a person says so"


@dataclass(frozen=True)
class Draft:
    """A warning as somebody writes it.

    Attributes:
        hazard: the name of the country's texts. area: P-code. since: from when the danger is expected; none if it is there.
        until: until when it stands unless it is updated. reason: what was seen or told. source: by whom. What may be a number in either
            is masked.
        once: an identity of the writing: what is sent twice with one is one warning. Empty: made of all that is written.
        filled: what the texts leave open, such as what to do: slot to the name of a choice (`alerts.slots`).
    """

    hazard: str
    area: str
    level: Level
    until: datetime
    by: str
    role: str
    reason: str
    source: str
    since: datetime | None = None
    once: str = ""
    filled: Mapping[str, str] = field(default_factory=dict)

    @property
    def identity(self) -> str:
        """What tells this writing from another."""
        since = self.since.isoformat() if self.since is not None else ""
        chosen = [f"{slot}={choice}" for slot, choice in sorted(self.filled.items())]
        times = (since, self.until.isoformat())
        written = (self.hazard, self.area, self.level.word, *times, self.by, self.role, self.reason, self.source, *chosen)
        return hashlib.sha256((self.once or "\0".join(written)).encode()).hexdigest()[:20]


@dataclass(frozen=True)
class Change:
    """What somebody says later of a warning that a person wrote.

    Attributes:
        level, until: what is another; none if it is as it was. comment: why.
    """

    by: str
    role: str
    comment: str
    level: Level | None = None
    until: datetime | None = None


class Originating:
    """Begins, updates and ends what people write, inside the caller's transaction."""

    def __init__(self, proposals: Proposals) -> None:
        self._proposals = proposals
        self._editing = Editing(proposals)
        self._country = proposals.country

    def originate(self, connection: Connection, draft: Draft, now: datetime) -> Warning:
        """Propose a warning. Answers the message that waits; of one that was written already, that one, and nothing else happens.

        Raises:
            RefusedError: the role may not, a name, reason or source is missing, the hazard, area, level or times cannot be, some language
                of the place lacks the texts, somebody has written one of this hazard and area that has not ended, or the texts do not
                leave open what is to be filled.
            ConfigurationError: no language of the country has the text.
        """
        rule = self._checked(draft, now)
        event = self._event(draft, rule, now)
        id = warning_id(event.id)
        if ledger.acted_on(connection, event.id):
            return self.newest(connection, id)
        others = originated.standing(connection, rule.name, draft.area)
        if others:
            what = f"somebody has written such a warning of this area, and it has not ended: {others[0]}."
            raise RefusedError(what, where=draft.area, remedy="Update it, or end it first.")
        said = Originated(by=draft.by, role=draft.role, at=now, reason=hidden(draft.reason), source=hidden(draft.source))
        originated.keep(connection, Kept(id, draft.hazard, said, draft.until))
        content = {"hazard": draft.hazard, "area": draft.area, "level": draft.level.word, "until": draft.until.isoformat()}
        more = {"since": draft.since.isoformat() if draft.since is not None else "", "reason": draft.reason, "source": draft.source}
        journal.write(connection, now, draft.by, draft.role, Step.ORIGINATED, id, {**content, **more})
        life = ledger.load_life(connection, event.id, id)
        life = self._proposals.propose(connection, life, rule, event, Kind.WARNING, Reason.ORIGINATED, now, draft.by)
        ledger.save_life(connection, life, event)
        text = (
            f"{draft.by} ({draft.role}) writes a warning, {draft.hazard} {draft.level.word} in {draft.area}: {said.reason} ({said.source})"
        )
        ledger.note(connection, f"{ORIGINATED}:{id}", now, ORIGINATED, id, text)
        proposed = self.newest(connection, id)
        return self._fill(connection, proposed, draft.by, draft.role, draft.filled, now) if draft.filled else proposed

    def update(self, connection: Connection, warning: str, change: Change, now: datetime) -> Warning:
        """Propose that a warning that a person wrote is of another level, or stands for longer or shorter. Answers the message that waits.

        What of it waits for signatures is withdrawn: one message of a warning waits at a time.

        Raises:
            RefusedError: the role may not, a name or comment is missing, nothing changes, no such warning stands or waits, or the end
                cannot be.
        """
        kept, life, rule, event = self._of(connection, warning, change)
        if change.level is None and change.until is None:
            raise RefusedError("nothing changes.", where=warning, remedy="Give another level, or another end.")
        until = change.until or kept.ends
        _check_end(until, now, warning)
        level = change.level or event.level
        before = self.newest(connection, kept.warning).filled
        self._withdraw(connection, life, now)
        originated.keep_end(connection, kept.warning, until)
        moved = EventChange.ESCALATED if level > event.level else EventChange.EASED if level < event.level else EventChange.UPDATED
        event = event.model_copy(update={"level": level, "at": now, "known": now, "change": moved, "steps": _steps(level)})
        kind = Kind.WARNING if not life.told else Kind.STILL if level == life.level else Kind.UPDATE
        reason = Reason.ORIGINATED if not life.told else _why(level, life.level)
        life = replace(life, pending=None, open=True)
        life = self._proposals.propose(connection, life, rule, event, kind, reason, now, change.by)
        ledger.save_life(connection, life, event)
        said = {"level": level.word, "until": until.isoformat(), "comment": change.comment}
        self._tell(connection, Step.ORIGINATED_UPDATED, kept.warning, change, said, now)
        return self._filled_as_before(connection, self.newest(connection, kept.warning), before, change, now)

    def end(self, connection: Connection, warning: str, change: Change, how: How, now: datetime) -> Warning:
        """Propose the end of a warning that a person wrote; of one of which nobody was told anything, take back what waits.

        Answers the message that waits, or that was taken back.

        Raises:
            RefusedError: the role may not, a name or comment is missing, or no such warning stands or waits.
        """
        kept, life, rule, event = self._of(connection, warning, change)
        before = self.newest(connection, kept.warning)
        self._withdraw(connection, life, now)
        kind, reason = _ENDS[how]
        ended = EventChange.RETRACTED if how == "mistaken" else EventChange.CANNOT_TELL if how == "cannot_tell" else EventChange.CLOSED
        truth = Truth.UNKNOWN if how == "cannot_tell" else Truth.FALSE
        event = event.model_copy(update={"change": ended, "at": now, "known": now, "truth": truth})
        life = replace(life, pending=None, open=False)
        if life.told:
            life = self._proposals.propose(connection, life, rule, event, kind, reason, now, change.by)
        ledger.save_life(connection, life, event)
        self._tell(connection, Step.ORIGINATED_ENDED, kept.warning, change, {"how": how, "comment": change.comment}, now)
        return self.newest(connection, kept.warning) if life.told else self._loaded(connection, before.id)

    def pass_to(self, connection: Connection, now: datetime) -> int:
        """Tell people on duty, once, of what ends soon, and take back what was signed by nobody before its own end. Answers how many."""
        due = self._due(connection, now)
        for kept, life in due:
            event = ledger.latest_event(connection, kept.warning)
            what = f"{kept.hazard} {event.level.word} in {event.area}, which {kept.said.by} wrote"
            if life.told:
                text = f"{what}, ends at {kept.ends.isoformat()}: update it or end it, or people are told that its time has run out."
                ledger.note(connection, _ends_soon(kept), now, ENDS_SOON, kept.warning, text)
                continue
            self._withdraw(connection, life, now)
            ledger.save_life(connection, replace(life, pending=None, open=False), event)
            journal.write(connection, now, SERVICE, AS_SERVICE, Step.ORIGINATED_ENDED, kept.warning, {"how": "unsigned"})
            text = f"{what}, was signed by NOBODY before its end ({kept.ends.isoformat()}); nobody was warned, and it is taken back."
            ledger.note(connection, f"{RAN_OUT}:{kept.warning}", now, RAN_OUT, kept.warning, text)
        return len(due)

    def asks(self, connection: Connection, now: datetime) -> bool:
        """Whether `pass_to` would do anything."""
        return bool(self._due(connection, now))

    def _due(self, connection: Connection, now: datetime) -> list[tuple[Kept, Life]]:
        found = []
        for kept in originated.open_ones(connection).values():
            life = ledger.load_life(connection, _event_of(connection, kept.warning), kept.warning)
            ahead = self._country.facts.signatures(ledger.latest_event(connection, kept.warning).level).within * 2
            soon = life.told and life.open and now >= kept.ends - ahead and not ledger.noted(connection, _ends_soon(kept))
            if soon or (not life.told and now >= kept.ends):
                found.append((kept, life))
        return found

    def _checked(self, draft: Draft, now: datetime) -> Rule:
        roles.require(self._country.facts, MAY, draft.role, draft.area or "a warning")
        if not draft.by.strip() or not draft.reason.strip() or not draft.source.strip():
            what = "who writes a warning says who they are, what was seen, and who told them."
            raise RefusedError(what, where="a warning", remedy="Give a name, a reason and a source.")
        rule = self._proposals.rules.get(f"{PREFIX}{draft.hazard}")
        if rule is None:
            known = ", ".join(name.removeprefix(PREFIX) for name in self._proposals.rules if originated.is_originated(name))
            what = f"the country has no text `{draft.hazard}` in all its languages."
            raise RefusedError(what, where="hazard", remedy=f"It has {known}.")
        if draft.area not in self._country.places.areas:
            raise RefusedError(f"the country has no area `{draft.area}`.", where="area", remedy="Give a P-code of areas.csv.")
        spoken = tuple(self._country.languages_of(draft.area))
        missing = originated.lacking(self._proposals.renderer.catalogue, draft.hazard, spoken)
        if missing:
            what = f"people there read {', '.join(missing)}, in which `{draft.hazard}` is not there."
            raise RefusedError(what, where=draft.area, remedy="Take another hazard, or add the texts: docs/translators.md.")
        if draft.level is Level.GREEN:
            raise RefusedError("nobody is warned of green.", where="level", remedy="Say yellow, orange or red.")
        _check_end(draft.until, now, draft.area)
        if draft.since is not None and not now < draft.since < draft.until:
            raise RefusedError(
                "it cannot begin then.", where="since", remedy="Give a moment to come, before its end; or none if it is there."
            )
        return rule

    def _event(self, draft: Draft, rule: Rule, now: datetime) -> CompoundEvent:
        return CompoundEvent(
            id=f"{self._country.shard}:{rule.name}:{draft.area}:{draft.identity}",
            shard=self._country.shard,
            rule=rule.name,
            rule_version=rule.version,
            area=draft.area,
            area_version=self._country.facts.areas_version,
            change=EventChange.OPENED,
            level=draft.level,
            steps=_steps(draft.level),
            dimensions=rule.dimensions,
            since=draft.since or now,
            at=now,
            known=now,
            truth=Truth.TRUE,
            evidence=Evidence(condition=_SAID_BY_A_PERSON, truth=Truth.TRUE, area=draft.area),
            record=f"originated:{draft.identity}",
            configuration=self._country.configuration.hash,
            engine="",
        )

    def _of(self, connection: Connection, warning: str, change: Change) -> tuple[Kept, Life, Rule, CompoundEvent]:
        roles.require(self._country.facts, MAY, change.role, warning)
        if not change.by.strip() or not change.comment.strip():
            raise RefusedError("it was not said who, and why.", where=warning, remedy="Give a name and a comment.")
        kept = originated.open_ones(connection).get(warning.partition(".")[0])
        if kept is None:
            what = "no person wrote such a warning, or it has ended."
            raise RefusedError(what, where=warning, remedy="`polyrisk originate list` shows those that stand or wait.")
        event = ledger.latest_event(connection, kept.warning)
        rule = self._proposals.rules.get(event.rule)
        if rule is None:
            what = f"the country has no text `{kept.hazard}` in all its languages any more."
            raise RefusedError(what, where=warning, remedy="Put the texts of its time back.")
        return kept, ledger.load_life(connection, event.id, kept.warning), rule, event

    def _fill(self, connection: Connection, proposed: Warning, by: str, role: str, filled: Mapping[str, str], now: datetime) -> Warning:
        """Fill what a message leaves open; what its text says of itself already is no edit."""
        open_ones = {slot.name: {choice.name for choice in slot.choices} for slot in self._editing.slots(connection, proposed.id)}
        there = all(choice in open_ones.get(slot, ()) for slot, choice in filled.items())
        if there and self._says_already(connection, proposed, filled):
            return proposed
        return self._editing.edit(connection, proposed.id, by, role, filled, approvals.code(proposed), now)

    def _says_already(self, connection: Connection, proposed: Warning, filled: Mapping[str, str]) -> bool:
        rule, life, event = behind(connection, self._proposals, proposed)
        kind = ledger.waits(connection, proposed.id)[1]
        anew = self._proposals.filled_anew(connection, life, rule, proposed, kind, event, filled)
        return approvals.texts(anew.texts) == approvals.texts(proposed.texts)

    def _filled_as_before(
        self, connection: Connection, proposed: Warning, before: Mapping[str, str], change: Change, now: datetime
    ) -> Warning:
        """An update tells people to do what the message before it did, where its text leaves that open and has room for it."""
        slots = self._editing.slots(connection, proposed.id) if before else ()
        still = {slot.name: before[slot.name] for slot in slots if before.get(slot.name) in {choice.name for choice in slot.choices}}
        try:
            return self._fill(connection, proposed, change.by, change.role, still, now) if still else proposed
        except EditRefusedError:  # who signs reads what the text says of itself
            return proposed

    def _withdraw(self, connection: Connection, life: Life, now: datetime) -> None:
        if life.pending is not None:
            self._proposals.withdraw(connection, life.pending.message, now)

    def _tell(self, connection: Connection, step: Step, warning: str, change: Change, said: dict[str, str], now: datetime) -> None:
        journal.write(connection, now, change.by, change.role, step, warning, said)
        what = ", ".join(f"{name} {value}" for name, value in said.items() if name != "comment")
        text = f"{change.by} ({change.role}) changes {warning}, which a person wrote ({what}): {hidden(change.comment)}"
        ledger.note(connection, f"{step.value}:{warning}:{now.isoformat()}", now, step.value, warning, text)

    def newest(self, connection: Connection, warning: str) -> Warning:
        """The newest message of what a person wrote."""
        return self._loaded(connection, f"{warning}.{ledger.load_life(connection, _event_of(connection, warning), warning).messages}")

    def _loaded(self, connection: Connection, message: str) -> Warning:
        loaded = ledger.load_message(connection, message)
        if loaded is None:
            raise RefusedError("it was not kept.", where=message, remedy="Try again.")
        return loaded[0]


def _event_of(connection: Connection, warning: str) -> str:
    return ledger.latest_event(connection, warning).id


def _steps(level: Level) -> tuple[LevelStep, ...]:
    return (LevelStep(step="base", level=level, why=_SAID_BY_A_PERSON),)


def _why(level: Level, told: Level) -> Reason:
    return Reason.ESCALATED if level > told else Reason.EASED if level < told else Reason.RENEWED


def _ends_soon(kept: Kept) -> str:
    return f"{ENDS_SOON}:{kept.warning}:{kept.ends.isoformat()}"


def _check_end(until: datetime, now: datetime, where: str) -> None:
    if not timedelta(0) < until - now <= LONGEST:
        what = f"it cannot end then: a warning stands for some time, and for {LONGEST.days} days at most before somebody looks again."
        raise RefusedError(what, where=where, remedy="Give a moment to come, with its zone.")
