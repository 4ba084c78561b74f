"""How a drill is to be held, who may order it, and who is told how far it is."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError


@dataclass(frozen=True)
class Orders:
    """How a drill is to be held.

    Attributes:
        by, role: who ordered it. sign_as: role to the name it is signed as when nobody is asked; without any, people sign
            (`polyrisk pending`, `polyrisk sign` with the drill's folder). wait: how long for people, after the last signature.
        send: the channel hands messages to a provider, so receipts and answers are waited for.
    """

    send: bool
    wait: timedelta
    by: str = ""
    role: str = ""
    sign_as: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Told:
    """Who is told how far a drill is: what happens now, in words."""

    say: Callable[[str], None] = lambda _: None


def may_order(country: LoadedCountry, by: str, role: str) -> None:
    """See that somebody by name, whose role may, orders a drill that is sent.

    Raises:
        RefusedError: nobody is named, or the role may not.
    """
    known = country.facts.roles.get(role)
    if not by or known is None or "drill" not in known.may:
        may = ", ".join(name for name, one in country.facts.roles.items() if "drill" in one.may)
        raise RefusedError("a drill that is sent is ordered by name, in a role that may.", where=role, remedy=f"--by and --role: {may}.")
