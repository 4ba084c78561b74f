"""Airflow for a case: real runs of the DAGs, one after another, in a process of their own that is told the moment of each.

The process is Airflow's alone, because Airflow takes over settings, logging and signals of the process it is imported into, once for all.
"""

import contextlib
import os
import subprocess
import sys
from datetime import datetime
from functools import cached_property
from pathlib import Path
from types import TracebackType
from typing import IO, Self, cast

from polyrisk.airflow_worker import Ended, Loaded, Problem, Wanted
from schemas.errors import FetchError, PolyriskError
from schemas.moments import to_utc

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


class AirflowRunner:
    """Runs the DAGs, each at the moment it is told.

    Making one only starts the process, which is then busy for some seconds; the first run waits for it. It is made after
    `POLYRISK_STATE`, `POLYRISK_SOURCES`, `POLYRISK_CLOCK` and `POLYRISK_FEEDS` are in the environment, which it hands on.

    Args:
        state: the folder of this run; Airflow's database and what it prints go to `airflow` in it.
        dags: the folder of the DAGs, loaded by path.
    """

    def __init__(self, state: Path, dags: Path = DAGS) -> None:
        home = (state / "airflow").absolute()
        home.mkdir(parents=True, exist_ok=True)
        self._log = home / "worker.log"
        quiet = {"AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL", "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_PRE_PING": "False"}
        with self._log.open("ab") as log:
            # The command is made of constants, this interpreter's path and a folder of ours.
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", "polyrisk.airflow_worker", str(dags)],
                env={**os.environ, **settings(home, dags), **quiet},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        self._requests, self._answers = cast(IO[str], self._process.stdin), cast(IO[str], self._process.stdout)

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
        try:
            self._requests.write(Wanted(dag=feed, at=to_utc(at)).model_dump_json() + "\n")
            self._requests.flush()
        except BrokenPipeError as error:
            raise self._ended() from error
        _raise(Ended.model_validate_json(self._answer()).problem)

    def close(self) -> None:
        """End the process, once it has finished what it is at."""
        with contextlib.suppress(BrokenPipeError):
            self._requests.close()
        try:
            self._process.wait(_STOP_WITHIN_S)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._answers.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def _answer(self) -> str:
        line = self._answers.readline()
        if not line:
            raise self._ended()
        return line

    def _ended(self) -> PolyriskError:
        return PolyriskError("Airflow has ended.", where=str(self._log), remedy="See that log.")


def _raise(problem: Problem | None) -> None:
    if problem is not None:
        kind = FetchError if problem.fetch else PolyriskError
        raise kind(problem.what, where=problem.where, remedy=problem.remedy)
