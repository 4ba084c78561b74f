"""Landslide warnings: a whole bulletin speaks for every division in scope, a spoilt one only for those it names."""

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from parse_contexts import manifest

from feeds.contract import ParseContext, Parsed
from feeds.lka_nbro_landslide.parse import parse
from schemas.configuration import Area
from schemas.errors import SourceChanged
from schemas.places import Places

FEED = "lka_nbro_landslide"
FETCHED = datetime(2025, 11, 27, 12, tzinfo=UTC)
ISSUED = datetime(2025, 11, 27, 10, 30, tzinfo=UTC)
DIVISIONS = {"LK2118": "LK21", "LK2121": "LK21", "LK9109": "LK91", "LK4103": "LK41"}


def context(received: datetime = FETCHED) -> ParseContext:
    """Three divisions in the scope of the bulletins, and one of Jaffna that is not."""
    areas = {code: Area(code=code, level="adm3", parent=parent, names={"en": code}) for code, parent in DIVISIONS.items()}
    areas |= {code: Area(code=code, level="adm2", names={"en": code}) for code in DIVISIONS.values()}
    return ParseContext(manifest(FEED), Places(areas, {}, {f"lk-{code[2:]}": code for code in areas}), received, "delivery")


def read(levels: Any, received: datetime = FETCHED, **changes: Any) -> Parsed:
    """The answer for a bulletin with these levels."""
    body = {"date_id": "2025-11-27", "time_str": "16:00", "level_to_district_to_dsds": levels} | changes
    return parse(json.dumps(body).encode(), context(received))


def values(parsed: Parsed) -> dict[str, float | None]:
    """Division to level."""
    return {o.area: o.value for o in parsed.observations}


def test_who_is_not_named_is_green() -> None:
    """In the fourteen districts; in Jaffna nobody looked, so there is no reading at all."""
    found = read({"2": {"LK-21": ["LK-2118"]}})
    assert values(found) == {"LK2118": 2.0, "LK2121": 0.0, "LK9109": 0.0}
    assert {(o.start, o.end, o.issued, o.unit) for o in found.observations} == {(ISSUED, ISSUED, ISSUED, "level")}


def test_nothing_active_is_all_green() -> None:
    """A bulletin without a single name is a delivery, and an all-clear for the scope."""
    found = read({})
    assert (found.rows, values(found)) == (0, {"LK2118": 0.0, "LK2121": 0.0, "LK9109": 0.0})


@pytest.mark.parametrize("order", [("1", "3"), ("3", "1")])
def test_of_two_levels_the_higher_stays(order: tuple[str, str]) -> None:
    """In whatever order they stand; it is counted."""
    found = read({level: {"LK-21": ["LK-2118"]} for level in order})
    assert (values(found)["LK2118"], found.rows, found.rows_used) == (3.0, 2, 2)
    assert found.ignored == {"named at two levels; the higher is kept": 1}


def test_a_division_named_twice_at_one_level_is_counted_apart() -> None:
    """It is no contradiction."""
    assert read({"1": {"LK-21": ["LK-2118", "LK-2118"]}}).ignored == {"named twice": 1}


@pytest.mark.parametrize(
    ("levels", "reason"),
    [
        ({"1": {"LK-21": ["LK-9999"]}}, "no division"),
        ({"1": {"LK-21": [7]}}, "no division"),
        ({"1": {"LK-21": ["LK-21"]}}, "no division"),
        ({"1": {"LK-21": ["\ud800"]}}, "no division"),
        ({"4": {"LK-21": ["LK-2118"]}}, "no level"),
        ({"red": {"LK-21": ["LK-2118"]}}, "no level"),
    ],
)
def test_a_list_that_cannot_be_read_whole_calls_nobody_green(levels: dict[str, Any], reason: str) -> None:
    """Whom the unread entry meant is not known, so silence in this bulletin is not calm; whom it names is warned all the same."""
    found = read({**levels, "3": {"LK-91": ["LK-9109"]}})
    (kept,) = found.quarantined
    assert (values(found), reason in kept.reason, bool(kept.remedy)) == ({"LK9109": 3.0}, True, True)


@pytest.mark.parametrize(
    ("received", "issued"),
    [
        (datetime(2025, 11, 27, 12, tzinfo=UTC), ISSUED),
        (datetime(2025, 11, 27, 4, tzinfo=UTC), datetime(2025, 11, 27, 4, tzinfo=UTC)),
        (datetime(2025, 11, 28, 4, tzinfo=UTC), ISSUED),
    ],
)
def test_a_bulletin_without_its_hour_is_of_four_in_the_afternoon(received: datetime, issued: datetime) -> None:
    """Or of its fetch, if it is read earlier on its day: a warning must not wait for the afternoon."""
    assert {o.start for o in read({"1": {"LK-21": ["LK-2118"]}}, received, time_str=None).observations} == {issued}


@pytest.mark.parametrize(
    "changes",
    [
        {"date_id": "2027-11-27"},
        {"date_id": "0001-01-01", "time_str": "00:00"},
        {"date_id": "27/11/2025"},
        {"date_id": None},
        {"time_str": "25:00"},
        {"level_to_district_to_dsds": None},
        {"level_to_district_to_dsds": []},
        {"level_to_district_to_dsds": {"1": ["LK-2118"]}},
        {"level_to_district_to_dsds": {"1": {"LK-21": "LK-2118"}}},
    ],
)
def test_a_bulletin_of_no_day_or_another_shape_is_refused(changes: dict[str, Any]) -> None:
    """A whole list at a wrong time would call the country calm at that time: nothing of it is used."""
    with pytest.raises(SourceChanged) as caught:
        read({}, **changes)
    assert caught.value.remedy


@pytest.mark.parametrize(
    "changes",
    [
        {"date_id": "2027-11-27"},
        {"date_id": "2099-01-01"},
        {"date_id": "1970-01-01"},
        {"date_id": "2025-11-28", "time_str": None},
        {"time_str": "20:00"},
    ],
)
def test_a_bulletin_at_a_wrong_time_is_kept_aside_whole(changes: dict[str, Any]) -> None:
    """Each entry goes to quarantine with the date as its reason, and nobody is called green by it."""
    found = read({"1": {"LK-21": ["LK-2118"]}, "3": {"LK-91": ["LK-9109"]}}, **changes)
    assert (found.rows, list(found.observations), [q.row for q in found.quarantined]) == (2, [], [1, 2])
    assert all("wrong time" in q.reason and q.remedy for q in found.quarantined)


@pytest.mark.parametrize("raw", [b"", b"null", b"[]", b'{"date_id": "2025-11-27", "level_to', b"[" * 100_000])
def test_what_is_no_bulletin_is_refused(raw: bytes) -> None:
    """No JSON, cut off, or another document."""
    with pytest.raises(SourceChanged):
        parse(raw, context())
