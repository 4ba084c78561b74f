"""A backup of a running installation: of one moment, whole, without keys, and refused where it would do harm."""

import json
import os
import re
import sqlite3
import stat
import threading
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from alert_places import START
from event_makers import event
from installations import Installation, installation, on_another_database, polyrisk
from kannel_gateway import wait_until
from postgres_server import PostgresServer
from sqlalchemy import create_engine, select

from alerts.drills import folders
from alerts.drills.people import keep_who_left, take_who_left
from alerts.migrations import HOME
from alerts.people.person import Consent, Enrolment
from alerts.people.subscribers import has_left
from alerts.registry import REGISTRY, open_registry
from alerts.registry_copies import driver_of, put_back
from alerts.service import AlertService
from alerts.tables import outbox, processed
from eventlog.archive import Archive
from eventlog.log import Snapshot, open_log
from polyrisk.backup_files import discard
from polyrisk.backup_manifest import MANIFEST, OBJECTS, load_manifest
from schemas.country_files import LoadedCountry
from schemas.envelopes import input_record, output_record
from schemas.inputs import ConfigChange, Heartbeat
from schemas.levels import Level
from schemas.outputs import EventChange
from schemas.topics import TOPICS

BACKUPS = 4


@pytest.fixture(params=["sqlite", "postgresql"])
def two_databases(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Iterator[tuple[str, list[str]]]:
    """The URL of a registry, and of an empty one for each of its backups; of a file, the folder says where."""
    monkeypatch.setenv(REGISTRY, "")
    if request.param == "sqlite":
        yield "sqlite", []
        return
    server: PostgresServer = request.getfixturevalue("postgres")
    urls = [server.database() for _ in range(BACKUPS + 1)]
    yield urls[0], urls[1:]
    for url in urls:
        server.drop(url)


@pytest.fixture
def filled(tmp_path: Path, country: LoadedCountry) -> Iterator[Installation]:
    """An installation with people, a warning that stands, raw bytes, a feed's memory and a state of a processor."""
    with installation(tmp_path / "state", country, households=50) as made:
        made.warn("LK11")
        Archive(str(made.state / "archive")).keep(b"raw bytes of a gauge")
        (made.state / "feeds").mkdir()
        (made.state / "feeds" / "lka_irrigation_river.json").write_text("{}", encoding="utf-8")
        made.log.append([heartbeat(0)])
        made.log.save_snapshot(Snapshot("processors", "LKA", 0, "3", START, b"a state"))
        yield made


def heartbeat(number: int) -> object:
    """A record of input."""
    at = START + timedelta(minutes=number)
    return input_record("LKA", Heartbeat(feed="lka_irrigation_river", received=at, delivery="d", new=False, rows=1, quarantined=0))


def back_up(state: Path, place: Path, *more: str | Path) -> Path:
    """Take a backup; answers its folder."""
    return Path(json.loads(polyrisk("backup", "--state", state, "--out", place, "--json", *more))["backup"])


def acted_on_and_published(backup: Path, empty: list[str]) -> tuple[set[str], set[str]]:
    """Ids of events that a copied registry acted on, and of records that it takes for published."""
    file = backup / "registry.db"
    if file.exists():
        url = f"sqlite:///{file}"
    else:
        url = empty.pop()
        put_back(backup / "registry.dump", url)
    engine = create_engine(driver_of(url))
    with engine.connect() as connection:
        seen = set(connection.execute(select(processed.c.record)).scalars())
        told = set(connection.execute(select(outbox.c.record).where(outbox.c.published)).scalars())
    engine.dispose()
    return seen, told


def test_log_and_registry_are_of_one_moment(two_databases: tuple[str, list[str]], tmp_path: Path, country: LoadedCountry) -> None:
    """However busy they are: what the log says was acted on, the registry acted on, and what that takes for published is in the log."""
    url, empty = two_databases
    on_another_database(url)
    with installation(tmp_path / "state", country) as on:
        service = AlertService(on.log, on.registry, country)
        ended = threading.Event()

        def live() -> None:
            number = 0
            while not ended.is_set():
                number += 1
                one = event(EventChange.OPENED, Level.RED, area="LK11", id=f"LKA:river_and_landslide:LK11:{number}", hours=number / 1_000)
                on.log.append([output_record(one, f"event:{one.id}", one.known)])
                service.take_in(one.known)

        thread = threading.Thread(target=live)
        thread.start()
        found = []
        for number in range(BACKUPS):
            wait_until(lambda: len(on.log.read("warnings")) > 3 * (number + 1), "nothing is proposed")  # noqa: B023 - asked at once
            found.append(back_up(on.state, tmp_path / f"backups-{number}"))
        ended.set()
        thread.join()
        service.close()
    for backup in found:
        seen, told = acted_on_and_published(backup, empty)
        with closing(open_log(f"sqlite:///{backup / 'log.db'}")) as log:
            (committed,) = log.committed("alerts").values()
            assert {s.record.id for s in log.read("events") if s.offset <= committed} <= seen
            assert len(seen) > 0
            assert told <= {s.record.id for topic in TOPICS for s in log.read(topic)}
            assert len(told) > 0


def test_a_log_that_is_written_meanwhile_is_copied_without_gap(filled: Installation, tmp_path: Path) -> None:
    """A feed publishes as fast as it can: the copy holds all up to a moment, and its manifest says up to where."""
    ended = threading.Event()

    def publish() -> None:
        number = 1
        with closing(open_log(f"sqlite:///{filled.state / 'log.db'}")) as log:
            while not ended.is_set():
                log.append([heartbeat(number)])
                number += 1

    thread = threading.Thread(target=publish)
    thread.start()
    wait_until(lambda: len(filled.log.read("input")) > 50, "nothing is published")
    backup = back_up(filled.state, tmp_path / "backups")
    ended.set()
    thread.join()
    with closing(open_log(f"sqlite:///{backup / 'log.db'}")) as log:
        offsets = [stored.offset for stored in log.read("input")]
    assert offsets == list(range(len(offsets)))
    (end,) = [place.offset for place in load_manifest(backup).places if (place.group, place.topic) == ("", "input")]
    assert offsets[-1] == end >= 50


def test_nobody_but_its_owner_can_read_it(filled: Installation, tmp_path: Path) -> None:
    """Each folder and file of it, and the copy of the keys."""
    backup = back_up(filled.state, tmp_path / "backups", "--keys", tmp_path / "keys.json")
    for path in (tmp_path / "keys.json", backup, *backup.rglob("*"), *(tmp_path / "backups" / OBJECTS).rglob("*")):
        assert stat.S_IMODE(path.stat().st_mode) & 0o077 == 0, path


def test_the_keys_are_in_no_backup(filled: Installation, tmp_path: Path) -> None:
    """Neither is a number, nor what a number could be read with; the manifest says which keys are needed."""
    backup = back_up(filled.state, tmp_path / "backups")
    secrets = [line for file in (filled.state / "keys").iterdir() for line in file.read_bytes().split()]
    assert len(secrets) == 2
    for path in (tmp_path / "backups").rglob("*"):
        if path.is_file():
            content = path.read_bytes()
            assert not any(secret in content for secret in secrets), path
    assert load_manifest(backup).keys == filled.registry.keys.index_name


def test_the_keys_are_not_copied_beside_it_nor_over_anything(filled: Installation, tmp_path: Path) -> None:
    """Below the place of backups they are refused, and so is a file that is there; then nothing is left behind."""
    place, there = tmp_path / "backups", tmp_path / "keys.json"
    assert "beside the backup" in polyrisk("backup", "--state", filled.state, "--out", place, "--keys", place / "k", code=2)
    there.write_text("mine", encoding="utf-8")
    assert "there already" in polyrisk("backup", "--state", filled.state, "--out", place, "--keys", there, code=2)
    assert there.read_text(encoding="utf-8") == "mine"
    assert not list(place.glob("2*"))


def test_a_file_is_kept_once_however_many_backups_hold_it(filled: Installation, tmp_path: Path) -> None:
    """A second backup copies what is new alone; old ones are deleted with what no other holds, and the rest stays whole."""
    place = tmp_path / "backups"
    first = back_up(filled.state, place)
    before = set((place / OBJECTS).glob("*/*"))
    said = load_manifest(first)
    aged = said.model_copy(update={"at": datetime.now(UTC) - timedelta(days=40)})
    older = first.rename(place / "2020-01-01T00-00-00Z")
    aged.save(older)
    (filled.state / "feeds" / "lka_irrigation_river.json").write_text('{"etag": "2"}', encoding="utf-8")
    shown = json.loads(polyrisk("backup", "--state", filled.state, "--out", place, "--keep-days", "30", "--json"))
    assert (shown["new_files"], shown["deleted"]) == (1, 1)
    assert not older.exists()
    after = set((place / OBJECTS).glob("*/*"))
    assert (len(after - before), len(before - after)) == (1, 1)
    assert "all hashes are right" in restored(Path(shown["backup"]), tmp_path / "new", filled)
    assert discard(place, datetime.now(UTC) - timedelta(days=30)) == 0


def test_what_a_killed_backup_left_is_cleared_away(filled: Installation, tmp_path: Path) -> None:
    """It never had a name, so nobody can take it for one."""
    place = tmp_path / "backups"
    (place / ".2020-01-01T00-00-00Z.draft").mkdir(parents=True)
    (place / ".2020-01-01T00-00-00Z.draft" / "log.db").write_bytes(b"half")
    back_up(filled.state, place)
    assert sorted(path.name for path in place.iterdir() if path.name.endswith(".draft")) == []


def test_two_backups_at_once_do_not_mix(filled: Installation, tmp_path: Path) -> None:
    """The second is told to wait, by exit code 2, and leaves nothing."""
    import fcntl

    place = tmp_path / "backups"
    back_up(filled.state, place)
    with (place / ".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        assert "Another backup" in polyrisk("backup", "--state", filled.state, "--out", place, code=2)
    assert len(list(place.glob("2*"))) == 1


def test_where_there_is_nothing_there_is_no_backup(tmp_path: Path) -> None:
    """A wrong folder is answered, and no empty backup lets somebody sleep well."""
    assert "no installation here" in polyrisk("backup", "--state", tmp_path / "nowhere", "--out", tmp_path / "backups", code=2)
    assert not (tmp_path / "backups").exists()


def test_a_log_that_cannot_be_reached_leaves_no_backup(filled: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A registry without its log is half of an installation: nobody takes that for a backup, and those who write were not kept waiting."""
    monkeypatch.setenv("POLYRISK_LOG", "kafka://127.0.0.1:1/polyrisk")
    polyrisk("backup", "--state", filled.state, "--out", tmp_path / "backups", code=2)
    assert not list((tmp_path / "backups").glob("2*"))
    monkeypatch.delenv("POLYRISK_LOG")
    back_up(filled.state, tmp_path / "backups")


def restored(backup: Path, new: Path, of: Installation, *more: str, code: int = 0) -> str:
    """Restore with the keys of an installation; answers what is printed."""
    keys = new.with_name(f"{new.name}-keys.json")
    keys.write_text(json.dumps({f.name: f.read_text(encoding="ascii") for f in (of.state / "keys").iterdir()}), encoding="ascii")
    keys.chmod(0o600)
    return polyrisk("restore", backup, "--state", new, "--keys", keys, *more, code=code)


def test_a_restore_is_dry_unless_it_is_applied(filled: Installation, tmp_path: Path) -> None:
    """It says what it holds and that it is whole; nothing is written."""
    backup = back_up(filled.state, tmp_path / "backups")
    shown = restored(backup, tmp_path / "new", filled)
    assert "all hashes are right" in shown
    assert "--apply restores it" in shown
    assert not (tmp_path / "new").exists()


def test_what_is_restored_is_what_was_there(filled: Installation, tmp_path: Path, country: LoadedCountry) -> None:
    """Records, offsets, places of groups, states, raw bytes, memories, people; the keys read their numbers again."""
    backup = back_up(filled.state, tmp_path / "backups")
    restored(backup, tmp_path / "new", filled, "--apply")
    with installation(tmp_path / "new", country) as after:
        for topic in ("input", "events", "warnings"):
            assert after.log.read(topic) == filled.log.read(topic)
        assert after.log.committed("alerts") == filled.log.committed("alerts")
        assert after.log.load_snapshot("processors", "LKA") == filled.log.load_snapshot("processors", "LKA")
        assert after.registry.counts(["LK11"], "household") == filled.registry.counts(["LK11"], "household")
        memory = Path("feeds") / "lka_irrigation_river.json"
        assert (after.state / memory).read_bytes() == (filled.state / memory).read_bytes()
        delivery = Archive(str(filled.state / "archive")).keep(b"raw bytes of a gauge")
        assert Archive(str(after.state / "archive")).raw(delivery) == b"raw bytes of a gauge"
        assert (after.state / "configuration" / "lka" / "country.yaml").exists()


def test_the_journal_of_a_restored_system_is_whole(filled: Installation, tmp_path: Path) -> None:
    """Its chain, and its anchors in the restored log; the restore and the halt are its newest steps."""
    said = filled.country.configuration
    change = ConfigChange(at=START, hash=said.hash, configuration=said.canonical(), author="planner", reason="start")
    filled.log.append([input_record("LKA", change)])
    backup = back_up(filled.state, tmp_path / "backups")
    restored(backup, tmp_path / "new", filled, "--apply")
    polyrisk("journal", "verify", "--state", tmp_path / "new")
    assert "restored" in polyrisk("journal", "show", "--state", tmp_path / "new")


@pytest.mark.parametrize("harm", ["changed", "missing", "registry"])
def test_a_backup_that_is_not_whole_is_named_and_not_restored(filled: Installation, tmp_path: Path, harm: str) -> None:
    """Exit code 1, what is wrong by name, and nothing is written though it should be applied."""
    backup = back_up(filled.state, tmp_path / "backups")
    (raw,) = [file for file in load_manifest(backup).files if file.path.startswith("archive/raw")]
    kept = tmp_path / "backups" / OBJECTS / raw.sha256[:2] / raw.sha256
    if harm == "changed":
        kept.write_bytes(b"other bytes")
    elif harm == "missing":
        kept.unlink()
    else:
        with (backup / "registry.db").open("r+b") as file:
            file.seek(5_000)
            file.write(b"\xff" * 10)
    shown = restored(backup, tmp_path / "new", filled, "--apply", code=1)
    assert f"WRONG     {'registry.db' if harm == 'registry' else raw.path}" in shown
    assert not (tmp_path / "new").exists()


def test_nothing_is_ever_restored_over_another(filled: Installation, tmp_path: Path) -> None:
    """A folder with anything in it is refused."""
    backup = back_up(filled.state, tmp_path / "backups")
    assert "not empty" in restored(backup, filled.state, filled, "--apply", code=2)


def test_a_registry_is_not_restored_without_its_own_keys(filled: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without, an installation would make new ones and lose everybody; with others, it could not read a number."""
    monkeypatch.delenv("POLYRISK_KEYS", raising=False)
    backup = back_up(filled.state, tmp_path / "backups")
    assert "keys are not in a backup" in polyrisk("restore", backup, "--state", tmp_path / "new", code=2)
    with installation(tmp_path / "another", filled.country) as another:
        assert "was written with those called" in restored(backup, tmp_path / "new", another, "--apply", code=2)
    assert not (tmp_path / "new").exists()


@pytest.mark.parametrize("part", ["format", "log", "registry"])
def test_what_a_newer_version_wrote_is_refused(filled: Installation, tmp_path: Path, part: str) -> None:
    """Before anything of it is looked at."""
    backup = back_up(filled.state, tmp_path / "backups")
    said = json.loads((backup / MANIFEST).read_text(encoding="utf-8"))
    if part == "format":
        said["format"] = 99
    else:
        said[part]["version"] = 99
    (backup / MANIFEST).write_text(json.dumps(said), encoding="utf-8")
    assert "ewer version" in restored(backup, tmp_path / "new", filled, "--apply", code=2)


def test_an_older_registry_is_restored_and_brought_on(filled: Installation, tmp_path: Path) -> None:
    """A backup outlives the version that wrote it: the tables are brought to this one's when it is restored."""
    filled.registry.close()
    with closing(sqlite3.connect(filled.state / "registry.db")) as connection:
        later = (path.read_text(encoding="utf-8") for path in (HOME / "versions").glob("[0-9]*.py") if int(path.name[:4]) > 12)
        for table in re.findall(r'create_table\(\s*"(\w+)"', "".join(later)):
            connection.execute(f"DROP TABLE {table}")
        connection.execute("UPDATE alembic_version SET version_num = '0012'")
        connection.commit()
    backup = back_up(filled.state, tmp_path / "backups")
    assert os.path.exists(backup / "registry.db")
    assert load_manifest(backup).registry.version == 12
    assert "HALTED" in restored(backup, tmp_path / "new", filled, "--apply")


def test_what_the_environment_names_elsewhere_is_not_forgotten(
    filled: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A log or a registry that it names would be used instead of the restored one: that is refused before anything is written."""
    backup = back_up(filled.state, tmp_path / "backups")
    monkeypatch.setenv("POLYRISK_LOG", f"sqlite:///{tmp_path}/another.db")
    assert "names another log" in restored(backup, tmp_path / "new", filled, "--apply", code=2)
    monkeypatch.delenv("POLYRISK_LOG")
    monkeypatch.setenv(REGISTRY, "postgresql://polyrisk@localhost:1/registry")
    assert "names another registry" in restored(backup, tmp_path / "new", filled, "--apply", code=2)
    assert not (tmp_path / "new").exists()


def test_a_dump_is_restored_into_an_empty_database_alone(
    postgres: PostgresServer, tmp_path: Path, country: LoadedCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Without one that is named it is asked for; one with tables in it is refused, though it is the registry itself."""
    monkeypatch.setenv(REGISTRY, postgres.database())
    with installation(tmp_path / "state", country, households=10) as made:
        backup = back_up(made.state, tmp_path / "backups")
        assert load_manifest(backup).registry.home == "postgresql"
        assert "is not empty" in restored(backup, tmp_path / "new", made, "--apply", code=2)
        monkeypatch.setenv(REGISTRY, "")
        assert "Make an empty database" in restored(backup, tmp_path / "new", made, "--apply", code=2)
        monkeypatch.setenv(REGISTRY, postgres.database())
        restored(backup, tmp_path / "new", made, "--apply")
        with installation(tmp_path / "new", country) as after:
            assert after.registry.counts(["LK11"], "household") == made.registry.counts(["LK11"], "household")


def test_a_backup_without_its_program_or_beside_endless_writing_says_so(
    postgres: PostgresServer, tmp_path: Path, country: LoadedCountry, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Nothing with the name of a backup is left, and nobody who writes was kept waiting for ever."""
    monkeypatch.setenv(REGISTRY, postgres.database())
    monkeypatch.setattr("alerts.registry_copies.LONGEST_WAIT_S", 0.2)
    with installation(tmp_path / "state", country, households=10) as made:
        place = tmp_path / "backups"
        with made.registry.begin() as connection:
            connection.execute(outbox.delete())
            assert "without a pause" in polyrisk("backup", "--state", made.state, "--out", place, code=2)
        monkeypatch.setenv("PATH", str(tmp_path))
        assert "`pg_dump` is not here" in polyrisk("backup", "--state", made.state, "--out", place, code=2)
    assert not list(place.glob("2*"))


def test_lists_of_drills_and_who_left_one_come_back_and_no_number_stands_in_a_backup(filled: Installation, tmp_path: Path) -> None:
    """Lists, roster and the keys of drills are sealed with the registry's keys; results and indexes are as they were."""
    number, officer = "+94771200001", "+94771200201"
    state, place, keys = filled.state, tmp_path / "backups", tmp_path / "keys.json"
    (state / "drill-list.csv").write_text(f"number,area,language\n{number},LK21,si\n", encoding="utf-8")
    (state / "drill-roster.csv").write_text(f"name,number,role,place\nfirst,{officer},duty_officer,first\n", encoding="utf-8")
    drill = open_registry(folders.make(state, "ditwah-2025", datetime.now(UTC)), create=True)
    drill.enrol(Enrolment(number, "LK21", "si", "household", Consent(START, "drills-1", "committee")))
    drill.stop(number, START)
    keep_who_left(state, drill)
    drill.close()
    (state / "drills" / "20261127T000000Z-ditwah-2025.json").write_text("{}", encoding="utf-8")
    backup = back_up(state, place, "--keys", keys)
    for file in (one for one in place.rglob("*") if one.is_file()):
        content = file.read_bytes()
        assert not any(secret.encode() in content for secret in (number, officer, (state / "drills/keys/index.key").read_text().strip()))
    restored = tmp_path / "restored"
    polyrisk("restore", backup, "--state", restored, "--keys", keys, "--apply")
    kept = ("drill-list.csv", "drill-roster.csv", "drills/left", "drills/20261127T000000Z-ditwah-2025.json")
    assert all((restored / name).read_bytes() == (state / name).read_bytes() for name in kept)
    assert stat.S_IMODE((restored / "drill-list.csv").stat().st_mode) == 0o600
    assert [path.name for path in (restored / "drills").iterdir() if path.is_dir()] == ["keys"]
    following = open_registry(folders.make(restored, "ditwah-2025", datetime.now(UTC)), create=True)
    take_who_left(restored, following)
    with following.reading() as connection:
        assert has_left(connection, following.keys.indexes(number))
    following.close()
