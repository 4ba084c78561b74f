"""The registry's tables have a version: older ones are brought to this one, newer ones are refused, and nothing is lost on the way."""

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from sqlalchemy import inspect

from alerts import migrations
from alerts.people.keys import Keys
from alerts.registry import Consent, Enrolment, Registry
from schemas.errors import NewerVersionError

PERSON = Enrolment("+999000000001", "LK21", "en", "household", Consent(datetime(2025, 1, 1, tzinfo=UTC), "text", "by"))


@pytest.fixture
def old(tmp_path: Path) -> Path:
    """A registry as 0.1.0 made it: without a version, and without the index of the queue."""
    path = tmp_path / "registry.db"
    registry = Registry(f"sqlite:///{path}", Keys.load(tmp_path / "keys", create=True))
    registry.enrol_synthetic([("s1", PERSON)])
    with registry.engine.begin() as connection:
        connection.exec_driver_sql("DROP INDEX messages_in_turn")
        connection.exec_driver_sql("DROP TABLE registry_version")
    registry.close()
    return path


def opened(path: Path) -> Registry:
    """The registry, with the keys beside it."""
    return Registry(f"sqlite:///{path}", Keys.load(path.parent / "keys"))


def people(path: Path) -> int:
    """How many people a file holds."""
    connection = sqlite3.connect(path)
    (count,) = connection.execute("SELECT count(*) FROM subscribers").fetchone()
    connection.close()
    return int(count)


def test_an_older_registry_is_brought_to_this_version(old: Path) -> None:
    """What it lacks is made, the people stay, and it says its version from then on."""
    registry = opened(old)
    assert {index["name"] for index in inspect(registry.engine).get_indexes("messages")} >= {"messages_in_turn"}
    assert registry.counts(["LK21"], "household") == {"en": 1}
    with registry.reading() as connection:
        assert connection.exec_driver_sql("SELECT version FROM registry_version").scalar() == migrations.VERSION
    registry.close()


def test_the_registry_as_it_was_is_kept(old: Path) -> None:
    """Beside it lies a whole copy of the older version, as private as the original, which that version could open."""
    old.chmod(0o600)
    opened(old).close()
    copy = old.with_name("registry.db.version-1.backup")
    assert people(copy) == 1
    assert copy.stat().st_mode & 0o777 == 0o600
    assert not list(old.parent.glob("*.draft"))
    tables = sqlite3.connect(copy).execute("SELECT count(*) FROM sqlite_schema WHERE name = 'registry_version'").fetchone()
    assert tables == (0,)


def test_a_registry_of_this_version_is_left_as_it_is(tmp_path: Path, old: Path) -> None:
    """Opened again nothing is copied or changed."""
    opened(old).close()
    old.with_name("registry.db.version-1.backup").unlink()
    before = people(old)
    opened(old).close()
    assert people(old) == before
    assert not list(tmp_path.glob("*.backup"))


def test_a_newer_registry_is_refused_and_not_touched(old: Path) -> None:
    """The error says what to start; the file stays as the newer version wrote it."""
    registry = opened(old)
    with registry.begin() as connection:
        connection.exec_driver_sql("UPDATE registry_version SET version = 99")
    registry.close()
    with pytest.raises(NewerVersionError, match=r"version 99.*Start that version"):
        opened(old)
    connection = sqlite3.connect(old)
    assert connection.execute("SELECT version FROM registry_version").fetchone() == (99,)
    connection.close()
    assert not list(old.parent.glob("*.version-99.backup"))


def test_a_migration_that_fails_changes_nothing(old: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it or nothing: after a failure in the middle the older version can still open its registry, and a second try succeeds."""
    step = migrations._STEPS[1]

    def failing(connection: object) -> None:
        step(connection)  # type: ignore[arg-type]
        raise OSError("The disk is full.")

    monkeypatch.setattr(migrations, "_STEPS", {1: failing})
    with pytest.raises(OSError, match="full"):
        opened(old)
    connection = sqlite3.connect(old)
    assert connection.execute("SELECT count(*) FROM sqlite_schema WHERE name = 'registry_version'").fetchone() == (0,)
    connection.close()
    monkeypatch.undo()
    opened(old).close()
    assert people(old) == 1


def test_a_copy_can_be_put_back(old: Path) -> None:
    """The kept copy, put in the registry's place, is migrated like the first."""
    opened(old).close()
    copy = old.with_name("registry.db.version-1.backup")
    for left in old.parent.glob("registry.db-*"):
        left.unlink()
    shutil.copy(copy, old)
    assert opened(old).counts(["LK21"], "household") == {"en": 1}
