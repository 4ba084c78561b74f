"""What went out by agreement is looked at afterwards: by a person, who says whether it was right. Until then it is loud.

A message that nobody has reviewed is counted, wakes who is on duty, and is passed on along the country's ladder as an unsigned one is.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Connection, insert, select, update

from alerts import journal, ledger, roles
from alerts.journal import AS_SERVICE, SERVICE, Step
from alerts.people.numbers import hidden
from alerts.tables import by_agreement
from schemas.agreements import Agreement
from schemas.country_files import LoadedCountry
from schemas.envelopes import output_record
from schemas.errors import RefusedError
from schemas.warning_records import ByAgreement, Judgement, Warning, WarningReview

UNREVIEWED, REVIEWED, JUDGED_WRONG = "unreviewed", "reviewed", "judged_wrong"
"""Kinds of notices."""
OTHERWISE_WITHIN = timedelta(minutes=30)
"""How long a review of what went out by an agreement may take that stands in the country's file no more."""


@dataclass(frozen=True)
class Sent:
    """A message that went out by agreement.

    Attributes:
        review_by: when it is passed on unless somebody reviews it; none once somebody has. passed_on: how often it was.
        judgement: what a person said of it; none while nobody has.
    """

    message: str
    warning: str
    agreement: str
    at: datetime
    recipients: int
    review_by: datetime | None
    passed_on: int
    judgement: Judgement | None = None
    reviewed_at: datetime | None = None
    reviewed_by: str = ""
    reviewed_as: str = ""
    comment: str = ""


def keep(connection: Connection, warning: Warning, agreed: ByAgreement, review_by: datetime) -> None:
    """Keep that a message goes out by agreement, and what that was bound to."""
    bound = {"digest": agreed.digest, "recipients": agreed.recipients, "cost": agreed.cost}
    of = {"message": warning.id, "warning": warning.warning, "agreement": agreed.name, "at": agreed.at}
    connection.execute(insert(by_agreement).values(**of, **bound, review_by=review_by, passed_on=0))


def everything(connection: Connection) -> list[Sent]:
    """All that ever went out by agreement, the oldest first."""
    return _read(connection.execute(select(by_agreement).order_by(by_agreement.c.at, by_agreement.c.message)))


def unreviewed(connection: Connection) -> list[Sent]:
    """What nobody has reviewed yet, the oldest first."""
    query = select(by_agreement).where(by_agreement.c.review_by.is_not(None))
    return _read(connection.execute(query.order_by(by_agreement.c.at, by_agreement.c.message)))


def of_message(connection: Connection, message: str) -> Sent | None:
    """How a message went out by agreement; none if it did not."""
    found = _read(connection.execute(select(by_agreement).where(by_agreement.c.message == message)))
    return found[0] if found else None


def judgements_of(connection: Connection, warning: str) -> Sequence[Judgement]:
    """What people have said of a warning's messages that went out by agreement."""
    return [one.judgement for one in everything_of(connection, warning) if one.judgement is not None]


def everything_of(connection: Connection, warning: str) -> list[Sent]:
    """Messages of a warning that went out by agreement, the oldest first."""
    return _read(connection.execute(select(by_agreement).where(by_agreement.c.warning == warning).order_by(by_agreement.c.at)))


class Afterwards:
    """Takes reviews, and passes on what nobody reviews, inside the caller's transaction."""

    def __init__(self, country: LoadedCountry) -> None:
        self._country = country

    def review(
        self, connection: Connection, message: str, by: str, role: str, judgement: Judgement, comment: str, now: datetime
    ) -> WarningReview:
        """Say of a message that went out by agreement whether it was right. Said once; a wrong one is then to be corrected.

        Raises:
            RefusedError: it did not go out by agreement, somebody has reviewed it, the role may not sign, or a name or comment is missing.
        """
        roles.require(self._country.facts, "sign", role, message)
        sent, loaded = of_message(connection, message), ledger.load_message(connection, message)
        if sent is None or loaded is None:
            what = "it did not go out by agreement."
            raise RefusedError(what, where=message, remedy="`polyrisk agreement sent` lists what did.")
        if sent.judgement is not None:
            what = f"{sent.reviewed_by} has reviewed it already and judged it {sent.judgement.value}."
            raise RefusedError(what, where=message, remedy="If that was a mistake, say so in the hand-over, and correct the warning.")
        if not by.strip() or not comment.strip():
            raise RefusedError("a review says who, and what was seen.", where=message, remedy="Give a name and a comment.")
        values = {"reviewed_at": now, "reviewed_by": by, "reviewed_as": role, "judgement": judgement.value, "comment": comment}
        connection.execute(update(by_agreement).where(by_agreement.c.message == message).values(**values, review_by=None))
        said = {"judgement": judgement.value, "comment": comment, "agreement": sent.agreement}
        journal.write(connection, now, by, role, Step.REVIEWED, message, said)
        warning = loaded[0]
        of = {"message": message, "warning": warning.warning, "shard": warning.shard, "area": warning.area, "agreement": sent.agreement}
        review = WarningReview(**of, judgement=judgement, by=by, role=role, comment=hidden(comment), at=now)
        ledger.to_publish(connection, output_record(review, f"review:{message}", now))
        self._tell(connection, warning, review)
        return review

    def pass_on_due(self, connection: Connection, now: datetime) -> int:
        """Pass on to the next on the country's ladder what nobody has reviewed in time; answers how many that were."""
        due = _read(connection.execute(select(by_agreement).where(by_agreement.c.review_by <= now).order_by(by_agreement.c.message)))
        for one in due:
            count = one.passed_on + 1
            to = self.to_role(one.passed_on + 1) or "everybody on duty"
            within = self._within(one.agreement) * 2**count
            values = {"passed_on": count, "review_by": now + within}
            connection.execute(update(by_agreement).where(by_agreement.c.message == one.message).values(**values))
            journal.write(connection, now, SERVICE, AS_SERVICE, Step.REVIEW_PASSED_ON, one.message, {"to": to, "time": count})
            what = f"{one.message} went out by agreement {one.agreement} at {one.at.isoformat()}"
            text = f"{what} and NOBODY HAS REVIEWED IT; passed on to {to}."
            ledger.note(connection, f"{UNREVIEWED}:{one.message}:{count}", now, UNREVIEWED, one.warning, text)
        return len(due)

    def asks(self, connection: Connection, now: datetime) -> bool:
        """Whether `pass_on_due` would do anything."""
        return connection.execute(select(by_agreement.c.message).where(by_agreement.c.review_by <= now).limit(1)).first() is not None

    def to_role(self, passed_on: int) -> str:
        """The role of the ladder that something is with after so many times; empty for who is on duty."""
        ladder = self._country.facts.escalate
        return ladder[min(passed_on, len(ladder)) - 1].to if passed_on and ladder else ""

    def _within(self, agreement: str) -> timedelta:
        known: Agreement | None = self._country.facts.agreements.get(agreement)
        return known.review_within if known is not None else OTHERWISE_WITHIN

    def _tell(self, connection: Connection, warning: Warning, review: WarningReview) -> None:
        what = f"{warning.rule} {warning.level.word} in {warning.area}, which went out by agreement {review.agreement}"
        wrong = review.judgement is Judgement.WRONG
        then = " CORRECT IT: what people were told stands until you do (`polyrisk correct`)." if wrong else ""
        text = f"{review.by} ({review.role}) judges {review.judgement.value}: {what}. {review.comment}{then}"
        ledger.note(connection, f"{REVIEWED}:{review.message}", review.at, JUDGED_WRONG if wrong else REVIEWED, review.warning, text)


def _read(rows: Any) -> list[Sent]:
    return [
        Sent(
            row.message,
            row.warning,
            row.agreement,
            row.at,
            row.recipients,
            row.review_by,
            row.passed_on,
            Judgement(row.judgement) if row.judgement is not None else None,
            row.reviewed_at,
            row.reviewed_by or "",
            row.reviewed_as or "",
            row.comment or "",
        )
        for row in rows
    ]
