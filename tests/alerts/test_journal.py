"""The journal in its database: in step with what it tells of, one chain whoever writes at once, and whole after any kill."""

import random
import threading
import time
from collections.abc import Sequence
from contextlib import suppress
from multiprocessing import get_context
from multiprocessing.connection import Connection as Pipe
from pathlib import Path

import pytest
from alert_places import START
from chains import anchors, chain, found
from sqlalchemy import create_engine, delete, insert, update
from sqlalchemy.exc import DatabaseError
from sqlite_rows import bytes_of

from alerts import journal
from alerts.chain import Entry, Wrong
from alerts.journal import Step
from alerts.people.keys import Keys
from alerts.registry import Consent, Enrolment, Registry
from alerts.tables import journal as table
from schemas.errors import RefusedError

COLUMNS = Entry._fields[1:]


def number(n: int) -> str:
    """One that belongs to nobody."""
    return f"+9990000{n:05}"


def together(threads: Sequence[threading.Thread]) -> None:
    """All at once, and all come to an end."""
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
        assert not thread.is_alive()


def act(registry: Registry, number: int = 1, actor: str = "a duty officer") -> None:
    """Somebody signs something, so many times."""
    for _ in range(number):
        with registry.acting() as connection:
            journal.write(connection, START, actor, "duty_officer", Step.SIGNED, "w1.1", {"seen": 1})


def rows(registry: Registry) -> list[Entry]:
    """All steps as they stand."""
    with registry.reading() as connection:
        return list(journal.entries(connection))


def test_steps_have_places_without_gaps_and_each_names_the_one_before(homed: Registry) -> None:
    """The first follows the beginning; the chain is whole."""
    act(homed, 3)
    steps = rows(homed)
    assert [step.place for step in steps] == [1, 2, 3]
    assert [step.previous for step in steps[1:]] == [step.hash for step in steps[:-1]]
    first = (steps[0].at, steps[0].actor, steps[0].role, steps[0].step, steps[0].subject, steps[0].content)
    assert first == ("2025-11-27T12:00:00.000000+00:00", "a duty officer", "duty_officer", "signed", "w1.1", '{"seen":1}')
    assert found(steps) == []


def test_a_step_whose_transaction_fails_is_not_there(homed: Registry) -> None:
    """Neither it nor a gap where it would have stood; a savepoint that is rolled back takes its own steps alone."""
    act(homed)
    with suppress(KeyboardInterrupt), homed.acting() as connection:
        journal.write(connection, START, "nobody", "", Step.SIGNED, "w1.1", {})
        raise KeyboardInterrupt
    with homed.acting() as connection:
        with suppress(ZeroDivisionError), connection.begin_nested():
            journal.write(connection, START, "nobody", "", Step.SIGNED, "w1.1", {})
            raise ZeroDivisionError
        journal.write(connection, START, "somebody", "", Step.SIGNED, "w1.1", {})
    assert [(step.place, step.actor) for step in rows(homed)] == [(1, "a duty officer"), (2, "somebody")]
    assert found(rows(homed)) == []


def test_what_is_refused_is_a_step_though_nothing_else_of_it_stays(homed: Registry) -> None:
    """The transaction that was refused rolls back; that it was asked for, by whom, and why not, stays."""

    def ask() -> None:
        with homed.attempt("sign", "a planner", "planner", "w1.1", START) as connection:
            journal.write(connection, START, "a planner", "planner", Step.SIGNED, "w1.1", {})
            raise RefusedError("the role `planner` may not sign.", where="w1.1")

    with pytest.raises(RefusedError):
        ask()
    (step,) = rows(homed)
    assert (step.place, step.actor, step.step, step.subject) == (1, "a planner", "refused", "w1.1")
    assert step.content == '{"asked":"sign","why":"the role `planner` may not sign."}'


@pytest.mark.shows_numbers("numbers that people write into their reasons, which must not stay")
def test_a_number_in_what_people_write_does_not_stay(homed: Registry) -> None:
    """Whoever names a number in a reason, a name or an id finds two digits of it; days, ids and counts stay as they are."""
    with homed.acting() as connection:
        said = {
            "why": "call +94 77 123 4567 or 077-1234568 by 2025-11-28 14:00",
            "people": 12345678,
            "hash": "0123456789abcdef",
            "in": ["0771234569"],
        }
        journal.write(connection, START, "A. on 0771234567", "", Step.HALTED, "wa1b2c3d4e5f60718.1", said)
    (step,) = rows(homed)
    assert step.actor == "A. on ...67"
    assert step.subject == "wa1b2c3d4e5f60718.1"
    assert step.content == ('{"hash":"0123456789abcdef","in":["...69"],"people":12345678,"why":"call ...67 or ...68 by 2025-11-28 14:00"}')


@pytest.mark.parametrize("column", COLUMNS)
def test_a_change_of_any_column_is_found(homed: Registry, column: str) -> None:
    """By whoever may write the database: one character of one row, and its place is named."""
    act(homed, 6)
    chance = random.Random(column)
    place = chance.randint(1, 6)
    text = getattr(rows(homed)[place - 1], column)
    at = chance.randrange(len(text))
    with homed.begin() as connection:
        changed = text[:at] + chr(ord(text[at]) ^ 1) + text[at + 1 :]
        connection.execute(update(table).where(table.c.place == place).values({column: changed}))
    assert found(rows(homed)) == [(Wrong.EDITED, place, place)]


def test_a_change_of_place_a_deletion_and_a_cut_tail_are_found(homed: Registry) -> None:
    """Each by its place, the tail by what was anchored."""
    act(homed, 8)
    anchored = anchors(rows(homed), 8)
    with homed.begin() as connection:
        connection.execute(update(table).where(table.c.place == 3).values(place=30))
    assert found(rows(homed), anchored) == [(Wrong.DELETED, 3, 3), (Wrong.DELETED, 9, 29), (Wrong.MOVED, 30, 30)]
    with homed.begin() as connection:
        connection.execute(update(table).where(table.c.place == 30).values(place=3))
        connection.execute(delete(table).where(table.c.place.in_([4, 5])))
    assert found(rows(homed), anchored) == [(Wrong.DELETED, 4, 5)]
    with homed.begin() as connection:
        connection.execute(delete(table).where(table.c.place > 3))
    assert found(rows(homed)) == []
    assert found(rows(homed), anchored) == [(Wrong.CUT, 4, 8)]


def test_any_changed_byte_of_the_file_is_found(tmp_path: Path) -> None:
    """Five hundred bytes of an SQLite file that hold a value of the journal or its type, each changed alone to something else."""
    chance = random.Random(11)
    whole, damaged = tmp_path / "whole.db", tmp_path / "damaged.db"
    engine = create_engine(f"sqlite:///{whole}")
    table.metadata.create_all(engine, [table])
    with engine.begin() as connection:
        connection.execute(insert(table), [row._asdict() for row in chain(200)])
    engine.dispose()
    content = whole.read_bytes()
    for place in chance.sample(bytes_of(whole, "journal"), 500):
        other = chance.randrange(255)
        damaged.write_bytes(content[:place] + bytes([other + (other >= content[place])]) + content[place + 1 :])
        assert is_found(damaged), f"byte {place}"
    damaged.write_bytes(content)
    assert not is_found(damaged)


def is_found(path: Path) -> bool:
    """Whether a file's journal is not whole, or cannot be read."""
    engine = create_engine(f"sqlite:///{path}")
    try:
        with engine.connect() as connection:
            return bool(found(journal.entries(connection), anchors(chain(200), 200)))
    except DatabaseError:
        return True
    finally:
        engine.dispose()


def test_reading_what_is_damaged_leaves_the_connection_as_it_was(registry: Registry) -> None:
    """Only the journal is read leniently."""
    act(registry)
    with registry.reading() as connection:
        list(journal.entries(connection))
        raw = connection.connection.driver_connection
        assert raw is not None
        assert raw.text_factory is str


def test_threads_that_write_at_once_make_one_chain(homed: Registry, registry_home: str, keys: Keys) -> None:
    """Some of what they do fails; what does not is all there, once."""
    done: list[str] = []

    def work(name: str) -> None:
        own = Registry(registry_home, keys)
        for turn in range(15):
            try:
                with own.acting() as connection:
                    journal.write(connection, START, f"{name} {turn}", "", Step.SIGNED, "w1.1", {})
                    if turn % 4 == 3:
                        raise InterruptedError
                done.append(f"{name} {turn}")
            except InterruptedError:
                continue
        own.close()

    together([threading.Thread(target=work, args=(name,)) for name in "abcd"])
    steps = rows(homed)
    assert sorted(step.actor for step in steps) == sorted(done)
    assert len(done) == 4 * 12
    assert found(steps) == []


def test_who_writes_people_and_who_writes_steps_do_not_wait_for_each_other_for_ever(
    homed: Registry, registry_home: str, keys: Keys
) -> None:
    """Erasing takes its turn among those who change people and among those who write steps, in that order."""
    homed.enrol_synthetic(
        [(f"s{n}", Enrolment(number(n), "LK21", "si", "household", Consent(START, "t1", "volunteer"))) for n in range(30)]
    )
    other = Registry(registry_home, keys)

    def erase() -> None:
        for n in range(30):
            other.erase(number(n), START, "an administrator")

    together([threading.Thread(target=erase), threading.Thread(target=act, args=(homed, 30))])
    other.close()
    steps = rows(homed)
    assert found(steps) == []
    assert [step.step for step in steps].count("erased") == 30
    assert {(step.subject, step.content) for step in steps if step.step == "erased"} == {("", '{"people":1}')}


def writing(url: str, folder: Path, name: str, says: Pipe) -> None:
    """Write steps without an end, in a process of its own that says after each that it is done."""
    registry = Registry(url, Keys.load(folder))
    turn = 0
    while True:
        act(registry, actor=f"{name} {turn}")
        says.send(f"{name} {turn}")
        turn += 1


def test_processes_killed_while_they_write_leave_one_whole_chain(registry_home: str, keys: Keys, tmp_path: Path) -> None:
    """Two write at once and are killed at random moments, again and again; whatever one said was done is there, once."""
    chance = random.Random(3)
    registry = Registry(registry_home, keys)
    processes = get_context("fork")
    said: list[str] = []
    for life in range(4):
        hears, says = processes.Pipe(duplex=False)
        begun = [processes.Process(target=writing, args=(registry_home, tmp_path / "keys", f"{life}{name}", says)) for name in "ab"]
        for process in begun:
            process.start()
        said += [hears.recv() for _ in range(chance.randint(3, 9))]
        time.sleep(chance.uniform(0, 0.05))
        for process in begun:
            process.kill()
            process.join()
            assert process.exitcode == -9
        act(registry, actor="between")
    steps = rows(registry)
    assert found(steps) == []
    actors = [step.actor for step in steps if step.actor != "between"]
    assert set(said) <= set(actors)
    assert len(actors) == len(set(actors))
    registry.close()
