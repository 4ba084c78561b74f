"""The demonstration against its budget of 3 minutes and 1 GB on two cores: wall clock, CPU, and memory of all its processes together.

Memory is the proportional set size (what processes share counts once), looked at each second; what lives shorter than that may be missed.
"""

import os
import subprocess
import sys
import time
from collections import defaultdict
from tempfile import TemporaryDirectory

import psutil

LOOK_EVERY_S = 1.0
BUDGET_S, BUDGET_MB = 180, 1024
MEGABYTE = 1024 * 1024


def memory(process: psutil.Process) -> dict[str, int]:
    """What each kind of process below one takes now, in bytes of proportional set size."""
    taken: dict[str, int] = defaultdict(int)
    for one in [process, *process.children(recursive=True)]:
        try:
            taken[_kind(one.cmdline())] += one.memory_full_info().pss
        except psutil.NoSuchProcess:
            continue
    return taken


def _kind(command: list[str]) -> str:
    words = " ".join(command)
    if "airflow_worker" in words:
        return "Airflow"
    if "stand_in_provider" in words:
        return "SMS provider (stand-in)"
    return "cases (sources, engine, alerts)" if " case " in words else "demo"


def main() -> None:
    """Run the demonstration in a folder of its own and print what it took."""
    with TemporaryDirectory() as folder:
        begun, before = time.monotonic(), os.times()
        command = [sys.executable, "-m", "polyrisk", "demo", "--state", f"{folder}/demo"]
        with subprocess.Popen(command, stdout=subprocess.DEVNULL) as demo:
            most: dict[str, int] = {}
            process = psutil.Process(demo.pid)
            while demo.poll() is None:
                now = memory(process)
                most = max(most, now, key=lambda taken: sum(taken.values()))
                time.sleep(LOOK_EVERY_S)
        wall, after = time.monotonic() - begun, os.times()
    cpu = after.children_user + after.children_system - before.children_user - before.children_system
    print(f"exit code {demo.returncode}; wall {wall:.0f} s of {BUDGET_S}; CPU {cpu:.0f} s on {os.cpu_count()} cores")
    print(f"peak memory {sum(most.values()) / MEGABYTE:.0f} MB of {BUDGET_MB}, of which")
    for kind, taken in sorted(most.items(), key=lambda pair: -pair[1]):
        print(f"  {taken / MEGABYTE:5.0f} MB  {kind}")


if __name__ == "__main__":
    main()
