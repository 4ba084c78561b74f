"""Keys are changed in one command, whoever reads or writes meanwhile and whenever it dies; then the old ones read nothing any more."""

import random
import time
from multiprocessing import get_context
from multiprocessing.connection import Connection
from pathlib import Path

import pytest
from alert_places import START
from sqlalchemy import LargeBinary, insert, select

from alerts.people import rotation
from alerts.people.keys import Keys
from alerts.people.person import Consent, Enrolment
from alerts.people.rotation import rotate
from alerts.registry import Registry
from alerts.tables import inbox_payloads, metadata, subscribers
from schemas.errors import ConfigurationError, RefusedError

CONSENT = Consent(START, "enrolment-1", "committee of Gampola")
NUMBERS = [f"+9477123{last:04}" for last in range(30)]
STRANGER = "+94771239999"


def person(number: str) -> Enrolment:
    """Somebody in Kandy."""
    return Enrolment(number, "LK21", "si", "household", CONSENT)


@pytest.fixture
def registry(homed: Registry) -> Registry:
    """Thirty people, one of whom left and one of whom was erased, and a message from somebody and from nobody known."""
    for number in NUMBERS:
        homed.enrol(person(number))
    with homed.begin() as connection:
        for number in (NUMBERS[9], STRANGER):
            row = {"id": number[-4:], "at": START, "number_index": homed.keys.index(number), "opt_out": ""}
            tokens = {"number": homed.keys.encrypt(number), "body": homed.keys.encrypt("WATER Gampola")}
            connection.execute(insert(inbox_payloads).values(**row, **tokens))
    homed.stop(NUMBERS[0], START)
    homed.erase(NUMBERS[1], START)
    return homed


def read_with(registry: Registry, keys: Keys) -> set[str]:
    """All that is encrypted in any table, with keys of our own."""
    binary = [column for table in metadata.sorted_tables for column in table.c if isinstance(column.type, LargeBinary)]
    with registry.reading() as connection:
        return {keys.decrypt(token) for column in binary for token in connection.execute(select(column)).scalars()}


def test_every_number_and_index_is_written_anew(registry: Registry, tmp_path: Path) -> None:
    """The old keys read nothing any more, the new ones read all, and both kinds of key are others."""
    before = Keys.load(tmp_path / "keys")
    old = Keys(before.number_keys, *before.index_keys)
    rotated = rotate(registry)
    assert (rotated.written, rotated.resumed) == (29 + 2, False)
    now = Keys.load(tmp_path / "keys")
    assert len(now.number_keys) == 1
    assert not set(now.number_keys) & set(old.number_keys)
    assert now.index_keys[0] not in old.index_keys
    assert read_with(registry, now) == {*NUMBERS, STRANGER, "WATER Gampola"} - {NUMBERS[1]}
    with pytest.raises(ConfigurationError, match="another key"):
        read_with(registry, old)
    with registry.reading() as connection:
        found = set(connection.execute(select(subscribers.c.number_index)).scalars())
        wrote = set(connection.execute(select(inbox_payloads.c.number_index)).scalars())
    assert found == {now.index(n) for n in NUMBERS if n != NUMBERS[1]}
    assert wrote == {now.index(NUMBERS[9]), now.index(STRANGER)}


def test_who_left_or_was_erased_stays_away_after_a_change_of_keys(registry: Registry) -> None:
    """Who left is written anew; of who was erased nothing is left but the old index, so its key stays for as long as it is needed."""
    assert rotate(registry).older_kept == 1
    for number in NUMBERS[:2]:
        with pytest.raises(RefusedError, match="left"):
            registry.enrol(person(number))
    registry.start(NUMBERS[1], START)
    assert rotate(registry).older_kept == 0
    assert len(registry.keys.index_keys) == 1
    with pytest.raises(RefusedError, match="left"):
        registry.enrol(person(NUMBERS[0]))


def test_who_is_open_meanwhile_goes_on(registry: Registry, registry_home: str, tmp_path: Path) -> None:
    """A service that loaded the old keys reads numbers written under the new ones, and does not enrol a person a second time."""
    service = Registry(registry_home, Keys.load(tmp_path / "keys"))
    with service.reading() as connection:
        token = connection.execute(
            select(subscribers.c.number).where(subscribers.c.number_index == service.keys.index(NUMBERS[5]))
        ).scalar_one()
    number = service.keys.decrypt(token)
    rotate(registry)
    with service.reading() as connection:
        tokens = connection.execute(select(subscribers.c.number)).scalars().all()
    assert number in {service.keys.decrypt(token) for token in tokens}
    service.enrol(person(number))
    service.stop(NUMBERS[6], START)
    with service.reading() as connection:
        assert len(connection.execute(select(subscribers.c.id)).all()) == 29
    assert service.counts(["LK21"], "household") == {"si": 27}
    service.close()


def test_a_person_met_in_the_middle_is_still_one(registry: Registry, monkeypatch: pytest.MonkeyPatch) -> None:
    """While some stand under the new key and some under the old, each is found, changed and stopped under whichever it is."""
    monkeypatch.setattr(rotation, "CHUNK", 10)
    met: list[float] = []

    def meanwhile(share: float) -> None:
        met.append(share)
        for number in NUMBERS[2 + len(met) : 20 : 7]:
            registry.enrol(person(number))
            assert registry.move(number, "LK92", START)
        registry.stop(NUMBERS[-len(met)], START)

    rotate(registry, meanwhile)
    assert len(met) == 4
    with registry.reading() as connection:
        assert len(connection.execute(select(subscribers.c.id)).all()) == 29
    with pytest.raises(RefusedError, match="left"):
        registry.enrol(person(NUMBERS[-1]))
    assert len(registry.keys.index_keys) == 2  # one was erased under it


def rotating(url: str, folder: Path, begun: Connection) -> None:
    """Change the keys, in a process of its own that says how far it came."""
    rotate(Registry(url, Keys.load(folder)), begun.send)


def test_killed_at_any_moment_it_goes_on(registry_home: str, keys: Keys, tmp_path: Path) -> None:
    """Killed at random moments, each next one goes on where the last ended; at the end the newest key alone reads all."""
    chance = random.Random(7)
    registry = Registry(registry_home, keys)
    registry.enrol_synthetic([(f"s{n:04}", person(f"+9990000{n:05}")) for n in range(3_000)])
    registry.close()
    processes = get_context("fork")
    killed = 0
    for _ in range(6):
        hears, says = processes.Pipe(duplex=False)
        process = processes.Process(target=rotating, args=(registry_home, tmp_path / "keys", says))
        process.start()
        for _ in range(chance.randint(0, 2)):
            hears.recv()
        time.sleep(chance.uniform(0, 0.1))
        process.kill()
        process.join()
        killed += process.exitcode == -9
    assert killed
    rotate(registry)
    assert len(registry.keys.number_keys) == len(registry.keys.index_keys) == 1
    assert len(read_with(registry, Keys.load(tmp_path / "keys"))) == 3_000
    registry.close()


def test_keys_that_another_process_has_damaged_are_named(registry: Registry, tmp_path: Path) -> None:
    """A malformed file stops the change before anything is written, and says which folder to restore."""
    (tmp_path / "keys" / "index.key").write_text("no hexadecimal\n")
    with pytest.raises(ConfigurationError, match="malformed"):
        rotate(registry)
