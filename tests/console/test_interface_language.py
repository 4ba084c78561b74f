"""In which language a page comes, by whose wish, and that all of it is in that language: over real HTTP, as a browser asks."""

import re
import shutil
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from console_world import PATIENCE_S, World
from hand_made import NOON
from kandy_desk import Kandy
from signing_desk import DUTY, FIRST
from starlette.requests import Request
from test_pages import Outline, warnings_of

from alerts.texts import REGIONAL
from console.evidence_views import condition_text, quiet_text
from console.interface.choosing import COOKIE, language_of
from console.interface.speaking import speaking
from console.local_time import LocalTime, span_words
from console.names import Names, language_name
from console.pages import create_app
from console.screenshot import served
from eventlog.log import open_log
from schemas.country_files import CHECKOUT, countries_root, findings, load_country
from schemas.moments import parse_span
from schemas.outputs import EventChange

get = partial(httpx.get, timeout=PATIENCE_S)
TITLE = "Four days of November"
"""What the console of these tests is called."""
NEPALI = {"cookie": f"{COOKIE}=ne"}
_DEVANAGARI = re.compile(r"[\u0900-\u097f]")


def nepal_address(folder: Path, default: str = "") -> Iterator[str]:
    """A console of Nepal, whose log is empty."""
    country = load_country(countries_root() / "npl")
    if default:
        country.facts.__dict__["console_language"] = default
    log = open_log(f"sqlite:///{folder / 'log.sqlite'}")
    with served(create_app(log, country, patience_s=PATIENCE_S)) as where:
        yield where
    log.close()


@pytest.fixture(scope="module")
def nepal(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Nepal's console."""
    yield from nepal_address(tmp_path_factory.mktemp("nepal"))


def asked(cookie: str = "", accepted: str = "") -> Request:
    """A request with what a browser says of languages."""
    headers = [(b"cookie", f"{COOKIE}={cookie}".encode())] if cookie else []
    headers += [(b"accept-language", accepted.encode())] if accepted else []
    return Request({"type": "http", "method": "GET", "path": "/", "query_string": b"", "headers": headers})


@pytest.mark.parametrize(
    ("cookie", "accepted", "default", "spoken"),
    [
        ("", "", "", "en"),
        ("", "", "ne", "ne"),
        ("", "ur-PK,ur;q=0.9,en;q=0.8", "ne", "ur"),
        ("", "en;q=0.3, ne-NP;q=0.8", "", "ne"),
        ("", "de, fr;q=0.5", "ne", "ne"),
        ("", "ne;q=0, en", "", "en"),
        ("", "ne;q=x, *;q=0.1", "", "en"),
        ("en", "ne", "ne", "en"),
        ("xx", "ne", "", "ne"),
        ("", "", "xx", "en"),
    ],
)
def test_whose_wish_decides(cookie: str, accepted: str, default: str, spoken: str) -> None:
    """What was chosen, then what the browser asks for most, then the country's, then English; what is not offered is passed over."""
    assert language_of(asked(cookie, accepted), default) == spoken


def test_a_country_may_speak_its_own_by_default(tmp_path: Path) -> None:
    """`console_language` of country.yaml."""
    for where in nepal_address(tmp_path, "ne"):
        assert '<html lang="ne">' in get(where).text


def test_a_choice_is_a_link_that_is_kept(nepal: str) -> None:
    """It leads back to the page as it was shown, its moment with it, and holds from then on; no script has to run."""
    shown = f"{nepal}/history?at=2026-08-26T09:00&level=red"
    with httpx.Client(timeout=PATIENCE_S) as browser:
        assert '<a href="?lang=ne" lang="ne" hreflang="ne">नेपाली</a>' in browser.get(shown).text
        answer = browser.get(f"{nepal}/history?lang=ne", headers={"referer": shown})
        assert (answer.status_code, answer.headers["location"]) == (303, "/history?at=2026-08-26T09:00&level=red")
        kept = answer.headers["set-cookie"].lower()
        assert all(word in kept for word in (f"{COOKIE}=ne", "httponly", "samesite=lax", "path=/"))
        page = browser.get(nepal + answer.headers["location"]).text
        assert '<html lang="ne">' in page
        assert '<a href="?lang=ne" lang="ne" hreflang="ne" aria-current="true">' in page
        browser.get(f"{nepal}/?lang=en")
        assert '<html lang="en">' in browser.get(nepal).text


@pytest.mark.parametrize("path", ["//evil.example/?lang=ne", "/\\evil.example?lang=ne", "///evil.example?lang=ne&next=//evil.example"])
def test_a_choice_never_leads_elsewhere(nepal: str, path: str) -> None:
    """Whatever path is asked for, and wherever the link stood: the answer stays on this site."""
    answer = get(nepal + path, headers={"referer": f"https://evil.example{path}"})
    location = answer.headers["location"]
    assert answer.status_code == 303
    assert location.startswith("/")
    assert not location.startswith(("//", "/\\"))


def test_a_language_that_is_not_offered_is_no_choice(nepal: str) -> None:
    """It changes nothing and is not kept."""
    answer = get(f"{nepal}/?lang=xx")
    assert (answer.status_code, "set-cookie" in answer.headers) == (200, False)


def test_a_page_says_that_another_language_would_be_another_page(address: str) -> None:
    """For whatever keeps pages between; and the console itself keeps each language by itself."""
    english, nepali = get(address), get(address, headers=NEPALI)
    assert {"Accept-Language", "Cookie", "Accept-Encoding"} <= set(english.headers["vary"].split(", "))
    assert english.headers["etag"] != nepali.headers["etag"]
    again = get(address, headers={**NEPALI, "if-none-match": nepali.headers["etag"]})
    assert again.status_code == 304
    assert get(address, headers={**NEPALI, "if-none-match": english.headers["etag"]}).status_code == 200


def test_the_first_page_in_nepali(address: str) -> None:
    """The frame, what is silent, districts, warnings: sentences in Nepali, numbers in its digits, the local clock; marked as a draft."""
    text = Outline(get(address, headers=NEPALI).text).text
    for said in ("मौनता सुरक्षा होइन।", "तहअनुसार जिल्ला", "कायम घटना (", "हालको अवस्था", "देखि मौन", "अज्ञात"):
        assert said in text
    assert "नोभेम्बर २०२५" in text
    assert re.search(r"२५ जिल्ला, नक्सा तालिकाका रूपमा", text)
    assert "नेपाली अनुवाद: मस्यौदा, समीक्षा नभएको।" in text
    assert "draft" not in get(address).text.partition("<footer>")[2]


def test_a_warning_in_nepali_keeps_what_people_read(address: str, world: World) -> None:
    """The page around it is Nepali; the messages stand as they went out, each in its own language; reasons are told in Nepali."""
    path = f"/warning/{warnings_of(world)[0]}"
    page, english = get(address + path, headers=NEPALI).text, get(address + path).text
    bubbles = re.compile(r'<p class="bubble".*?</p>', re.DOTALL)
    assert bubbles.findall(page) == bubbles.findall(english) != []
    text = Outline(page).text
    for said in ("मानिसले के पढ्छ", "हस्ताक्षर गरे", "पठाइयो", "पहिरो चेतावनी", "रातो मा", "प्राप्त", "कहिलेदेखि साँचो"):
        assert said in text


def written(world: World) -> str:
    """All words of the country's files, of the texts it shares and of its feeds' manifests, in one line."""
    files = [path for path in world.country.folder.rglob("*") if path.suffix in (".yaml", ".csv", ".po")]
    files += [*REGIONAL.glob("*.po")]
    files += [next((CHECKOUT / "feeds" / feed).glob("*.yaml")) for feed in world.country.manifests]
    return " ".join(" ".join(path.read_text(encoding="utf-8") for path in files).replace("_", " ").split()).casefold()


@pytest.mark.parametrize("path", ["/", "/history", "/feeds", "/rules", "/warning/{warning}", "/warning/none", "/planner"])
def test_no_english_is_left_but_what_the_files_say(address: str, world: World, path: str) -> None:
    """Three words of English in a row are a title, a licence or a document that somebody wrote into a file, or a command."""
    page = get(address + path.format(warning=warnings_of(world)[0]), headers=NEPALI).text
    page = re.sub(r'<p class="bubble".*?</p>|<code>.*?</code>|<pre.*?</pre>', " ", page, flags=re.DOTALL)
    outline = Outline(page)
    assert sum(bool(_DEVANAGARI.search(word)) for word in outline.text.split()) > 20
    names = [attributes[name] for _, attributes in outline.elements for name in ("aria-label", "title") if name in attributes]
    runs = [run for words in (*outline.words, *names) for run in re.findall(r"[A-Za-z']{2,}(?: [A-Za-z']{2,}){2,}", words)]
    from_files = written(world)
    assert [run for run in runs if run.casefold() not in from_files and run != TITLE] == []


def test_names_of_places_are_those_that_the_files_have_in_the_language() -> None:
    """Districts of Nepal in Nepali where areas.csv has them, else in English; the country's own words for its levels too."""
    country = load_country(countries_root() / "npl")
    with speaking("ne"):
        names = Names(country)
        assert names.place("NP01") == "कोशी"
        assert names.level(names.country.configuration.rules[0].level) == "रातो: खतरा"
    with speaking("ur"):
        assert Names(country).place("NP01") == "Koshi"
    assert Names(country).place("NP01") == "Koshi"


def test_rules_thresholds_and_feeds_are_called_as_the_country_says() -> None:
    """`called` of country.yaml, in the language; where it says nothing, by their names in the files."""
    country = load_country(countries_root() / "npl")
    with speaking("ne"):
        names = Names(country)
        assert (names.rule("river_flood"), names.feed("npl_bipad_river")) == ("नदीको बाढी", "नेपालका नदी मापन केन्द्र, BIPAD पोर्टल")
        assert condition_text("4 of river_station silent within 1 h", names) == "१ घण्टा भित्र नदी मापन केन्द्र मध्ये ४ मौन"
        assert condition_text("2 dimensions at yellow within 14 d", names) == "१४ दिन भित्र २ आयाम पहेँलो मा"
        assert quiet_text("muted by river_flood", names, LocalTime(country.timezone)) == "नदीको बाढीले समेटेको"
    assert Names(country).rule("river_flood") == "River flood"


def test_a_name_for_what_is_not_there_is_found(tmp_path: Path) -> None:
    """By file and line, with what is near."""
    made = tmp_path / "countries" / "npl"
    shutil.copytree(countries_root() / "npl", made, ignore=shutil.ignore_patterns("cases", "frameworks", "tests"))
    file = made / "country.yaml"
    file.write_text(file.read_text(encoding="utf-8").replace("    river_flood: ", "    river_floods: "), encoding="utf-8")
    (found,) = [finding for finding in findings(made) if not finding.note]
    assert (found.check, found.line, "river_flood" in found.remedy) == (
        "unknown-name",
        file.read_text(encoding="utf-8").split("river_floods")[0].count("\n") + 1,
        True,
    )


def test_clock_days_and_spans_are_written_as_the_language_does() -> None:
    """On the country's clock; what machines read stays as it is."""
    clock = LocalTime(load_country(countries_root() / "npl").timezone)
    assert (clock.text(NOON), clock.short_day(NOON)) == ("27 Nov 2025 17:45", "27 Nov")
    with speaking("ne"):
        assert (clock.text(NOON), clock.clock(NOON)) == ("२७ नोभेम्बर २०२५ १७:४५", "१७:४५")
        assert span_words(parse_span("36 h")) == "३६ घण्टा"
        assert span_words(parse_span("8 w")) == "८ हप्ता"
        assert (clock.machine(NOON), clock.field(NOON)) == ("2025-11-27T12:00:00Z", "2025-11-27T17:45")
        assert language_name("si") == "सिन्हाली"


def test_files_for_programs_are_the_same_in_every_language(address: str) -> None:
    """CSV, GeoJSON and JSON have the words of their description, whoever asks."""
    for path in ("/history.csv", "/history.geojson", "/api/warnings", "/api/openapi.json"):
        assert get(address + path, headers=NEPALI).content == get(address + path).content


def test_urdu_runs_from_the_right(address: str) -> None:
    """The page says so to the browser; Nepali and English say nothing, they run from the left."""
    assert '<html lang="ur" dir="rtl">' in get(address, headers={"accept-language": "ur"}).text
    assert '<html lang="ne">' in get(address, headers=NEPALI).text


def test_what_goes_wrong_is_said_in_the_language_too(address: str) -> None:
    """Also by what stands before the pages: a form from nobody."""
    assert "यस्तो चेतावनी छैन" in get(f"{address}/warning/none", headers=NEPALI).text
    refused = httpx.post(f"{address}/account", headers=NEPALI, timeout=PATIENCE_S)
    assert refused.status_code == 403
    assert "साइन इन नगरेको व्यक्तिले केही बदल्न सक्दैन।" in refused.text


def test_pages_on_which_people_decide_are_in_the_language_too(tmp_path: Path, world: World) -> None:
    """What waits, the page to sign with a question held and a refusal on it, silences, sending, a correction, a warning of one's own."""
    desk = Kandy(tmp_path)
    desk.happens(EventChange.OPENED)
    waits = desk.waiting()
    from_files = written(world)
    with desk.officer("perera", FIRST, DUTY) as one:
        one.client.cookies.set(COOKIE, "ne")
        pages = {path: one.reads(path) for path in ("/waiting", f"/waiting/{waits.id}", "/silences", "/sending", "/originate")}
        status, pages["refused"] = one.presses(pages[f"/waiting/{waits.id}"], "hold", why=" ", minutes="15")
        assert status == 409
        status, pages["held"] = one.presses(pages[f"/waiting/{waits.id}"], "hold", why="why", minutes="15")
        assert status == 200
        pages["silenced"] = one.presses(pages["/silences"], "begin", rule="", area="LK22", up_to="red", span="2 h", comment="repair")[1]
    desk.close()
    assert "नाम र कारण दिनुहोस्।" in pages["refused"]
    assert "ले १७:४५ सम्म रोकेका: why" in pages["held"]
    for where, page in pages.items():
        assert '<html lang="ne">' in page, where
        body = re.sub(r"<code>.*?</code>|<textarea.*?</textarea>", " ", page.partition("<body>")[2], flags=re.DOTALL)
        body = re.sub(r'<[^>]*lang="(?!ne)[a-zA-Z-]+"[^>]*>[^<]*', " ", body)
        runs = re.findall(r"[A-Za-z']{2,}(?: [A-Za-z']{2,}){2,}", re.sub(r"<[^>]+>", "\n", body))
        assert [run for run in runs if run.casefold() not in from_files] == [], where
