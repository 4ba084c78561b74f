"""What can go wrong beside kills. Each fault harms the running laboratory, lets it go on for a while, and says what it did."""

import os
import signal
from collections.abc import Callable, Mapping
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import TYPE_CHECKING

from processes import Process
from wal_tail import tear

from schemas.errors import FencedError

if TYPE_CHECKING:
    from laboratory import Laboratory

WITHIN_S = 6.0
"""A take-over, and the end of one that was fenced, at the pace of a file."""


def clock_jump(laboratory: "Laboratory", chance: Random) -> str:
    """The host's clocks jump ahead or back by minutes or hours, until they are set right or jump again."""
    skew = timedelta(seconds=chance.choice([-1, 1]) * chance.choice([chance.uniform(30, 600), chance.uniform(600, 3 * 3600)]))
    stays = chance.random() < 0.3
    laboratory.sky.jump(skew)
    laboratory.run_for(chance.uniform(0.1, 0.6))
    if not stays:
        laboratory.sky.jump(timedelta(0))
    return f"the host's clocks were wrong by {skew}{', and stayed so' if stays else ''}"


def duplicate_fetch(laboratory: "Laboratory", chance: Random) -> str:
    """A second process fetches the same feed at the same time, and is killed."""
    processes = laboratory.processes
    processes.add("second ingest", "ingest", **processes.by_name["ingest"].settings)
    laboratory.run_for(chance.uniform(0.4, 1.2))
    processes.remove("second ingest")
    return "two fetched at once"


def zombie_processor(laboratory: "Laboratory", chance: Random) -> str:
    """The processor is stopped for longer than its session, another takes over; when it wakes it must be fenced and write nothing."""
    processes, within_s = laboratory.processes, WITHIN_S * laboratory.home.pace
    part = processes.by_name["processor"]
    laboratory.run_until(lambda: part.pid is not None and "holds" in part.said(), within_s)
    if part.pid is None:
        return "no processor was running"
    zombie = Process(part.role, part.settings, part.pid, output=part.output)
    os.kill(part.pid, signal.SIGSTOP)
    other = {"processor": "stand-by", "stand-by": "processor"}[part.settings["member"]]
    part.settings = {**part.settings, "member": other}
    processes.start("processor")
    taken = laboratory.run_until(lambda: "holds" in part.said(), within_s)
    laboratory.run_for(chance.uniform(0.1, 0.6) if taken else 0.0)
    os.kill(zombie.pid or 0, signal.SIGCONT)
    return _woken(laboratory, zombie, taken=taken)


def _woken(laboratory: "Laboratory", zombie: Process, *, taken: bool) -> str:
    """What became of a processor that was stopped. Inside a transaction of a file it keeps all others out until it wakes."""
    processes = laboratory.processes
    pid = zombie.pid or 0
    ended = taken and laboratory.run_until(lambda: processes.nursery.ended(pid) is not None, WITHIN_S * laboratory.home.pace)
    if not ended:
        os.kill(pid, signal.SIGKILL)
        processes.await_end(pid)
    if not taken:
        return "it was stopped inside a transaction, so nobody could take over"
    fenced = ended and FencedError.__name__ in zombie.said()
    if not fenced:
        processes.findings.append("a processor that woke after another had taken over was not fenced")
    return f"it was {'' if fenced else 'NOT '}fenced"


def torn_tails(laboratory: "Laboratory", chance: Random) -> str:
    """The machine stops: all are killed at once, and what was being written last is half written."""
    processes, state = laboratory.processes, laboratory.world.state
    names = [name for name, process in processes.by_name.items() if process.role not in ("source", "provider")]
    for name in names:
        processes.kill(name, down_s=float("inf"))
    done = [laboratory.home.tear(laboratory, chance), tear(state / "registry.db-wal", chance)]
    for path in [*state.rglob("*.snapshot"), *(state / "feeds").glob("*.json")]:
        path.with_name(f".{path.stem}.draft").write_bytes(path.read_bytes()[: chance.randrange(1, 200)])
    snapshots = list(state.rglob("*.snapshot"))
    if snapshots and chance.random() < 0.5:
        os.truncate(snapshots[0], chance.randrange(snapshots[0].stat().st_size))
        done.append("a snapshot cut off")
    done.append(_torn_line(state / "quarantine", chance))
    for name in names:
        processes.start(name)
    return "; ".join(filter(None, done)) or "nothing was there to be torn"


def _torn_line(quarantine: Path, chance: Random) -> str:
    """The last line of the newest file of rows kept aside is cut off."""
    files = sorted(quarantine.rglob("*.jsonl"))
    if not files:
        return ""
    last = files[-1].read_bytes().rstrip(b"\n").rpartition(b"\n")[2]
    cut = chance.randrange(1, len(last) + 1)
    os.truncate(files[-1], files[-1].stat().st_size - cut)
    return f"{cut} bytes of a row kept aside"


FAULTS: Mapping[str, Callable[["Laboratory", Random], str]] = {
    "clock jump": clock_jump,
    "duplicate fetch": duplicate_fetch,
    "zombie processor": zombie_processor,
    "torn tails": torn_tails,
}
