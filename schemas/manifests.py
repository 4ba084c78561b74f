"""A feed's manifest: where it is, how often it speaks, what it gives. Read from `feeds/<feed>/feed.yaml`."""

from datetime import timedelta
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

from schemas.configuration import FeedFacts
from schemas.moments import Span, parse_span


class Gives(BaseModel):
    """One indicator that a feed gives, in which of its units, at which kind of place."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    indicator: str
    unit: str
    at: Literal["station", "adm1", "adm2", "adm3"]


class FeedManifest(BaseModel):
    """One configured feed. The folder's name is the feed's id everywhere.

    Attributes:
        country: ISO 3166-1 alpha-3, which is also the shard its readings go to.
        url: of the source; the host is replaced by `--sources` in demos, drills and tests.
        every: the schedule. calm_every: the slower schedule while no rule is near an event; none keeps `every`.
        delay: from the end of a period to its publication, as declared.
        timezone: of the source's times, IANA.
        size_limit: bytes; a longer body is a failed fetch.
        pages: how a source is paged, if it is.
        lists, scope: see `FeedFacts`. scope holds area levels or codes; `scope: [LK21, ...]`.
        contact, licence, source: for the person who must ask.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")
    feed: str
    title: str
    country: str
    url: str
    every: Span
    calm_every: Span | None = None
    delay: Span = parse_span("0 min")
    timezone: str
    gives: tuple[Gives, ...] = Field(min_length=1)
    lists: Literal["all", "active"] = "all"
    scope: tuple[str, ...] = ()
    size_limit: int = Field(default=50_000_000, gt=0)
    timeout: Span = parse_span("60 s")
    pages: Literal["none", "next"] = "none"
    licence: str
    source: str
    contact: str = ""

    @property
    def allowed_silence(self) -> timedelta:
        """How long the feed may be silent."""
        return self.facts.silence_allowed

    @property
    def facts(self) -> FeedFacts:
        """What the engine and the checker must know of it."""
        return FeedFacts(
            feed=self.feed,
            every=self.calm_every or self.every,
            at_best=self.every if self.calm_every is not None else None,
            delay=self.delay,
            indicators=tuple(g.indicator for g in self.gives),
            lists=self.lists,
            scope=self.scope,
        )
