"""One case lived through in this process: what `polyrisk case` does."""

import json
import shutil
from collections.abc import Mapping
from datetime import datetime, timedelta
from pathlib import Path

from rich.console import Console

from eventlog.log import open_log
from feeds.cases import Case
from polyrisk.airflow_runner import AirflowRunner, AirflowRuns, airflow_of
from polyrisk.case_run import CaseRun, DirectFetch
from polyrisk.loading import load
from polyrisk.progress import bars
from processors.garbage import look_less_often

STEPS = {"colombo-2023": timedelta(hours=6), "quiet-2025": timedelta(hours=12), "trishuli-2026": timedelta(minutes=10)}
"""How far the clock moves at a time, where it is not an hour: less among gauges that report every ten minutes, more over half a year."""


def run_case(
    name: str, state: Path, out: Console, *, airflow: bool, silences: Mapping[str, datetime], subscribers: int, as_json: bool
) -> int:
    """Live through one case in this process. With `as_json` each step is a line for programs."""
    case, country = load(name)
    look_less_often()
    shutil.rmtree(state, ignore_errors=True)
    runner: list[AirflowRuns | AirflowRunner] = []

    def fetch() -> AirflowRuns | AirflowRunner | DirectFetch:
        if not airflow:
            return DirectFetch()
        runner.append(airflow_of(state))
        return runner[0]

    lived = CaseRun(case, country, state, fetch, step=STEPS.get(case.name, timedelta(hours=1)), subscribers=subscribers)
    for feed, since in silences.items():
        lived.silence(feed, since)
    try:
        if as_json:
            lived.run(lambda now: print(json.dumps({"at": now.isoformat(), "done": _share(case, now)}), flush=True))
        else:
            with bars(out) as progress:
                task = progress.add_task(case.name, total=1.0)
                lived.run(lambda now: progress.update(task, completed=_share(case, now)))
    finally:
        for started in runner:
            started.close()
    tally = lived.tally
    if as_json:
        print(json.dumps({"fetched": tally.fetched, "failed": tally.failed, "sent": tally.sent}), flush=True)
        return 0
    from polyrisk.telling import tell  # pages and trees, which a run for programs does without

    log = open_log(f"sqlite:///{state / 'log.db'}")
    try:
        return 1 if tell(case, country, log, out, subscribers) and not silences else 0
    finally:
        log.close()


def _share(case: Case, now: datetime) -> float:
    return (now - case.start) / (case.end - case.start)
