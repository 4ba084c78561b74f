"""A decision turned into a message with texts, recipients, segments and cost: first proposed, then, once signed, issued."""

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Literal

from sqlalchemy import Connection, insert

from alerts import cost, intents, ledger
from alerts.life import ENDINGS, Life, Reason, issued_status, message_type
from alerts.registry import Group, counts
from alerts.rendering import Renderer
from alerts.tables import bodies
from alerts.texts import Kind
from eventlog.log import EventLog
from schemas.configuration import Rule, Sign
from schemas.country_files import LoadedCountry
from schemas.envelopes import output_record, read_output
from schemas.levels import Level, Truth
from schemas.records import CompoundEvent, Evidence, Reading, RenderedText, Warning, WarningStatus
from schemas.topics import WARNINGS

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

    def signatures(self, rule: Rule | None, level: Level) -> Sign:
        """What must be signed: the stricter of the rule's and the country's table; of a rule that is no more, what the table says."""
        table = self.country.facts.signatures(level)
        if rule is None:
            return table
        return Sign(people=max(rule.sign.people, table.people), within=min(rule.sign.within, table.within))

    def propose(
        self, connection: Connection, life: Life, rule: Rule, event: CompoundEvent, kind: Kind, reason: Reason, at: datetime
    ) -> Life:
        """Propose a message, or issue it at once if nobody must sign: then it concerns the people on duty alone."""
        number = life.messages + 1
        life = replace(life, messages=number)
        counted = self._counted(connection, life, event, kind)
        texts = tuple(self._text(rule, kind, event, language, counted) for language in self._languages(event, counted))
        estimate = cost.estimate(texts, self.country.facts.messaging.price)
        warning = Warning(
            id=f"{life.warning}.{number}",
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
            expires=at + self._stands(rule, kind),
            texts=texts,
            recipients=estimate.recipients,
            segments=estimate.segments,
            cost=estimate.amount,
            currency=estimate.currency,
            configuration=event.configuration,
            audience=event.audience,
            standing=self.country.facts.speaks,
            certainty=certainty_of(event),
        )
        sign = self.signatures(rule, event.level)
        asked = event.unconfirmed and kind is Kind.WARNING  # what nobody can confirm goes out by nobody's word but a person's
        people = 0 if event.audience == "operators" else max(sign.people, int(asked))
        ledger.propose(connection, warning, kind, event.audience, people, at + sign.within)
        if people == 0:
            return self.issue(connection, life, rule, warning, kind, event, at)[0]
        publish(connection, warning, "proposed", at)
        return life

    def issue(
        self, connection: Connection, life: Life, rule: Rule, warning: Warning, kind: Kind, event: CompoundEvent, at: datetime
    ) -> tuple[Life, Warning]:
        """Let a message go out: intend it for each person, count anew who they are, publish it."""
        overtaken = intents.overtake(connection, warning.warning, warning.id)
        counted = self._counted(connection, life, event, kind)
        texts = self._recounted(connection, rule, kind, event, warning, counted)
        estimate = cost.estimate(texts, self.country.facts.messaging.price)
        issued = warning.model_copy(
            update={
                "status": issued_status(kind),
                "issued": at,
                "expires": at + self._stands(rule, kind),
                "texts": texts,
                "recipients": estimate.recipients,
                "segments": estimate.segments,
                "cost": estimate.amount,
                "signatures": ledger.signed(connection, warning.id),
                "references": ledger.issued_ids(connection, warning.warning),
            }
        )
        ledger.settle(connection, issued, ledger.ISSUED)
        self._intend(connection, issued, kind, event)
        if overtaken:
            ledger.note(
                connection, f"overtaken:{issued.id}", at, "overtaken", issued.warning, f"{overtaken} unsent messages were overtaken."
            )
        publish(connection, issued, issued.status.value, at)
        ended = kind in ENDINGS
        return replace(life, told=not ended, level=issued.level, last_issued=at, expires=None if ended else issued.expires), issued

    def withdraw(self, connection: Connection, message: str, at: datetime) -> None:
        """Take back a proposal that was overtaken before it was signed."""
        loaded = ledger.load_message(connection, message)
        if loaded is None:
            return
        taken = loaded[0].model_copy(update={"status": WarningStatus.WITHDRAWN, "reason": Reason.SUPERSEDED.value})
        ledger.settle(connection, taken, ledger.WITHDRAWN)
        publish(connection, taken, "withdrawn", at)

    def _stands(self, rule: Rule, kind: Kind) -> timedelta:
        """How long a message stands: as long as the rule lets an event stand of which nothing more is heard."""
        return ENDING_STANDS if kind in ENDINGS else rule.ends.otherwise_after

    def _counted(self, connection: Connection, life: Life, event: CompoundEvent, kind: Kind) -> Mapping[str, int]:
        if kind in ENDINGS:
            return intents.count_told(connection, life.warning)
        return counts(connection, self._areas(event), self._group(event))

    def _intend(self, connection: Connection, warning: Warning, kind: Kind, event: CompoundEvent) -> None:
        if kind in ENDINGS:
            intents.intend_for_told(connection, warning, 0)
        else:
            intents.intend_for_audience(connection, warning, int(warning.level), self._areas(event), self._group(event))

    def _group(self, event: CompoundEvent) -> Group:
        return "operator" if event.audience == "operators" else "household"

    def _areas(self, event: CompoundEvent) -> list[str]:
        """The event's area and all inside it; people on duty also watch over the areas they lie in."""
        within = [code for level in ("adm1", "adm2", "adm3") for code in self.country.places.within(event.area, level)]
        around = list(self.country.places.line(event.area)) if event.audience == "operators" else []
        return list(dict.fromkeys([event.area, *within, *around]))

    def _languages(self, event: CompoundEvent, counted: Mapping[str, int]) -> list[str]:
        spoken = self.country.languages_of(event.area) if event.audience == "public" else {}
        return list(
            dict.fromkeys(
                [*(lang for lang in self.country.languages if lang in spoken or event.audience == "operators"), *spoken, *counted]
            )
        )

    def _text(self, rule: Rule, kind: Kind, event: CompoundEvent, language: str, counted: Mapping[str, int]) -> RenderedText:
        rendered = self.renderer.render(rule.text, kind, event, language)
        return RenderedText(
            language=language,
            area=event.area,
            body=rendered.body,
            encoding=rendered.size.encoding,
            segments=rendered.size.segments,
            reviewed=rendered.reviewed,
            recipients=counted.get(language, 0),
        )

    def _recounted(
        self, connection: Connection, rule: Rule, kind: Kind, event: CompoundEvent, warning: Warning, counted: Mapping[str, int]
    ) -> tuple[RenderedText, ...]:
        """The texts that were signed, with today's recipients; a language that nobody read then is added."""
        signed = {text.language: text.model_copy(update={"recipients": counted.get(text.language, 0)}) for text in warning.texts}
        new = [self._text(rule, kind, event, language, counted) for language in counted if language not in signed]
        for text in new:
            row = {"message": warning.id, "language": text.language, "body": text.body, "segments": text.segments}
            connection.execute(insert(bodies).values(**row))
        return (*signed.values(), *new)


def certainty_of(event: CompoundEvent) -> Literal["observed", "likely", "possible"]:
    """How far what an event rests on is known: not to be confirmed now, foreseen (a reading is of a time still to come), or read."""
    if event.unconfirmed or event.truth is Truth.UNKNOWN:
        return "possible"
    return "likely" if any(reading.end > event.known for reading in _readings(event.evidence)) else "observed"


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
