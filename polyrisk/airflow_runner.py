"""Airflow for cases: real runs of the DAGs, one after another, in a process of their own that is told the moment of each.

The process is Airflow's alone, because Airflow takes over settings, logging and signals of the process it is imported into, once for all.
One serves several cases that are lived through at once: making its database and loading it take seconds and a third of a gigabyte.
"""

import os
import secrets
import subprocess
import sys
from datetime import datetime
from functools import cached_property
from multiprocessing import AuthenticationError
from multiprocessing.connection import Client, Connection
from pathlib import Path
from types import TracebackType
from typing import Self

from polyrisk.airflow_worker import HOST, KEY, Ended, Loaded, Problem, Wanted
from schemas.errors import FetchError, PolyriskError
from schemas.moments import to_utc

PORT = "POLYRISK_AIRFLOW_PORT"
"""Where a process that is there already listens."""
OWN = ("POLYRISK_STATE", "POLYRISK_SOURCES", "POLYRISK_CLOCK")
"""What of the environment is each case's own."""
DAGS = Path(__file__).resolve().parent.parent / "dags"
_STOP_WITHIN_S = 20.0


def settings(home: Path, dags: Path = DAGS) -> dict[str, str]:
    """The environment in which Airflow runs here: a database of its own, our DAGs and nobody else's, no word to the outside."""
    return {
        "AIRFLOW_HOME": str(home),
        "AIRFLOW__CORE__DAGS_FOLDER": str(dags),
        "AIRFLOW__CORE__LOAD_EXAMPLES": "False",
        "AIRFLOW__CORE__LAZY_DISCOVER_PROVIDERS": "True",
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": f"sqlite:///{home / 'airflow.db'}",
        "AIRFLOW__LOGGING__BASE_LOG_FOLDER": str(home / "logs"),
        "AIRFLOW__USAGE_DATA_COLLECTION__ENABLED": "False",
    }


class AirflowRuns:
    """Asks an Airflow process for runs, as one of those it serves.

    What a run needs to know of its case (`POLYRISK_STATE`, `POLYRISK_SOURCES`, `POLYRISK_CLOCK`) is taken from the environment at each run.

    Args:
        port, key: of the process. log: where it complains, for the message of an error.
    """

    def __init__(self, port: int, key: str, log: Path | None = None) -> None:
        self._port, self._key, self._log = port, key, log

    @cached_property
    def dags(self) -> tuple[str, ...]:
        """The DAGs that were loaded. Waits until they are.

        Raises:
            PolyriskError: one of them cannot be loaded, or Airflow does not start.
        """
        loaded = Loaded.model_validate_json(self._answer())
        _raise(loaded.problem)
        return loaded.dags

    def run(self, feed: str, at: datetime) -> None:
        """Run a feed's DAG once, as of a moment.

        Raises:
            FetchError: the source gave no delivery.
            PolyriskError: there is no such DAG, or its run failed for another reason.
        """
        if feed not in self.dags:
            raise PolyriskError(f"No DAG is called `{feed}`.", remedy=f"Loaded are {', '.join(self.dags)}.")
        own = {name: os.environ[name] for name in OWN if name in os.environ}
        wanted = Wanted(dag=feed, at=to_utc(at), environment=own, niceness=os.getpriority(os.PRIO_PROCESS, 0))
        try:
            self._connection.send_bytes(wanted.model_dump_json().encode())
        except OSError as error:
            raise self._ended() from error
        _raise(Ended.model_validate_json(self._answer()).problem)

    def close(self) -> None:
        """Ask for nothing more."""
        if "_connection" in self.__dict__:
            self._connection.close()

    @cached_property
    def _connection(self) -> Connection:
        try:
            return Client((HOST, self._port), authkey=self._key.encode())
        except AuthenticationError as error:
            raise PolyriskError("Airflow's process does not let us in.", remedy=f"{KEY} must be that of the process at {PORT}.") from error
        except OSError as error:
            raise self._ended() from error

    def _answer(self) -> bytes:
        try:
            return self._connection.recv_bytes()
        except (EOFError, OSError) as error:
            raise self._ended() from error

    def _ended(self) -> PolyriskError:
        return PolyriskError("Airflow has ended.", where=str(self._log or ""), remedy="See its log.")


class AirflowRunner:
    """Starts the process, asks it for runs, and ends it.

    Making one only starts it; it is then busy for some seconds, and the first run waits for it. It is made after `POLYRISK_FEEDS` is in
    the environment, which says which feeds have a DAG.

    Args:
        state: a folder; Airflow's database and what it prints go to `airflow` in it.
        dags: the folder of the DAGs, loaded by path.
    """

    def __init__(self, state: Path, dags: Path = DAGS) -> None:
        home = (state / "airflow").absolute()
        home.mkdir(parents=True, exist_ok=True)
        quiet = {"AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL", "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_PRE_PING": "False"}
        key = secrets.token_hex(32)
        with (home / "worker.log").open("ab") as log:
            # The command is made of constants, this interpreter's path and a folder of ours.
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "polyrisk.airflow_worker", str(dags)],
                env={**os.environ, **settings(home, dags), **quiet, KEY: key},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        printed = self._process.stdout.readline() if self._process.stdout else ""
        port = int(printed) if printed.strip().isdigit() else 0
        self.shared_by = {PORT: str(port), KEY: key}
        self._runs = AirflowRuns(port, key, home / "worker.log")

    @property
    def dags(self) -> tuple[str, ...]:
        """See `AirflowRuns.dags`."""
        return self._runs.dags

    def run(self, feed: str, at: datetime) -> None:
        """See `AirflowRuns.run`."""
        self._runs.run(feed, at)

    def close(self) -> None:
        """End the process, once it has finished what it is at."""
        self._runs.close()
        try:
            self._process.communicate(timeout=_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.communicate()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()


def airflow_of(state: Path) -> AirflowRuns | AirflowRunner:
    """The Airflow process that the environment names, else one of our own in a folder."""
    port, key = os.environ.get(PORT), os.environ.get(KEY)
    return AirflowRuns(int(port), key) if port and key else AirflowRunner(state)


def _raise(problem: Problem | None) -> None:
    if problem is not None:
        kind = FetchError if problem.fetch else PolyriskError
        raise kind(problem.what, where=problem.where, remedy=problem.remedy)
