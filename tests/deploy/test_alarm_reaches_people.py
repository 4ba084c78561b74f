"""From what is wrong to the telephone of whoever is on duty, through a real Prometheus and a real Alertmanager, and back."""

import json
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import pytest
from alert_places import START
from event_makers import event, tell
from exposed import FOREIGN
from prometheus_client import CollectorRegistry, Counter, Gauge
from serving import sign_all
from watchers import DEPLOY, Receiver, alertmanager, prometheus, until

from alerts.metrics import Metrics
from alerts.people.keys import Keys
from alerts.registry import Registry
from alerts.service import AlertService
from console.pages import create_app
from eventlog.log import open_log
from polyrisk import metrics as of_parts
from polyrisk.serving import bound, in_background, metrics_app
from processors import metrics as of_processors
from schemas.country_files import countries_root, load_country
from schemas.outputs import EventChange

FEEDS = ("watched_river", "watched_rain")
PARTS = ("ticker", "processor", "alerts")


@dataclass
class Installation:
    """An alert service over a registry, with the metrics of all parts, served as `polyrisk run` serves them; and a console."""

    folder: Path
    outside: ExitStack
    shown: CollectorRegistry = field(default_factory=CollectorRegistry)
    runs: ExitStack = field(default_factory=ExitStack)

    def __post_init__(self) -> None:
        country = load_country(countries_root() / "lka")
        self.log = open_log(f"sqlite:///{self.folder / 'log.db'}")
        self.outside.callback(self.log.close)
        registry = Registry(f"sqlite:///{self.folder / 'registry.db'}", Keys.load(self.folder / "keys", create=True))
        self.outside.callback(registry.close)
        for module in (of_processors, of_parts):
            for collector in vars(module).values():
                if isinstance(collector, Counter | Gauge):
                    self.shown.register(collector)
        self.service = AlertService(self.log, registry, country, metrics=Metrics(self.shown))
        self.outside.callback(self.service.close)
        self.gets_round()
        self.metrics_port = self._serve(self.runs, metrics_app([], self.shown))
        self.console_port = self._serve(self.outside, create_app(self.log, country))
        self.outside.push(self.runs)

    def _serve(self, stack: ExitStack, app: Any) -> int:
        served = bound(0, "No port.")
        stack.callback(served.close)
        in_background(stack, app, served, "test")
        return int(served.getsockname()[1])

    def gets_round(self) -> None:
        """Each part does its work, and the feeds are heard."""
        for part in PARTS:
            of_parts.done(part)
        for feed in FEEDS:
            of_processors.FEED_ALLOWED.labels(feed).set(3_000)
            of_processors.heard("WATCHED", feed, time.time())

    def dies(self) -> None:
        """Nothing of it answers any more."""
        self.runs.close()


@pytest.fixture
def outside() -> Iterator[ExitStack]:
    """What is ended at the end, the last first. What other tests have told in this process is not told here."""
    of_processors.FEED_ALLOWED.clear()
    of_processors.FEED_SUCCESS.clear()
    with ExitStack() as stack:
        yield stack
    for feed in FEEDS:
        of_processors.FEED_ALLOWED.remove(feed)
    of_processors.let_go("WATCHED")


def test_an_alarm_wakes_somebody_once_and_is_taken_back(tmp_path: Path, outside: ExitStack) -> None:
    """A warning nobody signs is one page, each silent feed another, an installation that dies one more; what is mended is taken back."""
    here = Installation(tmp_path, outside)
    receiver = Receiver()
    outside.callback(receiver.close)
    alerts_to = outside.enter_context(alertmanager(tmp_path, receiver))
    targets = {"polyrisk": here.metrics_port, "polyrisk_console": here.console_port, "alerts_to": alerts_to}
    watcher = outside.enter_context(prometheus(tmp_path, targets))

    until(lambda: receiver.of("Watchdog", "firing"), "the sign of life")
    assert {to for to, _ in receiver.of("Watchdog", "firing")} == {"sign_of_life"}
    until(lambda: _all_up(watcher), "all addresses are read")
    assert [(to, body) for to, body in receiver.pages if to == "pager" and "PartGone" not in str(body)] == []

    here.service.run_once(tell(here.log, event(EventChange.OPENED)))
    ((to, told), *_) = until(lambda: receiver.of("WarningUnsigned", "firing", level="red"), "the warning that nobody signed")
    assert to == "pager"
    assert told["annotations"]["summary"] == "A warning (red) waits for signatures, and its time is over."
    assert told["annotations"]["runbook"] == "docs/operators.md#warningunsigned"

    sign_all(here.service)
    here.service.run_once(START)
    until(lambda: receiver.of("WarningUnsigned", "resolved", level="red"), "it is taken back once it is signed")

    for feed in FEEDS:
        of_processors.heard("WATCHED", feed, time.time() - 7_200)
    for feed in FEEDS:
        until(lambda feed=feed: receiver.of("FeedSilent", "firing", feed=feed), f"{feed} is silent")
    silent = [body for _, body in receiver.pages if body["commonLabels"].get("alertname") == "FeedSilent"]
    assert {body["groupLabels"]["feed"] for body in silent} == set(FEEDS)
    assert all(len(body["alerts"]) == 1 for body in silent)
    here.gets_round()
    until(lambda: receiver.of("FeedSilent", "resolved", feed=FEEDS[0]), "it is heard again")

    assert _rules_that_cannot_be_judged(watcher) == []
    assert _questions_that_cannot_be_answered(watcher) == []
    names = httpx.get(f"{watcher}/api/v1/label/__name__/values").json()["data"]
    assert set(names) >= FOREIGN

    before = len(receiver.pages)
    here.dies()
    until(lambda: any(_parts_of(body) == set(PARTS) for _, body in receiver.pages[before:]), "the installation is gone, on one page")


def _all_up(watcher: str) -> bool:
    """Whether each address that Prometheus is to read answers."""
    targets = httpx.get(f"{watcher}/api/v1/targets").json()["data"]["activeTargets"]
    return len(targets) == 4 and all(target["health"] == "up" for target in targets)


def _rules_that_cannot_be_judged(watcher: str) -> list[str]:
    """Rules that fail on what is really shown, with the reason."""
    groups = httpx.get(f"{watcher}/api/v1/rules").json()["data"]["groups"]
    return [f"{rule['name']}: {rule.get('lastError')}" for group in groups for rule in group["rules"] if rule["health"] != "ok"]


def _questions_that_cannot_be_answered(watcher: str) -> list[str]:
    """Questions of the dashboard that fail on what is really shown, with the reason."""
    board = json.loads((DEPLOY / "grafana" / "polyrisk.json").read_text(encoding="utf-8"))
    asked = [target["expr"] for panel in board["panels"] for target in panel.get("targets", ())]
    answers = {expr: httpx.get(f"{watcher}/api/v1/query", params={"query": expr}).json() for expr in asked}
    return [f"{expr}: {answer.get('error')}" for expr, answer in answers.items() if answer["status"] != "success"]


def _parts_of(body: dict[str, Any]) -> set[str]:
    """The parts that a page says are gone."""
    return {one["labels"]["part"] for one in body["alerts"] if one["labels"]["alertname"] == "PartGone" and one["status"] == "firing"}
