"""What the people in each role of a country may do."""

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
