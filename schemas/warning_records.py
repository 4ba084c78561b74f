"""What the log says of warnings: their messages, how many of those stand where, and how many people answered what. No person is in it.

And how far the journal had come of what people did with them.
"""

import datetime
from enum import StrEnum
from typing import Literal

from pydantic import Field

from schemas.inputs import Signature
from schemas.levels import Level
from schemas.moments import Moment
from schemas.records import Typed

Standing = Literal["monitoring", "advisory", "official"]
"""In whose name a message speaks: of those who only watch, of those who advise, or of the authority that may warn by law."""


class WarningStatus(StrEnum):
    """Where a warning stands. `withdrawn` is a proposal overtaken before it was signed.

    `cannot_tell` and `expired` end it without an all-clear: nobody can tell any more, or its time has run out and nobody signed a new one.
    """

    PROPOSED = "proposed"
    ISSUED = "issued"
    UPDATED = "updated"
    CANCELLED = "cancelled"
    EXPIRED = "expired"
    CANNOT_TELL = "cannot_tell"
    ESCALATED = "escalated"
    WITHDRAWN = "withdrawn"


class NeedText(Typed):
    """The text that those get instead who told us of a need, where it says more. No record counts them: who has which need stays unsaid."""

    need: Literal["mobility", "hearing", "pregnancy", "livestock"]
    body: str
    segments: int = Field(ge=1)


class RenderedText(Typed):
    """One text, as sent to all who read this language in this area.

    Attributes:
        for_needs: what some of them read instead; among the `recipients`.
    """

    language: str
    area: str
    body: str
    encoding: Literal["GSM-7", "UCS-2"]
    segments: int = Field(ge=1)
    reviewed: bool
    recipients: int = Field(ge=0)
    for_needs: tuple[NeedText, ...] = Field(default=(), exclude_if=lambda said: not said)


class Bound(Typed):
    """What signatures under a message are bound to beside its own words: to whom, by whom and which way it goes.

    Attributes:
        whom: all whom it concerns in its areas, or exactly those who were warned.
        areas: SHA-256 of the P-codes whose people it concerns, sorted, one a line; empty if it goes to those who were warned.
        digest: SHA-256 of all that is signed (`alerts.approvals.digest`).
    """

    whom: Literal["concerned", "warned"]
    group: str
    areas: str
    sender: str
    channel: str
    digest: str


class Hold(Typed):
    """Somebody asks first, before a message is signed: who, in which role, why, and until when it is held."""

    by: str
    role: str
    why: str
    at: Moment
    until: Moment


class ByAgreement(Typed):
    """That a message went out without signatures, by what was agreed on beforehand (`schemas.agreements`).

    Attributes:
        name: of the agreement in `country.yaml`. identity: SHA-256 of it as it stood there.
        agreed_by: who agreed, each with the role. document: title and reference of the paper. until: the last day on which it holds.
        at, digest, recipients, cost: as of a signature: when, what it was bound to, to how many people and for how much.
    """

    name: str
    identity: str
    agreed_by: tuple[str, ...]
    document: str
    until: datetime.date
    at: Moment
    digest: str
    recipients: int = Field(ge=0)
    cost: float = Field(ge=0)


class Originated(Typed):
    """Why a warning was given that no rule found: a person's own words, where readings would stand. What looked like a number is masked.

    Attributes:
        by, role, at: who wrote it, in which role, and when. reason: what was seen or told. source: who saw or told it.
    """

    by: str
    role: str
    at: Moment
    reason: str
    source: str


class Judgement(StrEnum):
    """What a person says afterwards of a message that went out by agreement. A closed set."""

    RIGHT = "right"
    WRONG = "wrong"


class WarningReview(Typed):
    """A person has looked at a message that went out by agreement, and says whether it was right. What was published stays as it is.

    Attributes:
        message: its id; `warning` is that of its life.
    """

    kind: Literal["review"] = "review"
    message: str
    warning: str
    shard: str
    area: str
    agreement: str
    judgement: Judgement
    by: str
    role: str
    comment: str
    at: Moment


class Warning(Typed):
    """One message of a warning's life, as in CAP 1.2: Alert, Update or Cancel. What was published is never edited.

    Attributes:
        id: of this message; `warning` is the same for all messages of one life; `references` the ids before it.
        issued: when it was approved and went out; none while it is proposed.
        cost, currency: segments times the dated price of the country's file.
        audience: as of its event. standing: in whose name it speaks, as its text says; `official` only with the authority's signature.
        author: who wrote it, if a person did; they do not sign it. bound: what its signatures are bound to; none in older versions.
        hold: what held it when this was published; it holds until its own end.
        filled: slot of its texts to the name of what people chose for it (`alerts.texts.SLOTS`). edited_by: who did, the last one
            last; they sign it no more than its author.
        agreed: by what it went out if nobody signed it. originated: the words of a person, if no rule found the danger.
        certainty: how far what it rests on is known: read, foreseen, or not to be confirmed now; none in messages of older versions.
    """

    kind: Literal["warning"] = "warning"
    id: str
    warning: str
    event: str
    rule: str
    shard: str
    area: str
    message_type: Literal["Alert", "Update", "Cancel"]
    references: tuple[str, ...] = ()
    status: WarningStatus
    level: Level
    reason: str
    since: Moment
    known: Moment
    proposed: Moment
    issued: Moment | None = None
    expires: Moment
    texts: tuple[RenderedText, ...]
    recipients: int = Field(ge=0)
    segments: int = Field(ge=0)
    cost: float = Field(ge=0)
    currency: str
    signatures: tuple[Signature, ...] = ()
    configuration: str
    audience: Literal["public", "operators"] = Field(default="public", exclude_if=lambda audience: audience == "public")
    standing: Standing = "monitoring"
    certainty: Literal["observed", "likely", "possible"] | None = Field(default=None, exclude_if=lambda certainty: certainty is None)
    author: str = Field(default="", exclude_if=lambda author: not author)
    filled: dict[str, str] = Field(default_factory=dict, exclude_if=lambda filled: not filled)
    edited_by: tuple[str, ...] = Field(default=(), exclude_if=lambda names: not names)
    bound: Bound | None = Field(default=None, exclude_if=lambda bound: bound is None)
    hold: Hold | None = Field(default=None, exclude_if=lambda hold: hold is None)
    agreed: ByAgreement | None = Field(default=None, exclude_if=lambda agreed: agreed is None)
    originated: Originated | None = Field(default=None, exclude_if=lambda originated: originated is None)


class MessageState(StrEnum):
    """Where one message to one person stands."""

    INTENDED = "intended"
    SENDING = "sending"
    ACCEPTED = "accepted"
    SENT = "sent"
    DELIVERED = "delivered"
    UNDELIVERED = "undelivered"
    FAILED = "failed"
    REFUSED = "refused"
    UNKNOWN = "unknown"
    EXPIRED = "expired"


class Answer(StrEnum):
    """What people answer to a warning. A closed set."""

    SAFE = "safe"
    NEED_HELP = "need_help"


class Delivery(Typed):
    """How many messages of a warning stand in a state, by area and language. The log carries no more than counts."""

    kind: Literal["delivery"] = "delivery"
    warning: str
    message: str
    shard: str
    area: str
    language: str
    state: MessageState
    count: int = Field(ge=0)
    at: Moment


class AnswerCount(Typed):
    """How many people gave an answer to a message of a warning, by area and language. Who they are the registry alone knows."""

    kind: Literal["answer"] = "answer"
    warning: str
    message: str
    shard: str
    area: str
    language: str
    answer: Answer
    count: int = Field(ge=0)
    at: Moment


class JournalAnchor(Typed):
    """How far the journal of what people did had come: what it then said can no longer be changed or cut off without a trace.

    Attributes:
        place: of its newest step; the first is 1. hash: of that step, which covers all before it. at: when this was noted.
    """

    kind: Literal["anchor"] = "anchor"
    shard: str
    place: int = Field(ge=1)
    hash: str
    at: Moment
