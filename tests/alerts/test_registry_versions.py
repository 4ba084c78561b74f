"""The registry's tables have a version: older ones are brought to this one, newer ones are refused, and nothing is lost on the way."""

import shutil
import sqlite3
from datetime import UTC, datetime
from pathlib import Path

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import MetaData, create_engine, inspect

from alerts import migrations
from alerts.people.keys import Keys
from alerts.registry import Consent, Enrolment, Registry
from alerts.tables import metadata
from schemas.errors import NewerVersionError

AGREED = datetime(2025, 1, 1, tzinfo=UTC)
PERSON = Enrolment("+999000000001", "LK21", "en", "household", Consent(AGREED, "text", "by"))
OLD_ROW = {
    "id": "s1",
    "area": "LK21",
    "language": "en",
    "group": "household",
    "status": "active",
    "consent_at": AGREED.replace(tzinfo=None),
    "consent_text": "text",
    "consent_by": "by",
}


def brought_to(url: str, revision: str, keys: Keys) -> None:
    """Make a database as a version had it, with one person in it; before version 3 without Alembic's own table."""
    engine = create_engine(url)
    config = Config()
    config.set_main_option("script_location", str(migrations.HOME))
    with engine.begin() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        row = {**OLD_ROW, "number_index": keys.index(PERSON.number), "number": keys.encrypt(PERSON.number)}
        tables = MetaData()
        tables.reflect(connection)
        table = tables.tables["subscribers"]
        if "joined_at" in table.c:
            row["joined_at"] = AGREED.replace(tzinfo=None)
        connection.execute(table.insert().values(**row))
        if revision in ("0001", "0002"):
            connection.exec_driver_sql("DROP TABLE alembic_version")
        if revision == "0001":
            connection.exec_driver_sql("DROP INDEX IF EXISTS messages_in_turn")
    engine.dispose()


@pytest.fixture
def old(tmp_path: Path, keys: Keys) -> Path:
    """A registry as 0.1.0 made it at first: without a version, and without the index of the queue."""
    path = tmp_path / "registry.db"
    brought_to(f"sqlite:///{path}", "0001", keys)
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


def version(registry: Registry) -> int:
    """The version that the database names."""
    with registry.reading() as connection:
        return int(connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one())


def test_revisions_are_one_line_in_the_order_of_their_numbers() -> None:
    """Each file is named by its revision and follows the number before it, so that the newest number is the version."""
    script = ScriptDirectory(str(migrations.HOME))
    assert script.get_heads() == [f"{migrations.VERSION:04}"]
    revisions = list(script.walk_revisions())
    assert [revision.revision for revision in revisions] == [f"{n:04}" for n in range(migrations.VERSION, 0, -1)]
    for revision in revisions:
        assert Path(revision.path).name.startswith(f"{revision.revision}_")


@pytest.mark.parametrize("revision", ["0001", "0002"])
def test_an_older_registry_is_brought_to_this_version(registry_home: str, keys: Keys, revision: str) -> None:
    """What it lacks is made, the people stay, and it says its version from then on."""
    brought_to(registry_home, revision, keys)
    registry = Registry(registry_home, keys)
    assert {index["name"] for index in inspect(registry.engine).get_indexes("messages")} >= {"messages_in_turn"}
    assert registry.counts(["LK21"], "household") == {"en": 1}
    assert registry.export(PERSON.number)["person"]["joined_at"] == AGREED.isoformat()
    assert version(registry) == migrations.VERSION
    registry.close()


def test_a_message_that_waited_in_an_older_registry_still_has_its_words(registry_home: str, keys: Keys) -> None:
    """Texts are put into a new table, by need: one that waited to be sent during the upgrade is read and exported as it stood."""
    brought_to(registry_home, "0006", keys)
    engine = create_engine(registry_home)
    with engine.begin() as connection:
        tables = MetaData()
        tables.reflect(connection)
        connection.execute(tables.tables["bodies"].insert().values(message="w1.1", language="en", body="FLOOD", segments=1))
        fixed = {"area": "LK21", "priority": 2, "state": "intended", "attempts": 0, "refusal": "", "possibly_doubled": False}
        message = {"message": "w1.1", "subscriber": "s1", "language": "en", **fixed}
        connection.execute(tables.tables["messages"].insert().values(**message))
    engine.dispose()
    registry = Registry(registry_home, keys)
    (held,) = registry.export(PERSON.number)["messages"]
    assert (held["text"], held["need"], held["state"]) == ("FLOOD", "", "intended")
    registry.close()


def test_whom_an_older_registry_could_not_tell_that_they_are_enrolled_is_owed_it(registry_home: str, keys: Keys) -> None:
    """Their text was queued and refused, for the country did not send yet; a warning that was refused is not owed."""
    for stage, owed in (("service", True), ("issued", False)):
        with_refused_text(registry_home, keys, stage)
        registry = Registry(registry_home, keys)
        assert registry.export(PERSON.number)["person"]["owed_welcome"] is owed
        with registry.begin() as connection:
            tables = MetaData()
            tables.reflect(connection)
            tables.drop_all(connection)
        registry.close()


def with_refused_text(url: str, keys: Keys, stage: str) -> None:
    """Make a database of version 7 whose one person was refused one text."""
    brought_to(url, "0007", keys)
    engine = create_engine(url)
    with engine.begin() as connection:
        tables = MetaData()
        tables.reflect(connection)
        fixed = {"area": "LK21", "priority": 0, "attempts": 1, "possibly_doubled": False, "language": "en"}
        refused = {"message": "r1.1", "subscriber": "s1", "state": "refused", "refusal": "not_agreed", **fixed}
        connection.execute(tables.tables["messages"].insert().values(**refused))
        warning = {"id": "r1.1", "warning": "r1", "number": 1, "kind": "still", "audience": "one", "area": "LK21", "stage": stage}
        warning |= {"content": "", "expires": AGREED.replace(tzinfo=None), "people": 0, "escalations": 0}
        connection.execute(tables.tables["warnings"].insert().values(**warning))
    engine.dispose()


@pytest.mark.parametrize("revision", ["", "0001", "0002"])
def test_tables_are_the_same_whichever_way_they_came(registry_home: str, keys: Keys, revision: str) -> None:
    """Made at once or step by step from a version: Alembic finds nothing in which they differ from `alerts.tables`."""
    if revision:
        brought_to(registry_home, revision, keys)
    registry = Registry(registry_home, keys)
    with registry.engine.connect() as connection:
        # Of SQLite, Alembic reads defaults back in other words than they were given.
        options = {"compare_type": True, "compare_server_default": registry_home.startswith("postgresql")}
        context = MigrationContext.configure(connection, opts=options)
        assert compare_metadata(context, metadata) == []
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


def test_a_newer_registry_is_refused_and_not_touched(registry_home: str, keys: Keys) -> None:
    """The error says what to start; the database stays as the newer version wrote it, and no secret of its address is said."""
    registry = Registry(registry_home, keys)
    with registry.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '0099'")
    registry.close()
    with pytest.raises(NewerVersionError, match=r"version 99.*Start that version"):
        Registry(registry_home, keys)
    engine = create_engine(registry_home)
    with engine.connect() as connection:
        assert connection.exec_driver_sql("SELECT version_num FROM alembic_version").scalar_one() == "0099"
    engine.dispose()


def test_versions_before_alembic_know_that_it_is_not_theirs(registry_home: str, keys: Keys) -> None:
    """They look in a table of their own, where they find a newer version than they know, whichever way the database came."""
    registry = Registry(registry_home, keys)
    with registry.reading() as connection:
        assert connection.exec_driver_sql("SELECT version FROM registry_version").scalar_one() == 3
    registry.close()


def test_a_migration_that_fails_changes_nothing(registry_home: str, keys: Keys, monkeypatch: pytest.MonkeyPatch) -> None:
    """All of it or nothing: after a failure in the middle the older version can still open its registry, and a second try succeeds."""
    brought_to(registry_home, "0001", keys)
    upgrade = command.upgrade

    def failing(config: Config, revision: str) -> None:
        upgrade(config, revision)
        raise OSError("The disk is full.")

    monkeypatch.setattr(command, "upgrade", failing)
    with pytest.raises(OSError, match="full"):
        Registry(registry_home, keys)
    engine = create_engine(registry_home)
    assert not {"registry_version", "alembic_version"} & set(inspect(engine).get_table_names())
    engine.dispose()
    monkeypatch.undo()
    registry = Registry(registry_home, keys)
    assert registry.counts(["LK21"], "household") == {"en": 1}
    registry.close()


def test_a_copy_can_be_put_back(old: Path) -> None:
    """The kept copy, put in the registry's place, is migrated like the first."""
    opened(old).close()
    copy = old.with_name("registry.db.version-1.backup")
    for left in old.parent.glob("registry.db-*"):
        left.unlink()
    shutil.copy(copy, old)
    assert opened(old).counts(["LK21"], "household") == {"en": 1}
