"""What is particular to a log in an SQLite file: it knows its own file, and says so when it does not."""

import sqlite3
from pathlib import Path

import pytest

from eventlog.log import Snapshot, open_log
from schemas.errors import ConfigurationError, LogError


def test_the_file_is_in_write_ahead_mode_and_names_its_version(tmp_path: Path) -> None:
    """Readers do not wait for a writer, and the file's header tells whose it is and how old its tables are."""
    open_log(f"sqlite:///{tmp_path / 'deep' / 'log.sqlite'}").close()
    connection = sqlite3.connect(tmp_path / "deep" / "log.sqlite")
    found = [connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("journal_mode", "application_id", "user_version")]
    connection.close()
    assert found == ["wal", 0x504C524B, 1]


def test_offsets_count_without_a_gap(tmp_path: Path) -> None:
    """In a file each partition of a topic counts from 0, record by record, so people can read how many there are."""
    from contract import record

    log = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    for number in range(3):
        assert [s.offset for s in log.append([record(number), record(number, shard="NPL")])] == [number, number]
    log.close()


def test_a_newer_file_is_refused(tmp_path: Path) -> None:
    """A log of a later version is not touched; the error names file and remedy."""
    path = tmp_path / "log.sqlite"
    open_log(f"sqlite:///{path}").close()
    connection = sqlite3.connect(path)
    connection.execute("PRAGMA user_version = 2")
    connection.close()
    with pytest.raises(LogError, match=r"log\.sqlite: .*newer version.*version 2.*Start that version"):
        open_log(f"sqlite:///{path}")


def test_another_programs_database_is_refused(tmp_path: Path) -> None:
    """A database with tables of its own is not made into a log."""
    connection = sqlite3.connect(tmp_path / "other.sqlite")
    connection.execute("CREATE TABLE recipes (name TEXT)")
    connection.close()
    with pytest.raises(LogError, match="another program's"):
        open_log(f"sqlite:///{tmp_path / 'other.sqlite'}")


def test_a_file_that_is_no_database_is_refused(tmp_path: Path) -> None:
    """Text is not overwritten."""
    (tmp_path / "notes.txt").write_text("Peradeniya 10.56 m\n" * 99)
    with pytest.raises(LogError, match="no log that can be read"):
        open_log(f"sqlite:///{tmp_path / 'notes.txt'}")
    assert (tmp_path / "notes.txt").read_text().startswith("Peradeniya")


def test_a_place_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    """A folder in place of the file is an error with the path in it."""
    with pytest.raises(LogError, match=tmp_path.name):
        open_log(f"sqlite:///{tmp_path}")


@pytest.mark.parametrize("url", ["sqlite:", "sqlite:///", "sqlite://host/log"])
def test_a_url_without_a_file_is_refused(url: str) -> None:
    """The remedy says how such a URL is written."""
    with pytest.raises(ConfigurationError, match="names no file"):
        open_log(url)


def test_a_damaged_snapshot_is_not_used(tmp_path: Path) -> None:
    """One changed byte is found, in the state and in the first line, and the error says what to remove."""
    from contract import T0

    log = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    log.save_snapshot(Snapshot("processors", "LKA", 7, "1", T0, b"state"))
    (file,) = tmp_path.rglob("*.snapshot")
    good = file.read_bytes()
    for bad in (good.replace(b"state", b"stats"), good.replace(b'"offset"', b'"ofset"'), good[:20], b""):
        file.write_bytes(bad)
        with pytest.raises(LogError, match=r"LKA\.snapshot: .*damaged.*Remove the file"):
            log.load_snapshot("processors", "LKA")
    file.write_bytes(good.replace(b'"format":1', b'"format":2'))
    with pytest.raises(LogError, match="newer version"):
        log.load_snapshot("processors", "LKA")
    log.close()


def test_a_closed_log_says_so(tmp_path: Path) -> None:
    """Use after closing is an error of the log, not of the database."""
    log = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    log.close()
    with pytest.raises(LogError, match="closed"):
        log.read("input")
