"""The stand-in server: the sources of a case over real HTTP, as they stood at the clock's moment."""

import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import httpx
import pytest

from feeds import stand_ins
from feeds.clock import CaseClock, FileClock
from feeds.contract import Answer, Request
from feeds.stand_ins import StandInServer
from schemas.country_files import CHECKOUT, countries_root
from schemas.errors import PolyriskError

NOON = datetime(2025, 11, 27, 12, tzinfo=UTC)


@dataclass(frozen=True)
class OneFeedCase:
    """As much of a case as the server asks for."""

    name: str = "storm"
    feeds: tuple[str, ...] = ("gauges",)

    def known_rows(self, feed: str, at: datetime) -> tuple[int, ...]:
        """A new row each hour."""
        return (at.hour,)


def respond(case: OneFeedCase, request: Request, at: datetime) -> Answer:
    """A source that says its hour and what it was asked; it knows one path."""
    if request.path != "/rest/query":
        return Answer(b"no such layer", "text/plain", 400)
    return Answer(f"{case.name} {at:%H} {request.query}".encode(), "application/json")


@pytest.fixture
def clock() -> CaseClock:
    return CaseClock(NOON)


@pytest.fixture
def server(clock: CaseClock, monkeypatch: pytest.MonkeyPatch) -> Iterator[StandInServer]:
    monkeypatch.setattr(stand_ins, "load_stand_in", lambda feed: respond)
    with StandInServer(OneFeedCase(), clock) as server:  # type: ignore[arg-type]  # all that the server asks of a case
        yield server


def test_a_feed_answers_with_its_source_as_it_stood(server: StandInServer, clock: CaseClock) -> None:
    """Path and query of the source's own address reach the feed's stand-in, together with the case's moment."""
    reply = httpx.get(f"{server.base_url}/gauges/rest/query?where=1%3D1&f=json")
    assert reply.text == "storm 12 {'where': '1=1', 'f': 'json'}"
    assert reply.headers["content-type"] == "application/json"
    clock.set(NOON + timedelta(hours=1))
    assert httpx.get(f"{server.base_url}/gauges/rest/query").text == "storm 13 {}"


def test_what_has_not_changed_is_answered_with_304(server: StandInServer, clock: CaseClock) -> None:
    """An ETag is made of the content: known content gives 304 without a body, new content is sent in full."""
    url = f"{server.base_url}/gauges/rest/query"
    first = httpx.get(url)
    again = httpx.get(url, headers={"If-None-Match": f'"other", W/{first.headers["etag"]}'})
    assert (again.status_code, again.content, again.headers["etag"]) == (304, b"", first.headers["etag"])
    clock.set(NOON + timedelta(hours=1))
    later = httpx.get(url, headers={"If-None-Match": first.headers["etag"]})
    assert (later.status_code, later.headers["etag"] == first.headers["etag"]) == (200, False)


def test_a_silenced_feed_answers_503_from_that_moment_on(server: StandInServer, clock: CaseClock) -> None:
    """Before the moment it speaks, at and after it there is no answer; turning the clock back brings it back."""
    url = f"{server.base_url}/gauges/rest/query"
    server.silence("gauges", NOON + timedelta(hours=1))
    assert httpx.get(url).status_code == 200
    clock.set(NOON + timedelta(hours=1))
    assert httpx.get(url).status_code == 503
    clock.set(NOON)
    assert httpx.get(url).status_code == 200


def test_nothing_else_is_served(server: StandInServer) -> None:
    """An unknown feed is 404 and named; an error of the source keeps its status and has no ETag; writing is refused."""
    unknown = httpx.get(f"{server.base_url}/rain/rest/query")
    assert (unknown.status_code, "no feed `rain`" in unknown.text) == (404, True)
    refused = httpx.get(f"{server.base_url}/gauges/other", headers={"If-None-Match": "*"})
    assert (refused.status_code, "etag" in refused.headers) == (400, False)
    assert httpx.post(f"{server.base_url}/gauges/rest/query").status_code == 405
    with pytest.raises(KeyError, match="no feed `rain`"):
        server.silence("rain", NOON)


def test_it_listens_on_the_loopback_interface_and_stops(clock: CaseClock, monkeypatch: pytest.MonkeyPatch) -> None:
    """The address is 127.0.0.1, a port in use is refused by name, and after the block nobody answers."""
    monkeypatch.setattr(stand_ins, "load_stand_in", lambda feed: respond)
    with StandInServer(OneFeedCase(), clock) as server:  # type: ignore[arg-type]  # all that the server asks of a case
        url = server.base_url
        assert url.startswith("http://127.0.0.1:")
        port = int(url.rpartition(":")[2])
        with pytest.raises(PolyriskError, match=f"Port {port} cannot be used"), StandInServer(OneFeedCase(), clock, port):  # type: ignore[arg-type]  # as above
            pass
    with pytest.raises(httpx.ConnectError):
        httpx.get(url)


def test_it_runs_as_a_process_of_its_own(tmp_path: Path) -> None:
    """The process tells its address and follows the moment that another process writes into the clock's file."""
    clock = FileClock(tmp_path / "clock")
    clock.set(datetime(2026, 8, 25, 18, tzinfo=UTC))
    case = countries_root() / "npl" / "cases" / "trishuli-2026"
    command = [sys.executable, "-m", "feeds.stand_ins", "--case", str(case), "--clock", str(clock.path)]
    with subprocess.Popen(command, cwd=CHECKOUT, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            url = f"{process.stdout.readline().strip()}/npl_bipad_river/api/v1/river-stations/?limit=1000"
            before = httpx.get(url).json()["results"]
            clock.set(datetime(2026, 8, 26, 6, tzinfo=UTC))
            after = httpx.get(url).json()["results"]
        finally:
            process.terminate()
    readings = [sum(gauge["waterLevel"] is not None for gauge in gauges) for gauges in (before, after)]
    assert (readings[0], readings[1] > 5, len(before)) == (0, True, len(after))
