"""Who is woken next, and how: a pure function of who is on duty and of what was tried. It has no last step."""

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import NamedTuple


class Way(StrEnum):
    """How somebody is woken. A closed set."""

    SMS = "sms"
    CALL = "call"


class Rung(NamedTuple):
    """One person and one way. officer: the account's id."""

    officer: str
    way: Way


def rungs(people: Iterable[str], *, calls: bool) -> list[Rung]:
    """Each person once: an SMS, then a call; then the next person.

    Args:
        people: in the order in which they are woken. calls: whether the channel can call.
    """
    ways = (Way.SMS, Way.CALL) if calls else (Way.SMS,)
    return [Rung(officer, way) for officer in dict.fromkeys(people) for way in ways]


def next_rung(of: Sequence[Rung], tried: Mapping[Rung, int]) -> Rung | None:
    """The first that was tried least: so everybody is tried before anybody is tried again, and who came on duty meanwhile is next."""
    return min(of, key=lambda rung: tried.get(rung, 0), default=None)
