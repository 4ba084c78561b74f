"""The desk of the tests here: households of Kandy, and a river and a slope whose event is built by hand."""

from pathlib import Path
from typing import Any

from console_world import lanka
from hand_made import NOON, event
from signing_desk import Desk

from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.outputs import EventChange

HOUSEHOLDS = 12


class Kandy(Desk):
    """Kandy at noon."""

    def __init__(self, folder: Path, country: LoadedCountry | None = None, **more: Any) -> None:
        super().__init__(folder, NOON, country or lanka(), **more)
        for number in range(HOUSEHOLDS):
            self.enrol(number)

    def happens(self, change: EventChange, **more: Any) -> None:
        """The event of Kandy's river and slope changes now."""
        hours = (self.now - NOON).total_seconds() / 3600
        self.hears(event(change, hours, **{"level": Level.RED, **more}))
