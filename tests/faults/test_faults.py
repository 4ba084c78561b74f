"""A short seeded share of the fault laboratory on each home of the log, and that its check is not blind."""

import json
import shutil
import sqlite3
from collections.abc import Callable, Mapping
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from random import Random
from types import SimpleNamespace

import pytest
from flood_world import World, build
from laboratory import Outcome, run_round
from schedule import drawn
from sqlalchemy import insert, update
from undisturbed import journal
from wal_tail import tear, whole_until
from whole_check import check, spared_for_a_graver_one

from alerts.intents import Unsent
from alerts.tables import messages
from eventlog.log import known_homes
from schemas.warning_records import MessageState

KILLS, SEED = 20, 7


@pytest.fixture(scope="module")
def good_round(tmp_path_factory: pytest.TempPathFactory) -> Outcome:
    """A round on the SQLite file."""
    return run_round("sqlite", 1, KILLS, SEED, tmp_path_factory.mktemp("faults") / "round")


def report(outcome: Outcome) -> str:
    """What happened, and what is wrong."""
    return "\n".join([*outcome.happened, *outcome.differences, outcome.folder])


@pytest.mark.parametrize("scheme", known_homes())
def test_nothing_is_lost_and_nothing_doubled_whatever_is_killed(scheme: str, tmp_path: Path, request: pytest.FixtureRequest) -> None:
    """From the source to the provider's log, over twenty kills and what else the seed brings."""
    outcome = request.getfixturevalue("good_round") if scheme == "sqlite" else run_round(scheme, 1, KILLS, SEED, tmp_path / "round")
    assert outcome.differences == [], report(outcome)
    assert sum(outcome.kills.values()) >= KILLS
    assert min(outcome.counts[what] for what in ("fetched deliveries", "events", "warnings", "accepted by the provider")) > 0


def _lose_a_record(topic: str, kind: str) -> Callable[[World], None]:
    def lose(world: World) -> None:
        with closing(sqlite3.connect(world.state / "log.db")) as connection, connection:
            places = [
                place
                for (place,) in connection.execute("SELECT rowid FROM records WHERE topic = ? AND kind = ? ORDER BY rowid", (topic, kind))
            ]
            connection.execute("DELETE FROM records WHERE rowid = ?", (places[len(places) // 2],))

    return lose


def _lose_a_message(world: World) -> None:
    lines = world.accepted.read_text(encoding="utf-8").splitlines(keepends=True)
    world.accepted.write_text("".join(lines[1:]), encoding="utf-8")


def _double_a_message(world: World) -> None:
    again = json.loads(world.accepted.read_text(encoding="utf-8").splitlines()[0]) | {"sid": "SMagain"}
    with world.accepted.open("a", encoding="utf-8") as file:
        file.write(json.dumps(again) + "\n")


def _print_a_number(world: World) -> None:
    number = json.loads(world.accepted.read_text(encoding="utf-8").splitlines()[0])["to"]
    (world.outputs / "careless.txt").write_text(f"calling {number}", encoding="utf-8")


def _keep_a_delivery(world: World) -> None:
    (world.state / "archive" / "raw" / "ff").mkdir(exist_ok=True)
    (world.state / "archive" / "raw" / "ff" / ("f" * 64)).write_bytes(b"never published")


HARMS = {
    "breaches against an undisturbed replay, missing": _lose_a_record("breaches", "breach"),
    "events against an undisturbed replay, missing": _lose_a_record("events", "event"),
    "warnings against the outbox, missing": _lose_a_record("warnings", "warning"),
    "deliveries against the outbox, missing": _lose_a_record("deliveries", "delivery"),
    "lost: the provider does not have": _lose_a_message,
    "doubled: the provider has once more": _double_a_message,
    "files with a number: outputs/careless.txt": _print_a_number,
    "fetched and not in the log: ffff": _keep_a_delivery,
}


@pytest.mark.shows_numbers("one harm prints a number, which the check of the whole must see")
@pytest.mark.parametrize("harms", [HARMS, {"minutes that were not made up for": _lose_a_record("input", "tick")}], ids=["outputs", "input"])
def test_the_check_sees_what_is_wrong(good_round: Outcome, tmp_path: Path, harms: Mapping[str, Callable[[World], None]]) -> None:
    """Each record, message, number or delivery too few or too many in what a good round left is found and named."""
    folder = tmp_path / "round"
    shutil.copytree(good_round.folder, folder)
    world = World(folder / "world")
    for harm in harms.values():
        harm(world)
    scratch = tmp_path / "undisturbed"
    scratch.mkdir()
    whole = check(world, f"sqlite:///{world.state / 'log.db'}", scratch)
    assert [seen for seen in harms if not any(seen in difference for difference in whole.differences)] == [], whole.differences


def test_the_journal_notes_what_befell_messages_and_not_what_was_decided(tmp_path: Path) -> None:
    """A message that was spared and is intended after all, never called for yet, is the service's own doing; a call is noted."""
    world = build(tmp_path / "world", "journal")
    intended = {
        "message": "w1.1",
        "subscriber": "LKA-h000001",
        "language": "si",
        "area": "LK11",
        "priority": 2,
        "state": MessageState.INTENDED.value,
        "attempts": 0,
        "refusal": "",
        "possibly_doubled": False,
    }
    called = {"state": MessageState.SENDING.value, "attempted_at": datetime(2025, 11, 21, tzinfo=UTC)}
    with closing(world.registry()) as registry, registry.begin() as connection:
        connection.execute(insert(messages).values(**intended))
        for values in ({"state": MessageState.EXPIRED.value}, {"state": MessageState.INTENDED.value}, called):
            connection.execute(update(messages).values(**values))
    assert [(entry.record, entry.detail) for entry in journal(world.registry_file)] == [("w1.1", MessageState.SENDING.value)]


@pytest.mark.parametrize(
    ("taken", "standing", "over", "spared"),
    [
        pytest.param("w2.1", {"w1": 1, "w2": 2}, (), True, id="they have a graver one"),
        pytest.param("w2.1", {"w1": 1}, ("w2",), False, id="the graver one has ended, the dropped one stands"),
        pytest.param("w2.1", {}, ("w1", "w2"), True, id="both are over"),
        pytest.param("w2.1", {"w1": 1, "w2": 0}, (), False, id="the other one is lesser"),
        pytest.param("w1.1", {"w1": 1}, ("w1",), False, id="they have an earlier one of the same warning"),
    ],
)
def test_a_message_is_rightly_dropped_only_for_a_graver_one(
    taken: str, standing: Mapping[str, int], over: tuple[str, ...], spared: bool
) -> None:
    """The check of the whole takes no word for it that a person was spared: another warning must speak for the one that was dropped."""
    dropped = SimpleNamespace(message="w1.2", subscriber="p1", refusal=Unsent.GROUPED.value, priority=1)
    heard = SimpleNamespace(message=taken, subscriber="p1", refusal="", priority=2)
    of_another = SimpleNamespace(message="w2.1", subscriber="p2", refusal="", priority=2)
    found = spared_for_a_graver_one([dropped, heard, of_another], [heard, of_another], standing, over)
    assert found == ({("w1.2", "p1")} if spared else set())


@pytest.mark.parametrize("seed", range(20))
def test_a_schedule_has_exactly_its_kills_and_is_its_seeds(seed: int) -> None:
    """The same seed gives the same; each of the other faults comes in a round of forty kills."""
    victims, others = {"a": 1.0, "b": 3.0, "c": 0.5}, ["jump", "tear", "zombie"]
    one, two = (drawn(Random(seed), 40, victims, others, 1.0) for _ in range(2))
    assert one == two
    assert sum(len(fault.victims) for fault in one) == 40
    assert {fault.name for fault in one} == {"kill", *others}


def test_a_torn_tail_takes_nothing_that_was_written_whole(tmp_path: Path) -> None:
    """What the laboratory writes after the last transaction is no transaction; all before it is read as ever."""
    path = tmp_path / "log.db"
    with closing(sqlite3.connect(path)) as living, closing(sqlite3.connect(path)) as other:
        living.execute("PRAGMA journal_mode = WAL")
        other.execute("PRAGMA journal_mode")  # a second connection keeps the first from tidying up
        living.execute("CREATE TABLE t (n)")
        for number in range(50):
            with living:
                living.execute("INSERT INTO t VALUES (?)", (number,))
        copy = tmp_path / "torn"
        copy.mkdir()
        for name in ("log.db", "log.db-wal"):
            shutil.copy(tmp_path / name, copy / name)
    wal = copy / "log.db-wal"
    end, _ = whole_until(wal.read_bytes())
    assert end == wal.stat().st_size
    assert tear(wal, Random(3))
    assert wal.stat().st_size > end
    with closing(sqlite3.connect(copy / "log.db")) as read:
        assert read.execute("SELECT count(*) FROM t").fetchone() == (50,)
