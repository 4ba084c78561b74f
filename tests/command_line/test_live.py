"""`polyrisk run`: where a played case goes on, and what a service manager and Prometheus find."""

import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import httpx
import pytest

from feeds.cases import Case
from feeds.clock import FileClock
from polyrisk.live import begin_of
from schemas.country_files import countries_root
from schemas.errors import RefusedError

READY = {"log": True, "alerts": True, "registry": True, "alerts_keep_up": True}
"""What the alert service needs, all of it there."""


@pytest.fixture
def ditwah() -> Case:
    """The case whose sources are played."""
    return Case.load(countries_root() / "lka" / "cases" / "ditwah-2025")


def test_a_played_case_begins_where_it_is_asked_to(tmp_path: Path, ditwah: Case) -> None:
    """In a new folder the clock begins at the moment asked for."""
    start = ditwah.start + timedelta(days=6)
    assert begin_of(tmp_path, ditwah, start) == start


def test_a_second_start_goes_on_where_the_first_stopped(tmp_path: Path, ditwah: Case) -> None:
    """The log holds readings up to then; a clock set back would make them come from the future."""
    stopped = ditwah.start + timedelta(days=7)
    FileClock(tmp_path / "clock").set(stopped)
    assert begin_of(tmp_path, ditwah, ditwah.start) == stopped


def test_a_case_that_is_over_is_refused_with_what_to_do(tmp_path: Path, ditwah: Case) -> None:
    """Its folder is kept for reading."""
    FileClock(tmp_path / "clock").set(ditwah.end)
    with pytest.raises(RefusedError, match="--state"):
        begin_of(tmp_path, ditwah, ditwah.start)


def test_the_alert_service_shows_its_metrics_and_ends_when_it_is_told_to(tmp_path: Path) -> None:
    """The part alone, dry: Prometheus finds messages by state, and SIGTERM ends it in order."""
    command = [sys.executable, "-m", "polyrisk", "run", "alerts", "--state", str(tmp_path), "--metrics-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            if line.startswith("running"):
                break
        url = re.search(r"metrics at (http://127\.0\.0\.1:\d+/)", "".join(lines))
        assert url is not None
        with urllib.request.urlopen(url[1], timeout=30) as answer:
            shown = answer.read().decode()
        process.send_signal(signal.SIGTERM)
        rest = process.stdout.read() if process.stdout else ""
    assert 'polyrisk_messages{state="accepted"}' in shown
    assert "dry: what would go is written into" in "".join(lines)
    assert rest.strip().endswith("ended")
    assert process.returncode == 0


@pytest.mark.parametrize(("part", "option"), [("console", "--port"), ("ticker", "--metrics-port"), ("listener", "--listener-port")])
def test_a_port_that_is_taken_is_refused_with_the_option_for_another(tmp_path: Path, part: str, option: str) -> None:
    """Exit code 2 and one line, before anything says that it runs."""
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        secrets = {"TWILIO_AUTH_TOKEN": "secret", "POLYRISK_PUBLIC_URL": "https://polyrisk.example"}
        command = [sys.executable, "-m", "polyrisk", "run", part, "--state", str(tmp_path), option, port]
        if part == "listener":
            command += ["--metrics-port", "0"]
        ended = subprocess.run(command, capture_output=True, text=True, env={**os.environ, **secrets}, check=False)
    assert ended.returncode == 2, ended.stderr
    assert f"Port {port} cannot be used" in ended.stderr
    assert option in ended.stderr
    assert "at http" not in ended.stdout.replace("metrics at http", "")


@pytest.fixture
def alert_service(tmp_path: Path) -> Iterator[str]:
    """The alert service alone, dry; answers where its metrics are."""
    command = [sys.executable, "-m", "polyrisk", "run", "alerts", "--state", str(tmp_path), "--metrics-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, "PYTHONUNBUFFERED": "1"}) as process:
        for line in process.stdout or ():
            if found := re.search(r"metrics at (http://127\.0\.0\.1:\d+/)", line):
                yield found[1]
                break
        process.terminate()


def test_a_part_is_not_ready_before_it_has_done_its_work_nor_without_its_registry(alert_service: str, tmp_path: Path) -> None:
    """It lives from the first moment on; it is ready once it got round; and no more when its registry is gone."""
    assert httpx.get(f"{alert_service}healthz").json() == {"status": "ok"}

    def asked() -> dict[str, bool]:
        answer = httpx.get(f"{alert_service}readyz", timeout=30)
        checks = {check["name"]: check["ok"] for check in answer.json()["checks"]}
        assert (answer.status_code == 200) is all(checks.values())
        assert all(check["ok"] or (check["said"] and check["remedy"]) for check in answer.json()["checks"])
        return checks

    first = asked()
    assert first in ({"start": False}, {"log": True, "alerts": False, "registry": True, "alerts_keep_up": True}, READY)
    deadline = time.monotonic() + 60
    while asked() != READY:
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert 'polyrisk_last_turn_timestamp_seconds{part="alerts"}' in httpx.get(f"{alert_service}metrics").text
    for path in tmp_path.glob("registry.db*"):
        path.rename(path.with_name(f"lost.{path.name}"))
    assert asked() == {**READY, "registry": False}


def test_the_listener_says_where_providers_call_it_whether_it_can_take_anything_in(tmp_path: Path) -> None:
    """At the same address, and with its metrics at another; of a callback's own addresses nothing is given away."""
    secrets = {"TWILIO_AUTH_TOKEN": "secret", "POLYRISK_CALLBACK_URL": "https://polyrisk.example", "PYTHONUNBUFFERED": "1"}
    command = [sys.executable, "-m", "polyrisk", "run", "listener", "--state", str(tmp_path), "--listener-port", "0", "--metrics-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True, env={**os.environ, **secrets}) as process:
        lines = []
        for line in process.stdout or ():
            lines.append(line)
            if line.startswith("running"):
                break
        url = re.search(r"listens at (http://127\.0\.0\.1:\d+)/", "".join(lines))
        assert url is not None
        ready = httpx.get(f"{url[1]}/readyz", timeout=30)
        assert httpx.get(f"{url[1]}/healthz").json() == {"status": "ok"}
        assert httpx.get(f"{url[1]}/metrics").status_code == 404
        assert httpx.post(f"{url[1]}/twilio_sms/message").status_code == 403
        process.terminate()
    assert "metrics at http" in "".join(lines)
    assert {check["name"]: check["ok"] for check in ready.json()["checks"]} == {"log": True, "registry": True}
