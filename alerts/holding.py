"""Holding a message that waits: somebody asks a question first, with a name, a reason and an end. It never holds in silence.

While it is held nobody signs it. When the time is over, or somebody lets go, it waits as before; if nobody signed it by then it is passed
on to the next on the country's ladder, so that a question never becomes a lapse.
"""

from datetime import datetime, timedelta

from sqlalchemy import Connection

from alerts import journal, ledger, roles
from alerts.journal import Step
from alerts.proposals import Proposals, publish
from schemas.errors import RefusedError
from schemas.warning_records import Hold, Warning

HELD, LET_GO = "held", "let_go"
"""Kinds of notices."""
LONGEST = timedelta(hours=1)
"""A danger does not wait for an answer for longer."""


class Holding:
    """Holds and lets go inside the caller's transaction."""

    def __init__(self, proposals: Proposals) -> None:
        self._facts = proposals.country.facts
        self._zone = proposals.country.timezone

    def hold(self, connection: Connection, message: str, hold: Hold) -> Warning:
        """Hold a message that waits. Answers it as it then stands.

        Raises:
            RefusedError: nothing waits under this id, it is held already, the role may not hold, or a name, a reason or an end is missing.
        """
        warning, _, _ = ledger.waits(connection, message)
        roles.require(self._facts, "hold", hold.role, message)
        if held(warning, hold.at) is not None:
            raise RefusedError("it is held already.", where=message, remedy="Wait for its end, or let it go first.")
        if not hold.by.strip() or not hold.why.strip():
            raise RefusedError("who holds says who they are and what they ask.", where=message, remedy="Give a name and a reason.")
        if not timedelta(0) < hold.until - hold.at <= LONGEST:
            raise RefusedError("a message is held for an hour at most.", where=message, remedy="Name an end within the hour.")
        said = {"until": hold.until.isoformat(), "why": hold.why}
        journal.write(connection, hold.at, hold.by, hold.role, Step.HELD, message, said)
        until = hold.until.astimezone(self._zone)
        text = f"{hold.by} ({hold.role}) holds {message} until {until:%H:%M}: {hold.why}"
        return self._keep(connection, warning.model_copy(update={"hold": hold}), HELD, text, hold.at, hold.until)

    def let_go(self, connection: Connection, message: str, by: str, role: str, now: datetime) -> Warning:
        """Let a message go that is held, before its time. Answers it as it then stands.

        Raises:
            RefusedError: it is not held, or the role may not hold.
        """
        warning, _, _ = ledger.waits(connection, message)
        roles.require(self._facts, "hold", role, message)
        hold = held(warning, now)
        if hold is None:
            raise RefusedError("it is not held.", where=message, remedy="`polyrisk pending` shows what is.")
        journal.write(connection, now, by, role, Step.LET_GO, message, {"held_by": hold.by})
        text = f"{by} ({role}) lets {message} go, which {hold.by} held: {hold.why}"
        return self._keep(connection, warning.model_copy(update={"hold": None}), LET_GO, text, now, hold.until)

    def _keep(self, connection: Connection, warning: Warning, kind: str, text: str, at: datetime, pass_on: datetime) -> Warning:
        ledger.settle(connection, warning, ledger.PENDING)
        ledger.pass_on_at(connection, warning.id, pass_on)
        ledger.note(connection, f"{kind}:{warning.id}:{at.isoformat()}", at, kind, warning.warning, text)
        publish(connection, warning, f"{kind}.{at.isoformat()}", at)
        return warning


def held(warning: Warning, now: datetime) -> Hold | None:
    """What holds a message now."""
    return warning.hold if warning.hold is not None and warning.hold.at <= now < warning.hold.until else None
