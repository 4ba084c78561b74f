"""`polyrisk status`: are the feeds alive, is anything behind, what was kept aside, what waits for a signature?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from alerts.proposals import waiting
from eventlog.log import EventLog
from feeds.clock import FileClock, WallClock
from feeds.quarantine import Quarantine
from schemas.country_files import LoadedCountry
from schemas.envelopes import read_input
from schemas.records import Heartbeat
from schemas.topics import INPUT

MISSED = 2
"""A feed is silent when this many of its intervals have passed without an answer."""


@dataclass(frozen=True)
class FeedStatus:
    """One feed: when it last answered, and whether that is too long ago.

    Attributes:
        last: none if it never answered. silent_since: the last answer of a silent feed.
    """

    feed: str
    last: datetime | None
    allowed: timedelta
    silent: bool
    rows: int
    kept_aside: int


@dataclass(frozen=True)
class Status:
    """How an installation stands at `now` by its own clock."""

    country: str
    now: datetime
    feeds: Sequence[FeedStatus]
    lag: dict[str, int]
    unsigned: int

    def lines(self, country: LoadedCountry) -> Iterator[str]:
        """For a terminal (rich markup)."""
        zone = country.timezone
        yield f"[bold]{country.name}[/] at {self.now.astimezone(zone):%Y-%m-%d %H:%M} ({country.facts.timezone})"
        for feed in self.feeds:
            if feed.last is None:
                yield f"  [red]SILENT[/]  {feed.feed}: has never answered; silence is not safety"
                continue
            last = feed.last.astimezone(zone)
            state = (
                f"[red]SILENT[/]  {feed.feed} since {last:%Y-%m-%d %H:%M}; silence is not safety" if feed.silent else f"alive   {feed.feed}"
            )
            yield f"  {state}; last answer {last:%d %b %H:%M}, {feed.rows:,} rows, kept aside in all {feed.kept_aside:,}"
        behind = ", ".join(f"{group} {count}" for group, count in self.lag.items())
        yield f"  records behind: {behind}; messages that wait for signatures: {self.unsigned}"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        feeds = [
            {
                "feed": f.feed,
                "silent": f.silent,
                "last": f.last.isoformat() if f.last else None,
                "allowed_s": f.allowed.total_seconds(),
                "rows": f.rows,
                "kept_aside": f.kept_aside,
            }
            for f in self.feeds
        ]
        return {"country": self.country, "now": self.now.isoformat(), "feeds": feeds, "lag": self.lag, "unsigned": self.unsigned}

    @property
    def silent(self) -> list[FeedStatus]:
        """The feeds that nobody hears."""
        return [feed for feed in self.feeds if feed.silent]


def status_of(log: EventLog, country: LoadedCountry, state: Path, feeds: Sequence[str] | None = None) -> Status:
    """Read the log from its beginning and say how things stand.

    Args:
        feeds: those that are to be looked at; by default all of the country.
    """
    beats: dict[str, Heartbeat] = {}
    for stored in log.read(INPUT.name, shard=country.shard):
        if stored.record.kind == "heartbeat":
            content = read_input(stored.record)
            if isinstance(content, Heartbeat):
                beats[content.feed] = content
    now = _now(state)
    kept = Quarantine(state / "quarantine").counts()
    found = []
    for facts in country.configuration.feeds:
        if feeds is not None and facts.feed not in feeds:
            continue
        beat = beats.get(facts.feed)
        allowed = facts.every * MISSED
        silent = beat is None or now - beat.received > allowed
        aside = sum(count for (feed, _), count in kept.items() if feed == facts.feed)
        found.append(FeedStatus(facts.feed, beat.received if beat else None, allowed, silent, beat.rows if beat else 0, aside))
    lag = {group: sum(log.lag(group).values()) for group in ("processors", "alerts")}
    return Status(country.code, now, found, lag, waiting(log))


def _now(state: Path) -> datetime:
    """The moment by the installation's own clock: a case's, if one is being played here."""
    path = state / "clock"
    return FileClock(path).now() if path.exists() else WallClock().now()
