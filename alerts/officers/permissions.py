"""Who may do what, where: console roles against what is asked, and the roles of `country.yaml` behind them.

A console role says what its pages are for. Whatever binds the country (signing, holding, silencing, changing thresholds) also needs a
role of `country.yaml` that may do it, so that an account can never do more than the country's own table says.
"""

from collections.abc import Mapping
from enum import StrEnum

from alerts.officers.officer import ConsoleRole, Grant, Officer, State
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError


class What(StrEnum):
    """What an officer may be about to do."""

    VIEW = "view"
    SIGN = "sign"
    HOLD = "hold"
    EDIT = "edit"
    PREVIEW = "preview"
    SILENCE = "silence"
    ORIGINATE = "originate"
    CONFIGURE = "configure"
    REVEAL = "reveal"
    ADMINISTER = "administer"


ANYWHERE = "anywhere"
"""Given as the area: some area of the country is enough, as for opening a page. No P-code is written so."""

ROLES: Mapping[ConsoleRole, frozenset[What]] = {
    ConsoleRole.VIEWER: frozenset({What.VIEW}),
    ConsoleRole.OPERATOR: frozenset({What.VIEW, What.HOLD, What.EDIT, What.PREVIEW, What.SILENCE, What.ORIGINATE, What.REVEAL}),
    ConsoleRole.APPROVER: frozenset({What.VIEW, What.SIGN, What.HOLD, What.EDIT, What.PREVIEW, What.ORIGINATE}),
    ConsoleRole.PLANNER: frozenset({What.VIEW, What.CONFIGURE}),
    ConsoleRole.ADMINISTRATOR: frozenset({What.VIEW, What.ADMINISTER}),
}
"""A number is shown to the operator alone: it is who must call back somebody that asks for help."""

BY_COUNTRY: Mapping[What, frozenset[str]] = {
    What.SIGN: frozenset({"sign"}),
    What.HOLD: frozenset({"hold"}),
    What.EDIT: frozenset({"sign", "hold"}),
    What.PREVIEW: frozenset({"sign", "hold"}),
    What.SILENCE: frozenset({"silence"}),
    What.ORIGINATE: frozenset({"originate"}),
    What.CONFIGURE: frozenset({"configure"}),
}
"""What also needs a role of `country.yaml`, and one of which of its words."""

_IN_WORDS: Mapping[What, str] = {
    What.VIEW: "look at the console",
    What.SIGN: "sign a message",
    What.HOLD: "hold a message",
    What.EDIT: "edit a message",
    What.PREVIEW: "have a message sent to themselves",
    What.SILENCE: "silence",
    What.ORIGINATE: "write a warning",
    What.CONFIGURE: "change thresholds and rules",
    What.REVEAL: "see a telephone number",
    What.ADMINISTER: "change accounts",
}


def require(officer: Officer | None, what: What | str, country: LoadedCountry, area: str | None = None) -> Grant:
    """Hold an officer against what they are about to do; answers the grant by which they may, with the role they do it in.

    Args:
        officer: who is signed in; none if nobody is.
        country: whose warnings, thresholds or people it touches.
        area: P-code of the area it touches; none is the whole country, `ANYWHERE` some area.

    Raises:
        RefusedError: nobody is signed in, the account is out of use, or none of the officer's roles may do it there; says which would.
    """
    what = What(what)
    if officer is None:
        remedy = "Sign in with an account whose role may. Whoever runs the machine makes the first account: `polyrisk officers first`."
        raise RefusedError(f"who is not signed in may not {_IN_WORDS[what]}.", where=country.code, remedy=remedy)
    if officer.state is not State.ACTIVE:
        raise RefusedError(f"the account {officer.name} is out of use.", where=country.code, remedy="An administrator can enable it.")
    if area is not None and area != ANYWHERE and area not in country.places.areas:
        raise RefusedError(f"{country.name} has no area `{area}`.", where=country.code, remedy="Give a P-code of areas.csv.")
    here = [grant for grant in officer.grants if grant.country == country.code]
    if not here:
        granted = ", ".join(sorted({grant.country for grant in officer.grants})) or "no country"
        what_is = f"the account {officer.name} has no role in {country.name}; its roles are for {granted}."
        raise RefusedError(what_is, where=country.code, remedy=f"An administrator of {country.name} can grant one.")
    by_role = [grant for grant in here if what in ROLES[grant.role]]
    if not by_role:
        raise RefusedError(f"{_holds(officer, here)}, which may not {_IN_WORDS[what]}.", where=country.code, remedy=_who_may(what))
    by_country = [grant for grant in by_role if _country_lets(country, grant, what)]
    if not by_country:
        words = " or ".join(sorted(BY_COUNTRY[what]))
        what_is = f"{_holds(officer, by_role)}; that role of country.yaml may not {words}."
        raise RefusedError(what_is, where=country.code, remedy=_duty_roles(country, what))
    for grant in by_country:
        if _reaches(country, grant, area):
            return grant
    where = "the whole of the country" if area is None else f"{country.places.areas[area].names.get('en', area)} ({area})"
    remedy = f"An administrator can grant it for {where}."
    raise RefusedError(f"{_holds(officer, by_country)}, which does not reach {where}.", where=country.code, remedy=remedy)


def may(officer: Officer | None, what: What | str, country: LoadedCountry, area: str | None = None) -> bool:
    """Whether `require` would let them; for pages that show only what their reader can do."""
    try:
        require(officer, what, country, area)
    except RefusedError:
        return False
    return True


def check(grant: Grant, country: LoadedCountry) -> None:
    """Hold a new grant against the country's files.

    Raises:
        RefusedError: it is of another country, names an area or a role that the country does not have, lacks a role of `country.yaml`
            that its console role needs, or names one that may do nothing of it.
    """
    if grant.country != country.code:
        raise RefusedError(f"this is {country.name}, not {grant.country}.", where="country", remedy="Name the country's own folder.")
    if grant.area and grant.area not in country.places.areas:
        raise RefusedError(f"{country.name} has no area `{grant.area}`.", where="area", remedy="Give a P-code of areas.csv.")
    if grant.area and grant.role is ConsoleRole.ADMINISTRATOR:
        raise RefusedError("an administrator is one of the whole country.", where="area", remedy="Leave the area out.")
    bound = [what for what in ROLES[grant.role] if what in BY_COUNTRY]
    if not bound:
        if grant.duty_role:
            what = f"a {grant.role} needs no role of country.yaml."
            raise RefusedError(what, where=grant.duty_role, remedy="Leave it out.")
        return
    if not any(_country_lets(country, grant, what) for what in bound):
        needed = What.SIGN if grant.role is ConsoleRole.APPROVER else sorted(bound)[0]
        who = f"an {grant.role}" if grant.role[0] in "aeiou" else f"a {grant.role}"
        named = f"`{grant.duty_role}` is none that may do it" if grant.duty_role else "none was named"
        remedy = _duty_roles(country, needed)
        raise RefusedError(f"{who} acts in a role of country.yaml, and {named}.", where="role", remedy=remedy)
    if grant.role is ConsoleRole.APPROVER and not _country_lets(country, grant, What.SIGN):
        remedy = _duty_roles(country, What.SIGN)
        raise RefusedError(f"an approver signs, and `{grant.duty_role}` may not.", where="role", remedy=remedy)


def _country_lets(country: LoadedCountry, grant: Grant, what: What) -> bool:
    if what not in BY_COUNTRY:
        return True
    known = country.facts.roles.get(grant.duty_role)
    return known is not None and bool(BY_COUNTRY[what] & set(known.may))


def _reaches(country: LoadedCountry, grant: Grant, area: str | None) -> bool:
    if not grant.area or area == ANYWHERE:
        return True
    return area is not None and grant.area in country.places.line(area)


def _holds(officer: Officer, grants: list[Grant]) -> str:
    return f"the account {officer.name} is {' and '.join(grant.in_words() for grant in grants)}"


def _who_may(what: What) -> str:
    roles = [str(role) for role, does in ROLES.items() if what in does]
    return f"Roles that may: {', '.join(roles)}. An administrator grants them."


def _duty_roles(country: LoadedCountry, what: What) -> str:
    named = [name for name, role in country.facts.roles.items() if BY_COUNTRY[what] & set(role.may)]
    return f"Roles of country.yaml that may: {', '.join(named) or 'none'}."
