"""What a provider's callback brings, whatever the provider: a message from a person, or a key that an officer pressed."""

import re
from dataclasses import dataclass, field
from typing import Literal

_E164 = re.compile(r"\+[1-9]\d{6,14}")
LONGEST_ID = 80

OptOut = Literal["", "STOP", "START", "HELP"]


@dataclass(frozen=True)
class Inbound:
    """One message from a person.

    Attributes:
        id: made of channel and the provider's id, the same for a repetition.
        number: E.164. body: as it was written.
        opt_out: what the provider has taken it for and answered itself; empty if it has not.
    """

    id: str
    number: str = field(repr=False)
    body: str = field(repr=False)
    opt_out: OptOut = ""


@dataclass(frozen=True)
class Pressed:
    """What is said to an officer who pressed a key in a call. language: in which it is, a BCP 47 tag. ours: the call is one of ours."""

    words: str
    language: str
    ours: bool


def inbound(channel: str, provider_id: str, number: str, body: str, opt_out: str = "") -> Inbound | None:
    """What a callback's fields say; nothing if they make no message of a telephone: no id, or a sender that is no number."""
    number = number.strip().replace(" ", "")
    number = number if number.startswith("+") else f"+{number}"
    identity = provider_id.strip()
    if not identity or len(identity) > LONGEST_ID or not identity.isascii() or not identity.isprintable() or not _E164.fullmatch(number):
        return None
    known: OptOut = opt_out if opt_out in ("STOP", "START", "HELP") else ""  # type: ignore[assignment]  # narrowed by the line itself
    return Inbound(f"{channel}:{identity}", number, body, known)
