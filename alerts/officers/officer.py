"""A person on duty: the account, and what was granted to it."""

import unicodedata
from dataclasses import dataclass
from enum import StrEnum

from schemas.errors import RefusedError

NAME_MOST, DISPLAY_MOST = 80, 120


class ConsoleRole(StrEnum):
    """What an account is for. The set is closed; what each may do stands in `permissions`."""

    VIEWER = "viewer"
    OPERATOR = "operator"
    APPROVER = "approver"
    PLANNER = "planner"
    ADMINISTRATOR = "administrator"


class State(StrEnum):
    """Whether an account is in use."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True)
class Grant:
    """A role somewhere.

    Attributes:
        duty_role: the role of `country.yaml` in which the person signs, holds, silences or configures; empty where none is needed.
        country: ISO 3166-1 alpha-3.
        area: P-code; it reaches all inside it. Empty for the whole country.
    """

    role: ConsoleRole
    country: str
    duty_role: str = ""
    area: str = ""

    def in_words(self) -> str:
        """Such as `approver (director) in NPL, NP0301`."""
        role = f"{self.role} ({self.duty_role})" if self.duty_role else str(self.role)
        return f"{role} in {self.country}" + (f", {self.area}" if self.area else "")


@dataclass(frozen=True)
class Officer:
    """An account as the rest of the product sees it; no secret is in it.

    Attributes:
        name: with which the person signs in. display: which stands under what they sign.
        set_up: the person has set a password and a second factor. was_set_up: they had once, whatever was reset since.
        language: that they chose to be spoken to in, a BCP 47 tag; empty if they chose none.
    """

    id: str
    name: str
    display: str
    state: State
    grants: tuple[Grant, ...] = ()
    set_up: bool = False
    was_set_up: bool = False
    language: str = ""


def key_of(name: str) -> str:
    """By what an account's name is found: case, width and spaces around it do not count."""
    return unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", name).casefold()).strip()


def checked_name(name: str) -> str:
    """A name that an account can have.

    Raises:
        RefusedError: it is empty, too long, or has a blank or a mark that cannot be seen inside.
    """
    name = unicodedata.normalize("NFKC", name).strip()
    if not name or len(key_of(name)) > NAME_MOST or len(name) > NAME_MOST or any(unicodedata.category(c)[0] in "CZ" for c in name):
        what = "an account's name is one word that can be seen, of 80 characters at most."
        raise RefusedError(what, where="name", remedy="Such as `n.perera`.")
    return name
