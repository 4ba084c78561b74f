"""Two hundred people at the consoles of seven countries with 5,000 areas and a year of warnings, on this machine.

`python -m benchmarks.console [--days 365] [--seconds 120] [--people 200] [--one]`. The year is lived through by the product's own parts
(`benchmarks.region`), which takes minutes and is kept under `var/bench`, with what a console that has been running has kept of it. Then
seven consoles run as an operator starts them, a minute passes every ten seconds, and people look from a process of their own. With `--one`
all look at the largest country alone.

A page's time is what the console says of it (`Server-Timing`: from the request's first line until its answer begins, waiting for a thread
included), and beside it how long the person waited until the last byte, on loopback. Held against the bars only if no more processes
waited than there are cores.
"""

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from benchmarks.backtest import VAR
from benchmarks.compound.report import facts
from benchmarks.compound.watching import CHECKOUT
from benchmarks.region.consoles import MINUTE_S, Console, Started, Time, ended, signed_in
from benchmarks.region.countries import SIZES, Size
from benchmarks.region.past import kept_of
from benchmarks.region.people import Look, Plan
from benchmarks.region.sky import END
from benchmarks.region.year import made
from eventlog.log import open_log
from eventlog.state import log_url
from schemas.topics import TOPICS

BAR_MS, BAR_MB, BAR_START_S = 100.0, 250.0, 10.0
DAYS, PEOPLE, SECONDS, WARM_S = 365, 200, 120.0, 30.0


def main() -> None:
    """Measure, print, and leave what was measured."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--days", type=int, default=DAYS)
    parser.add_argument("--people", type=int, default=PEOPLE)
    parser.add_argument("--seconds", type=float, default=SECONDS)
    parser.add_argument("--one", action="store_true", help="all look at the largest country")
    asked = parser.parse_args()
    VAR.mkdir(parents=True, exist_ok=True)
    kept = made(VAR, asked.days)
    sizes = [max(SIZES, key=lambda size: size.areas)] if asked.one else list(SIZES)
    kept_of(kept, sizes)
    with TemporaryDirectory(dir=VAR) as folder:
        root = Path(folder) / "region"
        shutil.copytree(kept, root)
        told = _measured(root, sizes, asked)
    _show(told)
    where = CHECKOUT / "benchmarks" if (asked.days, asked.people) == (DAYS, PEOPLE) else VAR
    name = "console-one.json" if asked.one else "console.json"
    (where / name).write_text(f"{json.dumps(told, indent=1, ensure_ascii=False)}\n", "utf-8")


def _measured(root: Path, sizes: Sequence[Size], asked: argparse.Namespace) -> dict[str, Any]:
    load, cores = os.getloadavg()[0], len(os.sched_getaffinity(0))
    shares = [asked.people // len(sizes) + (n < asked.people % len(sizes)) for n in range(len(sizes))]
    cookies = [signed_in(root, size, share) for size, share in zip(sizes, shares, strict=True)]
    held = {topic: sum(_held(root, size, topic) for size in sizes) for topic in TOPICS}
    consoles: list[Console] = []
    with ended(consoles):
        starts = []
        for size, own in zip(sizes, cookies, strict=True):  # one after the other, as a service manager would after a power cut
            consoles.append(Console(root, size))
            starts.append(consoles[-1].started(own[0]))
        calm = [console.memory_mb() for console in consoles]
        with Time(root, sizes, asked.days):
            plan = Plan(
                people=[(console.address, cookie) for console, own in zip(consoles, cookies, strict=True) for cookie in own],
                earlier=[f"{END - timedelta(hours=hours):%Y-%m-%dT%H:%M}Z" for hours in (1, 6)],
                warm_s=WARM_S,
                measured_s=asked.seconds,
            )
            before, begun = sum(console.cpu_s() for console in consoles), time.monotonic()
            looks = _people(plan)
            cpu = (sum(console.cpu_s() for console in consoles) - before) / (time.monotonic() - begun)
        memory = [console.memory_mb() for console in consoles]
    told = facts(datetime.now(UTC), rounds=1) | {"load before": round(load, 1), "load after": round(os.getloadavg()[0], 1)}
    told |= {"days": asked.days, "people": asked.people, "seconds": asked.seconds, "a minute passes in s": MINUTE_S, "records": held}
    told |= {"pages": {kind: _page(part) for kind, part in _by_page(looks)}, "looks a second": round(len(looks) / asked.seconds, 1)}
    told |= {"errors": sum(not _is_well(look) for look in looks), "cores": round(cpu, 2)}
    told |= {"consoles": {s.name: _console(*of) for s, *of in zip(sizes, starts, calm, memory, strict=True)}}
    told |= {"CPU ms a page": round(1000 * cpu * asked.seconds / max(len(looks), 1), 1)}  # tells more than the clock on a busy machine
    told |= {"areas": sum(size.areas for size in sizes), "PSS of all, MB": round(sum(pss for _, pss in memory))}
    return told | {"reached": _reached(told, starts) if load < cores else None}


def _held(root: Path, size: Size, topic: str) -> int:
    log = open_log(log_url(root / "state" / size.folder))
    try:
        return log.extent().ends.get((topic, size.folder.upper()), -1) + 1
    finally:
        log.close()


def _people(plan: Plan) -> list[Look]:
    command = [sys.executable, "-m", "benchmarks.region.people"]
    said = subprocess.run(command, cwd=CHECKOUT, input=json.dumps(asdict(plan)), capture_output=True, text=True, check=True).stdout
    return [Look(**json.loads(line)) for line in said.splitlines()]


def _is_well(look: Look) -> bool:
    """A message that somebody signed meanwhile waits no more: that is an answer, not an error."""
    return look.status in (200, 304)


def _by_page(looks: Sequence[Look]) -> Iterable[tuple[str, list[Look]]]:
    counted = Counter(look.page for look in looks)
    for kind, _ in counted.most_common():
        yield kind, [look for look in looks if look.page == kind]
    yield "all", list(looks)


def _page(looks: Sequence[Look]) -> dict[str, Any]:
    server = sorted(look.server_ms for look in looks if look.server_ms is not None)
    here = sorted(look.here_ms for look in looks)
    told: dict[str, Any] = {"looks": len(looks), "errors": sum(not _is_well(look) for look in looks)}
    told |= {"unchanged": sum(look.status == 304 for look in looks)}
    for name, times in (("server ms", server), ("person ms", here)):
        told |= {name: {"p50": _at(times, 0.5), "p95": _at(times, 0.95), "most": _at(times, 1.0)}}
    return told


def _at(times: Sequence[float], share: float) -> float | None:
    return round(times[min(int(share * len(times)), len(times) - 1)], 1) if times else None


def _console(start: Started, calm: tuple[float, float], after: tuple[float, float]) -> dict[str, Any]:
    told: dict[str, Any] = {
        "any page, s": round(start.said_s, 1),
        "first page, s": round(start.first_page_s, 1),
        "all judged, s": round(start.judged_s, 1),
    }
    return told | {"RSS before, MB": round(calm[0]), "RSS, MB": round(after[0]), "PSS, MB": round(after[1])}


def _reached(told: dict[str, Any], starts: Sequence[Started]) -> dict[str, bool]:
    """Each bar, and whether it was reached."""
    return {
        f"p95 of all pages under {BAR_MS:g} ms at the server": (told["pages"]["all"]["server ms"]["p95"] or 0) < BAR_MS,
        "no error": told["errors"] == 0,
        f"each console under {BAR_MB:g} MB resident": all(one["RSS, MB"] < BAR_MB for one in told["consoles"].values()),
        f"first page within {BAR_START_S:g} s of a start": all(start.first_page_s < BAR_START_S for start in starts),
    }


def _show(told: dict[str, Any]) -> None:
    print(f"{told['areas']:,} areas, {told['records']['warnings']:,} records of warnings, {told['records']['input']:,} of input")
    print(
        f"{told['people']} people, {told['looks a second']} pages a second, load {told['load before']} before, {told['load after']} after"
    )
    print(f"{'page':>9} {'looks':>6} {'304':>5} {'errors':>6}   server ms p50    p95   most   person ms p50    p95   most")
    for kind, page in told["pages"].items():
        server, person = ([f"{page[who][what] or 0:6.0f}" for what in ("p50", "p95", "most")] for who in ("server ms", "person ms"))
        counts = f"{kind:>9} {page['looks']:6} {page['unchanged']:5} {page['errors']:6}"
        print(f"{counts}  {server[0]:>14} {' '.join(server[1:])}  {person[0]:>14} {' '.join(person[1:])}")
    for name, one in told["consoles"].items():
        print(f"{name}: " + ", ".join(f"{what} {value}" for what, value in one.items()))
    print(f"PSS of all consoles {told['PSS of all, MB']} MB; they took {told['cores']} cores, {told['CPU ms a page']} ms of CPU a page")
    for bar, reached in (told["reached"] or {}).items():
        print(f"{'reached' if reached else 'NOT reached'}: {bar}")
    if told["reached"] is None:
        print("not held against the bars: the machine was not calm")


if __name__ == "__main__":
    main()
