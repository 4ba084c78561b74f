"""What is to be said when an event changes: a pure state machine, no clock and no I/O.

A warning lives as in CAP 1.2: Alert, then Updates, then an end: an all-clear, a retraction, the word that nobody can tell any more, or
the word that its time has run out. Promises that are kept here and nowhere else: nothing unknown ends in an all-clear, an end is told
once, and if and only if somebody was warned, no silence of an operator holds an end back, and whatever is not said has a reason.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Literal

from alerts.texts import Kind
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange
from schemas.warning_records import WarningStatus


class Reason(StrEnum):
    """Why something is said, or not said. A closed set: log, page and metric show the same word."""

    OPENED = "opened"
    ESCALATED = "escalated"
    EASED = "eased"
    REOPENED = "reopened"
    NO_LONGER_QUIET = "no_longer_quiet"
    REMINDER = "reminder"
    RENEWED = "renewed"
    CLOSED = "closed"
    CLOSED_UNKNOWN = "closed_unknown"
    CANNOT_TELL = "cannot_tell"
    RETRACTED = "retracted"
    QUIET = "quiet"
    FOUND_AFTERWARDS = "found_afterwards"
    UNCONFIRMED = "unconfirmed"
    NO_CHANGE = "no_change"
    ENDED_UNSENT = "ended_unsent"
    ENDED_IN_GREATER = "ended_in_greater"
    MERGED = "merged"
    REVISED = "revised"
    UNSIGNED = "unsigned"
    EXPIRED = "expired"
    SUPERSEDED = "superseded"
    SILENCED = "silenced"
    CORRECTED = "corrected"
    ORIGINATED = "originated"


@dataclass(frozen=True)
class Pending:
    """A message that waits for signatures."""

    message: str
    kind: Kind
    level: Level


@dataclass(frozen=True)
class Life:
    """How far a warning has come.

    Attributes:
        told: somebody was warned and has not been told the end. level: the one last told.
        messages: how many messages of this life were made, proposals included.
        open: the event still stands. last_issued: when something last went out. expires: until when the last message stands.
        held: a silence holds something back that is to be judged again at its end.
        ended: how many messages had been made when the warning last ended; those after it are of a new round, told to other people.
        began: when the first message of this round went out.
        left_to: the warning whose end will speak for this one, which ended first; those who were warned of this one hear that end too.
    """

    warning: str
    event: str
    told: bool = False
    level: Level = Level.GREEN
    pending: Pending | None = None
    messages: int = 0
    open: bool = True
    unconfirmed: bool = False
    quiet: bool = False
    last_issued: datetime | None = None
    expires: datetime | None = None
    held: bool = False
    ended: int = 0
    began: datetime | None = None
    left_to: str | None = None

    def after(self, decision: "Decision", event: CompoundEvent, over: Sequence["Life"] = ()) -> "Life":
        """The life once a decision about its event was taken, before what is to be said is proposed.

        Args:
            over: as given to `decide`.
        """
        left = decision.reason is Reason.ENDED_IN_GREATER
        return replace(
            self,
            pending=None if decision.withdraw else self.pending,
            open=not event.ended and decision.reason is not Reason.REVISED,
            unconfirmed=event.unconfirmed or event.change is EventChange.UNCONFIRMED,
            quiet=bool(event.quiet),
            held=(self.held or decision.reason is Reason.SILENCED) and not event.ended,
            told=self.told and not left,
            left_to=_greater(over, decision).warning if left else self.left_to,
        )

    def proposed(self, message: Pending) -> "Life":
        """The life once a message waits for signatures."""
        return replace(self, messages=self.messages + 1, pending=message)

    def issued(self, kind: Kind, level: Level, at: datetime, expires: datetime) -> "Life":
        """The life once the message that waited went out."""
        if kind in ENDINGS:
            return replace(self, pending=None, told=False, level=level, last_issued=at, expires=None, ended=self.messages, began=None)
        began = self.began if self.told else at
        return replace(self, pending=None, told=True, level=level, last_issued=at, expires=expires, began=began, left_to=None)


@dataclass(frozen=True)
class Decision:
    """What follows from a change.

    Attributes:
        say: the kind of text to propose; none if nothing is said.
        withdraw: the proposal that waits is overtaken.
        left: the kind of end that a greater warning's end will stand for.
    """

    reason: Reason
    say: Kind | None = None
    withdraw: bool = False
    left: Kind | None = None


_MESSAGE: dict[Kind, tuple[Literal["Alert", "Update", "Cancel"], WarningStatus]] = {
    Kind.WARNING: ("Alert", WarningStatus.ISSUED),
    Kind.UPDATE: ("Update", WarningStatus.UPDATED),
    Kind.STILL: ("Update", WarningStatus.UPDATED),
    Kind.ALL_CLEAR: ("Cancel", WarningStatus.CANCELLED),
    Kind.RETRACTION: ("Cancel", WarningStatus.CANCELLED),
    Kind.CANNOT_TELL: ("Update", WarningStatus.CANNOT_TELL),
    Kind.CORRECTION: ("Update", WarningStatus.UPDATED),
    Kind.EXPIRED: ("Update", WarningStatus.EXPIRED),
}
STANDING = frozenset({Kind.WARNING, Kind.UPDATE, Kind.STILL, Kind.CORRECTION})
"""What tells people that they stand under a warning."""
ENDINGS = frozenset({Kind.ALL_CLEAR, Kind.RETRACTION, Kind.CANNOT_TELL, Kind.EXPIRED})
MERGED = "merged into"
"""How the engine marks the end of an event that became part of an older one."""
_ANEW = {EventChange.OPENED, EventChange.ESCALATED}
"""What an event that had ended may be warned of again by: it stands again, or is graver than ever."""


def message_type(kind: Kind) -> Literal["Alert", "Update", "Cancel"]:
    """CAP's message type. "We can no longer tell" and "its time has run out" are Updates: a Cancel would be read as an all-clear."""
    return _MESSAGE[kind][0]


def issued_status(kind: Kind) -> WarningStatus:
    """The status of a message of this kind once it went out."""
    return _MESSAGE[kind][1]


def decide(life: Life, event: CompoundEvent, *, over: Sequence[Life] = (), has_until: bool = False, silenced: bool = False) -> Decision:
    """What to say about a change of the life's event.

    Args:
        over: other warnings that people of this area stand under and that speak for this one, greater or merged with it.
        has_until: the rule says what must be known for its end, so a close is known whatever the rule's own truth is.
        silenced: an operator's silence reaches this rule and area at the event's level.
    """
    if event.change is EventChange.FOUND_AFTERWARDS:
        return Decision(Reason.FOUND_AFTERWARDS)
    if event.ended:
        return _end(life, event, over, has_until)
    if not life.told and not life.open and event.change not in _ANEW:
        return Decision(Reason.REVISED)
    if event.change is EventChange.UNCONFIRMED:
        return Decision(Reason.UNCONFIRMED)
    if event.quiet:
        return Decision(Reason.QUIET, withdraw=life.pending is not None and life.pending.kind not in ENDINGS)
    decision = _stand(life, event)
    if silenced and decision.say is not None:
        return Decision(Reason.SILENCED, withdraw=decision.withdraw)
    return decision


def _stand(life: Life, event: CompoundEvent) -> Decision:
    """The event stands and may be spoken of."""
    waiting = life.pending
    if not life.told:
        if waiting is not None and waiting.level == event.level:
            return Decision(Reason.NO_CHANGE)
        return Decision(_first_reason(life, event), Kind.WARNING, withdraw=waiting is not None)
    ending = waiting is not None and waiting.kind in ENDINGS
    if event.level == life.level:
        overtaken = waiting is not None and (ending or waiting.level != event.level)
        return Decision(Reason.REOPENED if ending else Reason.NO_CHANGE, withdraw=overtaken)
    if waiting is not None and not ending and waiting.level == event.level:
        return Decision(Reason.NO_CHANGE)
    reason = Reason.ESCALATED if event.level > life.level else Reason.EASED
    return Decision(reason, Kind.UPDATE, withdraw=waiting is not None)


def _first_reason(life: Life, event: CompoundEvent) -> Reason:
    if life.last_issued is not None:
        return Reason.REOPENED
    if life.pending is not None:
        return Reason.ESCALATED if event.level > life.pending.level else Reason.EASED
    return Reason.OPENED if event.change is EventChange.OPENED else Reason.NO_LONGER_QUIET


def _end(life: Life, event: CompoundEvent, over: Sequence[Life], has_until: bool) -> Decision:
    """The event has ended; only those who were warned hear of it."""
    waiting = life.pending
    kind, reason = _ending(event, has_until)
    if not life.told:
        return Decision(Reason.ENDED_UNSENT if life.open else Reason.REVISED, withdraw=waiting is not None)
    if event.quiet.startswith(MERGED):
        return Decision(Reason.ENDED_IN_GREATER if over else Reason.MERGED, withdraw=waiting is not None)
    if waiting is not None and waiting.kind is kind:
        return Decision(Reason.NO_CHANGE)
    if any(_says_no_less(other, kind) for other in over):
        return Decision(Reason.ENDED_IN_GREATER, withdraw=waiting is not None, left=kind)
    return Decision(reason, kind, withdraw=waiting is not None)


def _greater(over: Sequence[Life], decision: Decision) -> Life:
    """The warning that an end is left to."""
    return next(other for other in over if decision.left is None or _says_no_less(other, decision.left))


def _says_no_less(greater: Life, kind: Kind) -> bool:
    """Whether an end of this kind may be left to a greater warning: it still stands, or the end that waits hides nothing of this one.

    So it does not matter which of two that end together is handled first. A retraction is said for itself, and stands for no other end.
    """
    if kind is Kind.RETRACTION:
        return False
    waits = greater.pending.kind if greater.pending is not None else None
    return greater.open or waits is Kind.CANNOT_TELL or (waits is Kind.ALL_CLEAR and kind is Kind.ALL_CLEAR)


def _ending(event: CompoundEvent, has_until: bool) -> tuple[Kind, Reason]:
    if event.change is EventChange.RETRACTED:
        return Kind.RETRACTION, Reason.RETRACTED
    if event.change is EventChange.CANNOT_TELL:
        return Kind.CANNOT_TELL, Reason.CANNOT_TELL
    by_until = has_until and event.change is EventChange.CLOSED  # an end that moved does not say who knew it: its own truth must
    if not by_until and (event.truth is Truth.UNKNOWN or event.unconfirmed):
        return Kind.CANNOT_TELL, Reason.CLOSED_UNKNOWN
    return Kind.ALL_CLEAR, Reason.CLOSED


def silenced(life: Life) -> Decision | None:
    """What a silence that begins means for a message that waits: it is taken back and judged again later. An end is never silenced."""
    if life.pending is None or life.pending.kind in ENDINGS or life.pending.kind is Kind.CORRECTION:
        return None
    return Decision(Reason.SILENCED, withdraw=True)


def due(life: Life, now: datetime, *, remind_every: timedelta | None, ahead: timedelta, silenced: bool = False) -> Decision | None:
    """What the mere passing of time asks for: a reminder, a renewal before the last message runs out, or the word that it ran out.

    The word that it ran out is owed to everybody who was warned, also when an end waits for signatures that nobody gives: it says that
    the danger may remain, and the end that waits is taken back, so that nobody is told two ends.

    Args:
        remind_every: the rule's. ahead: how long before its end a standing warning is proposed anew, so that there is time to sign.
        silenced: an operator's silence reaches this warning; it holds a reminder back, but neither a renewal nor the end.
    """
    if not life.told or life.last_issued is None or life.expires is None:
        return None
    if now >= life.expires:
        return Decision(Reason.EXPIRED, Kind.EXPIRED, withdraw=life.pending is not None)
    if not life.open or life.pending is not None or life.quiet:
        return None
    if now >= life.expires - ahead:
        return Decision(Reason.RENEWED, Kind.STILL)
    if remind_every is not None and now >= life.last_issued + remind_every:
        if silenced:
            return None if life.held else Decision(Reason.SILENCED)
        return Decision(Reason.REMINDER, Kind.STILL)
    return None
