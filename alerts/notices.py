"""What the people on duty are told beside the warnings themselves."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from alerts import ledger
from alerts.life import Reason
from alerts.proposals import warning_id
from alerts.silences import Silence
from alerts.tables import notices
from schemas.outputs import CompoundEvent

_TOLD_ON_DUTY = {
    Reason.UNCONFIRMED: "is unconfirmed: {silent}. The warning stands.",
    Reason.ENDED_UNSENT: "ended while nobody stands under a warning of it; nothing was sent.",
    Reason.SILENCED: "is silenced: {silenced}.",
    Reason.FOUND_AFTERWARDS: "was found afterwards; nobody is warned.",
    Reason.QUIET: "is quiet: {quiet}.",
    Reason.ENDED_IN_GREATER: "ended ({change}) while people stand under a greater warning; its end will speak for both.",
    Reason.MERGED: "was {quiet}, of which nobody is warned: this warning goes on as that event's.",
    Reason.REVISED: "was revised after its end ({change}); households hear nothing of it.",
    Reason.REOPENED: "stands again; the end that waited for signatures was withdrawn.",
}


@dataclass(frozen=True)
class Notice:
    """One thing that the people on duty were told."""

    at: datetime
    kind: str
    warning: str
    text: str


def everything(connection: Connection) -> list[Notice]:
    """All that there ever were, the oldest first."""
    rows = connection.execute(select(notices).order_by(notices.c.place))
    return [Notice(row.at, row.kind, row.warning, row.text) for row in rows]


def of_decision(
    connection: Connection, reason: Reason, event: CompoundEvent, record: str, warning: str, silence: Silence | None = None
) -> None:
    """Tell of a decision by which households hear nothing, or not all; of a rule in shadow nothing is told.

    Args:
        record: an identity of what was decided on. silence: the one that held it back.
    """
    sentence = _TOLD_ON_DUTY.get(reason)
    if sentence is None or event.in_shadow:
        return
    words = {
        "silent": "; ".join(event.silent) or "no reading",
        "quiet": event.quiet,
        "change": event.change.replace("_", " "),
        "silenced": f"{silence.id}, by {silence.by}" if silence is not None else "",
    }
    text = sentence.format(**words)
    ledger.note(connection, f"{reason}:{record}", event.known, reason.value, warning, f"{event.rule} in {event.area} {text}")


def not_said(connection: Connection, record: str, event: CompoundEvent, why: str) -> None:
    """Tell that a change could not be put into words, and why."""
    text = f"{event.rule} in {event.area} ({event.change}) could NOT be put into words: {why} Warn by hand."
    ledger.note(connection, f"not_said:{record}", event.known, "not_said", warning_id(event.id), text)
