"""A past event lived through again, hour by hour, by the product's own parts: fetch, judge, propose, sign, send.

Only the sources' servers and the message provider are stand-ins, on loopback. The clock is the case's.
"""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Protocol

from alerts.cap.folder import cap_folder
from alerts.channels.twilio_sms import TwilioAccount, TwilioSms
from alerts.dispatch import DispatchReport
from alerts.people.keys import Keys
from alerts.people.synthetic import fill
from alerts.registry import Registry
from alerts.service import AlertService
from alerts.stand_in_provider import ACCOUNT_SID, AUTH_TOKEN, StandInProcess
from eventlog.archive import Archive
from eventlog.log import EventLog, open_log
from eventlog.state import environment
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
from schemas.inputs import ConfigChange
from schemas.manifests import FeedManifest
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
            now: datetime | None = self.case.start
            parts.ask(self.case.start)
            while now is not None:
                parts.judge(now)
                following = parts.following(now)
                if following is not None:
                    parts.ask(following)
                parts.warn(now)
                progress(now)
                now = following
            parts.finish()
        return self.tally

    @contextmanager
    def _parts(self) -> Iterator["Parts"]:
        with ExitStack() as stack:
            clock = FileClock(self.state / "clock")
            clock.set(self.case.start)
            log = stack.enter_context(closing(open_log(f"sqlite:///{self.state / 'log.db'}")))
            sources = stack.enter_context(StandInServer(self.case, clock))
            for feed, since in self._silenced.items():
                sources.silence(feed, since)
            settings = {
                "POLYRISK_STATE": str(self.state),
                "POLYRISK_LOG": f"sqlite:///{self.state / 'log.db'}",
                "POLYRISK_SOURCES": sources.base_url,
                "POLYRISK_CLOCK": str(self.state / "clock"),
                "POLYRISK_FEEDS": ",".join(self.case.feeds),
            }
            stack.enter_context(environment(settings))
            fetch = self._make_fetch()  # Airflow takes some seconds to start, while people are enrolled
            provider = stack.enter_context(StandInProcess())
            registry = Registry(f"sqlite:///{self.state / 'registry.db'}", Keys.load(self.state / "keys", create=True))
            fill(registry, self.country, households=self._subscribers, seed=self._seed)
            account = TwilioAccount(ACCOUNT_SID, AUTH_TOKEN, self.country.facts.messaging.sender, provider.base_url)
            cap = cap_folder(self.state, self.country)
            service = stack.enter_context(closing(AlertService(log, registry, self.country, TwilioSms(account), cap=cap)))
            processor = stack.enter_context(closing(Processor(log, self.country.shard)))
            yield Parts(self, clock, log, processor, service, fetch)


class Living(Protocol):
    """What is lived through, and how: a run for its own sake (`CaseRun`), or a drill."""

    case: Case
    country: LoadedCountry
    state: Path
    step: timedelta
    tally: Tally


class Parts:
    """The parts of a run while it lasts, and what they do in an hour of the case: ask, judge, warn."""

    def __init__(self, run: Living, clock: FileClock, log: EventLog, processor: Processor, service: AlertService, fetch: Fetch) -> None:
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
        self.asking = ThreadPoolExecutor(max_workers=1, thread_name_prefix="asking")
        self.sending = ThreadPoolExecutor(max_workers=1, thread_name_prefix="sending")
        self.asked: list[tuple[FeedManifest, Future[None]]] = []
        self.sent: tuple[Future[DispatchReport], datetime] | None = None
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

    def following(self, now: datetime) -> datetime | None:
        """The next moment at which a feed is due, at the latest the case's last; none after that.

        What lies between is passed over; its ticks are made up for, so the engine misses nothing.
        """
        end = self.run.case.end
        following = now + self.run.step
        while following + self.run.step <= end and not self._due(following):
            following += self.run.step
        return following if following <= end else None

    def ask(self, now: datetime) -> None:
        """Begin to fetch what is due. Airflow does so beside us, while the hour before is still spoken of: what a source says, and which
        feeds are due, does not depend on that."""
        self.clock.set(now)
        for manifest in self._due(now):
            self.last[manifest.feed] = now
            self.asked.append((manifest, self.asking.submit(self.fetch.run, manifest.feed, now)))

    def judge(self, now: datetime) -> None:
        """Wait for what was asked, and judge it."""
        self.wait_for_answers()
        if self._brought_readings() & set(self.baseline_feeds):
            publish_baselines(self.log, self.archive, self.run.country, now)
        self.ticker.tick(now)
        self.processor.run_until_idle()

    def wait_for_answers(self) -> None:
        """Until all that was asked for is in the log, or its source has failed."""
        for manifest, future in self.asked:
            self._answered(manifest, future)
        self.asked = []

    def warn(self, now: datetime) -> None:
        """Propose, sign as the two roles, and send.

        Sending goes on while later hours are fetched and judged, until there is something new to say: warnings do not depend on it.
        """
        if self.sent is not None and not self.sent[0].done() and not self.service.has_work(now):
            return
        self._finish_sending()
        self.service.take_in(now)
        waiting = self.service.pending()
        for span, role in zip(SIGNED_AFTER, self.signers, strict=True):
            for warning in waiting:
                self.service.sign(warning.id, f"demonstration {role}", role, now + span)
        out = now + SIGNED_AFTER[-1]
        self.sent = (self.sending.submit(self.service.send, out), out)

    def finish(self) -> None:
        """Wait until all is sent."""
        self._finish_sending()
        self.asking.shutdown()
        self.sending.shutdown()

    def _due(self, now: datetime) -> list[FeedManifest]:
        return [m for m in self.manifests if self.pace.due(m, self.last.get(m.feed), now)]

    def _finish_sending(self) -> None:
        if self.sent is not None:
            future, out = self.sent
            self.sent = None
            report = future.result()
            self.run.tally.sent += report.accepted + report.found
            self.service.publish_counts(report, out)

    def _answered(self, manifest: FeedManifest, future: Future[None]) -> None:
        counts = self.run.tally.fetched
        try:
            future.result()
        except FetchError:
            counts = self.run.tally.failed
        counts[manifest.feed] = counts.get(manifest.feed, 0) + 1

    def _brought_readings(self) -> set[str]:
        """The feeds of which there are readings in the log since this was asked last."""
        new = self.log.read(INPUT.name, after=self.seen, shard=self.run.country.shard)
        self.seen = new[-1].offset if new else self.seen
        return {s.record.id.partition(":")[0] for s in new if s.record.kind == "observations"}
