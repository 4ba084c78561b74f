"""The dry way out: all that would go is written, nobody is reached, and nobody who was not warned is told an end."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from alert_places import START
from click.testing import CliRunner
from sending import Intend, Wall, states

from alerts import intents
from alerts.channels.contract import Settings, open_channel
from alerts.channels.dry import FILE, PREFIX
from alerts.dispatch import Dispatcher
from alerts.people.keys import Keys
from alerts.registry import Registry
from polyrisk.__main__ import main


@pytest.fixture
def registry(tmp_path: Path, keys: Keys) -> Iterator[Registry]:
    """Where an installation keeps it."""
    opened = Registry(f"sqlite:///{tmp_path}/registry.db", keys)
    yield opened
    opened.close()


def written(folder: Path) -> list[dict[str, str]]:
    """What would have gone."""
    return [json.loads(line) for line in (folder / FILE).read_text(encoding="utf-8").splitlines()]


def test_all_that_would_go_is_written_with_its_words_and_no_number(intend: Intend, registry: Registry, wall: Wall, tmp_path: Path) -> None:
    """Real numbers too, while a country is only watching: nobody's agreement is needed to write into a file."""
    number = intend(100)
    with registry.begin() as connection:
        connection.exec_driver_sql("UPDATE subscribers SET number = ?", (registry.keys.encrypt("+94771234567"),))
    dry = open_channel("dry", Settings("PolyriskLK", {}, tmp_path))
    Dispatcher(registry, dry, wall_clock=wall).run(START)
    assert states(registry) == {"accepted": number}
    assert {line["to"] for line in written(tmp_path)} == {"+94*********"}
    assert all(line["body"] for line in written(tmp_path))
    assert len({line["id"] for line in written(tmp_path)}) == number


def test_what_was_written_before_a_crash_is_not_written_again(intend: Intend, registry: Registry, wall: Wall, tmp_path: Path) -> None:
    """A process died between the line and its record: the line is found."""
    number = intend(100)
    dry = open_channel("dry", Settings("PolyriskLK", {}, tmp_path))
    Dispatcher(registry, dry, wall_clock=wall).run(START)
    with registry.begin() as connection:
        connection.exec_driver_sql("UPDATE messages SET state = 'sending', provider_id = NULL")
    assert Dispatcher(registry, dry, wall_clock=wall).run(START).found == number
    assert len(written(tmp_path)) == number


def test_who_was_warned_in_a_file_alone_is_told_no_end_by_sms(intend: Intend, registry: Registry, wall: Wall, tmp_path: Path) -> None:
    """Sending does not begin in a folder in which warnings stand that were only written."""
    number = intend(100)
    dry = open_channel("dry", Settings("PolyriskLK", {}, tmp_path))
    Dispatcher(registry, dry, wall_clock=wall).run(START)
    with registry.reading() as connection:
        assert intents.standing_by_provider(connection, PREFIX) == number
    environment = {"KANNEL_URL": "http://127.0.0.1:1", "KANNEL_USER": "u", "KANNEL_PASSWORD": "p", "POLYRISK_CHANNEL": "kannel_smpp"}
    command = ["run", "alerts", "--send", "--state", str(tmp_path), "--metrics-port", "0"]
    done = CliRunner().invoke(main, command, env=environment)
    assert done.exit_code == 2
    assert f"{number} messages of warnings that stand were only written" in done.output


def test_sending_without_a_channel_that_sends_is_refused(tmp_path: Path) -> None:
    """`--send` with the dry channel would look as if people were reached."""
    done = CliRunner().invoke(main, ["run", "alerts", "--send", "--state", str(tmp_path), "--metrics-port", "0"])
    assert done.exit_code == 2
    assert "known: dry, kannel_smpp, twilio_sms" in done.output
