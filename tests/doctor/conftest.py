"""An installation in which all is well, so that a test can break one thing of it and see that said and nothing else."""

import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

import polyrisk.installation
from alerts.drills.results import DrillResult, keep
from alerts.metrics import Metrics
from alerts.registry import Registry, open_registry
from console.health import Probe
from eventlog.log import EventLog, open_log
from feeds.source_clocks import FOLDER, SourceClock, note
from polyrisk import doctor_installation
from polyrisk.check import check_folder
from polyrisk.doctor import examine
from polyrisk.doctor_words import Found, Verdict
from polyrisk.processes import noted
from polyrisk.serving import bound, in_background, metrics_app
from processors.loop import Processor
from processors.ticker import Ticker
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.envelopes import input_record
from schemas.findings import Finding
from schemas.inputs import ConfigChange, Heartbeat

sys.path.append(str(Path(__file__).resolve().parents[1] / "alerts"))

ON_THE_MACHINE = frozenset({"Python", "packages", "time zones", "disk"})
"""Not the installation's; tried by themselves."""


@dataclass
class Installation:
    """What lies in a folder, and a process that runs over it. `now` is when all of it was so."""

    state: Path
    stack: ExitStack
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))
    probes: list[Probe] = field(default_factory=list)
    shown: CollectorRegistry = field(default_factory=CollectorRegistry)

    def __post_init__(self) -> None:
        self.state.chmod(0o700)
        self.country = _loaded(countries_root() / "lka")
        self.log: EventLog = open_log(f"sqlite:///{self.state / 'log.db'}")
        self.registry: Registry = open_registry(self.state, create=True)
        self.metrics = Metrics(self.shown)
        configuration = self.country.configuration
        change = ConfigChange(
            at=self.now, hash=configuration.hash, configuration=configuration.canonical(), author="country files", reason="start"
        )
        self.log.append([input_record("LKA", change)])
        for feed in self.country.manifests:
            self.heard(feed, timedelta(0))
            note(self.state / FOLDER, feed, SourceClock(ahead_s=0.4, at=self.now))
        Ticker(self.log, "LKA").tick(self.now)
        self.judge()
        (self.state / "drill-list.csv").write_text("number,area,language\n", encoding="utf-8")
        self.drill(timedelta(days=2))
        served = bound(0, "No port.")
        self.stack.callback(served.close)
        in_background(self.stack, metrics_app(self.probes, self.shown), served, "test")
        self.stack.enter_context(noted(self.state, "all", f"http://127.0.0.1:{served.getsockname()[1]}/"))

    def heard(self, feed: str, ago: timedelta) -> None:
        """A feed answers."""
        beat = Heartbeat(feed=feed, received=self.now - ago, delivery="d", new=False, rows=1, quarantined=0)
        self.log.append([input_record("LKA", beat)])

    def drill(self, ago: timedelta, *faults: str) -> DrillResult:
        """A drill was held."""
        (self.state / "drills").mkdir(exist_ok=True)
        ended = self.now - ago
        result = DrillResult(
            **{"name": f"{ended:%Y%m%dT%H%M%SZ}-ditwah-2025", "case": "lka/ditwah-2025", "begun": ended, "ended": ended, "sent": False},
            **{"unattended": True, "people": 4, "languages": {"en": 4}, "stages": (), "faults": faults},
        )
        keep(self.state, result)
        return result

    def judge(self) -> None:
        """All that is there is taken in."""
        processor = Processor(self.log, "LKA")
        processor.run_until_idle()
        processor.close()

    def findings(self, now: datetime | None = None) -> list[Found]:
        """What a doctor finds wrong, or cannot tell, of the installation itself."""
        found = examine(self.state, now or self.now).found
        return [one for one in found if one.verdict is not Verdict.OK and one.subject not in ON_THE_MACHINE]

    def finding(self, now: datetime | None = None) -> Found:
        """The one thing that is found, with what to do."""
        (one,) = self.findings(now)
        assert one.remedy
        return one


@lru_cache
def _loaded(folder: Path) -> LoadedCountry:
    return load_country(folder)


@lru_cache
def _checked(folder: Path) -> list[Finding]:
    return check_folder(folder)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Installation]:
    """An installation in which all is well. A country's files are read and checked once for all tests: none of them changes one."""
    monkeypatch.setattr(polyrisk.installation, "load_country", _loaded)
    monkeypatch.setattr(doctor_installation, "check_folder", _checked)
    with ExitStack() as stack:
        made = Installation(tmp_path, stack)
        stack.callback(made.log.close)
        stack.callback(made.registry.close)
        yield made
