"""The first text to somebody whom an office enrolled: that they are on the list, what they will get, and how to leave.

It is queued in the very transaction that adds the person, so it goes to each once, however often a file is imported or killed in the
middle, and it is sent by the dispatcher like everything else. Who joins by a message of their own is answered instead.

While the country sends to nobody the text would be refused and lost. It is then owed, noted in the same transaction, and queued once by
`welcome_owed` when the country sends.
"""

import hashlib
import secrets
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from functools import cached_property
from typing import Any

from sqlalchemy import ColumnElement, Connection, func, insert, select, true, update

from alerts.intents import SERVICE
from alerts.listening.replies import language_of
from alerts.people import numbers
from alerts.people.person import Enrolment
from alerts.people.subscribers import ACTIVE
from alerts.quiet_hours import wait_until
from alerts.registry import Registry
from alerts.rendering import Rendered, Renderer
from alerts.tables import bodies, messages, subscribers, warnings
from alerts.texts import Kind, Service
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError
from schemas.levels import Level
from schemas.warning_records import MessageState

WORTH_SENDING = timedelta(days=7)
"""A large file goes out behind every warning, and through a slow sender for days."""
_CHUNK = 2_000
"""People whose owed text is queued at once: a dispatcher on the same database waits no longer than for these."""


def is_told(country: LoadedCountry, number: str) -> bool:
    """Whether a text would go to a number now: the country sends, or it belongs to nobody."""
    return country.facts.sends or numbers.is_synthetic(number)


def owe(connection: Connection, people: Sequence[str]) -> None:
    """Note that people, by the registry's ids, are to be told later that they are enrolled."""
    connection.execute(update(subscribers).where(subscribers.c.id.in_(people)).values(owed_welcome=True))


def owed(connection: Connection) -> int:
    """How many active people were never told that they are enrolled."""
    return int(connection.execute(select(func.count()).select_from(subscribers).where(_owed())).scalar_one())


def welcome_owed(registry: Registry, country: LoadedCountry, now: datetime, progress: Callable[[int], None] = lambda _: None) -> int:
    """Queue the first text for all to whom it is owed; answers how many. Killed in the middle it may be run again.

    Args:
        progress: is told how many are done.

    Raises:
        RefusedError: the country still sends to nobody. ConfigurationError: no language of the country has the text.
    """
    if not country.facts.sends:
        what = f"{country.name} sends to nobody yet: its standing is {country.facts.standing}."
        raise RefusedError(what, remedy="Once messages may go out, and country.yaml says `standing: warning`, run this again.")
    welcome, done = Welcome(country, now), 0
    while True:
        with registry.people() as connection:
            rows = connection.execute(select(subscribers).where(_owed()).order_by(subscribers.c.id).limit(_CHUNK)).all()
            if not rows:
                return done
            welcome.queue(connection, [(row.id, row) for row in rows])
            told = subscribers.c.id.in_([row.id for row in rows])
            connection.execute(update(subscribers).where(told).values(owed_welcome=False))
        done += len(rows)
        progress(done)


def _owed() -> ColumnElement[bool]:
    return (subscribers.c.owed_welcome == true()) & (subscribers.c.status == ACTIVE)


class Welcome:
    """Queues the first text of people who are enrolled at one moment: of each area one message, with its languages.

    Args:
        at: when they are enrolled.
    """

    def __init__(self, country: LoadedCountry, at: datetime) -> None:
        self._country = country
        self._at = at
        self._own = secrets.token_hex(8)  # two offices may enrol at one moment
        self._texts: dict[tuple[str, str], Rendered] = {}
        self._made: set[str] = set()
        self._kept: set[tuple[str, str]] = set()

    @cached_property
    def _renderer(self) -> Renderer:
        """Made when the first text is asked for: a dry run reads no texts."""
        return Renderer(self._country)

    def tell(self, connection: Connection, added: Sequence[tuple[str, Enrolment]]) -> None:
        """Intend it for people who were added just now, each with the registry's id; to whom nothing goes out yet, it is owed.

        Raises:
            ConfigurationError: no language of the country has the text.
        """
        now = [(name, person) for name, person in added if is_told(self._country, person.number)]
        later = [name for name, person in added if not is_told(self._country, person.number)]
        if now:
            self.queue(connection, now)
        if later:
            owe(connection, later)

    def queue(self, connection: Connection, added: Sequence[tuple[str, Any]]) -> None:
        """Intend it for people, each the registry's id and what is said of them: an `Enrolment`, or a row of the table.

        Raises:
            ConfigurationError: no language of the country has the text.
        """
        rows = []
        for name, person in added:
            text = self._text(person.area, language_of(person))
            rows.append(_row(self._message(connection, person.area, text), name, person.area, text.language))
        connection.execute(insert(messages), rows)

    def _message(self, connection: Connection, area: str, text: Rendered) -> str:
        """The message of an area, made with its text if it is not there."""
        first = f"r{hashlib.sha256(f'welcome {area} {self._own}'.encode()).hexdigest()[:24]}"
        message = f"{first}.1"
        if message not in self._made:
            self._made.add(message)
            connection.execute(insert(warnings).values(self._values(message, first, area)))
        if (message, text.language) not in self._kept:
            self._kept.add((message, text.language))
            said = {"message": message, "language": text.language, "body": text.body, "segments": text.size.segments}
            connection.execute(insert(bodies).values(**said))
        return message

    def _values(self, message: str, warning: str, area: str) -> dict[str, object]:
        hours = self._country.facts.messaging.quiet_hours
        return {
            "id": message,
            "warning": warning,
            "number": 1,
            "kind": Kind.STILL.value,
            "audience": "one",
            "area": area,
            "stage": SERVICE,
            "content": "",
            "expires": self._at + WORTH_SENDING,
            "people": 0,
            "escalations": 0,
            "wait_until": wait_until(hours, self._country.zone_of(area), Level.GREEN, self._at),
        }

    def _text(self, area: str, language: str) -> Rendered:
        if (area, language) not in self._texts:
            self._texts[area, language] = self._renderer.service(Service.ENROLLED, language, area=area)
        return self._texts[area, language]


def _row(message: str, subscriber: str, area: str, language: str) -> dict[str, object]:
    fixed = {"priority": 0, "state": MessageState.INTENDED.value, "attempts": 0, "refusal": "", "possibly_doubled": False}
    return {"message": message, "subscriber": subscriber, "language": language, "area": area, **fixed}
