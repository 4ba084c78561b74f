"""The demonstration: three recorded disasters lived through again, and what people would have been told, in order of time.

While the cases run this process only waits, so it imports what tells their stories when they have ended.
"""

import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from rich.console import Console

from eventlog.state import environment
from polyrisk.airflow_runner import AirflowRunner
from polyrisk.defaults import CASES, PORT, SUBSCRIBERS
from polyrisk.progress import bars

LONGEST = "ditwah-2025"
"""The case that ends last; the others take what it leaves of the machine."""


def run(state: Path, out: Console, *, serve: bool = False, port: int = PORT) -> int:
    """Live through all cases at once, each in a process of its own, then tell their stories. Answers the exit code."""
    begun = time.monotonic()
    out.print(
        "[bold]Polyrisk demonstration[/]: recorded figures, real parts; only the sources' servers and the SMS provider are stand-ins here."
    )
    out.print(
        "Nobody signed: two roles sign as a demonstration. People are made up, numbers under +999. Prices are invented. Texts are drafts.\n"
    )
    failed = _live_through(state, out)
    for name in failed:
        out.print(f"[red]{name} ended badly[/]; see {state / name.rpartition('/')[2]}.log")
    if failed:
        return 1
    from eventlog.log import open_log
    from polyrisk.loading import load
    from polyrisk.telling import serve_console, show_page, tell

    unmet = 0
    for name in CASES:
        case, country = load(name)
        log = open_log(f"sqlite:///{state / case.name / 'log.db'}")
        try:
            unmet += tell(case, country, log, out, SUBSCRIBERS[case.name])
            if case.name == "ditwah-2025":
                page = show_page(log, country, case, port, out)
        finally:
            log.close()
    out.print(f"\nThe console page answered at {page} ({time.monotonic() - begun:.0f} s in all). To look at it: [bold]make console[/]")
    if serve and not unmet:
        case, country = load(CASES[0])
        serve_console(state / case.name, country, port, case.title)
    return 1 if unmet else 0


def _live_through(state: Path, out: Console) -> list[str]:
    """Run every case as a process, two at a time; the names of those that failed."""
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    with (
        AirflowRunner(state) as airflow,
        environment(airflow.shared_by),
        bars(out) as progress,
        ThreadPoolExecutor(max_workers=2) as pool,
    ):
        tasks = {name: progress.add_task(name, total=1.0, start=False) for name in CASES}

        def live(name: str) -> int:
            progress.start_task(tasks[name])
            return _one(name, state / name.rpartition("/")[2], lambda share: progress.update(tasks[name], completed=share))

        return [name for name, code in zip(CASES, pool.map(live, CASES), strict=True) if code != 0]


def _one(name: str, folder: Path, tell: Callable[[float], None]) -> int:
    """Run one case in a process of its own and answer its exit code; what it complains of goes to a file beside its folder."""
    command = [sys.executable, "-m", "polyrisk", "case", name, "--state", str(folder), "--json"]
    command += ["--subscribers", str(SUBSCRIBERS[folder.name])]
    with folder.with_suffix(".log").open("wb") as complaints:
        # The command is made of constants, this interpreter's path and a folder.
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=complaints, text=True) as process:  # noqa: S603
            # All wait for Airflow, and in the end for the longest case.
            os.setpriority(os.PRIO_PROCESS, process.pid, 5 if folder.name == LONGEST else 10)
            for line in process.stdout or ():
                tell(json.loads(line).get("done", 1.0))
        return process.returncode
