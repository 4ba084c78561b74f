"""`polyrisk agreement`: what was agreed on, what went out by it, and the review, on the command line."""

import json
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

import pytest
from agreeing import VALLEYS, WRITTEN
from click.testing import CliRunner, Result
from ruamel.yaml import YAML
from written_country import written_country

from alerts.people.person import Consent, Enrolment
from alerts.registry import open_registry
from alerts.service import AlertService
from eventlog.log import open_log
from feeds.clock import FileClock
from polyrisk.__main__ import main
from schemas.country_files import load_country
from schemas.envelopes import input_record, output_record
from schemas.inputs import ConfigChange
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Evidence

AT = datetime.fromisoformat("2025-11-27T12:00+00:00")
Run = Callable[..., Result]


@pytest.fixture
def run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command in an installation in which one warning of Kandy went out by agreement."""
    monkeypatch.setenv("POLYRISK_COUNTRIES", str(tmp_path / "countries"))
    folder = written_country(tmp_path / "countries/lka", "{}")
    yaml = YAML()
    facts = yaml.load((folder / "country.yaml").read_text(encoding="utf-8"))
    facts["agreements"] = {VALLEYS: {**WRITTEN, "rules": ["river_flood"]}}
    with (folder / "country.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(facts, file)
    country = load_country(folder)
    FileClock(tmp_path / "clock").set(AT)
    log, registry = open_log(f"sqlite:///{tmp_path / 'log.db'}"), open_registry(tmp_path, create=True)
    configuration = country.configuration
    change = ConfigChange(at=AT, hash=configuration.hash, configuration=configuration.canonical(), author="files", reason="start")
    event = CompoundEvent(
        id="LKA:river_flood:LK21:1",
        shard="LKA",
        rule="river_flood",
        rule_version="1",
        area="LK21",
        area_version="1",
        change=EventChange.OPENED,
        level=Level.RED,
        steps=(),
        dimensions=(),
        since=AT,
        at=AT,
        known=AT,
        truth=Truth.TRUE,
        evidence=Evidence(condition="river_station >= orange", truth=Truth.TRUE),
        record="r",
        configuration=configuration.hash,
        engine="1",
    )
    log.append([input_record("LKA", change), output_record(event, "event:1", AT)])
    registry.enrol(Enrolment("+94771000001", "LK21", "en", "household", Consent(AT, "v1", "a volunteer")))
    AlertService(log, registry, country).take_in(AT)
    registry.close()
    log.close()

    def command(*arguments: str) -> Result:
        result = CliRunner().invoke(main, ["agreement", *arguments, "--state", str(tmp_path)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return command


def test_what_was_agreed_on_is_listed_with_how_far_it_was_used(run: Run) -> None:
    """Who agreed by which paper, its days, its limits; and for programs."""
    shown = run("list").stdout
    for said in ("valleys: holds, from 2025-06-01 until 2026-05-31", "A. Fonseka (director)", "DMC/2025/14", "1 within the last day"):
        assert said in shown
    (one,) = [json.loads(line) for line in run("list", "--json").stdout.splitlines()]
    assert (one["name"], one["stands"], one["people"], one["people_within_a_day"]) == (VALLEYS, "holds", 1000, 1)


def test_what_nobody_has_reviewed_is_a_finding_until_somebody_has(run: Run) -> None:
    """Exit code 1, then 0; judged wrong, it says how it is corrected."""
    (waits,) = [json.loads(line) for line in run("sent", "--json").stdout.splitlines()]
    assert (waits["rule"], waits["judgement"], run("sent").exit_code) == ("river_flood", None, 1)
    assert "NOBODY has reviewed it" in run("sent").stdout
    said = ("--judgement", "wrong", "--comment", "the gauge is stuck", "--by", "B. Silva")
    assert run("review", waits["message"][:8], *said, "--role", "planner").exit_code == 2
    reviewed = run("review", waits["message"][:8], *said, "--role", "director")
    assert reviewed.exit_code == 0
    assert "polyrisk correct" in reviewed.stdout
    assert (run("sent").exit_code, "Nothing waits for a review" in run("sent").stdout) == (0, True)
    assert "judged wrong by B. Silva (director): the gauge is stuck" in run("sent", "--all").stdout
    again = run("review", waits["message"], *said, "--role", "director")
    assert (again.exit_code, "reviewed it already" in again.stderr) == (2, True)
