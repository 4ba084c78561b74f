"""Letting a warning go out at once by what was agreed on beforehand (`schemas.agreements`), in place of signatures.

It is tried once, at the moment at which a change of an event is taken in: minutes are what the agreement is for. Only a warning, or an
update to a graver level than people were told, goes out so. Whatever stands against it is told to the people on duty, and the message waits
for signatures as any other. What went out is bound as a signature is, and waits to be reviewed (`alerts.afterwards`).
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, func, select

from alerts import afterwards, journal, ledger, stops
from alerts.holding import held
from alerts.journal import AS_SERVICE, SERVICE, Step
from alerts.life import Life
from alerts.proposals import Proposals
from alerts.tables import by_agreement, warnings
from alerts.texts import Kind
from schemas.agreements import Agreement
from schemas.configuration import Rule
from schemas.levels import Level
from schemas.outputs import CompoundEvent
from schemas.warning_records import ByAgreement, Judgement, Warning

BY_AGREEMENT, NOT_BY_AGREEMENT = "by_agreement", "not_by_agreement"
"""Kinds of notices."""
DAY = timedelta(hours=24)
"""Over which `people_a_day` are counted."""


@dataclass(frozen=True)
class _Asked:
    """A message that an agreement is asked for, as it would go out now."""

    warning: Warning
    event: CompoundEvent
    now: datetime


class Agreed:
    """Lets messages go out by agreement inside the caller's transaction.

    Args:
        exercise: nothing goes out so: a drill tries who is woken and signs.
    """

    def __init__(self, proposals: Proposals, *, exercise: bool = False) -> None:
        self._proposals = proposals
        self._country = proposals.country
        self._agreements = {} if exercise else proposals.country.facts.agreements

    def let_out(self, connection: Connection, rule: Rule, event: CompoundEvent, life: Life, now: datetime) -> bool:
        """Let the message of a life that waits go out, if an agreement covers it and nothing stands against it. Answers whether it did."""
        waits = life.pending
        if waits is None or not _is_graver(life, waits.kind, waits.level):
            return False
        covering = self._covering(rule, event.area, waits.level)
        if not covering:
            return False
        shown, kind, _ = ledger.waits(connection, waits.message)
        asked = _Asked(self._proposals.counted_anew(connection, life, rule, shown, kind, event), event, now)
        against = []
        for name, agreement in covering.items():
            why = next(self._against(connection, name, agreement, asked), "")
            if not why:
                self._go_out(connection, name, agreement, asked, life, rule, kind)
                return True
            against.append(f"{name}: {why}")
        self._tell_why_not(connection, shown, "; ".join(against), now)
        return False

    def _covering(self, rule: Rule, area: str, level: Level) -> dict[str, Agreement]:
        around = set(self._country.places.line(area))
        return {name: one for name, one in self._agreements.items() if one.covers(rule.name, around, level)}

    def _against(self, connection: Connection, name: str, agreement: Agreement, asked: _Asked) -> Iterator[str]:
        """What stands against a message's going out by an agreement, in words."""
        warning, now = asked.warning, asked.now
        if not agreement.holds(now, self._country.timezone):
            yield f"it holds from {agreement.since} until {agreement.until}"
        if asked.event.unconfirmed:
            yield "what it rests on cannot be confirmed"
        late_after = self._country.facts.messaging.late_after
        if now - asked.event.known > late_after:
            yield f"it is known for more than {int(late_after.total_seconds() // 60)} minutes, so there is time to sign"
        if warning.standing == "official" and not self._authority_agreed(agreement):
            yield "it speaks as official, and nobody of the authority agreed"
        if any(stop.warning in (stops.ALL, warning.warning) for stop in stops.standing_stops(connection)):
            yield "somebody has halted the sending"
        if _is_held(connection, warning.warning, now):
            yield "somebody holds an earlier message of it with a question"
        if Judgement.WRONG in afterwards.judgements_of(connection, warning.warning):
            yield "somebody has judged an earlier message of it wrong"
        yield from self._too_many(connection, name, agreement, asked)

    def _too_many(self, connection: Connection, name: str, agreement: Agreement, asked: _Asked) -> Iterator[str]:
        people = asked.warning.recipients
        if people > agreement.people:
            yield f"it is for {people:,} people, and {agreement.people:,} were agreed on"
        lately = (by_agreement.c.agreement == name) & (by_agreement.c.at > asked.now - DAY)
        told = int(connection.execute(select(func.coalesce(func.sum(by_agreement.c.recipients), 0)).where(lately)).scalar_one())
        if told + people > agreement.people_a_day:
            yield f"with this one {told + people:,} people within a day, and {agreement.people_a_day:,} were agreed on"

    def _authority_agreed(self, agreement: Agreement) -> bool:
        known = self._country.facts.roles
        return any(known[one.role].authority for one in agreement.agreed_by if one.role in known)

    def _go_out(self, connection: Connection, name: str, agreement: Agreement, asked: _Asked, life: Life, rule: Rule, kind: Kind) -> None:
        warning, now = asked.warning, asked.now
        agreed = ByAgreement(
            name=name,
            identity=agreement.identity(),
            agreed_by=tuple(f"{one.name} ({one.role})" for one in agreement.agreed_by),
            document=f"{agreement.document.title}, {agreement.document.reference}",
            until=agreement.until,
            at=now,
            digest=warning.bound.digest if warning.bound is not None else "",
            recipients=warning.recipients,
            cost=warning.cost,
        )
        afterwards.keep(connection, warning, agreed, now + agreement.review_within)
        said = {"agreement": name, "identity": agreed.identity, "agreed_by": list(agreed.agreed_by), "document": agreed.document}
        bound = {"digest": agreed.digest, "recipients": agreed.recipients, "cost": agreed.cost}
        journal.write(connection, now, SERVICE, AS_SERVICE, Step.BY_AGREEMENT, warning.id, {**said, **bound})
        signed_by_nobody = warning.model_copy(update={"agreed": agreed, "signatures": ()})
        life, issued = self._proposals.issue(connection, life, rule, signed_by_nobody, kind, asked.event, now)
        ledger.save_life(connection, life, asked.event)
        text = (
            f"{rule.name} {issued.level.word} in {issued.area} WENT OUT to {issued.recipients:,} people by agreement {name} "
            f"({agreed.document}), signed by nobody. Look at it now and say whether it was right: `polyrisk agreement review {issued.id}`."
        )
        ledger.note(connection, f"{BY_AGREEMENT}:{issued.id}", now, BY_AGREEMENT, issued.warning, text)

    def _tell_why_not(self, connection: Connection, warning: Warning, why: str, now: datetime) -> None:
        journal.write(connection, now, SERVICE, AS_SERVICE, Step.NOT_BY_AGREEMENT, warning.id, {"why": why})
        text = f"{warning.rule} {warning.level.word} in {warning.area} does not go out by agreement and WAITS FOR SIGNATURES: {why}."
        ledger.note(connection, f"{NOT_BY_AGREEMENT}:{warning.id}", now, NOT_BY_AGREEMENT, warning.warning, text)


def _is_graver(life: Life, kind: Kind, level: Level) -> bool:
    """Whether a message warns people who were told nothing, or of a graver level than they were told."""
    return kind is Kind.WARNING or (kind is Kind.UPDATE and level > life.level)


def _is_held(connection: Connection, warning: str, now: datetime) -> bool:
    """Whether somebody asks a question about a message of a warning that was overtaken meanwhile."""
    rows = connection.execute(
        select(warnings.c.content).where(warnings.c.warning == warning, warnings.c.stage == ledger.WITHDRAWN)
    ).scalars()
    return any(held(Warning.model_validate_json(content), now) is not None for content in rows)
