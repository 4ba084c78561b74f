"""Signing: who may, how often, in whose name, and that a message goes out with the last signature it needs; and corrections."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts import approvals, journal, ledger, roles
from alerts.holding import held
from alerts.journal import AS_SERVICE, SERVICE, Step
from alerts.life import ENDINGS, Life, Reason
from alerts.proposals import Proposals, publish
from alerts.reach import Reach
from alerts.texts import Kind
from alerts.variants import Variant
from schemas.configuration import Rule
from schemas.errors import RefusedError
from schemas.inputs import Signature
from schemas.levels import Level
from schemas.outputs import CompoundEvent
from schemas.warning_records import Warning


@dataclass(frozen=True)
class ToSign:
    """A message that waits.

    Attributes:
        needed: signatures in all. signed_until: until when each of its signatures holds.
        variants: its texts as they would go out, each with how many would get it.
    """

    message: Warning
    needed: int
    reach: Reach
    signed_until: tuple[datetime, ...]
    variants: tuple[Variant, ...]


def behind(connection: Connection, proposals: Proposals, warning: Warning) -> tuple[Rule, Life, CompoundEvent]:
    """What a message comes from.

    Raises:
        RefusedError: no rule of the country's files is behind it any more.
    """
    rule = proposals.rules.get(warning.rule)
    if rule is None:
        what = f"no rule `{warning.rule}` stands in the country's files any more, so nothing says how long its message holds."
        raise RefusedError(what, where=warning.id, remedy="Put the files of its time back, or warn by hand.")
    event = ledger.latest_event(connection, warning.warning)
    return rule, ledger.load_life(connection, warning.event, warning.warning), event


def still_holding(connection: Connection, warning: Warning, holds: timedelta, now: datetime) -> tuple[Signature, ...]:
    """The signatures that hold over a message as it stands now; the others are taken away, and the people on duty are told.

    Args:
        holds: how long a signature does.
    """
    kept = []
    for signature in ledger.signed(connection, warning.id):
        why = approvals.void(signature, warning, holds, now)
        if not why:
            kept.append(signature)
            continue
        ledger.take_away(connection, warning.id, signature)
        said = {"by": signature.by, "role": signature.role, "digest": signature.digest, "why": why}
        journal.write(connection, now, SERVICE, AS_SERVICE, Step.VOID, warning.id, said)
        text = f"The signature of {signature.by} ({signature.role}) under {warning.id} holds no more: {why}. Read and sign it again."
        ledger.note(connection, f"void:{warning.id}:{signature.at.isoformat()}:{signature.by}", now, "void", warning.warning, text)
    return tuple(kept)


class Signing:
    """Takes signatures and corrections inside the caller's transaction."""

    def __init__(self, proposals: Proposals) -> None:
        self._proposals = proposals
        self._country = proposals.country

    def sign(self, connection: Connection, message: str, by: str, role: str, now: datetime, seen: str | None = None) -> Warning:
        """Sign a message as it was last shown (`look_again`); with the last signature it needs it goes out. Answers it as it then stands.

        Args:
            seen: the code of what the signer read (`alerts.approvals.code`); none signs unread, as only a machine of ours does.

        Raises:
            RefusedError: nothing waits under this id, the role may not sign, this person wrote it, this person or role has signed it
                already, it is held, or it is another than was read.
        """
        shown, kind, people = ledger.waits(connection, message)
        roles.require(self._country.facts, "sign", role, message)
        if by == shown.author or by in shown.edited_by:
            raise RefusedError("who wrote a message does not sign it.", where=message, remedy="Another person must.")
        hold = held(shown, now)
        if hold is not None:
            raise RefusedError(f"{hold.by} holds it: {hold.why}", where=message, remedy="Answer, and let it go; or wait for its end.")
        rule, life, event = behind(connection, self._proposals, shown)
        warning = self._proposals.counted_anew(connection, life, rule, shown, kind, event)
        own = approvals.signature(shown, by, role, now)
        holds = self._proposals.signatures(rule, warning.level).holds
        if approvals.void(own, warning, holds, now) or (seen is not None and seen != approvals.code(shown)):
            raise RefusedError("it is not what was read any more.", where=message, remedy="Read it as it stands now, and sign that.")
        so_far = still_holding(connection, warning, holds, now)
        if any(s.by == by or s.role == role for s in so_far):
            raise RefusedError("this person or this role has signed already.", where=message, remedy="Another person in another role must.")
        ledger.sign(connection, message, own)
        said = {"digest": own.digest, "recipients": own.recipients, "cost": own.cost, "unread": seen is None}
        journal.write(connection, now, by, role, Step.SIGNED, message, said)
        signed = warning.model_copy(update={"signatures": ledger.signed(connection, message)})
        if len(so_far) + 1 < people or not self._in_whose_name(signed):
            shown = shown.model_copy(update={"signatures": signed.signatures})
            ledger.settle(connection, shown, ledger.PENDING)
            publish(connection, shown, f"signed.{now.isoformat()}.{by}", now)
            return shown
        return self._go_out(connection, signed, kind, now, rule, life, event)

    def to_read(self, connection: Connection, message: str) -> ToSign:
        """A message that waits, with all that its signer must know of it.

        Raises:
            RefusedError: nothing waits under this id, or no rule of the country's files is behind it any more.
        """
        shown, kind, people = ledger.waits(connection, message)
        rule, life, event = behind(connection, self._proposals, shown)
        holds = self._proposals.signatures(rule, shown.level).holds
        until = tuple(signature.at + holds for signature in shown.signatures)
        reach = self._proposals.reach(connection, life, rule, shown, kind, event)
        return ToSign(shown, people, reach, until, self._proposals.variants(connection, life, rule, shown, kind, event))

    def asks(self, connection: Connection, now: datetime) -> bool:
        """Whether a signature under what still waits has become too old."""
        for message in ledger.partly_signed(connection):
            warning = ledger.waits(connection, message)[0]
            holds = self._proposals.signatures(self._proposals.rules.get(warning.rule), warning.level).holds
            if any(signature.at + holds <= now for signature in ledger.signed(connection, message)):
                return True
        return False

    def look_again(self, connection: Connection, now: datetime, messages: Sequence[str]) -> int:
        """Hold what waits, and the signatures under it, against how it stands now; answers how many messages are others.

        Signatures that hold no more are taken away; a message whose words, way, people or cost are others is shown anew.

        Args:
            messages: those to look at, which wait.
        """
        changed = 0
        for message in messages:
            shown, kind, _ = ledger.waits(connection, message)
            if shown.rule not in self._proposals.rules:
                continue
            rule, life, event = behind(connection, self._proposals, shown)
            warning = self._proposals.counted_anew(connection, life, rule, shown, kind, event)
            holds = self._proposals.signatures(rule, warning.level).holds
            left = still_holding(connection, warning, holds, now)
            moved = bool(approvals.void(approvals.signature(shown, "", "", now), warning, holds, now))
            if moved or left != shown.signatures:
                changed += 1
                anew = (warning if moved else shown).model_copy(update={"signatures": left})
                ledger.settle(connection, anew, ledger.PENDING)
                if moved:
                    journal.write_message(connection, now, Step.SHOWN_ANEW, anew)
                publish(connection, anew, f"again.{now.isoformat()}", now)
        return changed

    def correct(
        self, connection: Connection, warning: str, by: str, role: str, comment: str, now: datetime, area: str | None, level: Level | None
    ) -> Warning:
        """Propose a correction, as `DutyDesk.correct` says. Answers the message that waits.

        Raises:
            RefusedError, ConfigurationError: as there.
        """
        roles.require(self._country.facts, "sign", role, warning)
        if not by.strip() or not comment.strip() or (area is None and level is None):
            raise RefusedError(
                "a correction says who, why, and what is right.", where=warning, remedy="Give a name, a comment, area or level."
            )
        if area is not None and area not in self._country.places.areas:
            raise RefusedError(f"the country has no area `{area}`.", where=warning, remedy="Give a P-code of areas.csv.")
        life, event = self._standing_under(connection, warning.partition(".")[0])
        rule = self._proposals.rules.get(event.rule)
        if rule is None:
            what = f"no rule `{event.rule}` stands in the country's files any more."
            raise RefusedError(what, where=warning, remedy="Put the files of its time back, or warn by hand.")
        life = self._proposals.correct(connection, life, rule, event, area, level, now, by)
        ledger.save_life(connection, life, event)
        said = {"comment": comment, "area": area, "level": level.word if level else None}
        journal.write(connection, now, by, role, Step.CORRECTED, f"{life.warning}.{life.messages}", said)
        text = f"{by} ({role}) corrects {event.rule} in {event.area}: {comment}"
        ledger.note(connection, f"corrected:{life.warning}:{life.messages}", now, Reason.CORRECTED.value, life.warning, text)
        proposed = ledger.load_message(connection, f"{life.warning}.{life.messages}")
        if proposed is None:
            raise RefusedError("the correction was not kept.", where=warning, remedy="Try again.")
        return proposed[0]

    def _in_whose_name(self, signed: Warning) -> bool:
        """Whether a message may speak as it does: as official only with a signature of the authority."""
        known = self._country.facts.roles
        return signed.standing != "official" or any(known[s.role].authority for s in signed.signatures if s.role in known)

    def _standing_under(self, connection: Connection, warning: str) -> tuple[Life, CompoundEvent]:
        """A warning that people stand under, of which nothing waits for signatures."""
        life = next((life for life, _ in ledger.standing(connection) if life.warning == warning), None)
        if life is None:
            raise RefusedError("nobody stands under this warning.", where=warning, remedy="`polyrisk warnings` lists what went out.")
        if life.pending is not None:
            raise RefusedError("another message of it waits for signatures.", where=life.pending.message, remedy="Sign that one first.")
        return life, ledger.latest_event(connection, warning)

    def _go_out(
        self, connection: Connection, warning: Warning, kind: Kind, now: datetime, rule: Rule, life: Life, event: CompoundEvent
    ) -> Warning:
        life, issued = self._proposals.issue(connection, life, rule, warning, kind, event, now)
        ledger.save_life(connection, life, event)
        if kind in ENDINGS:
            self._proposals.tell_spared(connection, rule, event.area)
        return issued
