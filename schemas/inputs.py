"""What a shard's engine reads: readings, heartbeats, the passing of time, and what people and jobs decided of how it judges."""

from datetime import timedelta
from enum import StrEnum
from typing import Annotated, Any, Literal

from pydantic import Field, model_validator

from schemas.moments import Moment
from schemas.records import Typed


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
    statistics: dict[str, float] = Field(default={})


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
