"""Airflow as this program runs it: DAG runs one after another in this process for a case, or a scheduler of its own for live use.

Airflow reads its settings when it is first imported, so they are put into the environment before, and it is imported late.
"""

import logging
import os
import sys
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any, cast

from schemas.errors import PolyriskError
from schemas.moments import to_utc

DAGS = Path(__file__).resolve().parent.parent / "dags"
_BUNDLES = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"


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
    """Runs the DAGs in this process, each at the moment it is told: real runs, recorded in Airflow's own database.

    Made once in a process, after `POLYRISK_STATE`, `POLYRISK_SOURCES`, `POLYRISK_CLOCK` and `POLYRISK_FEEDS` are in the environment.

    Args:
        state: the folder of this run; Airflow's database and logs go to `airflow` in it.
        dags: the folder of the DAGs, loaded by path.

    Raises:
        PolyriskError: Airflow was imported before with other settings, or a DAG cannot be loaded.
    """

    def __init__(self, state: Path, dags: Path = DAGS) -> None:
        home = (state / "airflow").absolute()
        home.mkdir(parents=True, exist_ok=True)
        quiet = {"AIRFLOW__LOGGING__LOGGING_LEVEL": "CRITICAL", "AIRFLOW__DATABASE__SQL_ALCHEMY_POOL_PRE_PING": "False"}
        _enter({**settings(home, dags), **quiet})
        self._dags = _load(dags)
        self._error: BaseException | None = None
        for dag in self._dags.values():
            for task in dag.tasks:
                # A run of a case tells at once how it went; it is asked again at the case's next hour. Nobody here waits for assets.
                task.retries = 0
                task.outlets = []
                task.on_failure_callback = [self._failed]

    @property
    def feeds(self) -> tuple[str, ...]:
        """The DAGs that were loaded."""
        return tuple(sorted(self._dags))

    def run(self, feed: str, at: datetime) -> None:
        """Run a feed's DAG once, as of a moment.

        Raises:
            PolyriskError: there is no such DAG, or its run failed; the task's own error, such as FetchError, if it is one of ours.
        """
        if feed not in self._dags:
            raise PolyriskError(f"No DAG is called `{feed}`.", remedy=f"Loaded are {', '.join(self.feeds)}.")
        self._error = None
        run = self._dags[feed].test(logical_date=to_utc(at))
        if run.state == "success":
            return
        if isinstance(self._error, PolyriskError):
            raise self._error
        raise PolyriskError(f"The DAG run ended as {run.state}: {self._error!r}.", where=f"{feed} at {at.isoformat()}") from self._error

    def _failed(self, context: Mapping[str, Any]) -> None:
        self._error = context.get("exception")


def _enter(environment: dict[str, str]) -> None:
    """Put Airflow's settings into the environment, before it is imported."""
    imported = "airflow" in sys.modules
    other = [name for name, value in environment.items() if os.environ.get(name) != value]
    if imported and other:
        raise PolyriskError(
            f"Airflow was imported in this process with other settings ({', '.join(other)}).",
            remedy="Run one case in each process.",
        )
    os.environ.update(environment)


def _load(dags: Path) -> dict[str, Any]:
    """Make the database, load the DAGs and write them into it."""
    from airflow.dag_processing.bundles.manager import DagBundlesManager
    from airflow.dag_processing.dagbag import BundleDagBag, sync_bag_to_db
    from airflow.utils.db import upgradedb

    logging.getLogger("alembic").setLevel(logging.WARNING)
    upgradedb()
    manager: Any = cast(Any, DagBundlesManager)()
    manager.sync_bundles_to_db()
    (bundle,) = manager.get_all_dag_bundles()
    bundle.initialize()
    bag = BundleDagBag(dag_folder=bundle.path, bundle_path=bundle.path, bundle_name=bundle.name)
    if bag.import_errors:
        what = "; ".join(f"{file}: {error}" for file, error in bag.import_errors.items())
        raise PolyriskError(f"DAGs cannot be loaded: {what}", where=str(dags))
    sync_bag_to_db(bag, bundle.name, bundle.version)
    # A test run reads all bundles again each time. They were just read, so from here on there is none to read.
    os.environ[_BUNDLES] = "[]"
    return dict(bag.dags)
