"""Airflow as a part by itself: it comes up healthy, and ends with all its processes when a service manager says so."""

import re
import signal
import subprocess
import sys
from pathlib import Path

import httpx


def test_it_runs_until_it_is_ended(tmp_path: Path) -> None:
    """Its page says that it is healthy; after SIGTERM it is gone, with exit code 0."""
    command = [sys.executable, "-m", "polyrisk", "run", "airflow", "--state", str(tmp_path / "state"), "--airflow-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        found = next((match for line in process.stdout if (match := re.search(r"Airflow at (http://127\.0\.0\.1:\d+)", line))), None)
        assert found is not None
        health = httpx.get(f"{found[1]}/api/v2/monitor/health").json()
        assert (health["metadatabase"]["status"], health["scheduler"]["status"]) == ("healthy", "healthy")
        process.send_signal(signal.SIGTERM)
        rest, _ = process.communicate()
    assert process.returncode == 0
    assert "ended" in rest
    try:
        httpx.get(found[1])
    except httpx.ConnectError:
        return
    raise AssertionError("Airflow's server still answers.")
