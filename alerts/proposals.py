"""A decision turned into a message with texts, recipients, segments and cost: first proposed, then, once signed, issued."""

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any, Literal

from sqlalchemy import Connection, Select

from alerts import approvals, audience, cost, intents, journal, ledger, originated, reach, variants
from alerts.audience import Audience
from alerts.intents import Unsent
from alerts.journal import Step
from alerts.languages import languages
from alerts.life import ENDINGS, Life, Pending, Reason, issued_status, message_type
from alerts.people.person import Group
from alerts.reach import Reach
from alerts.rendering import NOTHING, Renderer
from alerts.texts import Kind
from alerts.variants import Variant
from eventlog.log import EventLog
from schemas.configuration import Rule
from schemas.country_facts import SignAtLevel
from schemas.country_files import LoadedCountry
from schemas.envelopes import output_record, read_output
from schemas.inputs import Signature
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, Evidence, Reading
from schemas.topics import WARNINGS
from schemas.warning_records import NeedText, RenderedText, Warning, WarningStatus

ENDING_STANDS = timedelta(hours=24)
"""How long the word that a danger ended, or cannot be told any more, is still worth sending."""


def warning_id(event: str) -> str:
    """The id of an event's warning, made of the event's alone."""
    return f"w{hashlib.sha256(event.encode()).hexdigest()[:16]}"


class Proposals:
    """Makes, publishes and issues the messages of warnings, inside the caller's transaction."""

    def __init__(self, country: LoadedCountry, renderer: Renderer) -> None:
        self.country = country
        self.renderer = renderer
        written = {rule.name: rule for rule in country.configuration.rules}
        self.rules = {**originated.rules(country, renderer.catalogue), **written}

    def signatures(self, rule: Rule | None, level: Level) -> SignAtLevel:
        """What must be signed: the stricter of the rule's and the country's table; of a rule that is no more, what the table says."""
        table = self.country.facts.signatures(level)
        if rule is None:
            return table
        stricter = {"people": max(rule.sign.people, table.people), "within": min(rule.sign.within, table.within)}
        return table.model_copy(update=stricter)

    def to_be_signed_within(self, warning: Warning) -> timedelta:
        """How long a message may wait for its signatures."""
        return self.signatures(self.rules.get(warning.rule), warning.level).within

    def propose(
        self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent, kind: Kind, reason: Reason, at: datetime, by: str = ""
    ) -> Life:
        """Propose a message, or issue it at once if nobody must sign: then it concerns the people on duty alone.

        Args:
            by: who wrote it, if a person did.
        """
        life = life.proposed(Pending(f"{life.warning}.{life.messages + 1}", kind, event.level))
        people = self._people(connection, life, rule, event, kind)
        counted = audience.by_language(connection, people)
        texts = tuple(self._text(rule, kind, event, language, counted) for language in self._languages(event, counted))
        estimate = self._estimate(connection, texts, people)
        written = originated.of_warning(connection, life.warning) if originated.is_originated(rule.name) else None
        warning = Warning(
            id=f"{life.warning}.{life.messages}",
            warning=life.warning,
            event=event.id,
            rule=event.rule,
            shard=event.shard,
            area=event.area,
            message_type=message_type(kind),
            references=ledger.issued_ids(connection, life.warning),
            status=WarningStatus.PROPOSED,
            level=event.level,
            reason=reason.value,
            since=event.since,
            known=event.known,
            proposed=at,
            expires=written.ends if written is not None and kind not in ENDINGS else at + self._stands(rule, kind),
            texts=texts,
            recipients=estimate.recipients,
            segments=estimate.segments,
            cost=estimate.amount,
            currency=estimate.currency,
            configuration=event.configuration,
            audience=event.audience,
            standing=self.country.facts.speaks,
            certainty=certainty_of(event),
            author=by,
            originated=written.said if written is not None else None,
        )
        warning = self._bound(warning, kind, event)
        sign = self.signatures(rule, event.level)
        asked = event.unconfirmed and kind is Kind.WARNING  # what nobody can confirm goes out by nobody's word but a person's
        by_nobody = event.audience == "operators" or kind is Kind.EXPIRED  # who signed a warning signed how long it stands
        needed = 0 if by_nobody else max(sign.people, int(asked))
        ledger.propose(connection, warning, kind, event.audience, needed, at + sign.within)
        journal.write_message(connection, at, Step.PROPOSED, warning, kind=kind.value, to_sign=needed)
        if needed == 0:
            return self.issue(connection, life, rule, warning, kind, event, at)[0]
        publish(connection, warning, "proposed", at)
        return life

    def issue(
        self, connection: Connection, life: Life, rule: Rule, warning: Warning, kind: Kind, event: CompoundEvent, at: datetime
    ) -> tuple[Life, Warning]:
        """Let a message go out: intend it for each person, count anew who they are, publish it."""
        overtaken = intents.overtake(connection, warning.warning, warning.id)
        people = self._people(connection, life, rule, event, kind)
        reached = self._not_damped(people, kind, event, life, at)
        issued = self._for(connection, warning, reached).model_copy(
            update={
                "status": issued_status(kind),
                "issued": at,
                "expires": warning.expires if warning.originated is not None and kind not in ENDINGS else at + self._stands(rule, kind),
                "signatures": self._signatures(connection, life, warning, kind),
                "references": ledger.issued_ids(connection, warning.warning),
            }
        )
        level = life.level if kind in ENDINGS else issued.level
        ledger.went_out(connection, issued, level, at + self.country.facts.messaging.late_after)
        sent = intents.intend(connection, issued, 0 if kind in ENDINGS else int(issued.level), reached)
        if reached is not people:
            audience.keep_withheld(connection, issued.id, Unsent.DAMPED, audience.number(connection, people) - sent)
        journal.write_message(connection, at, Step.ISSUED, issued, kind=kind.value)
        self._note_unsent(connection, issued, overtaken + self._group(connection, issued, kind), at)
        publish(connection, issued, issued.status.value, at)
        if kind in ENDINGS:
            ledger.settle_left(connection, life.warning)
        return life.issued(kind, issued.level, at, issued.expires), issued

    def _signatures(self, connection: Connection, life: Life, warning: Warning, kind: Kind) -> tuple[Signature, ...]:
        """Who let a message go out; that its time has run out, those who signed how long it stands."""
        if kind is not Kind.EXPIRED:
            return ledger.signed(connection, warning.id)
        newest = ledger.newest_standing(connection, life)
        return newest[0].signatures if newest is not None else ()

    def counted_anew(self, connection: Connection, life: Life, rule: Rule, warning: Warning, kind: Kind, event: CompoundEvent) -> Warning:
        """A message that waits, as it would go out now: with the people and the cost of now, bound to sender, channel and audience of now,
        and with a text for whoever reads a language that it had none in."""
        people = self._people(connection, life, rule, event, kind)
        there = {text.language for text in warning.texts}
        counted = audience.by_language(connection, people)
        new = tuple(self._text(rule, kind, event, language, counted, warning.filled) for language in counted if language not in there)
        ledger.keep_texts(connection, warning.id, new)
        anew = self._for(connection, warning.model_copy(update={"texts": (*warning.texts, *new)}), people)
        return self._bound(anew, kind, event)

    def reach(self, connection: Connection, life: Life, rule: Rule, warning: Warning, kind: Kind, event: CompoundEvent) -> Reach:
        """Whom a message that waits would reach now, and whom not."""
        concerned = self._audience(connection, life, rule, event)
        people = self._people(connection, life, rule, event, kind)
        counted = audience.by_language(connection, people)
        place = self.country.places.areas[warning.area]
        there = reach.enrolled(connection, concerned.areas, concerned.group)
        smallest = self._smallest(warning.area) if warning.area not in there else ()  # who enrolled for the whole lives in any of them
        empty = tuple(area for area in smallest if not any(code in there for code in self.country.places.line(area)))
        living = [self.country.places.areas[area].population for area in empty]
        around = [code for code in self.country.places.line(warning.area) if code not in concerned.areas]
        return Reach(
            people=sum(counted.values()),
            enrolled=sum(there.values()),
            left=reach.left(connection, concerned.areas),
            population=place.population,
            not_written={language: number for language, number in counted.items() if self._is_foreign(rule, kind, language)},
            last=reach.last_told(connection, concerned.areas),
            empty=empty,
            within=len(smallest),
            empty_population=sum(number for number in living if number is not None) if living and None not in living else None,
            around=reach.enrolled(connection, around, concerned.group),
        )

    def variants(
        self, connection: Connection, life: Life, rule: Rule, warning: Warning, kind: Kind, event: CompoundEvent
    ) -> tuple[Variant, ...]:
        """The texts that a message that waits would go out with now, as they lie ready to be sent, each with how many would get it."""
        return variants.ready(connection, warning.id, self._people(connection, life, rule, event, kind))

    def _smallest(self, area: str) -> tuple[str, ...]:
        """The smallest areas that the country's files have inside one; none if it is one of those itself."""
        levels = (tuple(self.country.places.within(area, level)) for level in ("adm3", "adm2", "adm1"))
        return next((found for found in levels if found and found != (area,)), ())

    def _is_foreign(self, rule: Rule, kind: Kind, language: str) -> bool:
        """Whether who reads a language gets the text in another one; the same in other letters is none."""
        written = self.renderer.written_in(rule.text, kind, language)
        return written.partition("-")[0] != language.partition("-")[0]

    def correct(
        self,
        connection: Connection,
        life: Life,
        rule: Rule,
        event: CompoundEvent,
        area: str | None,
        level: Level | None,
        at: datetime,
        by: str,
    ) -> Life:
        """Propose a correction of what people were told last, for exactly those who were warned.

        Args:
            area, level: what is right, if it is another than the event's.
        """
        right = event.model_copy(update={"area": area or event.area, "level": level or life.level, "known": at})
        return self.propose(connection, life, rule, right, Kind.CORRECTION, Reason.CORRECTED, at, by)

    def tell_spared(self, connection: Connection, ended: Rule, area: str) -> int:
        """A warning has ended that spoke for lesser ones; who was spared one of those that still stands gets it now. Answers how many."""
        told = 0
        for life, name in ledger.standing_beside(connection, area, ""):
            rule = self.rules.get(name)
            if rule is not None and life.open and (name in ended.mutes or rule.text == ended.text):
                told += self.tell_who_joined(connection, life, rule, ledger.latest_event(connection, life.warning), everybody=True)
        return told

    def tell_who_joined(self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent, *, everybody: bool = False) -> int:
        """Who came to the area since the warning began gets its newest message, once; answers how many.

        Args:
            everybody: also who was there before, and had heard a greater warning that has ended meanwhile.
        """
        newest = ledger.newest_standing(connection, life)
        if newest is None:
            return 0
        warning = newest[0]
        people = audience.joined(self._audience(connection, life, rule, event), life.warning, None if everybody else life.began)
        signed = sorted(text.language for text in warning.texts)
        others = sum(number for language, number in audience.by_language(connection, people).items() if language not in signed)
        if others:
            text = (
                f"{others} people who came to {warning.area} read a language in which {warning.id} has no signed text; they are NOT told."
            )
            ledger.note(connection, f"no_text:{warning.id}:{others}", warning.proposed, "not_said", warning.warning, text)
        people = audience.who_read(people, signed)
        again = audience.intend_again(connection, people, warning.id)
        intents.recount(connection, warning.id)
        return again + intents.intend(connection, warning, int(warning.level), audience.without_message(people, warning.id))

    def anybody_joined(self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent) -> bool:
        """Whether `tell_who_joined` would tell anybody."""
        people = audience.joined(self._audience(connection, life, rule, event), life.warning, life.began)
        return connection.execute(people.limit(1)).first() is not None

    def withdraw(self, connection: Connection, message: str, at: datetime) -> None:
        """Take back a proposal that was overtaken before it was signed."""
        loaded = ledger.load_message(connection, message)
        if loaded is None:
            return
        taken = loaded[0].model_copy(update={"status": WarningStatus.WITHDRAWN, "reason": Reason.SUPERSEDED.value})
        ledger.settle(connection, taken, ledger.WITHDRAWN)
        journal.write_message(connection, at, Step.WITHDRAWN, taken)
        publish(connection, taken, "withdrawn", at)

    def _stands(self, rule: Rule, kind: Kind) -> timedelta:
        """How long a message stands: as long as the rule lets an event stand of which nothing more is heard."""
        return ENDING_STANDS if kind in ENDINGS else rule.ends.otherwise_after

    def _people(self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent, kind: Kind) -> Select[Any]:
        if kind in ENDINGS or kind is Kind.CORRECTION:
            return audience.told(life.warning)
        return audience.concerned(self._audience(connection, life, rule, event))

    def _not_damped(self, people: Select[Any], kind: Kind, event: CompoundEvent, life: Life, at: datetime) -> Select[Any]:
        """Those of them who are not spared an update because they had so many; a higher level spares nobody."""
        damping = self.country.facts.messaging.damping
        spares = kind in (Kind.UPDATE, Kind.STILL) and event.level <= life.level and event.audience == "public"
        return audience.not_damped(people, damping, at) if damping is not None and spares else people

    def _audience(self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent) -> Audience:
        group: Group = "operator" if event.audience == "operators" else "household"
        return Audience(self._areas(event), group, self._greater(connection, life, rule, event))

    def _greater(self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent) -> list[str]:
        """Warnings that speak for this one: of a rule that mutes its rule or has the same text, in an area around or inside its own, and
        no less grave."""
        found = []
        for other, name in ledger.standing_beside(connection, None, life.warning):
            its = self.rules.get(name)
            if its is not None and (rule.name in its.mutes or its.text == rule.text) and other.level >= event.level:
                found.append(other.warning)
        areas = ledger.areas_of(connection, found)
        around = set(self.country.places.line(event.area))
        return [w for w in found if areas[w] in around or event.area in self.country.places.line(areas[w])]

    def _group(self, connection: Connection, issued: Warning, kind: Kind) -> int:
        """Who gets this message does not get, beside it, that of a lesser warning of the same danger that waits to be sent."""
        rule = self.rules.get(issued.rule)
        if kind in ENDINGS or rule is None:
            return 0
        lesser = [
            life.warning
            for life, name in ledger.standing_beside(connection, issued.area, issued.warning)
            if name in rule.mutes and life.level <= issued.level
        ]
        return intents.group(connection, issued.id, lesser) if lesser else 0

    def _note_unsent(self, connection: Connection, issued: Warning, number: int, at: datetime) -> None:
        if number:
            text = f"{number} unsent messages were overtaken."
            ledger.note(connection, f"overtaken:{issued.id}", at, "overtaken", issued.warning, text)

    def _areas(self, event: CompoundEvent) -> list[str]:
        """The event's area and all inside it; people on duty also watch over the areas they lie in."""
        within = [code for level in ("adm1", "adm2", "adm3") for code in self.country.places.within(event.area, level)]
        around = list(self.country.places.line(event.area)) if event.audience == "operators" else []
        return list(dict.fromkeys([event.area, *within, *around]))

    def _languages(self, event: CompoundEvent, counted: Mapping[str, int]) -> list[str]:
        """All that anybody may come to read, so that each is signed: those of the place first, then what people read now, then the rest."""
        spoken = self.country.languages_of(event.area) if event.audience == "public" else {}
        known = [*(lang for lang in self.country.languages if lang in spoken), *spoken, *counted, *self.country.languages]
        return list(dict.fromkeys([*known, *(f"{tag}-Latn" for tag in known if f"{tag}-Latn" in languages())]))

    def _estimate(self, connection: Connection, texts: Sequence[RenderedText], people: Select[Any]) -> cost.Cost:
        needs = audience.by_need(connection, people) if any(text.for_needs for text in texts) else {}
        return cost.estimate(texts, self.country.facts.messaging.price, needs)

    def filled_anew(
        self,
        connection: Connection,
        life: Life,
        rule: Rule,
        warning: Warning,
        kind: Kind,
        event: CompoundEvent,
        filled: Mapping[str, str],
    ) -> Warning:
        """A message that waits with its slots filled otherwise, as it would go out now; nothing of it is kept.

        Args:
            event: what its texts say apart from the slots.
        """
        people = self._people(connection, life, rule, event, kind)
        counted = audience.by_language(connection, people)
        texts = tuple(self._text(rule, kind, event, text.language, counted, filled) for text in warning.texts)
        anew = warning.model_copy(update={"texts": texts, "filled": dict(filled)})
        return self._bound(self._for(connection, anew, people), kind, event)

    def _text(
        self, rule: Rule, kind: Kind, event: CompoundEvent, language: str, counted: Mapping[str, int], filled: Mapping[str, str] = NOTHING
    ) -> RenderedText:
        rendered = self.renderer.render(rule.text, kind, event, language, filled=filled)
        for_needs = self.renderer.for_needs(rule.text, kind, event, language, filled=filled)
        return RenderedText(
            language=language,
            area=event.area,
            body=rendered.body,
            encoding=rendered.size.encoding,
            segments=rendered.size.segments,
            reviewed=rendered.reviewed,
            recipients=counted.get(language, 0),
            for_needs=tuple(NeedText(need=need, body=said.body, segments=said.size.segments) for need, said in for_needs.items()),
        )

    def _for(self, connection: Connection, warning: Warning, people: Select[Any]) -> Warning:
        """A message with the number of these people in each language, and what it costs to reach them."""
        counted = audience.by_language(connection, people)
        texts = tuple(text.model_copy(update={"recipients": counted.get(text.language, 0)}) for text in warning.texts)
        estimate = self._estimate(connection, texts, people)
        numbers = {"recipients": estimate.recipients, "segments": estimate.segments, "cost": estimate.amount}
        return warning.model_copy(update={"texts": texts, **numbers})

    def _bound(self, warning: Warning, kind: Kind, event: CompoundEvent) -> Warning:
        group = "operator" if event.audience == "operators" else "household"
        return approvals.bind(warning, kind, group, self._areas(event), self.country.facts.messaging)


def certainty_of(event: CompoundEvent) -> Literal["observed", "likely", "possible"]:
    """How far what an event rests on is known: not to be confirmed now, foreseen (a reading is of a time still to come), or read."""
    if event.unconfirmed or event.truth is Truth.UNKNOWN:
        return "possible"
    foreseen = event.since > event.known or any(reading.end > event.known for reading in _readings(event.evidence))
    return "likely" if foreseen else "observed"


def _readings(evidence: Evidence) -> Iterator[Reading]:
    yield from evidence.readings
    for part in evidence.parts:
        yield from _readings(part)


def publish(connection: Connection, warning: Warning, step: str, at: datetime) -> None:
    """Put a message's newest content into the outbox; the record's id is made of message and step."""
    ledger.to_publish(connection, output_record(warning, f"warning:{warning.id}:{step}", at))


def waiting(log: EventLog) -> int:
    """How many messages of warnings wait for signatures, by what was published of them."""
    newest: dict[str, WarningStatus] = {}
    for stored in log.read(WARNINGS.name):
        warning = read_output(stored.record)
        if isinstance(warning, Warning):
            newest[warning.id] = warning.status
    return sum(status in (WarningStatus.PROPOSED, WarningStatus.ESCALATED) for status in newest.values())
