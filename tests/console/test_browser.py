"""The console in a real Chromium: by keyboard, on a narrow screen, with and without JavaScript."""

from collections.abc import Iterator

import pytest
from page_left import wait_until_left
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement

from console.screenshot import chromium

NARROW = 360


@pytest.fixture(scope="module", params=[True, False], ids=["javascript", "no javascript"])
def browser(request: pytest.FixtureRequest) -> Iterator[webdriver.Chrome]:
    """A browser on a narrow screen."""
    with chromium(NARROW, 740, javascript=request.param) as driver:
        driver.get("data:text/html,<title>off</title><script>document.title='on'</script>")
        assert driver.title == ("on" if request.param else "off")
        yield driver


def tab_to(driver: webdriver.Chrome, wanted: str, most: int = 60) -> WebElement:
    """Press the tabulator until what has the focus is called so."""
    for _ in range(most):
        driver.switch_to.active_element.send_keys(Keys.TAB)
        focused = driver.switch_to.active_element
        if wanted in focused.accessible_name:
            return focused
    raise AssertionError(f"`{wanted}` is not reached by keyboard")


def test_every_district_is_on_the_map(browser: webdriver.Chrome, address: str) -> None:
    """25 shapes are drawn, each with a size on the screen."""
    browser.get(address)
    shapes = browser.find_elements(By.CSS_SELECTOR, "#map path.d")
    assert len(shapes) == 25
    assert all(shape.rect["width"] > 3 and shape.rect["height"] > 3 for shape in shapes)


def test_a_warning_is_reached_by_keyboard_and_read_in_sinhala_down_to_a_reading(browser: webdriver.Chrome, address: str) -> None:
    """Tab to the link, Enter; the Sinhala text is drawn; Enter on a folded reason shows the reading behind it."""
    browser.get(address)
    link = tab_to(browser, "River and landslide")
    link.send_keys(Keys.ENTER)
    wait_until_left(browser, link)
    assert "/warning/" in browser.current_url
    text = browser.find_element(By.CSS_SELECTOR, '.bubble[lang="si"]')
    assert text.is_displayed()
    assert "ගංවතුර හා නායයෑම් අනතුර" in text.text
    folded = [r for r in browser.find_elements(By.CSS_SELECTOR, ".tree details:not([open]) > .reading") if not r.is_displayed()]
    assert folded
    before = len([r for r in browser.find_elements(By.CSS_SELECTOR, ".reading") if r.is_displayed()])
    tab_to(browser, "Gangawata Korale").send_keys(Keys.ENTER)
    shown = [r for r in browser.find_elements(By.CSS_SELECTOR, ".reading") if r.is_displayed()]
    assert len(shown) == before + 1
    assert any("level 3 landslide warning at Gangawata Korale" in r.text for r in shown)


def test_nothing_hangs_over_the_edge_of_a_narrow_screen(browser: webdriver.Chrome, address: str) -> None:
    """At 360 CSS pixels neither page scrolls sideways: nothing reaches past the right edge."""
    browser.get(address)
    link = browser.find_element(By.CSS_SELECTOR, ".stand a").get_attribute("href")
    for page in (address, f"{address}/?at=2025-11-27T20:03", link):
        browser.get(str(page))
        for summary in browser.find_elements(By.CSS_SELECTOR, "details:not([open]) > summary"):
            if summary.is_displayed():
                summary.send_keys(Keys.ENTER)
        metrics = browser.execute_cdp_cmd("Page.getLayoutMetrics", {})
        assert metrics["cssContentSize"]["width"] <= NARROW


def test_the_time_line_is_a_way_to_each_warning(browser: webdriver.Chrome, address: str) -> None:
    """A bar has the keyboard's focus and its name says the warning's whole life."""
    browser.get(address)
    bar = tab_to(browser, "Kegalle, Landslide, red: issued 26 Nov 2025 16:50; all-clear 29 Nov 2025 16:50")
    assert "/warning/" in str(bar.get_dom_attribute("href"))


def test_the_browser_asks_for_nothing_but_the_page(browser: webdriver.Chrome, address: str) -> None:
    """One page is one request, and the policy stops nothing of it."""
    browser.get(address)
    tree = browser.execute_cdp_cmd("Page.getResourceTree", {})["frameTree"]
    assert [r["url"] for r in tree["resources"] if not r["url"].startswith("data:")] == []
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
