"""The planner in a real Chromium, by the keyboard alone on a narrow screen, with and without JavaScript."""

from collections.abc import Iterator

import httpx
import pytest
from console_world import PATIENCE_S, World
from planner_world import RULE, done, sources, write_history
from selenium import webdriver
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.expected_conditions import url_contains
from selenium.webdriver.support.wait import WebDriverWait
from test_browser import NARROW, browser, tab_to

from console.pages import create_app
from console.screenshot import served

__all__ = ["browser"]


@pytest.fixture(scope="module")
def planner(world: World, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """Where a console with a prepared history is."""
    folder = write_history(tmp_path_factory.mktemp("planner") / "months")
    with served(create_app(world.log, world.country, histories=sources(world, folder))) as where:
        with httpx.Client(base_url=where, timeout=PATIENCE_S) as client:
            for value in ("", "&value=3.5"):
                done(client, RULE + value)
        yield where


def test_a_level_is_moved_and_handed_over_by_keyboard(browser: webdriver.Chrome, planner: str) -> None:
    """Tab to the number, write another, Enter; the years are there with the other number, and the export has the focus next."""
    browser.get(f"{planner}{RULE}")
    field = browser.find_element(By.ID, "value")
    for _ in range(40):
        browser.switch_to.active_element.send_keys(Keys.TAB)
        if browser.switch_to.active_element == field:
            break
    assert browser.switch_to.active_element == field
    field.send_keys(Keys.HOME, Keys.SHIFT + Keys.END)
    field.send_keys(Keys.NULL, "3.5", Keys.ENTER)
    WebDriverWait(browser, PATIENCE_S).until(url_contains("value=3.5"))
    assert "at 3.5 level" in browser.find_element(By.ID, "said").text
    lost = tab_to(browser, "Warnings of today's rule that would not have been given")
    assert "(2)" in lost.text
    export = tab_to(browser, "Export the change")
    assert "/planner/export?" in str(export.get_attribute("href"))


def test_nothing_of_the_planner_rules_and_feeds_hangs_over_a_narrow_screen(browser: webdriver.Chrome, planner: str) -> None:
    """At 360 CSS pixels no page scrolls sideways, everything folded out, and the policy stops nothing of it."""
    for page in (f"{RULE}&value=3.5", "/rules", "/feeds"):
        browser.get(f"{planner}{page}")
        for summary in browser.find_elements(By.CSS_SELECTOR, "details:not([open]) > summary"):
            summary.send_keys(Keys.ENTER)
        metrics = browser.execute_cdp_cmd("Page.getLayoutMetrics", {})
        assert metrics["cssContentSize"]["width"] <= NARROW
        assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE"] == []
