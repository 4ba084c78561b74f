"""The planner's page: what it shows of a move, how it is handed over, and that it explains whatever it cannot answer."""

import io
import re
import shutil
import subprocess
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from time import sleep

import httpx
import psutil
import pytest
from console_world import PATIENCE_S, World
from officers_desk import Desk, approver
from planner_world import PAUSE_S, RULE, console, done, sources, write_history
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route
from test_pages import Outline

from alerts.officers.officer import ConsoleRole, Grant, Officer
from alerts.people.keys import Keys
from alerts.registry import Registry
from console.map_shapes import country_map
from console.pages import create_app
from console.planner import Planner, Preparing
from console.planner_export import patch
from console.planner_histories import sources_of
from console.planner_pages import PlannerPages
from console.planner_worker import Refused
from console.rendering import Pages
from console.screenshot import served
from processors.backtest_moves import movable
from schemas.country_files import countries_root
from schemas.errors import ConfigurationError


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The history with what happened."""
    return write_history(tmp_path_factory.mktemp("planner") / "months")


@pytest.fixture(scope="module")
def client(world: World, folder: Path) -> Iterator[httpx.Client]:
    """The console over the history."""
    with console(world, folder) as made:
        yield made


def cells(page: str, label: str) -> list[str]:
    """The figures of a line of the first table."""
    found = re.search(rf'<th scope="row">{re.escape(label)}[^<]*</th>(.*?)</tr>', page, re.DOTALL)
    assert found is not None, label
    return re.findall(r"<td[^>]*>([^<]*)</td>", found[1])


def test_todays_rule_is_shown_first(client: httpx.Client) -> None:
    """One hit, one event missed, one that nothing was heard of before, one false alarm; with dates, places, people and cost."""
    page = done(client, RULE).text
    assert cells(page, "warnings") == ["2"]
    assert cells(page, "hits") == ["2"]
    assert cells(page, "false alarms") == ["0"]
    assert "This is today's value" in page
    outline = Outline(page).text
    assert "Kandy 12 May 2024 16:00" in outline
    assert "LKR" in cells(page, "what these would cost")[0]


def test_a_move_shows_both_sides_and_what_is_lost(client: httpx.Client) -> None:
    """With red out of reach nothing is said: both warnings are named as lost, the events become misses."""
    page = done(client, f"{RULE}&value=3.5").text
    assert cells(page, "warnings") == ["0", "2"]
    assert cells(page, "hits") == ["0", "2"]
    assert cells(page, "FAR") == ["cannot tell", "0.00"]
    assert "Warnings of today&#39;s rule that would not have been given (2)" in page.replace("'", "&#39;")
    assert "Nothing was changed by looking at it" in page
    assert "polyrisk config apply lka" in page


def test_the_trade_off_is_drawn_and_told_in_a_table(client: httpx.Client) -> None:
    """Nine values once all are judged, today's among them; each is a link to itself, and the drawing is named for who does not see it."""
    done(client, RULE)
    for _ in range(300):
        page = client.get(RULE).text
        if "values are judged so far" not in page:
            break
        sleep(PAUSE_S)
    assert "values are judged so far" not in page
    assert len(re.findall(r'<a href="/planner\?[^"]*value=[^"]*"', page)) >= 9
    assert re.search(r"<title id=\"trade-title\">Trade-off of 3 level</title>", page)
    assert 'class="today"' in page


def test_a_history_without_events_says_that_hits_cannot_be_told(world: World, tmp_path: Path) -> None:
    """How often it speaks is shown; whether it is right is not guessed."""
    with console(world, write_history(tmp_path / "bare", events=False)) as client:
        page = done(client, RULE).text
    assert "hits and misses cannot be told" in page
    assert cells(page, "warnings") == ["2"]
    assert "POD" not in Outline(page).text


def test_the_page_is_whole_and_asks_for_nothing_else(client: httpx.Client) -> None:
    """Every element is closed, no script, no address elsewhere, every field has its label."""
    page = done(client, f"{RULE}&value=2.5").text
    outline = Outline(page)
    assert not [tag for tag, _ in outline.elements if tag == "script"]
    assert not [a for _, a in outline.elements for name in ("src", "href", "action") if a.get(name, "").startswith(("http", "//"))]
    labelled = {a["for"] for tag, a in outline.elements if tag == "label"}
    fields = {a["id"] for tag, a in outline.elements if tag in ("select", "input") and a.get("type") != "hidden"}
    assert fields == labelled
    ids = [a["id"] for _, a in outline.elements if "id" in a]
    assert len(ids) == len(set(ids))


@pytest.mark.parametrize(
    ("address", "status", "says"),
    [
        ("/planner?rule=landslid", 404, "no rule"),
        ("/planner?rule=river_flood", 400, "no level that has a number"),
        ("/planner?rule=landslide&level=snow.orange", 404, "no level"),
        ("/planner?history=elsewhere", 404, "no history"),
        (f"{RULE}&value=high", 400, "is not a number"),
        (f"{RULE}&value=nan", 400, "cannot be the number"),
        (f"{RULE}&value=1e300", 400, "cannot be the number"),
        (f"{RULE}&value=-1", 400, "no graver"),
        (f"{RULE}&value=" + "9" * 50_000, 400, "nothing that can be asked for is so long"),
        (f"{RULE}&from=1999-01-01&to=1999-12-31", 400, "nothing was received"),
        (f"{RULE}&from=2024-06-10&to=2024-06-01", 400, "nothing was received"),
        (f"{RULE}&from=yesterday", 400, "is not a day"),
        ("/planner/export?rule=landslide&level=landslide_warning.red", 400, "nothing to hand over"),
        (f"{RULE}&value=%3Cscript%3E", 400, "&lt;script&gt;"),
    ],
)
def test_what_cannot_be_answered_is_explained(client: httpx.Client, address: str, status: int, says: str) -> None:
    """A page that says what is wrong and what to do, never an error of the server."""
    done(client, RULE)
    answer = done(client, address)
    assert answer.status_code == status
    assert says in answer.text
    assert len(answer.text) < 60_000
    Outline(answer.text)


def test_a_value_of_ten_megabytes_is_refused_unread(world: World, folder: Path) -> None:
    """What is longer than anything that can be asked for is not quoted either."""
    pages = PlannerPages(Around(world), sources_of(world.country, [folder])[:1])
    scope = {"type": "http", "method": "GET", "path": "/planner", "headers": [], "query_string": b"value=" + b"9" * 10_000_000}
    answer = pages.page(Request(scope))
    assert answer.status_code == 400
    assert len(answer.body) < 60_000
    assert b"10,000,000 characters" in answer.body


def test_another_level_stands_at_todays_value(client: httpx.Client) -> None:
    """The number in the field was written for another level: it is not taken over, and the page says so."""
    page = done(client, "/planner?rule=landslide&level=landslide_warning.red&of=landslide_warning.orange&value=2.5").text
    assert "it stands at today's value: 3 level" in page.replace("&#39;", "'")
    page = done(client, "/planner?rule=landslide&level=rain_day.orange&value=90").text
    assert "does not read rain_day.orange" in page


def test_a_period_judges_what_was_received_in_it(client: httpx.Client) -> None:
    """In June only the second district spoke."""
    page = done(client, f"{RULE}&from=2024-06-01&to=2024-06-20").text
    assert cells(page, "warnings") == ["1"]


def test_the_change_is_handed_over_and_nothing_is_changed(client: httpx.Client, tmp_path: Path) -> None:
    """The patch exchanges one number in a copy of the countries and leaves every comment; our own files stay as they are."""
    before = (countries_root() / "lka" / "thresholds.yaml").read_bytes()
    answer = done(client, f"/planner/export?{RULE.partition('?')[2]}&value=2.5")
    assert answer.headers["content-disposition"] == 'attachment; filename="lka-landslide_warning.red-2.5.zip"'
    with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
        assert sorted(packed.namelist()) == ["README.txt", "backtest.html", "change.patch"]
        packed.extractall(tmp_path)
    assert (countries_root() / "lka" / "thresholds.yaml").read_bytes() == before
    shutil.copytree(countries_root(), tmp_path / "countries")
    subprocess.run(["git", "apply", "change.patch"], cwd=tmp_path, check=True)
    changed = (tmp_path / "countries" / "lka" / "thresholds.yaml").read_text(encoding="utf-8")
    assert changed == before.decode().replace("red: 3 level}", "red: 2.5 level}")
    report = (tmp_path / "backtest.html").read_text(encoding="utf-8")
    assert "landslide_warning.red is 2.5 level here, 3 level in the file" in report
    assert "Against 3 events" in report
    assert "polyrisk config diff in-force lka" in (tmp_path / "README.txt").read_text(encoding="utf-8")


def test_only_who_may_configure_hands_a_change_over(world: World, folder: Path, tmp_path: Path) -> None:
    """As the country's table says, in the whole country; others see the years and no button. Without accounts whoever is here reads all."""
    registry = Registry(f"sqlite:///{tmp_path}/registry.sqlite", Keys.load(tmp_path / "keys", create=True))
    desk = Desk(registry, world.country)
    desk.first()
    tokens = {
        "planner": desk.colleague("plans", Grant(ConsoleRole.PLANNER, "LKA", "planner")),
        "approver": desk.colleague("signs", approver("director")),
        "of a district": desk.colleague("kandy", Grant(ConsoleRole.PLANNER, "LKA", "planner", "LK21")),
    }
    export = f"/planner/export?{RULE.partition('?')[2]}&value=2.5"
    app = create_app(world.log, world.country, histories=sources(world, folder), registry=registry, clock=desk.clock)
    with served(app) as where:
        for who, token in tokens.items():
            with httpx.Client(base_url=where, timeout=PATIENCE_S, cookies={"polyrisk": token}) as client:
                page, answer = done(client, f"{RULE}&value=2.5"), done(client, export)
            may = who == "planner"
            assert (page.status_code, "/planner/export?" in page.text) == (200, may)
            assert (answer.status_code, answer.headers["content-type"].startswith("application/zip")) == (
                (200, True) if may else (403, False)
            )
        assert httpx.get(f"{where}{export}").headers["location"].startswith("/sign-in")
    registry.close()


def test_a_file_that_changed_meanwhile_is_not_patched(world: World, tmp_path: Path) -> None:
    """The patch would not be of what was judged."""
    rule = next(r for r in world.country.configuration.rules if r.name == "landslide")
    level = next(one for one in movable(world.country.configuration, rule) if one.level == "red")
    shutil.copytree(world.country.folder, tmp_path / "countries" / "lka")
    file = tmp_path / "countries" / "lka" / "thresholds.yaml"
    country = replace(world.country, folder=file.parent)
    assert "+  levels: {yellow: 1 level, orange: 2 level, red: 4 level}" in patch(country, level, 4)
    file.write_text(file.read_text(encoding="utf-8").replace("red: 3 level", "red: 5 level"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match="no longer stands there"):
        patch(country, level, 4)


def test_without_a_history_the_page_says_how_to_get_one(world: World) -> None:
    """Which file is missing, and the commands that make it."""
    with console(world) as client:
        answer = client.get("/planner")
    assert answer.status_code == 200
    assert "polyrisk history lka" in answer.text
    assert "events.csv" in answer.text


def test_the_cases_of_a_country_can_be_chosen(world: World, folder: Path) -> None:
    """What the console was given comes first, then the cases, the latest before the others."""
    found = [source.name for source in sources_of(world.country, [folder])]
    assert found == ["months", "ditwah-2025", "quiet-2025", "colombo-2023"]


def test_who_comes_too_early_is_told_so_and_the_page_comes_by_itself(world: World, folder: Path) -> None:
    """With no patience at all the page waits, reloading itself, and is there in the end."""
    app = Around(world)
    pages = PlannerPages(app, sources_of(world.country, [folder])[:1], patience_s=0.0)
    app.routes = pages.routes
    try:
        with served(app.application()) as where, httpx.Client(base_url=where, timeout=PATIENCE_S) as client:
            first = client.get(RULE)
            assert first.status_code == 202
            assert "Being prepared" in first.text
            assert done(client, RULE).status_code == 200
    finally:
        pages.close()


def test_what_takes_too_long_is_given_up_and_said(world: World, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody is told to wait for ever: it is ended, and the next question begins anew."""
    source = sources_of(world.country, [folder])[0]
    asked = Planner(world.country, [source], patience_s=0.0)
    try:
        monkeypatch.setattr("console.planner.GIVEN_UP_S", -1.0)
        given_up = asked.prepared(source)
        assert isinstance(given_up, Refused)
        assert "given up" in given_up.what
        monkeypatch.undo()
        assert isinstance(asked.prepared(source), Preparing)
    finally:
        asked.close()


def test_a_process_that_ends_is_begun_anew(world: World, folder: Path) -> None:
    """It is said once, and the next who asks is answered; with the console everything ends that it began."""
    before = set(psutil.Process().children(recursive=True))
    with console(world, folder) as client:
        assert done(client, RULE).status_code == 200
        begun = [p for p in psutil.Process().children(recursive=True) if p not in before and "spawn_main" in " ".join(p.cmdline())]
        assert begun
        for process in begun:
            process.kill()
        psutil.wait_procs(begun, timeout=20)
        answers = [done(client, f"{RULE}&value=2.{n}") for n in range(1, 6)]
        assert {a.status_code for a in answers} <= {200, 400}
        assert answers[-1].status_code == 200
        left = [p for p in psutil.Process().children(recursive=True) if p not in before and "spawn_main" in " ".join(p.cmdline())]
    gone, alive = psutil.wait_procs(left, timeout=30)
    assert gone
    assert not alive


class Around:
    """A console that has nothing but the planner's pages."""

    def __init__(self, world: World) -> None:
        self.country = world.country
        self.pages = Pages(world.country, country_map(world.country.shapes("adm2")))
        self.routes: list[Route] = []

    def failed(self, status: int, what: str, remedy: str, officer: Officer | None = None) -> Response:
        """As the console does; nobody is signed in here."""
        assert officer is None
        return HTMLResponse(self.pages.failed(what, remedy), status)

    def application(self) -> Starlette:
        """Served by itself."""
        return Starlette(routes=self.routes)
