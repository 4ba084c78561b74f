"""Gauges of Sri Lanka: the station's own unit, its own levels, both of its times, and nothing guessed."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from parse_contexts import manifest

from feeds.contract import ParseContext, Parsed
from feeds.lka_irrigation_river.parse import parse
from schemas.configuration import Station
from schemas.errors import SourceChanged
from schemas.places import Places

FEED = "lka_irrigation_river"
FETCHED = datetime(2025, 11, 28, tzinfo=UTC)
AT = datetime(2025, 11, 27, 23, 34, 59, 401000, tzinfo=UTC)
MS = 1764286499401
GAUGE = {
    "gauge": "Hanwella",
    "water_level": 7.5,
    "CreationDate": MS,
    "EditDate": MS + 60_000,
    "alertpull": 7,
    "minorpull": 8.0,
    "majorpull": 10,
}


def context(unit: str | None = "m") -> ParseContext:
    """A country with one gauge, in this unit."""
    station = Station(code="lk-hanwella", name="Hanwella", feed=FEED, areas=("LK11",), unit=unit)
    places = Places({}, {"lk-hanwella": station}, {}, {(FEED, "Hanwella"): "lk-hanwella"})
    return ParseContext(manifest(FEED), places, FETCHED, "delivery")


def read(*gauges: Any, unit: str | None = "m") -> Parsed:
    """The answer for a reply with these records."""
    return parse(json.dumps({"features": [{"attributes": gauge} for gauge in gauges]}).encode(), context(unit))


def values(parsed: Parsed) -> dict[str, float | None]:
    """Indicator to value."""
    return {o.indicator: o.value for o in parsed.observations}


def test_a_reading_brings_the_stations_own_levels() -> None:
    """Alert is yellow, minor flood orange, major flood red; valid when it was made, issued when it was last changed."""
    found = read(GAUGE)
    assert values(found) == {"river_level": 7.5, "river_level.yellow": 7.0, "river_level.orange": 8.0, "river_level.red": 10.0}
    assert {(o.start, o.end, o.issued, o.unit, o.key) for o in found.observations} == {
        (AT, AT, AT.replace(minute=35), "m", "Hanwella"),
    }


def test_feet_become_metres_and_so_do_the_levels() -> None:
    """The record does not say its unit; the country's table of stations does."""
    found = values(read({**GAUGE, "water_level": 7.5, "alertpull": 4, "minorpull": 5, "majorpull": 7}, unit="ft"))
    assert found == {"river_level": 2.286, "river_level.yellow": 1.2192, "river_level.orange": 1.524, "river_level.red": 2.1336}


@pytest.mark.parametrize("unit", ["kg", "fathomes", "m/s"])
def test_a_station_in_no_length_is_kept_aside(unit: str) -> None:
    """A mistake in the table of stations must not become a level."""
    (kept,) = read(GAUGE, unit=unit).quarantined
    assert (f"`{unit}`" in kept.reason, "stations" in kept.remedy) == (True, True)


@pytest.mark.parametrize("none", [0, 0.0, None])
def test_a_level_of_zero_is_no_level(none: Any) -> None:
    """Zeros in all three mean that the station has none: unknown, neither calm nor flooded. A water level of zero is a reading."""
    found = values(read({**GAUGE, "water_level": 0, "alertpull": none, "minorpull": none, "majorpull": none}))
    assert found == {"river_level": 0.0, "river_level.yellow": None, "river_level.orange": None, "river_level.red": None}


def test_below_the_datum_is_in_order() -> None:
    """Weraganthota reads -2.74 m."""
    assert values(read({**GAUGE, "water_level": -2.74}))["river_level"] == -2.74


def test_a_gauge_that_says_nothing_is_heard() -> None:
    """A null level is a reading without a value: the feed is alive, the river is not known."""
    assert values(read({**GAUGE, "water_level": None}))["river_level"] is None


def test_bursts_are_kept() -> None:
    """Readings seconds apart are readings each; what they are worth is for the engine to say."""
    found = read(*({**GAUGE, "CreationDate": MS + 1000 * n, "EditDate": None} for n in range(3)))
    levels = [o for o in found.observations if o.indicator == "river_level"]
    assert ([(o.start - AT).seconds for o in levels], [o.issued for o in levels]) == ([0, 1, 2], [None] * 3)


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"gauge": "Atlantis"}, "no station"),
        ({"gauge": None}, "no station"),
        ({"gauge": ["Hanwella"]}, "no station"),
        ({"water_level": "7.5"}, "no river's level"),
        ({"water_level": True}, "no river's level"),
        ({"water_level": 10**400}, "no river's level"),
        ({"water_level": float("nan")}, "no river's level"),
        ({"majorpull": float("inf")}, "no river's level"),
        ({"alertpull": -999}, "no river's level"),
        ({"CreationDate": 0}, "wrong time"),
        ({"CreationDate": 4070908800000}, "wrong time"),
        ({"CreationDate": int(FETCHED.timestamp() * 1000) + 10 * 60_000 + 1}, "wrong time"),
        ({"CreationDate": "1764286499401"}, "wrong time"),
        ({"CreationDate": None}, "not a time"),
        ({"CreationDate": 10**400}, "not a time"),
        ({"CreationDate": float("nan")}, "not a time"),
        ({"EditDate": 4070908800000}, "wrong time"),
        ({"EditDate": {}}, "not a time"),
    ],
)
def test_a_record_that_cannot_be_read_is_kept_aside(change: dict[str, Any], reason: str) -> None:
    """One wrong field keeps the record aside with its reason and a remedy, and the record beside it is read."""
    parsed = read({**GAUGE, **change}, GAUGE)
    (kept,) = parsed.quarantined
    assert (kept.row, reason in kept.reason, len(parsed.observations)) == (1, True, 4)
    assert kept.remedy
    assert len(kept.excerpt) <= 300


def test_a_field_that_was_renamed_is_named() -> None:
    """A person then knows what to ask the source."""
    renamed = {("level" if name == "water_level" else name): value for name, value in GAUGE.items()}
    parsed = parse(json.dumps({"features": [{"attributes": renamed}, {"geometry": None}, 7]}).encode(), context())
    assert [q.reason for q in parsed.quarantined] == ["without water_level", "a feature without attributes", "a feature without attributes"]


@pytest.mark.parametrize(
    "raw",
    [b"", b"null", b"[]", b"{}", b'{"features":{}}', b'{"features":[{"attri', b"[" * 100_000, b'{"error":{"code":400}}', b"\xff\xfe"],
)
def test_another_format_is_said_so(raw: bytes) -> None:
    """No JSON, a cut-off reply, an error in JSON's clothes, or no list of features."""
    with pytest.raises(SourceChanged) as caught:
        parse(raw, context())
    assert caught.value.remedy


def test_no_record_is_a_delivery() -> None:
    """Well-formed and empty."""
    assert read().rows == 0
