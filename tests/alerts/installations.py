"""An installation in a folder, as `polyrisk run` would have made it, with its registry in either kind of database."""

import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from alert_places import START
from click.testing import CliRunner
from event_makers import event, tell

from alerts.people.synthetic import fill
from alerts.registry import REGISTRY, Registry, open_registry
from alerts.service import AlertService
from eventlog.log import EventLog, open_log
from eventlog.state import log_url
from polyrisk.__main__ import main
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.outputs import EventChange


@dataclass(frozen=True)
class Installation:
    """What is open of it."""

    state: Path
    log: EventLog
    registry: Registry
    country: LoadedCountry

    def warn(self, area: str, *, signed: bool = True) -> None:
        """An event opens in a district; its warning is signed, or waits."""
        service = AlertService(self.log, self.registry, self.country)
        service.run_once(tell(self.log, event(EventChange.OPENED, Level.RED, area=area)))
        service.close()
        if signed:
            self.sign()

    def sign(self) -> None:
        """All that waits is signed by two people."""
        service = AlertService(self.log, self.registry, self.country)
        for by, role in (("first", "duty_officer"), ("second", "director")):
            for waiting in service.pending():
                service.sign(waiting.id, by, role, START)


@contextmanager
def installation(state: Path, country: LoadedCountry, *, households: int = 0) -> Iterator[Installation]:
    """An installation, made if it is not there, with made-up people."""
    state.mkdir(exist_ok=True)
    log = open_log(log_url(state))
    registry = open_registry(state, create=True)
    if households:
        fill(registry, country, households=households)
    try:
        yield Installation(state, log, registry, country)
    finally:
        registry.close()
        log.close()


def lose(state: Path) -> None:
    """The machine is gone, with all that was on it."""
    shutil.rmtree(state)


def polyrisk(*words: str | Path, code: int = 0) -> str:
    """What a person would type; answers what is printed."""
    done = CliRunner().invoke(main, [str(word) for word in words])
    assert done.exit_code == code, (done.output, done.exception)
    return done.output


def on_another_database(url: str) -> None:
    """From now on the environment names this database; a file's is named by nobody."""
    if url.startswith("sqlite"):
        os.environ.pop(REGISTRY, None)
    else:
        os.environ[REGISTRY] = url
