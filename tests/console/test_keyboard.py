"""The console with the keyboard alone and scripts off: everything is reached, in the order in which it is read, and seen to be reached."""

import itertools
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from every_page import PAGES, Browser, Houses
from kandy_desk import Kandy
from page_geometry import focused, wait_for_first_field
from page_left import wait_until_left
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from signing_desk import FIRST, SECOND

from console.colours import contrast
from console.screenshot import chromium
from schemas.outputs import EventChange

NARROW, HIGH = 360, 800
WALKED = (
    "overview",
    "warning",
    "what waits",
    "to sign",
    "sending",
    "silences",
    "correction",
    "sign in",
    "set up",
    "account",
    "failed",
    "on duty",
    "wakings",
    "what people wrote",
    "accounts",
    "accounts, one",
    "planner, moved",
)
"""One of each kind of page."""
_PARTS_OF_A_MOMENT = 8
"""Day, month, year, hour and the like of one field, each of which takes the tabulator."""
_LINE = 12
"""Pixels by which what stands in one line may differ in height."""


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    """A narrow browser with scripts off."""
    with chromium(NARROW, HIGH, javascript=False) as made:
        made.get("data:text/html,<title>off</title><script>document.title='on'</script>")
        assert made.title == "off"
        yield made


class Keyboard:
    """Somebody who has no mouse: keys go to whatever has the focus."""

    def __init__(self, driver: webdriver.Chrome) -> None:
        self._driver = driver

    def follows(self) -> None:
        """Press Enter on what has the focus, and wait for the page that it leads to."""
        page = self._driver.find_element(By.TAG_NAME, "html")
        self.presses(Keys.ENTER)
        wait_until_left(self._driver, page)

    def presses(self, *keys: str) -> None:
        """Keys, one after the other."""
        ActionChains(self._driver).send_keys(*keys).perform()

    def back(self) -> None:
        """The tabulator the other way."""
        ActionChains(self._driver).key_down(Keys.SHIFT).send_keys(Keys.TAB).key_up(Keys.SHIFT).perform()

    def to(self, name: str, most: int = 60) -> "Keyboard":
        """The tabulator until what has the focus is called so."""
        for _ in range(most):
            self.presses(Keys.TAB)
            if name in self._driver.switch_to.active_element.accessible_name:
                return self
        raise AssertionError(f"`{name}` is not reached by keyboard on {self._driver.current_url}")

    def reads(self) -> str:
        """The page."""
        return self._driver.find_element(By.TAG_NAME, "body").text


@pytest.mark.parametrize("page", WALKED)
def test_the_tabulator_visits_everything_in_reading_order_and_shows_where_it_is(page: str, driver: webdriver.Chrome, every: Houses) -> None:
    """Each link, field, button and fold once, downwards; marked by a line that stands out from what is under it (WCAG 1.4.11, 2.4.7)."""
    PAGES[page](every, Browser(driver))
    wait_for_first_field(driver)
    keyboard, stop = Keyboard(driver), focused(driver)
    while stop["index"] > 0:  # a page may begin in its first field; what stands above it is reached backwards
        keyboard.back()
        stop = focused(driver)
    if stop["index"] < 0:
        keyboard.presses(Keys.TAB)
        stop = focused(driver)
    stops = [stop]
    moments = len(driver.find_elements(By.CSS_SELECTOR, "input[type=datetime-local], input[type=date]"))
    for _ in range(stop["count"] + _PARTS_OF_A_MOMENT * moments):
        keyboard.presses(Keys.TAB)
        stop = focused(driver)
        if stop["index"] == 0 or stop["index"] < 0:
            break  # round again
        if stop["index"] != stops[-1]["index"]:
            stops.append(stop)
    assert [stop["index"] for stop in stops] == list(range(stop["count"]))
    for stop in stops:
        assert stop["seen"], stop
        assert stop["width"] >= 2, stop
        assert contrast(_hex(stop["colour"]), _hex(stop["under"])) >= 3, stop
    for above, below in itertools.pairwise(stops[1:]):  # the first one is the skip link, which lies over the page
        in_line = abs(below["top"] - above["top"]) <= _LINE and below["left"] >= above["left"]
        assert in_line or below["bottom"] >= above["bottom"], (above, below)


def test_the_first_key_leads_past_the_head(driver: webdriver.Chrome, every: Houses) -> None:
    """The skip link is seen once it has the focus; behind it the tabulator goes on in the page itself."""
    PAGES["overview, of who is signed in"](every, Browser(driver))
    keyboard = Keyboard(driver)
    keyboard.presses(Keys.TAB)
    skip = driver.switch_to.active_element
    assert skip.accessible_name == "Skip to what stands"
    assert skip.rect["x"] >= 0
    keyboard.presses(Keys.ENTER)
    assert driver.current_url.endswith("#main")
    keyboard.presses(Keys.TAB)
    assert driver.switch_to.active_element.find_elements(By.XPATH, "ancestor::main")


def test_a_message_is_read_held_let_go_and_signed_with_the_keyboard_alone(driver: webdriver.Chrome, tmp_path: Path) -> None:
    """From the first page to the message that went out, by two people, without a mouse and without scripts."""
    desk = Kandy(tmp_path)
    desk.happens(EventChange.OPENED)
    keyboard = Keyboard(driver)
    with desk.officer("perera", FIRST) as one, desk.officer("silva", SECOND) as two:
        Browser(driver).opens(desk.address, str(one.client.cookies["polyrisk"]))
        keyboard.to("What waits").follows()
        keyboard.to("Kandy: River and landslide").follows()
        assert desk.waiting().texts[0].body in keyboard.reads()
        keyboard.to("Ask first").presses("Is the gauge right?")
        keyboard.to("Hold it").follows()
        assert "Held by Perera (duty officer)" in keyboard.reads()
        keyboard.to("Let it go").follows()
        keyboard.to("Sign this message").follows()
        assert "1 of 2 signatures" in keyboard.reads()
        Browser(driver).opens(f"{desk.address}/waiting/{desk.waiting().id}", str(two.client.cookies["polyrisk"]))
        keyboard.to("Sign this message").follows()
        assert "Alert went out" in keyboard.reads()
        assert desk.service.pending() == []
    desk.close()


def _hex(colour: str) -> str:
    return "#" + "".join(f"{int(part):02x}" for part in re.findall(r"\d+", colour)[:3])
