"""The one place through which every step of an account passes into the journal: made, granted, revoked, signed in, refused."""

import logging
from datetime import datetime

from sqlalchemy import Connection

from alerts import journal
from alerts.journal import Step
from alerts.officers.officer import ConsoleRole

SOMEBODY, UNKNOWN = "somebody", "unknown"
"""Who failed to show who they are, and what is said of a name that no account has: it may be a password in the wrong field."""
_OWN = "account"
"""In which role somebody changes their own account."""
_LOGGER = logging.getLogger(__name__)


def own(connection: Connection, at: datetime, name: str, step: Step, content: str = "") -> None:
    """Keep what somebody did with their own account, in the transaction that does it.

    Args:
        name: the account's. content: what more must be known of it; never a secret.
    """
    journal.write(connection, at, name, _OWN, step, name, {"account": content} if content else {})
    _LOGGER.info("account %s: %s", name, step)


def administered(connection: Connection, at: datetime, by: str, step: Step, name: str, content: str = "") -> None:
    """Keep what an administrator did with an account, in the transaction that does it."""
    journal.write(connection, at, by, ConsoleRole.ADMINISTRATOR.value, step, name, {"account": content} if content else {})
    _LOGGER.info("account %s: %s by %s%s", name, step, by, f" ({content})" if content else "")


def failed(connection: Connection, at: datetime, name: str | None, what: str) -> None:
    """Keep that somebody failed to sign in. Of a name that no account has only the log hears, else anybody could fill the journal."""
    if name is not None:
        journal.write(connection, at, SOMEBODY, _OWN, Step.SIGN_IN_REFUSED, name, {"account": what})
    _LOGGER.info("account %s: %s, %s", name or UNKNOWN, Step.SIGN_IN_REFUSED, what)
