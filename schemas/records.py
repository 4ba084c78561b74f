"""The records of the log, typed, but for those of warnings. What a person is called or reached at stands in none of them."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import StrEnum
from functools import lru_cache
from typing import Annotated, Any, Literal, Self

import msgspec
from pydantic import BaseModel, ConfigDict, Field, model_validator

from schemas.levels import Dimension, Level, Truth
from schemas.microseconds import from_microseconds
from schemas.moments import Moment, Span


class Typed(BaseModel):
    """Base of all records: unchangeable, and an unknown key is an error."""

    model_config = ConfigDict(frozen=True, extra="forbid", ser_json_timedelta="iso8601")

    @classmethod
    def made(cls, **values: Any) -> Self:
        """A record of values that were checked before; every field must be given.

        It is what `model_construct` gives, without its search for defaults and aliases: that cost more than all of the judging.
        """
        made = cls.__new__(cls)
        put = object.__setattr__
        put(made, "__dict__", values)
        # All share one set of names: a model that is frozen never changes it, and copies it when it is copied.
        put(made, "__pydantic_fields_set__", _names_of(cls))
        put(made, "__pydantic_extra__", None)
        put(made, "__pydantic_private__", None)
        return made


@lru_cache
def _names_of(model: type[BaseModel]) -> set[str]:
    return set(model.model_fields)


def _is_none(value: object) -> bool:
    return value is None


def _is_empty(value: tuple[object, ...] | str) -> bool:
    return not value


class Quality(StrEnum):
    """How far a reading is to be trusted, in the words of its feed or of the one who entered it."""

    MEASURED = "measured"
    REPORTED = "reported"
    MODELLED = "modelled"
    MANUAL = "manual"
    SUSPECT = "suspect"

    def reaches(self, least: "Quality") -> bool:
        """Whether a reading of this quality is trusted as much as another or more (`TRUST`)."""
        return TRUST.index(self) >= TRUST.index(least)


TRUST = (Quality.SUSPECT, Quality.REPORTED, Quality.MODELLED, Quality.MANUAL, Quality.MEASURED)
"""The least trusted first: what its own source doubts, what somebody untrained reports, what a model says, what a trained person enters,
what an instrument reads."""


class Observation(Typed):
    """One reading of one indicator at one place.

    Attributes:
        area: P-code, or a station's code that is joined to one. Opaque.
        indicator: a name from `schemas.indicators.CATALOGUE`.
        start, end: the period it is valid for; equal for a moment. UTC.
        issued: when the source published it, if it says so.
        received: when we fetched it.
        lead: for a forecast, from its base time to `end`; else none.
        member: for an ensemble, which one.
        value: in `unit`, the catalogue's; none if the source spoke and gave no value.
        key: its identity in the feed.
        delivery: SHA-256 of the raw bytes it was read from.
    """

    area: str
    indicator: str
    start: Moment
    end: Moment
    issued: Moment | None = None
    received: Moment
    lead: timedelta | None = None
    member: int | None = None
    value: float | None = Field(allow_inf_nan=False)
    unit: str
    quality: Quality = Quality.MEASURED
    feed: str
    key: str
    delivery: str

    @model_validator(mode="after")
    def _ordered(self) -> "Observation":
        if self.end < self.start:
            raise ValueError(f"ends {self.end.isoformat()} before it starts {self.start.isoformat()}")
        return self


class Heartbeat(Typed):
    """A feed answered: a new delivery, the same one again, or 304. Silence of a feed is the lack of these."""

    kind: Literal["heartbeat"] = "heartbeat"
    feed: str
    received: Moment
    delivery: str
    new: bool
    rows: int = Field(ge=0)
    quarantined: int = Field(ge=0)


class Tick(Typed):
    """Time goes on: the only way the engine learns of it when no reading comes."""

    kind: Literal["tick"] = "tick"
    at: Moment


class Signature(Typed):
    """Who signed, in which role, when, and what they saw.

    Attributes:
        digest: of all that the signature is bound to (`alerts.approvals`); empty before signatures were bound, and under a configuration.
        recipients, cost: of the message as the signer saw it, in its currency; none where there is no message.
    """

    by: str
    role: str
    at: Moment
    digest: str = Field(default="", exclude_if=_is_empty)
    recipients: int | None = Field(default=None, exclude_if=_is_none)
    cost: float | None = Field(default=None, exclude_if=_is_none)


class BacktestReport(Typed):
    """The report that a decision rests on: its file's name, and the SHA-256 of its content."""

    name: str
    sha256: str


class ConfigChange(Typed):
    """From here on the shard is judged by this configuration.

    Attributes:
        hash: SHA-256 of the canonical JSON of `configuration`.
        configuration: `schemas.configuration.Configuration` as JSON values.
        author, reason: who changed it and why.
        decided: when they decided so, if it was decided by people; it may lie before `at`, from when on it is in force.
        holds_from: if given, it is in force only from then on, unless another one comes before that.
        open_events: whether an event that is open then is judged on by the configuration it opened under, which is so if nothing is said,
            or by this one.
        replaces: the hash of what was in force when they decided; none if nothing was, or if nobody compared.
        signatures: of the author and of whoever else the country's file asks for. backtest: the report they had before them.
    """

    kind: Literal["configuration"] = "configuration"
    at: Moment
    hash: str
    configuration: dict[str, Any]
    author: str
    reason: str
    decided: Moment | None = Field(default=None, exclude_if=_is_none)
    replaces: str | None = Field(default=None, exclude_if=_is_none)
    holds_from: Moment | None = Field(default=None, exclude_if=_is_none)
    open_events: Literal["move"] | None = Field(default=None, exclude_if=_is_none)
    signatures: tuple[Signature, ...] = Field(default=(), exclude_if=_is_empty)
    backtest: BacktestReport | None = Field(default=None, exclude_if=_is_none)


class BaselineRow(Typed):
    """The bounds of one place for readings whose period's middle lies in [start, end).

    Attributes:
        bounds: level word (`yellow`, `orange`, `red`) to the value at which it is met; empty if not admitted.
        admitted: false if there is too little history: the threshold is then unknown there.
        reason: why it was not admitted, or a short account of what it was computed from.
        statistics: what the bounds were computed from, such as mean, sd, n, expected.
    """

    area: str
    start: Moment
    end: Moment
    bounds: dict[str, float]
    admitted: bool
    reason: str
    statistics: dict[str, float] = {}


class Baseline(Typed):
    """What is usual, made outside the engine by a job. Rows replace older ones of the same threshold, area and period."""

    kind: Literal["baseline"] = "baseline"
    at: Moment
    threshold: str
    inputs_hash: str
    rows: tuple[BaselineRow, ...]


class GaugeDeclaration(Typed):
    """A named person says that a station is dead, or back. A dead one no longer holds a breach or counts for `needs`."""

    kind: Literal["declaration"] = "declaration"
    at: Moment
    area: str
    state: Literal["dead", "back"]
    by: str
    reason: str


Input = Annotated[Heartbeat | Tick | ConfigChange | Baseline | GaugeDeclaration, Field(discriminator="kind")]
"""All that a shard's engine reads beside observations, which travel as Arrow (`schemas.observations`)."""


class Reading(Typed):
    """One reading as evidence, with all three times and the bound it was held against."""

    area: str
    indicator: str
    value: float | None
    unit: str
    bound: float | None = None
    start: Moment
    end: Moment
    issued: Moment | None = None
    received: Moment
    age: Span
    feed: str
    quality: Quality
    key: str
    delivery: str
    record: str


class Evidence(Typed):
    """One condition of a rule, how it stood, and what made it so; a tree down to readings.

    Attributes:
        condition: as the planner wrote it.
        truth, held, covered: its truth; whether it rests on a held breach; false if the area has no series for it.
        since: when it took this truth, in valid time; none if that is over a year ago, or nobody knows.
        note: what a person must know, such as "no reading since 2025-09-15".
    """

    condition: str
    truth: Truth
    held: bool = False
    covered: bool = True
    since: Moment | None = None
    level: Level | None = None
    area: str | None = None
    note: str = ""
    readings: tuple[Reading, ...] = ()
    parts: tuple["Evidence", ...] = ()


class BreachChange(StrEnum):
    """What happened to a breach. A closed set: log, page and metric show the same word."""

    OPENED = "opened"
    ESCALATED = "escalated"
    EASED = "eased"
    HELD = "held"
    RESUMED = "resumed"
    CLOSED = "closed"
    DECLARED_DEAD = "declared_dead"
    RETRACTED = "retracted"


class ThresholdBreach(Typed):
    """A change of a breach: a longest stretch of one series at yellow or more.

    Attributes:
        id: made of shard, threshold, area and the opening reading's record; stable through its life.
        since: valid time of the reading that opened it. at: valid time of this change. known: when it was known.
        record: the id of the input record that showed it.
        reason: `engine` if another version of the engine judges otherwise what was said before; else empty.
    """

    kind: Literal["breach"] = "breach"
    id: str
    shard: str
    threshold: str
    area: str
    indicator: str
    dimension: Dimension
    change: BreachChange
    level: Level
    peak: float | None
    since: Moment
    at: Moment
    known: Moment
    record: str
    configuration: str
    engine: str
    reason: Literal["", "engine"] = ""
    readings: tuple[Reading, ...] = ()


class EventChange(StrEnum):
    """What happened to a compound event. A closed set."""

    OPENED = "opened"
    ESCALATED = "escalated"
    EASED = "eased"
    UNCONFIRMED = "unconfirmed"
    CONFIRMED = "confirmed"
    UPDATED = "updated"
    CLOSED = "closed"
    CANNOT_TELL = "cannot_tell"
    RETRACTED = "retracted"
    FOUND_AFTERWARDS = "found_afterwards"


class LevelStep(Typed):
    """One readable step from a rule's base level to the event's."""

    step: Literal["base", "raise", "move"]
    level: Level
    why: str


SHADOW = "shadow"
"""How the engine begins to say why an event is quiet, if its rule runs in shadow."""


class CompoundEvent(Typed):
    """A change of an event: a longest stretch in which a rule was true, held through unknown.

    Attributes:
        id: made of shard, rule, area and the opening record's id, never of offsets.
        since: the first valid time its truth was true. at: valid time of this change. known: when it was known.
        until: the valid time it ended, once it has.
        unconfirmed: true while the truth is unknown; `silent` then names each silent feed and since when.
        audience: `public`, or `operators` for what concerns the people on duty alone.
        quiet: why it is cooled or muted, or that its rule runs in shadow; else empty. Grouping and signatures belong to `alerts`.
        records: ids of the input records that made it.
        ending: the rule's `until` as it stood, if it has one: what must be known for the event to end.
        beside: each dimension of human security that the rule does not read, as it stood in the area at this change.
        reason: `engine` if another version of the engine judges otherwise what was said before; else empty.
    """

    kind: Literal["event"] = "event"
    id: str
    shard: str
    rule: str
    rule_version: str
    area: str
    area_version: str
    change: EventChange
    level: Level
    steps: tuple[LevelStep, ...]
    dimensions: tuple[Dimension, ...]
    since: Moment
    at: Moment
    known: Moment
    until: Moment | None = None
    truth: Truth
    unconfirmed: bool = False
    silent: tuple[str, ...] = ()
    audience: Literal["public", "operators"] = "public"
    quiet: str = ""
    evidence: Evidence
    ending: Evidence | None = None
    beside: tuple[Evidence, ...] = ()
    record: str
    records: tuple[str, ...] = ()
    configuration: str
    engine: str
    reason: Literal["", "engine"] = ""

    @property
    def ended(self) -> bool:
        """Whether the event is over with this change; an end that only moves is an `updated` with an `until`."""
        return self.change in _ENDS or self.until is not None

    @property
    def in_shadow(self) -> bool:
        """Whether its rule is only tried beside the others, so that nobody is warned of it."""
        return self.quiet.startswith(SHADOW)


_ENDS = {EventChange.CLOSED, EventChange.CANNOT_TELL, EventChange.RETRACTED, EventChange.FOUND_AFTERWARDS}


class DeadLetter(Typed):
    """An input record that could not be taken in. The shard went on without it, judged by the configuration that stood.

    Attributes:
        topic, record, record_kind, received: of the input record; `record` is its id.
        sha256, size: of its payload, size in bytes. payload: base64 of it, or of its beginning if it was `cut`.
        error: the exception's name. reason, remedy: what is wrong, and what a person can do.
        configuration: the hash of the configuration in force; none before the first.
        engine: the version that could not take it in. at: the same as `received`.
    """

    kind: Literal["dead_letter"] = "dead_letter"
    shard: str
    topic: str
    record: str
    record_kind: str
    received: Moment
    sha256: str
    size: int = Field(ge=0)
    payload: str
    cut: bool
    error: str
    reason: str
    remedy: str
    configuration: str | None
    engine: str
    at: Moment


class EngineChange(Typed):
    """From here on a shard's input is judged by this version of the engine.

    Attributes:
        group: the consumer group that judges. number: how many of these came before in the shard and group.
        engine, before: the version, and the one that judged before; none at the first record.
        first: id of the shard's first input record, so that it is known later whether the log still begins there.
        record: id of the last input record that was judged by the one before.
        at: the shard's own now.
        said: how many changes went out because the new engine judges otherwise.
        renamed: identifiers that this engine makes of the input up to `record`, to those under which the same was said before; it goes on
            under the latter.
    """

    kind: Literal["engine"] = "engine"
    shard: str
    group: str
    number: int = Field(ge=0)
    engine: str
    before: str | None
    first: str
    record: str | None
    at: Moment
    said: int = Field(ge=0)
    renamed: dict[str, str] = {}


class JournalAnchor(Typed):
    """How far the journal of what people did had come: what it then said can no longer be changed or cut off without a trace.

    Attributes:
        place: of its newest step; the first is 1. hash: of that step, which covers all before it. at: when this was noted.
    """

    kind: Literal["anchor"] = "anchor"
    shard: str
    place: int = Field(ge=1)
    hash: str
    at: Moment


class Record(msgspec.Struct, frozen=True, gc=False):
    """The envelope in which everything travels.

    A struct and no model, and its moment a number, because a busy log makes a hundred thousand of these each second. What it carries is
    checked where it is put in and read out (`schemas.envelopes`). None can be part of a cycle, so the collector need not look at them.

    Attributes:
        topic: one of `schemas.topics.TOPICS`.
        shard: the key; all of a shard's input is one order.
        kind: `observations`, `reading`, `heartbeat`, `tick`, `configuration`, `baseline`, `declaration`, `breach`, `event`, `warning`,
            `delivery`, `answer`, `dead_letter`, `engine`, `anchor`.
        id: unique and made by whoever appends it from what it says, never from an offset.
        received_microseconds: when it was made known to us, since 1970; the engine's only clock.
        payload: Arrow IPC for `observations`, else the model's JSON.
        headers: CloudEvents attributes on published events; on inputs the type alone, which ends in the version of the payload's schema.
            Records may share them, so they are never written to.
    """

    topic: str
    shard: str
    kind: str
    id: str
    received_microseconds: int
    payload: bytes
    headers: Mapping[str, str] = msgspec.field(default_factory=dict)

    @property
    def received(self) -> datetime:
        """When it was made known to us, UTC."""
        return from_microseconds(self.received_microseconds)


class Stored(msgspec.Struct, frozen=True, gc=False):
    """A record as the log keeps it, with its place."""

    record: Record
    partition: int
    offset: int


@lru_cache(maxsize=4096)
def received_of(moment: datetime) -> str:
    """A moment as it stands in ids: ISO 8601 basic, UTC, microseconds."""
    return moment.strftime("%Y%m%dT%H%M%S%fZ")
