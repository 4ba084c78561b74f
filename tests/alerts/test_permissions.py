"""What each role may do and where, and how a refusal explains itself."""

from dataclasses import replace

import pytest
from alert_places import country_without_feeds

from alerts.officers.officer import ConsoleRole, Grant, Officer, State
from alerts.officers.permissions import ANYWHERE, ROLES, What, check, may, require
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError

KANDY, KANDY_DIVISION, COLOMBO = "LK21", "LK2103", "LK11"


def officer(*grants: Grant) -> Officer:
    """Somebody with these roles."""
    return Officer("officer-1", "n.perera", "N. Perera", State.ACTIVE, grants, set_up=True, was_set_up=True)


def role(name: str, duty_role: str = "", area: str = "", country: str = "LKA") -> Grant:
    """A role, by its word."""
    return Grant(ConsoleRole(name), country, duty_role, area)


@pytest.mark.parametrize(
    ("grant", "allowed"),
    [
        (role("viewer"), {"view"}),
        (role("operator", "duty_officer"), {"view", "hold", "edit", "preview", "silence", "originate", "reveal"}),
        (role("operator", "director"), {"view", "hold", "edit", "preview", "originate", "reveal"}),
        (role("approver", "director"), {"view", "sign", "hold", "edit", "preview", "originate"}),
        (role("approver", "district_unit"), {"view", "sign", "edit", "preview"}),
        (role("planner", "planner"), {"view", "configure"}),
        (role("administrator"), {"view", "administer"}),
    ],
)
def test_a_role_may_what_its_row_says_and_what_the_country_lets_it(country: LoadedCountry, grant: Grant, allowed: set[str]) -> None:
    """Signing, holding, silencing and changing thresholds end where the role of `country.yaml` ends: a director silences nothing."""
    assert {what.value for what in What if may(officer(grant), what, country)} == allowed


def test_numbers_are_shown_to_one_role_alone() -> None:
    """All others see them masked."""
    assert [name.value for name, does in ROLES.items() if What.REVEAL in does] == ["operator"]


def test_nobody_may_anything_who_is_not_signed_in(country: LoadedCountry) -> None:
    """Not even look; the refusal says how an account comes about."""
    for what in What:
        with pytest.raises(RefusedError, match=r"who is not signed in may not.*polyrisk officers first"):
            require(None, what, country, ANYWHERE)


def test_a_role_in_another_country_is_worth_nothing_here(country: LoadedCountry) -> None:
    """The refusal names the countries of the account's roles."""
    of_nepal = officer(role("approver", "director", country="NPL"))
    with pytest.raises(RefusedError, match=r"n\.perera has no role in Sri Lanka; its roles are for NPL"):
        require(of_nepal, What.SIGN, country, KANDY)
    assert may(of_nepal, What.SIGN, country_without_feeds("npl"))


def test_an_area_reaches_what_lies_in_it_and_nothing_else(country: LoadedCountry) -> None:
    """A district's role holds in its divisions, not beside it, not above it, and not for the country as a whole."""
    here = officer(role("approver", "district_unit", area=KANDY))
    assert KANDY in country.places.line(KANDY_DIVISION)
    for area in (KANDY, KANDY_DIVISION, ANYWHERE):
        assert require(here, What.SIGN, country, area).duty_role == "district_unit"
    for area in (COLOMBO, "LK2", "LK"):
        with pytest.raises(RefusedError, match=r"approver \(district_unit\) in LKA, LK21, which does not reach"):
            require(here, What.SIGN, country, area)
    with pytest.raises(RefusedError, match="does not reach the whole of the country"):
        require(here, What.SIGN, country)


def test_of_several_roles_the_one_that_may_is_answered(country: LoadedCountry) -> None:
    """It says in which role of `country.yaml` the person signs there."""
    both = officer(role("viewer"), role("approver", "district_unit", area=KANDY), role("approver", "director", area=COLOMBO))
    assert require(both, What.SIGN, country, COLOMBO).duty_role == "director"
    assert require(both, What.SIGN, country, KANDY_DIVISION).duty_role == "district_unit"


def test_a_refusal_says_who_may(country: LoadedCountry) -> None:
    """What the person is, what that may not, and which role would."""
    with pytest.raises(RefusedError, match=r"is viewer in LKA, which may not sign a message\. Roles that may: approver\."):
        require(officer(role("viewer")), What.SIGN, country, KANDY)
    with pytest.raises(RefusedError, match=r"country\.yaml may not silence\. Roles of country\.yaml that may: duty_officer\."):
        require(officer(role("operator", "director")), What.SILENCE, country)
    with pytest.raises(RefusedError, match="Sri Lanka has no area `NP01`"):
        require(officer(role("approver", "director")), What.SIGN, country, "NP01")


def test_an_account_out_of_use_may_nothing(country: LoadedCountry) -> None:
    """Whatever was granted to it, also where it does not come through a session."""
    gone = replace(officer(role("approver", "director")), state=State.DISABLED)
    with pytest.raises(RefusedError, match="out of use"):
        require(gone, What.VIEW, country, ANYWHERE)


@pytest.mark.parametrize(
    ("grant", "why"),
    [
        (role("approver"), "none was named. Roles of country.yaml that may: duty_officer, director, district_unit"),
        (role("approver", "planner"), "`planner` is none that may do it"),
        (role("operator", "nobody"), "an operator acts in a role of country.yaml, and `nobody` is none"),
        (role("planner", "director"), "a planner acts in a role of country.yaml"),
        (role("viewer", "director"), "a viewer needs no role of country.yaml"),
        (role("administrator", area=KANDY), "an administrator is one of the whole country"),
        (role("viewer", area="NP01"), "Sri Lanka has no area `NP01`"),
        (role("viewer", country="NPL"), "this is Sri Lanka, not NPL"),
    ],
)
def test_a_role_that_could_do_nothing_is_not_granted(country: LoadedCountry, grant: Grant, why: str) -> None:
    """A mistake is found when it is granted, not on the night when somebody must sign."""
    with pytest.raises(RefusedError) as refused:
        check(grant, country)
    assert why in str(refused.value)


def test_what_can_be_granted_is(country: LoadedCountry) -> None:
    """Every console role has a way to be granted."""
    granted = [role("viewer", area=KANDY), role("operator", "duty_officer"), role("approver", "district_unit", area=KANDY)]
    granted += [role("planner", "planner"), role("administrator")]
    for grant in granted:
        check(grant, country)
    assert {grant.role for grant in granted} == set(ConsoleRole)
