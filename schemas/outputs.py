"""What a shard's engine says: breaches and compound events, each with the readings behind it, and what it could not take in."""

from enum import StrEnum
from typing import Literal

from pydantic import Field

from schemas.inputs import Quality
from schemas.levels import Dimension, Level, Truth
from schemas.moments import Moment, Span
from schemas.records import Typed


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
    renamed: dict[str, str] = Field(default={})
