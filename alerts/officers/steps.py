"""The one place through which every step of an account passes: made, granted, revoked, signed in, refused."""

import logging
from datetime import datetime

from sqlalchemy import Connection

from alerts import journal
from alerts.journal import Step

_LOGGER = logging.getLogger(__name__)


def note(connection: Connection, at: datetime, actor: str, step: str, subject: str, content: str = "") -> None:
    """Keep a step in the journal, in the transaction that takes it.

    Args:
        actor: who took it: an account's name, or that of who ran a command.
        step: a word of `alerts.journal.Step`, such as `signed_in`. subject: the account it is about. content: what changed; never a secret.
    """
    journal.write(connection, at, actor, "", Step(step), subject, {"what": content} if content else {})
    _LOGGER.info("account %s: %s by %s%s", subject, step, actor, f" ({content})" if content else "")
