"""What the people in each role of a country may do."""

from collections.abc import Collection

from schemas.country_facts import CountryFacts
from schemas.errors import RefusedError


def require(facts: CountryFacts, what: str, role: str, where: str) -> None:
    """Hold a role against what it is about to do.

    Args:
        what: `sign` or `silence`. where: what it would be done to.

    Raises:
        RefusedError: the role may not do it.
    """
    known = facts.roles.get(role)
    if known is None or what not in known.may:
        those = ", ".join(name for name, r in facts.roles.items() if what in r.may)
        raise RefusedError(f"the role `{role}` may not {what}.", where=where, remedy=f"Those that may: {those}.")


def require_any(facts: CountryFacts, of: Collection[str], doing: str, role: str, where: str) -> None:
    """Hold a role against something that several of its words let it do.

    Args:
        of: the words of `may`. doing: what it is about to do.

    Raises:
        RefusedError: the role has none of them.
    """
    known = facts.roles.get(role)
    if known is None or not set(of) & set(known.may):
        those = ", ".join(name for name, r in facts.roles.items() if set(of) & set(r.may))
        raise RefusedError(f"the role `{role}` may not {doing}.", where=where, remedy=f"Those that may: {those}.")
