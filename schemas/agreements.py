"""What a country agreed on beforehand: warnings of named rules that go out without waiting for signatures, which would cost lives."""

import datetime
import hashlib
import json
from collections.abc import Collection
from typing import Self
from zoneinfo import ZoneInfo

from pydantic import Field, model_validator

from schemas.configuration import LevelWord
from schemas.decided import Decided, Document
from schemas.levels import Level
from schemas.moments import Span


class AgreedBy(Decided):
    """A person who agreed, in a role of `country.yaml` that may sign."""

    name: str = Field(min_length=1, max_length=80)
    role: str


class Agreement(Decided):
    """Which warnings go out at once, who agreed to it, and how far it reaches. Beyond it, people sign as ever.

    Attributes:
        rules: names of rules. areas: P-codes; it holds in them and all inside them; none given is all of the country.
        at_least: the lowest level that goes out by it.
        document: the paper that was signed, with its reference.
        since, until: the first and the last day on which it holds, by the country's clock.
        people: the most that one message may go to. people_a_day: the most of all its messages within any 24 hours.
        review_within: how long a person has to look at what went out before it is passed on to the next on the country's ladder.
    """

    rules: tuple[str, ...] = Field(min_length=1)
    areas: tuple[str, ...] = ()
    at_least: LevelWord
    agreed_by: tuple[AgreedBy, ...] = Field(min_length=1)
    document: Document
    since: datetime.date = Field(alias="from")
    until: datetime.date
    people: int = Field(ge=1)
    people_a_day: int = Field(ge=1)
    review_within: Span = datetime.timedelta(minutes=30)

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.until < self.since:
            raise ValueError("until: the agreement ends before it begins")
        if not self.document.reference.strip():
            raise ValueError("document: `reference` is missing, under which the paper that was signed is found")
        if self.at_least is Level.GREEN:
            raise ValueError("at_least: name yellow, orange or red")
        if self.people_a_day < self.people:
            raise ValueError("people_a_day: it is less than `people`, so no message could be as large as that says")
        return self

    def covers(self, rule: str, around: Collection[str], level: Level) -> bool:
        """Whether it is about a rule's warning at a level.

        Args:
            around: the area that is warned, and all that it lies in.
        """
        there = not self.areas or any(area in around for area in self.areas)
        return rule in self.rules and there and level >= self.at_least

    def holds(self, at: datetime.datetime, zone: ZoneInfo) -> bool:
        """Whether it holds at a moment, on the country's calendar."""
        return self.since <= at.astimezone(zone).date() <= self.until

    def identity(self) -> str:
        """SHA-256, in hexadecimal, of the agreement as it stands in the file, as canonical JSON."""
        written = json.dumps(self.model_dump(mode="json"), ensure_ascii=False, sort_keys=True, separators=(",", ":"))
        return hashlib.sha256(written.encode()).hexdigest()
