"""The series of a warning on its page: drawn, said in words, as a table, and as of any moment."""

import re
from datetime import timedelta
from functools import partial

import httpx
import pytest
from console_world import PATIENCE_S, START, World
from test_pages import Outline, warnings_of

from schemas.envelopes import read_output
from schemas.topics import WARNINGS
from schemas.warning_records import Warning

get = partial(httpx.get, timeout=PATIENCE_S)


@pytest.fixture(scope="module")
def kandy(world: World) -> str:
    """The warning of Kandy's river and slopes."""
    found = [read_output(stored.record) for stored in world.log.read(WARNINGS.name)]
    return next(w.warning for w in found if isinstance(w, Warning) and (w.area, w.rule) == ("LK21", "river_and_landslide"))


def series(page: str) -> str:
    """What stands under the readings behind a warning."""
    found = re.search(r'<section class="card" aria-labelledby="series">.*?</section>', page, re.S)
    assert found is not None
    return found[0]


def test_the_series_is_drawn_with_every_level_and_the_moment_of_the_breach(address: str, kandy: str) -> None:
    """Peradeniya's gauge, its three levels with value and unit, since when it holds and since when that was known."""
    told = Outline(series(get(f"{address}/warning/{kandy}").text)).text
    for said in ("River level at Peradeniya, in metres", "yellow 5 m", "orange 7 m", "red 9 m", "true since 27 Nov", "known 27 Nov"):
        assert said in told


def test_a_drawing_says_the_same_to_who_does_not_see_it(address: str, kandy: str) -> None:
    """It is a picture with a name and a description, and each of its readings stands in a table with its raw source."""
    page = series(get(f"{address}/warning/{kandy}").text)
    pictures = re.findall(r'<svg [^>]*role="img" aria-labelledby="([^"]+)" aria-describedby="([^"]+)"', page)
    assert pictures
    for title, says in pictures:
        assert re.search(rf'<title id="{title}">[^<]+ at [^<]+</title><desc id="{says}">[^<]+ from [^<]+</desc>', page)
    peradeniya = page[page.index("River level at Peradeniya as a table") :].partition("</table>")[0]
    rows = [Outline(f"<table>{row}</table>").text for row in re.findall(r"<tr>.*?</tr>", peradeniya, re.S)[1:]]
    assert len(rows) > 10
    assert all(re.search(r"\d m .*lka_irrigation_river, measured [0-9a-f]{16}", row) for row in rows)
    assert any("named in the tree" in row and re.search(r"[0-9a-f]{64}", row) for row in rows)


def test_nothing_of_later_stands_on_the_page_of_a_moment(address: str, kandy: str) -> None:
    """As of the evening of the 27th nothing of the 28th; what was silent by the 29th is unknown, and no line goes on."""
    early = Outline(series(get(f"{address}/warning/{kandy}?at=2025-11-27T23:00").text)).text
    assert not re.search(r"(28|29|30) Nov 2025", early)
    late = series(get(f"{address}/warning/{kandy}").text)
    assert "Nobody knows from 28 Nov" in late
    assert "no newer reading has come" in Outline(late).text


def test_every_warning_has_its_series(world: World, address: str) -> None:
    """Whatever its rule rests on; and no page becomes heavy by it."""
    for warning in warnings_of(world):
        page = get(f"{address}/warning/{warning}").text
        assert 'role="img"' in series(page)
        assert len(page.encode()) < 150_000


def test_what_mutes_a_rule_stands_beside_its_series(world: World, address: str) -> None:
    """Which rule speaks for it in the same area."""
    muted = {name for rule in world.country.configuration.rules for name in rule.mutes}
    found = [read_output(stored.record) for stored in world.log.read(WARNINGS.name)]
    quietable = [w.warning for w in found if isinstance(w, Warning) and w.rule in muted]
    assert quietable
    assert "in the same area speaks for it" in Outline(series(get(f"{address}/warning/{quietable[0]}").text)).text


def test_an_early_moment_draws_what_was_there_then(address: str, kandy: str, world: World) -> None:
    """The page of the moment the warning was proposed has a shorter series than the newest."""
    found = [read_output(stored.record) for stored in world.log.read(WARNINGS.name)]
    proposed = min(w.proposed for w in found if isinstance(w, Warning) and w.warning == kandy)
    early, late = (series(get(f"{address}/warning/{kandy}", params=at).text) for at in ({"at": proposed.isoformat()}, {}))
    counts = [int(re.findall(r"(\d+) readings of River level at Peradeniya", page)[0]) for page in (early, late)]
    assert 0 < counts[0] < counts[1]
    assert proposed > START + timedelta(hours=12)
