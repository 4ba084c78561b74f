"""`polyrisk config`: what differs, who changed what is in force, changing it by two people, going back, and rules in shadow."""

import json
import shutil
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner

from eventlog.log import open_log
from polyrisk.__main__ import main
from processors.loop import Processor
from schemas.country_files import countries_root, load_country
from schemas.envelopes import input_record, output_record
from schemas.inputs import ConfigChange, Tick
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Evidence

AT = datetime(2025, 11, 27, 6, tzinfo=UTC)
PLANNER = ("--by", "A. Perera", "--role", "planner", "--reason", "two false alarms in May")
SECOND = ("--signed-by", "B. Silva", "planner")


def installed(folder: Path, country: str) -> Path:
    """An installation's folder: its log is judged by the checkout's files of a country."""
    folder.mkdir()
    configured = load_country(countries_root() / country).configuration
    change = ConfigChange(at=AT, hash=configured.hash, configuration=configured.canonical(), author="country files", reason="start")
    log = open_log(f"sqlite:///{folder / 'log.db'}")
    log.append([input_record(configured.shard, change), input_record(configured.shard, Tick(at=AT))])
    log.close()
    return folder


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """An installation of Sri Lanka."""
    return installed(tmp_path / "state", "lka")


@pytest.fixture
def changed(tmp_path: Path) -> Path:
    """A copy of the country's folder in which a threshold and a rule's window are others."""
    folder = tmp_path / "countries/lka"
    shutil.copytree(countries_root() / "lka", folder)
    thresholds, rules = folder / "thresholds.yaml", folder / "rules.yaml"
    written = thresholds.read_text(encoding="utf-8")
    thresholds.write_text(written.replace("leave_below: 2 cases", "leave_below: 3 cases"), encoding="utf-8")
    rules.write_text(rules.read_text(encoding="utf-8").replace("remind: {every: 14 d}", "remind: {every: 10 d}"), encoding="utf-8")
    return folder


def run(*words: str | Path) -> tuple[str, int]:
    """What a command prints, and its exit code."""
    result = CliRunner().invoke(main, ["config", *map(str, words)])
    return result.output, result.exit_code


def test_what_differs_is_told_by_its_meaning(state: Path, changed: Path) -> None:
    """By threshold and rule, key by key, with where it is judged and who reads it."""
    output, code = run("diff", "in-force", changed, "--state", state)
    assert code == 0
    assert output.splitlines()[2:] == [
        "~ threshold dengue_channel",
        "    25 adm2 areas; read by flood_then_dengue, three_at_once",
        "    leave_below  2 cases -> 3 cases",
        "~ rule flood_then_dengue",
        "    remind.every  2 w -> 10 d",
        "1 threshold, 1 rule.",
    ]


def test_the_same_files_differ_in_nothing(state: Path) -> None:
    """A hash of the log may be named by its beginning."""
    beginning = load_country(countries_root() / "lka").configuration.hash[:8]
    output, _ = run("diff", beginning, "lka", "--state", state)
    assert output.endswith("Nothing differs in what is judged by.\n")


def test_one_person_alone_is_refused(state: Path, changed: Path) -> None:
    """Two must stand behind it, in roles that may, and one person is not two."""
    assert "2 people must stand behind it, 1 does." in run("apply", changed, *PLANNER, "--state", state)[0]
    assert "One person signs once." in run("apply", changed, *PLANNER, "--signed-by", "a.  perera", "planner", "--state", state)[0]
    output, code = run("apply", changed, *PLANNER, "--signed-by", "B. Silva", "duty_officer", "--state", state)
    assert "B. Silva may not change what is in force as `duty_officer`" in output
    assert code == 2


def test_applied_logged_judged_by_and_taken_back(state: Path, changed: Path) -> None:
    """Dry by default; applied, it is in force without a restart, the log says by whom, and one command goes back."""
    report = state / "report.html"
    report.write_text("backtest", encoding="utf-8")
    before = load_country(countries_root() / "lka").configuration.hash
    words = ("apply", changed, *PLANNER, *SECOND, "--backtest", report, "--state", state)
    assert run(*words)[0].endswith("Nothing was changed; --apply does it.\n")
    assert len(run("log", "--state", state)[0].splitlines()) == 2
    assert "In force:" in run(*words, "--apply")[0]
    log = open_log(f"sqlite:///{state / 'log.db'}")
    processor = Processor(log, "LKA")
    processor.run_until_idle()
    processor.close()
    log.close()
    newest = json.loads(run("log", "--state", state, "--json")[0].splitlines()[-1])
    assert [one["by"] for one in newest["signatures"]] == ["A. Perera", "B. Silva"]
    assert newest["replaces"] == before
    assert newest["backtest"]["name"] == "report.html"
    assert newest["refused"] == ""
    assert "is in force already" in run(*words)[0]
    output, _ = run("rollback", *PLANNER, "--state", state, "--apply")
    assert "leave_below  3 cases -> 2 cases" in output
    newest = json.loads(run("log", "--state", state, "--json")[0].splitlines()[-1])
    assert newest["hash"] == before
    assert newest["reason"] == "rollback: two false alarms in May"


def test_findings_are_refused(state: Path, changed: Path) -> None:
    """What `polyrisk check` finds keeps a folder from being applied."""
    rules = changed / "rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("mutes: [river_flood,", "mutes: [river_floods,"), encoding="utf-8")
    output, code = run("apply", changed, *PLANNER, *SECOND, "--state", state)
    assert "mutes `river_floods`, which is no other rule" in output
    assert code == 2


def test_no_rule_in_shadow_is_said(tmp_path: Path) -> None:
    """And how one is let run."""
    assert "No rule ran in shadow here" in run("shadow", "--state", installed(tmp_path / "state", "npl"))[0]


def test_a_change_may_hold_from_a_moment_on(state: Path, changed: Path) -> None:
    """A past moment is refused; until the moment comes the log says so and `ahead` can be compared; then it is in force."""
    (state / "clock").write_text(AT.isoformat(), encoding="utf-8")
    words = ("apply", changed, *PLANNER, *SECOND, "--state", state)
    output, code = run(*words, "--from", "2025-11-27T11:00+05:30")
    assert (code, "is past" in output) == (2, True)
    output, _ = run(*words, "--from", "2025-12-01T00:00+05:30", "--apply")
    assert "Comes into force: " in output
    assert " from 2025-12-01 00:00 on instead of " in output
    assert "from 2025-12-01 00:00 on" in run("log", "--state", state)[0]
    output, _ = run("diff", "in-force", "ahead", "--state", state)
    assert "leave_below  2 cases -> 3 cases" in output
    _append(state, Tick(at=datetime(2025, 11, 30, 18, 29, tzinfo=UTC)))
    assert "leave_below" in run("diff", "in-force", "ahead", "--state", state)[0]
    _append(state, Tick(at=datetime(2025, 11, 30, 18, 30, tzinfo=UTC)))
    output, code = run("diff", "in-force", "ahead", "--state", state)
    assert (code, "Nothing comes into force" in output) == (2, True)
    first, newest = (json.loads(line) for line in run("log", "--state", state, "--json")[0].splitlines())
    assert first["until"] == newest["at"] == "2025-11-30T18:30:00+00:00"
    assert _judging(state) == newest["hash"]


def test_what_is_still_to_come_is_taken_back_by_a_rollback(state: Path, changed: Path) -> None:
    """What is in force stays, the log says that the other never was, and the processor does not take it when its moment comes."""
    before = load_country(countries_root() / "lka").configuration.hash
    (state / "clock").write_text(AT.isoformat(), encoding="utf-8")
    run("apply", changed, *PLANNER, *SECOND, "--state", state, "--from", "2025-12-01T00:00+05:30", "--apply")
    (state / "clock").write_text("2025-11-28T06:00+00:00", encoding="utf-8")
    output, _ = run("rollback", *PLANNER, "--state", state, "--apply")
    assert "leave_below  3 cases -> 2 cases" in output
    _append(state, Tick(at=datetime(2025, 12, 2, tzinfo=UTC)))
    assert "never in force: another one came before that moment" in run("log", "--state", state)[0]
    assert _judging(state) == before


def test_events_that_stand_are_named_with_the_rule_they_are_judged_on_by(state: Path, changed: Path) -> None:
    """By the one they opened with, unless the planner moves them; of a rule that is judged the same nothing is said."""
    log = open_log(f"sqlite:///{state / 'log.db'}")
    log.append([output_record(event_of(rule), f"event:{rule}", AT) for rule in ("flood_then_dengue", "river_flood")])
    log.close()
    words = ("apply", changed, *PLANNER, *SECOND, "--state", state)
    named = [line for line in run(*words)[0].splitlines() if line.startswith("!")]
    assert named == ["! An event stands, and is judged on, to its end, by the rule it opened with: flood_then_dengue in LK21, orange"]
    named = [line for line in run(*words, "--open-events", "move")[0].splitlines() if line.startswith("!")]
    assert named == ["! An event stands, and is judged by the new one from here on: flood_then_dengue in LK21, orange"]


def event_of(rule: str) -> CompoundEvent:
    """An event of a rule that stands in Kandy."""
    truth = Evidence(condition=rule, truth=Truth.TRUE)
    told = {"shard": "LKA", "rule": rule, "rule_version": "1", "area": "LK21", "area_version": "1", "level": Level.ORANGE}
    times = {"since": AT, "at": AT, "known": AT, "change": EventChange.OPENED, "truth": Truth.TRUE, "evidence": truth}
    return CompoundEvent.made(
        kind="event", id=rule, **told, **times, steps=(), dimensions=(), record="r", configuration="c" * 64, engine="3"
    )  # fmt: skip


def _append(state: Path, content: Tick) -> None:
    log = open_log(f"sqlite:///{state / 'log.db'}")
    log.append([input_record("LKA", content)])
    log.close()


def _judging(state: Path) -> str:
    """The configuration that a processor comes to."""
    log = open_log(f"sqlite:///{state / 'log.db'}")
    processor = Processor(log, "LKA")
    processor.run_until_idle()
    processor.close()
    log.close()
    assert processor.state.plan is not None
    return processor.state.plan.hash
