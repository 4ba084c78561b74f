"""The console in Nepali and in Urdu, in a real Chromium: by axe, on a narrow screen, by keyboard, and in Urdu from the right."""

import pytest
from axe_core import judged
from every_page import PAGES, Browser, Houses
from page_geometry import focused, outside, overlaps, small_targets, unfold, width
from page_left import wait_until_left
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from console.screenshot import look

WIDE, NARROW, HIGH = 1200, 360, 800
TRIED = (
    "overview",
    "warning",
    "history",
    "rules",
    "feeds",
    "what waits",
    "to sign",
    "sending",
    "silences",
    "correction",
    "sign in",
    "failed",
)
"""One of each kind of page."""


@pytest.fixture(scope="module", params=["ne", "ur"])
def language(request: pytest.FixtureRequest) -> str:
    """The language that was chosen."""
    return str(request.param)


@pytest.fixture(scope="module", params=TRIED)
def shown(request: pytest.FixtureRequest, language: str, driver: webdriver.Chrome, every: Houses) -> webdriver.Chrome:
    """A page in the language, with all that is folded on it opened."""
    PAGES[request.param](every, Browser(driver, language))
    unfold(driver)
    assert driver.find_element(By.TAG_NAME, "html").get_attribute("lang") == language
    return driver


def test_axe_finds_nothing_wrong(shown: webdriver.Chrome) -> None:
    """Wide and narrow."""
    found = []
    for size in (WIDE, NARROW):
        look(shown, size, HIGH)
        said = judged(shown)
        assert {"color-contrast", "label", "html-has-lang", "valid-lang"} <= said.rules
        found += [f"{size}: {line}" for line in said.violations]
    assert found == []


def test_nothing_is_lost_on_a_narrow_screen(shown: webdriver.Chrome) -> None:
    """At 360 pixels nothing scrolls sideways, reaches past an edge, or lies on anything else; what can be pressed is large enough."""
    look(shown, NARROW, HIGH)
    assert (width(shown) <= NARROW, outside(shown), overlaps(shown), small_targets(shown)) == (True, [], [], [])


def test_everything_is_reached_by_keyboard_in_the_order_of_the_page(language: str, driver: webdriver.Chrome, every: Houses) -> None:
    """The tabulator goes through what stands on the page, one after the other, and a language is chosen by Enter."""
    look(driver, WIDE, HIGH)
    PAGES["what waits"](every, Browser(driver, language))
    reached = []
    for _ in range(focused(driver)["count"]):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        reached.append(focused(driver)["index"])
    assert reached == list(range(len(reached)))
    assert len(reached) > 12
    other = next(link for link in driver.find_elements(By.CSS_SELECTOR, ".languages a") if link.get_attribute("lang") == "en")
    other.send_keys(Keys.ENTER)
    wait_until_left(driver, other)
    assert driver.find_element(By.TAG_NAME, "html").get_attribute("lang") == "en"
    assert driver.current_url.endswith("/waiting")


def test_urdu_runs_from_the_right_and_what_is_latin_from_the_left(driver: webdriver.Chrome, every: Houses) -> None:
    """The navigation begins at the right edge, text is set from there; commands, codes, map and time line keep their direction."""
    look(driver, WIDE, HIGH)
    PAGES["warning"](every, Browser(driver, "ur"))
    first, last = driver.find_elements(By.CSS_SELECTOR, "nav.places a")[0], driver.find_elements(By.CSS_SELECTOR, "nav.places a")[-1]
    assert first.rect["x"] > last.rect["x"]
    heading = driver.find_element(By.CSS_SELECTOR, "#reasons")
    assert (heading.value_of_css_property("direction"), heading.value_of_css_property("text-align")) == ("rtl", "start")
    code = driver.find_element(By.TAG_NAME, "code")
    assert (code.value_of_css_property("direction"), code.value_of_css_property("unicode-bidi")) == ("ltr", "isolate")
    english = driver.find_element(By.CSS_SELECTOR, '.bubble[lang="en"]')
    assert english.value_of_css_property("direction") == "ltr"
    PAGES["overview"](every, Browser(driver, "ur"))
    for drawing in ("#map", ".line svg"):
        assert driver.find_element(By.CSS_SELECTOR, drawing).value_of_css_property("direction") == "ltr"


def test_nepali_is_drawn_in_letters_made_for_it(driver: webdriver.Chrome, every: Houses) -> None:
    """Not with boxes, and not with whatever font happens to have them."""
    PAGES["overview"](every, Browser(driver, "ne"))
    for domain in ("DOM", "CSS"):
        driver.execute_cdp_cmd(f"{domain}.enable", {})
    root = driver.execute_cdp_cmd("DOM.getDocument", {})["root"]["nodeId"]
    node = driver.execute_cdp_cmd("DOM.querySelector", {"nodeId": root, "selector": "#map-title"})["nodeId"]
    fonts = driver.execute_cdp_cmd("CSS.getPlatformFontsForNode", {"nodeId": node})["fonts"]
    assert {font["familyName"] for font in fonts} <= {"Noto Sans", "Noto Sans Devanagari"}
