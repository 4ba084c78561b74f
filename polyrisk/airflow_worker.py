"""The process in which Airflow runs the DAGs of cases one after another. Started and spoken to by `polyrisk.airflow_runner`.

It listens on a port of the loopback interface, which is the first line it prints, and lets in who knows the key in `POLYRISK_AIRFLOW_KEY`.
Who comes in is told once which DAGs were loaded (`Loaded`); then each `Wanted` is answered by an `Ended`, all as JSON. Several cases may
ask at once; the least nice is served first, then who asked first. It ends when its standard input does.
Airflow's settings are in the environment before this module is started, because Airflow reads them when it is first imported.
"""

import contextlib
import logging
import os
import sys
import threading
from collections.abc import Mapping
from itertools import count
from multiprocessing import AuthenticationError
from multiprocessing.connection import Connection, Listener
from pathlib import Path
from queue import PriorityQueue
from typing import Any, NamedTuple, cast

from pydantic import AwareDatetime, BaseModel

from processors.garbage import look_less_often
from schemas.errors import FetchError, PolyriskError

KEY = "POLYRISK_AIRFLOW_KEY"
HOST = "127.0.0.1"
_BUNDLES = "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_CONFIG_LIST"


class Wanted(BaseModel):
    """A run that is asked for: which DAG, as of which moment.

    Attributes:
        environment: what of it is the asker's own (state, sources, clock).
        niceness: of the asker's process.
    """

    dag: str
    at: AwareDatetime
    environment: dict[str, str] = {}
    niceness: int = 0


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
        os.environ.update(wanted.environment)
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


class Asked(NamedTuple):
    """Something in the queue, in the order it is served.

    Attributes:
        connection: whom to answer; none: it is time to end. wanted: none asks which DAGs there are.
    """

    niceness: int
    place: int
    connection: Connection | None
    wanted: Wanted | None


Queue = PriorityQueue[Asked]
_places = count()
_FIRST, _LAST = -100, 100


def _listen(listener: Listener, queue: Queue) -> None:
    """Let in who knows the key, each heard in a thread of its own: runs are made in the main thread, as Airflow's time-outs want it."""
    while True:
        try:
            connection = listener.accept()
        except (AuthenticationError, ConnectionError):
            continue
        except OSError:
            return
        threading.Thread(target=_hear, args=(connection, queue), daemon=True).start()


def _hear(connection: Connection, queue: Queue) -> None:
    queue.put(Asked(_FIRST, next(_places), connection, None))
    with contextlib.suppress(EOFError, OSError):
        while True:
            wanted = Wanted.model_validate_json(connection.recv_bytes())
            queue.put(Asked(wanted.niceness, next(_places), connection, wanted))


def _wait_for_end(queue: Queue) -> None:
    sys.stdin.read()
    queue.put(Asked(_LAST, next(_places), None, None))


def main(dags: Path) -> None:
    """Answer until the input ends. What Airflow prints goes to the error output."""
    queue: Queue = PriorityQueue()
    with Listener((HOST, 0), authkey=os.environ[KEY].encode()) as listener:
        print(listener.address[1], flush=True)
        os.dup2(2, 1)
        for work in ((_listen, listener, queue), (_wait_for_end, queue)):
            threading.Thread(target=work[0], args=work[1:], daemon=True).start()
        loaded, runs = Loaded(), None
        try:
            runs = Runs(dags)
            loaded = Loaded(dags=tuple(sorted(runs.dags)))
            look_less_often()
        except PolyriskError as error:
            loaded = Loaded(problem=_problem_of(error))
        while (asked := queue.get()).connection is not None:
            answer = loaded if asked.wanted is None or runs is None else runs.run(asked.wanted)
            with contextlib.suppress(OSError):
                asked.connection.send_bytes(answer.model_dump_json().encode())


if __name__ == "__main__":
    main(Path(sys.argv[1]))
