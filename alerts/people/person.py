"""What is known of a person who asked to be warned, and the closed lists it is chosen from. No name, no sex, no exact home."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, get_args

Group = Literal["household", "volunteer", "committee", "official", "operator"]
Need = Literal["mobility", "hearing", "pregnancy", "livestock"]
Channel = Literal["sms"]

GROUPS: tuple[Group, ...] = get_args(Group)
NEEDS: tuple[Need, ...] = get_args(Need)
"""What changes the wording of a message or its place in the queue; nothing else about a body or a house is asked for."""
CHANNELS: tuple[Channel, ...] = get_args(Channel)

REACHED_AS: Mapping[Group, tuple[Group, ...]] = {"household": ("household", "volunteer", "committee", "official")}
"""Whom a message to a group reaches, where that is more than the group: all who live among the households are warned with them."""


@dataclass(frozen=True)
class Consent:
    """When a person agreed, to which text, and through whom."""

    at: datetime
    text: str
    by: str


@dataclass(frozen=True)
class Enrolment:
    """A person to be warned: where, in which language.

    Attributes:
        number: E.164. area: P-code, the coarsest that serves.
        needs: what the person chose to say of `NEEDS`. romanised: whether texts come in Latin letters.
    """

    number: str
    area: str
    language: str
    group: Group
    consent: Consent
    channel: Channel = "sms"
    needs: tuple[Need, ...] = ()
    romanised: bool = False
