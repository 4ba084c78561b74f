"""How much is told of what changed: all of it with its reasons, or what is enough to count it."""

from typing import NamedTuple

from schemas.levels import Truth
from schemas.records import Evidence


class Telling(NamedTuple):
    """How what changed is told; it has no effect on what is judged.

    Attributes:
        engine: the version that tells it.
        reasons: with evidence and readings. Without, events have no evidence, and of breaches only the openings are told: what is
            enough to count activations over years, in half the time.
    """

    engine: str
    reasons: bool = True


NO_EVIDENCE = Evidence.made(
    condition="", truth=Truth.UNKNOWN, held=False, covered=True, since=None, level=None, area=None, note="", readings=(), parts=()
)
"""Stands where reasons are not asked for."""
