"""The conditions of a rule as a tree. What each is true, false and unknown at is the engine's matter; this is how it is written.

A condition in a file is a text (`river_station >= orange`) or a mapping with one of the keys
`all`, `any`, `not`, `at_least`, `together`, `sequence`, `times`, `share`, `near`, `silent`, `dimensions`,
`condition` (with `within` or `for`).
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Mapping
from decimal import ROUND_CEILING
from difflib import get_close_matches
from typing import Annotated, Any, Literal, Union

from pydantic import BaseModel, BeforeValidator, ConfigDict, Discriminator, Field, Tag

from schemas.levels import Level
from schemas.measures import Distance, Proportion, format_distance, format_proportion
from schemas.moments import Span, format_span

_AT_LEVEL = re.compile(r"^\s*(not\s+)?([a-z][a-z0-9_]*)\s*>=\s*([a-z]+)\s*$")

NamedLevel = Annotated[Level, BeforeValidator(Level.named)]
"""A level, written by its colour or its number."""


class Part(BaseModel, ABC):
    """Base of the conditions."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)

    @property
    @abstractmethod
    def text(self) -> str:
        """The condition as a planner reads it."""

    @property
    def parts(self) -> tuple["Condition", ...]:
        """The conditions inside this one, in the order written."""
        return ()


class AtLevel(Part):
    """A threshold is at a level or above it, at the area itself or rolled up to it."""

    threshold: str
    level: NamedLevel

    @property
    def text(self) -> str:
        return f"{self.threshold} >= {self.level.word}"


class All(Part):
    """Kleene's and. `within` holds for each of the conditions: each was true at some moment of that last span."""

    all: tuple["Condition", ...] = Field(min_length=1)
    within: Span | None = None

    @property
    def text(self) -> str:
        return "all" + _within(self.within)

    @property
    def parts(self) -> tuple["Condition", ...]:
        return self.all


class AnyOf(Part):
    """Kleene's or."""

    any: tuple["Condition", ...] = Field(min_length=1)
    within: Span | None = None

    @property
    def text(self) -> str:
        return "any" + _within(self.within)

    @property
    def parts(self) -> tuple["Condition", ...]:
        return self.any


class Not(Part):
    """Kleene's not."""

    not_: "Condition" = Field(alias="not")

    @property
    def text(self) -> str:
        return "not"

    @property
    def parts(self) -> tuple["Condition", ...]:
        return (self.not_,)


class AtLeast(Part):
    """At least n of the conditions. Those without a series in the area are not covered: left out of n's candidates and shown."""

    at_least: int = Field(ge=1)
    of: tuple["Condition", ...] = Field(min_length=1)
    within: Span | None = None

    @property
    def text(self) -> str:
        return f"at least {self.at_least} of {len(self.of)}" + _within(self.within)

    @property
    def parts(self) -> tuple["Condition", ...]:
        return self.of


class Together(Part):
    """At least n of the conditions are true, and the onsets of these n lie at most `within` apart.

    True if n are true whose onsets are known to lie so near; false if that cannot be from what is known; else unknown. A condition became
    true when it went from false to true, also through unknown; the first truth known counts as an onset, at or before it; held is unknown.
    Onsets are compared by the end of a period. Those without a series in the area are not covered: left out of n's candidates and shown.
    """

    together: int = Field(ge=2)
    of: tuple["Condition", ...] = Field(min_length=2)
    within: Span

    @property
    def text(self) -> str:
        return f"{self.together} of {len(self.of)} together" + _within(self.within)

    @property
    def parts(self) -> tuple["Condition", ...]:
        return self.of


class Within(Part):
    """The condition was true at some moment of the last span, in valid time."""

    condition: "Condition"
    within: Span

    @property
    def text(self) -> str:
        return "was true" + _within(self.within)

    @property
    def parts(self) -> tuple["Condition", ...]:
        return (self.condition,)


class Sustained(Part):
    """The condition was true throughout the last span, in valid time; of a `not`, it was absent throughout it.

    True if it was true at each moment of the span; false if it is known to have been false at some moment of it; else unknown, so a
    silence within the span is neither. A truth that begins at some moment has lasted a span from exactly that span later on. Written
    `{condition: river_station >= orange, for: 6 h}`, and `{not: rain >= yellow, for: 10 d}` for ten days without rain.
    """

    condition: "Condition"
    for_: Span = Field(alias="for")

    @property
    def text(self) -> str:
        return f"true for {format_span(self.for_)}"

    @property
    def parts(self) -> tuple["Condition", ...]:
        return (self.condition,)


class Times(Part):
    """The condition became true at least n times within the last span, in valid time.

    True if that many onsets are known in the span; false if it cannot have been; else unknown. Became true is from false to true, also
    through unknown; the first truth known counts as an onset; true, unknown, true is none. In an unknown stretch, but one between two
    truths, it may have become true any number of times, so while one reaches into the span nobody can say that it was too seldom. Onsets
    count by the end of a period. Written `{times: 3, of: dengue_channel >= orange, within: 26 w}`.
    """

    times: int = Field(ge=1)
    of: "Condition"
    within: Span

    @property
    def text(self) -> str:
        return f"became true {self.times} times" + _within(self.within)

    @property
    def parts(self) -> tuple["Condition", ...]:
        return (self.of,)


class Sequence(Part):
    """Each became true not before the one before it, the last at most `within` after the first and still true.

    Onsets are compared by the end of a period; `least_lag` is the least span between one onset and the next.
    """

    sequence: tuple["Condition", ...] = Field(min_length=2)
    within: Span
    least_lag: Span | None = None

    @property
    def text(self) -> str:
        return "in sequence" + _within(self.within)

    @property
    def parts(self) -> tuple["Condition", ...]:
        return self.sequence


class Share(Part):
    """The condition is true in at least a share of the areas that belong to this one.

    True if those in which it is true make up the share; false if they would not though it were true in all in which it is unknown; else
    unknown. The share is one of all the areas, those without a series included: these are unknown, so that a share is never reached by
    watching few. Written `{share: 50 %, of: children, condition: rain >= orange}`.

    Attributes:
        of: `children`, the areas whose parent this is; `neighbours`; `upstream`, the areas whose water comes down to this one.
    """

    share: Proportion
    of: Literal["children", "neighbours", "upstream"]
    condition: "Condition"

    def needed(self, areas: int) -> int:
        """In how many of so many areas the condition must be true; at least one."""
        return max(1, int((self.share * areas).to_integral_value(ROUND_CEILING)))

    @property
    def text(self) -> str:
        return f"in {format_proportion(self.share)} of {self.of}"

    @property
    def parts(self) -> tuple["Condition", ...]:
        return (self.condition,)


class Nearby(BaseModel):
    """What `near` looks at: the condition at the places within a distance.

    Attributes:
        at_least: at how many of them it must be true; at one if nothing is written.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    distance: Distance
    at_least: int | None = Field(default=None, ge=2)
    condition: "Condition"


class Near(Part):
    """The condition is true at some place in reach: as `any` over those places, or as `at_least` over them if a number is given.

    If it reads thresholds at stations alone, the places are the stations so near to the area's coordinates; else they are the areas of
    the same level whose coordinates lie so near, the area itself among them. Distances run along the globe. An area without coordinates
    reaches nothing, and is not covered. Written `{near: {distance: 5 km, condition: river_station >= red}}`.
    """

    near: Nearby

    @property
    def text(self) -> str:
        places = "" if self.near.at_least is None else f"at {self.near.at_least} places or more "
        return f"{places}within {format_distance(self.near.distance)} of here"

    @property
    def parts(self) -> tuple["Condition", ...]:
        return (self.near.condition,)


UNLESS = "the first, unless the second"
"""How a rule with an excuse reads: its first part is what else must hold, its second the excuse."""


class Unless(Part):
    """A condition that holds but for an excuse: what a rule's `when` and `unless` come to. It is not written inside conditions.

    As `all` of the condition and the excuse's `not`, but that an excuse which is held is unknown, for opening and for closing: what nobody
    has heard of lately neither keeps a warning from being proposed nor ends one.
    """

    when: "Condition"
    unless: "Condition"

    @property
    def text(self) -> str:
        return UNLESS

    @property
    def parts(self) -> tuple["Condition", ...]:
        return (self.when, self.unless)


class Silence(BaseModel):
    """What `silent` counts.

    Attributes:
        count: how many series of `of` must have gone stale.
        of: a threshold with `at: station`; its stations in `areas` are the candidates.
        within: their last readings lie at most this far apart.
        areas: the areas whose stations are counted together; without it, the rule's area.
        stale_after: silence after this span, if sooner than the threshold's own.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    count: int = Field(ge=2)
    of: str
    within: Span
    areas: tuple[str, ...] = ()
    stale_after: Span | None = None


class Silent(Part):
    """Several series that were fresh went stale together, while their feed itself goes on delivering. Never false, only true or unknown."""

    silent: Silence

    @property
    def text(self) -> str:
        return f"{self.silent.count} of {self.silent.of} silent{_within(self.silent.within)}"


class Dimensions(Part):
    """Breaches in at least n of the seven dimensions of human security, each at `level` or more, within `within` if given."""

    dimensions: int = Field(ge=1, le=7)
    level: NamedLevel = Level.YELLOW
    within: Span | None = None

    @property
    def text(self) -> str:
        return f"{self.dimensions} dimensions at {self.level.word}" + _within(self.within)


_KEYS = {
    # The first of these that a mapping has says what it is.
    "for": "for",
    "for_": "for",
    "share": "share",
    "near": "near",
    "threshold": "threshold",
    "all": "all",
    "any": "any",
    "not": "not",
    "not_": "not",
    "at_least": "at_least",
    "together": "together",
    "sequence": "sequence",
    "times": "times",
    "silent": "silent",
    "dimensions": "dimensions",
    "condition": "condition",
}


def _kind(value: Any) -> str | None:
    names = value if isinstance(value, Mapping) else getattr(type(value), "model_fields", ())
    return next((tag for name, tag in _KEYS.items() if name in names), None)


def expand(value: Any) -> Any:
    """A condition as written, its text or short form turned into the mapping it stands for; what stands inside it is left as it is.

    Raises:
        ValueError: a text is no condition, or no key of a mapping is one's.
    """
    if isinstance(value, Mapping) and "not" in value and "for" in value:  # absence: it was not so, all that time
        return {**{k: v for k, v in value.items() if k != "not"}, "condition": {"not": value["not"]}}
    if isinstance(value, Mapping) and not any(key in value for key in _KEYS):
        keys = [str(key) for key in value]
        near = [found for key in keys for found in get_close_matches(key, list(_KEYS), 1)]
        known = f"nearest is `{near[0]}`" if near else f"known are {', '.join(key for key in _KEYS if not key.endswith('_'))}"
        raise ValueError(f"`{', '.join(keys)}` makes no condition; {known}")
    if not isinstance(value, str | Mapping | Part):
        raise ValueError(f"`{value}` is not a condition; write one such as `river_station >= orange`")
    if not isinstance(value, str):
        return value
    match = _AT_LEVEL.match(value)
    if match is None:
        raise ValueError(f"`{value}` is not a condition; write a threshold, >= and a level, such as `river_station >= orange`")
    at_level = {"threshold": match[2], "level": Level.named(match[3])}
    return {"not": at_level} if match[1] else at_level


def _within(span: Any) -> str:
    return f" within {format_span(span)}" if span is not None else ""


Condition = Annotated[
    Union[  # noqa: UP007 - one member a line reads better than one line of bars
        Annotated[AtLevel, Tag("threshold")],
        Annotated[All, Tag("all")],
        Annotated[AnyOf, Tag("any")],
        Annotated[Not, Tag("not")],
        Annotated[AtLeast, Tag("at_least")],
        Annotated[Together, Tag("together")],
        Annotated[Sequence, Tag("sequence")],
        Annotated[Times, Tag("times")],
        Annotated[Share, Tag("share")],
        Annotated[Near, Tag("near")],
        Annotated[Silent, Tag("silent")],
        Annotated[Dimensions, Tag("dimensions")],
        Annotated[Within, Tag("condition")],
        Annotated[Sustained, Tag("for")],
    ],
    Discriminator(_kind),
    BeforeValidator(expand),
]
"""A condition, written as a text or as a mapping with one of the keys above."""
for _model in (All, AnyOf, Not, AtLeast, Together, Within, Sustained, Sequence, Times, Share, Nearby, Near, Unless):
    _model.model_rebuild()


def walk(condition: Condition | Unless) -> list[Condition | Unless]:
    """The condition and all inside it, outermost first."""
    return [condition, *(found for part in condition.parts for found in walk(part))]
