"""How far this machine's clock is from those of the sources, as they said when they answered. A wrong clock makes fresh readings old.

It is the wall clock that is looked at, also while a case is played. One source whose own clock is wrong says nothing of ours; most of
them together do.
"""

import contextlib
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime, timedelta
from pathlib import Path

from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector
from pydantic import BaseModel, ConfigDict, ValidationError

from schemas.moments import Moment

FOLDER = "clocks"
"""Below an installation's folder; one small file a feed."""
OFF = timedelta(minutes=1)
"""A clock that is further away is wrong: answers tell whole seconds, and take some to arrive."""


class SourceClock(BaseModel):
    """What one source's last answer said.

    Attributes:
        ahead_s: seconds by which our clock was ahead of the source's; negative if it was behind. at: when, by our clock.
    """

    model_config = ConfigDict(frozen=True)
    ahead_s: float
    at: Moment


def note(folder: Path, feed: str, clock: SourceClock) -> None:
    """Keep what a feed's source said, in the place of what it said before."""
    folder.mkdir(parents=True, exist_ok=True)
    draft = folder / f".{feed}.draft"
    draft.write_text(clock.model_dump_json() + "\n", encoding="utf-8")
    draft.replace(folder / f"{feed}.json")


def said(folder: Path) -> dict[str, SourceClock]:
    """Feed to what its source said last. A file that cannot be read is one that said nothing."""
    found = {}
    for path in sorted(folder.glob("*.json")):
        with contextlib.suppress(OSError, ValidationError):
            found[path.stem] = SourceClock.model_validate_json(path.read_bytes())
    return found


def is_off(clocks: Iterable[SourceClock]) -> bool | None:
    """Whether more than half of the sources say that our clock is wrong; none if nobody said anything."""
    wrong = [abs(clock.ahead_s) > OFF.total_seconds() for clock in clocks]
    return sum(wrong) > len(wrong) / 2 if wrong else None


def lately(clocks: dict[str, SourceClock], now: datetime, within: timedelta = timedelta(days=2)) -> dict[str, SourceClock]:
    """Those that were said lately by our clock, or seem to be said in the future: what was said long ago is not known to hold."""
    return {feed: clock for feed, clock in clocks.items() if now - clock.at <= within}


class SourceClocks(Collector):
    """For Prometheus: read from the folder each time, because each fetch is a short process of its own."""

    def __init__(self, folder: Path, now: Callable[[], datetime]) -> None:
        self._folder = folder
        self._now = now

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """One gauge, by feed."""
        what = "Seconds by which this machine's clock was ahead of the source's at its last answer"
        family = GaugeMetricFamily("polyrisk_clock_ahead_seconds", what, labels=["feed"])
        for feed, clock in lately(said(self._folder), self._now()).items():
            family.add_metric([feed], clock.ahead_s)
        yield family
