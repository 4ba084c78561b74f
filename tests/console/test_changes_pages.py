"""The first page says what has changed: to an officer since the last visit, to anybody since a moment that is asked for."""

import re
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import httpx
import pytest
from console_world import PATIENCE_S
from kandy_desk import Kandy
from signing_desk import FIRST, SECOND
from test_pages import Outline

from console.changes import MOST
from schemas.outputs import EventChange

get = partial(httpx.get, timeout=PATIENCE_S)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """A desk where nothing waits."""
    made = Kandy(tmp_path)
    yield made
    made.close()


def changed(page: str) -> str:
    """What the page says has changed."""
    found = re.search(r'<section class="card changes".*?</section>', page, re.S)
    assert found is not None
    return Outline(found[0]).text


def judged(address: str, path: str) -> str:
    """The page once both moments are judged: until then it says to load it again."""
    page = get(address + path).text
    while "still being judged" in page:
        page = get(address + path).text
    return page


def test_an_officer_is_told_what_changed_since_the_last_visit(desk: Kandy) -> None:
    """From page to page the same; what came while they looked is not told as new at the next click, but after they were away."""
    with desk.officer("perera", FIRST) as one:
        desk.happens(EventChange.OPENED)
        assert "Your first visit" in changed(one.reads("/"))
        desk.passes(minutes=10)
        one.reads("/waiting")
        desk.passes(minutes=40)
        told = changed(one.reads("/"))
        assert "Since your last visit, 27 Nov 2025 17:40 , 40 min" in told
        assert "passed on: not signed in time" in told
        assert "Alert proposed" not in told


def test_a_warning_that_came_meanwhile_is_told_with_its_time_and_a_way_to_it(desk: Kandy) -> None:
    """To each by their own last visit, whichever machine they sit at."""
    with desk.officer("perera", FIRST) as one, desk.officer("silva", SECOND) as two:
        one.reads("/")
        two.reads("/")
        desk.passes(minutes=60)
        desk.happens(EventChange.OPENED)
        page = one.reads("/")
        assert "27 Nov 2025 18:30 ! Kandy, River and landslide: Alert proposed (opened)" in changed(page)
        assert f'href="/warning/{desk.waiting().warning}"' in page
        assert "Alert proposed" in changed(two.reads("/"))


def test_who_has_no_account_may_ask_since_when(address: str) -> None:
    """Districts, warnings and feeds, the newest first; without a moment there are three to choose from."""
    told = changed(judged(address, "/?since=2025-11-27T12:00"))
    assert told.startswith("What has changed since 27 Nov 2025 12:00")
    assert "fell silent; its last answer was" in told
    assert "Alert went out" in told
    assert "up from" in told or "can no longer be told" in told
    section = re.search(r'class="card changes".*?</section>', judged(address, "/?since=2025-11-27T12:00"), re.S)
    assert section is not None
    listed = re.findall(r'<li><time datetime="([^"]+)"', section[0])
    assert 3 < len(listed) <= MOST
    assert listed == sorted(listed, reverse=True)
    choices = re.search(r'class="card changes".*?</section>', get(address).text, re.S)
    assert choices is not None
    assert len(re.findall(r'href="/\?since=', choices[0])) == 3


def test_since_and_at_go_together(address: str) -> None:
    """As of a moment nothing later is told as a change; a moment behind it is that moment itself."""
    early = changed(get(f"{address}/?at=2025-11-27T18:00&since=2025-11-27T06:00").text)
    assert "12 h" in early
    assert not re.search(r"28 Nov|29 Nov|30 Nov", early)
    assert "Nothing has changed since 27 Nov 2025 18:00" in changed(judged(address, "/?at=2025-11-27T18:00&since=2026-01-01T00:00"))


def test_a_moment_that_cannot_be_read_is_refused_with_what_to_do(address: str) -> None:
    """As for `at`."""
    answer = get(f"{address}/?since=yesterday")
    assert answer.status_code == 400
    assert "Write it as 2025-11-27T20:00" in answer.text
