"""The pages over real HTTP: complete, small, with nothing from elsewhere, and honest about what is not known."""

import asyncio
import base64
import hashlib
import html
import re
from datetime import timedelta
from functools import partial
from html.parser import HTMLParser
from pathlib import Path

import httpx
import pytest
from console_world import PATIENCE_S, START, World, lanka

from console.pages import create_app
from console.screenshot import served
from eventlog.log import open_log
from schemas.envelopes import input_record, read_output
from schemas.inputs import Tick
from schemas.warning_records import Warning

SIZE_LIMIT = 150_000
get = partial(httpx.get, timeout=PATIENCE_S)
"""As a browser asks, which waits for a page for as long as the machine is busy."""
_VOID = {"meta", "link", "br", "input", "img", "hr"}


class Outline(HTMLParser):
    """A page as a parser sees it: every element closed where it was opened, its attributes, and its text."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.elements: list[tuple[str, dict[str, str]]] = []
        self.words: list[str] = []
        self.feed(page)
        assert self.open == [], f"never closed: {self.open}"

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        names = [name for name, _ in attrs]
        assert len(names) == len(set(names)), f"an attribute twice in <{tag}>"
        self.elements.append((tag, {name: value or "" for name, value in attrs}))
        if tag not in _VOID:
            self.open.append(tag)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, {name: value or "" for name, value in attrs}))

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> does not close what is open"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] not in ("style", "title"):
            self.words.append(data)

    @property
    def text(self) -> str:
        """What a person reads."""
        return " ".join(" ".join(self.words).split())


def warnings_of(world: World) -> list[str]:
    """The ids of the warnings in the log."""
    found = [read_output(s.record) for s in world.log.read("warnings")]
    return list(dict.fromkeys(w.warning for w in found if isinstance(w, Warning)))


@pytest.fixture(scope="module")
def pages(world: World, address: str) -> dict[str, str]:
    """Every page there is, by its path."""
    paths = ["/", "/?at=2025-11-27T20:03", *(f"/warning/{w}" for w in warnings_of(world))]
    return {path: get(f"{address}{path}").raise_for_status().text for path in paths}


def test_every_page_is_well_formed_and_every_reference_on_it_leads_somewhere(pages: dict[str, str]) -> None:
    """Elements are closed, identifiers are unique, labels and anchors name what exists."""
    for path, page in pages.items():
        outline = Outline(page)
        ids = [attributes["id"] for _, attributes in outline.elements if "id" in attributes]
        assert len(ids) == len(set(ids)), path
        for _, attributes in outline.elements:
            for name in ("aria-labelledby", "for"):
                assert attributes.get(name, ids[0]) in ids, f"{path}: {name}"
            if attributes.get("href", "").startswith("#"):
                assert attributes["href"][1:] in ids, f"{path}: {attributes['href']}"


def test_nothing_comes_from_elsewhere_and_nothing_is_a_script(pages: dict[str, str]) -> None:
    """No address of another host in attributes or style, no script, no event handler, no style attribute."""
    for path, page in pages.items():
        assert not re.search(r"https?:|//[a-z]|@import|<script|javascript:", page, re.IGNORECASE), path
        for tag, attributes in Outline(page).elements:
            assert tag not in ("script", "iframe", "object", "embed", "img"), path
            assert not [name for name in attributes if name.startswith("on") or name == "style"], path


def test_the_policy_lets_in_this_style_sheet_and_nothing_else(address: str) -> None:
    """The hash in the header is that of the style element; scripts are forbidden."""
    answer = get(address)
    policy = answer.headers["content-security-policy"]
    style = re.search(r"<style>(.*?)</style>", answer.text, re.DOTALL)
    assert style is not None
    digest = base64.b64encode(hashlib.sha256(style[1].encode()).digest()).decode()
    assert f"style-src 'sha256-{digest}'" in policy
    assert "default-src 'self'; script-src 'none'" in policy
    assert "unsafe" not in policy


def test_pages_are_small_and_travel_smaller(pages: dict[str, str], address: str) -> None:
    """Under 150 KB whole; compressed when the browser can; not sent again when it has not changed."""
    assert all(len(page.encode()) < SIZE_LIMIT for page in pages.values())
    answer = get(address, headers={"accept-encoding": "gzip"})
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < 20_000
    again = get(address, headers={"if-none-match": answer.headers["etag"]})
    assert (again.status_code, again.content) == (304, b"")
    assert get(f"{address}/?at=2025-11-27T20:03", headers={"if-none-match": answer.headers["etag"]}).status_code == 200


def test_no_page_holds_a_telephone_number(pages: dict[str, str]) -> None:
    """Nothing that looks like an international number stands anywhere."""
    assert not [path for path, page in pages.items() if re.search(r"\+\s?\d[\d\s-]{6,}\d", html.unescape(Outline(page).text))]


def test_texts_carry_their_language(pages: dict[str, str]) -> None:
    """A screen reader must know that Sinhala is Sinhala: each text has its own `lang`."""
    page = next(page for path, page in pages.items() if path.startswith("/warning/"))
    bodies = [a["lang"] for tag, a in Outline(page).elements if a.get("class") == "bubble"]
    assert bodies == ["si", "ta", "en"]
    assert 'lang="en"' in page.partition("<head>")[0]


def test_reasons_are_followed_by_how_the_other_dimensions_stood(pages: dict[str, str]) -> None:
    """Below what a warning rests on: food and health there, with an answer each, and never a calm one where nothing is known."""
    page = next(page for path, page in pages.items() if path.startswith("/warning/") and "Beside it, in the other dimensions" in page)
    beside = Outline(page).text.partition("Beside it, in the other dimensions")[2]
    assert re.search(r"(cannot tell|not covered here) ?food", " ".join(beside.split()))


def test_the_map_shows_each_district_once_with_its_sentence(pages: dict[str, str]) -> None:
    """25 shapes with 25 titles, and 25 rows that say the same."""
    titles = re.findall(r"<title>([^<]*)</title><path class=\"d ", pages["/"])
    rows = re.findall(r"<tr id=\"(LK\d\d)\">", pages["/"])
    assert len(titles) == len(set(titles)) == len(rows) == len(set(rows)) == 25
    assert any(t.startswith("Kandy: at least red: evacuate, event:") for t in titles)


def test_silence_is_said_before_anything_else(pages: dict[str, str]) -> None:
    """The feed that fell silent is named on top of every page, with since when."""
    for path in [p for p in pages if "at=" not in p]:
        text = Outline(pages[path]).text
        assert "Silence is not safety." in text
        assert "(lka_rain_grid) has been silent since 26 Nov 2025 11:30" in text


def test_a_district_whose_feed_fell_silent_is_never_green(pages: dict[str, str]) -> None:
    """The rain grid speaks of every district, so none of them is calm once it is silent."""
    assert not re.search(r'class="d green', pages["/"])
    assert re.search(r'class="d unknown', pages["/"])


def test_the_level_is_green_where_everything_is_known(world: World, address: str) -> None:
    """Before the rain grid fell silent the districts without a gone price were known to be calm."""
    page = get(f"{address}/", params={"at": "2025-11-26T17:30"}).text
    calm = re.findall(r"<title>([^:<]*)[^<]*</title><path class=\"d green", page)
    assert "Hambantota" in calm
    assert "Colombo" not in calm


def test_a_dead_gauge_does_not_turn_its_district_calm(pages: dict[str, str]) -> None:
    """Kandy stays red two days after Peradeniya's last reading, though its other gauge reads low."""
    assert re.search(r'<title>Kandy[^<]*</title><path class="d red event"', pages["/"])


def test_a_page_as_of_a_moment_holds_nothing_that_came_later(address: str) -> None:
    """As of the evening of 26 November neither the river nor its warning was known."""
    text = Outline(get(f"{address}/?at=2025-11-26T20:00").text).text
    assert "as of 26 Nov 2025 20:00 2025-11-26 14:30 UTC" in text
    assert "Kandy : Landslide" in text
    assert "River" not in text.partition("Events that stand")[2].partition("Every district")[0]
    assert "27 Nov 2025" not in text


def test_a_moment_after_the_newest_is_the_newest(address: str) -> None:
    """Nobody is shown a future."""
    assert "as of 30 Nov 2025 05:30" in Outline(get(f"{address}/?at=2031-01-01").text).text


def test_a_moment_before_everything_is_empty_not_an_error(address: str) -> None:
    """However early it is asked for."""
    for early in ("0001-01-02", "1969-07-20T20:17Z"):
        answer = get(address, params={"at": early})
        assert (answer.status_code, "No readings yet: nothing can be said." in answer.text) == (200, True)


def test_a_link_keeps_the_moment(address: str) -> None:
    """From the page as of a moment, a warning opens as of that moment."""
    page = get(f"{address}/?at=2025-11-27T00:00").text
    assert re.search(r'href="/warning/w[0-9a-f]+\?at=2025-11-26T18:30:00Z"', page)


def test_a_moment_that_cannot_be_read_and_a_warning_that_is_not_there_are_answered_with_what_to_do(world: World, address: str) -> None:
    """400 and 404, each with a page that says how to go on; a warning is not there before it was made."""
    wrong = get(f"{address}/?at=yesterday")
    assert (wrong.status_code, "Write it as 2025-11-27T20:00" in wrong.text) == (400, True)
    assert get(f"{address}/warning/w123").status_code == 404
    assert get(f"{address}/warning/{warnings_of(world)[0]}?at=2025-11-26T06:00").status_code == 404


def test_what_was_written_by_others_is_shown_as_text(address: str) -> None:
    """An address that carries markup does not become markup."""
    answer = get(f"{address}/warning/%3Cb%3Ex%3C%2Fb%3E", params={"message": "<script>"})
    assert "<b>x" not in answer.text
    assert "<script" not in answer.text


def test_a_warning_opens_into_the_readings_behind_it(world: World, pages: dict[str, str]) -> None:
    """Value, bound, times and the hash of the raw bytes stand on the page of Kandy's warning."""
    text = next(t for t in (Outline(p).text for path, p in pages.items() if "warning" in path) if "Kandy: River and landslide" in t)
    assert "10.1 m river level at Peradeniya, bound 7 m valid 27 Nov 2025 14:50" in text
    assert re.search(r"raw bytes [0-9a-f]{64}", text)
    assert "draft, not reviewed" in text
    assert "1,480 recipients 2 segments" in text
    assert "signed by N. Perera, duty officer" in text


def test_an_empty_log_says_that_nothing_can_be_said(tmp_path: Path) -> None:
    """No record: every district unknown, none green, in words."""
    log = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    with served(create_app(log, lanka(), patience_s=30)) as where:
        page = get(where).text
    log.close()
    assert "No readings yet: nothing can be said." in page
    assert len(re.findall(r'class="d unknown', page)) == 25
    assert 'class="d green' not in page


def test_while_the_replay_goes_on_the_page_comes_at_once_and_calls_it_unknown(world: World) -> None:
    """Nobody waits for old moments to be judged again; events and feeds are there, calm is not claimed."""
    with served(create_app(world.log, world.country, patience_s=0)) as where:
        page = get(where, params={"at": "2025-11-29T06:00"}).text
    assert "being judged again from the log" in page
    assert 'class="d green' not in page
    assert re.search(r'<title>Kandy[^<]*</title><path class="d red event"', page)


def test_after_a_start_no_page_shows_half_of_the_log(tmp_path: Path) -> None:
    """As long as the log is being read a page says how far that is and nothing else; then it comes."""
    log = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    log.append([input_record("LKA", Tick(at=START + timedelta(minutes=minute))) for minute in range(1500)])
    app = create_app(log, lanka(), patience_s=0.0)

    async def three() -> list[httpx.Response]:
        """No server has started it, so nothing reads in the background."""
        async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://127.0.0.1") as client:
            return [await client.get("/") for _ in range(3)]

    first, second, third = asyncio.run(three())
    assert (first.status_code, second.status_code, third.status_code) == (503, 503, 200)
    assert "So far it is read until 26 Nov 2025 22:09" in Outline(first.text).text
    assert "So far it is read until 27 Nov 2025 06:29" in Outline(second.text).text
    assert "Events that stand" not in first.text
    assert "Events that stand" in third.text
    log.close()


def test_every_answer_says_how_long_it_took(address: str) -> None:
    """To whoever asks, and to Prometheus by kind of page: no label holds which warning it was."""
    assert re.fullmatch(r"total;dur=\d+\.\d", get(f"{address}/history").headers["server-timing"])
    get(f"{address}/warning/of-which-nobody-knows")
    counted = get(f"{address}/metrics").text
    assert re.search(r'polyrisk_console_page_seconds_count\{page="/warning/\{id\}"\} [1-9]', counted)
    assert "of-which-nobody-knows" not in counted


def test_a_log_that_stopped_is_not_read_as_calm(tmp_path: Path) -> None:
    """By the wall's clock, a log that has said nothing for a day leaves every district unknown."""
    log = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    log.append([input_record("LKA", Tick(at=START))])
    with served(create_app(log, lanka(), patience_s=30, now=lambda: START + timedelta(days=1))) as where:
        page = get(where).text
    log.close()
    assert "The log itself has said nothing since 26 Nov 2025 05:30" in page
    assert 'class="d green' not in page


def test_what_comes_into_the_log_comes_onto_the_page(tmp_path: Path) -> None:
    """A page is made anew when the log has grown."""
    log = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    log.append([input_record("LKA", Tick(at=START))])
    with served(create_app(log, lanka(), patience_s=30)) as where:
        assert "as of 26 Nov 2025 05:30" in Outline(get(where).text).text
        log.append([input_record("LKA", Tick(at=START + timedelta(hours=5)))])
        assert "as of 26 Nov 2025 10:30" in Outline(get(where).text).text
    log.close()


def test_health_and_metrics_are_for_machines(address: str) -> None:
    """It says that it lives, how far the log goes and is judged; metrics hold levels and feeds, no place and no person."""
    assert get(f"{address}/healthz").json() == {"status": "ok"}
    get(address)  # waits until all is judged
    ready = get(f"{address}/readyz")
    assert ready.status_code == 200
    said = {check["name"]: check["said"] for check in ready.json()["checks"]}
    assert said == {"log": "the log of LKA goes to 2025-11-30T00:00:00Z", "judged": "all that the log has is judged"}
    get(address)
    metrics = get(f"{address}/metrics").text
    assert re.search(r'polyrisk_console_districts\{level="unknown"\} \d+\.0', metrics)
    assert 'polyrisk_console_feed_heartbeat_timestamp_seconds{feed="lka_rain_grid"} 1.764136' in metrics
    assert "Kandy" not in metrics


def test_another_name_for_this_host_is_refused(address: str) -> None:
    """A page elsewhere that points its own name here gets nothing."""
    assert get(address, headers={"host": "evil.example"}).status_code == 400
