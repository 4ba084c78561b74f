"""What wakes who is on duty: what went out by agreement, a message that waits for signatures, what they are told and must act on, a feed
that is silent."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import Connection, select

from alerts import afterwards, ledger
from alerts.afterwards import Afterwards
from alerts.as_signed import NOT_AS_SIGNED
from alerts.channels.contract import Refusal
from alerts.life import Reason
from alerts.originating import ENDS_SOON, RAN_OUT
from alerts.rendering import place_name
from alerts.tables import feed_answers, notices, warnings
from schemas.country_files import LoadedCountry

PROPOSAL, FEED, SENT = "proposal", "feed", "by_agreement"
OVER_BY_ITSELF = (PROPOSAL, FEED, SENT)
"""Kinds that stand until something is done about them: signed, answered, reviewed. They may be passed on meanwhile."""
NOTICES = (
    Reason.EXPIRED.value,
    Reason.UNCONFIRMED.value,
    "not_said",
    NOT_AS_SIGNED,
    ENDS_SOON,
    RAN_OUT,
    Refusal.UNAUTHORISED.value,
    Refusal.SUSPENDED.value,
)
"""Kinds of notices that wake: a warning ran out unsigned; what a warning that stands rests on fell silent; words are missing and somebody
must warn by hand; what goes out is not what was signed; what a person wrote ends soon, or ran out unsigned; the provider refuses us. All
others wait until somebody looks. That a message waits unsigned and was passed on is told by the message itself."""
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
    return [
        *_by_agreement(connection, country),
        *_proposals(connection, country),
        *_notices(connection, now),
        *_feeds(connection, country, now),
    ]


def _by_agreement(connection: Connection, country: LoadedCountry) -> Iterable[Cause]:
    """What went out and was signed by nobody comes first: people act on it already."""
    for sent in afterwards.unreviewed(connection):
        loaded = ledger.load_message(connection, sent.message)
        if loaded is None:
            continue
        warning, to = loaded[0], Afterwards(country).to_role(sent.passed_on)
        passed = f" It was passed on to {to}." if to else ""
        text = f"{warning.rule} {warning.level.word} in {place_name(country, warning.area, 'en')} WENT OUT by agreement. Review it.{passed}"
        yield Cause(f"{SENT}:{sent.message}:{sent.passed_on}", SENT, sent.message, text, to)


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
