"""The stand-ins for prices, rain and the gauges of Nepal: what a case knew by then, in the source's own form and with its own faults."""

import json
from datetime import UTC, datetime
from functools import cache

import pytest
from parse_contexts import manifest

from feeds.cases import Case
from feeds.contract import Answer, ParseContext, Parsed, Request
from feeds.manifest import load_parser, load_stand_in
from schemas.country_files import countries_root
from schemas.place_tables import read_places

PATHS = {
    "lka_wfp_prices": "/dataset/wfp_food_prices_lka.csv",
    "lka_rain_grid": "/erddap/griddap/chirps20GlobalDailyP05.nc",
    "npl_bipad_river": "/api/v1/river-stations/",
}
JULY_10 = datetime(2023, 7, 10, 12, tzinfo=UTC)
STORM = datetime(2025, 11, 28, 6, tzinfo=UTC)
FLOOD = datetime(2026, 8, 26, 6, tzinfo=UTC)


@cache
def case(name: str) -> Case:
    """One of the cases that travel with the repository."""
    return Case.load(next(countries_root().glob(f"*/cases/{name}")))


def ask(name: str, feed: str, at: datetime, **query: str) -> Answer:
    """What the feed's source answers at a moment of the case."""
    return load_stand_in(feed)(case(name), Request(PATHS[feed], query), at)


def read(name: str, feed: str, at: datetime, answer: Answer) -> Parsed:
    """The answer as the feed's parser reads it."""
    folder = countries_root() / case(name).country.lower()
    places = read_places(folder, folder.name, [feed]).places
    levels = [level for level in ("adm2", "adm3") if (folder / f"shapes_{level}.geojson").exists()]
    shapes = {level: json.loads((folder / f"shapes_{level}.geojson").read_text(encoding="utf-8")) for level in levels}
    return load_parser(feed)(answer.body, ParseContext(manifest(feed), places, at, "delivery", shapes))


def test_prices_are_those_known_by_then() -> None:
    """On 10 July 2023 Colombo's June is there and no later month; each price is read and none is kept aside."""
    parsed = read("colombo-2023", "lka_wfp_prices", JULY_10, ask("colombo-2023", "lka_wfp_prices", JULY_10))
    known = case("colombo-2023").known_by("lka_wfp_prices", JULY_10)
    assert (parsed.rows, parsed.quarantined, parsed.ignored) == (len(known), (), {})
    assert len(parsed.observations) == len({(area[:4], start) for area, start in zip(known["area"], known["start"], strict=True)})
    colombo = {o.key: o.value for o in parsed.observations if o.area == "LK11"}
    assert colombo["2023-06 Colombo City + Meegoda(DEC)"] == pytest.approx((230.16 + 230.0) / 2)
    assert max(key[:7] for key in colombo) == "2023-06"


def test_rain_is_the_last_seven_days_known_by_then() -> None:
    """In the storm's morning the days 21 to 27 November are there, every area has a value, and the file says that it is painted."""
    answer = ask("ditwah-2025", "lka_rain_grid", STORM)
    parsed = read("ditwah-2025", "lka_rain_grid", STORM, answer)
    assert sorted({o.key for o in parsed.observations}) == [f"2025-11-{day}" for day in range(21, 28)]
    assert (parsed.rows, parsed.quarantined, parsed.ignored) == (7 * 364, (), {})
    assert all(o.value is not None for o in parsed.observations)
    assert b"Painted, not observed" in answer.body


def test_gauges_that_fell_silent_keep_their_last_reading() -> None:
    """At 11:45 five gauges of the valley still stand in the list with readings of 09:20 and before, BELOW WARNING LEVEL as all."""
    answer = ask("trishuli-2026", "npl_bipad_river", FLOOD, limit="1000")
    gauges = json.loads(answer.body)["results"]
    assert {gauge["status"] for gauge in gauges} == {"BELOW WARNING LEVEL"}
    assert any(gauge["waterLevel"] is None for gauge in gauges)
    parsed = read("trishuli-2026", "npl_bipad_river", FLOOD, answer)
    assert parsed.quarantined == ()
    phalakhu = {o.indicator: o for o in parsed.observations if o.area == "np-19926"}
    assert {name: o.value for name, o in phalakhu.items()} == {"river_level": 1.933, "river_level.yellow": 2.6, "river_level.red": 3.1}
    assert phalakhu["river_level"].start == datetime(2026, 8, 26, 3, 35, tzinfo=UTC)


def test_pages_never_end_and_the_last_is_empty() -> None:
    """Page by page come all gauges once; every page, the empty one too, names a next, and the count is nonsense."""
    pages = [json.loads(ask("trishuli-2026", "npl_bipad_river", FLOOD, limit="100", offset=str(n)).body) for n in (0, 100, 200, 300)]
    series = [gauge["stationSeriesId"] for page in pages for gauge in page["results"]]
    assert len(series) == len(set(series)) == len(case("trishuli-2026").extra("npl_bipad_river")["stations"])
    assert pages[-1]["results"] == []
    assert all(page["next"].startswith("https://bipadportal.gov.np/api/v1/river-stations/?limit=100&offset=") for page in pages)
    assert {page["count"] for page in pages} == {9223372036854775807}


@pytest.mark.parametrize(
    ("name", "feed"), [("colombo-2023", "lka_wfp_prices"), ("ditwah-2025", "lka_rain_grid"), ("trishuli-2026", "npl_bipad_river")]
)
def test_the_same_moment_gives_the_same_bytes(name: str, feed: str) -> None:
    """An answer depends on the moment alone, so that a conditional request finds it unchanged; another address is not found."""
    at = case(name).end
    assert ask(name, feed, at).body == ask(name, feed, at).body
    assert load_stand_in(feed)(case(name), Request("/other", {}), at).status == 404
