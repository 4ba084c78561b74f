"""`polyrisk status`: are the feeds alive, is anything behind, what was kept aside, what waits for a signature?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from alerts.proposals import waiting
from console.feed_views import feed_views
from console.names import Names
from console.reading import LogReader
from eventlog.log import EventLog
from feeds.clock import FileClock, WallClock
from feeds.quarantine import Quarantine
from schemas.country_files import LoadedCountry


@dataclass(frozen=True)
class FeedStatus:
    """One feed: when it last answered, and whether that is too long ago.

    Attributes:
        last: none if it never answered. silent: that is too long ago.
        newest: the end of the newest period it gave a value for. behind: it answers, but that is so long ago that nobody can tell any more.
    """

    feed: str
    last: datetime | None
    silent: bool
    newest: datetime | None
    behind: bool
    rows: int
    kept_aside: int

    def line(self, now: datetime, zone: ZoneInfo) -> str:
        """For a terminal (rich markup)."""
        if self.last is None:
            return f"[red]SILENT[/]  {self.feed}: has never answered; silence is not safety"
        last = self.last.astimezone(zone)
        told = f"last answer {last:%d %b %H:%M}, {self.rows:,} rows, kept aside in all {self.kept_aside:,}"
        if self.silent:
            return f"[red]SILENT[/]  {self.feed} since {last:%Y-%m-%d %H:%M}; silence is not safety; {told}"
        if self.behind and self.newest is not None:
            age = f"{self.newest.astimezone(zone):%Y-%m-%d %H:%M}, {(now - self.newest).days} days old"
            return f"[yellow]STALE[/]   {self.feed} answers, but its newest reading is of {age}; {told}"
        return f"alive   {self.feed}; {told}"


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
            yield f"  {feed.line(self.now, zone)}"
        behind = ", ".join(f"{group} {count}" for group, count in self.lag.items())
        yield f"  records behind: {behind}; messages that wait for signatures: {self.unsigned}"

    def as_json(self) -> dict[str, Any]:
        """For programs."""
        feeds = [
            {
                "feed": f.feed,
                "silent": f.silent,
                "last": f.last.isoformat() if f.last else None,
                "newest": f.newest.isoformat() if f.newest else None,
                "behind": f.behind,
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

    @property
    def finding(self) -> bool:
        """Whether a feed is silent, or brings nothing new."""
        return any(feed.silent or feed.behind for feed in self.feeds)


def status_of(log: EventLog, country: LoadedCountry, state: Path, feeds: Sequence[str] | None = None) -> Status:
    """Read the log from its beginning and say how things stand.

    Args:
        feeds: those that are to be looked at; by default all of the country.
    """
    now = _now(state)
    reader = LogReader(log, country.shard)
    reader.refresh()
    known = reader.until(now)
    kept = Quarantine(state / "quarantine").counts()
    found = []
    for view in feed_views(known, Names(country)):
        if feeds is not None and view.feed not in feeds:
            continue
        beat = known.heartbeats.get(view.feed)
        aside = sum(count for (feed, _), count in kept.items() if feed == view.feed)
        found.append(FeedStatus(view.feed, view.since, not view.alive, view.newest, view.behind, beat.rows if beat else 0, aside))
    lag = {group: sum(log.lag(group).values()) for group in ("processors", "alerts")}
    return Status(country.code, now, found, lag, waiting(log))


def _now(state: Path) -> datetime:
    """The moment by the installation's own clock: a case's, if one is being played here."""
    path = state / "clock"
    return FileClock(path).now() if path.exists() else WallClock().now()
