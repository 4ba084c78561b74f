"""Signing in as a person does it: in a real Chromium on a narrow screen, by keyboard, with and without JavaScript."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from console_world import lanka
from officers_desk import ADMINISTRATOR, PASSWORD, Desk, Telephone
from page_geometry import wait_for_first_field
from page_left import wait_until_left
from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.support.wait import WebDriverWait

from alerts.officers.signing_in import SigningIn
from alerts.people.keys import Keys as RegistryKeys
from alerts.registry import Registry
from console.pages import create_app
from console.screenshot import chromium, served
from eventlog.log import open_log

NARROW = 360
PATIENCE_S = 60


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    """Accounts, none yet, by a clock that the test sets."""
    registry = Registry(f"sqlite:///{tmp_path}/registry.sqlite", RegistryKeys.load(tmp_path / "keys", create=True))
    yield Desk(registry, lanka())
    registry.close()


@pytest.fixture
def address(desk: Desk, tmp_path: Path) -> Iterator[str]:
    """A console with an empty log over them."""
    log = open_log(f"sqlite:///{tmp_path}/log.sqlite")
    with served(create_app(log, lanka(), registry=desk.registry, clock=desk.clock, patience_s=30)) as where:
        yield where
    log.close()


@pytest.fixture(scope="module", params=[True, False], ids=["javascript", "no javascript"])
def browser(request: pytest.FixtureRequest) -> Iterator[webdriver.Chrome]:
    """A browser on a narrow screen."""
    with chromium(NARROW, 740, javascript=request.param) as driver:
        yield driver


class Person:
    """Types where the focus is, goes on by the tabulator, and presses Enter."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver

    def types(self, *texts: str) -> None:
        """Fill in the fields from the one in which the page begins, send the form, and wait for what it leads to."""
        wait_for_first_field(self._driver)
        page = self._driver.find_element(By.TAG_NAME, "html")
        for number, text in enumerate(texts):
            if number:
                self._driver.switch_to.active_element.send_keys(Keys.TAB)
            self._driver.switch_to.active_element.send_keys(text)
        self._driver.switch_to.active_element.send_keys(Keys.ENTER)
        wait_until_left(self._driver, page)

    def comes_to(self, heading: str) -> None:
        """The page with this heading, once it is there; nothing of it reaches past the edge of the screen."""
        waiting = WebDriverWait(self._driver, PATIENCE_S, ignored_exceptions=[StaleElementReferenceException])
        waiting.until(lambda driver: driver.find_element(By.TAG_NAME, "h1").text == heading, f"the page `{heading}`")
        metrics = self._driver.execute_cdp_cmd("Page.getLayoutMetrics", {})
        assert metrics["cssContentSize"]["width"] <= NARROW

    def has(self, selector: str) -> str:
        """What stands in a part of the page."""
        return self._driver.find_element(By.CSS_SELECTOR, selector).text


def test_from_the_first_administrator_to_signing_out_by_keyboard(browser: webdriver.Chrome, address: str, desk: Desk) -> None:
    """One-time link, password, authenticator, the console, out, and in again; what is wrong is said where it is typed."""
    browser.delete_all_cookies()
    person, code = Person(browser), desk.administering.first(ADMINISTRATOR, "A. Fonseka").code
    browser.get(f"{address}/set-up?code={code}")
    person.comes_to("Set your password")
    person.types(PASSWORD, PASSWORD)
    person.comes_to("Set your authenticator")
    assert browser.find_element(By.CSS_SELECTOR, ".qr svg").size["width"] > 150
    telephone = Telephone(person.has(".secret").replace(" ", ""), desk.clock)
    person.types("000000")
    assert "THE CODE IS WRONG" in person.has("[role=alert]").upper()
    person.types(telephone.shows())
    person.comes_to("You are signed in")
    assert len(browser.find_elements(By.CSS_SELECTOR, ".codes li")) == 8
    browser.get(address)
    assert "Signed in as A. Fonseka" in person.has(".officer")
    browser.find_element(By.LINK_TEXT, "Account and sign out").send_keys(Keys.ENTER)
    person.comes_to("A. Fonseka")
    browser.find_element(By.CSS_SELECTOR, 'form[action="/sign-out"] button').send_keys(Keys.ENTER)
    person.comes_to("You are signed out")
    browser.get(f"{address}/?at=2025-11-27T20:00")
    person.comes_to("Sign in")
    desk.clock.goes_on(seconds=60)
    person.types(ADMINISTRATOR, PASSWORD)
    person.comes_to("One more step, A. Fonseka")
    person.types(telephone.shows())
    assert browser.current_url == f"{address}/?at=2025-11-27T20:00"
    assert [entry for entry in browser.get_log("browser") if entry["level"] == "SEVERE" and "403" not in entry["message"]] == []


def test_a_page_of_another_site_signs_nobody_out(browser: webdriver.Chrome, address: str, desk: Desk) -> None:
    """A real browser says where a form comes from; it is refused and the session goes on."""
    desk.first()
    browser.delete_all_cookies()
    browser.get(f"{address}/sign-in")
    person = Person(browser)
    person.types(ADMINISTRATOR, PASSWORD)
    person.types(desk.telephones[ADMINISTRATOR].shows())
    held = browser.get_cookie("polyrisk")
    assert held is not None
    assert held["httpOnly"]
    browser.get(f"data:text/html,<form method=post action={address}/sign-out><button autofocus>x</button></form>")
    browser.find_element(By.TAG_NAME, "button").send_keys(Keys.ENTER)
    person.comes_to("Nothing is changed by who is not signed in.")
    assert SigningIn(desk.registry, desk.clock).look(held["value"]) is not None
