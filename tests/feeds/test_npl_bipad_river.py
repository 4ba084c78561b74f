"""Gauges of Nepal: numbers and their own time count, the source's status never does, and an old reading stays old."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from parse_contexts import context, sample

from feeds.contract import Parsed
from feeds.npl_bipad_river.parse import parse
from schemas.errors import SourceChanged

FETCHED = datetime(2026, 8, 25, 19, 20, tzinfo=UTC)
GAUGE = {
    "stationSeriesId": 19926,
    "waterLevel": 2.5,
    "warningLevel": 2.6,
    "dangerLevel": 3.1,
    "waterLevelOn": "2026-08-26T00:50:00+05:45",
    "status": "BELOW WARNING LEVEL",
}


def read(*gauges: Any) -> Parsed:
    """The answer for a reply with these gauges."""
    return parse(json.dumps({"count": 1, "next": None, "results": gauges}).encode(), context("npl_bipad_river", FETCHED))


def test_each_row_of_the_sample_is_accounted_for() -> None:
    """Seven gauges: three are read, one has no reading, three go to quarantine with reason and remedy."""
    parsed = parse(sample("npl_bipad_river", "page.json"), context("npl_bipad_river", FETCHED))
    assert (parsed.rows, parsed.rows_used, len(parsed.observations)) == (7, 4, 9)
    assert parsed.ignored == {"gauge without any reading": 1}
    assert [(q.row, q.reason) for q in parsed.quarantined] == [
        (5, "no station has the series 99999"),
        (6, "wrong time: '1970-01-01T05:30:00+05:45'"),
        (7, "waterLevel '1.0' is no river's level"),
    ]
    assert all(q.remedy for q in parsed.quarantined)


def test_warning_is_yellow_and_danger_is_red() -> None:
    """A gauge gives its level and the station's own two levels, all at the moment of the reading."""
    found = read(GAUGE).observations
    assert {o.indicator: o.value for o in found} == {"river_level": 2.5, "river_level.yellow": 2.6, "river_level.red": 3.1}
    assert {(o.area, o.start, o.end, o.unit) for o in found} == {
        ("np-19926", datetime(2026, 8, 25, 19, 5, tzinfo=UTC), datetime(2026, 8, 25, 19, 5, tzinfo=UTC), "m")
    }


def test_a_level_that_is_null_stays_unknown() -> None:
    """No warning or danger level is a null, never a zero and never left out; so is a level that was not read."""
    found = read({**GAUGE, "waterLevel": None, "warningLevel": None, "dangerLevel": None}).observations
    assert [o.value for o in found] == [None, None, None]


def test_a_frozen_gauge_keeps_the_time_of_its_last_reading() -> None:
    """A value of November 2024 that the source still lists in 2026 is a reading of November 2024."""
    observations = parse(sample("npl_bipad_river", "page.json"), context("npl_bipad_river", FETCHED)).observations
    assert {o.start for o in observations if o.area == "np-26117"} == {datetime(2024, 11, 18, 15, 25, tzinfo=UTC)}


@pytest.mark.parametrize("status", ["BELOW WARNING LEVEL", "ABOVE DANGER LEVEL", None, 7])
def test_the_status_is_never_believed(status: Any) -> None:
    """Whatever the status says, the observations are the same."""
    assert read({**GAUGE, "status": status}).observations == read(GAUGE).observations


def test_a_gauge_is_joined_by_its_series_alone() -> None:
    """A point with latitude and longitude swapped, another district or another number of the gauge changes nothing."""
    moved = {**GAUGE, "id": 4658, "district": 25, "point": {"type": "Point", "coordinates": [27.5, 85.6]}}
    assert read(moved).observations == read(GAUGE).observations


def test_pages_may_come_together() -> None:
    """A JSON list of replies is read as one delivery; the empty page at its end adds nothing."""
    pages = b"[" + b",".join(sample("npl_bipad_river", name) for name in ("page.json", "empty_page.json")) + b"]"
    assert parse(pages, context("npl_bipad_river", FETCHED)).rows == 7


def test_an_empty_page_is_a_delivery() -> None:
    """It is well-formed and holds no gauge."""
    assert parse(sample("npl_bipad_river", "empty_page.json"), context("npl_bipad_river", FETCHED)).rows == 0


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"waterLevelOn": "2026-08-26T01:20:00+05:45"}, "wrong time"),
        ({"waterLevelOn": "2099-01-01T00:00:00+05:45"}, "wrong time"),
        ({"waterLevelOn": "2026-08-26T00:50:00"}, "no offset"),
        ({"waterLevelOn": "yesterday"}, "not a time"),
        ({"waterLevelOn": None}, "not a time"),
        ({"modifiedOn": 5}, "not a time"),
        ({"waterLevel": True}, "no river's level"),
        ({"waterLevel": 10**400}, "no river's level"),
        ({"dangerLevel": -99.9}, "no river's level"),
        ({"stationSeriesId": None}, "no station"),
        ({"stationSeriesId": [19926]}, "no station"),
    ],
)
def test_a_row_that_cannot_be_read_is_kept_aside(change: dict[str, Any], reason: str) -> None:
    """One wrong field keeps the gauge aside with its reason, and the gauges beside it are read."""
    parsed = read({**GAUGE, **change}, GAUGE)
    assert (parsed.quarantined[0].row, reason in parsed.quarantined[0].reason, len(parsed.observations)) == (1, True, 3)


def test_a_row_without_its_fields_is_kept_aside() -> None:
    """A renamed field is named; a thing that is no gauge is kept aside too."""
    renamed = {("level" if name == "waterLevel" else name): value for name, value in GAUGE.items()}
    assert [q.reason for q in read(renamed, "gauge").quarantined] == ["without waterLevel", "not an object"]


@pytest.mark.parametrize("raw", [b"", b"<html>", b"null", b"{}", b'{"results": {}}', b"[1]", b'{"results": [', b"[" * 100_000])
def test_another_format_is_said_so(raw: bytes) -> None:
    """No JSON, a cut-off reply, or one without its list."""
    with pytest.raises(SourceChanged, match=r"JSON|results"):
        parse(raw, context("npl_bipad_river", FETCHED))
