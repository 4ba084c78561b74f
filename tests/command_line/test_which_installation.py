"""Where a command looks that names no installation: all of them at the same one, and what only looks says which."""

from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from alerts.registry import open_registry
from eventlog.log import open_log
from feeds.clock import FileClock
from polyrisk.__main__ import main
from schemas.country_files import countries_root, load_country
from schemas.envelopes import input_record
from schemas.inputs import ConfigChange

NOW = datetime(2025, 11, 28, 6, tzinfo=UTC)
LIVE, DEMO = Path("var/live"), Path("var/demo/ditwah-2025")
NEW_OR_EARLIER = {"demo", "case", "restore"}
"""They make a folder, or say by themselves which one."""


@pytest.fixture(autouse=True)
def elsewhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder from which commands are typed, and nothing said in the surroundings."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("POLYRISK_STATE", raising=False)
    return tmp_path


def installation(state: Path, days: int) -> Path:
    """One whose clock stands so many days after the others began."""
    state.mkdir(parents=True)
    FileClock(state / "clock").set(NOW + timedelta(days=days))
    with closing(open_log(f"sqlite:///{state / 'log.db'}")) as log:
        configuration = load_country(countries_root() / "lka").configuration
        log.append(
            [
                input_record(
                    "LKA",
                    ConfigChange(at=NOW, hash=configuration.hash, configuration=configuration.canonical(), author="t", reason="start"),
                )
            ]
        )
    open_registry(state, create=True).close()
    return state


def commands(of: click.Command, *path: str) -> Iterator[tuple[str, click.Command]]:
    """Every command, with the words that one types."""
    if isinstance(of, click.Group):
        for name, command in of.commands.items():
            yield from commands(command, *path, name)
    else:
        yield " ".join(path), of


def test_every_command_looks_where_the_surroundings_say() -> None:
    """`POLYRISK_STATE` is said once, and each command of the guides can be typed as it stands there."""
    asked = {
        words: option
        for words, command in commands(main)
        for option in command.params
        if option.name == "state" and words not in NEW_OR_EARLIER
    }
    assert len(asked) > 50
    assert [words for words, option in asked.items() if option.envvar != "POLYRISK_STATE"] == []


def test_what_runs_is_looked_at_and_not_the_demonstration(elsewhere: Path) -> None:
    """Who types `status` and `pending` beside each other reads of one installation, and `status` says which."""
    installation(DEMO, 60)
    installation(LIVE, 1)
    shown = CliRunner().invoke(main, ["status"])
    assert "2025-11-29" in shown.output
    assert "in var/live; --state or POLYRISK_STATE names another" in shown.stderr


def test_without_anything_that_runs_the_demonstration_is_looked_at(elsewhere: Path) -> None:
    """After `make demo` its commands are typed without more."""
    installation(DEMO, 60)
    shown = CliRunner().invoke(main, ["status"])
    assert "2026-01-27" in shown.output
    assert "in var/demo/ditwah-2025; --state or POLYRISK_STATE names another" in shown.stderr


def test_what_was_said_is_not_said_again(elsewhere: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By the option, which comes first, or by the surroundings."""
    installation(Path("one"), 1)
    installation(Path("two"), 2)
    monkeypatch.setenv("POLYRISK_STATE", "one")
    for words, day in (([], "2025-11-29"), (["--state", "two"], "2025-11-30")):
        shown = CliRunner().invoke(main, ["status", *words])
        assert day in shown.output
        assert shown.stderr == ""
