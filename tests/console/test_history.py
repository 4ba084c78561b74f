"""Every warning there was, as of any moment: as a page, as files, and for programs."""

import csv
import io
import json
from functools import partial
from typing import Any

import httpx
import pytest
from console_world import PATIENCE_S
from hand_made import hours, known, signature, warning
from openapi_spec_validator import validate
from test_pages import Outline

from console.history import COLUMNS, Wanted, as_csv, past_warnings
from console.local_time import LocalTime
from console.names import Names
from schemas.levels import Level
from schemas.warning_records import Answer, AnswerCount, Delivery, MessageState, WarningStatus

get = partial(httpx.get, timeout=PATIENCE_S)


def rows(names: Names, *said: Any, wanted: Wanted | None = None, **more: Any) -> list[dict[str, Any]]:
    """What the history says two weeks later."""
    found = past_warnings(known(hours(24 * 14), *said, **more), names, LocalTime(names.country.timezone), wanted or Wanted())
    return [vars(row) for row in found]


def test_a_warning_is_one_row_from_its_proposal_to_its_end(names: Names) -> None:
    """When it was proposed, told and ended, how, to how many, at what cost, who signed; the newest counts of messages and answers."""
    alert = warning(1, signatures=(signature("N. Perera", 0.2), signature("S. Rajan", 0.4)))
    clear = warning(2, WarningStatus.CANCELLED, 30, signatures=(signature("N. Perera", 30),), recipients=9, cost=5.5)
    of = {"warning": "w1", "message": "w1.1", "shard": "LKA", "area": "LK21", "language": "si"}
    counts = [Delivery(**of, state=MessageState.DELIVERED, count=count, at=hours(at)) for count, at in ((2, 1), (8, 2))]
    counts.append(Delivery(**of, state=MessageState.ACCEPTED, count=1, at=hours(2)))
    answers = [AnswerCount(**of, answer=answer, count=count, at=hours(3)) for answer, count in ((Answer.SAFE, 3), (Answer.NEED_HELP, 1))]
    (row,) = rows(names, alert, clear, deliveries=tuple(counts), answers=tuple(answers))
    assert (row["place"], row["level"], row["end"], row["messages"], row["people"]) == ("Kandy", "red", "all-clear", 2, 10)
    assert (row["accepted"], row["delivered"], row["safe"], row["need_help"], row["cost"]) == (9, 8, 3, 1, 17.5)
    assert row["signed_by"] == "N. Perera; S. Rajan"
    assert row["issued"].endswith("Z")
    assert row["ended"] > row["issued"]


def test_what_was_never_told_says_so(names: Names) -> None:
    """A proposal that waits has neither a time of telling nor an end, and reached nobody."""
    (row,) = rows(names, warning(1, WarningStatus.PROPOSED))
    assert (row["issued"], row["ended"], row["end"], row["people"], row["messages"], row["cost"]) == ("", "", "", 0, 0, 0)


@pytest.mark.parametrize(
    ("wanted", "found"),
    [
        (Wanted(), True),
        (Wanted(area="LK2"), True),
        (Wanted(area="LK21"), True),
        (Wanted(area="LK31"), False),
        (Wanted(level=Level.RED), True),
        (Wanted(since=hours(0)), True),
        (Wanted(since=hours(0.1)), False),
        (Wanted(until=hours(0.1)), True),
        (Wanted(until=hours(0)), False),
    ],
)
def test_it_is_narrowed_by_place_level_and_time(names: Names, wanted: Wanted, found: bool) -> None:
    """An area holds all inside it; a period holds its beginning and not its end."""
    assert bool(rows(names, warning(1), wanted=wanted)) is found


def test_no_cell_of_the_file_is_a_formula(names: Names) -> None:
    """Whoever signs chooses their name, and a spreadsheet would calculate it."""
    alert = warning(1, signatures=(signature('=HYPERLINK("x","y")', 0.2),))
    found = past_warnings(known(hours(1), alert), names, LocalTime(names.country.timezone), Wanted())
    (row,) = csv.DictReader(io.StringIO(as_csv(found)))
    assert row["signed_by"].startswith("'=")


def test_page_file_and_interface_say_the_same(address: str) -> None:
    """As many rows, of the same warnings; the page leads to all of them, and GeoJSON has a shape for each district."""
    page = get(f"{address}/history").text
    as_json = get(f"{address}/api/warnings").json()["warnings"]
    as_rows = list(csv.DictReader(io.StringIO(get(f"{address}/history.csv").text)))
    features = get(f"{address}/history.geojson").json()["features"]
    ids = [row["warning"] for row in as_json]
    assert ids
    assert ids == [row["warning"] for row in as_rows] == [feature["id"] for feature in features]
    assert tuple(as_rows[0]) == COLUMNS
    assert {feature["geometry"]["type"] for feature in features} <= {"Polygon", "MultiPolygon"}
    Outline(page)
    assert all(f'/warning/{id}"' in page for id in ids)
    one = get(f"{address}/api/warnings/{ids[0]}").json()
    assert one["published"][0]["warning"] == ids[0]


def test_it_is_told_as_of_any_moment(address: str) -> None:
    """Before the first proposal there was none; what was proposed later is not there."""
    all_of_them = get(f"{address}/api/warnings").json()["warnings"]
    first = min(row["proposed"] for row in all_of_them)
    assert get(f"{address}/api/warnings?at=2001-01-01T00:00").json()["warnings"] == []
    before = get(f"{address}/api/warnings", params={"at": first}).json()["warnings"]
    assert 0 < len(before) <= len(all_of_them)


def test_an_answer_that_did_not_change_is_not_sent_again(address: str) -> None:
    """By its ETag."""
    for path in ("/history", "/history.csv", "/history.geojson", "/api/warnings", "/api/openapi.json"):
        answer = get(address + path)
        again = get(address + path, headers={"if-none-match": answer.headers["etag"]})
        assert (answer.status_code, again.status_code, again.content) == (200, 304, b"")


@pytest.mark.parametrize("query", ["at=yesterday", "area=XX99", "level=mauve", "since=2025-13-01", "until=x" * 2000])
def test_what_cannot_be_read_is_a_problem_that_says_what_to_do(address: str, query: str) -> None:
    """As problem details for programs, as a page for people."""
    for path in ("/api/warnings", "/history.csv", "/history.geojson"):
        answer = get(f"{address}{path}?{query}")
        assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")
        assert {"title", "status", "detail", "instance"} <= set(answer.json())
    page = get(f"{address}/history?{query}")
    assert (page.status_code, page.headers["content-type"].partition(";")[0]) == (400, "text/html")
    gone = get(f"{address}/api/warnings/w-nobody")
    assert (gone.status_code, gone.json()["status"]) == (404, 404)


def test_the_interface_is_as_described(address: str) -> None:
    """A valid OpenAPI; each answer has exactly the columns that it promises."""
    described = get(f"{address}/api/openapi.json").json()
    validate(described)
    row = described["components"]["schemas"]["PastWarning"]
    for one in get(f"{address}/api/warnings").json()["warnings"]:
        assert set(one) == set(row["required"]) == set(row["properties"])
        for name, value in one.items():
            assert isinstance(value, {"integer": int, "number": (int, float), "string": str}[row["properties"][name]["type"]])
    assert json.dumps(described)
