"""What people decided, as models: areas, stations, feeds, thresholds, rules. One `Configuration` is all that an engine is judged by.

What thresholds and rules mean is the engine's specification; this is how they are written.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import timedelta
from typing import Annotated, Any, Literal

from pydantic import BeforeValidator, Field, PlainSerializer, model_validator

from schemas.conditions import Condition, Unless
from schemas.decided import Decided as Decided
from schemas.decided import Document as Document
from schemas.figures import ComparisonText, Figure, moved
from schemas.levels import Dimension, Level
from schemas.moments import Span, parse_span
from schemas.thresholds import BaselineSettings as BaselineSettings
from schemas.thresholds import Threshold as Threshold
from schemas.validity import ValidityText

_GRACE = timedelta(minutes=30)
"""Beyond the spans between its answers, a feed may be silent for so long."""

LevelWord = Annotated[Level, BeforeValidator(Level.named), PlainSerializer(lambda level: level.word, return_type=str)]


class Area(Decided):
    """An administrative area.

    Attributes:
        code: P-code, opaque. level: `adm0` to `adm3`. parent: the code of the area around it.
        names: language tag to name. population: persons, with the year it was counted for.
        languages: language tag to the share of people who read it; decides which languages must exist.
        upstream: the areas whose water comes down to this one; none if nobody has said.
        latitude, longitude: of the point that distances are taken from, in degrees (WGS 84).
    """

    code: str
    level: Literal["adm0", "adm1", "adm2", "adm3"]
    parent: str | None = None
    names: dict[str, str]
    population: int | None = Field(default=None, ge=0)
    neighbours: tuple[str, ...] = ()
    upstream: tuple[str, ...] | None = None
    latitude: float | None = Field(default=None, ge=-90, le=90)
    longitude: float | None = Field(default=None, ge=-180, le=180)


class Station(Decided):
    """A place that reports readings, joined to the areas it stands for.

    Attributes:
        unit: the source's, if it is not the indicator's. datum: what its readings are measured from, such as `mMSL`, if that is known.
    """

    code: str
    name: str
    feed: str
    areas: tuple[str, ...]
    latitude: float | None = None
    longitude: float | None = None
    unit: str | None = None
    river: str = ""
    datum: str | None = None


class FeedFacts(Decided):
    """What the engine and the checker must know of a feed.

    Attributes:
        every: how often it delivers at its slowest. at_best: how often when an event is near, if that is more often; readings nearer to
            each other than a quarter of it count as one. delay: its declared delay from the end of a period to its publication.
        lists: `active` if a delivery names only what is active, so that a complete one is green for all else in `scope`.
        scope: areas that such a list speaks for.
    """

    feed: str
    every: Span
    at_best: Span | None = None
    delay: Span = parse_span("0 min")
    indicators: tuple[str, ...]
    lists: Literal["all", "active"] = "all"
    scope: tuple[str, ...] = ()

    @property
    def silence_allowed(self) -> timedelta:
        """How long it may be silent: one call that was missed may be chance, two are not."""
        return 2 * max(self.every, self.at_best or self.every) + _GRACE


class Raise(Decided):
    """The event's level while `if` is true. stage: its name, if it is written as one of `stages`."""

    stage: str | None = None
    to: LevelWord
    if_: Condition = Field(alias="if")


class Move(Decided):
    """A figure of the area moves the event's level, after base and `raise`: how hard the same hazard hits is not the same everywhere.

    Attributes:
        by: levels up, or down if it is negative. at_most: no higher than this. at_least: no lower than this; never green.
        why: the reason, as the people who sign read it.
    """

    by: int = Field(ge=-2, le=2)
    if_: ComparisonText = Field(alias="if")
    at_most: LevelWord | None = None
    at_least: LevelWord | None = None
    why: str = Field(min_length=1)

    @model_validator(mode="after")
    def _moves(self) -> "Move":
        if self.by == 0:
            raise ValueError("by 0 moves nothing; write +1, or -1")
        if (self.at_least if self.by > 0 else self.at_most) is not None:
            raise ValueError("`at_most` bounds a move up, `at_least` one down")
        return self


class Ends(Decided):
    """When an event ends that nobody can tell the end of."""

    otherwise_after: Span


class Sign(Decided):
    """Who must sign.

    Attributes:
        within: after which what nobody signed is passed on.
    """

    people: int = Field(default=2, ge=0)
    within: Span = parse_span("60 min")
    else_: Literal["escalate"] = Field(default="escalate", alias="else")


class Remind(Decided):
    """How often a standing warning is said again."""

    every: Span


class Shadow(Decided):
    """A rule is tried beside the others: its events are recorded, nobody is warned of them.

    Attributes:
        instead_of: the rule that it might replace, whose events `polyrisk config shadow` compares with its own.
    """

    instead_of: str | None = None


class Rule(Decided):
    """Turns levels into a truth for each area over valid time.

    Attributes:
        area: the administrative level the rule is judged at. only: if given, the areas it is judged for.
        audience: `operators` for what the people on duty must know and households need not.
        until: if given, alone closes the event (besides `ends`).
        unless: an excuse: while it is true, the rule does not hold. on_unknown: what an event is while the rest holds and nobody can tell
            whether the excuse does: `propose`, if nothing is written, opens it unconfirmed, so that people are asked; `nothing` does not.
        stage: what the base level is called, if the rule is written in `stages`: name to the level and the condition of each, from the
            first to the gravest. It holds while any of them does, at the first one's level, and the others raise it.
        valid: outside it no event opens. One that is open stays until its own end.
        shadow: it is tried beside the others: judged and recorded, but nobody is warned, and it mutes nothing.
        text: the name of the text in the country's catalogues. advice: the name of the household's action.
    """

    name: str
    version: str = "1"
    area: Literal["adm1", "adm2", "adm3"]
    only: tuple[str, ...] = ()
    dimensions: tuple[Dimension, ...]
    when: Condition
    unless: Condition | None = None
    on_unknown: Literal["propose", "nothing"] | None = None
    until: Condition | None = None
    level: LevelWord
    stage: str | None = None
    valid: ValidityText | None = None
    raise_: tuple[Raise, ...] = Field(default=(), alias="raise")
    move: tuple[Move, ...] | None = None
    cool_down: Span | None = None
    mutes: tuple[str, ...] = ()
    audience: Literal["public", "operators"] = "public"
    shadow: Shadow | None = None
    text: str
    sign: Sign = Sign()
    remind: Remind | None = None
    ends: Ends
    document: Document

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, dict):
            value = _staged(value) if "stages" in value else dict(value)
            for key in ("raise", "move"):
                if isinstance(value.get(key), dict):
                    value[key] = [value[key]]
        return value

    @model_validator(mode="after")
    def _meant(self) -> "Rule":
        if self.on_unknown is not None and self.unless is None:
            raise ValueError("`on_unknown` says what an unknown `unless` does, and this rule has no `unless`")
        return self

    @property
    def levels(self) -> frozenset[Level]:
        """All levels that an event of this rule may have."""
        found = {self.level, *(max(self.level, step.to) for step in self.raise_)}
        for move in self.move or ():
            found |= {moved(level, move.by, move.at_most, move.at_least) for level in found}
        return frozenset(found)

    @property
    def holds(self) -> Condition | Unless:
        """What is judged: `when`, but for `unless`."""
        return self.when if self.unless is None else Unless(when=self.when, unless=self.unless)

    @property
    def proposes(self) -> bool:
        """Whether people are asked while only the excuse is unknown."""
        return self.unless is not None and self.on_unknown != "nothing"

    @property
    def conditions(self) -> tuple[Condition | Unless, ...]:
        """All that is judged: what holds, what alone ends an event if there is such a condition, and each `raise`."""
        until = (self.until,) if self.until is not None else ()
        return (self.holds, *until, *(step.if_ for step in self.raise_))


def written_at(body: Mapping[str, Any], location: tuple[str | int, ...]) -> tuple[str | int, ...]:
    """Where a part of a rule stands in a file that writes it in `stages`: they are read as `when`, `level` and `raise`."""
    stages = body.get("stages")
    if not isinstance(stages, Mapping) or not location:
        return location
    names = [str(name) for name in stages]
    if location[:1] == ("level",):
        return ("stages", names[0], "level")
    numbers = [part for part in location if isinstance(part, int)]
    if location[0] == "when" and numbers and numbers[0] < len(names):
        return ("stages", names[numbers[0]], "if", *location[location.index(numbers[0]) + 1 :])
    if location[0] == "raise" and numbers and numbers[0] + 1 < len(names):
        key = "level" if location[-1] == "to" else "if"
        return ("stages", names[numbers[0] + 1], key, *location[location.index(numbers[0]) + 2 :])
    return location


def _staged(value: dict[str, Any]) -> dict[str, Any]:
    """A rule written in stages as the rule it stands for.

    Raises:
        ValueError: it is written both ways, or a stage has not a level and a condition.
    """
    twice = [key for key in ("when", "level", "raise", "stage") if key in value]
    if twice:
        raise ValueError(f"`stages` say what `{twice[0]}` says; write one of the two")
    stages = value["stages"]
    if not isinstance(stages, dict) or len(stages) < 2:
        raise ValueError("`stages` are names with what they stand for, two or more, such as `readiness: {level: yellow, if: ...}`")
    for name, stage in stages.items():
        if not isinstance(stage, dict) or set(stage) != {"level", "if"}:
            raise ValueError(f"stage `{name}` needs a `level` and an `if`, and nothing else")
    (first, base), *others = stages.items()
    rest = {key: part for key, part in value.items() if key != "stages"}
    raises = [{"stage": name, "to": stage["level"], "if": stage["if"]} for name, stage in others]
    return {**rest, "when": {"any": [s["if"] for s in stages.values()]}, "level": base["level"], "stage": first, "raise": raises}


class Configuration(Decided):
    """All that a shard is judged by. Its hash is carried by every breach and event.

    Attributes:
        shard: an area set closed under parent and neighbour relations; by default a country's ISO 3166-1 alpha-3 code.
        areas_version: the version of the P-codes.
        figures: of areas, for rules that move their level by them.
    """

    shard: str
    areas_version: str
    areas: tuple[Area, ...]
    stations: tuple[Station, ...]
    feeds: tuple[FeedFacts, ...]
    thresholds: tuple[Threshold, ...]
    rules: tuple[Rule, ...]
    figures: tuple[Figure, ...] | None = None

    def canonical(self) -> dict[str, Any]:
        """JSON values, always the same for the same configuration."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON."""
        text = json.dumps(self.canonical(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
