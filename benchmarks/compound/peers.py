"""The peers: the tools of `../shared/bench`, each run by that folder's own harness against the broker of this run.

Their folder is copied to `var/bench/peers`, where their environments, jars and data land; nothing of theirs is kept with us.
"""

import json
import shutil
import subprocess
from typing import Any

from benchmarks.compound.measures import Run
from benchmarks.compound.watching import CHECKOUT

SHARED = CHECKOUT.parent / "shared" / "bench"
PLACE = CHECKOUT / "var" / "bench" / "peers"
PYTHON = "venvs/core/bin/python"
_LEFT_OUT = ("faust", "pathway")
"""Environments that no column of ours needs."""
_ADDRESS = "127.0.0.1:29092"
"""Where their harness looks for a broker; replaced in the copy by where it is."""


def there() -> bool:
    """Whether the peers' folder is beside the checkout."""
    return (SHARED / "bench.py").exists()


def ready() -> bool:
    """Whether they are set up."""
    return (PLACE / "done").exists()


def set_up() -> None:
    """Copy them and fetch what they need: some minutes, once.

    Raises:
        subprocess.CalledProcessError: something could not be fetched or built.
    """
    if ready():
        return
    shutil.copytree(SHARED, PLACE, dirs_exist_ok=True)
    for path in [PLACE, *PLACE.rglob("*")]:
        path.chmod(path.stat().st_mode | 0o200)
    for name in ("data", "runs"):
        (PLACE / name).mkdir(exist_ok=True)
    lines = (PLACE / "venvs.sh").read_text("utf-8").splitlines(keepends=True)
    wanted = [line for line in lines if not line.startswith(tuple(f"mk {name} " for name in _LEFT_OUT))]
    (PLACE / "venvs.sh").write_text("".join(wanted), "utf-8")
    subprocess.run(["sh", "venvs.sh"], cwd=PLACE, check=True)
    subprocess.run(["sh", "build_java.sh"], cwd=PLACE, check=True)
    (PLACE / "done").touch()


class Peers:
    """The peers against one broker.

    Args:
        address, broker: of the broker, and its process id. variants: whose readings are written and loaded.
    """

    def __init__(self, address: str, broker: int, variants: tuple[str, ...]) -> None:
        text = (SHARED / "bench.py").read_text("utf-8").replace(_ADDRESS, address)
        (PLACE / "bench.py").write_text(text, "utf-8")
        (PLACE / "runs" / "broker.pid").write_text(str(broker), "utf-8")
        for program in ("gen.py", "oracle.py"):
            self._call(program, *(v for v in variants if not (PLACE / "data" / f"{v}.expected.json").exists() and v != "10m"))
        if "10m" in variants and not (PLACE / "data" / "10m.expected.json").exists():
            self._call("gen.py", "10m")
            subprocess.run([PYTHON, "expect_10m.py"], cwd=PLACE, check=True, capture_output=True)
        self._call("bench.py", "load", *variants)

    def _call(self, program: str, *arguments: str) -> None:
        if arguments:
            subprocess.run([PYTHON, program, *arguments], cwd=PLACE, check=True, capture_output=True)

    def throughput(self, column: str, peer: str, variant: str, *, exactly_once: bool) -> Run:
        """One run of theirs."""
        return _run(column, variant, self._answer("run", peer, variant, exactly_once=exactly_once))

    def latency(self, column: str, peer: str, *, exactly_once: bool) -> Run:
        """One run of theirs at 2,000 readings a second."""
        return _run(column, "lat", self._answer("lat", peer, exactly_once=exactly_once))

    def _answer(self, *arguments: str, exactly_once: bool) -> dict[str, Any]:
        command = [PYTHON, "bench.py", *arguments, "-n", "1", *(["--eos"] if exactly_once else [])]
        done = subprocess.run(command, cwd=PLACE, check=True, capture_output=True, text=True)
        answer: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
        return answer


def _run(column: str, variant: str, said: dict[str, Any]) -> Run:
    return Run(
        column=column,
        variant=variant,
        ok=bool(said["ok"]),
        missing=said.get("missing", 0),
        wrong=said.get("wrong", 0),
        repeats=said.get("repeats", 0),
        readings={"10m": 10_000_000, "1m": 1_000_000, "100k": 100_000, "lat": 42_420}[variant],
        seconds=said.get("wall"),
        readings_s=said.get("obs_s"),
        start_s=said.get("start"),
        cpu_s=said.get("cpu", 0.0),
        broker_cpu_s=said.get("broker_cpu"),
        rss_mb=said.get("rss_mb", 0.0),
        p50_ms=said.get("p50"),
        p99_ms=said.get("p99"),
    )
