"""A warning that no rule saw is written, read, signed, updated and ended on pages, each by whom may."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from every_page import Browser
from kandy_desk import Kandy
from page_left import wait_until_left
from selenium.webdriver.common.by import By
from selenium.webdriver.support.ui import Select
from signing_desk import DUTY, FIRST, SECOND
from test_pages import Outline

from alerts.officers.officer import ConsoleRole, Grant
from console.screenshot import chromium

VIEWER = Grant(ConsoleRole.VIEWER, "LKA")
THIRD = Grant(ConsoleRole.APPROVER, "LKA", "district_unit")
WRITTEN = {
    "hazard": "river_flood",
    "area": "LK21",
    "level": "red",
    "since": "",
    "until": "2025-11-27T23:00",
    "reason": "water over the bridge",
    "source": "police post",
}


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """Households of Kandy, and nothing that any rule saw."""
    made = Kandy(tmp_path)
    yield made
    made.close()


def test_written_by_one_signed_by_two_updated_and_ended(desk: Kandy) -> None:
    """The form leads to the message as it waits; why it is given is the person's reason; its author has no signature under it."""
    with desk.officer("perera", DUTY, FIRST) as one, desk.officer("silva", SECOND) as two, desk.officer("dias", THIRD) as three:
        status, waits = one.presses(one.reads("/originate"), "originate", **WRITTEN)
        told = Outline(waits).text
        assert status == 200
        for said in ("No rule found it: a person wrote it.", "water over the bridge", "Source: police post", "12 people in Kandy"):
            assert said in told
        where = f"/waiting/{desk.waiting().id}"
        assert f'action="{where}/sign"' not in one.reads(where)
        two.presses(two.reads(where), "sign")
        status, out = three.presses(three.reads(where), "sign")
        told = Outline(out).text
        assert "No rule found it: a person wrote it." in told
        assert "The log no longer holds" not in told
        ((kept, _),) = desk.service.originated()
        changed = one.reads(f"/originated/{kept.warning}")
        status, waits = one.presses(changed, "update", level="orange", until="", comment="the water falls")
        assert (status, "Update" in Outline(waits).text) == (200, True)
        status, waits = two.presses(two.reads(f"/originated/{kept.warning}"), "end", how="all_clear", comment="the water has gone")
        assert (status, "Cancel" in Outline(waits).text) == (200, True)
        assert desk.waiting().author == "Silva"


def test_what_people_are_told_to_do_is_chosen_where_the_warning_is_written(desk: Kandy) -> None:
    """Of the danger that is chosen, and a place to go to; both stand in the message in every language, and in the journal once."""
    with desk.officer("perera", DUTY) as one:
        page = one.reads("/originate")
        for said in ('<optgroup label="River flood">', '<option value="river_flood stay" lang="en">Stay away from the river bank</option>'):
            assert said in page
        assert '<option value="test_hall" lang="en">Test hall (Kandy)</option>' in page
        chosen = {"action": "river_flood stay", "shelter": "test_hall"}
        status, waits = one.presses(page, "originate", **WRITTEN, **chosen)
        assert status == 200
        assert "Stay away from the river bank. Shelter: Test hall." in Outline(waits).text
        assert desk.waiting().filled == {"action": "stay", "shelter": "test_hall"}
        assert desk.waiting().author == "Perera"
        assert {text.language for text in desk.waiting().texts} >= {"en", "si", "ta"}


@pytest.mark.parametrize(
    ("chosen", "said"),
    [
        ({"action": "landslide stay"}, "of another danger than the one you chose"),
        ({"action": "river_flood swim"}, "there is no `swim` in every language"),
        ({"shelter": "test_hall", "area": "LK31"}, "there is no `test_hall` in every language"),
        ({"shelter": "test_hall", "hazard": "dengue"}, "this message does not leave it open"),
    ],
)
def test_what_cannot_be_said_is_refused_with_the_form_as_it_was(desk: Kandy, chosen: dict[str, str], said: str) -> None:
    """At the field, with the reason; nothing is written, and what was filled in stands there still."""
    with desk.officer("perera", DUTY) as one:
        status, refused = one.presses(one.reads("/originate"), "originate", **{**WRITTEN, **chosen})
        assert (status, said in Outline(refused).text) == (409, True)
        assert desk.service.pending() == []
        assert 'value="water over the bridge"' in refused
        if "shelter" in chosen:
            assert '<option value="test_hall" lang="en" selected>' in refused
            assert 'id="shelter-why"' in refused


@pytest.mark.parametrize("javascript", [True, False])
def test_in_a_narrow_browser_it_is_chosen_with_scripts_and_without(desk: Kandy, javascript: bool) -> None:
    """At 360 pixels: one form, one press, and the next page reads as households will."""
    with desk.officer("perera", DUTY) as one, chromium(360, 800, javascript=javascript) as driver:
        Browser(driver).opens(f"{desk.address}/originate", one.session)
        for name, value in {**WRITTEN, "action": "river_flood leave", "shelter": "test_hall"}.items():
            field = driver.find_element(By.NAME, name)
            if field.tag_name == "select":
                Select(field).select_by_value(value)
            elif name == "until":
                field.send_keys("11272025\t1100PM")
            else:
                field.send_keys(value)
        button = driver.find_element(By.CSS_SELECTOR, "button.sign")
        button.click()
        wait_until_left(driver, button)
        assert "LEAVE the river bank NOW, go to high ground. Shelter: Test hall." in driver.find_element(By.TAG_NAME, "main").text


def test_it_stands_on_the_first_page_though_no_event_is_behind_it(desk: Kandy) -> None:
    """A district under a warning is not shown as calm or unknown."""
    with desk.officer("perera", DUTY) as one:
        one.presses(one.reads("/originate"), "originate", **WRITTEN)
        assert "nobody was told yet" in one.reads("/")
        for by, role in (("X", "duty_officer"), ("Y", "director")):
            desk.service.sign(desk.waiting().id, by, role, desk.now)
        shown = one.reads("/")
        assert "Events that stand (1)" in shown
        assert "event: River flood, written by a person" in Outline(shown).text


def test_a_form_that_is_sent_twice_writes_one_warning(desk: Kandy) -> None:
    """A slow line and a second press lead to the same message; a page loaded anew writes of the same danger and is told of the first."""
    with desk.officer("perera", DUTY) as one:
        form = one.reads("/originate")
        first = one.presses(form, "originate", **WRITTEN)
        again = one.presses(form, "originate", **WRITTEN)
        assert (first[0], again[0]) == (200, 200)
        waiting = desk.waiting().id
        assert f"/waiting/{waiting}/" in again[1]
        status, refused = one.presses(one.reads("/originate"), "originate", **{**WRITTEN, "reason": "another bridge"})
        assert (status, desk.waiting().warning in refused) == (409, True)
        assert desk.waiting().id == waiting


@pytest.mark.parametrize(
    ("fields", "said"),
    [
        ({"reason": " "}, "what was seen"),
        ({"source": ""}, "who told them"),
        ({"level": "purple"}, "level cannot be read"),
        ({"until": "tomorrow"}, "moment cannot be read"),
        ({"until": "2025-11-27T00:00"}, "cannot end then"),
        ({"since": "2025-11-26T00:00"}, "cannot begin then"),
        ({"hazard": "meteorite"}, "no text"),
        ({"reason": "<script>alert(1)</script>", "source": ""}, "who told them"),
    ],
)
def test_what_cannot_be_is_explained_and_what_was_written_stays(desk: Kandy, fields: dict[str, str], said: str) -> None:
    """Nothing waits; the form holds what was typed, as text."""
    with desk.officer("perera", DUTY) as one:
        status, shown = one.presses(one.reads("/originate"), "originate", **{**WRITTEN, **fields})
        assert (status, said in Outline(shown).text) == (409, True)
        assert "<script" not in shown
        assert f'value="{({**WRITTEN, **fields})["source"]}"' in shown
        assert desk.service.pending() == []


@pytest.mark.parametrize(
    "grants",
    [(VIEWER,), (THIRD,), (Grant(ConsoleRole.OPERATOR, "LKA", "duty_officer", "LK31"),)],
    ids=["viewer", "role", "elsewhere"],
)
def test_who_may_not_writes_none_here(desk: Kandy, grants: tuple[Grant, ...]) -> None:
    """Also not with a form made by hand: the account, its role in country.yaml and its area must all let them."""
    with desk.officer("other", *grants) as other:
        page = other.reads("/silences") if "form_token" not in other.reads("/originate") else other.reads("/originate")
        token = page if "form_token" in page else other.reads("/account")
        status, _ = other.sends("/originate", token, **WRITTEN)
        assert status == 403
        assert desk.service.pending() == []


def test_what_nobody_was_told_is_taken_back_on_its_page(desk: Kandy) -> None:
    """Its page says that nobody was told, and the warning's that it never went out; then there is no such page."""
    with desk.officer("perera", DUTY) as one:
        one.presses(one.reads("/originate"), "originate", **WRITTEN)
        ((kept, _),) = desk.service.originated()
        page = one.reads(f"/originated/{kept.warning}")
        assert "Nobody was told anything yet" in page
        status, shown = one.presses(page, "end", how="mistaken", comment="it was another bridge")
        assert (status, "Never went out" in Outline(shown).text) == (200, True)
        assert one.client.get(f"/originated/{kept.warning}").status_code == 404
        assert not re.search(r"\+?94771\d{6}", shown)
