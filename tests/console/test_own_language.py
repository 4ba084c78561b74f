"""The language of whoever is signed in: a setting of the account, kept wherever it is chosen, and by nobody else's doing."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from argon2 import PasswordHasher
from console_world import lanka
from officers_desk import ADMINISTRATOR, Desk
from test_signing_in import Browser, browsing

from alerts import journal
from alerts.officers import accounts, passwords
from alerts.people.keys import Keys
from alerts.registry import Registry
from console.interface.choosing import COOKIE
from console.pages import create_app
from console.screenshot import served
from eventlog.log import open_log

OURS, ELSEWHERE = {"sec-fetch-site": "same-origin"}, {"sec-fetch-site": "cross-site"}


class Office:
    """A console with one officer, who has an account.

    Args:
        default: the country's language of the interface.
    """

    def __init__(self, folder: Path, default: str = "") -> None:
        self.country = lanka()
        self.country.facts.__dict__["console_language"] = default
        self.registry = Registry(f"sqlite:///{folder}/registry.sqlite", Keys.load(folder / "keys", create=True))
        self.desk = Desk(self.registry, self.country)
        self.desk.first()
        self._log = f"sqlite:///{folder}/log.sqlite"

    @contextmanager
    def open(self) -> Iterator[str]:
        """Serve it; answers where."""
        log = open_log(self._log)
        with served(create_app(log, self.country, registry=self.registry, clock=self.desk.clock, patience_s=30)) as address:
            yield address
        log.close()

    def comes_in(self, browser: Browser) -> None:
        """The officer signs in."""
        browser.sign_in(ADMINISTRATOR, self.desk.telephones[ADMINISTRATOR])
        self.desk.clock.goes_on(seconds=60)

    @property
    def kept(self) -> str:
        """The account's language."""
        return self.desk.officer(ADMINISTRATOR).language

    def steps(self) -> list[str]:
        """What the journal has of it."""
        with self.registry.reading() as connection:
            return [entry.content for entry in journal.entries(connection) if entry.step == "language_chosen"]


@pytest.fixture(autouse=True)
def cheap(monkeypatch: pytest.MonkeyPatch) -> None:
    """Passwords that take no time: their cost is tested elsewhere."""
    monkeypatch.setattr(passwords, "_hasher", PasswordHasher(time_cost=1, memory_cost=64, parallelism=1))


@pytest.fixture
def office(tmp_path: Path) -> Iterator[Office]:
    """Of a country that says nothing of languages."""
    made = Office(tmp_path)
    yield made
    made.registry.close()


def spoken(browser: Browser, **headers: str) -> str:
    """The language of the overview."""
    page = browser.client.get("/", headers={name.replace("_", "-"): value for name, value in headers.items()}, follow_redirects=True)
    return page.text.partition('<html lang="')[2][:2]


def test_a_link_of_ours_is_kept_in_the_account_and_holds_in_another_browser(office: Office) -> None:
    """Who chooses Nepali here is spoken to in Nepali at the next desk, whatever that browser asks for; it is a step, once."""
    with office.open() as address:
        with browsing(address) as browser:
            office.comes_in(browser)
            for _ in range(2):
                assert browser.client.get("/?lang=ne", headers=OURS).status_code == 303
            assert (spoken(browser), office.kept) == ("ne", "ne")
        with browsing(address) as other:
            assert spoken(other, accept_language="ur") == "ur"  # nobody is known yet
            office.comes_in(other)
            assert spoken(other, accept_language="ur") == "ne"
    assert office.steps() == ['{"account":"ne"}']


@pytest.mark.parametrize(
    ("headers", "kept"),
    [
        (OURS, "ne"),
        ({"sec-fetch-site": "none"}, "ne"),
        (ELSEWHERE, ""),
        ({"sec-fetch-site": "same-site"}, ""),
        ({**OURS, "sec-purpose": "prefetch"}, ""),
        ({"referer": "{address}/feeds"}, "ne"),
        ({"referer": "https://elsewhere.example/"}, ""),
        ({}, ""),
    ],
)
def test_what_another_site_leads_to_changes_no_account(office: Office, headers: dict[str, str], kept: str) -> None:
    """Nor what a browser fetches before anybody pressed it: by that language somebody is woken."""
    with office.open() as address, browsing(address) as browser:
        office.comes_in(browser)
        browser.client.get("/?lang=ne", headers={name: value.format(address=address.rstrip("/")) for name, value in headers.items()})
    assert office.kept == kept


def test_nobody_who_is_not_signed_in_changes_an_account(office: Office) -> None:
    """The link on the sign-in page is a cookie alone; whoever signs in after it is still spoken to so, as they chose."""
    with office.open() as address, browsing(address) as browser:
        browser.client.get("/sign-in?lang=ne", headers=OURS)
        assert office.kept == ""
        office.comes_in(browser)
        assert (spoken(browser), office.kept) == ("ne", "")


def test_who_chose_nothing_is_spoken_to_as_the_country_says(tmp_path: Path) -> None:
    """The country's language before the browser's, for by it they are woken as well; without one the browser's."""
    office = Office(tmp_path, "ne")
    with office.open() as address, browsing(address) as browser:
        assert spoken(browser, accept_language="ur") == "ur"
        office.comes_in(browser)
        assert spoken(browser, accept_language="ur") == "ne"
    office.registry.close()


def test_the_own_page_has_it_and_takes_it_back(office: Office) -> None:
    """A list with each language in itself; what is not offered is refused, in the language chosen so far."""
    with office.open() as address, browsing(address) as browser:
        office.comes_in(browser)
        page = browser.send("/account/language", {"language": "ur"}, form_on="/account")
        assert (page.url.path, office.kept) == ("/account", "ur")
        assert '<html lang="ur" dir="rtl">' in page.text
        assert '<option value="ur" lang="ur" selected>اردو</option>' in page.text
        refused = browser.send("/account/language", {"language": "xx"}, form_on="/account")
        assert (refused.status_code, office.kept) == (403, "ur")
        assert "کنسول یہ زبان نہیں بولتا۔" in refused.text
        page = browser.send("/account/language", {"language": ""}, form_on="/account")
        assert ('<html lang="en">' in page.text, office.kept) == (True, "")
    assert office.steps() == ['{"account":"ur"}', '{"account":"none"}']


def test_a_language_that_is_offered_no_more_is_passed_over(office: Office) -> None:
    """An account may name one whose catalogue is gone: the cookie decides, then English."""
    with office.open() as address, browsing(address) as browser:
        office.comes_in(browser)
        with office.registry.acting() as connection:
            accounts.choose_language(connection, office.desk.officer(ADMINISTRATOR), "xx", office.desk.clock())
        assert spoken(browser) == "en"
        browser.client.cookies.set(COOKIE, "ur")
        assert spoken(browser) == "ur"
