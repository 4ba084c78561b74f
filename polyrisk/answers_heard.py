"""What people answered to warnings lately, by area: how many are safe, how many need help. Who they are the registry alone knows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from schemas.country_files import LoadedCountry
from schemas.warning_records import Answer, AnswerCount

LATELY = timedelta(days=7)
"""Answers older than this are not what stands now; the console has them with their warnings."""


@dataclass(frozen=True)
class AreaAnswers:
    """The answers of one area: to each message that was answered, each person's last word.

    Attributes:
        name: of the area. last: when the newest came in.
    """

    area: str
    name: str
    safe: int
    need_help: int
    last: datetime

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        return {"area": self.area, "safe": self.safe, "need_help": self.need_help, "last": self.last.isoformat()}


def heard_lately(answers: Sequence[AnswerCount], country: LoadedCountry, now: datetime) -> list[AreaAnswers]:
    """The areas from which answers came in the last days, where most need help first.

    Args:
        answers: as published, oldest first; each count replaces the one before it.
    """
    newest = {(a.message, a.area, a.language, a.answer): a for a in answers}
    found: dict[str, list[AnswerCount]] = {}
    for counted in newest.values():
        if counted.count and counted.at > now - LATELY:
            found.setdefault(counted.area, []).append(counted)
    heard = [_of_area(area, counts, country) for area, counts in found.items()]
    return sorted(heard, key=lambda one: (-one.need_help, -one.safe, one.area))


def _of_area(area: str, counts: Sequence[AnswerCount], country: LoadedCountry) -> AreaAnswers:
    known = country.places.areas.get(area)
    name = known.names.get("en", area) if known is not None else area
    safe, need_help = (sum(c.count for c in counts if c.answer is answer) for answer in (Answer.SAFE, Answer.NEED_HELP))
    return AreaAnswers(area, name, safe, need_help, max(c.at for c in counts))
