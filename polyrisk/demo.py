"""The demonstration: three recorded disasters lived through again, and what people would have been told, in order of time."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta
from pathlib import Path

import httpx
import uvicorn
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeElapsedColumn

from console.pages import create_app
from eventlog.log import EventLog, open_log
from feeds.cases import Case
from polyrisk.airflow_runner import AirflowRunner
from polyrisk.case_run import CaseRun, DirectFetch
from polyrisk.explain import event_tree, events_of, tree_of
from polyrisk.serving import Serving
from polyrisk.story import events_said, judge, lines_of, warnings_said
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.errors import ConfigurationError
from schemas.records import EventChange, Warning

STATE = Path("var/demo")
PORT = 8450
CASES = ("lka/ditwah-2025", "lka/colombo-2023", "npl/trishuli-2026")
STEPS = {"ditwah-2025": timedelta(hours=1), "colombo-2023": timedelta(hours=6), "trishuli-2026": timedelta(minutes=10)}
"""How far the clock moves at a time: an hour in a storm, less among gauges that report every ten minutes, more over half a year."""
SUBSCRIBERS = {"ditwah-2025": 20_000, "colombo-2023": 2_000, "trishuli-2026": 2_000}
"""How many synthetic people each case has; the storm is the one that shows the load."""
COMPOUND = "river_and_landslide"
AFTERWARDS = "flood_then_dengue"
ALL_THREE = "three_at_once"


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
    unmet = 0
    for name in CASES:
        case, country = _load(name)
        log = open_log(f"sqlite:///{state / case.name / 'log.db'}")
        try:
            unmet += _tell(case, country, log, out)
            if case.name == "ditwah-2025":
                page = _show_page(log, country, case, port, out)
        finally:
            log.close()
    out.print(f"\nThe console page answered at {page} ({time.monotonic() - begun:.0f} s in all). To look at it: [bold]make console[/]")
    if serve and not unmet:
        serve_console(state / "ditwah-2025", country=_load(CASES[0])[1], port=port, title=_load(CASES[0])[0].title)
    return 1 if unmet else 0


def run_case(
    name: str, state: Path, out: Console, *, airflow: bool, silences: Mapping[str, datetime], subscribers: int, as_json: bool
) -> int:
    """Live through one case in this process. With `as_json` each step is a line for programs."""
    case, country = _load(name)
    shutil.rmtree(state, ignore_errors=True)
    runner: list[AirflowRunner] = []

    def fetch() -> AirflowRunner | DirectFetch:
        if not airflow:
            return DirectFetch()
        runner.append(AirflowRunner(state))
        return runner[0]

    lived = CaseRun(case, country, state, fetch, step=STEPS.get(case.name, timedelta(hours=1)), subscribers=subscribers)
    for feed, since in silences.items():
        lived.silence(feed, since)
    try:
        if as_json:
            lived.run(lambda now: print(json.dumps({"at": now.isoformat(), "done": _share(case, now)}), flush=True))
        else:
            with _progress(out) as progress:
                task = progress.add_task(case.name, total=1.0)
                lived.run(lambda now: progress.update(task, completed=_share(case, now)))
    finally:
        for started in runner:
            started.close()
    tally = lived.tally
    if as_json:
        print(json.dumps({"fetched": tally.fetched, "failed": tally.failed, "sent": tally.sent}), flush=True)
        return 0
    log = open_log(f"sqlite:///{state / 'log.db'}")
    try:
        return 1 if _tell(case, country, log, out) and not silences else 0
    finally:
        log.close()


def serve_console(state: Path, country: LoadedCountry, port: int, title: str) -> None:
    """Serve the page of what lies in a folder until Ctrl-C."""
    log = open_log(f"sqlite:///{state / 'log.db'}")
    uvicorn.run(create_app(log, country, title=title), host="127.0.0.1", port=port, log_level="warning")


def _load(name: str) -> tuple[Case, LoadedCountry]:
    country, _, case = name.partition("/")
    folder = countries_root() / country / "cases" / case
    if not (folder / "case.yaml").exists():
        known = ", ".join(f"{p.parts[-4]}/{p.parts[-2]}" for p in sorted(countries_root().glob("*/cases/*/case.yaml")))
        raise ConfigurationError(f"There is no case `{name}`.", remedy=f"Known are {known}.")
    return Case.load(folder), load_country(countries_root() / country)


def _live_through(state: Path, out: Console) -> list[str]:
    """Run every case as a process, two at a time; the names of those that failed."""
    shutil.rmtree(state, ignore_errors=True)
    state.mkdir(parents=True)
    with _progress(out) as progress, ThreadPoolExecutor(max_workers=2) as pool:
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
            for line in process.stdout or ():
                tell(json.loads(line).get("done", 1.0))
        return process.returncode


def _progress(out: Console) -> Progress:
    return Progress(TextColumn("{task.description:16}"), BarColumn(), TaskProgressColumn(), TimeElapsedColumn(), console=out)


def _share(case: Case, now: datetime) -> float:
    return (now - case.start) / (case.end - case.start)


def _tell(case: Case, country: LoadedCountry, log: EventLog, out: Console) -> int:
    """Print a case's story; answers how many of its expectations were not met."""
    out.rule(f"[bold]{case.title}")
    if case.name in SUBSCRIBERS:
        out.print(f"[dim]{SUBSCRIBERS[case.name]:,} people made up by seed[/]")
    said = warnings_said(log)
    for warning in said:
        for line in lines_of(warning, country, case.outcomes):
            out.print(line)
    for event in events_said(log):
        if event.change is EventChange.FOUND_AFTERWARDS and event.rule == ALL_THREE:
            out.print("\n[bold]Found afterwards, when it was over[/]: recorded and shown, nobody is warned")
            out.print(event_tree(event, country), soft_wrap=False)
    for warning in _worth_explaining(said):
        out.print(f"\n[bold]Why?[/] polyrisk explain {warning.id}")
        out.print(tree_of(warning, events_of(log, warning.event), country), soft_wrap=False)
    out.print(f"\n[bold]What had to be warned, and what not[/] ({case.name})")
    judged = judge(case, events_said(log))
    for one in judged:
        out.print(f"  {'[green]met[/]    ' if one.met else '[red]NOT MET[/]'} {one.text}")
    return sum(not one.met for one in judged)


def _worth_explaining(said: list[Warning]) -> Iterator[Warning]:
    """One warning of each kind that this project exists for: hazards at once, one after the other, and all three dimensions."""
    for rule in (COMPOUND, AFTERWARDS, ALL_THREE):
        first = next((w for w in said if w.rule == rule and w.message_type == "Alert" and (rule != COMPOUND or w.area == "LK21")), None)
        if first is not None:
            yield first


def _show_page(log: EventLog, country: LoadedCountry, case: Case, port: int, out: Console) -> str:
    """Serve the page once, to be sure that it stands, and answer its address."""
    with Serving(create_app(log, country, title=case.title), port) as serving:
        answer = httpx.get(serving.url, timeout=60)
        answer.raise_for_status()
        out.print(f"\nThe console page: {len(answer.content) / 1024:.0f} KB at {serving.url}")
        return serving.url
