"""The page on which an officer gives their own telephone: what it shows, what it takes, and what it never does."""

import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from every_page import Browser
from kandy_desk import Kandy
from page_left import wait_until_left
from selenium.webdriver.common.by import By
from signing_desk import DUTY, FIRST, SECOND
from test_pages import Outline
from test_to_me_page import Telephones

from alerts import journal
from alerts.officers import accounts
from alerts.officers.officer import ConsoleRole, Grant
from alerts.roster import telephones
from alerts.roster.code_sender import CodeSender
from console.screenshot import chromium
from schemas.outputs import EventChange

OWN, OTHERS = "+999700000001", "+999700000002"
PAGE = "/account/telephone"


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Kandy]:
    """Households of Kandy; nothing waits."""
    made = Kandy(tmp_path)
    yield made
    made.close()


def came(desk: Kandy) -> tuple[str, str]:
    """The service hands over what waits: number and code of the newest."""
    air = Telephones()
    CodeSender(desk.registry, desk.country, air).turn(desk.now)
    to, body = air.read[-1]
    code = re.search(r": (\d{6}) ", body)
    assert code is not None
    return to, code[1]


def known(desk: Kandy, name: str = "perera") -> str | None:
    """The number that is used for somebody."""
    with desk.registry.reading() as connection:
        return telephones.of(connection, desk.registry.keys, accounts.named(connection, name).id)


def test_a_number_is_given_its_code_typed_and_the_number_forgotten(desk: Kandy) -> None:
    """It is reached from one's own page; no answer holds the number, and the journal does not either."""
    with desk.officer("perera", FIRST) as one:
        assert f'href="{PAGE}"' in one.reads("/account")
        page = one.reads(PAGE)
        assert "nobody can wake you" in Outline(page).text
        status, asked = one.presses(page, "number", number=" +999 700 000 001")
        assert (status, "ends with ...01" in " ".join(Outline(asked).text.split())) == (200, True)
        assert "It waits to be handed over." in Outline(asked).text
        assert known(desk) is None
        to, code = came(desk)
        assert to == OWN
        assert "The provider has taken it." in Outline(one.reads(PAGE)).text
        status, wrong = one.presses(asked, "code", code="000000" if code != "000000" else "000001")
        assert (status, "not the code that was sent" in Outline(wrong).text) == (409, True)
        status, given = one.presses(one.reads(PAGE), "code", code=code)
        assert (status, known(desk), "The number that is used ends with" in Outline(given).text) == (200, OWN, True)
        status, gone = one.presses(given, "forget")
        assert (status, known(desk), "nobody can wake you" in Outline(gone).text) == (200, None, True)
        for answer in (asked, wrong, given, gone, one.reads("/account")):
            assert OWN[4:] not in answer
    with desk.registry.reading() as connection:
        assert not any(OWN[4:] in entry.content or code in entry.content for entry in journal.entries(connection))


@pytest.mark.parametrize("field", ["officer", "account", "name", "to", "by", "id"])
def test_no_field_of_a_form_gives_or_takes_another_officers_telephone(desk: Kandy, field: str) -> None:
    """Whose it is, the session says alone."""
    with desk.officer("perera", FIRST) as one, desk.officer("silva", SECOND):
        with desk.registry.acting() as connection:
            silva = accounts.named(connection, "silva")
            telephones.give(connection, desk.registry.keys, silva, OTHERS, desk.now)
        page = one.reads(PAGE)
        for value in (silva.id, silva.name, silva.display):
            one.sends(f"{PAGE}/forget", page, **{field: value})
        one.sends(f"{PAGE}/number", page, number=OWN, **{field: silva.id})
        _, code = came(desk)
        one.sends(f"{PAGE}/code", page, code=code, **{field: silva.id})
    assert (known(desk), known(desk, "silva")) == (OWN, OTHERS)


def test_a_form_from_elsewhere_or_from_nobody_changes_nothing(desk: Kandy) -> None:
    """As every form: without its token, from another site, or without a session, it goes no further."""
    with desk.officer("perera", FIRST) as one:
        page = one.reads(PAGE)
        assert one.client.post(f"{PAGE}/number", data={"number": OWN}).status_code == 403
        token = re.search(r'name="form_token" value="([^"]+)"', page)
        assert token is not None
        sent = {"form_token": token[1], "number": OWN}
        assert one.client.post(f"{PAGE}/number", data=sent, headers={"origin": "https://elsewhere.example"}).status_code == 403
        one.client.cookies.clear()
        assert one.client.post(f"{PAGE}/number", data=sent).status_code == 403
    with desk.registry.reading() as connection:
        assert "telephone_asked" not in [entry.step for entry in journal.entries(connection)]


def test_what_is_refused_is_explained_and_never_repeats_what_was_typed(desk: Kandy) -> None:
    """No mobile number; too often; and whoever is woken by nobody sees no form."""
    with desk.officer("perera", DUTY) as one, desk.officer("viewer", Grant(ConsoleRole.VIEWER, "LKA")) as viewer:
        page = one.reads(PAGE)
        status, refused = one.presses(page, "number", number="+94 11 2 345 678")
        assert (status, "not a mobile one" in Outline(refused).text, "345 678" in refused) == (409, True, False)
        for _ in range(3):
            one.presses(page, "number", number=OWN)
        status, refused = one.presses(page, "number", number=OWN)
        assert (status, "3 times in an hour" in Outline(refused).text) == (409, True)
        own = viewer.reads(PAGE)
        assert "Send me a code" not in own
        status, refused = viewer.sends(f"{PAGE}/number", viewer.reads("/account"), number=OWN)
        assert (status, "neither operator, approver nor administrator" in Outline(refused).text) == (409, True)


@pytest.mark.parametrize("javascript", [True, False])
def test_in_a_narrow_browser_a_telephone_is_given_with_scripts_and_without(desk: Kandy, javascript: bool) -> None:
    """From the account's page to the number that is used; the browser is told what the fields are for."""
    with desk.officer("perera", FIRST) as one, chromium(360, 740, javascript=javascript) as driver:
        browser = Browser(driver)
        browser.opens(f"{desk.address}/account", one.session)
        link = driver.find_element(By.CSS_SELECTOR, f'a[href="{PAGE}"]')
        link.click()
        wait_until_left(driver, link)
        number = driver.find_element(By.NAME, "number")
        assert (number.get_attribute("type"), number.get_attribute("autocomplete")) == ("tel", "tel")
        browser.sends(f"{PAGE}/number", number=OWN)
        _, code = came(desk)
        assert driver.find_element(By.NAME, "code").get_attribute("autocomplete") == "one-time-code"
        browser.sends(f"{PAGE}/code", code=code)
        assert "The number that is used ends with ...01." in driver.find_element(By.TAG_NAME, "main").text
    assert known(desk) == OWN


def test_who_has_no_telephone_is_led_there_from_what_waits(desk: Kandy) -> None:
    """The page to sign has the link beside the command."""
    desk.happens(EventChange.OPENED)
    with desk.officer("perera", FIRST) as one:
        assert f'<a href="{PAGE}">' in one.reads(f"/waiting/{desk.waiting().id}")
