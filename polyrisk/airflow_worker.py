"""The process in which Airflow runs the DAGs of a case one after another. Started by `polyrisk.airflow_runner`, and spoken to in lines.

Each line of its input is a `Wanted` as JSON, and is answered by one line: first the DAGs that were loaded, then an `Ended` for each run.
Airflow's settings are in the environment before this module is started, because Airflow reads them when it is first imported.
"""

import logging
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

from pydantic import AwareDatetime, BaseModel

from schemas.errors import FetchError, PolyriskError

_BUNDLES = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"


class Wanted(BaseModel):
    """A run that is asked for: which DAG, as of which moment."""

    dag: str
    at: AwareDatetime


class Problem(BaseModel):
    """An error as it is handed from process to process. `fetch`: the source gave no delivery."""

    what: str
    where: str = ""
    remedy: str = ""
    fetch: bool = False


class Loaded(BaseModel):
    """The DAGs that were loaded, or why they were not."""

    dags: tuple[str, ...] = ()
    problem: Problem | None = None


class Ended(BaseModel):
    """How a run ended; no problem if it succeeded."""

    problem: Problem | None = None


class Runs:
    """The DAGs of a folder, loaded by path, and their runs in this process.

    Raises:
        PolyriskError: a DAG cannot be loaded.
    """

    def __init__(self, dags: Path) -> None:
        self.dags = _load(dags)
        self._error: BaseException | None = None
        for dag in self.dags.values():
            for task in dag.tasks:
                # A run of a case tells at once how it went, and is asked again at the case's next hour. Nobody here waits for assets.
                task.retries = 0
                task.outlets = []
                task.on_failure_callback = [self._failed]

    def run(self, wanted: Wanted) -> Ended:
        """Run a DAG once, recorded in Airflow's own database, with the moment as its logical date."""
        self._error = None
        if wanted.dag not in self.dags:
            return Ended(problem=Problem(what=f"No DAG is called `{wanted.dag}`.", remedy=f"Loaded are {', '.join(sorted(self.dags))}."))
        run = self.dags[wanted.dag].test(logical_date=wanted.at)
        if run.state == "success":
            return Ended()
        if isinstance(self._error, PolyriskError):
            return Ended(problem=_problem_of(self._error))
        return Ended(problem=Problem(what=f"The DAG run ended as {run.state}: {self._error!r}.", where=wanted.dag))

    def _failed(self, context: Mapping[str, Any]) -> None:
        self._error = context.get("exception")


def _problem_of(error: PolyriskError) -> Problem:
    return Problem(what=error.what, where=error.where, remedy=error.remedy, fetch=isinstance(error, FetchError))


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


def main(dags: Path) -> None:
    """Answer each line of the input until it ends. What Airflow prints goes to the error output, so that only answers are answers."""
    with os.fdopen(os.dup(1), "w", encoding="utf-8") as answers:
        os.dup2(2, 1)

        def answer(what: BaseModel) -> None:
            answers.write(what.model_dump_json() + "\n")
            answers.flush()

        try:
            runs = Runs(dags)
        except PolyriskError as error:
            answer(Loaded(problem=_problem_of(error)))
            return
        answer(Loaded(dags=tuple(sorted(runs.dags))))
        for line in sys.stdin:
            answer(runs.run(Wanted.model_validate_json(line)))


if __name__ == "__main__":
    main(Path(sys.argv[1]))
