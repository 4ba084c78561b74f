"""A case's country parted into shards, and what judging and warning by shards leaves in a log."""

import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from itertools import groupby
from pathlib import Path
from shutil import copytree

import pyarrow as pa
import pyarrow.compute as pc
from msgspec import structs

from alerts.people.keys import Keys
from alerts.people.synthetic import fill
from alerts.registry import Registry
from alerts.service import AlertService
from eventlog.log import EventLog, open_log
from polyrisk.case_run import SIGNED_AFTER
from schemas.configuration import Configuration
from schemas.country_files import LoadedCountry
from schemas.envelopes import input_record, read_input
from schemas.inputs import Baseline, ConfigChange
from schemas.observations import encode
from schemas.places import Places
from schemas.records import Record
from schemas.topics import BREACHES, EVENTS, INPUT, WARNINGS

JUDGING = Path(__file__).resolve().parents[1] / "processors" / "judging_process.py"
PATIENCE_S = 120.0
ROUND = timedelta(hours=12)
"""How long the people on duty stay away: so much of the case is judged before they look and sign."""


def part_of(country: LoadedCountry, shard: str, provinces: Sequence[str]) -> LoadedCountry:
    """Some provinces of a country as a shard: their districts and divisions, the country around them, and the stations that stand for them.

    A station on a border stands, in each part, for that part's districts alone.
    """
    whole = country.configuration
    inside = {a.code for a in whole.areas if a.level == "adm0" or set(country.places.line(a.code)) & set(provinces)}
    areas = [a.model_copy(update={"neighbours": tuple(n for n in a.neighbours if n in inside)}) for a in whole.areas if a.code in inside]
    stations = [s.model_copy(update={"areas": tuple(a for a in s.areas if a in inside)}) for s in whole.stations if inside & set(s.areas)]
    feeds = [f.model_copy(update={"scope": tuple(a for a in f.scope if a in inside)}) for f in whole.feeds]
    configuration = whole.model_copy(update={"shard": shard, "areas": tuple(areas), "stations": tuple(stations), "feeds": tuple(feeds)})
    places = Places({a.code: a for a in areas}, {s.code: s for s in stations}, country.places.aliases, country.places.station_keys)
    facts = country.facts.model_copy(update={"shard": shard})
    return replace(country, facts=facts, places=places, configuration=configuration)


def records_of(record: Record, parts: Mapping[str, LoadedCountry]) -> Iterator[Record]:
    """An input record as one for each shard that it says anything about; heartbeats and ticks are for all."""
    content = read_input(record)
    for shard, part in parts.items():
        inside = _places_in(part.configuration)
        match content:
            case pa.RecordBatch():
                own = content.filter(pc.is_in(content.column("area").cast(pa.string()), pa.array(sorted(inside))))
                if own.num_rows:
                    yield structs.replace(record, shard=shard, payload=encode(own))
            case Baseline():
                rows = tuple(row for row in content.rows if row.area in inside)
                if rows:
                    yield input_record(shard, content.model_copy(update={"rows": rows}))
            case ConfigChange():
                new = part.configuration
                yield input_record(shard, content.model_copy(update={"hash": new.hash, "configuration": new.canonical()}))
            case _:
                yield structs.replace(record, shard=shard)


def _places_in(configuration: Configuration) -> set[str]:
    return {a.code for a in configuration.areas} | {s.code for s in configuration.stations}


@contextmanager
def judging(url: str, count: int) -> Iterator[list[int]]:
    """So many processors, each a process of its own for as many shards as the group gives it. At the end they are ended in order, and the
    list given holds how many records each of them has taken in."""
    taken: list[int] = []
    with ExitStack() as stack:
        members = [stack.enter_context(_member(url, f"member-{number}")) for number in range(count)]
        for member in members:
            assert member.stdout is not None
            assert member.stdout.readline() == "judging\n"
        yield taken
        for member in members:
            member.send_signal(signal.SIGTERM)
        for member in members:
            assert member.wait(PATIENCE_S) == 0
            assert member.stdout is not None
            *turns, last = member.stdout.read().splitlines()
            assert last == "closed"
            taken.append(sum(int(turn) for turn in turns if turn.isdecimal()))


@contextmanager
def _member(url: str, name: str) -> Iterator["subprocess.Popen[str]"]:
    command = [sys.executable, str(JUDGING), url, "all", name, "100", "1000", "20"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            yield process
        finally:
            process.kill()


def enrol(folder: Path, country: LoadedCountry) -> None:
    """A registry with keys in a folder of its own, with the same made-up people each time."""
    folder.mkdir(parents=True)
    with closing(_registry(folder)) as registry:
        fill(registry, country, households=100, seed=7)


def _registry(folder: Path) -> Registry:
    return Registry(f"sqlite:///{folder / 'registry.db'}", Keys.load(folder / "keys", create=True))


@dataclass(frozen=True)
class Said:
    """What stands in a log of one shard: topic to id and payload of each record, in their order."""

    breaches: Sequence[tuple[str, bytes]]
    events: Sequence[tuple[str, bytes]]
    warnings: Sequence[tuple[str, bytes]]


def said(log: EventLog, shard: str) -> Said:
    """All that was said of a shard."""
    return Said(*([(s.record.id, s.record.payload) for s in log.read(topic.name, shard=shard)] for topic in (BREACHES, EVENTS, WARNINGS)))


@dataclass(frozen=True)
class Run:
    """What a run left: what was said of each shard, and how many records each processor has taken in."""

    said: Mapping[str, Said]
    taken: Sequence[int]


def run(url: str, processors: int, records: Sequence[Record], parts: Mapping[str, LoadedCountry], people: Path, folder: Path) -> Run:
    """Live through the records half a day at a time: append, let them be judged, propose warnings, and sign all of them by two people.

    Args:
        people: the folder of a registry as `enrol` leaves it; each shard's alert service has a copy of its own.
        folder: an empty one, for these copies.
    """
    with closing(open_log(url)) as log, ExitStack() as stack:
        services = []
        for shard, part in parts.items():
            copytree(people, folder / shard)
            registry = stack.enter_context(closing(_registry(folder / shard)))
            services.append(stack.enter_context(closing(AlertService(log, registry, part))))
        with judging(url, processors) as taken:
            before = records[0].received
            for end, some in groupby(records, key=lambda r: _end_of_round(r, records[0].received)):
                log.append(list(some))
                _await_nothing_left(log, "processors", INPUT.name)
                _warn(log, services, before, end)
                before = end
        return Run({shard: said(log, shard) for shard in parts}, taken)


def _end_of_round(record: Record, start: datetime) -> datetime:
    return start + ((record.received - start) // ROUND + 1) * ROUND


def _await_nothing_left(log: EventLog, group: str, topic: str) -> None:
    end = time.monotonic() + PATIENCE_S
    while log.lag(group) != {topic: 0}:
        assert time.monotonic() < end, "it was not judged in time"
        time.sleep(0.02)


def _warn(log: EventLog, services: Sequence[AlertService], before: datetime, now: datetime) -> None:
    """Propose all there is to say, and sign it as two people.

    A poll may bring a part of what is there. So that time passes for all events alike, it stands still until all are taken in.
    """
    end = time.monotonic() + PATIENCE_S
    for service in services:
        service.take_in(before)
    while log.lag("alerts") != {EVENTS.name: 0}:
        assert time.monotonic() < end, "it was not warned of in time"
        for service in services:
            service.take_in(before)
    for service in services:
        service.take_in(now)
        signing = [name for name, role in service.country.facts.roles.items() if "sign" in role.may]
        waiting = service.pending()
        for span, role in zip(SIGNED_AFTER, signing, strict=False):
            for warning in waiting:
                if warning.id in {one.id for one in service.pending()}:
                    service.sign(warning.id, f"test {role}", role, now + span)
