"""What the doctor can say of one thing."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from enum import StrEnum


class Verdict(StrEnum):
    """What a look came to."""

    OK = "ok"
    WRONG = "wrong"
    CANNOT_TELL = "cannot tell"


@dataclass(frozen=True)
class Found:
    """What one look found.

    Attributes:
        subject: what was looked at, in a word or two. said: in a sentence. remedy: what to do; empty if nothing is.
    """

    subject: str
    verdict: Verdict
    said: str
    remedy: str = ""


Look = Callable[[], Iterator[Found]]
"""Looks at one subject; may find several things, or raise what is wrong."""
