"""`polyrisk people`: dry where it matters, an exit code that a script can read, and no number on any output."""

import json
import logging
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from alerts.registry import Registry, open_registry
from polyrisk.__main__ import main

NUMBER, OTHER = "0771234567", "0771234568"
CONSENT = ("--consent-at", "2026-11-01", "--consent-text", "v1", "--consent-by", "committee of Gampola")
PERSON = ("--area", "LK21", "--language", "si", *CONSENT)
Run = Callable[..., Result]


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """An installation's folder in which nothing is yet."""
    return tmp_path / "state"


@pytest.fixture
def run(state: Path, caplog: pytest.LogCaptureFixture) -> Run:
    """Run a command of Sri Lanka's; what it wrote, logged or raised holds no number."""
    caplog.set_level(logging.DEBUG)

    def call(*arguments: str, given: str | None = None, country: bool = True) -> Result:
        state.mkdir(exist_ok=True)
        where = ["--state", str(state), *(["--country", "lka"] if country else [])]
        numbers = ["--numbers", "-"] if given is not None else []
        result = CliRunner().invoke(main, ["people", *arguments, *where, *numbers], input=given)
        assert not isinstance(result.exception, Exception) or isinstance(result.exception, SystemExit), result.exception
        for number in (NUMBER, OTHER):
            assert number[1:] not in result.output + caplog.text
        return result

    return call


@pytest.fixture
def file(tmp_path: Path) -> Path:
    """Three people, one of whom cannot be enrolled."""
    path = tmp_path / "people.csv"
    path.write_text(f"number,area,language\n{NUMBER},LK21,si\n{OTHER},LK92,ta\n0112345678,LK21,si\n", encoding="utf-8")
    return path


def held(state: Path, number: str) -> dict[str, object]:
    """What is held about a person."""
    registry: Registry = open_registry(state)
    found = registry.export("+94" + number[1:])
    registry.close()
    return dict(found)


def test_an_import_is_dry_unless_it_is_applied(run: Run, file: Path, state: Path) -> None:
    """It says what would change and names the refused row by its line; then it does it, and a program gets the same as JSON."""
    dry = run("import", str(file), *CONSENT)
    assert dry.exit_code == 1
    assert "Dry: 3 rows" in dry.output
    assert "line 4: the number is not a mobile one" in dry.output
    assert "person" not in held(state, NUMBER)
    done = run("import", str(file), *CONSENT, "--apply", "--json")
    told = json.loads(done.output)
    assert (told["applied"], told["outcomes"]["new"], told["outcomes"]["refused"]) == (True, 2, 1)
    assert [refused["line"] for refused in told["refused"]] == [4]
    assert "person" in held(state, NUMBER)


def test_a_file_with_names_is_refused_with_the_remedy(run: Run, file: Path) -> None:
    """Exit code 2, and the way to pass over the column."""
    file.write_text(file.read_text("utf-8").replace("language", "language,name", 1), encoding="utf-8")
    refused = run("import", str(file), *CONSENT)
    assert refused.exit_code == 2
    assert "--drop" in refused.output
    assert run("import", str(file), *CONSENT, "--drop", "name").exit_code == 1


def test_many_refused_rows_are_not_all_listed_for_a_person(run: Run, file: Path) -> None:
    """Fifty are, with how many more there are."""
    file.write_text("number,area,language\n" + "0112345678,LK21,si\n" * 60, encoding="utf-8")
    output = run("import", str(file), *CONSENT).output
    assert output.count("not a mobile one") == 50
    assert "and 10 more" in output


def test_a_person_comes_changes_and_leaves(run: Run, state: Path) -> None:
    """Each by one command that says whom it means by two digits; who is not known is told so by the exit code."""
    assert "...67: enrolled in LK21, si, as household." in run("enrol", *PERSON, "--need", "hearing", given=NUMBER).output
    assert run("move", "--area", "LK92", "--language", "ta", "--romanised", "yes", given=NUMBER).exit_code == 0
    person = held(state, NUMBER)["person"]
    assert isinstance(person, dict)
    assert (person["area"], person["language"], person["romanised"], person["needs"]) == ("LK92", "ta", True, "hearing")
    assert run("move", "--area", "LK21", given=OTHER).exit_code == 1
    assert run("stop", given=f"{NUMBER}\n\n{OTHER}\n").exit_code == 0
    assert run("enrol", *PERSON, given=OTHER).exit_code == 2
    assert run("start", given=NUMBER).exit_code == 0
    assert run("start", given="0771234569").exit_code == 1


def test_a_number_is_asked_for_and_not_shown(run: Run, state: Path) -> None:
    """Without a file the number is asked for; it is not echoed, so that it is neither on the screen nor in the shell's history."""
    result = CliRunner().invoke(main, ["people", "enrol", *PERSON, "--state", str(state), "--country", "lka"], input=f"{NUMBER}\n")
    assert result.exit_code == 0
    assert NUMBER[1:] not in result.output
    assert "person" in held(state, NUMBER)


def test_wrong_use_is_told_from_a_finding(run: Run) -> None:
    """Exit code 2: an area or language that the country has not, a landline by its line, nothing to change, two numbers."""
    run("enrol", *PERSON, given="0771234569")  # so that there are keys
    for arguments, given, said in (
        (("move", "--area", "LK99"), NUMBER, "no area of Sri Lanka"),
        (("move", "--language", "fr"), NUMBER, "One of si, ta, en"),
        (("move",), NUMBER, "Say what changes"),
        (("stop",), f"{NUMBER}\n0112345678", "line 2: the number is not a mobile one"),
        (("stop",), "\n", "there is no number"),
        (("enrol", *PERSON), f"{NUMBER}\n{OTHER}", "2 numbers were given"),
        (("enrol", "--area", "LK21", "--language", "si"), NUMBER, "consent is not complete"),
    ):
        refused = run(*arguments, given=given)
        assert (refused.exit_code, said in refused.output) == (2, True), refused.output


def test_erasure_says_first_what_goes(run: Run, state: Path) -> None:
    """Without --apply nothing is changed; with it the mark alone is left."""
    run("enrol", *PERSON, given=NUMBER)
    assert "would be erased: the enrolment" in run("erase", given=NUMBER).output
    assert "person" in held(state, NUMBER)
    assert "erased: the enrolment" in run("erase", "--apply", given=NUMBER).output
    assert set(held(state, NUMBER)) == {"number", "suppressions"}


@pytest.mark.shows_numbers("what is held about a number is given to the person with it")
def test_what_is_held_goes_to_a_file_of_its_readers_own(run: Run, tmp_path: Path) -> None:
    """The file is new and private, since it holds the number; nothing held is exit code 1."""
    out = tmp_path / "own.json"
    run("enrol", *PERSON, given=NUMBER)
    assert run("export", "--out", str(out), given=NUMBER).exit_code == 0
    assert json.loads(out.read_text("utf-8"))["person"]["area"] == "LK21"
    assert out.stat().st_mode & 0o777 == 0o600
    assert run("export", "--out", str(out), given=NUMBER).exit_code == 2
    assert run("export", "--out", str(tmp_path / "nothing.json"), given=OTHER).exit_code == 1


def test_counts_are_by_area_language_and_group(run: Run) -> None:
    """For a person as a table, for a program as JSON; who left is counted alone."""
    run("enrol", *PERSON, given=NUMBER)
    run("enrol", *PERSON, "--group", "volunteer", given=OTHER)
    run("stop", given=OTHER)
    assert "1 people are warned; 1 have left." in run("counts", country=False).output
    told = json.loads(run("counts", "--json", country=False).output)
    assert told == {"active": [{"area": "LK21", "language": "si", "group": "household", "people": 1}], "left": 1, "owed_welcome": 1}


def test_keys_are_changed_and_old_rows_deleted_by_one_command_each(run: Run, state: Path) -> None:
    """Afterwards the person is still who they were."""
    run("enrol", *PERSON, given=NUMBER)
    keys = (state / "keys/number.key").read_text()
    assert "1 numbers were written under new keys" in run("rotate-keys", country=False).output
    assert (state / "keys/number.key").read_text() != keys
    assert "person" in held(state, NUMBER)
    assert "Nothing was older" in run("retain", country=False).output
    assert json.loads(run("retain", "--json", country=False).output) == {}


def test_an_installation_without_keys_or_country_says_so(run: Run, state: Path) -> None:
    """Commands that let nobody in make no registry and no keys: they lie elsewhere or were lost; and a country is never guessed."""
    assert "there is no registry here" in run("stop", given=NUMBER).output
    assert list(state.iterdir()) == []
    run("enrol", *PERSON, given=NUMBER)
    (state / "keys/number.key").unlink()
    assert "Create it or restore it" in run("stop", given=NUMBER).output
    assert not (state / "keys/number.key").exists()
    refused = CliRunner().invoke(main, ["people", "stop", "--state", str(state), "--numbers", "-"], input=NUMBER)  # of no country
    assert (refused.exit_code, "--country" in refused.output) == (2, True)
