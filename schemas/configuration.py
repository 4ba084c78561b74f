"""What people decided, as models: areas, stations, feeds, thresholds, rules. One `Configuration` is all that an engine is judged by.

What thresholds and rules mean is the engine's specification; this is how they are written.
"""

import hashlib
import json
import re
from datetime import date
from typing import Annotated, Any, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, PlainSerializer, model_validator

from schemas.conditions import Condition, expand
from schemas.indicators import CATALOGUE
from schemas.levels import Dimension, Level
from schemas.moments import Span, parse_span


class Decided(BaseModel):
    """Base of what stands in files: unchangeable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


LevelWord = Annotated[Level, BeforeValidator(Level.named), PlainSerializer(lambda level: level.word, return_type=str)]


class Area(Decided):
    """An administrative area.

    Attributes:
        code: P-code, opaque. level: `adm0` to `adm3`. parent: the code of the area around it.
        names: language tag to name. population: persons, with the year it was counted for.
        languages: language tag to the share of people who read it; decides which languages must exist.
    """

    code: str
    level: Literal["adm0", "adm1", "adm2", "adm3"]
    parent: str | None = None
    names: dict[str, str]
    population: int | None = Field(default=None, ge=0)
    neighbours: tuple[str, ...] = ()


class Station(Decided):
    """A place that reports readings, joined to the areas it stands for."""

    code: str
    name: str
    feed: str
    areas: tuple[str, ...]
    latitude: float | None = None
    longitude: float | None = None
    unit: str | None = None
    river: str = ""


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


class Document(Decided):
    """Where a threshold or rule comes from."""

    title: str
    section: str = ""
    date: date
    owner: str
    valid: str = ""
    reference: str = ""


class BaselineSettings(Decided):
    """How a baseline is computed and when it is admitted. The meaning of each key is the kind's."""

    years: int | None = Field(default=None, ge=1)
    weeks: str | None = None
    months: int | None = Field(default=None, ge=12)
    needs: str | None = None
    sd: Literal["sample", "population"] = "sample"


class RollUp(Decided):
    """How levels of stations or smaller areas become the level of a larger one."""

    to: Literal["adm1", "adm2"]
    by: Literal["worst"] = "worst"
    needs: Literal["half", "all", "one"] = "half"


_READINGS = re.compile(r"^\s*(\d+)\s+readings?\s*$")


def _persistence(value: Any) -> Any:
    """`2 readings` as 2; a span as a span."""
    if isinstance(value, int):
        return value
    match = _READINGS.match(str(value))
    return int(match[1]) if match else parse_span(value)


class Threshold(Decided):
    """Turns a series into a level over valid time.

    Attributes:
        levels: colour to what it takes: a quantity (`7.0 m`) for `fixed`, the source's own word for `station_levels`,
            `mean + 2 sd` for `endemic_channel`, `1 sd` for `alps`. Parsed by `bounds_of` in `processors`.
        leave_below: hysteresis, a quantity in the indicator's unit; a level is left only when the value is this far under it.
        for_: readings in a row, or a span, that must be at the level; the breach begins at the reading that completes it.
        stale_after: age, from the end of the period plus the feed's delay, after which the level is unknown.
        hold_for: how long a silent breach still counts as true. settle: how long a step waits for late readings.
        horizon: how far back a reading may alter the series. bridge: an unknown stretch this short between two lower readings is lower.
        floor: under it never a breach. quiet: the least time an all-clear waits.
    """

    name: str
    indicator: str
    at: Literal["station", "adm2", "adm3"]
    kind: Literal["fixed", "station_levels", "endemic_channel", "alps"]
    levels: dict[str, str]
    direction: Literal["above", "below"] = "above"
    leave_below: str | None = None
    for_: int | Span = Field(default=1, alias="for")
    stale_after: Span
    hold_for: Span = parse_span("72 h")
    settle: Span = parse_span("0 h")
    horizon: Span = parse_span("7 d")
    bridge: Span | None = None
    floor: str | None = None
    quiet: Span = parse_span("0 h")
    baseline: BaselineSettings | None = None
    roll_up: RollUp | None = None
    document: Document

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, dict) and "for" in value:
            value = {**value, "for": _persistence(value["for"])}
        return value

    @model_validator(mode="after")
    def _known(self) -> "Threshold":
        if self.indicator not in CATALOGUE:
            raise ValueError(f"no indicator `{self.indicator}` in the catalogue")
        for word in self.levels:
            Level.named(word)
        return self


class Raise(Decided):
    """The event's level while `if` is true."""

    to: LevelWord
    if_: Condition = Field(alias="if")

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        return {**value, "if": expand(value["if"])} if isinstance(value, dict) and "if" in value else value


class Ends(Decided):
    """When an event ends that nobody can tell the end of."""

    otherwise_after: Span


class Sign(Decided):
    """Who must sign. `immediate` is the pre-agreed path of a named rule, loud and reviewed afterwards."""

    people: int = Field(default=2, ge=0)
    within: Span = parse_span("60 min")
    else_: Literal["escalate"] = Field(default="escalate", alias="else")


class Remind(Decided):
    """How often a standing warning is said again."""

    every: Span


class Rule(Decided):
    """Turns levels into a truth for each area over valid time.

    Attributes:
        area: the administrative level the rule is judged at. only: if given, the areas it is judged for.
        audience: `operators` for what the people on duty must know and households need not.
        until: if given, alone closes the event (besides `ends`).
        text: the name of the text in the country's catalogues. advice: the name of the household's action.
    """

    name: str
    version: str = "1"
    area: Literal["adm1", "adm2", "adm3"]
    only: tuple[str, ...] = ()
    dimensions: tuple[Dimension, ...]
    when: Condition
    until: Condition | None = None
    level: LevelWord
    raise_: tuple[Raise, ...] = Field(default=(), alias="raise")
    cool_down: Span | None = None
    mutes: tuple[str, ...] = ()
    audience: Literal["public", "operators"] = "public"
    text: str
    sign: Sign = Sign()
    remind: Remind | None = None
    ends: Ends
    document: Document

    @model_validator(mode="before")
    @classmethod
    def _read(cls, value: Any) -> Any:
        if isinstance(value, dict):
            value = dict(value)
            for key in ("when", "until"):
                if value.get(key) is not None:
                    value[key] = expand(value[key])
            if isinstance(value.get("raise"), dict):
                value["raise"] = [value["raise"]]
        return value


class Configuration(Decided):
    """All that a shard is judged by. Its hash is carried by every breach and event.

    Attributes:
        shard: an area set closed under parent and neighbour relations; by default a country's ISO 3166-1 alpha-3 code.
        areas_version: the version of the P-codes.
    """

    shard: str
    areas_version: str
    areas: tuple[Area, ...]
    stations: tuple[Station, ...]
    feeds: tuple[FeedFacts, ...]
    thresholds: tuple[Threshold, ...]
    rules: tuple[Rule, ...]

    def canonical(self) -> dict[str, Any]:
        """JSON values, always the same for the same configuration."""
        return self.model_dump(mode="json", by_alias=True, exclude_none=True)

    @property
    def hash(self) -> str:
        """SHA-256 of the canonical JSON."""
        text = json.dumps(self.canonical(), sort_keys=True, ensure_ascii=False, separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()
