"""What went out by agreement, as a page shows it to who reviews it."""

from dataclasses import dataclass
from datetime import datetime

from alerts.afterwards import Sent
from console.code_words import kind_word, role_word
from console.colours import word_of
from console.interface.speaking import _
from console.names import Names
from console.warning_views import PhoneView, agreed_text, phone_view
from schemas.warning_records import Judgement, Warning


@dataclass(frozen=True)
class SentLine:
    """One message in the list. passed_on: nobody reviewed it in time."""

    id: str
    place: str
    rule: str
    level: str
    level_words: str
    at: datetime
    people: int
    passed_on: bool


@dataclass(frozen=True)
class ReviewView:
    """A message to review.

    Attributes:
        agreed: by which agreement it went out, in one sentence. review_by: when it is passed on; none once somebody has reviewed it.
        judged: what a person said of it, in one sentence; empty while nobody has. phones: those of languages that somebody reads before
            the others.
    """

    line: SentLine
    warning: str
    message_type: str
    since: datetime
    known: datetime
    agreed: str
    review_by: datetime | None
    judged: str
    reviewed_at: datetime | None
    phones: tuple[PhoneView, ...]


def sent_line(sent: Sent, warning: Warning, names: Names) -> SentLine:
    """A message that went out by agreement, in one line."""
    return SentLine(
        id=sent.message,
        place=names.place(warning.area),
        rule=names.rule(warning.rule),
        level=word_of(warning.level),
        level_words=names.level(warning.level),
        at=sent.at,
        people=warning.recipients,
        passed_on=sent.passed_on > 0,
    )


def review_view(sent: Sent, warning: Warning, names: Names) -> ReviewView:
    """A message as it is read by who reviews it."""
    return ReviewView(
        line=sent_line(sent, warning, names),
        warning=warning.warning,
        message_type=kind_word(warning.message_type),
        since=warning.since,
        known=warning.known,
        agreed=agreed_text(warning),
        review_by=sent.review_by,
        judged=_judged(sent),
        reviewed_at=sent.reviewed_at,
        phones=tuple(phone_view(text, names) for text in sorted(warning.texts, key=lambda text: text.recipients == 0)),
    )


def _judged(sent: Sent) -> str:
    given = {"name": sent.reviewed_by, "role": role_word(sent.reviewed_as), "comment": sent.comment}
    if sent.judgement is None:
        return ""
    if sent.judgement is Judgement.RIGHT:
        return _("{name} ({role}) judged it right: {comment}", **given)
    return _("{name} ({role}) judged it wrong: {comment}", **given)
