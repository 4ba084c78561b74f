"""The life of each warning, put together from its messages: what was proposed, signed, said, and how it ended."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from console.code_words import kind_word, reason_word, role_word
from console.edit_views import edit_words
from console.interface.speaking import _, later
from console.reading import Known, Published
from schemas.inputs import Signature
from schemas.levels import Level
from schemas.outputs import CompoundEvent, EventChange
from schemas.warning_records import Hold, Judgement, Warning, WarningReview, WarningStatus

_OUT = frozenset({WarningStatus.ISSUED, WarningStatus.UPDATED, WarningStatus.CANCELLED, WarningStatus.CANNOT_TELL})
"""Statuses that say a message went out to people."""


@dataclass(frozen=True)
class End:
    """How a warning ended.

    Attributes:
        kind: `all-clear`, `mistaken`, `cannot-tell`, `ran-out`, `withdrawn`; a closed set that is also a style.
        says: in English words, to be translated where they are shown: as a mark on the time line and in the list.
    """

    at: datetime
    kind: str
    says: str


@dataclass(frozen=True)
class Said:
    """One entry of the story of a warning. `message` is the id of the message it is about."""

    at: datetime
    says: str
    message: str
    level: Level


@dataclass(frozen=True)
class WarningLife:
    """A warning from its first proposal.

    Attributes:
        records: all that was made known of its messages, oldest first. messages: each message as it last stood.
        out: the messages that went out, oldest first. end: none while it stands or waits.
    """

    id: str
    records: tuple[Published, ...]
    messages: tuple[Warning, ...]
    out: tuple[Warning, ...]
    end: End | None

    @property
    def first(self) -> Warning:
        """The first message."""
        return self.messages[0]

    @property
    def gravest(self) -> Level:
        """The highest level that was said, or proposed if nothing went out."""
        return max(w.level for w in self.out or self.messages)

    @property
    def issued(self) -> datetime | None:
        """When people were first told."""
        return self.out[0].issued if self.out else None

    def main(self) -> Warning:
        """The message a page shows first: what people were last warned of, or what waits for signatures."""
        warned = [w for w in self.out if not _ends(w)]
        return (warned or self.messages)[-1]

    def message(self, id: str) -> Warning | None:
        """A message by its id."""
        return next((w for w in self.messages if w.id == id), None)

    def waits(self) -> tuple[Warning, ...]:
        """Messages that wait for signatures."""
        return tuple(w for w in self.messages if w.status in (WarningStatus.PROPOSED, WarningStatus.ESCALATED))


def lives(known: Known) -> dict[str, WarningLife]:
    """Warning id to its life, in the order in which they were first proposed."""
    return known.once("lives", lambda: _lives(known))


def _lives(known: Known) -> dict[str, WarningLife]:
    grouped: dict[str, list[Published]] = {}
    for published in known.warnings:
        grouped.setdefault(published.warning.warning, []).append(published)
    return {id: _life(id, records) for id, records in grouped.items()}


def _life(id: str, records: Sequence[Published]) -> WarningLife:
    newest = {p.warning.id: p.warning for p in records}
    messages = tuple(newest.values())
    out = tuple(sorted((w for w in messages if w.issued is not None), key=lambda w: (w.issued or w.proposed, w.id)))
    return WarningLife(id, tuple(records), messages, out, _end(records, messages, out))


def _end(records: Sequence[Published], messages: Sequence[Warning], out: Sequence[Warning]) -> End | None:
    if not out:
        taken = [p for p in records if p.warning.status is WarningStatus.WITHDRAWN]
        waits = any(w.status in (WarningStatus.PROPOSED, WarningStatus.ESCALATED) for w in messages)
        return End(taken[-1].at, "withdrawn", later("never went out: overtaken before it was signed")) if taken and not waits else None
    last = out[-1]
    at = last.issued or last.proposed
    ran_out = [p for p in records if p.warning.status is WarningStatus.EXPIRED and p.warning.id == last.id]
    if last.status is WarningStatus.CANCELLED:
        mistaken = last.reason == EventChange.RETRACTED.value
        return (
            End(at, "mistaken", later("cancelled: it rested on a wrong reading")) if mistaken else End(at, "all-clear", later("all-clear"))
        )
    if last.status is WarningStatus.CANNOT_TELL:
        return End(at, "cannot-tell", later("can no longer tell"))
    return End(ran_out[-1].at, "ran-out", later("ran out without a further word")) if ran_out else None


def _ends(warning: Warning) -> bool:
    return warning.message_type == "Cancel" or warning.status in (WarningStatus.CANNOT_TELL, WarningStatus.EXPIRED)


def story(life: WarningLife, reviews: Sequence[WarningReview] = ()) -> tuple[Said, ...]:
    """What was said, and who let it be said, oldest first.

    Args:
        reviews: what people said afterwards of messages that went out by agreement, of whatever warning.
    """
    levels = {message.id: message.level for message in life.messages}
    entries = [Said(r.at, _reviewed(r), r.message, levels[r.message]) for r in reviews if r.message in levels]
    signed: set[tuple[str, str, datetime]] = set()
    before: dict[str, Warning] = {}
    for published in life.records:
        warning = published.warning
        earlier, before[warning.id] = before.get(warning.id), warning
        for signature in warning.signatures:
            key = (warning.id, signature.by, signature.at)
            if key not in signed:
                signed.add(key)
                entries.append(Said(signature.at, _signed(signature), warning.id, warning.level))
        if earlier is not None and earlier.filled != warning.filled:
            entries.append(Said(published.at, _edited(earlier, warning), warning.id, warning.level))
        elif earlier is not None and earlier.status is warning.status and earlier.hold != warning.hold:
            entries.append(Said(published.at, _questioned(warning.hold), warning.id, warning.level))
        elif earlier is None or earlier.status is not warning.status or earlier.signatures == warning.signatures:
            entries.append(Said(published.at, happened(warning), warning.id, warning.level))
        elif len(warning.signatures) < len(earlier.signatures):
            gone = ", ".join(s.by for s in earlier.signatures if s not in warning.signatures)
            entries.append(Said(published.at, _("the signature of {name} holds no more", name=gone), warning.id, warning.level))
    return tuple(sorted(entries, key=lambda s: s.at))


def _signed(signature: Signature) -> str:
    return _("signed by {name}, {role}", name=signature.by, role=role_word(signature.role))


def _edited(before: Warning, after: Warning) -> str:
    said = _("edited by {name}: {what}", name=after.edited_by[-1], what=edit_words(before.filled, after.filled))
    gone = ", ".join(s.by for s in before.signatures)
    return f"{said} {_('The signature of {name} holds no more.', name=gone)}" if gone else said


def _reviewed(review: WarningReview) -> str:
    role = role_word(review.role)
    if review.judgement is Judgement.RIGHT:
        return _("reviewed afterwards by {name}, {role}, and judged right: {comment}", name=review.by, role=role, comment=review.comment)
    return _("reviewed afterwards by {name}, {role}, and judged wrong: {comment}", name=review.by, role=role, comment=review.comment)


def _questioned(hold: Hold | None) -> str:
    if hold is None:
        return _("let go: it can be signed again")
    return _("held by {name}, {role}: {why}", name=hold.by, role=role_word(hold.role), why=hold.why)


def happened(warning: Warning) -> str:
    """What a record of a message says has happened to it, in words."""
    kind, reason = kind_word(warning.message_type), reason_word(warning.reason)
    match warning.status:
        case WarningStatus.PROPOSED:
            return _("{kind} proposed ({reason})", kind=kind, reason=reason)
        case WarningStatus.ESCALATED:
            return _("passed on: not signed in time")
        case WarningStatus.WITHDRAWN:
            return _("proposal withdrawn: overtaken before it was signed")
        case WarningStatus.EXPIRED:
            return _("went out: its time has run out, and this is no all-clear")
        case WarningStatus.CANNOT_TELL:
            return _("went out: we can no longer tell")
        case WarningStatus.CANCELLED if warning.reason == EventChange.RETRACTED.value:
            return _("went out: the warning rested on a wrong reading")
        case WarningStatus.CANCELLED:
            return _("went out: all-clear")
    if warning.agreed is not None:
        return _("{kind} went out by agreement {name}, signed by nobody ({reason})", kind=kind, name=warning.agreed.name, reason=reason)
    return _("{kind} went out ({reason})", kind=kind, reason=reason)


def event_behind(warning: Warning, events: Sequence[CompoundEvent]) -> CompoundEvent | None:
    """The change of the event that made a message: the last one known when the message says it was."""
    of_it = [e for e in events if e.id == warning.event and e.known <= warning.known]
    return of_it[-1] if of_it else next((e for e in events if e.id == warning.event), None)
