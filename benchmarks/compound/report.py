"""What is left of a run: `results.json`, a table in Markdown, a picture."""

import json
import os
import platform
import subprocess
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import Any

import psutil

from benchmarks.compound.figures import Figure
from benchmarks.compound.measures import Run
from benchmarks.compound.picture import Picture
from benchmarks.compound.watching import CHECKOUT

_NOTHING = "–"
_CURVE = 60
"""Points of a curve of latencies."""
Scale = Sequence[tuple[str, float, float]]
"""(what grew, how many times, CPU microseconds a reading)."""


def write(folder: Path, stem: str, runs: Sequence[Run], figures: Sequence[Figure], scale: Scale, rounds: int) -> None:
    """Write `<stem>.json`, `<stem>.md` and `<stem>.svg`."""
    folder.mkdir(parents=True, exist_ok=True)
    made = datetime.now(UTC)
    told = facts(made, rounds)
    content = {
        **told,
        "figures": [figure.as_json() for figure in figures],
        "scale": [{"what": what, "times": times, "cpu_us_a_reading": cost} for what, times, cost in scale],
        "runs": [{**run.as_json(), "latencies_ms": _few(run.latencies_ms)} for run in runs],
    }
    (folder / f"{stem}.json").write_text(json.dumps(content, indent=1, ensure_ascii=False) + "\n", "utf-8")
    (folder / f"{stem}.md").write_text(table(runs, figures, told, f"{stem}.svg"), "utf-8")
    (folder / f"{stem}.svg").write_text(picture(runs, scale, made), "utf-8")


def kept(folder: Path, stem: str) -> tuple[list[Run], int]:
    """The runs of an earlier report, with as many latencies of each as its picture shows, and of how many rounds they are.

    Raises:
        FileNotFoundError: there is none.
    """
    content = json.loads((folder / f"{stem}.json").read_text("utf-8"))
    return [Run(**run) for run in content["runs"]], content["rounds"]


def _few(waits: Sequence[float]) -> list[float]:
    """Latencies in their order, at evenly spaced shares of the alerts."""
    return [round(waits[round(n * (len(waits) - 1) / _CURVE)], 1) for n in range(_CURVE + 1)] if len(waits) > _CURVE else list(waits)


def facts(made: datetime, rounds: int) -> dict[str, Any]:
    """When, of what, on what."""
    revision = subprocess.run(["git", "rev-parse", "--short", "HEAD"], cwd=CHECKOUT, capture_output=True, text=True, check=False)
    memory = psutil.virtual_memory().total / 2**30
    return {
        "made": made.isoformat(timespec="seconds"),
        "revision": revision.stdout.strip(),
        "machine": f"{os.cpu_count()} cores, {memory:.0f} GiB, {platform.system()}, Python {platform.python_version()}",
        "rounds": rounds,
    }


def table(runs: Sequence[Run], figures: Sequence[Figure], facts: Mapping[str, Any], picture_name: str) -> str:
    """The Markdown."""
    lines = [
        "# Compound detection, measured",
        "",
        f"{facts['made']}, revision {facts['revision']}; {facts['machine']}; {facts['rounds']} round(s), columns interleaved, medians.",
        "What is done and how it is measured: [README.md](compound/README.md).",
        "",
        f"![Readings a second, latencies, cost against scale]({picture_name})",
        "",
        "| what must be shown | measured | bar | reached | how |",
        "| --- | --- | --- | --- | --- |",
        *(figure_line(figure) for figure in figures),
        "",
        "| column | variant | answer | readings/s min / median / max | start s | CPU-s | broker CPU-s | RSS MB | p50 / p99 ms |",
        "| --- | --- | --- | --- | --- | --- | --- | --- | --- |",
        *(_column_line(column, variant, runs) for column, variant in dict.fromkeys((run.column, run.variant) for run in runs)),
        "",
    ]
    return "\n".join(lines)


def figure_line(figure: Figure) -> str:
    """A figure as a line of the table."""
    value = f"{figure.value:,.4g} {figure.unit}".strip() if figure.value is not None else _NOTHING
    reached = {True: "yes", False: "**no**", None: _NOTHING}[figure.reached]
    return f"| {figure.name} | {value} | {figure.bar} {figure.unit}".rstrip() + f" | {reached} | {figure.how} |"


def _column_line(column: str, variant: str, runs: Sequence[Run]) -> str:
    mine = [run for run in runs if (run.column, run.variant) == (column, variant)]
    wrong = [
        f"{run.missing} missing, {run.wrong} too many, {run.repeats} twice; {run.note}".removesuffix("; ") for run in mine if not run.ok
    ]
    answer = f"{len(mine) - len(wrong)} of {len(mine)}" + (f" ({wrong[0]})" if wrong else "")
    speeds = sorted(run.readings_s for run in mine if run.readings_s is not None)
    speed = " / ".join(f"{one:,.0f}" for one in (speeds[0], median(speeds), speeds[-1])) if speeds else _NOTHING
    wait = f"{_middle(mine, lambda r: r.p50_ms)} / {_middle(mine, lambda r: r.p99_ms)}"
    cells = (
        column,
        variant,
        answer,
        speed,
        _middle(mine, lambda r: r.start_s),
        _middle(mine, lambda r: r.cpu_s),
        _middle(mine, lambda r: r.broker_cpu_s),
        _middle(mine, lambda r: r.rss_mb),
        wait,
    )
    return f"| {' | '.join(cells)} |"


def _middle(runs: Sequence[Run], value: Callable[[Run], float | None]) -> str:
    known = [one for run in runs if (one := value(run)) is not None]
    return f"{median(known):,.4g}" if known else _NOTHING


def picture(runs: Sequence[Run], scale: Scale, made: datetime) -> str:
    """The SVG."""
    drawn = Picture(f"Compound detection, {made:%Y-%m-%d}")
    speeds: dict[str, list[float]] = {}
    for run in runs:
        if run.readings_s is not None:
            speeds.setdefault(f"{run.column} ({run.variant})", []).append(run.readings_s)
    drawn.bars("Readings a second, median (logarithmic)", [(name, median(s), f"{median(s):,.0f}") for name, s in speeds.items()])
    drawn.lines("Latency at 2,000 readings/s", "milliseconds", "share of alerts", _waits(runs))
    costs: dict[str, list[tuple[float, float]]] = {}
    for what, times, cost in scale:
        costs.setdefault(what, []).append((times, cost))
    drawn.lines("Cost against scale", "times as many", "CPU microseconds a reading", list(costs.items()))
    return drawn.svg()


def _waits(runs: Sequence[Run]) -> list[tuple[str, list[tuple[float, float]]]]:
    """For each column the share of alerts that could be read within so many milliseconds; of the peers two points are known."""
    curves: dict[str, list[tuple[float, float]]] = {}
    for run in runs:
        if run.column in curves or run.p50_ms is None or run.p99_ms is None:
            continue
        waits = _few(run.latencies_ms)
        if waits:
            curves[run.column] = [(max(wait, 0.1), place / (len(waits) - 1)) for place, wait in enumerate(waits)]
        else:
            curves[run.column] = [(run.p50_ms, 0.5), (run.p99_ms, 0.99)]
    return list(curves.items())
