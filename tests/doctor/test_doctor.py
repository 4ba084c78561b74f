"""The doctor: whatever is broken is said, that alone, and with what to do; what is whole is called so, and what nobody knows is neither."""

import json
import shutil
import sqlite3
from collections import namedtuple
from contextlib import closing
from datetime import timedelta
from decimal import Decimal
from pathlib import Path
from types import SimpleNamespace

import pytest
from agreeing import VALLEYS, agreement, with_agreements
from alert_places import START
from click.testing import CliRunner
from conftest import Installation
from event_makers import event, tell
from msgspec.structs import replace
from sqlalchemy import insert, update

from alerts import migrations, stops, tables
from alerts.channels.contract import Balance
from alerts.officers import accounts
from alerts.people.keys import Keys
from alerts.people.synthetic import fill
from alerts.service import AlertService
from console.health import Probe
from feeds.source_clocks import FOLDER, SourceClock, note
from polyrisk import doctor_drills, doctor_machine, doctor_running
from polyrisk.__main__ import main
from polyrisk.doctor import Examined, examine, looked
from polyrisk.doctor_words import Found, Verdict
from polyrisk.processes import running
from schemas.envelopes import input_record
from schemas.errors import PolyriskError
from schemas.findings import Finding
from schemas.inputs import Tick
from schemas.outputs import EventChange
from schemas.warning_records import Judgement, MessageState

HOUR = timedelta(hours=1)


def test_where_all_is_well_nothing_is_found(here: Installation) -> None:
    """Every subject is looked at and called ok."""
    assert here.findings() == []
    subjects = {one.subject for one in examine(here.state, here.now).found}
    assert subjects >= {"folder", "log", "configuration", "keys", "registry", "clock", "time", "judging", "signatures", "provider", "money"}
    assert "drills" in subjects
    assert {f"feed {feed}" for feed in here.country.manifests} <= subjects


def test_the_command_says_it_for_people_and_for_programs(here: Installation) -> None:
    """What is wrong comes first, with what to do; exit code 1."""
    (here.state / "keys" / "number.key").chmod(0o644)
    shown = CliRunner().invoke(main, ["doctor", "--state", str(here.state)])
    assert shown.exit_code == 1
    assert shown.output.startswith("WRONG       keys: ")
    assert "→ Run `chmod 600 number.key`." in shown.output.splitlines()[1]
    told = json.loads(CliRunner().invoke(main, ["doctor", "--state", str(here.state), "--json"]).output)
    assert told["healthy"] is False
    assert [one["verdict"] for one in told["checks"] if one["subject"] == "keys"] == ["wrong"]


def test_what_cannot_be_told_is_a_finding_too() -> None:
    """Unknown is not safe; only if all is known to be well is there nothing to do."""
    ok, unknown = Found("a", Verdict.OK, "well"), Found("b", Verdict.CANNOT_TELL, "nobody knows", "Ask.")
    assert Examined(Path(), [ok]).healthy
    assert not Examined(Path(), [ok, unknown]).healthy


def test_looking_changes_nothing(here: Installation, tmp_path_factory: pytest.TempPathFactory) -> None:
    """A folder that is not there is not made, and a registry of an older version is not brought up."""
    nowhere = tmp_path_factory.mktemp("x") / "nowhere"
    wrong = [one.subject for one in examine(nowhere, here.now).found if one.verdict is Verdict.WRONG]
    assert wrong[-2:] == ["folder", "log"]
    assert not nowhere.exists()
    here.registry.close()
    with closing(sqlite3.connect(here.state / "registry.db")) as older, older:
        older.execute("UPDATE alembic_version SET version_num = '0008'")
    said = {one.subject: one for one in here.findings()}
    assert set(said) == {"registry", "what waits"}
    assert "an older version (8, " in said["registry"].said
    assert migrations.found_version(here.registry.engine) == 8


def test_a_folder_that_others_may_write_into_is_said(here: Installation) -> None:
    """Whoever writes there can warn."""
    here.state.chmod(0o777)
    assert here.finding().remedy == f"Run `chmod go-w {here.state}`."


def test_a_log_of_a_newer_version_or_of_another_program_is_said(here: Installation) -> None:
    """In the log's own words; what rests on it is not guessed."""
    here.log.close()
    with closing(sqlite3.connect(here.state / "log.db")) as file:
        file.execute("PRAGMA user_version = 99")
    found = {one.subject: one for one in here.findings()}
    assert "newer version" in found["log"].said
    assert found["configuration"].verdict is Verdict.CANNOT_TELL
    with closing(sqlite3.connect(here.state / "log.db")) as file:
        file.execute("PRAGMA application_id = 7")
    assert "another program's" in {one.subject: one for one in here.findings()}["log"].said


def test_a_mistake_in_the_countrys_files_is_said_with_its_line(here: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """And that `polyrisk check` says more."""
    copy = tmp_path / "countries"
    shutil.copytree(here.country.folder.parent, copy, ignore=shutil.ignore_patterns("cases", "bgd", "npl"))
    rules = copy / "lka" / "rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("river_station >=", "river_statoin >=", 1), encoding="utf-8")
    monkeypatch.setenv("POLYRISK_COUNTRIES", str(copy))
    found = {one.subject: one for one in here.findings()}
    assert "river_statoin" in found["configuration"].said
    assert "rules.yaml:" in found["configuration"].said


def test_keys_that_did_not_write_the_registry_are_said(here: Installation, tmp_path_factory: pytest.TempPathFactory) -> None:
    """The registry can be opened, and nobody in it can be reached."""
    fill(here.registry, here.country, households=1)
    other = tmp_path_factory.mktemp("keys")
    Keys.load(other, create=True)
    for name in ("number.key", "index.key"):
        shutil.copy(other / name, here.state / "keys" / name)
    one = here.finding()
    assert one.subject == "registry"
    assert "encrypted with another key" in one.said


def test_a_registry_that_is_gone_is_no_calm(here: Installation) -> None:
    """Nobody knows who is to be warned."""
    here.registry.close()
    for path in here.state.glob("registry.db*"):
        path.unlink()
    assert {one.subject: one.verdict for one in here.findings()} == {
        "registry": Verdict.CANNOT_TELL,
        "what waits": Verdict.CANNOT_TELL,
    }


def test_a_process_that_cannot_work_or_was_killed_is_said(here: Installation) -> None:
    """In the words of its own `/readyz`; a killed one by its note, which nothing holds any more."""

    def broken() -> str:
        raise PolyriskError("the broker does not answer.", remedy="Start it.")

    here.probes.append(Probe("log", broken, ""))
    assert here.finding() == Found("process all", Verdict.WRONG, "log: the broker does not answer.", "Start it.")
    here.probes.clear()
    here.stack.close()
    (here.state / "processes" / "processor.1.json").write_text('{"part": "processor", "since": "2026-11-26T00:00:00Z"}')
    assert [note.part for note in running(here.state)[1]] == ["processor"]
    found = {one.subject: one.verdict for one in here.findings()}
    assert found["process processor"] is Verdict.WRONG
    assert found["processes"] is found["provider"] is Verdict.CANNOT_TELL


def test_a_silent_feed_is_said(here: Installation) -> None:
    """By the same measure as everywhere; the others are alive."""
    silent = here.country.manifests["lka_irrigation_river"].facts.silence_allowed + HOUR
    later = here.now + silent
    for feed in here.country.manifests:
        if feed != "lka_irrigation_river":
            here.heard(feed, -silent)
    here.log.append([input_record("LKA", Tick(at=later))])
    here.judge()
    (here.state / "clock").write_text(later.isoformat())
    one = here.finding(later)
    assert one.subject == "feed lka_irrigation_river"
    assert "silence is not safety" in one.said


def test_records_that_wait_and_time_that_stands_still_are_said(here: Installation) -> None:
    """The ticker is gone for an hour; and a thousand records are not taken in."""
    (here.state / "clock").write_text((here.now + timedelta(minutes=11)).isoformat())
    assert here.finding().subject == "time"
    (here.state / "clock").write_text(here.now.isoformat())
    here.log.append([input_record("LKA", Tick(at=here.now - timedelta(milliseconds=n))) for n in range(1, 1_500)])
    assert here.finding().said.endswith("records wait for processors.")


def test_what_could_not_be_taken_in_is_said(here: Installation) -> None:
    """A letter of today is a finding."""
    here.log.append([replace(input_record("LKA", Tick(at=here.now + timedelta(seconds=1))), payload=b"?")])
    here.judge()
    assert here.finding().subject == "dead letters"


def test_a_warning_that_nobody_signs_is_said_and_a_halt_and_a_queue(here: Installation) -> None:
    """First the signatures; then, signed, that nothing goes out; then that a person halted it, which is not the queue's fault."""
    (here.state / "clock").write_text(START.isoformat())
    fill(here.registry, here.country, households=50)
    with closing(AlertService(here.log, here.registry, here.country)) as service:
        service.run_once(tell(here.log, event(EventChange.OPENED)))
        waits_only = lambda: [one for one in here.findings() if one.subject.startswith(("sign", "send", "mess"))]  # noqa: E731
        assert waits_only() == []
        (here.state / "clock").write_text((START + 2 * HOUR).isoformat())
        (unsigned,) = waits_only()
        assert "(red) was to be signed" in unsigned.said
        for by, role in (("first", "duty_officer"), ("second", "director")):
            for waiting in service.pending():
                service.sign(waiting.id, by, role, START)
    (queue,) = waits_only()
    assert (queue.subject, queue.remedy) == ("messages to people", "`polyrisk dispatch status`; is the provider reached?")
    with here.registry.begin() as connection:
        stops.stop(connection, stops.ALL, "director", "wrong place", here.now)
    (halted,) = waits_only()
    assert "director halted every warning" in halted.said
    with here.registry.begin() as connection:
        connection.execute(update(tables.messages).values(state=MessageState.SENDING.value, attempted_at=here.now - HOUR))
        connection.execute(insert(tables.inbox).values(id="twilio:1", at=here.now - HOUR, outcome=""))
    assert [one.subject for one in waits_only()] == ["sending", "messages given to the provider", "messages from people"]


def test_what_went_out_by_agreement_and_was_reviewed_by_nobody_is_said(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """Until a person has said whether it was right; and an agreement that ends soon, with its line."""
    country = with_agreements(here.country, **{VALLEYS: agreement(**{"from": "2020-01-01", "until": "2100-01-01"})})
    fill(here.registry, country, households=50)
    service = AlertService(here.log, here.registry, country)
    service.run_once(tell(here.log, event(EventChange.OPENED, hours=(here.now - START) / HOUR)))
    here.judge()
    ((sent, _),) = service.sent_by_agreement()
    said = [one.said for one in here.findings() if one.subject == "by agreement"]
    assert [sent.message in one for one in said] == [True]
    service.review(sent.message, "A", "director", Judgement.RIGHT, "seen", here.now)
    assert [one for one in here.findings() if one.subject == "by agreement"] == []
    ends = Finding(
        check="agreement-ends", file="countries/lka/country.yaml", line=7, column=3, what="agreement `valleys` ends", remedy="Agree."
    )
    monkeypatch.setattr(doctor_running, "findings_of_agreements", lambda *_: [ends])
    assert "country.yaml:7" in next(one.said for one in here.findings() if one.subject == "agreements")


def test_an_officer_who_cannot_be_woken_in_their_language_is_said(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """By name and language; of calls it is said beside that no voice was named, for there may be none."""
    said = lambda: next(one for one in examine(here.state, here.now).found if one.subject == "languages of officers")  # noqa: E731
    with here.registry.acting() as connection:
        officer = accounts.add(connection, "n.perera", "N. Perera", "test", here.now)
        officer = accounts.choose_language(connection, officer, "ne", here.now)
    assert (said().verdict, said().said) == (Verdict.OK, "all are woken in their own")
    monkeypatch.setenv("TWILIO_CALLER", "+15005550006")
    assert "calls are in English instead of ne, for which TWILIO_VOICES names no voice" in said().said
    monkeypatch.setenv("TWILIO_VOICES", "ne=somebody")
    assert said().said == "all are woken in their own"
    with here.registry.acting() as connection:
        accounts.choose_language(connection, officer, "si", here.now)
    assert said().verdict is Verdict.WRONG
    assert "no words to wake somebody with in `si`: n.perera would be woken in English" in said().said


def test_a_provider_that_refuses_us_and_little_money_are_said(here: Installation) -> None:
    """As the process that sends says it."""
    here.metrics.observe_sending(closed=True, halts=0, balance=Balance(Decimal(19), "USD"))
    here.metrics.warn_below(20)
    assert [(one.subject, one.verdict) for one in here.findings()] == [("provider", Verdict.WRONG), ("money", Verdict.WRONG)]
    here.metrics.observe_sending(closed=False, halts=0, balance=None)
    assert here.finding().verdict is Verdict.CANNOT_TELL


def test_a_wrong_clock_is_said_with_how_far_and_nobody_knows_without_answers(here: Installation) -> None:
    """More than half of the sources; and answers of last week prove nothing."""
    for feed in list(here.country.manifests)[:3]:
        note(here.state / FOLDER, feed, SourceClock(ahead_s=-754.2, at=here.now))
    one = here.finding()
    assert (one.subject, one.verdict) == ("clock", Verdict.WRONG)
    assert "up to 754 s behind them" in one.said
    for feed in here.country.manifests:
        note(here.state / FOLDER, feed, SourceClock(ahead_s=0, at=here.now - timedelta(days=7)))
    assert here.finding().verdict is Verdict.CANNOT_TELL


def test_a_full_disk_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Two gibibytes and a twentieth are the least."""
    usage = namedtuple("usage", "total used free")
    for free, verdict in ((100, Verdict.OK), (1, Verdict.WRONG), (40, Verdict.WRONG)):
        total = 200 if free != 40 else 1_000
        monkeypatch.setattr(shutil, "disk_usage", lambda _, t=total, f=free: usage(t * 1024**3, 0, f * 1024**3))
        (one,) = doctor_machine.disk(tmp_path)
        assert one.verdict is verdict


def test_packages_that_are_not_the_locked_ones_are_named(tmp_path: Path) -> None:
    """One of another version, one that is missing; what another Python needs is not asked for."""
    lock = tmp_path / "requirements.lock"
    lock.write_text('click==0.1 \\\n    --hash=sha256:0\nnobody-has-this==1.0 \\\n    --hash=sha256:0\nold==1 ; python_version < "3.0"\n')
    (one,) = doctor_machine.packages(lock)
    assert one.verdict is Verdict.WRONG
    assert one.said.startswith("2 are not as requirements.lock says: click is ")
    assert "nobody-has-this is missing" in one.said
    assert "make setup" in one.remedy


def test_a_python_that_polyrisk_is_not_made_for_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """With the version that it is made for."""
    monkeypatch.setattr(doctor_machine.sys, "version_info", SimpleNamespace(major=3, minor=9, micro=1))
    (one,) = doctor_machine.python()
    assert one.verdict is Verdict.WRONG
    assert "made for" in one.said


def test_time_zones_that_are_not_there_are_said(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without them no text could say an hour."""

    def unknown(name: str) -> None:
        raise doctor_machine.ZoneInfoNotFoundError(name)

    monkeypatch.setattr(doctor_machine, "ZoneInfo", unknown)
    (one,) = doctor_machine.time_zones()
    assert (one.verdict, one.remedy) == (Verdict.WRONG, "Install Debian's package tzdata.")


def test_a_look_that_breaks_is_said_without_the_words_of_what_broke() -> None:
    """A database's error may hold what nobody must read."""

    def broken() -> None:
        raise OSError("+94770000000 of somebody")

    (one,) = looked("registry", broken)
    assert one.verdict is Verdict.WRONG
    assert one.said == "looking at it failed: OSError."


def test_a_drill_that_was_not_good_is_said_with_what_was_wrong(here: Installation) -> None:
    """Of the last one alone; with the command that shows it and the one that holds another."""
    bad = here.drill(HOUR, "signed: 1 of 2")
    found = here.finding()
    assert (found.subject, bad.name in found.said, "signed: 1 of 2" in found.said) == ("drills", True, True)
    assert "polyrisk drill lka/ditwah-2025" in found.remedy
    here.drill(HOUR / 2)
    assert here.findings() == []


def test_a_week_without_the_weekly_drill_is_found_and_so_is_none_ever(here: Installation) -> None:
    """A day later than a week; whoever never held one does not know whether a warning would arrive."""
    here.drill(timedelta(days=1))
    for number, file in enumerate(sorted((here.state / "drills").glob("*.json"))):
        if number == 1:
            file.unlink()
    later = here.now + timedelta(days=6, hours=1)
    assert [one.said for one in examine(here.state, later).found if one.subject == "drills" and one.verdict is Verdict.WRONG]
    for file in (here.state / "drills").glob("*.json"):
        file.unlink()
    assert "none was ever held" in here.finding().said


def test_a_weekly_drill_without_a_list_and_a_result_that_cannot_be_read_are_found(here: Installation) -> None:
    """Nobody agreed, so nothing would be tried; and what cannot be read is not taken for good."""
    (here.state / "drill-list.csv").unlink()
    assert "no list" in here.finding().said
    (here.state / "drill-list.csv").write_text("number,area,language\n", encoding="utf-8")
    (here.state / "drills" / "20260101T000000Z-x.json").write_text("{", encoding="utf-8")
    assert "no result of a drill" in here.finding().said


def test_where_no_drill_is_planned_none_is_missed(here: Installation, monkeypatch: pytest.MonkeyPatch) -> None:
    """A country's file that names no case asks for none."""
    monkeypatch.setattr(doctor_drills, "planned_drills", lambda: ())
    (here.state / "drill-list.csv").unlink()
    for file in (here.state / "drills").glob("*.json"):
        file.unlink()
    assert here.findings() == []
