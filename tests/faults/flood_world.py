"""The small world of the fault laboratory: four districts whose rivers rise and fall within hours, and a few hundred made-up people.

All of it is made by a seed, so that a run can be repeated. Sources, thresholds, rules and texts are the product's own kind; only their
figures are invented: levels are crossed hourly, readings are corrected and come late, gauges fall silent.
"""

import csv
import json
import random
import shutil
import sqlite3
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from alerts.people.keys import Keys
from alerts.people.synthetic import fill
from alerts.registry import Registry
from eventlog.log import EventLog
from feeds.cases import Case
from schemas.country_files import CHECKOUT, LoadedCountry, load_country
from schemas.envelopes import input_record
from schemas.inputs import ConfigChange

FEED = "lka_irrigation_river"
START = datetime(2025, 11, 20, tzinfo=UTC)
DAYS = 18
"""Of readings. A run must be shorter, and shorter than the country's time to sign."""
HOUSEHOLDS = 120
ALERT, MINOR, MAJOR = 5.0, 6.0, 7.0
"""Levels of every gauge, m."""
_HERE = Path(__file__).parent
_JOURNAL = (
    """CREATE TABLE what_happened (
        place INTEGER PRIMARY KEY AUTOINCREMENT, what TEXT NOT NULL, record TEXT NOT NULL, at TEXT NOT NULL,
        person TEXT NOT NULL DEFAULT '', detail TEXT NOT NULL DEFAULT ''
    )""",
    """CREATE TRIGGER journal_of_events AFTER INSERT ON processed BEGIN
        INSERT INTO what_happened (what, record, at) VALUES ('event', NEW.record, NEW.at);
    END""",
    """CREATE TRIGGER journal_of_signatures AFTER INSERT ON signatures BEGIN
        INSERT INTO what_happened (what, record, at, person, detail) VALUES ('signature', NEW.message, NEW.at, NEW.by, NEW.role);
    END""",
    """CREATE TRIGGER journal_of_looks AFTER INSERT ON outbox WHEN NEW.record LIKE 'warning:%:again.%' BEGIN
        INSERT INTO what_happened (what, record, at) VALUES (
            'look', substr(NEW.record, 9, instr(NEW.record, ':again.') - 9), substr(NEW.record, instr(NEW.record, ':again.') + 7));
    END""",
    """CREATE TRIGGER journal_of_messages AFTER UPDATE OF state ON messages WHEN 'expired' NOT IN (OLD.state, NEW.state) BEGIN
        INSERT INTO what_happened (what, record, at, person, detail)
            VALUES ('state', NEW.message, NEW.attempted_at, NEW.subscriber, NEW.state);
    END""",
)
"""The order in which events were acted on, people signed and messages went out, noted by the registry's own transactions.

When what waits was found to be another than was shown is given too, for it is looked at now and then. Who hears of an end is who was
warned before, so what the provider took belongs to what is given. That a message is dropped, or intended again because a greater warning
ended, is decided, not given.
"""


@dataclass(frozen=True)
class World:
    """The folder of one run, and what lies where in it."""

    folder: Path

    @property
    def countries(self) -> Path:
        """Of `POLYRISK_COUNTRIES`."""
        return self.folder / "countries"

    @property
    def state(self) -> Path:
        """Of `POLYRISK_STATE`: what the product itself keeps."""
        return self.folder / "state"

    @property
    def registry_file(self) -> Path:
        """The registry's database."""
        return self.state / "registry.db"

    @property
    def true_clock(self) -> Path:
        """What time it is in the world: sources live by it."""
        return self.folder / "true_clock"

    @property
    def host_clock(self) -> Path:
        """What time the host says it is: the product lives by it."""
        return self.folder / "host_clock"

    @property
    def wall_skew(self) -> Path:
        """By how many seconds the host's wall clock is wrong."""
        return self.folder / "wall_skew"

    @property
    def accepted(self) -> Path:
        """What the provider has accepted, a line each."""
        return self.folder / "provider_accepted.jsonl"

    @property
    def outputs(self) -> Path:
        """What the processes print."""
        return self.folder / "outputs"

    def country(self) -> LoadedCountry:
        """As its files describe it."""
        return load_country(self.countries / "lka")

    def case(self) -> Case:
        """What the source says, and when."""
        return Case.load(self.folder / "case")

    def registry(self) -> Registry:
        """The registry of people; close it."""
        return registry_at(self.registry_file, self.state / "keys")


def registry_at(database: Path, keys: Path) -> Registry:
    """A registry in a file."""
    return Registry(f"sqlite:///{database}", Keys.load(keys, create=True))


def build(folder: Path, seed: str) -> World:
    """Write the world's files and enrol its people."""
    world = World(folder)
    for part in (world.state, world.outputs):
        part.mkdir(parents=True)
    shutil.copytree(_HERE / "flood_country", world.countries / "lka")
    shutil.copytree(CHECKOUT / "countries" / "lka" / "texts", world.countries / "lka" / "texts")
    _write_case(folder / "case", random.Random(f"readings {seed}"))
    world.wall_skew.write_text("0", encoding="ascii")
    registry = world.registry()
    try:
        fill(registry, world.country(), households=HOUSEHOLDS, seed=int.from_bytes(seed.encode()))
    finally:
        registry.close()
    with sqlite3.connect(world.registry_file) as connection:
        for statement in _JOURNAL:
            connection.execute(statement)
    connection.close()
    return world


def configure(log: EventLog, country: LoadedCountry) -> None:
    """Say by which configuration the shard is judged."""
    configuration = country.configuration
    change = ConfigChange(
        at=START, hash=configuration.hash, configuration=configuration.canonical(), author="fault laboratory", reason="start"
    )
    log.append([input_record(country.shard, change)])


def _write_case(folder: Path, chance: random.Random) -> None:
    folder.mkdir()
    table = (_HERE / "flood_country" / "stations.csv").read_text(encoding="utf-8")
    stations = {row["code"]: row["name"] for row in csv.DictReader(table.splitlines())}
    gauges = [
        "code,name,basin,yellow,orange,red",
        *(f"{code},{name},Kelani Ganga,{ALERT},{MINOR},{MAJOR}" for code, name in stations.items()),
    ]
    (folder / "gauges.csv").write_text("\n".join(gauges) + "\n", encoding="utf-8")
    rows = sorted(row for station in stations for row in _readings(station, chance))
    (folder / "rivers.csv").write_text("known,area,start,end,value\n" + "".join(",".join(row) + "\n" for row in rows), encoding="utf-8")
    series = {"file": "rivers.csv", "shape": "long", "indicator": "river_level", "unit": "m", "source": "invented", "known": "invented"}
    facts = {
        "name": "case",
        "title": "Rivers that rise and fall within hours",
        "country": "LKA",
        "timezone": "Asia/Colombo",
        "start": START.isoformat(),
        "end": (START + timedelta(days=DAYS)).isoformat(),
        "feeds": {FEED: {"series": [series], "extra": {"stations": "gauges.csv"}}},
    }
    (folder / "case.yaml").write_text(json.dumps(facts), encoding="utf-8")  # JSON is YAML


def _readings(station: str, chance: random.Random) -> list[tuple[str, str, str, str, str]]:
    """A reading an hour that wavers around the levels; some come late, some are corrected, some hours are silent."""
    rows = []
    level, silent = 5.0, 0
    at = START - timedelta(hours=6) + timedelta(minutes=chance.randrange(60))
    while at < START + timedelta(days=DAYS):
        level += 0.45 * (5.4 - level) + chance.gauss(0, 0.75)
        if silent == 0 and chance.random() < 0.015:
            silent = chance.randrange(8, 18)
        silent = max(0, silent - 1)
        if not silent:
            late = timedelta(hours=chance.randrange(2, 9)) if chance.random() < 0.05 else timedelta(minutes=chance.randrange(1, 5))
            rows.append(_row(at + late, station, at, level))
            if chance.random() < 0.04:
                rows.append(_row(at + late + timedelta(hours=chance.randrange(1, 6)), station, at, level + chance.gauss(0, 1.0)))
        at += timedelta(minutes=60 + chance.randrange(-5, 6))
    return rows


def _row(known: datetime, station: str, at: datetime, level: float) -> tuple[str, str, str, str, str]:
    return known.isoformat(), station, at.isoformat(), "", f"{max(0.5, level):.2f}"
