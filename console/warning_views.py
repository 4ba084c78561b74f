"""One warning as a page shows it: its texts, whom they reached, what was said of it, and its reasons."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from console.code_words import kind_word, role_word, step_word
from console.colours import word_of
from console.evidence_views import ReasonView, note_text, quiet_text, reason_view, why_text
from console.interface.speaking import _, fixed, in_own_digits, later
from console.lives import Said, WarningLife, event_behind, story
from console.local_time import LocalTime
from console.names import Names, language_name, own_name
from console.reading import Known
from console.standing import newest_changes
from schemas.outputs import CompoundEvent
from schemas.warning_records import Answer, AnswerCount, Delivery, MessageState, Originated, RenderedText, Warning, WarningStatus

_TAKEN = (MessageState.ACCEPTED, MessageState.SENT, MessageState.DELIVERED, MessageState.UNDELIVERED, MessageState.FAILED)
_WAITING = (MessageState.INTENDED, MessageState.SENDING)
_LOST = (MessageState.UNDELIVERED, MessageState.FAILED)
_NEVER_TAKEN = (MessageState.REFUSED, MessageState.EXPIRED)
_DOUBTFUL = (MessageState.UNKNOWN,)
_OTHERS = (
    (later("{number, number} did not arrive"), _LOST),
    (later("{number, number} not sent"), _NEVER_TAKEN),
    (later("{number, number} unknown"), _DOUBTFUL),
    (later("{number, number} waiting"), _WAITING),
)


@dataclass(frozen=True)
class PhoneView:
    """One text on a telephone. `reached` says in words how its messages stand, `answered` what people answered; or nothing.

    Attributes:
        for_needs: need and what those read instead who told us of it.
    """

    language: str
    name: str
    own_name: str
    body: str
    sender: str
    encoding: str
    segments: int
    characters: int
    reviewed: bool
    recipients: int
    reached: str
    answered: str
    for_needs: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class MessageChoice:
    """A message of the warning to look at."""

    id: str
    says: str
    at: datetime
    level: str
    chosen: bool


@dataclass(frozen=True)
class WarningView:
    """A warning with one of its messages.

    Attributes:
        population: of its area; none if the country's files do not say.
        status: how it stands, in one sentence. waits: what it waits for; empty if for nothing. waits_for: the message that does.
        stands: people stand under it.
        agreed: by which agreement it went out, in one sentence; empty if it did not. unreviewed: the message that nobody has reviewed.
        said: when the message went out, or was proposed. steps: how the level was reached.
        silent: what nobody can tell, one line each. quiet: why it was cooled or muted.
        originated: the words of a person who wrote it, if no rule found the danger.
        reasons: none if the log no longer holds its event.
    """

    id: str
    title: str
    place: str
    area: str
    level: str
    level_words: str
    status: str
    ended: str
    waits: str
    waits_for: str
    stands: bool
    operators: bool
    since: datetime
    known: datetime
    said: datetime
    expires: datetime
    message: str
    message_type: str
    cost: str
    invented_price: bool
    recipients: int
    population: int | None
    segments: int
    phones: tuple[PhoneView, ...]
    choices: tuple[MessageChoice, ...]
    story: tuple[Said, ...]
    agreed: str
    unreviewed: str
    originated: Originated | None
    steps: tuple[tuple[str, str, str], ...]
    silent: tuple[str, ...]
    quiet: str
    reasons: ReasonView | None
    ending: ReasonView | None
    beside: tuple[ReasonView, ...]
    event: str
    rule: str
    document: str
    configuration: str
    engine: str


def warning_view(life: WarningLife, chosen: str, known: Known, names: Names, clock: LocalTime) -> WarningView:
    """A warning's page.

    Args:
        chosen: the id of one of its messages; empty, or unknown, for the one that people were last warned by.
    """
    message = life.message(chosen) or life.main()
    behind = event_behind(message, known.events)
    event = known.whole(behind) if behind is not None else None
    rule = next((r for r in names.country.configuration.rules if r.name == message.rule), None)
    price = names.country.facts.messaging.price
    return WarningView(
        id=life.id,
        title=names.rule(message.rule),
        place=names.place(message.area),
        area=message.area,
        level=word_of(message.level),
        level_words=names.level(message.level),
        status=_status(life, newest_changes(known).get(message.event), clock),
        ended=life.end.kind if life.end is not None else "",
        waits=_waits(life, names),
        stands=life.end is None and bool(life.out),
        waits_for=life.waits()[-1].id if life.waits() else "",
        operators=event is not None and event.audience == "operators",
        since=message.since,
        known=message.known,
        said=message.issued or message.proposed,
        expires=message.expires,
        message=message.id,
        message_type=message.message_type,
        cost=f"{fixed(message.cost, 2)} {message.currency}",
        invented_price=price.invented and price.currency == message.currency,
        recipients=message.recipients,
        population=area.population if (area := names.country.places.areas.get(message.area)) is not None else None,
        segments=message.segments,
        phones=tuple(_phone(t, message, known, names) for t in message.texts),
        choices=tuple(MessageChoice(w.id, _choice(w), w.issued or w.proposed, word_of(w.level), w.id == message.id) for w in life.messages),
        story=story(life, known.reviews),
        agreed=agreed_text(message),
        unreviewed=unreviewed(life, known),
        originated=message.originated,
        steps=tuple((step_word(s.step), word_of(s.level), why_text(s.why, names)) for s in event.steps) if event is not None else (),
        silent=tuple(note_text(line, names, clock) for line in event.silent) if event is not None else (),
        quiet=quiet_text(event.quiet, names, clock) if event is not None else "",
        reasons=reason_view(event.evidence, names, clock) if event is not None else None,
        ending=reason_view(event.ending, names, clock) if event is not None and event.ending is not None and event.until is None else None,
        beside=tuple(reason_view(one, names, clock) for one in event.beside) if event is not None else (),
        event=message.event,
        rule=message.rule,
        document=f"{rule.document.title} ({rule.document.owner}, {rule.document.date})" if rule is not None else "",
        configuration=message.configuration,
        engine=event.engine if event is not None else "",
    )


def agreed_text(message: Warning) -> str:
    """By what a message went out that nobody signed; empty if people signed it."""
    agreed = message.agreed
    if agreed is None:
        return ""
    people = [one.rpartition(" (") for one in agreed.agreed_by]
    who = ", ".join(f"{name} ({role_word(role.removesuffix(')'))})" for name, _space, role in people)
    said = later("It went out at once by the agreement {name} of {who} ({document}, until {until}); nobody signed it.")
    return _(said, name=agreed.name, who=who, document=agreed.document, until=in_own_digits(agreed.until.isoformat()))


def unreviewed(life: WarningLife, known: Known) -> str:
    """The id of a warning's newest message that went out by agreement and that nobody has reviewed; empty if there is none."""
    reviewed = {review.message for review in known.reviews}
    return next((message.id for message in reversed(life.out) if message.agreed is not None and message.id not in reviewed), "")


def _status(life: WarningLife, newest: CompoundEvent | None, clock: LocalTime) -> str:
    if life.end is not None:
        says = _(life.end.says)
        return _("{ended}, {moment}.", ended=f"{says[:1].upper()}{says[1:]}", moment=clock.text(life.end.at))
    if not life.out:
        return _("Proposed; nobody has been told yet.")
    stands = _("Stands since {moment}.", moment=clock.text(life.issued or life.first.proposed))
    doubt = _("Unconfirmed: what it rests on fell silent. It is not an all-clear.") if newest is not None and newest.unconfirmed else ""
    return f"{stands} {doubt}".rstrip()


def _waits(life: WarningLife, names: Names) -> str:
    """For how many signatures, by the stricter of the rule and the country's table."""
    waiting = life.waits()
    if not waiting:
        return ""
    message = waiting[-1]
    rule = next((r for r in names.country.configuration.rules if r.name == message.rule), None)
    people = max(names.country.facts.signatures(message.level).people, rule.sign.people if rule is not None else 0)
    signed = _("{signed, number} of {needed, number} signatures.", signed=len(message.signatures), needed=people)
    passed_on = _("It was passed on because nobody signed in time.") if message.status is WarningStatus.ESCALATED else ""
    return f"{signed} {passed_on}".rstrip()


def _choice(warning: Warning) -> str:
    kind = kind_word(warning.message_type)
    match warning.status:
        case WarningStatus.PROPOSED | WarningStatus.ESCALATED:
            return _("{kind}, waits", kind=kind)
        case WarningStatus.WITHDRAWN:
            return _("{kind}, withdrawn", kind=kind)
        case WarningStatus.CANNOT_TELL:
            return _("Cannot tell")
        case WarningStatus.EXPIRED:
            return _("Ran out")
        case WarningStatus.CANCELLED:
            return kind_word("Cancel") if warning.reason == "retracted" else _("All-clear")
    return kind


def phone_view(text: RenderedText, names: Names, reached: str = "", answered: str = "") -> PhoneView:
    """A text as a telephone shows it."""
    return PhoneView(
        language=text.language,
        name=language_name(text.language),
        own_name=own_name(text.language),
        body=text.body,
        sender=names.country.facts.messaging.sender,
        encoding=text.encoding,
        segments=text.segments,
        characters=len(text.body),
        reviewed=text.reviewed,
        recipients=text.recipients,
        reached=reached,
        answered=answered,
        for_needs=tuple((said.need, said.body) for said in text.for_needs),
    )


def _phone(text: RenderedText, message: Warning, known: Known, names: Names) -> PhoneView:
    reached = _reached(message.id, text.language, known.deliveries)
    return phone_view(text, names, reached, _answered(message.id, text.language, known.answers))


def _reached(message: str, language: str, deliveries: Sequence[Delivery]) -> str:
    """How the messages stand: what the provider took is not what a handset got, and neither says that somebody read it.

    Each count stands for itself, the newest replaces the one before it.
    """
    newest = {(d.area, d.state): d.count for d in deliveries if d.message == message and d.language == language}
    if not any(newest.values()):
        return ""

    def sum_of(*states: MessageState) -> int:
        return sum(count for (_, state), count in newest.items() if state in states)

    parts = [
        _("{number, number} accepted by the provider", number=sum_of(*_TAKEN)),
        _("{number, number} received by a handset", number=sum_of(MessageState.DELIVERED)),
    ]
    parts += [_(what, number=sum_of(*states)) for what, states in _OTHERS if sum_of(*states)]
    return ", ".join(parts)


def _answered(message: str, language: str, answers: Sequence[AnswerCount]) -> str:
    """What people answered: the only number that means that somebody read it."""
    newest = {(a.area, a.answer): a.count for a in answers if a.message == message and a.language == language}
    counted = {answer: sum(count for (_, given), count in newest.items() if given is answer) for answer in Answer}
    if not any(counted.values()):
        return ""
    return _(
        "{all, number} answered: {safe, number} safe, {help, number} need help",
        all=sum(counted.values()),
        safe=counted[Answer.SAFE],
        help=counted[Answer.NEED_HELP],
    )
