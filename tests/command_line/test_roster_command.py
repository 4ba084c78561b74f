"""`polyrisk roster`: who is on duty, hand-over and gaps, from the command line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from officers_desk import ADMINISTRATOR, Desk, approver

from alerts.registry import open_registry
from polyrisk.__main__ import main
from schemas.country_files import countries_root, load_country

Run = Callable[..., Result]
BY = ("--by", ADMINISTRATOR)


@pytest.fixture
def run(tmp_path: Path) -> Run:
    """Run a command of Sri Lanka's, where there are an administrator and one colleague."""
    registry = open_registry(tmp_path, create=True)
    desk = Desk(registry, load_country(countries_root() / "lka"))
    desk.first()
    desk.administering.add("n.perera", "N. Perera", ADMINISTRATOR)
    desk.administering.grant("n.perera", approver(), ADMINISTRATOR)
    registry.close()

    def call(*arguments: str, given: str | None = None) -> Result:
        result = CliRunner().invoke(main, ["roster", *arguments, "--state", str(tmp_path), "--country", "lka"], input=given)
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return call


def moment(hours: int) -> str:
    """Hours from now."""
    return (datetime.now(UTC) + timedelta(hours=hours)).isoformat()


def test_a_roster_is_written_shown_and_checked(run: Run) -> None:
    """A gap and who cannot be woken are said with exit code 1; once all is filled, 0."""
    assert run("check").exit_code == 1
    made = json.loads(run("add", "n.perera", "--from", moment(-1), "--until", moment(200), *BY, "--json").stdout)
    assert made["telephone"] is False
    found = json.loads(run("check", "--json").stdout)
    assert {finding["kind"] for finding in found} == {"alone", "telephone"}
    given = run("phone", "n.perera", "--number", "-", given="077 123 4567\n")
    assert "woken at ...67" in given.stdout
    assert "1234567" not in given.output.replace(" ", "")
    run("phone", ADMINISTRATOR, "--number", "-", given="+999700000002\n")
    run("add", ADMINISTRATOR, "--from", moment(-1), "--until", moment(200), "--as", "second", *BY)
    checked = run("check")
    assert (checked.exit_code, "without a gap" in checked.stdout) == (0, True)
    run("hand-over", "River falls; call 077 123 4567.", "--by", "n.perera")
    shown = run("show")
    assert f"On duty now: n.perera, then {ADMINISTRATOR}." in shown.stdout
    assert "River falls; call ...67." in shown.stdout
    run("remove", made["id"], *BY)
    rows = json.loads(run("show", "--json").stdout)["shifts"]
    assert [(row["officer"], row["place"], row["now"]) for row in rows] == [(ADMINISTRATOR, "second", True)]


def test_what_cannot_be_is_refused_with_exit_code_2(run: Run) -> None:
    """A name that nobody has, a moment without a zone, a span that is none."""
    assert run("add", "nobody", "--from", moment(0), "--until", moment(8), *BY).exit_code == 2
    assert run("add", "n.perera", "--from", "2026-11-27T20:00", "--until", moment(8), *BY).exit_code == 2
    assert run("show", "--for", "a while").exit_code == 2
