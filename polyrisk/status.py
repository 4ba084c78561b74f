"""`polyrisk status`: are the feeds alive, is anything behind, what was kept aside, what waits for a signature?"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

from rich.markup import escape

from alerts.checks import sendable
from alerts.proposals import waiting
from console.feed_views import feed_views
from console.names import Names
from console.reading import LogReader
from eventlog.log import EventLog
from feeds.clock import FileClock, WallClock
from feeds.quarantine import Quarantine
from polyrisk.answers_heard import AreaAnswers, heard_lately
from polyrisk.letters import Judging, judging_of, letters_of
from polyrisk.local_time import clock
from schemas.country_files import LoadedCountry
from schemas.outputs import DeadLetter

_LINE = 200


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
            age = f"{clock(self.newest, zone)}, {(now - self.newest).days} days old"
            return f"[yellow]STALE[/]   {self.feed} answers, but its newest reading is of {age}; {told}"
        return f"alive   {self.feed}; {told}"


@dataclass(frozen=True)
class Status:
    """How an installation stands at `now` by its own clock.

    Attributes:
        answers: what people answered to warnings in the last days, by area.
        texts: how many the country can send in all its languages. drafts: those of them that nobody has reviewed.
    """

    country: str
    now: datetime
    feeds: Sequence[FeedStatus]
    lag: dict[str, int]
    unsigned: int
    letters: Sequence[DeadLetter]
    judging: Judging
    answers: Sequence[AreaAnswers]
    texts: int
    drafts: int

    def lines(self, country: LoadedCountry) -> Iterator[str]:
        """For a terminal (rich markup)."""
        zone = country.timezone
        yield f"[bold]{country.name}[/] at {clock(self.now, zone)} ({country.facts.timezone})"
        for feed in self.feeds:
            yield f"  {feed.line(self.now, zone)}"
        behind = ", ".join(f"{group} {count}" for group, count in self.lag.items())
        yield f"  records behind: {behind}; messages that wait for signatures: {self.unsigned}"
        for heard in self.answers:
            help_ = f"[red]{heard.need_help:,} NEED HELP[/]" if heard.need_help else "0 need help"
            newest_at = clock(heard.last, zone)
            yield f"  answers in {escape(heard.name)} ({heard.area}): {heard.safe:,} safe, {help_}; the newest {newest_at}"
        in_force = self.judging.configuration
        yield f"  judged by configuration {in_force[:12] if in_force else 'none'}, engine {self.judging.engine or 'none yet'}"
        if self.drafts:
            yield f"  texts: {self.drafts:,} of {self.texts:,} are drafts, not reviewed (`polyrisk texts lint`)"
        if self.judging.refused is not None:
            yield f"  [red]REFUSED[/] the newest configuration: {_short(self.judging.refused)}"
        if self.letters:
            newest = self.letters[-1]
            yield f"  dead letters: {len(self.letters)} (`polyrisk dead-letters`), the newest {escape(newest.record)}: {_short(newest)}"

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
        newest = self.letters[-1] if self.letters else None
        return {
            "country": self.country,
            "now": self.now.isoformat(),
            "feeds": feeds,
            "lag": self.lag,
            "unsigned": self.unsigned,
            "dead_letters": {"count": len(self.letters), "newest": newest.reason if newest else None},
            "configuration": {
                "in_force": self.judging.configuration,
                "refused": self.judging.refused.reason if self.judging.refused else None,
            },
            "engine": self.judging.engine,
            "answers": [heard.as_json() for heard in self.answers],
            "texts": {"count": self.texts, "drafts": self.drafts},
        }

    @property
    def silent(self) -> list[FeedStatus]:
        """The feeds that nobody hears."""
        return [feed for feed in self.feeds if feed.silent]

    @property
    def finding(self) -> bool:
        """Whether a feed is silent or brings nothing new, or the newest configuration is not in force."""
        return self.judging.refused is not None or any(feed.silent or feed.behind for feed in self.feeds)


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
    letters = letters_of(log, country.shard)
    judging, answers = judging_of(log, country.shard, letters), heard_lately(known.answers, country, now)
    texts = sendable(country)
    drafts = sum(not text.reviewed for text in texts)
    return Status(country.code, now, found, lag, waiting(log), letters, judging, answers, len(texts), drafts)


def _short(letter: DeadLetter) -> str:
    """The reason of a letter in one line."""
    reason = " ".join(letter.reason.split())
    return escape(reason if len(reason) <= _LINE else f"{reason[:_LINE]}…")


def _now(state: Path) -> datetime:
    """The moment by the installation's own clock: a case's, if one is being played here."""
    path = state / "clock"
    return FileClock(path).now() if path.exists() else WallClock().now()
