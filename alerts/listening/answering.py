"""What follows from a message, in one transaction: the person's wish is carried out, the answer intended, people on duty told.

Each message is answered once: understood, or not understood with one example. What nobody can be sure of is never guessed at: it goes to a
person. Nothing that is noted or published says more of who wrote than the registry's id.
"""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Connection

from alerts import ledger
from alerts.listening import acknowledgements, replies, reports
from alerts.listening.acknowledgements import LastHeard
from alerts.listening.inbound import Inbound
from alerts.listening.keywords import Meaning, ReportKind, Vocabulary, squashed
from alerts.listening.understanding import Said
from alerts.people import subscribers as people
from alerts.people.keys import Keys
from alerts.people.person import Consent, Enrolment
from alerts.people.welcome import is_told, owe
from alerts.rendering import Renderer, place_name
from alerts.texts import Service
from schemas.country_files import LoadedCountry
from schemas.envelopes import reading_record
from schemas.warning_records import Answer

TOO_MANY, STRANGER, TRAINING = "too_many", "stranger", "training"
"""Outcomes beside the meanings: a machine that writes without end, somebody who is not enrolled, a report that does not count."""
_ANSWERS = {Meaning.SAFE: Answer.SAFE, Meaning.NEED_HELP: Answer.NEED_HELP}
_BY_THE_PERSON = "the person, by SMS"


@dataclass(frozen=True)
class Moment:
    """now: the country's time. wall: that of messages sent. received: when the message came in, by the country's time."""

    now: datetime
    wall: datetime
    received: datetime


@dataclass(frozen=True)
class _Case:
    """One message of somebody who is enrolled and did not leave."""

    connection: Connection
    message: Inbound
    person: Any
    said: Said
    heard: LastHeard | None
    at: Moment


class Answering:
    """Carries out what messages to one country ask for, inside the caller's transaction (`Registry.people`)."""

    def __init__(self, country: LoadedCountry, renderer: Renderer, keys: Keys, known: Vocabulary) -> None:
        self._country = country
        self._renderer = renderer
        self._keys = keys
        self._known = known

    def answer(self, connection: Connection, message: Inbound, said: Said, at: Moment) -> str:
        """What became of a message, as one word of a closed set."""
        indexes = self._keys.indexes(message.number)
        person = people.find(connection, indexes)
        if said.meaning is Meaning.STOP or message.opt_out == "STOP":
            return self._left(connection, message, person, at)
        if said.meaning is Meaning.JOIN:
            return self._join(connection, message, person, said, at)
        if person is None or person.status != people.ACTIVE:
            return self._stranger(connection, at)
        if said.meaning is Meaning.START or message.opt_out == "START":
            return self._say(connection, message, person, Service.RETURNED, Meaning.START, at)
        if replies.too_many(connection, person.id, at.now):
            text = f"{person.id} in {self._place(person.area)} writes without end and is answered no more for an hour."
            ledger.note(connection, f"too_many:{person.id}:{at.now:%Y%m%d%H}", at.now, TOO_MANY, "", text)
            return TOO_MANY
        heard = acknowledgements.last_heard(connection, person.id, at.wall)
        return self._of_the_enrolled(_Case(connection, message, person, said, heard, at))

    def _of_the_enrolled(self, case: _Case) -> str:
        does: dict[Meaning, Callable[[_Case], str]] = {
            Meaning.HELP: self._help,
            Meaning.AREA: self._move,
            Meaning.LANGUAGE: self._language,
            Meaning.LATIN_LETTERS: self._letters,
            Meaning.OWN_LETTERS: self._letters,
            Meaning.SAFE: self._acknowledge,
            Meaning.NEED_HELP: self._acknowledge,
            Meaning.REPORT: self._report,
        }
        return does.get(case.said.meaning, self._unsure)(case)

    def _left(self, connection: Connection, message: Inbound, person: Any, at: Moment) -> str:
        """The leave itself was taken when the message came in; this is its receipt. Where the provider has said it, we say nothing."""
        left = person is not None and person.status != people.ACTIVE  # else they came back before we could answer
        if left and message.opt_out != "STOP" and not replies.said_goodbye(connection, person.id, at.now):
            text = self._renderer.service(Service.LEFT, replies.language_of(person), area=person.area)
            replies.intend(connection, message.id, person, text, at.now, goodbye=True)
        return Meaning.STOP.value

    def _join(self, connection: Connection, message: Inbound, person: Any, said: Said, at: Moment) -> str:
        """Somebody asks to be warned at a place. Who is enrolled already moves there. While the country sends to nobody, the answer is
        owed."""
        people.start(connection, self._keys.indexes(message.number), at.now)
        if person is not None:
            people.change(connection, self._keys.indexes(message.number), at.now, area=said.place)
            kind = Service.AREA_CHANGED if person.status == people.ACTIVE else Service.RETURNED
        else:
            consent = Consent(at.now, "join-by-sms", _BY_THE_PERSON)
            enrolment = Enrolment(message.number, said.place, self._language_of(message.body, said.place), "household", consent)
            name = people.put(connection, self._keys, enrolment, at.now)
            if not is_told(self._country, message.number):
                owe(connection, [name])
                return Meaning.JOIN.value
            kind = Service.ENROLLED
        known = people.find(connection, self._keys.indexes(message.number))
        return self._say(connection, message, known, kind, Meaning.JOIN, at)

    def _language_of(self, body: str, area: str) -> str:
        """The language in which somebody asked to join, if the country has it, else the one that most people of the area read."""
        word = squashed(body)
        spoken = list(self._country.languages_of(area))
        wrote = [
            tag
            for tag in dict.fromkeys((*spoken, *self._country.languages))
            if tag in self._known.by_language and any(word.startswith(squashed(join)) for join in self._known.by_language[tag].join)
        ]
        return (wrote or spoken)[0]

    def _stranger(self, connection: Connection, at: Moment) -> str:
        """Nobody who is enrolled: we may not write to them, and people on duty learn that somebody tried, once a day."""
        text = "Messages came from numbers that are not enrolled; they are not answered. `polyrisk inbox` shows them."
        ledger.note(connection, f"{STRANGER}:{at.now:%Y-%m-%d}", at.now, STRANGER, "", text)
        return STRANGER

    def _help(self, case: _Case) -> str:
        """The word asks how this works; under a warning it may also be a cry, so people on duty hear of it."""
        if case.heard is not None:
            self._tell_duty(case, f"wrote HELP after {case.heard.message}: it may be a question or a cry.")
        return self._answered(case, Service.HELP)

    def _move(self, case: _Case) -> str:
        people.change(case.connection, self._keys.indexes(case.message.number), case.at.now, area=case.said.place)
        return self._answered(case, Service.AREA_CHANGED)

    def _language(self, case: _Case) -> str:
        if case.said.language not in self._country.languages:
            return self._unsure(case)
        values = {"language": case.said.language}
        people.change(case.connection, self._keys.indexes(case.message.number), case.at.now, **values)
        return self._answered(case, Service.LANGUAGE_CHANGED)

    def _letters(self, case: _Case) -> str:
        on = case.said.meaning is Meaning.LATIN_LETTERS
        people.change(case.connection, self._keys.indexes(case.message.number), case.at.now, romanised=on)
        return self._answered(case, Service.LANGUAGE_CHANGED)

    def _acknowledge(self, case: _Case) -> str:
        """An answer to the last message that they got; without one, nobody knows what it answers."""
        if case.heard is None:
            return self._unsure(case)
        answer = _ANSWERS[case.said.meaning]
        acknowledgements.keep(case.connection, case.heard, case.person.id, answer, case.at.now)
        acknowledgements.publish(case.connection, case.heard.message, self._country.shard, case.at.now)
        if answer is Answer.NEED_HELP:
            exercise = " (EXERCISE)" if case.heard.exercise else ""
            self._tell_duty(case, f"answered to {case.heard.message} that they need help{exercise}.")
        return self._answered(case, Service.SAFE_NOTED if answer is Answer.SAFE else Service.HELP_NOTED)

    def _report(self, case: _Case) -> str:
        """A report becomes a reading, unless it is training; the answer says what was understood."""
        said, kind = case.said, case.said.report or ReportKind.WATER_IN_HOUSES
        area = said.place or case.person.area
        training = said.drill or (case.heard is not None and case.heard.exercise)
        if not training:
            self._observe(case, kind, area)
        language = replies.language_of(case.person)
        understood = f"{self._word(kind, language)} {said.count}, {place_name(self._country, area, language.partition('-')[0])}"
        service = Service.REPORT_TRAINING if training else Service.REPORT_UNDERSTOOD
        text = self._renderer.service(service, language, area=area, report=understood, exercise=training)
        replies.intend(case.connection, case.message.id, case.person, text, case.at.now)
        return TRAINING if training else Meaning.REPORT.value

    def _observe(self, case: _Case, kind: ReportKind, area: str) -> None:
        person, at = case.person, case.at
        voice = reports.voice_of(case.connection, self._country, area, person.id, at.received)
        if voice is None:
            what = f"{kind.value.replace('_', ' ')}: {case.said.count}"
            self._tell_duty(case, f"reported {what} in {self._place(area)}, where no rule counts reports.")
            return
        reading = reports.reading_of(self._keys, case.message.id, voice, kind, case.said.count, person.group, at.received)
        ledger.to_publish(case.connection, reading_record(self._country.shard, reading, at.now))

    def _unsure(self, case: _Case) -> str:
        """Not understood: the person gets one example, and a person on duty reads it."""
        self._tell_duty(case, f"wrote something that was not understood: `polyrisk inbox read {case.message.id}`.")
        return self._answered(case, Service.NOT_UNDERSTOOD, Meaning.UNSURE)

    def _answered(self, case: _Case, kind: Service, outcome: Meaning | None = None) -> str:
        known = people.find(case.connection, self._keys.indexes(case.message.number))
        if kind is Service.NOT_UNDERSTOOD and case.said.like is Meaning.REPORT:
            kind = Service.REPORT_NOT_UNDERSTOOD
        return self._say(case.connection, case.message, known, kind, outcome or case.said.meaning, case.at)

    def _say(self, connection: Connection, message: Inbound, person: Any, kind: Service, outcome: Meaning, at: Moment) -> str:
        if message.opt_out != outcome.name:  # else the provider has answered it
            language = replies.language_of(person)
            example = f"{self._word(ReportKind.WATER_IN_HOUSES, language)} 2"
            text = self._renderer.service(kind, language, area=person.area, example=example)
            replies.intend(connection, message.id, person, text, at.now)
        return outcome.value

    def _word(self, kind: ReportKind, language: str) -> str:
        """How a report of a kind begins in a language, in Latin letters for one that is written in them."""
        tag, _, script = language.partition("-")
        words = self._known.by_language.get(tag, self._known.by_language["en"]).reports[kind]
        return words[-1] if script else words[0]

    def _tell_duty(self, case: _Case, what: str) -> None:
        text = f"{case.person.id} ({case.person.group}) in {self._place(case.person.area)} {what}"
        warning = case.heard.warning if case.heard is not None else ""
        ledger.note(case.connection, f"inbox:{case.message.id}", case.at.now, case.said.meaning.value, warning, text)

    def _place(self, area: str) -> str:
        return f"{place_name(self._country, area, 'en')} ({area})"
