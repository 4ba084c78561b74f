"""Every page in a real Chromium: by axe at WCAG 2.2 AA, on a narrow screen, with large text, with fingers."""

import pytest
from axe_core import judged
from every_page import PAGES, Browser, Houses
from page_geometry import outside, overlaps, small_targets, unfold, width
from selenium import webdriver

from console.screenshot import look

WIDE, NARROW, HIGH = 1200, 360, 800
LOOKS = {f"{size} px, {'dark' if dark else 'light'}": (size, dark) for size in (WIDE, NARROW) for dark in (False, True)}


@pytest.fixture(scope="module", params=list(PAGES))
def shown(request: pytest.FixtureRequest, driver: webdriver.Chrome, every: Houses) -> webdriver.Chrome:
    """A page, with all that is folded on it opened."""
    PAGES[request.param](every, Browser(driver))
    unfold(driver)
    return driver


def test_axe_finds_nothing_wrong(shown: webdriver.Chrome) -> None:
    """Wide and narrow, by day and by night: rule, element and help of whatever it finds."""
    found = []
    for name, (size, dark) in LOOKS.items():
        look(shown, size, HIGH, dark=dark)
        said = judged(shown)
        assert {"color-contrast", "label", "target-size"} <= said.rules
        found += [f"{name}: {line}" for line in said.violations]
        # What axe cannot tell is the contrast of letters over hatching and in drawings: test_map_and_colours.py computes it.
        assert {line.partition(":")[0] for line in said.undecided} <= {"color-contrast"}
    assert found == []


def test_nothing_is_lost_on_a_narrow_screen(shown: webdriver.Chrome) -> None:
    """At 360 pixels nothing scrolls sideways, reaches past an edge, or lies on anything else."""
    look(shown, NARROW, HIGH)
    assert (width(shown) <= NARROW, outside(shown), overlaps(shown)) == (True, [], [])


def test_whatever_can_be_pressed_is_large_enough(shown: webdriver.Chrome) -> None:
    """24 pixels each way, wide and narrow; links in a sentence are as high as their line."""
    for size in (WIDE, NARROW):
        look(shown, size, HIGH)
        assert small_targets(shown) == []


def test_everything_can_be_read_twice_as_large(shown: webdriver.Chrome) -> None:
    """Zoomed to 200 %, and with the browser's own letters set to twice their size: nothing is lost or covered."""
    look(shown, WIDE, HIGH, zoom=2)
    assert (width(shown) <= WIDE // 2, outside(shown), overlaps(shown)) == (True, [], [])
    look(shown, WIDE, HIGH)
    shown.execute_cdp_cmd("Page.setFontSizes", {"fontSizes": {"standard": 32, "fixed": 26}})
    try:
        assert shown.execute_script("return getComputedStyle(document.body).fontSize") == "32px"
        assert (width(shown) <= WIDE, outside(shown), overlaps(shown)) == (True, [], [])
    finally:
        shown.execute_cdp_cmd("Page.setFontSizes", {"fontSizes": {"standard": 16, "fixed": 13}})


def test_axe_would_say_so(driver: webdriver.Chrome, every: Houses) -> None:
    """A field without a name, pale letters and small targets are found, each under its own rule; ours are found by our own measures."""
    Browser(driver).opens(every.days)
    driver.execute_script(
        "document.querySelector('main').innerHTML = `<input name=x><p style='color:#bbb;background:#fff'>pale</p>"
        "<button style='all:unset;font-size:6px'>a</button><button style='all:unset;font-size:6px'>b</button>"
        "<p style='width:2000px'>wide</p><p style='margin-top:-1.4rem'>covers it</p>`"
    )
    look(driver, NARROW, HIGH)
    rules = {line.partition(":")[0] for line in judged(driver).violations}
    assert {"label", "color-contrast", "target-size"} <= rules
    assert width(driver) > NARROW
    assert len(small_targets(driver)) >= 2
    assert [line for line in overlaps(driver) if "covers it" in line]
    assert outside(driver)
