"""Takes in what providers call us with: at once what must not wait (a leave, a return, a receipt), the rest a little later.

A message is kept before the provider is answered, so that nothing is lost by an end of the process; what follows from it is done once,
whoever does it. That we listen is said on the log every few minutes: a rule on reports must know silence from calm.
"""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from alerts import intents, ledger
from alerts.channels.contract import Receipt
from alerts.duty_words import Duty
from alerts.listening.answering import Answering, Moment
from alerts.listening.inbound import Inbound, Pressed
from alerts.listening.inbox import FAILED
from alerts.listening.keywords import Meaning, place_words, vocabulary
from alerts.listening.understanding import Said, understood
from alerts.people import subscribers as people
from alerts.previews import asked
from alerts.receipts import Taken, record_receipt
from alerts.registry import Registry
from alerts.rendering import Renderer
from alerts.roster import telephone_codes, wakings
from alerts.roster.wording import Wording
from alerts.tables import inbox, inbox_payloads
from alerts.texts import SOURCE_LANGUAGE
from eventlog.log import EventLog
from schemas import community_reports
from schemas.country_files import LoadedCountry
from schemas.envelopes import input_record
from schemas.errors import ConfigurationError
from schemas.inputs import Heartbeat

BATCH = 200
AWAKE = "awake"
"""The outcome of an officer's answer to what they are woken for."""


class Listener:
    """One for each country.

    Args:
        clock: the country's time; a case's clock may give it. wall_clock: that of providers.
    """

    def __init__(
        self,
        log: EventLog,
        registry: Registry,
        country: LoadedCountry,
        *,
        clock: Callable[[], datetime] = lambda: datetime.now(UTC),
        wall_clock: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._log = log
        self._registry = registry
        self._country = country
        self._clock = clock
        self._wall = wall_clock
        self._places = place_words(country.places)
        self._known = vocabulary()
        self._answering = Answering(country, Renderer(country, exercise=registry.exercise), registry.keys, self._known)
        self._wording = Wording(country, exercise=registry.exercise)
        self._said_listening: datetime | None = None

    def receive(self, message: Inbound) -> None:
        """Keep a message, and let a leave or a return take effect in the same transaction. A repetition changes nothing."""
        now = self._clock()
        said = self._understood(message)
        with self._registry.people() as connection:
            if connection.execute(select(inbox.c.place).where(inbox.c.id == message.id)).first() is not None:
                return
            connection.execute(insert(inbox).values(id=message.id, at=now, outcome=""))
            keys = self._registry.keys
            connection.execute(
                insert(inbox_payloads).values(
                    id=message.id,
                    at=now,
                    number_index=keys.index(message.number),
                    number=keys.encrypt(message.number),
                    body=keys.encrypt(message.body),
                    opt_out=message.opt_out,
                )
            )
            if said.meaning is Meaning.STOP or message.opt_out == "STOP":
                self._leave(connection, message.number, now)
            elif said.meaning is Meaning.START or message.opt_out == "START":
                people.start(connection, keys.indexes(message.number), now)

    def means(self, message: Inbound) -> Meaning:
        """What a message is taken for."""
        return self._understood(message).meaning

    def receipt(self, receipt: Receipt) -> None:
        """Take in what a provider says of a message of ours."""
        with self._registry.begin() as connection:
            if record_receipt(connection, receipt, self._wall(), self._clock()) is not Taken.NOT_OURS:
                return
            if not asked.received(connection, receipt, self._clock()):
                telephone_codes.received(connection, receipt)

    def woken(self, reference: str, *, awake: bool) -> Pressed:
        """An officer who was called pressed a key, perhaps the one that says that they are awake."""
        with self._registry.acting() as connection:
            known = wakings.spoken_in(connection, reference)
            noted = awake and wakings.pressed(connection, self._country.code, reference, self._clock())
        language = known or SOURCE_LANGUAGE
        words = self._wording.beside_the_call(Duty.CALL_NOTED if noted else Duty.CALL_NOT_TAKEN, language)
        return Pressed(words, language, ours=bool(known))

    def process(self, now: datetime) -> int:
        """Answer what came in and was not answered yet, oldest first, and say on the log that we listen; answers how many messages."""
        with self._registry.reading() as connection:
            query = select(inbox.c.id).where(inbox.c.handled_at.is_(None)).order_by(inbox.c.place).limit(BATCH)
            waiting = list(connection.execute(query).scalars())
        for identity in waiting:
            self._handle(identity, now)
        self._say_that_we_listen(now)
        self._publish()
        return len(waiting)

    def _understood(self, message: Inbound) -> Said:
        return understood(message.body, self._places, self._known)

    def _leave(self, connection: Connection, number: str, now: datetime) -> None:
        """From here on nothing more is sent to the number, what was queued included."""
        keys = self._registry.keys
        people.stop(connection, keys, number, now, "stop")
        person = people.find(connection, keys.indexes(number))
        if person is not None:
            intents.drop_left(connection, person.id)

    def _handle(self, identity: str, now: datetime) -> None:
        with self._registry.people() as connection:
            query = select(inbox_payloads).join(inbox, inbox.c.id == inbox_payloads.c.id)
            row = connection.execute(query.where(inbox.c.id == identity, inbox.c.handled_at.is_(None))).first()
            outcome = FAILED
            if row is not None:
                outcome = self._outcome(connection, row, Moment(now, self._wall(), row.at))
            done = update(inbox).where(inbox.c.id == identity, inbox.c.handled_at.is_(None))
            connection.execute(done.values(handled_at=now, outcome=outcome))

    def _outcome(self, connection: Connection, row: Any, at: Moment) -> str:
        keys = self._registry.keys
        try:
            message = Inbound(row.id, keys.decrypt(row.number), keys.decrypt(row.body), row.opt_out)
            if wakings.answered(connection, keys, self._country.code, message.number, message.body, at.now):
                return AWAKE
            with connection.begin_nested():
                return self._answering.answer(connection, message, self._understood(message), at)
        except ConfigurationError as error:
            text = f"A message could not be answered: {error} `polyrisk inbox read {row.id}` shows it."
            ledger.note(connection, f"inbox:{row.id}", at.now, FAILED, "", text)
            return FAILED

    def _say_that_we_listen(self, now: datetime) -> None:
        if self._country.facts.reports is None:
            return
        if self._said_listening is not None and now - self._said_listening < community_reports.FACTS.every:
            return
        beat = Heartbeat(feed=community_reports.FEED, received=now, delivery="", new=False, rows=0, quarantined=0)
        with self._registry.begin() as connection:
            ledger.to_publish(connection, input_record(self._country.shard, beat))
        self._said_listening = now

    def _publish(self) -> None:
        """Hand the log what waits; ids make a repetition, by us or by the alert service, harmless."""
        with self._registry.reading() as connection:
            waiting = ledger.unpublished(connection)
        if waiting:
            self._log.append(waiting)
            with self._registry.begin() as connection:
                ledger.mark_published(connection, waiting)
