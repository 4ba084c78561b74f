"""What wakes who is on duty: a message that waits for signatures, what they are told and must act on, a feed that is silent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from alerts import ledger
from alerts.as_signed import NOT_AS_SIGNED
from alerts.channels.contract import Refusal
from alerts.life import Reason
from alerts.rendering import place_name
from alerts.tables import feed_answers, notices, warnings
from schemas.country_files import LoadedCountry

PROPOSAL, FEED = "proposal", "feed"
NOTICES = (
    Reason.EXPIRED.value,
    Reason.UNCONFIRMED.value,
    "not_said",
    NOT_AS_SIGNED,
    Refusal.UNAUTHORISED.value,
    Refusal.SUSPENDED.value,
)
"""Kinds of notices that wake: a warning ran out unsigned; what a warning that stands rests on fell silent; words are missing and somebody
must warn by hand; what goes out is not what was signed; the provider refuses us. All others wait until somebody looks. That a message
waits unsigned and was passed on is told by the message itself."""
RECENT = timedelta(hours=6)
"""An older notice wakes nobody: after an upgrade, or a long halt, the night would begin with what is long known."""


@dataclass(frozen=True)
class Cause:
    """Something to wake somebody for.

    Attributes:
        id: the same whenever it is looked for. subject: the message, the warning or the feed.
        to_role: the role of country.yaml that it was passed on to; empty for who is on duty.
        text: without numbers, in English as all that people on duty are told.
    """

    id: str
    kind: str
    subject: str
    text: str
    to_role: str = ""


def standing(connection: Connection, country: LoadedCountry, now: datetime) -> list[Cause]:
    """All that there is to wake for now, the gravest first; a notice stays for a while, for nothing says when it is over."""
    return [*_proposals(connection, country), *_notices(connection, now), *_feeds(connection, country, now)]


def _proposals(connection: Connection, country: LoadedCountry) -> Iterable[Cause]:
    counts = dict(connection.execute(select(warnings.c.id, warnings.c.escalations).where(warnings.c.stage == ledger.PENDING)).all())
    ladder = country.facts.escalate
    for warning in ledger.in_stage(connection, ledger.PENDING):
        count = counts.get(warning.id, 0)
        to = ladder[min(count, len(ladder)) - 1].to if count and ladder else ""
        place = place_name(country, warning.area, "en")
        passed = f" and was passed on to {to}" if to else ""
        text = f"{warning.rule} {warning.level.word} in {place} waits for signatures{passed}."
        yield Cause(f"{PROPOSAL}:{warning.id}:{count}", PROPOSAL, warning.id, text, to)


def _notices(connection: Connection, now: datetime) -> Iterable[Cause]:
    query = select(notices).where(notices.c.kind.in_(NOTICES), notices.c.at > now - RECENT, notices.c.at <= now).order_by(notices.c.place)
    for row in connection.execute(query):
        yield Cause(f"notice:{row.id}"[:300], row.kind, row.warning, row.text)


def _feeds(connection: Connection, country: LoadedCountry, now: datetime) -> Iterable[Cause]:
    answered = {row.feed: row for row in connection.execute(select(feed_answers))}
    for manifest in country.manifests.values():
        row = answered.get(manifest.feed)
        if row is None or now - row.answered_at <= manifest.allowed_silence:
            continue
        since = f"{'is silent' if row.ever else 'has never answered, waited for'} since {row.answered_at:%Y-%m-%d %H:%M} UTC"
        text = f"the feed {manifest.feed} {since}. What is not known is not safe."
        yield Cause(f"{FEED}:{manifest.feed}:{row.answered_at.isoformat()}", FEED, manifest.feed, text)
