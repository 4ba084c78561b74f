"""A few named people, a service and telephones that take everything at once, so that a test can say who read what, and when."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import count
from typing import Any, ClassVar, Self

from alert_places import START
from event_makers import event, tell

from alerts.channels.contract import Accepted, Balance, Outgoing
from alerts.people.person import Need
from alerts.registry import Consent, Enrolment, Registry
from alerts.service import AlertService
from eventlog.log import EventLog
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_output
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import Warning

LONG_AGO = Consent(at=START - timedelta(days=300), text="t1", by="volunteer")


class Telephones:
    """A way out in which every message arrives at once. `read` holds number and text, oldest first."""

    reaches_people: ClassVar[bool] = False

    def __init__(self) -> None:
        self.read: list[tuple[str, str]] = []
        self._taken = count()

    async def __aenter__(self) -> Self:
        """Nothing to open."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close."""

    async def send(self, message: Outgoing) -> Accepted:
        """It is read."""
        self.read.append((message.to, message.body))
        return Accepted(f"taken-{next(self._taken)}")

    async def look_up(self, message: Outgoing, since: datetime) -> tuple[Accepted, ...]:
        """Nothing is ever without an answer."""
        return ()

    async def balance(self) -> Balance | None:
        """Nothing is paid."""
        return None


@dataclass
class World:
    """A service over an empty registry, at START until told otherwise."""

    log: EventLog
    registry: Registry
    country: LoadedCountry

    def __post_init__(self) -> None:
        self.telephones = Telephones()
        self.service = AlertService(self.log, self.registry, self.country, self.telephones)
        self.now = START
        self._numbers: dict[str, str] = {}

    def person(
        self, name: str, area: str = "LK21", language: str = "en", *, joined: float | None = None, needs: tuple[Need, ...] = ()
    ) -> None:
        """Enrol or move somebody; by default they have been there for long, else since so many hours after START."""
        number = self._numbers.setdefault(name, f"+94771{len(self._numbers):06d}")
        consent = LONG_AGO if joined is None else Consent(START + timedelta(hours=joined), "t1", "volunteer")
        self.registry.enrol(Enrolment(number, area, language, "household", consent, needs=needs))

    def leaves(self, name: str) -> None:
        """STOP."""
        self.registry.stop(self._numbers[name], self.now)

    def returns(self, name: str, hours: float) -> None:
        """START, so many hours after START."""
        assert self.registry.start(self._numbers[name], START + timedelta(hours=hours))

    def at(self, hours: float) -> None:
        """Let time pass, and the service look once."""
        self.now = START + timedelta(hours=hours)
        self.service.run_once(self.now)

    def happens(self, change: EventChange, hours: float, level: Level = Level.RED, **more: Any) -> None:
        """An event changes, and the service hears of it at once."""
        tell(self.log, event(change, level, hours=hours, **more))
        self.at(hours)

    def sign(self, hours: float | None = None) -> list[Warning]:
        """All that waits is signed by as many as may sign, and sent."""
        if hours is not None:
            self.now = START + timedelta(hours=hours)
        issued = {}
        for role, known in self.country.facts.roles.items():
            for waiting in self.service.pending() if "sign" in known.may else ():
                signed = self.service.sign(waiting.id, role, role, self.now)
                issued[signed.id] = signed
        self.service.run_once(self.now)
        return list(issued.values())

    def read(self) -> list[tuple[str, str]]:
        """Who read what since this was last asked, in order of names."""
        names: Mapping[str, str] = {number: name for name, number in self._numbers.items()}
        found = sorted((names[number], body) for number, body in self.telephones.read)
        self.telephones.read.clear()
        return found

    def readers(self) -> list[str]:
        """Who read anything since that was last asked; twice who read two."""
        return [name for name, _ in self.read()]

    def published(self) -> list[Warning]:
        """All that was published of warnings, in order."""
        return [w for s in self.log.read("warnings") if isinstance(w := read_output(s.record), Warning)]

    def notices(self, kind: str) -> list[str]:
        """What the people on duty were told of a kind."""
        return [notice.text for notice in self.service.notices() if notice.kind == kind]


def with_messaging(country: LoadedCountry, **changed: Any) -> LoadedCountry:
    """The country with other words in `messaging`."""
    messaging = country.facts.messaging.model_copy(update=changed)
    facts = country.facts.model_copy(update={"messaging": messaging})
    return LoadedCountry(country.folder, facts, country.places, country.configuration, {}, country.area_languages)
