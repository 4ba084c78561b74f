"""`polyrisk to-me` and `polyrisk edit`: a message that waits on one's own telephone, and what it leaves open, from the command line."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from officers_desk import ADMINISTRATOR, Desk, approver

from alerts.channels.dry import Dry
from alerts.previews.handing_over import PreviewSender
from alerts.registry import open_registry
from alerts.roster import telephones
from alerts.service import AlertService
from eventlog.log import open_log
from eventlog.state import log_url
from feeds.clock import FileClock
from polyrisk.__main__ import main
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.envelopes import input_record, output_record
from schemas.inputs import ConfigChange
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Evidence

NOW = datetime(2025, 11, 27, 12, tzinfo=UTC)
OWN = "+999700000001"
Run = Callable[..., Result]


def flood() -> CompoundEvent:
    """A red event of Kandy."""
    fixed = {"shard": "LKA", "rule": "river_and_landslide", "rule_version": "1", "area": "LK21", "area_version": "v1", "steps": ()}
    fixed |= {"dimensions": (), "record": "observations:1", "configuration": "c" * 64, "engine": "1"}
    seen = Evidence(condition="river_station >= orange", truth=Truth.TRUE)
    of_now = {
        "change": EventChange.OPENED,
        "level": Level.RED,
        "since": NOW,
        "at": NOW,
        "known": NOW,
        "truth": Truth.TRUE,
        "evidence": seen,
    }
    return CompoundEvent(id="LKA:river_and_landslide:LK21:1", **fixed, **of_now)


@pytest.fixture
def country() -> LoadedCountry:
    """Sri Lanka, as it ships."""
    return load_country(countries_root() / "lka")


@pytest.fixture
def run(tmp_path: Path, country: LoadedCountry) -> Run:
    """Run a command on an installation at noon, where a red warning of Kandy waits and one officer has a telephone, one none."""
    FileClock(tmp_path / "clock").set(NOW)
    log, registry = open_log(log_url(tmp_path)), open_registry(tmp_path, create=True)
    files = country.configuration
    change = ConfigChange(at=NOW, hash=files.hash, configuration=files.canonical(), author="country files", reason="start")
    log.append([input_record("LKA", change), output_record(flood(), "event:1", NOW)])
    AlertService(log, registry, country).take_in(NOW)
    desk = Desk(registry, country)
    desk.first()
    for name in ("n.perera", "s.rajan"):
        desk.administering.add(name, name.title(), ADMINISTRATOR)
        desk.administering.grant(name, approver(), ADMINISTRATOR)
    with registry.acting() as connection:
        telephones.give(connection, registry.keys, desk.officer("n.perera"), OWN, NOW)
    registry.close()
    log.close()

    def call(*arguments: str) -> Result:
        result = CliRunner().invoke(main, [*arguments, "--state", str(tmp_path)])
        assert result.exception is None or isinstance(result.exception, SystemExit), result.exception
        return result

    return call


def waiting(run: Run) -> tuple[str, str]:
    """The id of the message that waits, and the code of what it says."""
    (said,) = [json.loads(line) for line in run("pending", "--json").stdout.splitlines()]
    return said["id"], said["seen"]


def test_it_is_asked_for_and_what_became_of_it_is_shown(run: Run, tmp_path: Path, country: LoadedCountry) -> None:
    """In each language of the country, or in those that are named; twice is once; dry it is written and not sent."""
    message, _ = waiting(run)
    asked = run("to-me", message[:6], "--by", "n.perera", "--language", "si").stdout
    assert ("si" in asked, "segments with the mark: intended" in asked, OWN[4:] in asked) == (True, True, False)
    assert len(run("to-me", message, "--by", "n.perera").stdout.splitlines()) == 3
    registry = open_registry(tmp_path)
    PreviewSender(registry, country, Dry(tmp_path / "dry.jsonl")).turn(NOW)
    registry.close()
    shown = [json.loads(line) for line in run("to-me", message, "--by", "n.perera", "--show", "--json").stdout.splitlines()]
    assert {(one["state"], one["dry"]) for one in shown} == {("accepted", True)}
    assert "written into a file and not sent" in run("to-me", message, "--by", "n.perera", "--show").stdout


def test_who_has_no_telephone_and_who_is_unknown_is_refused_with_exit_code_2(run: Run) -> None:
    """It says what to do; nothing was asked for."""
    message, _ = waiting(run)
    without = run("to-me", message, "--by", "s.rajan")
    assert (without.exit_code, "has given no telephone" in without.stderr) == (2, True)
    assert "polyrisk roster phone s.rajan" in run("to-me", message, "--by", "s.rajan", "--show").stdout
    assert run("to-me", message, "--by", "nobody").exit_code == 2
    assert run("to-me", "w0", "--by", "n.perera").exit_code == 2


def test_what_is_open_is_listed_and_changed_and_the_second_is_told(run: Run) -> None:
    """With each choice in each language; the changed message is printed, and a change that was made against the old one is refused."""
    message, seen = waiting(run)
    listed = run("edit", message).stdout
    for said in ("--action (now: none)", "  stay", "en       Stay away from slopes and rivers", "--shelter (now: none)", "  test_hall"):
        assert said in listed
    (action, shelter) = [json.loads(line) for line in run("edit", message, "--json").stdout.splitlines()]
    assert (action["chosen"], set(action["choices"]), set(shelter["choices"])) == (None, {"leave", "prepare", "stay"}, {"test_hall"})
    who = ("--by", "N. Perera", "--role", "duty_officer")
    changed = run("edit", message, "--action", "stay", "--shelter", "test_hall", "--seen", seen, *who)
    assert changed.exit_code == 0
    assert "Stay away from slopes and rivers. Shelter: Test hall." in " ".join(changed.stdout.split())
    late = run("edit", message, "--action", "prepare", "--seen", seen, "--by", "S. Rajan", "--role", "director")
    assert (late.exit_code, "N. Perera edited it at 17:30" in late.stderr, "action: stay instead of" in late.stderr) == (2, True, True)
    _, now = waiting(run)
    assert now != seen
    back = run("edit", message, "--action", "none", "--shelter", "none", "--seen", now, *who, "--json")
    assert json.loads(back.stdout)["edited_by"] == ["N. Perera"]
    own = run("sign", message, "--seen", waiting(run)[1], *who)
    assert (own.exit_code, "who wrote a message does not sign it" in own.stderr) == (2, True)


@pytest.mark.parametrize(
    ("arguments", "said"), [(("--action", "stay"), "Name --seen, --by and --role"), (("--action", "swim"), "no `swim`")]
)
def test_what_cannot_be_is_refused_with_exit_code_2(run: Run, arguments: tuple[str, ...], said: str) -> None:
    """By slot, and before anything is changed."""
    message, seen = waiting(run)
    more = ("--seen", seen, "--by", "N. Perera", "--role", "duty_officer") if "swim" in arguments else ()
    refused = run("edit", message, *arguments, *more)
    assert (refused.exit_code, said in refused.stderr) == (2, True)
    assert waiting(run)[1] == seen


def test_who_signs_first_reads_that_it_still_waits_and_who_signs_last_that_it_goes_out(run: Run) -> None:
    """A message with one of two signatures has reached nobody; the word of its stage alone does not say so."""
    message, seen = waiting(run)
    first = run("sign", message, "--seen", seen, "--by", "N. Perera", "--role", "duty_officer").stdout
    assert "1 of 2 signatures: it still waits, for another person in another role." in first
    last = run("sign", message, "--seen", seen, "--by", "S. Rajan", "--role", "director").stdout
    assert "It goes out." in last
    assert "still waits" not in last
