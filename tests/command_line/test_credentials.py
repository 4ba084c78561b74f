"""Secrets that a service manager gives as files are taken for variables, and nothing of one is said."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from polyrisk import credentials
from polyrisk.__main__ import main
from schemas.errors import ConfigurationError


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Where secrets lie, as systemd and Compose put them."""
    made = tmp_path / "credentials"
    made.mkdir()
    (made / "TWILIO_AUTH_TOKEN").write_text("of the file\n", encoding="utf-8")
    return made


def test_a_file_is_the_variable_that_it_is_called_like(folder: Path) -> None:
    """Its line end is no part of it."""
    environment = {"CREDENTIALS_DIRECTORY": str(folder)}
    credentials.take(environment)
    assert environment["TWILIO_AUTH_TOKEN"] == "of the file"


def test_what_the_environment_has_is_kept(folder: Path) -> None:
    """A person who sets a variable means it."""
    environment = {"CREDENTIALS_DIRECTORY": str(folder), "TWILIO_AUTH_TOKEN": "of the person"}
    credentials.take(environment)
    assert environment["TWILIO_AUTH_TOKEN"] == "of the person"


def test_nothing_else_is_taken(folder: Path) -> None:
    """Another program's secrets, and files that could change how this one runs, are left alone."""
    for name in ("PATH", "LD_PRELOAD", "postgres_password", "PYTHONPATH"):
        (folder / name).write_text("x", encoding="utf-8")
    environment = {"CREDENTIALS_DIRECTORY": str(folder)}
    credentials.take(environment)
    assert set(environment) == {"CREDENTIALS_DIRECTORY", "TWILIO_AUTH_TOKEN"}


def test_without_a_folder_nothing_happens(tmp_path: Path) -> None:
    """As on a planner's own machine, and where the folder is not there."""
    environment: dict[str, str] = {}
    credentials.take(environment)
    assert environment == {}
    credentials.take({"CREDENTIALS_DIRECTORY": str(tmp_path / "nowhere")})


def test_a_secret_that_cannot_be_read_is_named_and_not_shown(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The command ends with code 2 before it does anything."""
    (folder / "TWILIO_AUTH_TOKEN").write_bytes(b"\xff\xfeabc")
    with pytest.raises(ConfigurationError, match="TWILIO_AUTH_TOKEN cannot be read"):
        credentials.take({"CREDENTIALS_DIRECTORY": str(folder)})
    monkeypatch.setenv("CREDENTIALS_DIRECTORY", str(folder))
    monkeypatch.delenv("TWILIO_AUTH_TOKEN", raising=False)
    done = CliRunner().invoke(main, ["dispatch", "status"])
    assert done.exit_code == 2
    assert "TWILIO_AUTH_TOKEN" in done.output
    assert "abc" not in done.output
