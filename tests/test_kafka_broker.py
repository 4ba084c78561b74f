"""The run's broker ends with those who use it, however they end; the one of somebody who lives is left alone."""

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import kafka_broker
import pytest

USES = "import kafka_broker, sys; print(kafka_broker.shared_url(), flush=True); sys.stdin.read()"


@pytest.fixture
def temporary(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where brokers are looked for."""
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    return tmp_path


@pytest.fixture
def processes() -> Iterator[Callable[..., subprocess.Popen[str]]]:
    """Starts processes that end with the test."""
    started: list[subprocess.Popen[str]] = []

    def start(*command: str, **environment: str) -> subprocess.Popen[str]:
        pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
        started.append(subprocess.Popen(command, env={**os.environ, **environment}, **pipes))
        return started[-1]

    yield start
    for process in started:
        process.kill()
        process.communicate()


def _written(folder: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((folder / "state.json").read_text())
    return found


def test_a_broker_whose_users_were_all_killed_hard_is_ended_by_the_next_who_looks(
    temporary: Path, processes: Callable[..., subprocess.Popen[str]]
) -> None:
    """Two workers share a real broker. While one of them lives it stays; when both are gone, nothing of it is left."""
    path = str(Path(kafka_broker.__file__).parent)
    said = {"PYTEST_XDIST_TESTRUNUID": "hard", "TMPDIR": str(temporary), "PYTHONPATH": path}
    first, second = (processes(sys.executable, "-c", USES, **said) for _ in range(2))
    assert first.stdout is not None
    assert second.stdout is not None
    assert first.stdout.readline() == second.stdout.readline() != ""
    (folder,) = temporary.iterdir()
    broker = _written(folder)["broker"]

    first.kill()
    first.wait()
    kafka_broker.end_unused()
    assert kafka_broker.lives(broker)
    assert [user["pid"] for user in _written(folder)["users"]] == [second.pid]

    second.kill()
    second.wait()
    kafka_broker.end_unused()
    assert not kafka_broker.lives(broker)
    assert not folder.exists()


def test_a_process_that_was_given_the_number_of_a_user_is_not_taken_for_it(
    temporary: Path, processes: Callable[..., subprocess.Popen[str]]
) -> None:
    """Numbers of processes are given anew; the moment of the start tells them apart."""
    broker = processes("sleep", "600")
    folder = _left_behind(temporary, broker.pid, {**kafka_broker.process(os.getpid()), "started": 1})
    kafka_broker.end_unused()
    assert (broker.wait(), folder.exists()) == (-9, False)


def test_a_process_that_was_given_the_number_of_a_broker_is_not_ended_for_it(
    temporary: Path, processes: Callable[..., subprocess.Popen[str]]
) -> None:
    """What a dead broker left is taken away, and whoever has its number now goes on."""
    another = processes("sleep", "600")
    folder = _left_behind(temporary, another.pid, started=1)
    kafka_broker.end_unused()
    assert (another.poll(), folder.exists()) == (None, False)


def test_a_broker_that_somebody_is_just_starting_is_left_to_them(temporary: Path, processes: Callable[..., subprocess.Popen[str]]) -> None:
    """Who holds its file is alive; nobody waits for them."""
    broker = processes("sleep", "600")
    folder = _left_behind(temporary, broker.pid)
    with _held(folder):
        kafka_broker.end_unused()
    assert broker.poll() is None
    kafka_broker.end_unused()
    assert (broker.wait(), folder.exists()) == (-9, False)


def _left_behind(temporary: Path, broker: int, *users: dict[str, int], **other: int) -> Path:
    """What a run wrote down; another start of the broker may be said."""
    folder = temporary / "polyrisk-broker-gone"
    folder.mkdir()
    said = {"broker": {**kafka_broker.process(broker), **other}, "url": "127.0.0.1:1", "users": users, "ready": True}
    (folder / "state.json").write_text(json.dumps(said))
    return folder


@contextmanager
def _held(folder: Path) -> Iterator[None]:
    """While another process has the file of a broker."""
    holds = (
        f"import fcntl; file = open({str(folder / 'state.json')!r}); fcntl.flock(file, fcntl.LOCK_EX); print('has it', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", holds], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "has it\n"
        yield
        other.communicate("\n")
