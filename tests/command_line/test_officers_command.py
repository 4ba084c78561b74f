"""`polyrisk officers`, and that the console listens elsewhere only for who signs in."""

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from officers_desk import ADMINISTRATOR, Desk

from alerts.officers.administering import Administering
from alerts.officers.signing_in import SigningIn
from alerts.registry import open_registry
from polyrisk.__main__ import main
from schemas.country_files import countries_root, load_country

Run = Callable[..., Result]
BY = ("--by", ADMINISTRATOR)


@pytest.fixture
def state(tmp_path: Path) -> Path:
    """An installation's folder in which nothing is yet."""
    made = tmp_path / "state"
    made.mkdir()
    return made


@pytest.fixture
def run(state: Path) -> Run:
    """Run a command of Sri Lanka's."""

    def call(*arguments: str) -> Result:
        result = CliRunner().invoke(main, ["officers", *arguments, "--state", str(state), "--country", "lka"])
        assert not isinstance(result.exception, Exception) or isinstance(result.exception, SystemExit), result.exception
        return result

    return call


def finish(state: Path, name: str, code: str) -> None:
    """The person uses the one-time code to the end, now."""
    registry = open_registry(state)
    desk = Desk(registry, load_country(countries_root() / "lka"))
    desk.signing_in = SigningIn(registry)
    desk.clock.at = desk.signing_in.now()
    desk.administering = Administering(registry, desk.country)
    desk.finish(name, code)
    registry.close()


@pytest.fixture
def administered(run: Run, state: Path) -> None:
    """An administrator who has signed in."""
    made = json.loads(run("first", "--name", ADMINISTRATOR, "--display", "A. Fonseka", "--json").stdout)
    finish(state, ADMINISTRATOR, made["code"])


def test_the_first_administrator_gets_a_link_and_no_password(run: Run) -> None:
    """A one-time code with its end, on the local clock; nothing else."""
    shown = run("first", "--name", ADMINISTRATOR, "--display", "A. Fonseka", "--address", "https://console.example/")
    assert shown.exit_code == 0
    code = next(line.strip() for line in shown.stdout.splitlines() if line.startswith("    ") and "/" not in line)
    assert f"https://console.example/set-up?code={code}" in shown.stdout
    assert "It holds until 20" in shown.stdout
    assert "password" in shown.stdout
    assert "not set up yet" in run("list").stdout


@pytest.mark.usefixtures("administered")
def test_there_is_one_first_administrator(run: Run) -> None:
    """Once they have signed in, exit code 2, and what to do instead."""
    refused = run("first", "--name", "mallory", "--display", "M. Allory")
    assert refused.exit_code == 2
    assert "there is an administrator already" in refused.stderr
    assert "polyrisk officers add" in refused.stderr


@pytest.mark.usefixtures("administered")
def test_a_colleague_is_added_granted_revoked_and_taken_out(run: Run, state: Path) -> None:
    """Each step says what the account then is; the list has it for people and for programs."""
    made = json.loads(run("add", "n.perera", "--display", "N. Perera", *BY, "--json").stdout)
    finish(state, "n.perera", made["code"])
    granted = run("grant", "n.perera", "--role", "approver", "--as", "director", "--area", "LK21", *BY)
    assert granted.stdout == "n.perera: approver (director) in LKA, LK21.\n"
    (_, listed) = json.loads(run("list", "--json").stdout)
    assert listed == {
        "name": "n.perera",
        "display": "N. Perera",
        "state": "active",
        "language": "",
        "set_up": True,
        "roles": [{"role": "approver", "country": "LKA", "duty_role": "director", "area": "LK21"}],
    }
    assert "approver (director) in LKA, LK21" in run("list").stdout
    revoked = run("revoke", "n.perera", "--role", "approver", "--as", "director", "--area", "LK21", *BY)
    assert revoked.stdout == "n.perera: no role any more.\n"
    assert run("disable", "n.perera", *BY).stdout == "n.perera: out of use.\n"
    assert run("reset", "n.perera", *BY).exit_code == 2
    assert run("enable", "n.perera", *BY).stdout == "n.perera: in use.\n"
    assert run("unlock", "n.perera", *BY).exit_code == 0
    assert "/set-up?code=" in run("reset", "n.perera", *BY).stdout


@pytest.mark.usefixtures("administered")
def test_the_language_of_an_account_is_kept_said_and_taken_back(run: Run) -> None:
    """One that the console speaks; it stands in the list, and without a choice the country's holds."""
    assert run("language", ADMINISTRATOR).stdout == f"{ADMINISTRATOR} is spoken to in en, as nobody chose another.\n"
    assert run("language", ADMINISTRATOR, "ne").stdout == f"{ADMINISTRATOR} is spoken to in ne.\n"
    assert json.loads(run("list", "--json").stdout)[0]["language"] == "ne"
    refused = run("language", ADMINISTRATOR, "xx")
    assert (refused.exit_code, "It speaks en, ne, ur" in refused.stderr) == (2, True)
    assert run("language", ADMINISTRATOR, "ne", "--none").exit_code == 2
    assert run("language", ADMINISTRATOR, "--none").stdout == f"{ADMINISTRATOR} is spoken to in en, as nobody chose another.\n"
    assert run("language", "nobody", "ne").exit_code == 2


@pytest.mark.usefixtures("administered")
def test_a_person_of_a_sign_in_service_is_linked(run: Run) -> None:
    """By what the service calls them; once."""
    person = ("--subject", "248289761001", "--issuer", "https://id.example")
    assert run("link", ADMINISTRATOR, *person, *BY).stdout == f"{ADMINISTRATOR}: also signs in by https://id.example.\n"
    assert "has an account already" in run("link", ADMINISTRATOR, *person, *BY).stderr


@pytest.mark.usefixtures("administered")
@pytest.mark.parametrize(
    ("arguments", "why"),
    [
        (("add", "n.perera", "--display", "N. Perera", "--by", "nobody"), "`nobody` does not administer Sri Lanka"),
        (("grant", "nobody", "--role", "viewer", *BY), "there is no account `nobody`"),
        (("grant", ADMINISTRATOR, "--role", "approver", *BY), "Roles of country.yaml that may: duty_officer, director, district_unit"),
        (("grant", ADMINISTRATOR, "--role", "viewer", "--area", "NP01", *BY), "Sri Lanka has no area `NP01`"),
        (("revoke", ADMINISTRATOR, "--role", "administrator", *BY), "nobody could change accounts any more"),
        (("disable", ADMINISTRATOR, *BY), "nobody could change accounts any more"),
    ],
)
def test_what_cannot_be_done_is_refused_with_what_to_do(run: Run, arguments: tuple[str, ...], why: str) -> None:
    """Exit code 2 and one line."""
    refused = run(*arguments)
    assert refused.exit_code == 2
    assert why in refused.stderr
    assert "Traceback" not in refused.stderr


def test_a_console_without_accounts_listens_on_this_machine_alone(state: Path) -> None:
    """Elsewhere it would be open to whoever reaches it: exit code 2, and how to come to accounts."""
    command = [sys.executable, "-m", "polyrisk", "run", "console", "--state", str(state), "--country", "lka", "--port", "0"]
    ended = subprocess.run([*command, "--host", "0.0.0.0"], capture_output=True, text=True, env=dict(os.environ), check=False)
    assert ended.returncode == 2, ended.stderr
    assert "would be open to whoever reaches it there: no administrator has signed in yet" in ended.stderr
    assert "polyrisk officers first" in ended.stderr
    assert "console at" not in ended.stdout
