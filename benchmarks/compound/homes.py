"""Where the log of a run lives: one SQLite file, or the broker that the peers use too. Each run has a log of its own."""

import importlib.util
import shutil
from collections.abc import Iterable, Iterator
from contextlib import closing, contextmanager
from datetime import timedelta
from itertools import islice
from pathlib import Path
from types import ModuleType
from typing import Protocol

from kafka import KafkaAdminClient

from benchmarks.compound.columns import deliveries
from benchmarks.compound.readings import Readings
from benchmarks.compound.singles import singles
from benchmarks.compound.watching import CHECKOUT
from benchmarks.compound.work import SHARDS, configuration_record
from eventlog.log import open_log
from schemas.records import Record

COLUMNS, SINGLES = "columns", "json"
"""The forms readings come in."""
_AT_ONCE = {COLUMNS: 100, SINGLES: 5_000}
"""Records that are appended as one."""


class Home(Protocol):
    """A kind of log."""

    name: str

    @property
    def broker(self) -> int | None:
        """The broker's process id, if there is one."""
        ...

    def url(self, run: str) -> str:
        """The log of a run."""
        ...

    def filled(self, run: str, name: str, readings: Readings, areas: int, form: str, /) -> str:
        """The URL of a new log with the configuration and all the readings in it; `name` tells one set of readings from another."""
        ...

    def remove(self, run: str) -> None:
        """Let go of what a run left."""
        ...


class SqliteHome:
    """Files below a folder. A filled file is kept and copied, because it is the same for each run."""

    name = "SQLite"
    broker = None

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def url(self, run: str) -> str:
        return f"sqlite:///{self.folder / run / 'log.db'}"

    def filled(self, run: str, name: str, readings: Readings, areas: int, form: str, /) -> str:
        template = self.folder / f"filled-{name}-{form}"
        if not (template / "done").exists():
            shutil.rmtree(template, ignore_errors=True)
            fill(self.url(template.name), readings, areas, form)
            (template / "done").touch()
        (self.folder / run).mkdir(parents=True)
        shutil.copy(template / "log.db", self.folder / run / "log.db")
        return self.url(run)

    def remove(self, run: str) -> None:
        shutil.rmtree(self.folder / run, ignore_errors=True)


class KafkaHome:
    """Topics of one broker."""

    name = "Kafka"

    def __init__(self, address: str, broker: int) -> None:
        self.address, self.broker = address, broker

    def url(self, run: str) -> str:
        return f"kafka://{self.address}/{run}"

    def filled(self, run: str, _name: str, readings: Readings, areas: int, form: str, /) -> str:
        fill(self.url(run), readings, areas, form)
        return self.url(run)

    def remove(self, run: str) -> None:
        with closing(KafkaAdminClient(bootstrap_servers=self.address)) as admin:
            mine = [topic for topic in admin.list_topics() if topic.startswith(f"{run}.")]
            if mine:
                admin.delete_topics(mine)


def configure(url: str, areas: int, horizon: timedelta | None = None) -> None:
    """Say by what each shard is judged; with another horizon than the files have, if asked."""
    with closing(open_log(url)) as log:
        log.append([configuration_record(shard, areas, horizon) for shard in range(len(SHARDS))])


def fill(url: str, readings: Readings, areas: int, form: str, horizon: timedelta | None = None) -> None:
    """The configuration and all the readings, in their order."""
    configure(url, areas, horizon)
    with closing(open_log(url)) as log:
        waiting = records(readings, form)
        while part := list(islice(waiting, _AT_ONCE[form])):
            log.append(part)


def records(readings: Readings, form: str) -> Iterator[Record]:
    """The readings as records, in order of arrival."""
    made: Iterable[tuple[int, int, Record]] = deliveries(readings) if form == COLUMNS else singles(readings)
    return (record for _, _, record in made)


@contextmanager
def one_broker(folder: Path) -> Iterator[KafkaHome]:
    """A new broker on a free port of the loopback interface, as `deploy/kafka` starts one."""
    with _broker_module().Broker(folder / "broker") as broker:
        yield KafkaHome(broker.url, broker.pid)


def _broker_module() -> ModuleType:
    path = CHECKOUT / "deploy" / "kafka" / "broker.py"
    spec = importlib.util.spec_from_file_location("kafka_broker", path)
    if spec is None or spec.loader is None:
        raise ImportError(f"{path} cannot be loaded.")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module
