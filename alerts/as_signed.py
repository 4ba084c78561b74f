"""Whether what lies ready to be sent is what was signed: the last look before anything goes out.

It reads the texts as they would be sent and computes anew what the signatures are bound to. One letter of one language that is another,
another sender or channel, or a signature that is missing, and the message does not go out.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection, select

from alerts import approvals, journal, ledger
from alerts.approvals import Text
from alerts.journal import Step
from alerts.tables import bodies, by_agreement, signatures, warnings
from alerts.texts import Kind
from schemas.errors import PolyriskError
from schemas.warning_records import Warning

NOT_AS_SIGNED = "not_as_signed"
"""The kind of the notice about it."""


class NotAsSignedError(PolyriskError):
    """Messages that must not go out, each with why."""

    def __init__(self, differing: Mapping[str, str]) -> None:
        super().__init__("what would be sent is not what was signed.", where=", ".join(differing), remedy="Find out who changed it.")
        self.differing = differing


@dataclass(frozen=True)
class Way:
    """As whom and through which channel messages go out now, as the country's file names them."""

    sender: str
    channel: str


def differing(connection: Connection, of: Collection[str], way: Way | None) -> dict[str, str]:
    """Those of these messages that must not go out, each with why.

    What is said to one person alone is signed by nobody, and what a version before signatures were bound has let out is bound to nothing.

    Args:
        way: none where the caller sends as whoever signed.
    """
    read: dict[str, list[Text]] = defaultdict(list)
    for row in connection.execute(select(bodies).where(bodies.c.message.in_(of))):
        read[row.message].append((row.language, row.need, row.body))
    signed: dict[str, list[str]] = defaultdict(list)
    for row in connection.execute(select(signatures).where(signatures.c.message.in_(of))):
        signed[row.message].append(row.digest)
    agreed = dict(connection.execute(select(by_agreement.c.message, by_agreement.c.digest).where(by_agreement.c.message.in_(of))).all())
    rows = connection.execute(select(warnings).where(warnings.c.id.in_(of), warnings.c.stage == ledger.ISSUED))
    found = {row.id: _difference(row, read[row.id], signed[row.id], way, agreed.get(row.id)) for row in rows}
    return {message: why for message, why in found.items() if why}


def _difference(row: Any, read: list[Text], signed: list[str], way: Way | None, agreed: str | None) -> str:
    """Why a message must not go out.

    Args:
        agreed: the digest under which it goes out by agreement; none if it needs signatures.
    """
    if not row.approved and not any(signed) and agreed is None:
        return ""
    warning = Warning.model_validate_json(row.content)
    if warning.bound is None:
        return "what its signatures are bound to is gone"
    now = warning.bound if way is None else warning.bound.model_copy(update={"sender": way.sender, "channel": way.channel})
    if now != warning.bound:
        return f"it was signed for {warning.bound.sender} by {warning.bound.channel} and would go as {now.sender} by {now.channel}"
    if approvals.digest(warning, Kind(row.kind), now, read) != row.approved:
        return "its words, its level or to whom it goes are not those that were signed"
    if agreed is not None:
        return "" if agreed == row.approved else "it goes out by agreement, and not as that was bound"
    if signed.count(row.approved) < row.people:
        return f"it needs {row.people} signatures and has {signed.count(row.approved)}"
    return ""


def tell(connection: Connection, message: str, why: str, people: int, at: datetime) -> None:
    """Tell the people on duty that a message does not go out."""
    text = (
        f"{message} is NOT sent any more, to {people} people who do not have it: {why}. Find out who changed it; then correct the warning "
        "(`polyrisk correct`), sign that, and it goes out."
    )
    journal.write(connection, at, journal.SERVICE, journal.AS_SERVICE, Step.NOT_AS_SIGNED, message, {"why": why, "people": people})
    ledger.note(connection, f"{NOT_AS_SIGNED}:{message}", at, NOT_AS_SIGNED, message.partition(".")[0], text)
