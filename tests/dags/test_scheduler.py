"""A real scheduler runs a feed by itself: server, scheduler and reader of DAGs as processes on the loopback interface."""

import json
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import httpx
import pytest
from loopback_source import LoopbackSource

from eventlog.log import open_log
from feeds.clock import FileClock
from feeds.schedule import FEEDS_ROOT
from polyrisk.airflow_services import Standalone, start_standalone

FEED = "npl_bipad_river"
WITHIN_S = 120.0
"""From the moment that all processes are up."""


def test_a_scheduler_runs_a_feed_to_success(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Nobody triggers anything: the feed's interval has passed, so it is fetched and published, and its asset is updated."""
    page = json.loads((FEEDS_ROOT / FEED / "samples" / "page.json").read_bytes())
    at = datetime(2026, 8, 26, 12, tzinfo=UTC)
    FileClock(tmp_path / "clock").set(at)
    with LoopbackSource(FEED, json.dumps({**page, "next": None}).encode()) as source:
        for name, value in {"STATE": tmp_path, "CLOCK": tmp_path / "clock", "SOURCES": source.base_url, "FEEDS": FEED}.items():
            monkeypatch.setenv(f"POLYRISK_{name}", str(value))
        with start_standalone(tmp_path) as airflow:
            airflow.wait_until_healthy(WITHIN_S)
            assert state_of_first_run(airflow) == "success", logs_of(airflow)
            updates = ask(airflow, "assets/events")["asset_events"]
    log = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    records = [stored.record for stored in log.read("input", shard="NPL")]
    log.close()
    assert [(record.kind, record.received) for record in records] == [("observations", at), ("heartbeat", at)]
    assert [update["name"] for update in updates] == [FEED]


def state_of_first_run(airflow: Standalone) -> str:
    """How the first run of the feed's DAG ended; what it was last if it does not end in time."""
    deadline = time.monotonic() + WITHIN_S
    state = "none"
    while state not in ("success", "failed") and time.monotonic() < deadline:
        time.sleep(1.0)
        runs = ask(airflow, f"dags/{FEED}/dagRuns").get("dag_runs", [])
        state = runs[0]["state"] if runs else "none"
    return state


def ask(airflow: Standalone, path: str) -> Any:
    """An answer of Airflow's API; a busy machine may take long to give it."""
    return httpx.get(f"{airflow.url}/api/v2/{path}", timeout=WITHIN_S).json()


def logs_of(airflow: Standalone) -> str:
    """The end of each log, for the person who must find out."""
    return "\n".join(f"== {path.name}\n{path.read_text(errors='replace')[-3000:]}" for path in sorted(airflow.logs.rglob("*.log")))
