"""Kills the console, the alert service and the database while officers sign, and then asks what became of each signature.

    python tests/faults/signing_laboratory.py --kills 200 --seed 7 [--home sqlite] [--json summary.json]

A round has one registry, on SQLite or on PostgreSQL. A kill waits until somebody has pressed a button, and comes at a random share of the
time that an answer takes.
"""

import json
import socket
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "alerts"))

import click
import httpx
from alert_places import START
from nursery import Nursery
from postgres_server import PostgresServer
from processes import Processes
from signing_check import Evidence, differences
from signing_officers import Hands, SigningOfficer, Verb
from signing_world import MOVING, SigningWorld
from sqlalchemy import func, select
from sqlalchemy.exc import DBAPIError

from alerts import journal, ledger
from alerts.dispatch import GRACE
from alerts.officers import accounts, sessions
from alerts.officers.officer import ConsoleRole, Grant
from alerts.officers.sessions import Stage
from alerts.people.keys import Keys
from alerts.registry import Registry
from alerts.tables import messages, outbox
from eventlog.log import open_log

HOMES = ("sqlite", "postgresql")
CONSOLE, ALERTS, DATABASE = "console", "alerts", "database"
OFFICERS = (("Perera", "duty_officer"), ("Silva", "director"), ("Fernando", "duty_officer"))
"""Two of them in one role: of a message, only one of the two can sign."""
SHARES = {CONSOLE: 0.5, ALERTS: 0.2, DATABASE: 0.3}
"""Of the kills."""
LATEST = 1.2
"""A kill comes at most so many times as late as an answer usually takes, after a press."""
LONGEST_DOWN_S = 0.3
SETTLE_S = 90.0
"""How long nothing may move."""
LOOK_S, GO_ON_S = 0.005, 0.3


@dataclass(frozen=True)
class Kill:
    """What is killed, when after a press (in usual times of an answer), and for how long it is down."""

    what: str
    share: float
    down_s: float


def drawn(kills: int, seed: str) -> list[Kill]:
    """The schedule of a round."""
    chance = Random(seed)
    whats = chance.choices(list(SHARES), list(SHARES.values()), k=kills)
    return [Kill(what, chance.uniform(0.0, LATEST), chance.uniform(0.0, LONGEST_DOWN_S)) for what in whats]


@dataclass
class Outcome:
    """What became of a round; it is good if there are no differences."""

    home: str
    kills: Counter[str] = field(default_factory=Counter)
    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Round:
    """One registry, its officers, and what is killed.

    Args:
        database: the URL of an empty registry. folder: an empty one. server: of the database, if it is a process.
    """

    def __init__(self, database: str, server: PostgresServer | None, folder: Path, seed: str, outcome: Outcome) -> None:
        self._database, self._server, self._folder, self._seed, self._outcome = database, server, folder, seed, outcome
        self._log_url = f"sqlite:///{folder / 'log.sqlite'}"
        self._ahead = START - datetime.now(UTC)
        self._hands = Hands()
        self._on_duty: list[SigningOfficer] = []
        self._world_goes_on, self._next_look = True, 0.0
        self._hurt: set[int] = set()  # processes that held connections to a database that was killed

    def live(self, kills: int) -> None:
        """From the first message to rest, and the check of the whole."""
        with ExitStack() as stack:
            self._registry = stack.enter_context(closing(Registry(self._database, Keys.load(self._folder / "keys", create=True))))
            self._log = stack.enter_context(closing(open_log(self._log_url)))
            self._world = SigningWorld(self._log, self._registry, self._ahead, Random(f"{self._seed} world"))
            self._world.enrol()
            nursery = stack.enter_context(Nursery(self._folder / "nursery.txt", "signing_roles"))
            self._processes = Processes(nursery, {}, self._folder)
            self._begin()
            self._on_duty = self._officers()
            try:
                for kill in drawn(kills, self._seed):
                    self._strike(kill)
                self._come_to_rest()
            finally:
                for officer in self._on_duty:
                    officer.end()
            for name in (CONSOLE, ALERTS):
                self._processes.end(name)
            self._check()

    def _begin(self) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        self._address = f"http://127.0.0.1:{port}"
        self._places = {"database": self._database, "keys": str(self._folder / "keys"), "log": self._log_url}
        of_both = {**self._places, "ahead_s": self._ahead.total_seconds()}
        self._processes.add(CONSOLE, "console", **of_both, port=port)
        self._processes.add(ALERTS, "alerts", **of_both, channel=str(self._folder / "channel.jsonl"), wall_ahead_s=0.0)
        self._await(self._console_answers, "the console did not come up")

    def _console_answers(self) -> bool:
        try:
            return httpx.get(f"{self._address}/healthz", timeout=5).status_code == 200
        except httpx.TransportError:
            return False

    def _officers(self) -> list[SigningOfficer]:
        found = []
        now = datetime.now(UTC)
        for name, role in OFFICERS:
            with self._registry.acting() as connection:
                made = accounts.add(connection, name.lower(), name, "the laboratory", now)
                made = accounts.grant(connection, made, Grant(ConsoleRole.APPROVER, "LKA", role), "the laboratory", now)
                accounts.keep_password(connection, made.id, "a hash")
                accounts.note_set_up(connection, made.id, now)
                token = sessions.begin(connection, made.id, Stage.FULL, now)
            found.append(SigningOfficer(name, role, self._address, token, self._seed, self._hands, first=not found))
        for officer in found:
            officer.begin()
        return found

    def _strike(self, kill: Kill) -> None:
        """Wait for a press, and kill in the middle of it."""
        self._await(lambda: self._hands.in_flight > 0, "nobody pressed anything")
        time.sleep(kill.share * self._hands.usual_s())
        self._outcome.counts["kills in the middle of a press"] += self._hands.in_flight > 0
        if kill.what == DATABASE:
            self._kill_database(kill.down_s)
        else:
            self._processes.kill(kill.what, kill.down_s)
        self._outcome.kills[kill.what] += 1
        self._await(lambda: all(p.pid is not None for p in self._processes.by_name.values()), "what was killed did not start")
        self._await(self._console_answers, "the console did not come back")

    def _kill_database(self, down_s: float) -> None:
        """SQLite has no process of its own: whoever has its file open dies, all at once."""
        if self._server is None:
            for name in (CONSOLE, ALERTS):
                self._processes.kill(name, down_s)
            return
        self._hurt |= {process.pid for process in self._processes.by_name.values() if process.pid is not None}
        self._server.kill()
        time.sleep(down_s)
        self._server.start()
        self._registry.engine.dispose()

    def _await(self, true: Callable[[], bool], otherwise: str) -> None:
        """Go on until something is true; that it does not come while nothing else moves is a difference, and the end of the round."""
        deadline, unrest = time.monotonic() + SETTLE_S, self._unrest()
        while not true():
            for officer in self._on_duty:
                if officer.failed is not None:
                    raise TimeoutError(f"{officer.name} could not go on: {officer.failed!r}")
            if time.monotonic() > deadline:
                if unrest == (unrest := self._unrest()):
                    raise TimeoutError(f"{otherwise}: {', '.join(unrest)}")
                deadline = time.monotonic() + SETTLE_S
            self._look()
            time.sleep(LOOK_S)

    def _look(self) -> None:
        """Start what is down, and let the world go on. The alert service may end by itself when its database did, as it does in a service
        of the machine's, which starts it again."""
        pids = {name: process.pid for name, process in self._processes.by_name.items()}
        before = len(self._processes.findings)
        self._processes.look()
        for finding in self._processes.findings[before:]:
            if finding.startswith(ALERTS) and pids[ALERTS] in self._hurt:
                self._processes.findings.remove(finding)
                self._outcome.counts["ends of the alert service after its database"] += 1
        if self._world_goes_on and time.monotonic() >= self._next_look:
            self._world.goes_on()
            self._next_look = time.monotonic() + GO_ON_S

    def _come_to_rest(self) -> None:
        """Left in peace, past the time of grace, until all is signed that is to be, and sent, and everybody knows what became of it."""
        for officer in self._on_duty:
            officer.calm.set()
        self._world_goes_on = False
        settings = self._processes.by_name[ALERTS].settings
        self._processes.end(ALERTS)
        self._processes.add(ALERTS, "alerts", **{**settings, "wall_ahead_s": (GRACE + timedelta(minutes=1)).total_seconds()})
        self._world.say_last()
        self._await(lambda: not self._unrest(), "it did not come to rest")

    def _unrest(self) -> list[str]:
        """What has yet to come to rest, in words."""
        with self._registry.reading() as connection:
            waiting = ledger.in_stage(connection, ledger.PENDING)
            moving = connection.execute(select(func.count()).select_from(messages).where(messages.c.state.in_(MOVING))).scalar_one()
            unpublished = connection.execute(select(func.count()).select_from(outbox).where(~outbox.c.published)).scalar_one()
            heard = {area: not said.last or ledger.seen(connection, said.last) for area, said in self._world.dangers.items()}
            head = journal.head(connection)
            anchor = outbox.c.record == (f"anchor:{head[0]}:{head[1]}" if head is not None else "")
            anchored = connection.execute(select(outbox.c.place).where(anchor, outbox.c.published)).first()
        left_to_one = [warning for warning in waiting if not self._on_duty[1].concerns(warning.id)] if self._on_duty else []
        unrest = [f"{warning.id} waits" for warning in waiting if warning not in left_to_one or not warning.signatures]
        unrest += [f"the event of {area} is not taken in" for area, taken in heard.items() if not taken]
        unrest += [f"{officer.name} does not know what came of a press" for officer in self._on_duty if officer.owes]
        unrest += [f"{moving} messages are on their way"] if moving else []
        unrest += [f"{unpublished} records are not published"] if unpublished else []
        return unrest + ([] if anchored is not None else ["the journal is not anchored to its end"])

    def _check(self) -> None:
        presses = [press for officer in self._on_duty for press in officer.presses]
        evidence = Evidence.gathered(presses, self._registry, self._log, self._folder / "channel.jsonl")
        found = [*differences(evidence), *self._processes.findings]
        self._outcome.differences += found
        self._outcome.counts += counted(evidence)


def counted(evidence: Evidence) -> Counter[str]:
    """What a round had, in numbers."""
    counts = Counter({f"{p.verb.value}: {p.answer.value}": 0 for p in evidence.presses})
    counts.update(f"{p.verb.value}: {p.answer.value}" for p in evidence.presses)
    counts["sign: signed already"] = sum(p.verb is Verb.SIGN and "signed already" in p.said for p in evidence.presses)
    counts["sign: no answer, and taken"] = evidence.found_taken()
    counts["signatures"] = evidence.signed.total()
    counts["void signatures"] = evidence.voided.total()
    counts.update(f"messages {stage}" for stage in evidence.stages.values())
    counts["sent to people"] = len(evidence.channel)
    counts["steps of the journal"] = len(evidence.steps)
    return counts


@contextmanager
def database_of(home: str, folder: Path) -> Iterator[tuple[str, PostgresServer | None]]:
    """An empty database of a kind, and its server if it has one."""
    if home == "sqlite":
        yield f"sqlite:///{folder / 'registry.db'}", None
        return
    with PostgresServer(dies=True) as server:
        yield server.database(), server


def run_round(home: str, kills: int, seed: int, folder: Path) -> Outcome:
    """One round, from an empty folder to the check."""
    folder.mkdir(parents=True)
    outcome = Outcome(home)
    begun = time.monotonic()
    with database_of(home, folder) as (database, server):
        try:
            Round(database, server, folder, f"{seed}/{home}", outcome).live(kills)
        except (TimeoutError, DBAPIError) as error:
            outcome.differences.append(f"the round was given up: {error}")
    outcome.seconds = round(time.monotonic() - begun, 1)
    return outcome


@click.command()
@click.option("--kills", default=15, show_default=True, help="How often something is killed on each home.")
@click.option("--seed", default=7, show_default=True, help="Of all that is drawn.")
@click.option("--home", "homes", multiple=True, type=click.Choice(HOMES), help="Only this kind of database.")
@click.option("--json", "summary", type=click.Path(path_type=Path), help="Write what happened into this file.")
def main(kills: int, seed: int, homes: tuple[str, ...], summary: Path | None) -> None:
    """Kill console, alert service and database while officers sign, and check that no signature is lost and none counted twice."""
    root = Path(tempfile.mkdtemp(prefix="polyrisk-signing-"))
    outcomes = []
    for home in homes or HOMES:
        outcome = run_round(home, kills, seed, root / home)
        outcomes.append(outcome)
        killed = ", ".join(f"{number} of the {what}" for what, number in sorted(outcome.kills.items()))
        click.echo(
            f"{home}: {outcome.kills.total()} kills ({killed}); {outcome.seconds:.0f} s; {'DIFFERENCES' if outcome.differences else 'GOOD'}"
        )
        click.echo("    " + ", ".join(f"{what} {number}" for what, number in sorted(outcome.counts.items())))
        for difference in outcome.differences:
            click.echo(f"    {difference}")
        if outcome.differences:
            click.echo(f"    its folder: {root / home}")
    if summary is not None:
        summary.write_text(json.dumps([vars(outcome) for outcome in outcomes], indent=1), encoding="utf-8")
    sys.exit(1 if any(outcome.differences for outcome in outcomes) else 0)


if __name__ == "__main__":
    main()
