"""`polyrisk originate`: a warning that no rule saw, on the command line, dry unless told otherwise."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from written_country import written_country

from alerts.people.person import Consent, Enrolment
from alerts.registry import open_registry
from eventlog.log import open_log
from feeds.clock import FileClock
from polyrisk.__main__ import main
from schemas.country_files import load_country
from schemas.envelopes import input_record
from schemas.inputs import ConfigChange

AT = datetime.fromisoformat("2025-11-27T12:00+00:00")
OFFICER = ("--by", "N. Perera", "--role", "duty_officer")
WARN = (
    "originate", "warn", "--hazard", "river_flood", "--area", "LK21", "--level", "orange", "--until", "2025-11-27T23:00+05:30",
    "--reason", "water over the bridge [Getambe]", "--source", "police post", *OFFICER,
)  # fmt: skip
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an installation with one household in Kandy, in which nothing happened."""
    monkeypatch.setenv("POLYRISK_COUNTRIES", str(tmp_path / "countries"))
    country = load_country(written_country(tmp_path / "countries/lka", "{}"))
    FileClock(tmp_path / "clock").set(AT)
    log, registry = open_log(f"sqlite:///{tmp_path / 'log.db'}"), open_registry(tmp_path, create=True)
    judged_by = country.configuration
    change = ConfigChange(at=AT, hash=judged_by.hash, configuration=judged_by.canonical(), author="files", reason="start")
    log.append([input_record("LKA", change)])
    registry.enrol(Enrolment("+94771000001", "LK21", "en", "household", Consent(AT, "v1", "a volunteer")))
    registry.close()
    log.close()

    def command(*arguments: str) -> Result:
        result = CliRunner().invoke(main, [*arguments, "--state", str(tmp_path)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return command


def test_dry_it_says_what_it_would_be_and_applied_it_waits(run: Run) -> None:
    """Every text, whom it reaches; then it stands among what waits, and the same command again is the same warning."""
    dry = run(*WARN)
    assert (dry.exit_code, "nothing was proposed" in dry.stdout, "1 person" in dry.stdout) == (0, True, True)
    assert "--seen" not in dry.stdout  # nothing waits that it would sign
    assert run("pending", "--json").stdout == ""
    assert "waits for signatures" in run(*WARN, "--apply").stdout
    again = json.loads(run(*WARN, "--apply", "--json").stdout)
    assert "water over the bridge [Getambe] (from police post)" in run("pending").stdout
    (waits,) = [json.loads(line) for line in run("pending", "--json").stdout.splitlines()]
    assert (waits["id"], waits["author"], waits["level"]) == (again["id"], "N. Perera", 2)


def test_that_nobody_would_be_told_is_said_aloud(run: Run) -> None:
    """Nobody is enrolled in a division: nought is no number to read over. And each time says whose clock it is."""
    words = ["LK2103" if word == "LK21" else word for word in WARN]
    said = run(*words).stdout
    assert "to NOBODY: nobody there is enrolled for it" in said
    assert "It goes to NOBODY by telephone: nobody in Tumpane is enrolled." in said
    assert "UTC+05:30" in said
    assert "NOBODY" not in run(*WARN).stdout


def test_it_is_listed_explained_updated_and_ended(run: Run) -> None:
    """With the person's reason where readings would stand."""
    run(*WARN, "--apply")
    (one,) = [json.loads(line) for line in run("originate", "list", "--json").stdout.splitlines()]
    assert (one["hazard"], one["source"]) == ("river_flood", "police post")
    told = run("explain", one["warning"]).stdout
    assert "no rule found it: written by N. Perera" in told
    assert "water over the bridge [Getambe]" in told
    update = ("originate", "update", one["warning"][:7], "--level", "red", "--comment", "it rises", *OFFICER)
    assert "nothing was proposed" in run(*update).stdout
    assert json.loads(run(*update, "--apply", "--json").stdout)["level"] == 3
    end = ("originate", "end", one["warning"], "--as", "mistaken", "--comment", "another bridge", *OFFICER)
    assert "taken back" in run(*end, "--apply").stdout
    assert "Nothing that a person wrote" in run("originate", "list").stdout
    gone = run(*end, "--apply")
    assert (gone.exit_code, "has ended" in gone.stderr) == (2, True)


def test_what_cannot_be_is_refused_with_what_to_do(run: Run) -> None:
    """Exit code 2, dry and applied."""
    for wrong, why in ((("--hazard", "meteorite"), "It has"), (("--role", "planner"), "may not originate"), (("--area", "XX"), "no area")):
        for really in ((), ("--apply",)):
            refused = run(*WARN, *wrong, *really)
            assert (refused.exit_code, why in refused.stderr) == (2, True)
    assert "river_flood" in run("originate", "hazards").stdout.split()
    listed = [json.loads(line) for line in run("originate", "hazards", "--json").stdout.splitlines()]
    (action, *_) = next(one["actions"] for one in listed if one["hazard"] == "flood")
    flood = (*WARN[:3], "flood", *WARN[4:])
    assert json.loads(run(*flood, "--action", action, "--json").stdout)["filled"] == {"action": action}
    assert "there is no `swim`" in run(*flood, "--action", "swim").stderr
