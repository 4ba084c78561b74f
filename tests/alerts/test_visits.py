"""When an officer looked last: a visit goes on from page to page, and ends with a quarter of an hour without one."""

import pytest
from officers_desk import Desk as Accounts

from alerts import retention
from alerts.officers.officer import Officer
from alerts.officers.visits import GAP, NOTED_EVERY, Visits
from alerts.registry import Registry
from schemas.country_files import LoadedCountry


@pytest.fixture
def accounts(homed: Registry, country: LoadedCountry) -> Accounts:
    """A registry's accounts."""
    return Accounts(homed, country)


@pytest.fixture
def officer(accounts: Accounts) -> Officer:
    """One of them."""
    accounts.first()
    return accounts.officer("a.fonseka")


@pytest.fixture
def visits(homed: Registry, accounts: Accounts) -> Visits:
    """By the same clock."""
    return Visits(homed, accounts.clock)


def test_the_first_visit_has_none_before_it(visits: Visits, officer: Officer) -> None:
    """However many pages it has."""
    visits.note(officer)
    visits.note(officer)
    assert visits.before(officer) is None


def test_a_visit_goes_on_while_pages_are_asked_for(visits: Visits, officer: Officer, accounts: Accounts) -> None:
    """Also for hours, as long as no gap is too long: what is told since the visit before stays."""
    visits.note(officer)
    for _ in range(20):
        accounts.clock.goes_on(minutes=14)
        visits.note(officer)
    assert visits.before(officer) is None


def test_after_a_gap_the_last_page_of_the_visit_before_counts(visits: Visits, officer: Officer, accounts: Accounts) -> None:
    """Not its first one, and the pages of the new visit do not move it."""
    visits.note(officer)
    accounts.clock.goes_on(minutes=10)
    visits.note(officer)
    last = accounts.clock()
    accounts.clock.goes_on(seconds=GAP.total_seconds())
    visits.note(officer)
    assert visits.before(officer) == last
    accounts.clock.goes_on(minutes=5)
    visits.note(officer)
    assert visits.before(officer) == last


def test_a_visit_is_of_an_account_and_of_no_browser(visits: Visits, officer: Officer, accounts: Accounts, homed: Registry) -> None:
    """Whoever signs in from another machine, or a console that is started again, knows it; another account does not."""
    accounts.colleague("n.perera")
    visits.note(officer)
    accounts.clock.goes_on(hours=1)
    Visits(homed, accounts.clock).note(officer)
    assert Visits(homed, accounts.clock).before(officer) is not None
    assert visits.before(accounts.officer("n.perera")) is None


def test_it_is_written_once_a_minute(visits: Visits, officer: Officer, accounts: Accounts) -> None:
    """A page costs a write only if the last one is a minute ago, so what is told may be as much earlier, never later."""
    visits.note(officer)
    first = accounts.clock()
    accounts.clock.goes_on(seconds=NOTED_EVERY.total_seconds() - 1)
    visits.note(officer)
    accounts.clock.goes_on(hours=1)
    visits.note(officer)
    assert visits.before(officer) == first


def test_a_case_that_is_played_again_begins_anew(visits: Visits, officer: Officer, accounts: Accounts) -> None:
    """The country's time went back: what was seen then is still to come."""
    visits.note(officer)
    accounts.clock.goes_on(hours=1)
    visits.note(officer)
    accounts.clock.goes_on(hours=-30)
    visits.note(officer)
    assert visits.before(officer) is None


def test_a_visit_long_ago_is_forgotten(visits: Visits, officer: Officer, accounts: Accounts, homed: Registry) -> None:
    """It is not kept for ever who looked when."""
    visits.note(officer)
    accounts.clock.goes_on(days=91)
    assert retention.forget(homed, accounts.clock())["officer_visits"] == 1
    visits.note(officer)
    assert visits.before(officer) is None
