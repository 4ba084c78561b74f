"""A message in Urdu as a telephone shows it: from the right, in letters made for it, with its numbers and its sender in their places."""

from collections.abc import Iterator
from datetime import timedelta
from typing import cast

import pytest
from every_page import Browser
from hand_made import NOON
from kandy_desk import Kandy
from selenium import webdriver
from selenium.webdriver.common.by import By
from signing_desk import FIRST
from urdu import KANDY, SPEAKS_AS, with_urdu

from alerts.people.person import Consent, Enrolment
from console.screenshot import chromium
from schemas.outputs import EventChange

_PLACES = """
const node = arguments[0].firstChild, at = node.data.indexOf(arguments[1]), found = [];
for (let i = at; at >= 0 && i < at + arguments[1].length; i++) {
  const range = document.createRange();
  range.setStart(node, i); range.setEnd(node, i + 1);
  const r = range.getBoundingClientRect();
  found.push([r.left, r.right, r.top]);
}
return found;
"""


@pytest.fixture(scope="module")
def desk(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kandy]:
    """A warning of Kandy waits, in four languages; six people there read Urdu."""
    folder = tmp_path_factory.mktemp("urdu")
    made = Kandy(folder, country=with_urdu(folder))
    for number in range(6):
        consent = Consent(NOON - timedelta(days=9), "v1", "a volunteer")
        made.registry.enrol(Enrolment(f"+94773{number:06d}", "LK21", "ur", "household", consent))
    made.happens(EventChange.OPENED)
    yield made
    made.close()


@pytest.fixture(scope="module", params=["/waiting/{id}", "/warning/{warning}"])
def page(request: pytest.FixtureRequest, desk: Kandy) -> Iterator[webdriver.Chrome]:
    """The page to sign on, and that of the warning."""
    waits = desk.waiting()
    with chromium(360, 800) as driver, desk.officer(f"reads{len(request.param)}", FIRST) as one:
        where = request.param.format(id=waits.id, warning=waits.warning)
        Browser(driver).opens(desk.address + where, str(one.client.cookies["polyrisk"]))
        yield driver


def places(driver: webdriver.Chrome, text: str) -> list[tuple[float, float, float]]:
    """Left, right and top of each character of a part of the Urdu message."""
    bubble = driver.find_element(By.CSS_SELECTOR, '.bubble[lang="ur"]')
    found = cast(list[tuple[float, float, float]], driver.execute_script(_PLACES, bubble, text))
    assert found, f"`{text}` does not stand in it"
    return found


def font(driver: webdriver.Chrome, language: str) -> str:
    """The font that most of a message is drawn with."""
    driver.execute_cdp_cmd("DOM.enable", {})
    driver.execute_cdp_cmd("CSS.enable", {})
    root = driver.execute_cdp_cmd("DOM.getDocument", {})["root"]["nodeId"]
    node = driver.execute_cdp_cmd("DOM.querySelector", {"nodeId": root, "selector": f'.bubble[lang="{language}"]'})["nodeId"]
    fonts = driver.execute_cdp_cmd("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    return str(max(fonts, key=lambda one: int(one["glyphCount"]))["familyName"])


def test_the_message_runs_from_the_right(page: webdriver.Chrome, desk: Kandy) -> None:
    """It begins at the right edge with who speaks; the place comes further on; other languages of the page run from the left."""
    bubble = page.find_element(By.CSS_SELECTOR, '.bubble[lang="ur"]')
    assert bubble.value_of_css_property("direction") == "rtl"
    assert page.find_element(By.CSS_SELECTOR, '.bubble[lang="ta"]').value_of_css_property("direction") == "ltr"
    speaks, kandy = places(page, SPEAKS_AS), places(page, KANDY)
    right = bubble.rect["x"] + bubble.rect["width"]
    assert right - speaks[0][1] < 24
    assert speaks[0][0] > speaks[3][0]
    assert (kandy[0][2], -kandy[0][0]) > (speaks[0][2], -speaks[0][0])


def test_numbers_inside_it_run_from_the_left(page: webdriver.Chrome, desk: Kandy) -> None:
    """The hour is read as in every other language: its digits stand from left to right, within the line from the right."""
    (body,) = [text.body for text in desk.waiting().texts if text.language == "ur"]
    hour = next(word for word in body.split() if word[:1].isdecimal() and ":" in word).rstrip(":،,.")
    digits = places(page, hour)
    assert [one[0] for one in digits] == sorted(one[0] for one in digits)
    assert len({one[2] for one in digits}) == 1


def test_it_is_drawn_with_letters_made_for_urdu(page: webdriver.Chrome) -> None:
    """Not with whatever font happens to have the letters; and Urdu in Latin letters with those of every other text."""
    assert font(page, "ur") == "Noto Nastaliq Urdu"
    assert font(page, "ur-Latn") == font(page, "en")
    bubble = page.find_element(By.CSS_SELECTOR, '.bubble[lang="ur"]')
    assert page.execute_script("return arguments[0].scrollWidth <= arguments[0].clientWidth", bubble)
