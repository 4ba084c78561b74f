"""A past event lived through again, hour by hour, by the product's own parts: fetch, judge, propose, sign, send.

Only the sources' servers and the message provider are stand-ins, on loopback. The clock is the case's.
"""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.dispatch import DispatchReport
from alerts.keys import Keys
from alerts.registry import Registry
from alerts.service import AlertService
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProcess
from alerts.synthetic import fill
from eventlog.archive import Archive
from eventlog.log import EventLog, open_log
from feeds.cases import Case
from feeds.clock import FileClock
from feeds.manifest import load_manifests
from feeds.pace import Pace
from feeds.run import run_feed
from feeds.stand_ins import StandInServer
from processors.baseline_job import feeds_of_baselines
from processors.baselines import publish_baselines
from processors.loop import Processor
from processors.ticker import Ticker
from schemas.country_files import LoadedCountry
from schemas.envelopes import input_record
from schemas.errors import FetchError
from schemas.manifests import FeedManifest
from schemas.records import ConfigChange
from schemas.topics import INPUT

SIGNED_AFTER = (timedelta(minutes=10), timedelta(minutes=15))
"""How long after a proposal the demonstration's two roles sign, one after the other."""


class Fetch(Protocol):
    """How a feed is fetched: by a real Airflow DAG run, or by the same call without Airflow."""

    def run(self, feed: str, at: datetime) -> None:
        """Fetch the feed as of `at` (UTC).

        Raises:
            FetchError: the source gave no delivery.
        """
        ...


class DirectFetch:
    """The call that a DAG makes, without Airflow around it."""

    def run(self, feed: str, at: datetime) -> None:
        """See `Fetch`."""
        run_feed(feed, asked=at)


@dataclass
class Tally:
    """What happened, counted."""

    fetched: dict[str, int] = field(default_factory=dict)
    failed: dict[str, int] = field(default_factory=dict)
    sent: int = 0


class CaseRun:
    """One run of a case in a folder of its own.

    Args:
        case: the recorded figures. country: whose thresholds, rules and texts judge them.
        state: folder of this run: log, archive, registry, Airflow's home.
        fetch: made once the stand-in sources are up, because it needs their address in the environment.
        step: how far the clock moves at a time.
        subscribers: how many synthetic people are enrolled; seed: of their places and languages.
    """

    def __init__(
        self,
        case: Case,
        country: LoadedCountry,
        state: Path,
        fetch: Callable[[], Fetch],
        *,
        step: timedelta = timedelta(hours=1),
        subscribers: int = 20_000,
        seed: int = 7,
    ) -> None:
        self.case = case
        self.country = country
        self.state = state
        self.step = step
        self.tally = Tally()
        self._make_fetch = fetch
        self._subscribers = subscribers
        self._seed = seed
        self._silenced: dict[str, datetime] = {}

    def silence(self, feed: str, since: datetime) -> None:
        """Let the source answer no more from `since` on: a drill of what silence does."""
        self._silenced[feed] = since

    def run(self, progress: Callable[[datetime], None] = lambda _: None) -> Tally:
        """Live through the case from its start to its end."""
        self.state.mkdir(parents=True, exist_ok=True)
        (self.state / "feeds.txt").write_text("\n".join(self.case.feeds), encoding="utf-8")
        with self._parts() as parts:
            now = self.case.start
            while now <= self.case.end:
                if parts.due(now) or now + self.step > self.case.end:
                    parts.hour(now)
                    progress(now)
                now += self.step
            parts.finish_sending()
            parts.sender.shutdown()
        return self.tally

    @contextmanager
    def _parts(self) -> Iterator["_Parts"]:
        with ExitStack() as stack:
            clock = FileClock(self.state / "clock")
            clock.set(self.case.start)
            log = stack.enter_context(closing(open_log(f"sqlite:///{self.state / 'log.db'}")))
            sources = stack.enter_context(StandInServer(self.case, clock))
            for feed, since in self._silenced.items():
                sources.silence(feed, since)
            environment = {
                "POLYRISK_STATE": str(self.state),
                "POLYRISK_SOURCES": sources.base_url,
                "POLYRISK_CLOCK": str(self.state / "clock"),
                "POLYRISK_FEEDS": ",".join(self.case.feeds),
            }
            stack.enter_context(_environment(environment))
            fetch = self._make_fetch()  # Airflow takes some seconds to start, while people are enrolled
            provider = stack.enter_context(StandInProcess())
            registry = Registry(f"sqlite:///{self.state / 'registry.db'}", Keys.load(self.state / "keys", create=True))
            fill(registry, self.country, households=self._subscribers, seed=self._seed)
            account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, self.country.facts.messaging.sender, provider.base_url)
            service = stack.enter_context(closing(AlertService(log, registry, self.country, TwilioSms(account))))
            processor = stack.enter_context(closing(Processor(log, self.country.shard)))
            yield _Parts(self, clock, log, processor, service, fetch)


class _Parts:
    """The parts of a run while it lasts, and what they do in one hour."""

    def __init__(self, run: CaseRun, clock: FileClock, log: EventLog, processor: Processor, service: AlertService, fetch: Fetch) -> None:
        self.run = run
        self.clock = clock
        self.log = log
        self.processor = processor
        self.service = service
        self.fetch = fetch
        country = run.country
        self.archive = Archive(str(run.state / "archive"))
        self.ticker = Ticker(log, country.shard, every=run.step, last=run.case.start - run.step)
        self.pace = Pace(log, country.configuration)
        self.signers = [name for name, role in country.facts.roles.items() if "sign" in role.may][: len(SIGNED_AFTER)]
        self.baseline_feeds = feeds_of_baselines(country.code, {m.feed: [g.indicator for g in m.gives] for m in load_manifests()})
        self.manifests = [m for m in load_manifests() if m.feed in run.case.feeds]
        self.last: dict[str, datetime] = {}
        self.seen = -1
        self.sender = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sending")
        self.sending: tuple[Future[DispatchReport], datetime] | None = None
        configuration = country.configuration
        log.append(
            [
                input_record(
                    country.shard,
                    ConfigChange(
                        at=run.case.start,
                        hash=configuration.hash,
                        configuration=configuration.canonical(),
                        author="country files",
                        reason="start of the case",
                    ),
                )
            ]
        )

    def due(self, now: datetime) -> list[FeedManifest]:
        """The feeds to be fetched now. An hour without any is passed over; its tick is made up for, so the engine misses nothing."""
        return [m for m in self.manifests if self.pace.due(m, self.last.get(m.feed), now)]

    def hour(self, now: datetime) -> None:
        """Fetch what is due, judge it, propose, sign as the two roles, send."""
        self.clock.set(now)
        for manifest in self.due(now):
            self._fetch(manifest, now)
        self.ticker.tick(now)
        self.processor.run_until_idle()
        self.finish_sending()
        self.service.take_in(now)
        waiting = self.service.pending()
        for span, role in zip(SIGNED_AFTER, self.signers, strict=True):
            for warning in waiting:
                self.service.sign(warning.id, f"demonstration {role}", role, now + span)
        out = now + SIGNED_AFTER[-1]
        # Sending goes on while the next hour is fetched and judged, and ends before anything new is proposed: warnings do not depend on it.
        self.sending = (self.sender.submit(self.service.send, out), out)

    def finish_sending(self) -> None:
        """Wait until what was signed last is sent, and publish the counts."""
        if self.sending is not None:
            future, out = self.sending
            self.sending = None
            report = future.result()
            self.run.tally.sent += report.accepted + report.found
            self.service.publish_counts(report, out)

    def _fetch(self, manifest: FeedManifest, now: datetime) -> None:
        counts = self.run.tally.fetched
        try:
            self.fetch.run(manifest.feed, now)
        except FetchError:
            counts = self.run.tally.failed
        counts[manifest.feed] = counts.get(manifest.feed, 0) + 1
        self.last[manifest.feed] = now
        if manifest.feed in self.baseline_feeds and self._brought_readings(manifest.feed):
            publish_baselines(self.log, self.archive, self.run.country, now)

    def _brought_readings(self, feed: str) -> bool:
        """Whether there are readings of the feed in the log since this was asked last."""
        new = self.log.read(INPUT.name, after=self.seen, shard=self.run.country.shard)
        self.seen = new[-1].offset if new else self.seen
        return any(s.record.kind == "observations" and s.record.id.startswith(f"{feed}:") for s in new)


@contextmanager
def _environment(values: dict[str, str]) -> Iterator[None]:
    """Settings for the parts that are started by path, put back afterwards."""
    before = {name: os.environ.get(name) for name in values}
    os.environ.update(values)
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                os.environ.pop(name, None)
            else:
                os.environ[name] = value
