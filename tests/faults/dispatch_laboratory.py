"""Kills the dispatcher again and again while two thousand messages go out, and then asks the provider's own record who got what.

    python tests/faults/dispatch_laboratory.py --kills 300 --seed 7 [--home sqlite] [--json summary.json]

A round has one registry, on SQLite or on PostgreSQL, and one provider, whose lists show a message late: by less than the time of grace, or
never. Meanwhile people leave, a warning runs out, and a graver one comes in the middle.
"""

import json
import os
import random
import signal
import sys
import tempfile
import time
from collections import Counter, defaultdict
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "alerts"))

import click
from alert_places import START, country_without_feeds
from event_makers import event, tell
from fault_roles import AT_ONCE, CHUNK
from nursery import Nursery
from postgres_server import PostgresServer
from sqlalchemy import func, select, update

from alerts import deliveries, intents
from alerts.dispatch import GRACE
from alerts.ledger import ISSUED
from alerts.people.keys import Keys
from alerts.people.subscribers import leave
from alerts.people.synthetic import fill
from alerts.receipts import GRAVE, MOST_ATTEMPTS
from alerts.registry import Registry
from alerts.service import AlertService
from alerts.stand_in_provider import Mode, StandInProvider
from alerts.tables import messages, subscribers, warnings
from eventlog.log import EventLog, open_log
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.warning_records import MessageState

HOMES = ("sqlite", "postgresql")
LATE = {"late": timedelta(minutes=10), "never": timedelta(days=365)}
"""How long the provider's lists need until they show a message: less than the time of grace, or longer than anybody waits."""
HOUSEHOLDS = 6_500
SHORT, LONG, GRAVER, LESSER = "LK13", "LK11", "LK12", "LK21"
"""Districts: of a red warning that soon runs out, of an orange one, of a red one that comes in the middle, and of a yellow one."""
LEVELS = {SHORT: Level.RED, LONG: Level.ORANGE, GRAVER: Level.RED, LESSER: Level.YELLOW}
RUNS_OUT_AT, GRAVER_AT, PEOPLE_LEAVE_AT = 0.08, 0.30, 0.45
"""At which share of the kills it happens."""
LEAVE = 60
BEFORE_ITS_FIRST_CALL = 0.2
"""Share of the kills that do not wait for a process to have done anything."""
MINUTES_A_KILL = 2.0
"""How much later the wall's clock is for each next process, so that the time of grace passes now and then."""
FAULTS = {Mode.ACCEPT_THEN_500: 0.01, Mode.ACCEPT_THEN_DROP: 0.02, Mode.SLOW_DOWN: 0.01, Mode.HTML_502: 0.01}
SETTLE_S = 120.0
BETWEEN_MINUTES_S = 0.4
MOVING = (MessageState.INTENDED.value, MessageState.SENDING.value)


@dataclass
class Outcome:
    """What became of a round; it is good if there are no differences."""

    home: str
    lists: str
    kills: int = 0
    messages: int = 0
    doubtful: int = 0
    counts: Counter[str] = field(default_factory=Counter)
    differences: list[str] = field(default_factory=list)
    seconds: float = 0.0


class Round:
    """One registry and one provider, while the dispatcher is killed.

    Args:
        database: the URL of an empty registry. folder: an empty one. kills: how many.
    """

    def __init__(self, database: str, folder: Path, kills: int, seed: str, outcome: Outcome, households: int) -> None:
        self.database = database
        self.folder = folder
        self.kills = kills
        self.households = households
        self.chance = random.Random(seed)
        self.outcome = outcome
        self.country = country_without_feeds("lka")
        self.registry = Registry(database, Keys.load(folder / "keys", create=True))
        self.now = START
        self.ahead = timedelta()
        self.doubtful: set[tuple[str, str]] = set()
        self.left: set[str] = set()
        self.over: int | None = None
        self.waiting_when_graver: set[str] = set()
        self.most_taken: int | None = None

    def live(self) -> None:
        """From the first message to rest, and the check of all."""
        fill(self.registry, self.country, households=self.households)
        modes, weights = [Mode.OK, *FAULTS], [1 - sum(FAULTS.values()), *FAULTS.values()]
        with ExitStack() as stack:
            log = stack.enter_context(closing(open_log(f"sqlite:///{self.folder / 'log.db'}")))
            self._warn(log, SHORT, LONG, LESSER)
            with self.registry.begin() as connection:
                soon = update(warnings).where(warnings.c.area == SHORT).values(expires=START + timedelta(hours=1))
                connection.execute(soon)
            provider = StandInProvider(
                lambda _: self._one_of(modes, weights),
                clock=lambda: datetime.now(UTC) + self.ahead,
                lists_late=LATE[self.outcome.lists],
                retry_after_s=0.01,
            )
            self.provider = stack.enter_context(provider)
            self.nursery = stack.enter_context(Nursery(self.folder / "nursery.txt"))
            for number in range(self.kills):
                for share, happens in self._events(log):
                    if number == int(share * self.kills):
                        happens()
                self._live_and_die()
                self.ahead += timedelta(minutes=MINUTES_A_KILL * 150 / max(self.kills, 1) * self.chance.uniform(0.2, 1.8))
            self._come_to_rest()
        with closing(self.registry):
            self._check()

    def _events(self, log: EventLog) -> Iterator[tuple[float, Any]]:
        yield RUNS_OUT_AT, self._run_out
        yield GRAVER_AT, lambda: self._warn_graver(log)
        yield PEOPLE_LEAVE_AT, self._people_leave

    def _warn(self, log: EventLog, *areas: str) -> None:
        service = AlertService(log, self.registry, self.country)
        service.run_once(tell(log, *(event(EventChange.OPENED, LEVELS[area], area=area) for area in areas)))
        for by, role in (("first", "duty_officer"), ("second", "director")):
            for waiting in service.pending():
                service.sign(waiting.id, by, role, START)
        service.close()

    def _one_of(self, modes: list[Mode], weights: list[float]) -> Mode:
        """How the provider answers; it takes no more from a process whose kill is overdue, as it may be on a busy machine."""
        enough = self.most_taken is not None and len(self.provider.accepted) >= self.most_taken
        return Mode.SLOW_DOWN if enough else self.chance.choices(modes, weights)[0]

    def _run_out(self) -> None:
        """The short warning's time is over; no process runs."""
        self.now = START + timedelta(hours=2)
        self.over = len(self.provider.accepted)

    def _warn_graver(self, log: EventLog) -> None:
        with self.registry.reading() as connection:
            query = select(messages.c.subscriber).where(messages.c.area == LONG, messages.c.state == MessageState.INTENDED.value)
            self.waiting_when_graver = set(connection.execute(query).scalars())
        self._warn(log, GRAVER)

    def _people_leave(self) -> None:
        """Some leave whom nobody has called yet."""
        with self.registry.begin() as connection:
            query = select(messages.c.subscriber).where(messages.c.state == MessageState.INTENDED.value, messages.c.attempts == 0)
            uncalled = sorted(connection.execute(query).scalars())
            self.left = set(self.chance.sample(uncalled, min(LEAVE, len(uncalled))))
            for subscriber in sorted(self.left):
                leave(connection, subscriber, datetime.now(UTC), "stop")

    def _live_and_die(self) -> None:
        """A process from its start until it is killed, at a random moment of its work."""
        pid, output = self._start()
        before = len(self.provider.accepted)
        until = before + self.chance.randrange(1, self._most_of_a_life())
        self.most_taken = until + CHUNK
        longest = self.chance.uniform(0.05, 4.0)
        self._await(lambda: "running" in output.read_text("utf-8"), SETTLE_S)
        self._await(lambda: len(self.provider.accepted) >= until, longest)
        if self.chance.random() > BEFORE_ITS_FIRST_CALL:  # to which a busy machine may not have let it come
            self._await(lambda: len(self.provider.accepted) > before or self._count(MessageState.INTENDED.value) == 0, SETTLE_S)
        os.kill(pid, signal.SIGKILL)
        while self.nursery.ended(pid) is None:
            time.sleep(0.001)
        self.outcome.kills += 1
        said = output.read_text("utf-8").replace("running", "").strip()
        if said:
            self.outcome.differences.append(f"a process said: {said[-300:]}")
        with self.registry.reading() as connection:
            query = select(messages.c.message, messages.c.subscriber).where(messages.c.state == MessageState.SENDING.value)
            self.doubtful |= {(row.message, row.subscriber) for row in connection.execute(query)}

    def _most_of_a_life(self) -> int:
        """How many messages a process may send until it is killed: so few that a graver warning still finds many of the other waiting."""
        even = self.households // 2 // self.kills
        if not self.waiting_when_graver:
            with self.registry.reading() as connection:
                long = connection.execute(select(func.count()).where(messages.c.area == LONG)).scalar_one()
            even = min(even, long // 2 // max(1, int(GRAVER_AT * self.kills)))
        return max(3, even)

    def _come_to_rest(self) -> None:
        """Left in peace until the time of grace is over, and then until every warning's time is."""
        self.ahead += GRACE + timedelta(minutes=1)
        self.most_taken = None
        self._live_until(self._only_in_doubt)
        self.now = START + timedelta(days=30)
        if not self._live_until(lambda: self._count(*MOVING) == 0):
            self.outcome.differences.append(f"{self._count(*MOVING)} messages did not come to rest")

    def _live_until(self, true: Any) -> bool:
        pid, _ = self._start()
        deadline = time.monotonic() + SETTLE_S
        while not (came := self._await(true, BETWEEN_MINUTES_S)) and time.monotonic() < deadline:
            self.ahead += timedelta(minutes=3)
            self._tell()
        os.kill(pid, signal.SIGTERM)
        while self.nursery.ended(pid) is None:
            time.sleep(0.005)
        return came

    def _only_in_doubt(self) -> bool:
        """Nothing waits but for a sign that never comes: of the lesser warning, or tried often enough, and in no list of the provider's."""
        with self.registry.reading() as connection:
            if connection.execute(select(func.count()).where(messages.c.state == MessageState.INTENDED.value)).scalar_one():
                return False
            of = select(messages.c.priority, messages.c.attempts, subscribers.c.number).join(
                subscribers, messages.c.subscriber == subscribers.c.id
            )
            sending = connection.execute(of.where(messages.c.state == MessageState.SENDING.value)).all()
        shown = {message.to for message in self.provider.accepted} if self.outcome.lists == "late" else set()
        return not any(
            (row.priority >= GRAVE and row.attempts < MOST_ATTEMPTS) or self.registry.keys.decrypt(row.number) in shown for row in sending
        )

    def _count(self, *states: str) -> int:
        with self.registry.reading() as connection:
            return int(connection.execute(select(func.count()).where(messages.c.state.in_(states))).scalar_one())

    def _tell(self) -> Path:
        """Write what time it is; whoever reads sees the old or the new."""
        control = self.folder / "control.json"
        draft = control.with_suffix(".draft")
        draft.write_text(json.dumps({"ahead_min": self.ahead.total_seconds() / 60, "now": self.now.isoformat()}), encoding="ascii")
        draft.replace(control)
        return control

    def _start(self) -> tuple[int, Path]:
        output = self.folder / f"process_{self.outcome.kills}_{self.chance.randrange(10**9)}.txt"
        output.touch()
        settings = {
            "database": self.database,
            "keys": str(self.folder / "keys"),
            "provider_url": self.provider.base_url,
            "control": str(self._tell()),
        }
        return self.nursery.start("dispatch", {}, settings, output), output

    @staticmethod
    def _await(true: Any, within_s: float) -> bool:
        deadline = time.monotonic() + within_s
        while not true():
            if time.monotonic() > deadline:
                return False
            time.sleep(0.002)
        return True

    def _check(self) -> None:
        """Hold the provider's record against the registry's."""
        accepted = list(self.provider.accepted)
        with self.registry.reading() as connection:
            number_of = {row.id: self.registry.keys.decrypt(row.number) for row in connection.execute(select(subscribers))}
            rows = connection.execute(select(messages)).all()
            issued = connection.execute(select(func.count()).where(warnings.c.stage == ISSUED)).scalar_one()
        got: dict[str, list[int]] = defaultdict(list)
        for place, message in enumerate(accepted):
            got[message.to].append(place)
        self.outcome.messages, self.outcome.doubtful = len(rows), len(self.doubtful)
        self.outcome.counts = Counter(row.state for row in rows)
        self.outcome.counts["possibly doubled"] = sum(row.possibly_doubled for row in rows)
        self.outcome.counts["warnings"] = issued
        differ = self.outcome.differences.append
        for row in rows:
            wrong = self.wrong(row, got[number_of[row.subscriber]])
            if wrong and len(self.outcome.differences) < 20:
                differ(f"{row.subscriber} of {row.area} ({row.state}, {row.attempts} attempts): {wrong}")
        self._check_order(rows, got, number_of)
        self._check_counts(rows)

    def wrong(self, row: Any, places: list[int]) -> str:
        """What is wrong with what one person got; empty if nothing is.

        Args:
            row: of their message. places: where it stands in the provider's record.
        """
        times = len(places)
        if row.subscriber in self.left:
            return "got a message after they had left" if times else ""
        if row.area == SHORT and self.over is not None and any(place >= self.over for place in places):
            return "got a message after its time"
        if row.state in MOVING:
            return "did not come to rest"
        if times > 1 and not row.possibly_doubled:
            return f"got {times} and is not marked"
        if times > 1 and self.outcome.lists == "late":
            return f"got {times} though the provider's list shows what it took within the time of grace"
        if row.state == MessageState.ACCEPTED.value and not times:
            return "is held to be accepted, and the provider has none"
        if row.state == MessageState.EXPIRED.value:
            return f"is held to be not sent, and the provider has {times}" if times and not row.possibly_doubled else ""
        if row.state == MessageState.UNKNOWN.value:
            never_shown = self.outcome.lists == "never" or times == 0
            may_be = never_shown and (row.priority < GRAVE or row.attempts >= MOST_ATTEMPTS or row.area == SHORT)
            return "" if may_be else "is held to be unknown, and is not to be"
        if row.priority < GRAVE and times > 1:
            return f"is of a lesser warning and got {times}"
        return "" if row.state == MessageState.ACCEPTED.value else f"is {row.state}"

    def _check_order(self, rows: list[Any], got: Mapping[str, list[int]], number_of: Mapping[str, str]) -> None:
        """All of the graver warning that was never in doubt came before those that waited when it was issued.

        Where kills leave nearly every message in doubt there is nothing to compare; that is said, and fewer kills show the order.
        """
        surely = [row for row in rows if (row.message, row.subscriber) not in self.doubtful and row.attempts == 1]
        graver = [got[number_of[row.subscriber]][0] for row in surely if row.area == GRAVER and got[number_of[row.subscriber]]]
        others = [
            got[number_of[row.subscriber]][0]
            for row in surely
            if row.area == LONG and row.subscriber in self.waiting_when_graver and got[number_of[row.subscriber]]
        ]
        if not graver or not others:
            if self.outcome.kills * CHUNK < self.outcome.messages:
                self.outcome.differences.append("no graver warning came in the middle: the round is worth nothing")
            self.outcome.counts["rounds whose order cannot be told"] = 1
            return
        too_early = sum(place < max(graver) for place in others)
        if too_early > AT_ONCE:  # of calls under way at once, any may arrive first
            self.outcome.differences.append(f"{too_early} of the lesser warning went before the last of the graver one")

    def _check_counts(self, rows: list[Any]) -> None:
        """What is published says how many are of unknown fate."""
        with self.registry.begin() as connection:
            deliveries.publish(connection, "LKA", START)
            published = deliveries.published(connection)
        unknown = sum(n for (_, _, _, state), n in published.items() if state is MessageState.UNKNOWN)
        if unknown != sum(row.state == MessageState.UNKNOWN.value for row in rows):
            self.outcome.differences.append("published counts of unknown messages are not the registry's")
        with self.registry.reading() as connection:
            if sum(intents.counts(connection).values()) != len(rows):
                self.outcome.differences.append("counts do not add up")


@contextmanager
def database_of(home: str, folder: Path) -> Iterator[str]:
    """An empty database of a kind."""
    if home == "sqlite":
        yield f"sqlite:///{folder / 'registry.db'}"
        return
    with PostgresServer() as server:
        yield server.database()


def run_round(home: str, lists: str, kills: int, seed: int, folder: Path, households: int = HOUSEHOLDS) -> Outcome:
    """One round, from an empty folder to the check; a third of the households are warned."""
    folder.mkdir(parents=True)
    outcome = Outcome(home, lists)
    begun = time.monotonic()
    with database_of(home, folder) as database:
        Round(database, folder, kills, f"{seed}/{home}/{lists}", outcome, households).live()
    outcome.seconds = time.monotonic() - begun
    return outcome


@click.command()
@click.option(
    "--kills",
    default=15,
    show_default=True,
    help="How often the dispatcher is killed on each home while lists are late; a third as often while they show nothing.",
)
@click.option("--seed", default=7, show_default=True, help="Of all that is drawn.")
@click.option("--home", "homes", multiple=True, type=click.Choice(HOMES), help="Only this kind of database.")
@click.option("--json", "summary", type=click.Path(path_type=Path), help="Write what happened into this file.")
def main(kills: int, seed: int, homes: tuple[str, ...], summary: Path | None) -> None:
    """Kill the dispatcher while messages go out, and check that nobody got two and nobody none, or that it is counted."""
    root = Path(tempfile.mkdtemp(prefix="polyrisk-dispatch-"))
    outcomes = []
    for home in homes or HOMES:
        for lists, share in (("late", kills), ("never", max(1, kills // 3))):
            outcome = run_round(home, lists, share, seed, root / f"{home}-{lists}")
            outcomes.append(outcome)
            counted = ", ".join(f"{number} {what}" for what, number in sorted(outcome.counts.items()))
            click.echo(
                f"{home:10} lists {lists:5}: {outcome.kills} kills, {outcome.messages} messages, {outcome.doubtful} in doubt; {counted}; "
                f"{outcome.seconds:.0f} s; {'GOOD' if not outcome.differences else 'DIFFERENCES'}"
            )
            for difference in outcome.differences:
                click.echo(f"    {difference}")
    if summary is not None:
        summary.write_text(json.dumps([vars(outcome) for outcome in outcomes], indent=1), encoding="utf-8")
    sys.exit(1 if any(outcome.differences for outcome in outcomes) else 0)


if __name__ == "__main__":
    main()
