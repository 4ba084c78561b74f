"""`polyrisk dead-letters` and `polyrisk status`: what could not be taken in, and by what is judged meanwhile."""

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner
from msgspec.structs import replace

from eventlog.log import open_log
from polyrisk.__main__ import main
from processors.loop import Processor
from schemas.country_files import countries_root, load_country
from schemas.envelopes import input_record
from schemas.inputs import ConfigChange, Tick

AT = datetime(2025, 11, 27, 6, tzinfo=UTC)


@pytest.fixture(scope="module")
def state(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of an installation whose log has a broken tick and a configuration that is not what its hash says."""
    folder = tmp_path_factory.mktemp("state")
    country = load_country(countries_root() / "lka")
    configured = country.configuration
    change = ConfigChange(at=AT, hash=configured.hash, configuration=configured.canonical(), author="planner", reason="start")
    poisoned = change.model_copy(update={"at": AT + timedelta(hours=1), "hash": "0" * 64})
    tick = input_record(country.shard, Tick(at=AT + timedelta(minutes=1)))
    log = open_log(f"sqlite:///{folder / 'log.db'}")
    log.append([input_record(country.shard, change), replace(tick, id="tick:[broken]", payload=b"?")])
    log.append([tick, input_record(country.shard, poisoned)])
    processor = Processor(log, country.shard)
    processor.run_until_idle()
    processor.close()
    log.close()
    return folder


def shown(*arguments: str) -> tuple[str, int]:
    """What a command prints, and its exit code."""
    result = CliRunner().invoke(main, arguments)
    return result.output, result.exit_code


def test_letters_are_listed_with_reason_and_remedy(state: Path) -> None:
    """Each letter names its record, what is wrong with it and what to do."""
    output, code = shown("dead-letters", "--state", str(state))
    assert code == 0
    assert "2025-11-27 11:31  tick:[broken]" in output
    assert "Invalid JSON" in output
    assert "is not the one its hash names" in output
    assert "The configuration in force stays." in output


def test_letters_are_there_for_programs(state: Path) -> None:
    """With --json each letter is one line."""
    output, _ = shown("dead-letters", "--state", str(state), "--json")
    letters = [json.loads(line) for line in output.splitlines()]
    assert [letter["record_kind"] for letter in letters] == ["tick", "configuration"]


def test_status_says_what_is_dead_and_by_what_is_judged(state: Path) -> None:
    """How many letters there are, the newest reason, and that the newest configuration is not in force: which is a finding."""
    output, code = shown("status", "--state", str(state))
    hash_in_force = load_country(countries_root() / "lka").configuration.hash
    assert code == 1
    assert f"judged by configuration {hash_in_force[:12]}, engine " in output
    assert "REFUSED the newest configuration:" in output
    assert "dead letters: 2" in output
    told = json.loads(shown("status", "--state", str(state), "--json")[0])
    assert told["dead_letters"]["count"] == 2
    assert told["configuration"]["in_force"] == hash_in_force
    assert "hash names" in told["configuration"]["refused"]
    assert told["engine"]


def test_no_letters_is_said_too(tmp_path: Path) -> None:
    """An installation that took in everything says so."""
    country = load_country(countries_root() / "lka")
    log = open_log(f"sqlite:///{tmp_path / 'log.db'}")
    configured = country.configuration
    change = ConfigChange(at=AT, hash=configured.hash, configuration=configured.canonical(), author="planner", reason="start")
    log.append([input_record(country.shard, change)])
    log.close()
    assert shown("dead-letters", "--state", str(tmp_path)) == ("No dead letters: every record was taken in.\n", 0)
