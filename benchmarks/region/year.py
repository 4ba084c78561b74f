"""A year of a country in its log, its registry and its snapshot, as the product's own parts write them.

The last six days are lived: ticks and deliveries into a log, the processor, the alert service, two who sign. Living all of a year would
take hours, so what was said in these days comes again each month of the year before, at the times and under the identifiers of then
(`again`), and what feeds and the ticker say is written for each minute of the year. So the engine was configured six days ago.

It takes minutes, so it is kept under `var/bench` and made again only when what makes it has changed, the engine among it.
"""

import hashlib
import os
import shutil
import time
from collections.abc import Iterable
from concurrent.futures import ProcessPoolExecutor
from contextlib import closing
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import islice
from multiprocessing import get_context
from pathlib import Path

from alerts.channels.dry import FILE, Dry
from alerts.people.synthetic import fill
from alerts.registry import Registry, open_registry
from alerts.service import AlertService
from benchmarks.region.again import ended, said_again
from benchmarks.region.countries import SIZES, Size, write
from benchmarks.region.sky import END, EVERY, LIVED, Sky
from eventlog.log import EventLog, open_log
from eventlog.state import log_url
from processors.engine import ENGINE_VERSION
from processors.garbage import look_less_often
from processors.loop import Processor
from schemas.country_files import LoadedCountry, load_country
from schemas.envelopes import input_record
from schemas.inputs import ConfigChange, Tick
from schemas.records import Record
from schemas.topics import BREACHES, DELIVERIES, EVENTS, INPUT, TOPICS, WARNINGS

HOUSEHOLDS = 500
"""People enrolled in a country: enough that each message has receivers; how many is measured by `benchmarks.dispatch`."""
STEP = timedelta(hours=3)
UNSIGNED = timedelta(hours=4)
"""What is proposed so shortly before the end still waits for signatures."""
_SIGNERS = (("N. Perera", "duty_officer"), ("S. Rajan", "director"))
_MADE_OF = ("again.py", "countries.py", "sky.py", "year.py")
_CHUNK = 5_000
_HOUR, _MINUTE = timedelta(hours=1), timedelta(minutes=1)


def made(folder: Path, days: int) -> Path:
    """The seven installations, each in a folder of its own below `state`, beside their `countries`; made if they are not there yet.

    Args:
        folder: below which they are kept. days: how long each was lived in.
    """
    sources = b"".join((Path(__file__).parent / name).read_bytes() for name in _MADE_OF) + ENGINE_VERSION.encode()
    root = folder / f"region-{days}-{hashlib.sha256(sources).hexdigest()[:12]}"
    if not (root / "whole").exists():
        shutil.rmtree(root, ignore_errors=True)
        write(root / "countries")
        begun = time.monotonic()
        largest_first = sorted(SIZES, key=lambda size: -size.districts)
        with ProcessPoolExecutor(len(os.sched_getaffinity(0)), mp_context=get_context("spawn")) as pool:
            for told in pool.map(make, [root] * len(SIZES), largest_first, [days] * len(SIZES)):
                print(f"{time.monotonic() - begun:5.0f} s  {told}", flush=True)
        (root / "whole").touch()
    return root


def make(root: Path, size: Size, days: int) -> str:
    """One country. Answers what came of it, in words."""
    look_less_often()
    country, state = load_country(root / "countries" / size.folder), root / "state" / size.folder
    state.mkdir(parents=True)
    sky = Sky(size, country.shard, days)
    with closing(open_log(log_url(state))) as log, closing(open_log(f"sqlite:///{state}/lived.db")) as lived:
        with closing(open_registry(state, create=True)) as registry:
            life = _Life(lived, registry, country, sky, Dry(state / FILE))
            life.all()
        _append(log, (record for at in _hours(sky.begin, END - LIVED) for record in _hour(sky, at)))
        before = [EVERY * n for n in range((timedelta(days=days) - LIVED) // EVERY, 0, -1)]
        for topic in TOPICS:
            said = [stored.record for stored in lived.read(topic)]
            if topic in (BREACHES.name, EVENTS.name, WARNINGS.name, DELIVERIES.name):
                _append(log, (record for earlier in before for record in said_again(said, life.over, earlier)))
            _append(log, said)
        _committed(lived, log, country.shard)
        messages = log.extent().ends[WARNINGS.name, country.shard] + 1
    (state / "lived.db").unlink()
    shutil.rmtree(state / "lived.db.snapshots")
    (state / "clock").write_text(f"{END.isoformat()}\n", encoding="ascii")
    return f"{size.name}: {messages:,} records of warnings, {life.waiting} messages wait"


def _hours(since: datetime, until: datetime) -> Iterable[datetime]:
    return (since + n * _HOUR for n in range((until - since) // _HOUR))


def _hour(sky: Sky, at: datetime) -> list[Record]:
    """What comes in during an hour, in order."""
    ticks = [input_record(sky.shard, Tick(at=at + n * _MINUTE)) for n in range(60)]
    return sorted([*ticks, *sky.hour(at)], key=lambda record: record.received_microseconds)


def _append(log: EventLog, records: Iterable[Record]) -> None:
    left = iter(records)
    while part := list(islice(left, _CHUNK)):
        log.append(part)


def _committed(lived: EventLog, log: EventLog, shard: str) -> None:
    """The groups of the other log stand here where they stand there, and the processors' snapshot is theirs."""
    for group, places in lived.extent().committed.items():
        topics = sorted({topic for topic, _ in places})
        with closing(log.consumer(group, "benchmark", topics, shard=shard)) as consumer:
            consumer.poll(1)
            with log.transaction(consumer) as transaction:
                for topic in topics:
                    transaction.commit(log.read(topic, after=log.extent().ends[topic, shard] - 1, shard=shard))
    snapshot = lived.load_snapshot("processors", shard)
    assert snapshot is not None
    log.save_snapshot(replace(snapshot, offset=log.extent().ends[INPUT.name, shard]))


class _Life:
    """Six days as they are lived.

    Attributes:
        over: warnings, events and breaches that ended in them. waiting: how many messages wait at the end.
    """

    def __init__(self, log: EventLog, registry: Registry, country: LoadedCountry, sky: Sky, channel: Dry) -> None:
        self._log, self._country, self._sky = log, country, sky
        fill(registry, country, households=HOUSEHOLDS)
        self._processor = Processor(log, country.shard)
        self._service = AlertService(log, registry, country, channel, look_every=timedelta(hours=1))
        self.over: frozenset[str] = frozenset()
        self.waiting = 0

    def all(self) -> None:
        """From the configuration to `END`."""
        configuration, at = self._country.configuration, END - LIVED
        change = ConfigChange(
            at=at, hash=configuration.hash, configuration=configuration.canonical(), author="country files", reason="start"
        )
        self._log.append([input_record(self._country.shard, change), *self._sky.baselines()])
        while at < END:
            self._step(at, at + STEP)
            at += STEP
        self._processor.close()
        self._service.close()
        self.waiting = len(self._service.pending())
        said = [stored.record for topic in (BREACHES, EVENTS, WARNINGS) for stored in self._log.read(topic.name)]
        self.over = ended(said)

    def _step(self, since: datetime, until: datetime) -> None:
        self._log.append([record for at in _hours(since, until) for record in _hour(self._sky, at)])
        self._processor.run_until_idle()
        if self._service.has_work(until):
            self._service.take_in(until)
            if until < END - UNSIGNED:
                self._sign(until)
                self._service.dispatch(until)

    def _sign(self, at: datetime) -> None:
        for warning, needed in self._service.waiting():
            for by, role in _SIGNERS[:needed]:
                self._service.sign(warning.id, by, role, at)
