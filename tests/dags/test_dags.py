"""The schedules: one DAG for each manifest, thin, and each run publishes what its source says."""

import json
import subprocess
import sys
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from loopback_source import LoopbackSource

from alerts.drills.schedule import hold_weekly
from eventlog.log import open_log
from feeds.manifest import load_manifest
from feeds.schedule import FEEDS_ROOT, planned_feeds
from polyrisk.airflow_runner import PORT, AirflowRunner, AirflowRuns, airflow_of
from schemas.envelopes import read_input
from schemas.errors import FetchError, PolyriskError
from schemas.inputs import Heartbeat
from schemas.records import Record

FEED = "npl_bipad_river"
AWAY = "lka_nbro_landslide"
NOON = datetime(2026, 8, 26, 12, tzinfo=UTC)


@dataclass(frozen=True)
class Lived:
    """Which DAGs there were, how runs ended (the error, if any), what they asked for, and what they published."""

    dags: tuple[str, ...]
    ends: list[PolyriskError | None]
    asked: list[str]
    records: list[Record]


def native_page() -> bytes:
    """The feed's sample as its source's only page."""
    page = json.loads((FEEDS_ROOT / FEED / "samples" / "page.json").read_bytes())
    return json.dumps({**page, "next": None}).encode()


@pytest.fixture(scope="module")
def loaded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    """What Airflow makes of our folder of DAGs."""
    command = [sys.executable, str(Path(__file__).parent / "airflow_process.py"), str(tmp_path_factory.mktemp("airflow"))]
    ended = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    loaded = json.loads(ended.stdout.splitlines()[-1])
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


def test_what_was_kept_long_enough_is_deleted_each_day(loaded: Any) -> None:
    """The registry's retention has its own DAG, which waits for no feed."""
    dag = loaded["dags"]["registry_retention"]
    assert (dag["every"], dag["waits_for"], dag["catchup"]) == (86_400, [], False)


def test_a_drill_is_held_each_week_and_never_repeated(loaded: Any) -> None:
    """Of each country whose file names its case; a second try would be a second exercise on people's telephones."""
    drill = loaded["dags"]["lka_drill"]
    assert (drill["every"], drill["waits_for"], drill["catchup"], drill["retries"]) == (7 * 86_400, [], False, 0)
    assert "npl_drill" not in loaded["dags"]


def test_a_drill_that_cannot_be_held_fails_its_run_and_says_why(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What the task calls starts the command line; an installation without a list is a failed run, not a quiet week."""
    monkeypatch.setenv("POLYRISK_STATE", str(tmp_path))
    with pytest.raises(PolyriskError, match="there is no list of those who agreed"):
        hold_weekly("lka/ditwah-2025")


def test_reading_the_dags_imports_nothing_heavy(loaded: Any) -> None:
    """What only a run needs, such as tables and grids, is not imported by reading the folder, which a scheduler does all the time."""
    assert loaded["heavy"] == []


def end_of(runner: AirflowRunner, feed: str, at: datetime) -> PolyriskError | None:
    """The error of a run; none if it succeeded."""
    try:
        runner.run(feed, at)
    except PolyriskError as error:
        return error
    return None


@pytest.fixture(scope="module")
def lived(tmp_path_factory: pytest.TempPathFactory) -> Lived:
    """Real runs: a feed twice from a source that says the same, and in between one whose source is away."""
    state = tmp_path_factory.mktemp("lived")
    asked = [(FEED, NOON), (AWAY, NOON), (FEED, NOON + timedelta(hours=1))]
    with LoopbackSource(FEED, native_page()) as source, pytest.MonkeyPatch.context() as environment:
        for name, value in {"STATE": str(state), "SOURCES": source.base_url, "FEEDS": f"{FEED},{AWAY}"}.items():
            environment.setenv(f"POLYRISK_{name}", value)
        with AirflowRunner(state) as runner:
            ends = [end_of(runner, feed, at) for feed, at in asked]
            only = runner.dags
    log = open_log(f"sqlite:///{state / 'log.db'}")
    records = [stored.record for stored in log.read("input")]
    log.close()
    return Lived(only, ends, source.asked, records)


def test_a_run_publishes_what_the_source_says(lived: Lived) -> None:
    """The first run publishes readings and a heartbeat, the second, of the same bytes, a heartbeat alone, each at its own moment."""
    assert (lived.ends[0], lived.ends[2]) == (None, None)
    assert [record.kind for record in lived.records] == ["observations", "heartbeat", "heartbeat"]
    assert [record.received - NOON for record in lived.records] == [timedelta(), timedelta(), timedelta(hours=1)]
    beats = [read_input(record) for record in lived.records[1:]]
    assert [beat.new for beat in beats if isinstance(beat, Heartbeat)] == [True, False]


def test_a_run_asks_the_sources_own_address(lived: Lived) -> None:
    """Path and query are those of the manifest, behind the address that stands for all sources."""
    address = urlsplit(load_manifest(FEED).url)
    assert f"/{FEED}{address.path}?{address.query}" in lived.asked


def test_a_run_whose_source_is_away_fails_and_says_so(lived: Lived) -> None:
    """The task's own error comes out of the runner, nothing is published, and the next run is not hindered."""
    error = lived.ends[1]
    assert isinstance(error, FetchError)
    assert AWAY in str(error)
    assert {record.shard for record in lived.records} == {"NPL"}


def test_a_case_is_given_its_own_dags_alone(lived: Lived) -> None:
    """The DAGs of other feeds are not made, nor those of baselines that rest on none of the case's feeds; what is of no feed is."""
    assert lived.dags == (AWAY, FEED, "registry_retention")


def test_one_process_serves_several_cases_each_in_its_own_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each asker's log holds what it asked for; the environment names the process, and who has another key is not let in."""
    monkeypatch.setenv("POLYRISK_FEEDS", FEED)
    with LoopbackSource(FEED, native_page()) as source, AirflowRunner(tmp_path) as airflow:
        monkeypatch.setenv("POLYRISK_SOURCES", source.base_url)
        for name, value in airflow.shared_by.items():
            monkeypatch.setenv(name, value)
        for case, at in (("first", NOON), ("second", NOON + timedelta(hours=5))):
            monkeypatch.setenv("POLYRISK_STATE", str(tmp_path / case))
            (tmp_path / case).mkdir()
            asked = airflow_of(tmp_path / case)
            asked.run(FEED, at)
            asked.close()
        stranger = AirflowRuns(int(airflow.shared_by[PORT]), "another key")
        with pytest.raises(PolyriskError, match="does not let us in"):
            stranger.run(FEED, NOON)
    for case, at in (("first", NOON), ("second", NOON + timedelta(hours=5))):
        log = open_log(f"sqlite:///{tmp_path / case / 'log.db'}")
        assert {stored.record.received for stored in log.read("input")} == {at}
        log.close()


def test_a_dag_that_cannot_be_loaded_is_named(tmp_path: Path) -> None:
    """The error of the file comes out of the runner, before anything is run."""
    (tmp_path / "dags").mkdir()
    (tmp_path / "dags" / "broken.py").write_text("import airflow\nraise RuntimeError('this dag is broken')\n")
    with AirflowRunner(tmp_path / "state", tmp_path / "dags") as runner, pytest.raises(PolyriskError, match="this dag is broken"):
        runner.run(FEED, NOON)
