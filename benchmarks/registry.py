"""The registry of one million made-up people of Sri Lanka: how long it takes to enrol a file, and to plan one district.

`python benchmarks/registry.py [PEOPLE] [ROWS]`. People are spread as they live. With POLYRISK_REGISTRY of a PostgreSQL database that is
empty, that is measured instead of a file of SQLite. Planning is who is to be warned, and in which language.
"""

import csv
import os
import resource
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from sqlalchemy import delete, select

from alerts.people import enrolling, subscribers
from alerts.people.enrolment_files import read
from alerts.people.keys import Keys
from alerts.people.synthetic import people
from alerts.registry import Registry
from alerts.tables import subscribers as table
from schemas.country_files import LoadedCountry, countries_root, load_country

PEOPLE, ROWS = 1_000_000, 100_000
DISTRICT = "LK11"
"""Colombo, where most people live."""
CHUNK = 20_000
NOW = datetime(2026, 11, 26, tzinfo=UTC)


@contextmanager
def measured(what: str) -> Iterator[None]:
    """Print how long it took."""
    wall, cpu = time.perf_counter(), time.process_time()
    yield
    print(f"{what}: {time.perf_counter() - wall:.2f} s, {time.process_time() - cpu:.2f} s of CPU of this process")


def fill(registry: Registry, country: LoadedCountry, number: int) -> None:
    """Enrol made-up people, some at a time."""
    waiting = []
    for one in people(country, number, 1):
        waiting.append(one)
        if len(waiting) == CHUNK:
            _put(registry, waiting)
            waiting = []
    _put(registry, waiting)


def _put(registry: Registry, made_up: list[tuple[str, enrolling.Enrolment]]) -> None:
    with registry.people() as connection:
        rows = [subscribers.row(name, registry.keys, person, NOW) for name, person in made_up]
        if rows:
            connection.execute(table.insert(), rows)


def file_of_people(path: Path, number: int) -> None:
    """A file as a national society might hand it over; all in the range of one operator, so that all can be valid."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(["number", "area", "language", "group"])
        writer.writerows([f"077{n:07}", DISTRICT, ("si", "ta", "en")[n % 3], "household"] for n in range(number))


def main(number: int = PEOPLE, rows: int = ROWS) -> None:
    """Measure and print."""
    country = load_country(countries_root() / "lka")
    consent = enrolling.ConsentOfAll(NOW, "benchmark", "nobody")
    with TemporaryDirectory() as folder:
        home = os.environ.get("POLYRISK_REGISTRY") or f"sqlite:///{folder}/registry.db"
        registry = Registry(home, Keys.load(Path(folder) / "keys", create=True))
        print(f"{registry.engine.dialect.name}: {number:,} people")
        with measured("made up and enrolled"):
            fill(registry, country, number)
        with measured(f"planning {DISTRICT}: how many, by language"):
            counted = registry.counts([DISTRICT], "household")
        with measured(f"planning {DISTRICT}: who, by language"), registry.reading() as connection:
            query = select(table.c.id, table.c.language).where(subscribers.in_audience([DISTRICT], "household"))
            found = connection.execute(query).all()
        assert len(found) == sum(counted.values())
        print(f"{len(found):,} people of {DISTRICT}: {counted}")
        path = Path(folder) / "people.csv"
        file_of_people(path, rows)
        for apply in (False, True):
            with measured(f"{rows:,} rows {'enrolled' if apply else 'tried'} by file"):
                report = enrolling.enrol_file(registry, country, read(path), consent, NOW, apply=apply)
            assert report.outcomes[enrolling.Outcome.NEW] == rows, report.outcomes
        if registry.engine.dialect.name != "sqlite":
            with registry.people() as connection:
                connection.execute(delete(table))
        registry.close()
    print(f"at most {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB of memory")


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:3]))
