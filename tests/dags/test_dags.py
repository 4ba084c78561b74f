"""The schedules: one DAG for each manifest, thin, and each run publishes what its source says."""

import json
import os
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from loopback_source import LoopbackSource

from eventlog.log import open_log
from feeds.schedule import FEEDS_ROOT, planned_feeds
from schemas.envelopes import read_input
from schemas.records import Heartbeat, Record

FEED = "npl_bipad_river"
AWAY = "lka_nbro_landslide"
NOON = datetime(2026, 8, 26, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Lived:
    """How runs ended, what they asked for, and what they published."""

    ends: list[str]
    asked: list[str]
    records: list[Record]


def airflow(state: Path, *arguments: str, environment: dict[str, str] | None = None) -> Any:
    """The answer of `airflow_process.py`."""
    command = [sys.executable, str(Path(__file__).parent / "airflow_process.py"), *arguments]
    surroundings = {**os.environ, "POLYRISK_STATE": str(state), **(environment or {})}
    ended = subprocess.run(command, env=surroundings, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    return json.loads(ended.stdout.splitlines()[-1])


def native_page() -> bytes:
    """The feed's sample as its source's only page."""
    page = json.loads((FEEDS_ROOT / FEED / "samples" / "page.json").read_bytes())
    return json.dumps({**page, "next": None}).encode()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What Airflow makes of our folder of DAGs."""
    loaded = airflow(tmp_path_factory.mktemp("state"), "load")
    print(f"{len(loaded['dags'])} DAGs were loaded in {loaded['seconds']:.2f} s of processor time beside Airflow's own")
    return loaded


def test_every_dag_is_loaded(loaded: Any) -> None:
    """No file of the folder fails to import."""
    assert loaded["errors"] == {}


def test_each_manifest_has_its_dag(loaded: Any) -> None:
    """A DAG has its feed's name, interval and notes, updates the feed's asset, and asks its source politely."""
    planned = planned_feeds()
    assert planned
    for feed in planned:
        dag = loaded["dags"][feed.feed]
        assert (dag["every"], dag["page"], dag["updates"]) == (feed.every.total_seconds(), feed.notes, [feed.feed])
        assert (dag["pool"], dag["retries"], dag["backs_off"]) == ("sources", 3, True)
        assert (dag["catchup"], dag["max_active_runs"]) == (False, 1)


def test_baselines_follow_the_feeds_they_are_made_of(loaded: Any) -> None:
    """Sri Lanka's channel and seasonal prices are computed anew after the dengue or the price feed, and after no other."""
    assert loaded["dags"]["lka_baselines"]["waits_for"] == ["lka_dengue_weekly", "lka_wfp_prices"]
    assert "npl_baselines" not in loaded["dags"]


def test_reading_the_dags_imports_nothing_heavy(loaded: Any) -> None:
    """What only a run needs, such as tables and grids, is not imported by reading the folder, which a scheduler does all the time."""
    assert loaded["heavy"] == []


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """Real runs in one process: a feed twice from a source that says the same, and in between one whose source is away."""
    state = tmp_path_factory.mktemp("lived")
    asked = [(FEED, NOON), (AWAY, NOON), (FEED, NOON + timedelta(hours=1))]
    with LoopbackSource(FEED, native_page()) as source:
        environment = {"POLYRISK_SOURCES": source.base_url, "POLYRISK_FEEDS": f"{FEED},{AWAY}"}
        ends = airflow(state, "run", *(f"{feed}={at.isoformat()}" for feed, at in asked), environment=environment)
    log = open_log(f"sqlite:///{state / 'log.db'}")
    records = [stored.record for stored in log.read("input")]
    log.close()
    return Lived(ends, source.asked, records)


def test_a_run_publishes_what_the_source_says(lived: Lived) -> None:
    """The first run publishes readings and a heartbeat, the second, of the same bytes, a heartbeat alone, each at its own moment."""
    assert (lived.ends[0], lived.ends[2]) == ("success", "success")
    assert [record.kind for record in lived.records] == ["observations", "heartbeat", "heartbeat"]
    assert [record.received - NOON for record in lived.records] == [timedelta(), timedelta(), timedelta(hours=1)]
    beats = [read_input(record) for record in lived.records[1:]]
    assert [beat.new for beat in beats if isinstance(beat, Heartbeat)] == [True, False]


def test_a_run_asks_the_sources_own_address(lived: Lived) -> None:
    """Path and query are those of the manifest, behind the address that stands for all sources."""
    assert f"/{FEED}/api/v1/river-stations/?limit=100" in lived.asked


def test_a_run_whose_source_is_away_fails_and_says_so(lived: Lived) -> None:
    """The task's own error comes out of the runner, nothing is published, and the next run is not hindered."""
    assert lived.ends[1].startswith("FailedFetch: ")
    assert AWAY in lived.ends[1]
    assert {record.shard for record in lived.records} == {"NPL"}
