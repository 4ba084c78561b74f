"""How much is told of what changed: all of it with its reasons, or what is enough to count it."""

from datetime import datetime, timedelta
from typing import NamedTuple

from processors.timelines import BEGINNING, micros, moment
from schemas.levels import Truth
from schemas.outputs import Evidence


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

LONGEST_SINCE = micros(timedelta(days=366))
"""How far back is told since when a condition stands, in microseconds; what was said before that is let go of."""


def told_since(since: int | None, at: int) -> datetime | None:
    """Since when a condition stands at a moment; none if that is longer than is kept, or since ever."""
    return moment(since) if since is not None and since > BEGINNING and since >= at - LONGEST_SINCE else None
