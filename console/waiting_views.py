"""What waits for a signature, as a page shows it: all of what a signature is bound to, and nothing else."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime

from alerts.approvals import code
from alerts.holding import held
from alerts.reach import Reach
from alerts.signing import ToSign
from console.code_words import kind_word, reason_word, role_word, standing_word
from console.colours import word_of
from console.interface.speaking import _, fixed, later
from console.local_time import LocalTime
from console.names import Names, language_name
from console.variant_views import VariantView, unsaid_needs, variant_views
from console.warning_views import PhoneView, phone_view
from schemas.warning_records import Hold, Originated, Warning, WarningStatus

_NAMED = 6
"""Areas that are named of those where nobody is enrolled."""


@dataclass(frozen=True)
class WaitingLine:
    """One message in the list.

    Attributes:
        signed: how many have signed, of how many who must. passed_on: nobody signed in time.
        held: by whom and why; empty if it is not held.
    """

    id: str
    place: str
    rule: str
    level: str
    level_words: str
    message_type: str
    proposed: datetime
    people: int
    signed: int
    needed: int
    passed_on: bool
    held: str


@dataclass(frozen=True)
class SignatureView:
    """A signature under what waits; it holds until then."""

    by: str
    role: str
    at: datetime
    until: datetime


@dataclass(frozen=True)
class SigningView:
    """A message to read and sign.

    Attributes:
        seen: the code of all that is shown here. reached: whom it reaches and whom not, one sentence each.
        minutes: how long the sender takes. phones: those of languages that somebody reads before the others. variants: by language, its
            texts for those who told us of a need. unsaid: by language, the needs of which other languages alone say more.
        author: who wrote it, if a person did. edited_by: who changed what it leaves open. originated: a person's words, if no rule found
            the danger. held_until: none if it is not held.
    """

    line: WaitingLine
    warning: str
    area: str
    seen: str
    reason: str
    since: datetime
    known: datetime
    expires: datetime
    standing: str
    sender: str
    channel: str
    segments: int
    cost: str
    invented_price: bool
    minutes: int
    reached: tuple[str, ...]
    phones: tuple[PhoneView, ...]
    variants: Mapping[str, tuple[VariantView, ...]]
    unsaid: Mapping[str, tuple[str, ...]]
    signatures: tuple[SignatureView, ...]
    author: str
    edited_by: str
    originated: Originated | None
    held_until: datetime | None


def waiting_line(warning: Warning, needed: int, names: Names, clock: LocalTime, now: datetime) -> WaitingLine:
    """A message that waits, in one line."""
    hold = held(warning, now)
    return WaitingLine(
        id=warning.id,
        place=names.place(warning.area),
        rule=names.rule(warning.rule),
        level=word_of(warning.level),
        level_words=names.level(warning.level),
        message_type=kind_word(warning.message_type),
        proposed=warning.proposed,
        people=warning.recipients,
        signed=len(warning.signatures),
        needed=needed,
        passed_on=warning.status is WarningStatus.ESCALATED,
        held=_held(hold, clock) if hold is not None else "",
    )


def _held(hold: Hold, clock: LocalTime) -> str:
    until = clock.clock(hold.until)
    return _("Held by {name} ({role}) until {until}: {why}", name=hold.by, role=role_word(hold.role), until=until, why=hold.why)


def signing_view(found: ToSign, names: Names, clock: LocalTime, now: datetime) -> SigningView:
    """A message as it is read before it is signed."""
    messaging = names.country.facts.messaging
    warning = found.message
    bound, hold = warning.bound, held(warning, now)
    signatures = zip(warning.signatures, found.signed_until, strict=True)
    return SigningView(
        line=waiting_line(warning, found.needed, names, clock, now),
        warning=warning.warning,
        area=warning.area,
        seen=code(warning),
        reason=reason_word(warning.reason),
        since=warning.since,
        known=warning.known,
        expires=warning.expires,
        standing=standing_word(warning.standing),
        sender=bound.sender if bound is not None else messaging.sender,
        channel=_words(bound.channel if bound is not None else messaging.channel),
        segments=warning.segments,
        cost=f"{fixed(warning.cost, 2)} {warning.currency}",
        invented_price=messaging.price.invented and messaging.price.currency == warning.currency,
        minutes=max(1, round(warning.segments / messaging.segments_per_second / 60)),
        reached=_reached(warning, found.reach, names, clock),
        phones=tuple(phone_view(text, names) for text in sorted(warning.texts, key=lambda text: text.recipients == 0)),
        variants={text.language: variant_views(found.variants, text.language) for text in warning.texts},
        unsaid={text.language: unsaid_needs(found.variants, text.language) for text in warning.texts},
        signatures=tuple(SignatureView(s.by, role_word(s.role), s.at, until) for s, until in signatures),
        author=warning.author,
        edited_by=" and ".join(warning.edited_by),
        originated=warning.originated,
        held_until=hold.until if hold is not None else None,
    )


def _reached(warning: Warning, reach: Reach, names: Names, clock: LocalTime) -> tuple[str, ...]:
    """Whom it reaches and whom not. Who is not enrolled hears nothing from us: that is said beside the number of people who live there."""
    place = names.place(warning.area)
    if warning.bound is not None and warning.bound.whom == "warned":
        whom = _("It goes to the {people, number} people who were warned, wherever they are by now.", people=reach.people)
        return (whom, *_hardly(reach, clock))
    said = [_goes_to(reach, place), *_around(reach, place, names)]
    if reach.spoken_for:
        said.append(_("{people, number} more hear of a greater danger instead.", people=reach.spoken_for))
    if reach.left:
        said.append(_("{people, number} who had enrolled there have left, and get nothing.", people=reach.left))
    if reach.population is None:
        said.append(_("Nobody knows how many live there: no population stands in the country's files. Who is not enrolled gets nothing."))
    else:
        others = max(0, reach.population - reach.enrolled)
        without = later("{others, number} of the {people, number} who live there are not enrolled, and get nothing by telephone.")
        said.append(_(without, others=others, people=reach.population))
        said.append(_("Nobody has the number of who is not enrolled."))
    return (*said, *_empty(reach, names), *_hardly(reach, clock))


def _goes_to(reach: Reach, place: str) -> str:
    """To how many, and how many of a hundred who live there, as far as that can be said."""
    people: dict[str, str | int] = {"people": reach.people, "place": place}
    if not reach.enrolled:
        return _("NOBODY gets this message: nobody in {place} or inside it is enrolled for it.", place=place)
    if not reach.population:
        return _("It goes to {people, number} people in {place} and all inside it.", **people)
    percent = round(reach.people * 100 / reach.population)
    if percent < 1:
        return _("It goes to {people, number} people in {place} and all inside it, fewer than 1 of 100 who live there.", **people)
    share = later("It goes to {people, number} people in {place} and all inside it, {percent, number} of 100 who live there.")
    return _(share, percent=percent, **people)


def _around(reach: Reach, place: str, names: Names) -> Iterator[str]:
    """Who may live there and gets nothing, for all that we know of them is an area around it."""
    for area, people in reach.around.items():
        whole = later(
            "{people, number} people are enrolled for the whole of {area}. Some may live in {place}: this message goes to none of them."
        )
        yield _(whole, people=people, area=names.place(area), place=place)


def _empty(reach: Reach, names: Names) -> Iterator[str]:
    """The areas where nobody at all hears it: somebody must go there, or a siren."""
    if not reach.empty:
        return
    named, numbers = sorted(names.place(code) for code in reach.empty), {"number": len(reach.empty), "within": reach.within}
    places = ", ".join(named[:_NAMED])
    if len(named) > _NAMED:
        places = _("{places} and {number, number} more", places=places, number=len(named) - _NAMED)
    if reach.empty_population is None:
        yield _("In {number, number} of {within, number} areas inside it nobody is enrolled: {places}.", places=places, **numbers)
        return
    living = later("In {number, number} of {within, number} areas inside it, where {people, number} live, nobody is enrolled: {places}.")
    yield _(living, people=reach.empty_population, places=places, **numbers)


def _hardly(reach: Reach, clock: LocalTime) -> Iterator[str]:
    """Who may not understand it, or not get it although it goes to them."""
    for tag, people in reach.not_written.items():
        foreign = later("{people, number} of them read {language}, in which this text is not written: they get it in another language.")
        yield _(foreign, people=people, language=language_name(tag))
    last = reach.last
    if last is None or not (last.lost or last.doubtful):
        return
    numbers: dict[str, str | int] = {"moment": clock.text(last.at), "lost": last.lost, "told": last.told}
    yield _("The last message to people of this place, of {moment}, did not arrive at {lost, number} of {told, number}.", **numbers)
    if last.doubtful:
        yield _("Of {people, number} more nobody knows whether that one arrived.", people=last.doubtful)


def _words(name: str) -> str:
    return name.replace("_", " ")
