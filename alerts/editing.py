"""Editing a message that waits: what its text leaves open (`alerts.slots`), and nothing else. What went out is never edited.

An edit makes another revision of the message, in every language at once. Whoever had signed has signed something else, so all signatures
are void; who edits counts as one who wrote it, and does not sign it; what it said before stays in the journal. What would break the rules
for texts is refused, with the reason for each slot.
"""

import json
import unicodedata
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime

from sqlalchemy import Connection

from alerts import approvals, journal, ledger, roles
from alerts.journal import Step
from alerts.languages import languages
from alerts.life import Life
from alerts.proposals import Proposals, publish
from alerts.rendering import budget_of, place_name, source_of
from alerts.signing import behind, still_holding
from alerts.slots import AS_THE_TEXT_SAYS, Slot, open_slots
from alerts.tables import journal as steps
from alerts.text_checks import invisible, lacks
from alerts.texts import Kind
from schemas.configuration import Rule
from schemas.errors import RefusedError
from schemas.outputs import CompoundEvent
from schemas.warning_records import RenderedText, Warning

MAY = ("sign", "hold")
"""Words of a role in country.yaml, one of which lets it edit."""
EDITED = "edited"
"""The kind of the notice about it."""


class EditRefusedError(RefusedError):
    """What was asked for cannot be: why, for each slot."""

    def __init__(self, message: str, reasons: Mapping[str, Sequence[str]]) -> None:
        what = " ".join(f"{slot}: {' '.join(said)}" for slot, said in reasons.items())
        super().__init__(what, where=message, remedy="Choose otherwise; nothing was changed.")
        self.reasons = dict(reasons)


class Editing:
    """Edits inside the caller's transaction."""

    def __init__(self, proposals: Proposals) -> None:
        self._proposals = proposals
        self._country = proposals.country

    def slots(self, connection: Connection, message: str) -> tuple[Slot, ...]:
        """What a message that waits leaves open; nothing if no rule of the country's files is behind it any more.

        Raises:
            RefusedError: nothing waits under this id.
        """
        shown, kind, _ = ledger.waits(connection, message)
        rule = self._proposals.rules.get(shown.rule)
        return self._open(rule, shown, kind) if rule is not None else ()

    def edit(
        self, connection: Connection, message: str, by: str, role: str, filled: Mapping[str, str], seen: str, now: datetime
    ) -> Warning:
        """Fill slots of a message as it was last shown. Answers it as it then stands: unsigned.

        Args:
            filled: slot to the name of a choice, or to `AS_THE_TEXT_SAYS`; slots that are not named stay as they are.
            seen: the code of what the editor read (`alerts.approvals.code`).

        Raises:
            RefusedError: nothing waits under this id, the role may not edit, no name was given, somebody else was faster, or nothing would
                be changed.
            EditRefusedError: the text does not leave it open, there is no such choice, or it would break the rules for texts.
        """
        shown, kind, _ = ledger.waits(connection, message)
        roles.require_any(self._country.facts, MAY, "edit", role, message)
        if not by.strip():
            raise RefusedError("who edits says who they are.", where=message, remedy="Give a name.")
        if seen != approvals.code(shown):
            raise RefusedError(self._since(connection, message, seen), where=message, remedy="Read it as it stands now, and edit that.")
        rule, life, latest = behind(connection, self._proposals, shown)
        self._check_choices(rule, shown, kind, filled)
        event = self._event_of(connection, life, rule, shown, kind, latest)
        anew = self._refilled(connection, life, rule, shown, kind, event, filled)
        if approvals.texts(anew.texts) == approvals.texts(shown.texts):
            raise RefusedError("it says that already, in every language.", where=message, remedy="Choose something else, or sign it.")
        return self._keep(connection, shown, anew, by, role, rule, now)

    def _open(self, rule: Rule, shown: Warning, kind: Kind) -> tuple[Slot, ...]:
        tags = [text.language for text in shown.texts]
        return open_slots(self._proposals.renderer, rule.text, kind, shown.area, tags, shown.filled)

    def _check_choices(self, rule: Rule, shown: Warning, kind: Kind, filled: Mapping[str, str]) -> None:
        there = {slot.name: {choice.name for choice in slot.choices} for slot in self._open(rule, shown, kind)}
        reasons = {}
        for slot, choice in filled.items():
            if slot not in there:
                known = ", ".join(there) or "nothing"
                reasons[slot] = [f"this message does not leave it open; it leaves open {known}."]
            elif choice != AS_THE_TEXT_SAYS and choice not in there[slot]:
                known = ", ".join(sorted(there[slot])) or "none"
                reasons[slot] = [f"there is no `{choice}` in every language of the message. There are: {known}."]
        if reasons:
            raise EditRefusedError(shown.id, reasons)

    def _event_of(self, connection: Connection, life: Life, rule: Rule, shown: Warning, kind: Kind, latest: CompoundEvent) -> CompoundEvent:
        """The event as the message tells it: facts stay as they are. Of one whose readings have moved since without a word to anybody, the
        facts are those of now, with their time, since those of then are not known any more."""
        told = latest.model_copy(update={"known": shown.known, "level": shown.level, "area": shown.area})
        same = self._proposals.filled_anew(connection, life, rule, shown, kind, told, shown.filled)
        moved = approvals.texts(same.texts) != approvals.texts(shown.texts)
        return told.model_copy(update={"known": latest.known}) if moved else told

    def _refilled(
        self, connection: Connection, life: Life, rule: Rule, shown: Warning, kind: Kind, event: CompoundEvent, filled: Mapping[str, str]
    ) -> Warning:
        """The message with one slot after the other filled, so that what is wrong can be said of the one that makes it so.

        Raises:
            EditRefusedError: it would break the rules for texts.
        """
        anew, reasons = shown, {}
        wrong = set(self._wrong(rule, shown, kind))
        for slot, choice in filled.items():
            chosen = {name: value for name, value in {**anew.filled, slot: choice}.items() if value != AS_THE_TEXT_SAYS}
            anew = self._proposals.filled_anew(connection, life, rule, anew, kind, event, chosen)
            new = [reason for reason in self._wrong(rule, anew, kind) if reason not in wrong]
            wrong |= set(new)
            if new:
                reasons[slot] = new
        if reasons:
            raise EditRefusedError(shown.id, reasons)
        return anew

    def _wrong(self, rule: Rule, warning: Warning, kind: Kind) -> Iterator[str]:
        """What breaks the rules for texts: in each language, and for each need."""
        for text in warning.texts:
            tag = self._proposals.renderer.pattern_of(rule.text, kind, text.language).language
            for segments, body in ((text.segments, text.body), *((said.segments, said.body) for said in text.for_needs)):
                budget = budget_of(self._country, tag)
                if segments > budget:
                    yield f"in `{text.language}` it would take {segments} segments, and {budget} is the most."
                yield from self._lacking(text, tag, body)

    def _lacking(self, text: RenderedText, tag: str, body: str) -> Iterator[str]:
        known = languages().get(tag)
        parts = {"who speaks": source_of(self._country, tag) in body, "where": place_name(self._country, text.area, tag) in body}
        if known is not None:
            parts |= {"what threatens": not lacks(body, known, "hazard"), "what to do": not lacks(body, known, "action")}
        for part, there in parts.items():
            if not there:
                yield f"in `{text.language}` it would not say {part}."
        if unicodedata.normalize("NFC", body) != body:
            yield f"in `{text.language}` it would not be in Unicode's composed form."
        for character in dict.fromkeys(invisible(body)):
            yield f"in `{text.language}` it would hold the invisible character U+{ord(character):04X}."

    def _keep(self, connection: Connection, shown: Warning, anew: Warning, by: str, role: str, rule: Rule, now: datetime) -> Warning:
        edited = anew.model_copy(update={"edited_by": (*(name for name in shown.edited_by if name != by), by)})
        ledger.exchange_texts(connection, shown.id, edited.texts)
        holds = self._proposals.signatures(rule, shown.level).holds
        edited = edited.model_copy(update={"signatures": still_holding(connection, edited, holds, now)})
        ledger.settle(connection, edited, ledger.PENDING)
        said = {
            "before": shown.filled,
            "after": edited.filled,
            "texts_before": approvals.texts(shown.texts),
            "code_before": approvals.code(shown),
            "code": approvals.code(edited),
            "segments": edited.segments,
            "cost": edited.cost,
        }
        journal.write(connection, now, by, role, Step.EDITED, shown.id, said)
        text = f"{by} ({role}) edited {shown.id}: {in_words(shown.filled, edited.filled)} It waits for all its signatures."
        ledger.note(connection, f"{EDITED}:{shown.id}:{now.isoformat()}", now, EDITED, shown.warning, text)
        publish(connection, edited, f"edited.{now.isoformat()}", now)
        return edited

    def _since(self, connection: Connection, message: str, seen: str) -> str:
        """Who changed a message since somebody read it, and what; if nobody did, that people, cost or readings moved."""
        found = journal.entries(connection, steps.c.subject == message, steps.c.step == Step.EDITED.value)
        edits = [(entry, json.loads(entry.content)) for entry in found]
        since = next((place for place, (_, said) in enumerate(edits) if said.get("code_before") == seen), len(edits))
        if not edits[since:]:
            return "it is not what was read any more: people, cost or what it rests on have moved."
        told = []
        for entry, said in edits[since:]:
            at = datetime.fromisoformat(entry.at).astimezone(self._country.timezone)
            told.append(f"{entry.actor} edited it at {at:%H:%M}: {in_words(said['before'], said['after'])}")
        return " ".join(["it is not what was read any more.", *told])


def in_words(before: Mapping[str, str], after: Mapping[str, str]) -> str:
    """What an edit changed, such as `action: stay instead of leave.`"""
    names = [name for name in (*before, *after) if before.get(name) != after.get(name)]
    of_itself = "as the text says"
    return " ".join(f"{name}: {after.get(name) or of_itself} instead of {before.get(name) or of_itself}." for name in dict.fromkeys(names))
