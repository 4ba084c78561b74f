"""What a slow line carries: 64 kbit/s for five seconds is 40 kB. The first page and the page to sign on are less, with all they load."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from kandy_desk import Kandy
from selenium import webdriver
from signing_desk import FIRST

from console.screenshot import chromium
from schemas.outputs import EventChange

BYTES_A_SECOND = 64_000 // 8
MOST = 5 * BYTES_A_SECOND
_LATENCY_MS = 300
_LOADED = """
const all = performance.getEntriesByType('navigation').concat(performance.getEntriesByType('resource'));
return [all.reduce((sum, one) => sum + one.transferSize, 0), all.length, all[0].loadEventEnd / 1000];
"""


@pytest.fixture(scope="module")
def driver() -> Iterator[webdriver.Chrome]:
    """A browser behind a line of 64 kbit/s, which keeps nothing."""
    with chromium(360, 800) as made:
        made.execute_cdp_cmd("Network.enable", {})
        made.execute_cdp_cmd("Network.setCacheDisabled", {"cacheDisabled": True})
        line = {"offline": False, "latency": _LATENCY_MS, "downloadThroughput": BYTES_A_SECOND, "uploadThroughput": BYTES_A_SECOND}
        made.execute_cdp_cmd("Network.emulateNetworkConditions", line)
        yield made


def measured(driver: webdriver.Chrome, address: str, what: str) -> int:
    """Bytes of a page with its headers and all that it loads, as they came over the line. How long it took is printed."""
    driver.get(address)
    sent, count, seconds = driver.execute_script(_LOADED)
    print(f"{what}: {sent:,} bytes in {count} request(s), loaded after {seconds:.1f} s at 64 kbit/s and {_LATENCY_MS} ms")
    assert sent > 1000
    return int(sent)


def test_the_first_page_is_light(driver: webdriver.Chrome, address: str) -> None:
    """With 25 districts, five feeds and the warnings of four days."""
    assert measured(driver, address, "first page") < MOST


def test_the_page_to_sign_on_is_light(driver: webdriver.Chrome, tmp_path: Path) -> None:
    """With every language of the country."""
    desk = Kandy(tmp_path)
    desk.happens(EventChange.OPENED)
    with desk.officer("perera", FIRST) as one:
        cookie = {"name": "polyrisk", "value": str(one.client.cookies["polyrisk"]), "url": desk.address}
        driver.execute_cdp_cmd("Network.setCookie", cookie)
        assert measured(driver, f"{desk.address}/waiting/{desk.waiting().id}", "page to sign on") < MOST
    desk.close()
