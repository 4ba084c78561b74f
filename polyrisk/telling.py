"""What a case that was lived through has to tell: its warnings in order of time, their reasons, and what had to be warned."""

from collections.abc import Iterator
from pathlib import Path

import httpx
import uvicorn
from rich.console import Console

from console.pages import create_app
from eventlog.log import EventLog, open_log
from feeds.cases import Case
from polyrisk.explain import event_tree, events_of, tree_of
from polyrisk.serving import Serving
from polyrisk.story import events_said, judge, lines_of, warnings_said
from schemas.country_files import LoadedCountry
from schemas.outputs import EventChange
from schemas.warning_records import Warning

COMPOUND = "river_and_landslide"
AFTERWARDS = "flood_then_dengue"
ALL_THREE = "three_at_once"


def tell(case: Case, country: LoadedCountry, log: EventLog, out: Console, subscribers: int) -> int:
    """Print a case's story; answers how many of its expectations were not met."""
    out.rule(f"[bold]{case.title}")
    out.print(f"[dim]{subscribers:,} people made up by seed[/]")
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


def show_page(log: EventLog, country: LoadedCountry, case: Case, port: int, out: Console) -> str:
    """Serve the page once, to be sure that it stands, and answer its address."""
    with Serving(create_app(log, country, title=case.title), port) as serving:
        answer = httpx.get(serving.url, timeout=60)
        answer.raise_for_status()
        out.print(f"\nThe console page: {len(answer.content) / 1024:.0f} KB at {serving.url}")
        return serving.url


def serve_console(state: Path, country: LoadedCountry, port: int, title: str) -> None:
    """Serve the page of what lies in a folder until Ctrl-C."""
    log = open_log(f"sqlite:///{state / 'log.db'}")
    uvicorn.run(create_app(log, country, title=title), host="127.0.0.1", port=port, log_level="warning")


def _worth_explaining(said: list[Warning]) -> Iterator[Warning]:
    """One warning of each kind that this project exists for: hazards at once in the hills, and in the capital, whose market has fallen
    silent; one after the other; and all three dimensions."""
    for rule, area in ((COMPOUND, "LK21"), (COMPOUND, "LK11"), (AFTERWARDS, ""), (ALL_THREE, "")):
        first = next((w for w in said if w.rule == rule and w.message_type == "Alert" and area in ("", w.area)), None)
        if first is not None:
            yield first
