"""Makes an installation in the middle of its work with the version it is run with, to be kept as `tests/upgrades/open_warnings/<version>/`.

Run in an unpacked copy of that version (`git archive`) into which this file was copied; `<version>` is that of the registry's tables:

    PYTHONPATH=.:tests/alerts python tests/upgrades/make_open_warnings.py <folder>

A warning stands, one waits with one of two signatures, and of one the process died while it was sent: one message was handed over and has
no answer, the others wait. What is here is never made anew: a version is as it was.
"""

import base64
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime
from itertools import count
from pathlib import Path
from typing import Any, ClassVar, Self

from alert_places import START, country_without_feeds
from event_makers import event, tell

from alerts import intents
from alerts.people.keys import Keys
from alerts.registry import Consent, Enrolment, Registry
from alerts.service import AlertService
from eventlog.log import open_log
from schemas.levels import Level
from schemas.outputs import EventChange

KEYS = Keys([base64.urlsafe_b64encode(bytes(32))], bytes(32))
"""Of no secret: the numbers in the registry are nobody's."""
STANDS, WAITS, DIED = "LK21", "LK11", "LK23"
DIED_AT = datetime(2026, 11, 24, 12, tzinfo=UTC)
"""By the wall clock."""
LONG_AGO = Consent(at=datetime(2025, 1, 1, tzinfo=UTC), text="t1", by="volunteer")
PEOPLE = 3
"""In each district."""


class Telephones:
    """A way out in which every message arrives at once. `read` holds number and text, oldest first.

    Args:
        when: what its ids begin with.
    """

    reaches_people: ClassVar[bool] = False

    def __init__(self, when: str) -> None:
        self._when = when
        self.read: list[tuple[str, str]] = []
        self._taken = count()

    async def __aenter__(self) -> Self:
        """Nothing to open."""
        return self

    async def __aexit__(self, *_: object) -> None:
        """Nothing to close."""

    async def send(self, message: Any) -> Any:
        """It is read."""
        from alerts.channels.contract import Accepted

        self.read.append((message.to, message.body))
        return Accepted(f"{self._when}-{next(self._taken)}")

    async def look_up(self, message: Any, since: datetime) -> tuple[Any, ...]:
        """Nothing is ever without an answer."""
        return ()

    async def balance(self) -> None:
        """Nothing is paid."""
        return None


def number(district: str, person: int) -> str:
    """Of a person in a district: nobody's."""
    return f"+999000{district[2:]}{person:04d}"


def main(folder: Path) -> None:
    """Write the installation."""
    folder.mkdir(parents=True)
    country = country_without_feeds("lka")
    log = open_log(f"sqlite:///{folder / 'log.db'}")
    registry = Registry(f"sqlite:///{folder / 'registry.db'}", KEYS)
    for district in (STANDS, WAITS, DIED):
        made_up = [(f"{district}-{n}", Enrolment(number(district, n), district, "en", "household", LONG_AGO)) for n in range(PEOPLE)]
        registry.enrol_synthetic(made_up)
    service = AlertService(log, registry, country, Telephones("before"))

    def propose(district: str, *signers: tuple[str, str]) -> None:
        service.take_in(tell(log, event(EventChange.OPENED, Level.RED, area=district)))
        for by, role in signers:
            (waiting,) = [w for w in service.pending() if w.area == district]
            service.sign(waiting.id, by, role, START)

    both = (("first", "duty_officer"), ("second", "director"))
    propose(STANDS, *both)
    service.run_once(START)
    propose(DIED, *both)
    with registry.begin() as connection:
        (claimed,) = intents.claim(connection, 1, DIED_AT, START)  # handed over; the process ended before the answer
    propose(WAITS, both[0])
    service.close()
    registry.close()
    log.close()
    for name in ("log.db", "registry.db"):
        with closing(sqlite3.connect(folder / name)) as connection:
            connection.execute("PRAGMA journal_mode = DELETE")
            connection.execute("VACUUM")
    print(f"{folder}: {claimed.message} to {claimed.subscriber} has no answer")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
