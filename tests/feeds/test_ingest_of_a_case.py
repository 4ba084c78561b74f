"""A case taken in over real HTTP: what was played is what the log has, each reading once, through silence and repeats."""

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from eventlog.archive import Archive
from eventlog.log import EventLog, open_log
from feeds.cases import Case
from feeds.clock import CaseClock
from feeds.fetch import FailedFetch
from feeds.ingest import Ingest
from feeds.manifest import load_manifest
from feeds.stand_ins import StandInServer
from schemas.country_files import CHECKOUT, load_country
from schemas.envelopes import read_input
from schemas.inputs import Heartbeat, Observation
from schemas.observations import from_batch
from schemas.topics import INPUT

RIVER = "lka_irrigation_river"
FIRST = datetime(2025, 11, 26, 18, tzinfo=UTC)
HOURS = 24
SILENT = range(6, 14)
"""Hours in which the source answers 503."""


class House:
    """A way in for Sri Lanka, before the sources of Cyclone Ditwah."""

    def __init__(self, root: Path) -> None:
        self.case = Case.load(CHECKOUT / "countries" / "lka" / "cases" / "ditwah-2025")
        self.clock = CaseClock(self.case.start)
        self.log: EventLog = open_log(f"sqlite:///{root / 'log.sqlite'}")
        self.archive = Archive(str(root / "archive"))
        self.root = root
        self.country = load_country(CHECKOUT / "countries" / "lka")

    def fetch(self, base_url: str, feed: str, at: datetime) -> int:
        """Fetch a feed at a moment of the case; how many readings were published."""
        self.clock.set(at)
        way_in = Ingest(self.country, self.log, self.archive, self.root, base_url, attempts=1)
        return way_in.run(load_manifest(feed), at).readings

    def readings(self) -> list[Observation]:
        """All that was published."""
        inputs = (read_input(stored.record) for stored in self.log.read(INPUT.name))
        return [reading for found in inputs if isinstance(found, pa.RecordBatch) for reading in from_batch(found)]

    def heartbeats(self) -> list[Heartbeat]:
        """All heartbeats."""
        inputs = (read_input(stored.record) for stored in self.log.read(INPUT.name))
        return [found for found in inputs if isinstance(found, Heartbeat)]


@pytest.fixture
def house(tmp_path: Path) -> Iterator[House]:
    """A house of its own for each test."""
    found = House(tmp_path)
    yield found
    found.log.close()


def test_a_source_silent_for_eight_hours_loses_nothing(house: House) -> None:
    """Hourly fetches through the night of the flood, eight of them refused: afterwards the log has each reading of the case exactly
    once, because the source's list reaches back further; and there is a heartbeat for each fetch that was answered, for no other."""
    moments = [FIRST + hour * timedelta(hours=1) for hour in range(HOURS)]
    with StandInServer(house.case, house.clock) as sources, StandInServer(house.case, house.clock) as silent:
        silent.silence(RIVER, FIRST)
        for hour, at in enumerate(moments):
            if hour in SILENT:
                with pytest.raises(FailedFetch, match="503"):
                    house.fetch(silent.base_url, RIVER, at)
            else:
                house.fetch(sources.base_url, RIVER, at)
    said = Counter((o.area, o.indicator, o.start) for o in house.readings())
    assert set(said.values()) == {1}
    rows = house.case.series(RIVER)
    window = rows[(rows["known"] > moments[0]) & (rows["known"] <= moments[-1])]
    expected = {(row.area, row.start.to_pydatetime()): row.value for row in window.itertuples()}
    found = {(o.area, o.start): o.value for o in house.readings() if o.indicator == "river_level" and o.start > moments[0]}
    assert found == pytest.approx(expected, abs=1e-4)
    assert [beat.received for beat in house.heartbeats()] == [at for hour, at in enumerate(moments) if hour not in SILENT]


def test_every_feed_of_the_case_is_taken_in_once(house: House) -> None:
    """Asked twice in the storm, every feed publishes at the first fetch and only says that it lives at the second; each reading has
    its raw delivery in the archive."""
    at = datetime(2025, 11, 28, 6, tzinfo=UTC)
    with StandInServer(house.case, house.clock) as sources:
        first = {feed: house.fetch(sources.base_url, feed, at) for feed in house.case.feeds}
        again = {feed: house.fetch(sources.base_url, feed, at + timedelta(seconds=1)) for feed in house.case.feeds}
    assert min(first.values()) > 0
    assert set(again.values()) == {0}
    assert Counter(beat.new for beat in house.heartbeats()) == {True: len(first), False: len(first)}
    deliveries = {(o.feed, o.delivery) for o in house.readings()}
    assert {feed for feed, _ in deliveries} == set(house.case.feeds)
    assert all(house.archive.raw(delivery) for _, delivery in deliveries)
    assert house.archive.observations().num_rows == sum(first.values())
