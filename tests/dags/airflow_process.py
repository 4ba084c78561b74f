"""What Airflow makes of our folder of DAGs, found out in a process of its own and answered in one line of JSON.

python airflow_process.py HOME
"""

import json
import os
import sys
import time
from pathlib import Path
from typing import Any

from polyrisk.airflow_runner import DAGS, settings

HEAVY = ("pandas", "xarray", "pyarrow", "numpy", "scipy", "shapely")


def load(home: Path) -> dict[str, Any]:
    """What Airflow makes of the folder of DAGs."""
    os.environ.update(settings(home))
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


if __name__ == "__main__":
    print(json.dumps(load(Path(sys.argv[1]))))
