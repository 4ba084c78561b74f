"""The fault laboratory: the product's processes over one log, killed and harmed by a seed, and then a check of the whole.

    python tests/faults/laboratory.py --kills 1000 --seed 7 [--home sqlite] [--round 3] [--json summary.json]

Kills are spread over rounds. Each round has a world, a log and a provider of its own, and ends with the check. A round is repeated alone
by the same seed, the same number of kills and `--round`.
"""

import hashlib
import importlib.util
import json
import shutil
import signal
import sys
import tempfile
import time
import urllib.request
from collections import Counter
from collections.abc import Callable, Mapping
from contextlib import ExitStack, closing
from dataclasses import dataclass, field
from datetime import timedelta
from pathlib import Path
from random import Random
from typing import Any, Protocol

import click
from fault_roles import WALL_SKEW
from faults import FAULTS
from flood_world import FEED, START, World, build, configure
from nursery import Nursery
from processes import Processes
from schedule import Fault, drawn
from sky import Sky
from sqlalchemy import func, select
from whole_check import check

from alerts.dispatch import GRACE
from alerts.registry import Registry
from alerts.tables import messages, outbox
from eventlog.log import NOTHING, EventLog, known_homes, open_log
from eventlog.state import LOG, STATE
from feeds.clock import ENVIRONMENT_VARIABLE as CLOCK
from feeds.fetch import address
from feeds.manifest import load_manifest
from feeds.run import SOURCES
from schemas.envelopes import read_input
from schemas.inputs import Heartbeat, Tick
from schemas.topics import INPUT
from schemas.warning_records import MessageState

KILLS_A_ROUND = 25
SETTLE_S = 90.0
"""How long the processes may take, left in peace, until nothing is left to do."""
IN_PEACE_S = 2.5
"""How long the world goes on after the last fault: what is sent then shows what was not taken before."""
LOOK_S, ASK_S = 0.01, 0.2
SPEED = timedelta(hours=2)
"""Case time for each second of ours, at the pace of a file."""
SESSION_S = 1.0
"""Of a processor, at the pace of a file: shorter than the product's, so that a take-over need not be waited for half a minute; and longer
where all takes longer, so that one which is only slow is not taken for dead."""
SNAPSHOT_EVERY = 150
VICTIMS = {"ingest": 2.0, "ticker": 1.0, "processor": 3.0, "alerts": 3.0, "signer": 1.0}
"""What is killed, and how often, beside what the home has."""
COUNTRIES = "POLYRISK_COUNTRIES"


class Home(Protocol):
    """A home of the log, as the laboratory starts and harms it: a module of its name in `fault_homes/`.

    Attributes:
        url: of the log. killable: processes of its own that are killed, with their weight. faults: what can happen to it alone.
        pace: how long things take here, compared with a file.
    """

    url: str
    killable: Mapping[str, float]
    pace: float

    @property
    def faults(self) -> Mapping[str, Callable[[Any, Random], str]]:
        """Name to what does it."""
        ...

    def start(self) -> None:
        """Start what must run."""
        ...

    def stop(self) -> None:
        """End what runs."""
        ...

    def kill(self, laboratory: Any, down_s: float) -> None:
        """Kill -9 what `killable` names, and start it again after so long."""
        ...

    def tear(self, laboratory: Any, chance: Random) -> str:
        """While no process uses the log: half of what was being written last. Says what was done."""
        ...


@dataclass
class Outcome:
    """What became of a round.

    Attributes:
        phases: seconds from the start until the end of each. differences: what is not as it should be; a round is good if there are none.
        happened: each fault with its time.
    """

    home: str
    round: int
    kills: Counter[str] = field(default_factory=Counter)
    faults: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    phases: dict[str, float] = field(default_factory=dict)
    differences: list[str] = field(default_factory=list)
    happened: list[str] = field(default_factory=list)
    seconds: float = 0.0
    folder: str = ""


class Laboratory:
    """One round.

    Args:
        scheme: the home of the log. folder: an empty one for all of the round. seed: of the world and of what happens.
    """

    def __init__(self, scheme: str, folder: Path, seed: str, nursery: Nursery) -> None:
        self.chance = Random(seed)
        self.world: World = build(folder / "world", seed)
        self.home = _home(scheme, self.world.state)
        self.sky = Sky(self.world, START, SPEED / self.home.pace)
        self.folder = folder
        self.seed = seed
        self.environment = {
            STATE: str(self.world.state),
            LOG: self.home.url,
            CLOCK: str(self.world.host_clock),
            WALL_SKEW: str(self.world.wall_skew),
            COUNTRIES: str(self.world.countries),
        }
        self.processes = Processes(nursery, self.environment, self.world.outputs)

    def run_for(self, seconds: float) -> None:
        """Let all go on, watched."""
        self.run_until(lambda: False, seconds)

    def run_until(self, true: Callable[[], bool], within_s: float) -> bool:
        """Let all go on, watched, until something is true; answers whether it came to be."""
        deadline = time.monotonic() + within_s
        while True:
            self.processes.look()
            if true():
                return True
            if time.monotonic() >= deadline:
                return False
            time.sleep(LOOK_S)

    def live(self, schedule: list[Fault], outcome: Outcome, progress: Callable[[int], None]) -> None:
        """Start all, let the schedule happen, wait until nothing is left to do, and end all."""
        with ExitStack() as stack:
            self.home.start()
            stack.callback(self.home.stop)
            stack.callback(self._end_all)
            with closing(open_log(self.home.url)) as log:
                configure(log, self.world.country())
            self._start_all()
            begun = time.monotonic()
            with self.sky:
                for fault in schedule:
                    self.run_for(fault.after_s)
                    at = time.monotonic() - begun
                    outcome.happened.append(f"{at:7.2f} s  {fault}: {self._happen(fault)}")
                    outcome.faults[fault.name] += 1
                    progress(sum(self.processes.kills.values()))
                self.run_for(IN_PEACE_S * min(2.0, self.home.pace))
                self.run_until(self._somebody_was_warned, SETTLE_S)  # on a busy machine it may not have come so far
            outcome.phases["lived"] = time.monotonic() - begun
            outcome.differences += self._settle()
            outcome.phases["came to rest"] = time.monotonic() - begun
            self._end_all()
            scratch = self.folder / "undisturbed"
            scratch.mkdir()
            whole = check(self.world, self.home.url, scratch)
            outcome.counts = whole.counts
            outcome.differences += [*self.processes.findings, *whole.differences]
            outcome.kills = self.processes.kills
            outcome.phases["checked"] = time.monotonic() - begun

    def _somebody_was_warned(self) -> bool:
        return self.world.accepted.exists() and self.world.accepted.stat().st_size > 0

    def _start_all(self) -> None:
        addresses = {name: self.folder / f"{name}.address" for name in ("source", "provider")}
        add = self.processes.add
        add("source", "source", case=str(self.world.folder / "case"), clock=str(self.world.true_clock), address=str(addresses["source"]))
        add("provider", "provider", accepted=str(self.world.accepted), address=str(addresses["provider"]), seed=self.seed)
        if not self.run_until(lambda: all(path.exists() for path in addresses.values()), SETTLE_S):
            raise TimeoutError(f"source and provider did not start: {self.processes.findings}")
        self.environment[SOURCES] = addresses["source"].read_text(encoding="ascii")
        add("ingest", "ingest", feed=FEED)
        add("ticker", "ticker")
        add("processor", "processor", member="processor", session_s=SESSION_S * self.home.pace, snapshot_every=SNAPSHOT_EVERY)
        add("alerts", "alerts", provider_url=addresses["provider"].read_text(encoding="ascii"))
        add("signer", "signer", seed=self.seed)

    def _end_all(self) -> None:
        for name in list(self.processes.by_name):
            self.processes.end(name)

    def _happen(self, fault: Fault) -> str:
        if fault.victims:
            for name in fault.victims:
                if name in self.home.killable:
                    self.home.kill(self, fault.down_s)
                    continue
                self.run_until(lambda name=name: self.processes.by_name[name].pid is not None, SETTLE_S)  # it may still be down
                self.processes.kill(name, fault.down_s)
            return f"down for {fault.down_s:.2f} s"
        return {**FAULTS, **self.home.faults}[fault.name](self, Random(fault.seed))

    def _settle(self) -> list[str]:
        """Wait until nothing is left to do. Messages without an answer are looked up until the provider's time of grace is over."""
        with closing(open_log(self.home.url)) as log, closing(self.world.registry()) as registry:
            left = Left(self, log, registry)
            settled = self.run_until(_seldom(lambda: not left.work(), self.home.pace), SETTLE_S)
            self.processes.end("signer")  # else it may sign between the last look and the end
            self.sky.set_wall(self.sky.furthest + GRACE + timedelta(minutes=1))
            settled = self.run_until(_seldom(lambda: not left.work() and not left.unanswered(), self.home.pace), SETTLE_S) and settled
            self.run_for(0.3)
            if settled:
                return []
            return [f"did not come to rest; left were {', '.join([*left.work(), f'{left.unanswered()} messages unanswered'])}"]

    def source_says(self) -> str:
        """The delivery that a fetch would bring now."""
        url = address(load_manifest(FEED), self.environment[SOURCES])
        with urllib.request.urlopen(url, timeout=30) as answer:
            return hashlib.sha256(answer.read()).hexdigest()


class Left:
    """What is left to do while all are left in peace."""

    def __init__(self, laboratory: Laboratory, log: EventLog, registry: Registry) -> None:
        self._laboratory, self._log, self._registry = laboratory, log, registry
        self._seen, self._tick, self._delivery = NOTHING, START, ""

    def work(self) -> list[str]:
        """What the processes have to do yet; empty if nothing."""
        self._read_on()
        with self._registry.reading() as connection:
            intended = connection.execute(select(func.count()).where(messages.c.state == MessageState.INTENDED.value)).scalar_one()
            unpublished = connection.execute(select(func.count()).where(~outbox.c.published)).scalar_one()
        found = {
            "ticks": int(self._tick <= self._laboratory.sky.now - timedelta(minutes=1)),
            "the source's last delivery": int(self._delivery != self._laboratory.source_says()),
            "records to judge": sum(self._log.lag("processors").values()),
            "events to act on": sum(self._log.lag("alerts").values()),
            "messages to send": intended,
            "records to publish": unpublished,
        }
        return [f"{number} {what}" for what, number in found.items() if number]

    def unanswered(self) -> int:
        """Messages that the provider may or may not have."""
        with self._registry.reading() as connection:
            moving = select(func.count()).where(messages.c.state == MessageState.SENDING.value)
            return int(connection.execute(moving).scalar_one())

    def _read_on(self) -> None:
        for stored in self._log.read(INPUT.name, after=self._seen):
            self._seen = stored.offset
            if stored.record.kind not in ("tick", "heartbeat"):
                continue
            content = read_input(stored.record)
            if isinstance(content, Tick):
                self._tick = max(self._tick, content.at)
            elif isinstance(content, Heartbeat):
                self._delivery = content.delivery


def _seldom(question: Callable[[], bool], pace: float) -> Callable[[], bool]:
    """Asked now and then, so that the answer does not keep the others from their work."""
    asked = [0.0]

    def answer() -> bool:
        if time.monotonic() - asked[0] < ASK_S * pace:
            return False
        found = question()
        asked[0] = time.monotonic()
        return found

    return answer


def _home(scheme: str, folder: Path) -> Home:
    place = Path(__file__).parent / "fault_homes" / f"{scheme}.py"
    spec = importlib.util.spec_from_file_location(f"fault_home_{scheme}", place)
    if spec is None or spec.loader is None:
        raise FileNotFoundError(f"the laboratory does not know how to harm the home `{scheme}`: {place} is missing")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    home: Home = module.Home(folder)
    return home


def rounds(kills: int) -> list[int]:
    """How many kills each round has."""
    full, rest = divmod(kills, KILLS_A_ROUND)
    return [KILLS_A_ROUND] * full + ([rest] if rest else [])


def run_round(scheme: str, number: int, kills: int, seed: int, folder: Path, progress: Callable[[int], None] = lambda _: None) -> Outcome:
    """One round, from an empty folder to the check of the whole."""
    folder.mkdir(parents=True)
    outcome = Outcome(scheme, number, folder=str(folder))
    begun = time.monotonic()
    with Nursery(folder / "nursery.txt") as nursery:
        laboratory = Laboratory(scheme, folder, f"{seed}/{number}", nursery)
        victims = {**VICTIMS, **laboratory.home.killable}
        others = [*FAULTS, *laboratory.home.faults]
        schedule = drawn(laboratory.chance, kills, victims, others, laboratory.home.pace)
        laboratory.live(schedule, outcome, progress)
    outcome.seconds = time.monotonic() - begun
    return outcome


@click.command()
@click.option("--kills", default=20, show_default=True, help="How many processes are killed on each home.")
@click.option("--seed", default=7, show_default=True, help="Of all that is drawn.")
@click.option("--home", "schemes", multiple=True, type=click.Choice(known_homes()), help="Only this home of the log.")
@click.option("--round", "only", type=int, help="Only this round.")
@click.option("--json", "summary", type=click.Path(path_type=Path), help="Write what happened into this file.")
@click.option("--keep", is_flag=True, help="Keep the folders of good rounds too.")
def main(kills: int, seed: int, schemes: tuple[str, ...], only: int | None, summary: Path | None, *, keep: bool) -> None:
    """Kill and harm the product's processes, and check that nothing was lost and nothing doubled."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # a broker must not be left behind
    outcomes = []
    root = Path(tempfile.mkdtemp(prefix="polyrisk-faults-"))
    for scheme in schemes or known_homes():
        planned = [(number, n) for number, n in enumerate(rounds(kills), start=1) if only in (None, number)]
        for number, n in planned:
            name = f"{scheme} {number}/{len(rounds(kills))}"

            def progress(done: int, name: str = name, n: int = n) -> None:
                if sys.stdout.isatty():
                    click.echo(f"\r{name}: {done}/{n} kills", nl=False)

            outcome = run_round(scheme, number, n, seed, root / f"{scheme}-{number}", progress)
            outcomes.append(outcome)
            _report(outcome, name, seed, kills)
            if not outcome.differences and not keep:
                shutil.rmtree(outcome.folder)
    found = summed(outcomes, seed, kills)
    if summary is not None:
        summary.write_text(json.dumps(found, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    click.echo(json.dumps({key: value for key, value in found.items() if key != "rounds"}, ensure_ascii=False))
    if any(outcome.differences for outcome in outcomes):
        sys.exit(1)


def _report(outcome: Outcome, name: str, seed: int, kills: int) -> None:
    number = sum(outcome.kills.values())
    rate = outcome.seconds / max(1, number)
    good = "nothing lost, nothing doubled" if not outcome.differences else f"{len(outcome.differences)} DIFFERENCES"
    phases = ", ".join(f"{what} after {at:.0f} s" for what, at in outcome.phases.items())
    click.echo(f"\r{name}: {number} kills in {outcome.seconds:.0f} s ({rate:.2f} s a kill; {phases}): {good}")
    if outcome.differences:
        click.echo("\n".join(outcome.happened))
        click.echo("\n".join(f"  * {difference}" for difference in outcome.differences))
        click.echo(
            f"again: make faults KILLS={kills} SEED={seed} ROUND={outcome.round} HOME_OF_LOG={outcome.home}; left in {outcome.folder}"
        )


def summed(outcomes: list[Outcome], seed: int, kills: int) -> dict[str, Any]:
    """All rounds in one."""
    homes: dict[str, Any] = {}
    for outcome in outcomes:
        of = homes.setdefault(
            outcome.home, {"kills": Counter(), "faults": Counter(), "counts": Counter(), "differences": 0, "seconds": 0.0}
        )
        for part in ("kills", "faults", "counts"):
            of[part].update(getattr(outcome, part))
        of["differences"] += len(outcome.differences)
        of["seconds"] = round(of["seconds"] + outcome.seconds, 1)
    return {"seed": seed, "kills": kills, "homes": homes, "rounds": [vars(outcome) for outcome in outcomes]}


if __name__ == "__main__":
    main()
