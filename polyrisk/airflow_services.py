"""Airflow for live use: its server, scheduler and reader of DAGs as processes of their own, on the loopback interface alone.

with start_standalone(Path("var")) as airflow:
    print(airflow.url)
"""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import IO, Self

import httpx

from polyrisk.airflow_runner import DAGS, settings
from schemas.errors import PolyriskError

HOST = "127.0.0.1"
SOURCES_POOL = ("sources", 4, "Fetches at a time, whatever the number of feeds")
_STOP_WITHIN_S = 20.0
_LOOK_EVERY_S = 0.5
_ANSWER_WITHIN_S = 30.0


class Standalone:
    """Airflow's processes while they run. Leaving the `with` block ends them.

    Attributes:
        url: of Airflow's own pages. Who reaches the loopback interface of this machine is its administrator.
        logs: the folder with one file for each process.
    """

    def __init__(self, url: str, logs: Path, processes: Mapping[str, "subprocess.Popen[bytes]"]) -> None:
        self.url = url
        self.logs = logs
        self._processes = processes

    def healthy(self) -> bool:
        """Whether server, scheduler and reader of DAGs all say that they are well.

        Raises:
            PolyriskError: one of the processes has ended; names its log.
        """
        self.check_running()
        try:
            health = httpx.get(f"{self.url}/api/v2/monitor/health", timeout=_ANSWER_WITHIN_S).json()
        except httpx.HTTPError:
            return False
        return all(health[part]["status"] == "healthy" for part in ("metadatabase", "scheduler", "dag_processor"))

    def wait_until_healthy(self, within_s: float = 120.0) -> None:
        """Come back once all is up.

        Raises:
            PolyriskError: it is not within the time, or a process has ended.
        """
        deadline = time.monotonic() + within_s
        while not self.healthy():
            if time.monotonic() > deadline:
                raise PolyriskError(f"Airflow was not up within {within_s:g} s.", where=str(self.logs), remedy="See the logs there.")
            time.sleep(_LOOK_EVERY_S)

    def stop(self) -> None:
        """End the processes, the last started first."""
        for process in reversed(list(self._processes.values())):
            process.terminate()
        for process in reversed(list(self._processes.values())):
            try:
                process.wait(_STOP_WITHIN_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.stop()

    def check_running(self) -> None:
        """See that none of the processes has ended.

        Raises:
            PolyriskError: one has; names its log.
        """
        for name, process in self._processes.items():
            if process.poll() is not None:
                raise PolyriskError(
                    f"Airflow's {name} has ended with code {process.returncode}.",
                    where=str(self.logs / f"{name}.log"),
                    remedy="See that log.",
                )


def start_standalone(state: Path, dags: Path = DAGS, port: int = 0) -> Standalone:
    """Start Airflow, its database and logs in `airflow` below `state`. It takes some seconds until it is healthy.

    What the DAGs need of the environment (`POLYRISK_STATE`, `POLYRISK_SOURCES`, `POLYRISK_CLOCK`, `POLYRISK_FEEDS`) is handed on.

    Args:
        port: of Airflow's server on 127.0.0.1; 0 takes a free one.

    Raises:
        PolyriskError: the database cannot be made.
    """
    home = (state / "airflow").absolute()
    logs = home / "logs"
    logs.mkdir(parents=True, exist_ok=True)
    port = port or _free_port()
    environment = {**os.environ, **settings(home, dags), **_live_settings(port)}
    _prepare(environment, logs / "prepare.log")
    command = [sys.executable, "-m", "airflow"]
    parts = {
        "api-server": [*command, "api-server", "--host", HOST, "--port", str(port), "--workers", "1"],
        "dag-processor": [*command, "dag-processor"],
        "scheduler": [*command, "scheduler", "--skip-serve-logs"],
    }
    processes = {}
    for name, arguments in parts.items():
        with (logs / f"{name}.log").open("ab") as log:
            processes[name] = _start(arguments, environment, log)
    return Standalone(f"http://{HOST}:{port}", logs, processes)


def _live_settings(port: int) -> dict[str, str]:
    """What server and scheduler must agree on. Secrets live as long as the processes do."""
    return {
        "AIRFLOW__CORE__EXECUTOR": "LocalExecutor",
        "AIRFLOW__CORE__PARALLELISM": "2",
        "AIRFLOW__CORE__DAGS_ARE_PAUSED_AT_CREATION": "False",
        "AIRFLOW__CORE__AUTH_MANAGER": "airflow.api_fastapi.auth.managers.simple.simple_auth_manager.SimpleAuthManager",
        "AIRFLOW__CORE__SIMPLE_AUTH_MANAGER_ALL_ADMINS": "True",
        "AIRFLOW__CORE__EXECUTION_API_SERVER_URL": f"http://{HOST}:{port}/execution/",
        "AIRFLOW__API__BASE_URL": f"http://{HOST}:{port}",
        "AIRFLOW__API__SECRET_KEY": secrets.token_hex(32),
        "AIRFLOW__API_AUTH__JWT_SECRET": secrets.token_hex(32),
        "AIRFLOW__DAG_PROCESSOR__REFRESH_INTERVAL": "30",
    }


def _prepare(environment: Mapping[str, str], log: Path) -> None:
    """Make or migrate the database in a process of its own, so that this one need not import Airflow."""
    with log.open("wb") as output:
        code = _start([sys.executable, "-m", __name__], environment, output).wait()
    if code:
        raise PolyriskError("Airflow's database cannot be made.", where=str(log), remedy="See that log.")


def _start(command: Sequence[str], environment: Mapping[str, str], log: IO[bytes]) -> "subprocess.Popen[bytes]":
    # The command is made of constants, this interpreter's path and a port number.
    return subprocess.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT, stdin=subprocess.DEVNULL)  # noqa: S603


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        return int(probe.getsockname()[1])


def _make_database() -> None:
    """The part of `_prepare` that runs in the other process."""
    from airflow.models.pool import Pool
    from airflow.utils.db import upgradedb

    upgradedb()
    name, slots, description = SOURCES_POOL
    Pool.create_or_update_pool(name, slots=slots, description=description, include_deferred=False)


if __name__ == "__main__":
    _make_database()
