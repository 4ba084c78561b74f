"""A case that ships with a country as a history: its sources played on the loopback interface, and fetched and parsed as in a live run.

What stands in a case are a source's own figures, by part of a district or by market, and only the feed's parser knows what they make of
an area. So each reading was received when the feed would have brought it.
"""

import os
import tempfile
from collections.abc import Iterator
from datetime import datetime, timedelta
from pathlib import Path

from eventlog.archive import Archive
from eventlog.state import ARCHIVE, LOG, STATE, environment
from feeds.cases import Case
from feeds.clock import FileClock
from feeds.manifest import load_manifest
from feeds.run import SOURCES, run_feed
from feeds.stand_ins import StandInServer
from processors.history import History, history_of
from processors.verification import Happened
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError, FetchError

_CLOCK = "POLYRISK_CLOCK"


def case_history(case: Case) -> History:
    """All that the feeds of a case would have brought, each asked at its full pace.

    It sets the environment of this process while it runs, so it is for a process that does nothing else meanwhile.

    Raises:
        ConfigurationError: the case brings nothing.
        PolyriskError: the sources cannot be played.
    """
    with tempfile.TemporaryDirectory(prefix="case-history-") as folder, environment(_installation(Path(folder))):
        clock = FileClock(Path(folder) / "clock")
        clock.set(case.start)
        with StandInServer(case, clock) as sources:
            os.environ[SOURCES] = sources.base_url
            for feed in case.feeds:
                for at in asked_at(case, feed):
                    clock.set(at)
                    try:
                        run_feed(feed, asked=at)
                    except FetchError:
                        continue  # the source gave nothing then; the next delivery is a later one
        table = Archive(str(Path(folder) / "archive")).observations()
        if not len(table):
            raise ConfigurationError("The case brings no reading.", where=case.name, remedy="Choose another history.")
        return history_of(table.combine_chunks())


def asked_at(case: Case, feed: str) -> Iterator[datetime]:
    """The moments at which a feed is asked: at the case's start, then by its full pace, as often as the source knew more."""
    every, at, known = load_manifest(feed).every, case.start, None
    while at <= case.end:
        rows = case.known_rows(feed, at)
        if rows != known:
            yield at
        known, at = rows, at + every


def case_events(case: Case, country: LoadedCountry) -> list[Happened]:
    """What must have been warned in a case, as events: a warning that stood at some moment between the two that it names has met one."""
    found = []
    for must in case.expectations.must:
        area = country.places.area(must.area)
        if area is not None:
            what = must.why or f"must be warned of by {must.rule}"
            found.append(Happened(area, must.since, must.until, what, f"case {case.name}", timedelta(0), timedelta(0), must.rule))
    return sorted(found, key=lambda e: (e.start, e.area))


def _installation(folder: Path) -> dict[str, str]:
    """The settings of an installation in a folder of its own, whose sources are not yet played."""
    return {
        STATE: str(folder),
        LOG: f"sqlite:///{folder / 'log.db'}",
        ARCHIVE: str(folder / "archive"),
        _CLOCK: str(folder / "clock"),
        SOURCES: "",
    }
