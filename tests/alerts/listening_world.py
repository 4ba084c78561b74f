"""A country with a registry and a listener, and people who write to it."""

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from alert_places import START
from sqlalchemy import select

from alerts.listening.inbound import Inbound, inbound
from alerts.listening.listener import Listener
from alerts.people.person import Consent, Enrolment, Group
from alerts.registry import Registry
from alerts.tables import bodies, inbox, messages, notices, subscribers, warnings
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry

CONSENT = Consent(START, "v1", "a volunteer")


@dataclass
class World:
    """What a test of listening looks at."""

    log: EventLog
    registry: Registry
    country: LoadedCountry
    now: datetime = START
    serial: int = 0
    listener: Listener = field(init=False)

    def __post_init__(self) -> None:
        self.listener = Listener(self.log, self.registry, self.country, clock=lambda: self.now, wall_clock=lambda: self.now)

    def person(self, number: str, area: str = "LK2157", language: str = "en", group: Group = "household") -> str:
        """Somebody of the invented range; answers their id."""
        made_up = f"p{number[-4:]}"
        self.registry.enrol_synthetic([(made_up, Enrolment(number, area, language, group, CONSENT))])
        return made_up

    def message(self, number: str, body: str, opt_out: str = "") -> Inbound:
        """A message as a provider brings it, with an id of its own."""
        self.serial += 1
        made = inbound("twilio_sms", f"SM{self.serial:032x}", number, body, opt_out)
        assert made is not None
        return made

    def write(self, number: str, body: str, opt_out: str = "") -> str:
        """Somebody writes and is answered; answers what became of it."""
        message = self.message(number, body, opt_out)
        self.listener.receive(message)
        self.listener.process(self.now)
        return self.outcome(message)

    def outcome(self, message: Inbound) -> str:
        """What became of a message."""
        with self.registry.reading() as connection:
            return str(connection.execute(select(inbox.c.outcome).where(inbox.c.id == message.id)).scalar_one())

    def later(self, **span: float) -> None:
        """Time passes."""
        self.now += timedelta(**span)

    def replies(self, person: str) -> list[tuple[str, str]]:
        """State and words of all that was said to a person alone, oldest first."""
        query = select(messages.c.state, bodies.c.body).join(bodies, bodies.c.message == messages.c.message)
        query = query.join(warnings, warnings.c.id == messages.c.message).where(warnings.c.stage.in_(("service", "goodbye")))
        with self.registry.reading() as connection:
            rows = connection.execute(query.where(messages.c.subscriber == person).order_by(warnings.c.expires, warnings.c.id)).all()
        return [(row.state, row.body) for row in rows]

    def row(self, person: str) -> Any:
        """A person as the registry has them."""
        with self.registry.reading() as connection:
            return connection.execute(select(subscribers).where(subscribers.c.id == person)).one()

    def notices(self) -> list[tuple[str, str]]:
        """What people on duty were told: kind and text."""
        with self.registry.reading() as connection:
            return [(row.kind, row.text) for row in connection.execute(select(notices).order_by(notices.c.place))]
