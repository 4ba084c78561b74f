"""Airflow in a process of its own, so that its settings never meet those of another test. Answers in one line of JSON.

    python airflow_process.py load | python airflow_process.py run FEED=MOMENT...

`POLYRISK_STATE` names the folder of the state. `load` reads the folder of DAGs; `run` runs feeds' DAGs, each at its moment.
"""

import json
import os
import sys
import time
from datetime import datetime
from pathlib import Path
from typing import Any

from polyrisk.airflow_runner import DAGS, AirflowRunner, settings
from schemas.errors import PolyriskError

STATE = Path(os.environ["POLYRISK_STATE"])
HEAVY = ("pandas", "xarray", "pyarrow", "numpy", "scipy", "shapely")


def load() -> dict[str, Any]:
    """What Airflow makes of the folder of DAGs."""
    os.environ.update(settings(STATE / "airflow"))
    from airflow.dag_processing.dagbag import BundleDagBag

    before = set(sys.modules)
    started = time.process_time()
    bag = BundleDagBag(dag_folder=DAGS, bundle_path=DAGS, bundle_name="dags-folder")
    return {
        "dags": {name: described(dag) for name, dag in bag.dags.items()},
        "errors": dict(bag.import_errors),
        "seconds": time.process_time() - started,
        "heavy": sorted({name.partition(".")[0] for name in set(sys.modules) - before} & set(HEAVY)),
    }


def described(dag: Any) -> dict[str, Any]:
    """What a test asks of a DAG."""
    (task,) = dag.tasks
    timetable = dag.timetable
    return {
        "every": getattr(timetable, "delta", None) and timetable.delta.total_seconds(),
        "waits_for": sorted(asset.name for asset in timetable.asset_condition.objects) if timetable.asset_condition else [],
        "catchup": dag.catchup,
        "max_active_runs": dag.max_active_runs,
        "page": dag.doc_md,
        "retries": task.retries,
        "backs_off": bool(task.retry_exponential_backoff),
        "pool": task.pool,
        "updates": [asset.name for asset in task.outlets],
    }


def run(*runs: str) -> list[str]:
    """How each run ended."""
    runner = AirflowRunner(STATE)
    ends = []
    for feed, _, moment in (asked.partition("=") for asked in runs):
        try:
            runner.run(feed, datetime.fromisoformat(moment))
            ends.append("success")
        except PolyriskError as error:
            ends.append(f"{type(error).__name__}: {error}")
    return ends


if __name__ == "__main__":
    answer = {"load": load, "run": run}[sys.argv[1]](*sys.argv[2:])
    print(json.dumps(answer))
