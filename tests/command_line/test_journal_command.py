"""`polyrisk journal`: exit codes that a script can read, places named, and a table on the clock of the place."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alerts.registry import Registry, open_registry
from alerts.service import AlertService
from eventlog.log import open_log
from polyrisk.__main__ import main
from schemas.country_files import countries_root, load_country
from schemas.envelopes import input_record
from schemas.errors import RefusedError
from schemas.inputs import ConfigChange

NOW = datetime(2026, 11, 26, 12, tzinfo=UTC)
Run = Callable[..., Result]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """An installation of Sri Lanka's in which two people asked for what they may not do, and all was halted and let go."""
    country = load_country(countries_root() / "lka")
    log = open_log(f"sqlite:///{tmp_path}/log.db")
    configuration = country.configuration
    start = ConfigChange(at=NOW, hash=configuration.hash, configuration=configuration.canonical(), author="country files", reason="start")
    log.append([input_record(country.shard, start)])
    registry = open_registry(tmp_path, create=True)
    service = AlertService(log, registry, country)
    for message, by in (("w1.1", "A"), ("w2.1", "B\x1b[2J")):
        with pytest.raises(RefusedError):
            service.sign(message, by, "duty_officer", NOW)
    service.take_in(NOW)
    service.close()
    registry.close()
    log.close()
    return tmp_path


@pytest.fixture
def run(state: Path) -> Run:
    """Run a command over the installation."""
    return lambda *arguments: CliRunner().invoke(main, [*arguments, "--state", str(state)])


def change(state: Path, statement: str) -> None:
    """Do something to the registry that only somebody who may write its file can do."""
    registry: Registry = open_registry(state)
    with registry.begin() as connection:
        connection.exec_driver_sql(statement)
    registry.close()


def test_a_whole_journal_ends_with_0_and_says_how_far_it_is_anchored(run: Run) -> None:
    """What the stop button added waits for the service, and is said to."""
    verified = run("journal", "verify")
    assert (verified.exit_code, "2 steps" in verified.output, "Anchored up to place 2." in verified.output) == (0, True, True)
    assert run("dispatch", "stop", "--by", "A", "--why", "wrong place").exit_code == 0
    assert run("dispatch", "stop", "--by", "A", "--why", "again").exit_code == 2
    assert run("dispatch", "resume", "--by", "B", "--why", "it was right").exit_code == 0
    verified = run("journal", "verify")
    assert (verified.exit_code, "Not anchored yet: 3 steps" in verified.output) == (0, True)
    told = json.loads(run("journal", "verify", "--json").output)
    assert (told["steps"], told["head"]["place"], told["anchored"], told["findings"]) == (5, 5, 2, [])
    shown = [json.loads(line) for line in run("journal", "show", "--json").output.splitlines()]
    assert [step["step"] for step in shown] == ["refused", "refused", "halted", "refused", "resumed"]
    assert shown[-1]["hash"] == told["head"]["hash"]


def test_what_is_wrong_ends_with_1_and_is_named_by_its_place(run: Run, state: Path) -> None:
    """A changed row and a tail that was cut off, for people and for programs."""
    change(state, "UPDATE journal SET actor = 'nobody' WHERE place = 1")
    change(state, "DELETE FROM journal WHERE place = 2")
    verified = run("journal", "verify")
    assert verified.exit_code == 1
    assert "place 1: edited" in verified.output
    assert "place 2: cut" in verified.output
    as_json = run("journal", "verify", "--json")
    assert as_json.exit_code == 1
    assert [(one["wrong"], one["first"], one["last"]) for one in json.loads(as_json.output)["findings"]] == [
        ("edited", 1, 1),
        ("cut", 2, 2),
    ]
    assert "nobody (duty_officer)" in run("journal", "show").output


def test_a_journal_that_the_database_cannot_read_is_a_finding(run: Run, state: Path) -> None:
    """A page of the file is gone: exit code 1 and not an error of the program."""
    registry = open_registry(state)
    with registry.reading() as connection:
        root = connection.exec_driver_sql("SELECT rootpage FROM sqlite_schema WHERE name = 'journal'").scalar_one()
        size = connection.exec_driver_sql("PRAGMA page_size").scalar_one()
    registry.close()
    with (state / "registry.db").open("r+b") as file:
        file.seek((root - 1) * size)
        file.write(b"\xff" * size)
    verified = run("journal", "verify")
    assert (verified.exit_code, "unreadable" in verified.output) == (1, True)


def test_steps_are_shown_on_the_clock_of_the_place(run: Run) -> None:
    """By the beginning of a warning's id, or from a moment on; nobody's name steers the terminal."""
    shown = run("journal", "show").output
    assert "2026-11-26 17:30  refused" in shown
    assert "A (duty_officer): asked sign, why nothing waits" in shown
    assert "\x1b" not in shown
    assert "B\\x1b[2J (duty_officer)" in shown
    of_one = run("journal", "show", "--warning", "w1").output
    assert ("w1.1" in of_one, "w2.1" in of_one) == (True, False)
    assert run("journal", "show", "--since", "2026-11-26T17:31+05:30").output == "No such step.\n"
    assert "w2.1" in run("journal", "show", "--since", "2026-11-26T17:30+05:30").output
    assert run("journal", "show", "--since", "yesterday").exit_code == 2


def test_who_is_given_out_or_erased_is_counted_with_who_did_it(run: Run, state: Path) -> None:
    """A name that was given, else the account of the machine; never whose number it was."""
    numbers = state / "numbers.csv"
    numbers.write_text("0771234567\n", encoding="utf-8")
    given = ("--numbers", str(numbers))
    assert run("people", "export", "--out", str(state / "own.csv"), "--by", "A", *given).exit_code == 1
    assert run("people", "erase", "--by", "B", *given).exit_code == 0
    assert run("people", "erase", "--apply", *given).exit_code == 0
    shown = [json.loads(line) for line in run("journal", "show", "--json").output.splitlines()][2:]
    assert [(step["step"], step["subject"], step["content"]) for step in shown] == [
        ("exported", "", '{"people":1}'),
        ("erased", "", '{"people":1}'),
    ]
    assert shown[0]["actor"] == "A"
    assert shown[1]["actor"]
