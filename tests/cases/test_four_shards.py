"""A country in four shards: what is judged and warned does not depend on the home of the log, nor on how many processors judge it.

The case is Cyclone Ditwah from its first rain to the end of November 2025: eleven days, in which the rivers rise, the gauges die and slopes
fail. Its country is parted by provinces. An alert service speaks for one shard, so there are four, each with the same people and settings;
the people on duty look twice a day, and sign all that waits.
"""

import importlib
import sys
from collections import Counter
from datetime import UTC, datetime
from pathlib import Path

import pytest
from four_shards import Run, enrol, part_of, records_of, run
from lived_cases import Live, Lived, inputs

from eventlog.log import known_homes
from schemas.country_files import LoadedCountry
from schemas.outputs import CompoundEvent
from schemas.topics import EVENTS

UNTIL = datetime(2025, 12, 1, tzinfo=UTC)
PROVINCES = {
    "LKA-west": ("LK1", "LK6"),
    "LKA-hills": ("LK2", "LK9"),
    "LKA-south": ("LK3", "LK8"),
    "LKA-north": ("LK4", "LK5", "LK7"),
}
EVENTLOG = Path(__file__).resolve().parents[1] / "eventlog"
HOMES = [home for home in known_homes() if (EVENTLOG / "places" / f"{home}.py").exists()]
RUNS = [(home, processors) for home in HOMES for processors in (1, 4)]
Runs = dict[tuple[str, int], Run]


@pytest.fixture(scope="module")
def lived(live: Live) -> Lived:
    """The case, lived through as one shard."""
    return live("lka/ditwah-2025", until=UNTIL)


@pytest.fixture(scope="module")
def parts(lived: Lived) -> dict[str, LoadedCountry]:
    """Sri Lanka in four shards."""
    return {shard: part_of(lived.country, shard, provinces) for shard, provinces in PROVINCES.items()}


@pytest.fixture(scope="module")
def runs(lived: Lived, parts: dict[str, LoadedCountry], tmp_path_factory: pytest.TempPathFactory) -> Runs:
    """The same records lived through in each home, with one processor and with four."""
    if str(EVENTLOG) not in sys.path:
        sys.path.append(str(EVENTLOG))
    fresh_url = importlib.import_module("contract").fresh_url
    records = [part for record in inputs(lived) for part in records_of(record, parts)]
    people = tmp_path_factory.mktemp("people") / "registry"
    enrol(people, lived.country)
    found: Runs = {}
    for home, processors in RUNS:
        folder = tmp_path_factory.mktemp(f"{home}-{processors}")
        found[home, processors] = run(fresh_url(home, folder), processors, records, parts, people, folder)
    return found


def test_the_parts_hold_each_district_once(lived: Lived, parts: dict[str, LoadedCountry]) -> None:
    """Each district and division is in one shard, and each station in one or, on a border, in several."""
    areas = Counter(a.code for part in parts.values() for a in part.configuration.areas if a.level != "adm0")
    whole = lived.country.configuration
    assert areas == Counter(a.code for a in whole.areas if a.level != "adm0")
    assert {s.code for part in parts.values() for s in part.configuration.stations} == {s.code for s in whole.stations}


def test_four_shards_say_what_the_country_as_one_says(lived: Lived, runs: Runs) -> None:
    """A shard is closed: of its districts the same events are said, with the same times, as when the country is judged as one."""

    def told(payload: bytes) -> dict[str, object]:
        own = {"id", "shard", "configuration"}
        return CompoundEvent.model_validate_json(payload).model_dump(mode="json", exclude=own)

    whole = [told(s.record.payload) for s in lived.log.read(EVENTS.name)]
    parted = [told(payload) for one in runs["sqlite", 1].said.values() for _, payload in one.events]
    assert sorted(parted, key=str) == sorted(whole, key=str)


def test_events_and_warnings_are_the_same_on_both_homes_with_one_processor_and_with_four(runs: Runs) -> None:
    """Breaches, events and warnings of each shard are equal in id, payload and order, wherever the log is and however many judge."""
    first = runs[RUNS[0]].said
    for shard in PROVINCES:
        assert len(first[shard].breaches) > 20
        assert len(first[shard].events) > 5
        assert len(first[shard].warnings) > 5
        for one in RUNS[1:]:
            assert runs[one].said[shard] == first[shard], one


@pytest.mark.parametrize("home", HOMES)
def test_all_four_processors_took_part(runs: Runs, home: str) -> None:
    """With four processors each has judged a part of the records, and together they have taken in each record once."""
    assert len(runs[home, 4].taken) == 4
    assert min(runs[home, 4].taken) > 0
    assert sum(runs[home, 4].taken) == sum(runs[home, 1].taken)
