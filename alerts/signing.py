"""Signing: who may, how often, in whose name, and that a message goes out with the last signature it needs; and corrections."""

from datetime import datetime

from sqlalchemy import Connection

from alerts import journal, ledger, roles
from alerts.journal import Step
from alerts.life import ENDINGS, Life, Reason
from alerts.proposals import Proposals
from alerts.texts import Kind
from schemas.errors import RefusedError
from schemas.levels import Level
from schemas.records import CompoundEvent, Signature
from schemas.warning_records import Warning


class Signing:
    """Takes signatures and corrections inside the caller's transaction."""

    def __init__(self, proposals: Proposals) -> None:
        self._proposals = proposals
        self._country = proposals.country

    def sign(self, connection: Connection, message: str, by: str, role: str, now: datetime) -> Warning:
        """Sign a message; with the last signature it needs it goes out. Answers the message as it then stands.

        Raises:
            RefusedError: nothing waits under this id, the role may not sign, or this person or role has signed it already.
        """
        loaded = ledger.load_message(connection, message)
        if loaded is None or loaded[4] != ledger.PENDING:
            raise RefusedError("nothing waits for a signature under this id.", where=message, remedy="Look at the list of what waits.")
        warning, kind, _, people, _ = loaded
        roles.require(self._country.facts, "sign", role, message)
        so_far = ledger.signed(connection, message)
        if any(s.by == by or s.role == role for s in so_far):
            raise RefusedError("this person or this role has signed already.", where=message, remedy="Another person in another role must.")
        ledger.sign(connection, message, Signature(by=by, role=role, at=now))
        journal.write(connection, now, by, role, Step.SIGNED, message, {})
        signed = warning.model_copy(update={"signatures": ledger.signed(connection, message)})
        if len(so_far) + 1 < people or not self._in_whose_name(signed):
            ledger.settle(connection, signed, ledger.PENDING)
            return signed
        return self._go_out(connection, signed, kind, now)

    def correct(
        self, connection: Connection, warning: str, by: str, role: str, comment: str, now: datetime, area: str | None, level: Level | None
    ) -> Warning:
        """Propose a correction, as `AlertService.correct` says. Answers the message that waits.

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
        life = self._proposals.correct(connection, life, rule, event, area, level, now)
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

    def _go_out(self, connection: Connection, warning: Warning, kind: Kind, now: datetime) -> Warning:
        rule = self._proposals.rules.get(warning.rule)
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
