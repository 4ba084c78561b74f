"""What is to be signed: four districts whose danger comes, grows and ends, again and again, so that messages always wait."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random

from event_makers import event
from sqlalchemy import select

from alerts import ledger
from alerts.people.person import Consent, Enrolment
from alerts.registry import Registry
from alerts.tables import messages, processed, warnings
from eventlog.log import EventLog
from schemas.envelopes import output_record
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import MessageState

AREAS = ("LK11", "LK12", "LK21", "LK31")
LAST = "LK32"
"""A district of which something is said once all is over: what is sent then shows what was not taken before."""
PEOPLE = 4
"""In each district."""
LANGUAGES = ("en", "si", "ta")
OVERTAKES = 0.04
"""How often, of the looks at a district of which something waits that somebody has signed, it is overtaken: also what one alone signs."""
MOVING = (MessageState.INTENDED.value, MessageState.SENDING.value)


@dataclass
class _Danger:
    """Of one district: how often it came, and its level now; none while there is none."""

    number: int = 0
    level: Level | None = None
    last: str = ""


@dataclass
class SigningWorld:
    """The events of a round, made as soon as what was said before has gone out.

    Args:
        ahead: of the country's clock before this machine's.
    """

    log: EventLog
    registry: Registry
    ahead: timedelta
    chance: Random
    dangers: dict[str, _Danger] = field(default_factory=lambda: {area: _Danger() for area in (*AREAS, LAST)})

    def now(self) -> datetime:
        """The country's time."""
        return datetime.now(UTC) + self.ahead

    def enrol(self) -> None:
        """Those who are to be warned."""
        for number, area in enumerate(area for area in (*AREAS, LAST) for _ in range(PEOPLE)):
            consent = Consent(self.now() - timedelta(days=9), "v1", "a volunteer")
            self.registry.enrol(Enrolment(f"+94771{number:06d}", area, LANGUAGES[number % 3], "household", consent))

    def goes_on(self) -> None:
        """One change of each district that is due one: its last is taken in, and nothing of it waits for signatures or for the channel."""
        with self.registry.reading() as connection:
            waits = dict(connection.execute(select(warnings.c.area, warnings.c.id).where(warnings.c.stage == ledger.PENDING)).all())
            signed = set(ledger.partly_signed(connection))
            moves = set(connection.execute(select(messages.c.area).where(messages.c.state.in_(MOVING))).scalars())
            taken = set(connection.execute(select(processed.c.record)).scalars())
        for area in AREAS:
            danger = self.dangers[area]
            if danger.last and danger.last not in taken:
                continue
            if area in waits:
                if waits[area] in signed and self.chance.random() < OVERTAKES:
                    self._overtake(area)
            elif area not in moves:
                self._next(area)

    def say_last(self) -> None:
        """The word that comes in peace; one signature lets it out."""
        self._say(LAST, EventChange.OPENED, Level.YELLOW)

    def _overtake(self, area: str) -> None:
        """The danger grows, or comes back while its end waits; a red one ends."""
        danger = self.dangers[area]
        change = EventChange.CLOSED if danger.level is Level.RED else EventChange.ESCALATED
        self._say(area, change, Level.RED)

    def _next(self, area: str) -> None:
        danger = self.dangers[area]
        if danger.level is None:
            self._say(area, EventChange.OPENED, self.chance.choice([Level.YELLOW, Level.ORANGE, Level.RED]))
        elif danger.level is not Level.RED and self.chance.random() < 0.5:
            self._say(area, EventChange.ESCALATED, Level(danger.level + 1))
        else:
            self._say(area, EventChange.CLOSED, danger.level)

    def _say(self, area: str, change: EventChange, level: Level) -> None:
        danger, now = self.dangers[area], self.now()
        danger.number += change is EventChange.OPENED
        said = event(change, level, area=area, id=f"LKA:river_and_landslide:{area}:{danger.number}", at=now, known=now, since=now)
        record = f"event:{said.id}:{said.change}:{said.known.isoformat()}"
        self.log.append([output_record(said, record, said.known)])
        danger.level, danger.last = (None if change is EventChange.CLOSED else level), record
