"""The stand-ins for Sri Lanka's gauges, landslide warnings and dengue: polled as the feeds are, they lose nothing of a case."""

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache

import pandas as pd
import pytest
from parse_contexts import manifest

from feeds.cases import Case
from feeds.contract import Answer, ParseContext, Request
from feeds.ingest import Examined, examine
from feeds.manifest import load_stand_in
from schemas.country_files import countries_root
from schemas.place_tables import read_places
from schemas.places import Places

RIVER, LANDSLIDE, DENGUE = "lka_irrigation_river", "lka_nbro_landslide", "lka_dengue_weekly"
STORM = datetime(2025, 11, 28, 6, tzinfo=UTC)


@cache
def case() -> Case:
    """Cyclone Ditwah."""
    return Case.load(countries_root() / "lka" / "cases" / "ditwah-2025")


@cache
def places() -> Places:
    """Sri Lanka's areas and stations."""
    return read_places(countries_root() / "lka", "lka", [RIVER]).places


def ask(feed: str, at: datetime, url: str | None = None) -> Answer:
    """What the source answers at a moment to the very address of the manifest."""
    path, _, query = (url or manifest(feed).url).split("//", 1)[1].partition("/")[2].partition("?")
    pairs = dict(pair.split("=", 1) for pair in query.split("&") if pair)
    return load_stand_in(feed)(case(), Request(f"/{path}", pairs), at)


def read(feed: str, at: datetime) -> Examined:
    """The answer as the feed's parser reads it."""
    return examine(ask(feed, at).body, ParseContext(manifest(feed), places(), at, "delivery"))


def polls(every: timedelta, first: datetime, last: datetime) -> Iterator[datetime]:
    """The moments of a schedule, the last after `last`."""
    at = first
    while at < last + every:
        at += every
        yield at


def said(feed: str) -> pd.DataFrame:
    """All that the case holds of a feed."""
    return case().series(feed)


def test_rivers_lose_no_reading_at_their_calm_pace() -> None:
    """Six-hourly, each reading of the case is in some delivery, in metres, bursts and all; so it is hourly, which asks then too."""
    pace = manifest(RIVER).calm_every
    assert pace is not None
    assert pace % manifest(RIVER).every == timedelta(0)
    readings = said(RIVER)
    known = readings["known"]
    found: dict[tuple[str, datetime], float | None] = {}
    for at in polls(pace, known.min().to_pydatetime(), known.max().to_pydatetime()):
        examined = read(RIVER, at)
        assert examined.kept_aside == []
        found |= {(o.area, o.start): o.value for o in examined.fit if o.indicator == "river_level"}
    expected = {(r.area, r.start.to_pydatetime()): r.value for r in readings.itertuples()}
    assert len(expected) == len(readings)
    assert found == pytest.approx(expected, abs=1e-4)


def test_one_station_speaks_in_feet_and_is_read_in_metres() -> None:
    """Nagalagam Street's alert level stands as 4 in the native form and comes out as 1.2192 m."""
    native = [f["attributes"] for f in json.loads(ask(RIVER, STORM).body)["features"]]
    assert {a["alertpull"] for a in native if a["gauge"] == "Nagalagam Street"} == {4.0}
    found = {o.indicator: o.value for o in read(RIVER, STORM).fit if o.area == "lk-nagalagam-street" and o.indicator != "river_level"}
    assert found == {"river_level.yellow": 1.2192, "river_level.orange": 1.524, "river_level.red": 2.1336}


def test_the_newest_records_come_first() -> None:
    """As the server orders them, and no more than were asked for; nothing that was not yet known."""
    edited = [f["attributes"]["EditDate"] for f in json.loads(ask(RIVER, STORM).body)["features"]]
    assert edited == sorted(edited, reverse=True)
    assert len(edited) == int(manifest(RIVER).url.split("resultRecordCount=")[1].split("&")[0])
    assert edited[0] <= STORM.timestamp() * 1000


def test_a_dead_gauge_is_old_not_current() -> None:
    """Peradeniya was last heard on 27 November 20:03 local time at 10.56 m; days later the source has nothing newer of it."""
    last = datetime(2025, 11, 27, 14, 33, tzinfo=UTC)
    heard = [o for o in read(RIVER, last + timedelta(hours=3)).fit if (o.area, o.indicator) == ("lk-peradeniya", "river_level")]
    newest = max(heard, key=lambda o: o.start)
    assert (newest.value, newest.start.replace(second=0)) == (10.56, last)
    assert not [o for o in read(RIVER, last + timedelta(days=3)).fit if o.area == "lk-peradeniya" and o.start > newest.start]


def test_each_bulletin_is_read_as_it_was_written() -> None:
    """Every bulletin of the case at the moment it was uploaded: the divisions it names at their level, all others in scope green."""
    readings = said(LANDSLIDE)
    bulletins = case().extra(LANDSLIDE)["bulletins"]
    assert len(bulletins) > 20
    for bulletin in bulletins.itertuples():
        examined = read(LANDSLIDE, bulletin.known.to_pydatetime())
        assert examined.kept_aside == []
        assert {(o.start, o.issued) for o in examined.fit} == {(bulletin.start, bulletin.start)}
        named = readings[readings["start"] == bulletin.start]
        assert {o.area: o.value for o in examined.fit if o.value} == dict(zip(named["area"], named["value"], strict=True))
        assert len(examined.fit) == sum(len(places().within(district, "adm3")) for district in manifest(LANDSLIDE).scope)


def test_before_the_first_bulletin_there_is_none() -> None:
    """404 is a failed fetch, not a calm country."""
    first = case().extra(LANDSLIDE)["bulletins"]["known"].min()
    assert ask(LANDSLIDE, first - timedelta(seconds=1)).status == 404
    assert ask(LANDSLIDE, first).status == 200


def test_the_last_bulletin_stays_the_last() -> None:
    """The record stops on 13 December: the source repeats it byte for byte, so that its age shows."""
    assert ask(LANDSLIDE, datetime(2025, 12, 14, tzinfo=UTC)) == ask(LANDSLIDE, datetime(2026, 1, 14, tzinfo=UTC))


def test_weekly_cases_are_those_of_the_case() -> None:
    """The whole table at the end of the case: a district's cases are its own, Ampara's the sum of its two parts."""
    examined = read(DENGUE, case().end)
    assert examined.kept_aside == []
    readings = said(DENGUE)
    readings = readings[readings["known"] <= case().end].assign(area=lambda table: table["area"].str.split(":").str[0])
    summed = readings.groupby(["area", "start", "end"])["value"].agg(lambda values: values.sum(skipna=False))
    expected = {key: None if pd.isna(value) else value for key, value in summed.items()}
    assert {(o.area, o.start, o.end): o.value for o in examined.fit} == expected


def test_a_week_is_not_known_before_its_time() -> None:
    """A week later the table has grown by that week and by nothing else."""
    before, after = (read(DENGUE, at).fit for at in (STORM, STORM + timedelta(weeks=1)))
    new = {(o.area, o.start) for o in after} - {(o.area, o.start) for o in before}
    assert len({start for _, start in new}) == 1
    assert len(new) == 25


@pytest.mark.parametrize("feed", [RIVER, LANDSLIDE, DENGUE])
def test_another_address_is_not_answered(feed: str) -> None:
    """A stand-in that answered anything would hide a wrong address in the manifest."""
    answer = ask(feed, STORM, "https://example.org/elsewhere")
    assert answer.status == 404 or b'"error"' in answer.body
