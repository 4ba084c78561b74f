"""The one way in: a delivery is kept, checked and published once, and every success is a heartbeat."""

import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from parse_contexts import manifest
from scripted_source import Reply, Source

from eventlog.archive import Archive
from eventlog.log import EventLog, open_log
from feeds.fetch import FailedFetch, Failure
from feeds.ingest import Ingest, IngestResult
from feeds.memory import FeedState
from feeds.quarantine import Quarantine
from schemas.country_files import CHECKOUT, LoadedCountry, load_country
from schemas.envelopes import read_input
from schemas.inputs import Heartbeat, Observation
from schemas.observations import from_batch
from schemas.records import Record, Stored
from schemas.topics import INPUT

FEED = "lka_irrigation_river"
RIVER = manifest(FEED)
NOON = datetime(2025, 11, 27, 12, tzinfo=UTC)
HOUR = timedelta(hours=1)
DENGUE = "year,week,start.date,end.date,district,cases\n"


@pytest.fixture(scope="module")
def country() -> LoadedCountry:
    """Sri Lanka as shipped."""
    return load_country(CHECKOUT / "countries" / "lka")


class House:
    """A way in with a log, an archive and a state of its own."""

    def __init__(self, country: LoadedCountry, root: Path, base_url: str) -> None:
        self.root = root
        self.country = country
        self.log: EventLog = open_log(f"sqlite:///{root / 'log.sqlite'}")
        self.archive = Archive(str(root / "archive"))
        self.base_url = base_url
        self.way_in = Ingest(country, self.log, self.archive, root, base_url)

    def run(self, now: datetime = NOON, feed: str = FEED) -> IngestResult:
        """One fetch."""
        return self.way_in.run(manifest(feed), now)

    def inputs(self) -> list[Any]:
        """What the log has on its input, in order."""
        return [read_input(stored.record) for stored in self.log.read(INPUT.name)]

    def heartbeats(self) -> list[Heartbeat]:
        """The heartbeats among them."""
        return [found for found in self.inputs() if isinstance(found, Heartbeat)]

    def readings(self) -> list[list[Observation]]:
        """The readings of each observations record."""
        return [from_batch(found) for found in self.inputs() if isinstance(found, pa.RecordBatch)]


@pytest.fixture
def house(country: LoadedCountry, tmp_path: Path, source: Source) -> Iterator[House]:
    """A house whose source is scripted."""
    found = House(country, tmp_path, source.base_url)
    yield found
    found.log.close()


def gauge(level: Any = 7.5, at: datetime = NOON - HOUR, name: str = "Hanwella", edited: datetime | None = None) -> dict[str, Any]:
    """A record of the feature server."""
    moments = {"CreationDate": at.timestamp() * 1000, "EditDate": (edited or at).timestamp() * 1000}
    return {"attributes": {"gauge": name, "water_level": level, "alertpull": 7, "minorpull": 8, "majorpull": 10, **moments}}


def reply(*gauges: dict[str, Any], **headers: str) -> Reply:
    """What the feature server answers."""
    return Reply(json.dumps({"features": gauges}).encode(), headers={k.replace("_", "-"): v for k, v in headers.items()})


def test_a_delivery_is_kept_stored_and_published(house: House, source: Source) -> None:
    """Raw bytes by their hash, readings in the archive, one observations record and a heartbeat after it."""
    source.script(reply(gauge()))
    assert house.run() == IngestResult(FEED, True, rows=1, readings=4, quarantined=0)
    batch, heartbeat = house.inputs()
    (found,) = house.readings()
    assert [(o.indicator, o.value) for o in found] == [
        ("river_level", 7.5),
        ("river_level.yellow", 7.0),
        ("river_level.orange", 8.0),
        ("river_level.red", 10.0),
    ]
    assert {(o.area, o.start, o.received, o.feed) for o in found} == {("lk-hanwella", NOON - HOUR, NOON, FEED)}
    assert heartbeat == Heartbeat(feed=FEED, received=NOON, delivery=found[0].delivery, new=True, rows=1, quarantined=0)
    assert house.archive.raw(found[0].delivery) == json.dumps({"features": [gauge()]}).encode()
    assert house.archive.observations(FEED).num_rows == batch.num_rows == 4


def test_the_same_delivery_again_is_a_heartbeat_only(house: House, source: Source) -> None:
    """Byte for byte the same: not published again, and the feed is alive."""
    source.script(reply(gauge()))
    house.run()
    assert house.run(NOON + HOUR) == IngestResult(FEED, False, rows=1, readings=0, quarantined=0)
    assert len(house.readings()) == 1
    assert [(beat.new, beat.received) for beat in house.heartbeats()] == [(True, NOON), (False, NOON + HOUR)]
    assert len({beat.delivery for beat in house.heartbeats()}) == 1


def test_not_modified_is_a_heartbeat(house: House, source: Source) -> None:
    """304 is a success: the validators were sent, nothing is published, the feed is alive."""
    source.script(reply(gauge(), ETag='"a"'), Reply(status=304))
    house.run()
    assert house.run(NOON + HOUR).new is False
    assert house.run(NOON + 2 * HOUR).new is False
    assert [headers.get("if-none-match") for _, headers in source.asked] == [None, '"a"', '"a"']
    assert [beat.received for beat in house.heartbeats()] == [NOON, NOON + HOUR, NOON + 2 * HOUR]


def test_an_empty_list_is_a_delivery(house: House, source: Source) -> None:
    """Well-formed and empty: no observations record, and a heartbeat that says so."""
    source.script(reply())
    assert house.run() == IngestResult(FEED, True, rows=0, readings=0, quarantined=0)
    assert (house.readings(), [beat.rows for beat in house.heartbeats()]) == ([], [0])


@pytest.mark.parametrize(
    ("bad", "failure"),
    [
        (Reply(b""), Failure.EMPTY),
        (Reply(b"<!doctype html><p>Sorry"), Failure.HTML),
        (Reply(b'{"features":', missing=20), Failure.CUT_OFF),
        (Reply(b'{"features":[{"attri'), Failure.CHANGED),
        (Reply(b'{"error":{"code":400,"message":"Invalid URL"}}'), Failure.CHANGED),
        (Reply(b" " * (RIVER.size_limit + 1)), Failure.TOO_LARGE),
        (Reply(status=404), Failure.STATUS),
        (Reply(status=503), Failure.STATUS),
    ],
)
def test_a_failed_fetch_says_nothing_to_the_log(house: House, source: Source, waits: list[float], bad: Reply, failure: Failure) -> None:
    """Neither readings nor a heartbeat; its kind is said, and the next good delivery goes on as if nothing had been."""
    source.script(reply(gauge()))
    house.run()
    source.script(bad)
    with pytest.raises(FailedFetch) as caught:
        house.run(NOON + HOUR)
    assert caught.value.failure is failure
    assert len(house.inputs()) == 2
    source.script(reply(gauge(), gauge(8.1, NOON + HOUR)))
    assert house.run(NOON + 2 * HOUR).readings == 4


def test_a_source_out_of_breath_still_delivers(house: House, source: Source, waits: list[float]) -> None:
    """503 and then the answer is one success."""
    source.script(Reply(status=503), reply(gauge()))
    assert house.run().readings == 4
    assert (len(house.heartbeats()), len(waits)) == (1, 1)


def test_only_what_is_new_or_changed_is_published(house: House, source: Source) -> None:
    """A list that grows by a record and corrects another: those two, not the third; all rows are counted."""
    first = [gauge(7.5, NOON - 3 * HOUR), gauge(7.6, NOON - 2 * HOUR)]
    source.script(reply(*first))
    house.run()
    corrected = gauge(7.9, NOON - 2 * HOUR, edited=NOON)
    source.script(reply(first[0], corrected, gauge(8.0, NOON - HOUR)))
    result = house.run(NOON + HOUR)
    assert (result.rows, result.readings) == (3, 8)
    assert [o.value for o in house.readings()[1] if o.indicator == "river_level"] == [7.9, 8.0]
    assert house.heartbeats()[-1].rows == 3


def test_a_correction_taken_back_is_published_again(house: House, source: Source) -> None:
    """Only the last word counts, so a return to the first word is a new word."""
    for at, level in enumerate([7.5, 7.9, 7.5]):
        source.script(reply(gauge(level)))
        house.run(NOON + at * HOUR)
    assert [o.value for found in house.readings() for o in found if o.indicator == "river_level"] == [7.5, 7.9, 7.5]


def test_two_rows_that_contradict_each_other_do_not_take_turns(house: House, source: Source) -> None:
    """Two levels of one gauge at one moment: published together once, and again together when one of them changes, never one alone."""
    pair = [gauge(1.0), gauge(2.0)]
    for number, rows in enumerate([pair, [*pair, gauge(5.0, NOON)], [*reversed(pair), gauge(5.0, NOON)], [gauge(1.0), gauge(2.5)]]):
        source.script(reply(*rows))
        house.run(NOON + number * HOUR)
    said = [[o.value for o in found if o.indicator == "river_level"] for found in house.readings()]
    assert said == [[1.0, 2.0], [5.0], [1.0, 2.5]]


def test_what_changed_last_is_known_from_what_was_published(house: House, source: Source) -> None:
    """Applying the published readings one after the other gives the state of the last delivery: nothing is missing between them."""
    deliveries = [[7.0, 7.1], [7.0, 7.1, 7.2], [7.0, None, 7.2], [7.0, 7.1, 7.2, 7.3], [6.9, 7.1, 7.2, 7.3]]
    for number, levels in enumerate(deliveries):
        source.script(reply(*(gauge(level, NOON - HOUR + at * timedelta(minutes=5)) for at, level in enumerate(levels))))
        house.run(NOON + number * HOUR)
        last_word = {(o.indicator, o.start): o.value for found in house.readings() for o in found}
        assert [last_word["river_level", NOON - HOUR + at * timedelta(minutes=5)] for at in range(len(levels))] == levels


def test_rows_that_fail_are_kept_aside_and_the_rest_goes_on(house: House, source: Source) -> None:
    """An unknown gauge, a time of 2099 and one of 1970 go to quarantine with reason and remedy; the good gauge is published."""
    rows = [
        gauge(),
        gauge(name="Atlantis"),
        gauge(at=datetime(2099, 1, 1, tzinfo=UTC)),
        gauge(at=datetime(1970, 1, 1, tzinfo=UTC)),
        gauge(level=99999),
    ]
    source.script(reply(*rows))
    assert house.run() == IngestResult(FEED, True, rows=5, readings=4, quarantined=4)
    kept = list(Quarantine(house.root / "quarantine").rows(FEED))
    assert [k.row for k in kept] == [2, 3, 4, 5]
    assert all(k.reason and k.remedy and k.received == NOON and k.delivery for k in kept)
    assert house.heartbeats()[0].quarantined == 4


def test_the_heartbeat_says_what_came(house: House, source: Source) -> None:
    """Rows of the delivery and how many were kept aside, at the country's clock: metrics of feeds are made of it."""
    source.script(reply(gauge(), gauge(name="Atlantis")))
    house.run(NOON + HOUR)
    (beat,) = house.heartbeats()
    assert (beat.rows, beat.quarantined, beat.received, beat.new) == (2, 1, NOON + HOUR, True)


class Crash(Exception):
    """The machine stops."""


class Crashing:
    """A log that stops before or after it has written, once."""

    def __init__(self, log: EventLog, *, after: bool) -> None:
        self._log = log
        self._after = after

    def append(self, records: list[Record]) -> list[Stored]:
        """Write and stop, or stop and not write."""
        if self._after:
            self._log.append(records)
        raise Crash


@pytest.mark.parametrize("after", [False, True])
def test_a_crash_while_publishing_loses_and_doubles_nothing(house: House, source: Source, after: bool) -> None:
    """Whether the log had it or not: at the next fetch the delivery is there once, as of the moment it was fetched."""
    source.script(reply(gauge(), gauge(name="Atlantis")))
    crashing: Any = Crashing(house.log, after=after)
    with pytest.raises(Crash):
        Ingest(house.country, crashing, house.archive, house.root, house.base_url).run(RIVER, NOON)
    source.script(reply(gauge(), gauge(name="Atlantis"), gauge(8.1, NOON)))
    house.run(NOON + HOUR)
    assert [[o.value for o in found if o.indicator == "river_level"] for found in house.readings()] == [[7.5], [8.1]]
    assert [beat.received for beat in house.heartbeats()] == [NOON, NOON + HOUR]
    assert house.archive.observations(FEED).num_rows == 8
    assert len(list(Quarantine(house.root / "quarantine").rows())) == 2


@pytest.mark.parametrize("kept", [False, True])
def test_a_crash_while_the_delivery_is_kept_leaves_none_kept_and_unpublished(
    house: House, source: Source, monkeypatch: pytest.MonkeyPatch, kept: bool
) -> None:
    """Killed before or after the raw bytes are in the archive: what is there is published at the next fetch, though the source goes on."""
    keep = house.archive.keep

    def crash(raw: bytes) -> str:
        if kept:
            keep(raw)
        raise Crash

    source.script(reply(gauge()))
    with monkeypatch.context() as patched:
        patched.setattr(house.archive, "keep", crash)
        with pytest.raises(Crash):
            house.run()
    source.script(reply(gauge(), gauge(8.1, NOON)))
    house.run(NOON + HOUR)
    published = {beat.delivery for beat in house.heartbeats() if beat.new}
    assert published == {path.name for path in (house.root / "archive" / "raw").glob("*/*")}
    assert len(published) == (2 if kept else 1)
    assert [o.value for found in house.readings() for o in found if o.indicator == "river_level"] == [7.5, 8.1]


def test_of_two_fetches_at_once_one_takes_the_delivery_in(house: House, source: Source) -> None:
    """Whoever comes second waits and finds nothing new, although its clock shows another moment."""
    source.script(reply(gauge()))
    other = Ingest(house.country, house.log, house.archive, house.root, house.base_url)
    with ThreadPoolExecutor() as pool:
        results = [
            found.result() for found in [pool.submit(way.run, RIVER, NOON + n * HOUR) for n, way in enumerate([house.way_in, other])]
        ]
    assert sorted(result.new for result in results) == [False, True]
    assert (len(house.readings()), len(house.heartbeats())) == (1, 2)


def test_a_half_done_delivery_that_is_no_longer_read_stops_nothing(house: House, source: Source, monkeypatch: pytest.MonkeyPatch) -> None:
    """A newer parser may refuse what an older one took in before the crash; the feed goes on with the next delivery."""
    source.script(reply(gauge()))
    crashing: Any = Crashing(house.log, after=False)
    with pytest.raises(Crash):
        Ingest(house.country, crashing, house.archive, house.root, house.base_url).run(RIVER, NOON)
    memory = FeedState(house.root / "feeds").load(FEED)
    assert memory.pending is not None
    broken = memory.pending.model_copy(update={"delivery": house.archive.keep(b"no longer read")})
    FeedState(house.root / "feeds").save(FEED, memory.model_copy(update={"pending": broken}))
    assert house.run(NOON + HOUR).readings == 4


def test_a_list_of_what_is_active_says_who_is_calm(house: House, source: Source) -> None:
    """A whole bulletin is a reading for each division of the fourteen districts: the named at their level, the others green; then the
    next bulletin publishes all of them anew, because its moment is another."""

    def bulletin(hour: str, levels: dict[str, Any]) -> Reply:
        body = {"date_id": "2025-11-27", "time_str": hour, "level_to_district_to_dsds": levels}
        return Reply(json.dumps(body).encode())

    source.script(bulletin("08:00", {"3": {"LK-21": ["LK-2118"]}}))
    house.run(feed="lka_nbro_landslide")
    source.script(bulletin("16:00", {}))
    house.run(feed="lka_nbro_landslide")
    first, second = house.readings()
    scope = {code for district in manifest("lka_nbro_landslide").scope for code in house.country.places.within(district, "adm3")}
    assert {o.area for o in first} == {o.area for o in second} == scope
    assert [(o.area, o.value) for o in first if o.value] == [("LK2118", 3.0)]
    assert {o.value for o in second} == {0.0}
    assert not any(code.startswith("LK41") for code in scope)


def test_a_table_that_grows_by_a_week_publishes_the_week(house: House, source: Source) -> None:
    """Years of weeks are not repeated each day; a number filled in later is published then."""
    old = DENGUE + "2025,46,11/1/2025,11/7/2025,Colombo,10\n2025,46,11/1/2025,11/7/2025,Galle,\n"
    source.script(Reply(old.encode()))
    assert house.run(feed="lka_dengue_weekly").readings == 2
    source.script(Reply((old.replace("Galle,\n", "Galle,4\n") + "2025,47,11/8/2025,11/14/2025,Colombo,12\n").encode()))
    assert house.run(NOON + HOUR, "lka_dengue_weekly").readings == 2
    assert sorted((o.area, o.value) for o in house.readings()[1]) == [("LK11", 12.0), ("LK31", 4.0)]
