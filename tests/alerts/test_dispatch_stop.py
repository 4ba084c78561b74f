"""The stop button: it halts what is on its way, says who already has it, and what goes on is still sent once."""

import json
import threading
import time
from collections import Counter
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from alert_places import START
from click.testing import CliRunner
from event_makers import event, tell
from kannel_gateway import wait_until
from sending import Intend, Wall, dispatcher, states, told_on_duty
from sqlalchemy.exc import OperationalError

from alerts import stops
from alerts.people.keys import Keys
from alerts.registry import Registry, open_registry, registry_url
from alerts.service import AlertService
from alerts.stand_in_provider import Mode, StandInProvider
from eventlog.log import EventLog
from polyrisk.__main__ import main
from schemas.country_files import LoadedCountry
from schemas.errors import RefusedError
from schemas.levels import Level
from schemas.outputs import EventChange

BETWEEN_ANSWERS_S = 0.01


@pytest.fixture
def registry(tmp_path: Path, keys: Keys) -> Iterator[Registry]:
    """Where the command line looks for it."""
    opened = Registry(f"sqlite:///{tmp_path}/registry.db", keys)
    yield opened
    opened.close()


def slowly(_: int) -> Mode:
    """A provider that answers one request after the other."""
    time.sleep(BETWEEN_ANSWERS_S)
    return Mode.OK


def press(state: Path, *words: str) -> str:
    """What a person would type; answers what is printed."""
    done = CliRunner().invoke(main, ["dispatch", *words, "--state", str(state)])
    assert done.exit_code == 0, done.output
    return done.output


def test_a_dispatch_under_way_is_halted_and_goes_on_later(intend: Intend, registry: Registry, wall: Wall, tmp_path: Path) -> None:
    """All are in one hand-over that takes seconds; pressed in the middle, the rest of it is not sent, and nobody gets two in the end."""
    number = intend(1_800)
    with StandInProvider(slowly, clock=wall) as provider:
        sending = dispatcher(registry, provider, wall, chunk=1_000, at_once=4)
        thread = threading.Thread(target=sending.run, args=(START,))
        thread.start()
        wait_until(lambda: len(provider.accepted) >= 10, "nothing is sent")
        shown = json.loads(press(tmp_path, "stop", "--by", "Duty", "--why", "wrong district", "--json"))
        halted_at = len(provider.accepted)
        thread.join()
        assert len(provider.accepted) == halted_at < number
        assert states(registry) == {"accepted": halted_at, "intended": number - halted_at}
        assert sum(people["has"] for people in shown["people"]) == halted_at
        assert sum(people["held"] for people in shown["people"]) == number - halted_at
        sending.run(START)
        assert len(provider.accepted) == halted_at
        assert "goes on: every warning" in press(tmp_path, "resume", "--by", "Duty", "--why", "right after all")
        sending.run(START)
        assert set(Counter(m.to for m in provider.accepted).values()) == {1}
    assert states(registry) == {"accepted": number}


def test_who_has_it_is_told_by_area_and_language_and_never_by_number(
    intend: Intend, registry: Registry, wall: Wall, tmp_path: Path
) -> None:
    """The table has counts; no number, no name, no id of a person. The journal says who pressed and why."""
    number = intend(400)
    with StandInProvider(clock=wall) as provider:
        dispatcher(registry, provider, wall).run(START)
        numbers = {m.to for m in provider.accepted}
    shown = press(tmp_path, "stop", "--by", "Duty", "--why", "exercise")
    assert f"{number:,}" in shown.splitlines()[-2]
    assert {line.split()[1] for line in shown.splitlines() if line.startswith("LK11")} == {"si", "ta", "en"}
    assert not any(to[1:] in shown for to in numbers)
    assert "LKA-h" not in shown
    assert told_on_duty(registry, "dispatch_stopped") == ["Duty halted what is being sent of every warning: exercise"]
    assert "halted by Duty" in press(tmp_path, "status")
    press(tmp_path, "resume", "--by", "Duty", "--why", "done")
    assert told_on_duty(registry, "dispatch_resumed") == ["Duty goes on sending every warning: done"]
    assert "halted" not in press(tmp_path, "status")


def test_one_warning_is_halted_and_another_goes_on(intend: Intend, registry: Registry, wall: Wall, tmp_path: Path) -> None:
    """Named by the beginning of its id; the other district is warned."""
    intend(600, Level.RED, ("LK11", "LK21"))
    with registry.reading() as connection:
        name = connection.exec_driver_sql("SELECT warning FROM warnings WHERE area = 'LK11'").scalar_one()
        held = connection.exec_driver_sql("SELECT count(*) FROM messages WHERE area = 'LK11'").scalar_one()
    press(tmp_path, "stop", name, "--by", "Duty", "--why", "not there")
    with StandInProvider(clock=wall) as provider:
        dispatcher(registry, provider, wall).run(START)
        assert len(provider.accepted) > 0
        assert states(registry) == {"accepted": len(provider.accepted), "intended": held}


def test_the_correction_of_a_halted_warning_needs_no_resuming(
    intend: Intend, registry: Registry, wall: Wall, log: EventLog, country: LoadedCountry
) -> None:
    """Whoever has the wrong warning hears that it is over; whoever does not, hears nothing of either."""
    number = intend(400)
    with StandInProvider(clock=wall) as provider:
        sending = dispatcher(registry, provider, wall, chunk=20)
        with registry.reading() as connection:
            name = connection.exec_driver_sql("SELECT warning FROM warnings").scalar_one()
        with registry.begin() as connection:
            first = "SELECT subscriber FROM messages ORDER BY subscriber LIMIT 20"
            connection.exec_driver_sql(f"UPDATE messages SET state = 'refused' WHERE subscriber NOT IN ({first})")
        sending.run(START)
        with registry.begin() as connection:
            connection.exec_driver_sql("UPDATE messages SET state = 'intended' WHERE state = 'refused'")
            stops.stop(connection, name, "Duty", "wrong", START)
        service = AlertService(log, registry, country)
        service.run_once(tell(log, event(EventChange.RETRACTED, area="LK11", hours=1)))
        for by, role in (("first", "duty_officer"), ("second", "director")):
            for waiting in service.pending():
                service.sign(waiting.id, by, role, START + timedelta(hours=1))
        sending.run(START + timedelta(hours=1))
        times = Counter(m.to for m in provider.accepted)
    assert (len(times), set(times.values())) == (20, {2})
    assert states(registry) == {"accepted": 40, "expired": number - 20}


def test_what_runs_out_while_it_is_halted_is_never_sent(intend: Intend, registry: Registry, wall: Wall, tmp_path: Path) -> None:
    """Going on too late sends nothing: the warning is over."""
    number = intend(100)
    press(tmp_path, "stop", "--by", "Duty", "--why", "unsure")
    press(tmp_path, "resume", "--by", "Duty", "--why", "sure")
    with StandInProvider(clock=wall) as provider:
        dispatcher(registry, provider, wall).run(START + timedelta(days=30))
        assert provider.requests == 0
    assert states(registry) == {"expired": number}


def test_what_cannot_be_halted_or_resumed_is_said(intend: Intend, registry: Registry) -> None:
    """An unknown name, one that fits several, a second stop, a second resuming."""
    intend(600, Level.RED, ("LK11", "LK21"))
    with registry.begin() as connection:
        with pytest.raises(RefusedError, match="no warning is called so"):
            stops.named(connection, "nonsense")
        with pytest.raises(RefusedError, match="several warnings"):
            stops.named(connection, "")
        with pytest.raises(RefusedError, match="not halted"):
            stops.resume(connection, stops.ALL, "Duty", "why", START)
        stops.stop(connection, stops.ALL, "Duty", "why", START)
        with pytest.raises(RefusedError, match="halted already"):
            stops.stop(connection, stops.ALL, "Duty", "why", START)


def test_without_an_installation_nothing_is_made(tmp_path: Path) -> None:
    """A wrong folder is answered, not filled with an empty registry that looks as if all were well."""
    done = CliRunner().invoke(main, ["dispatch", "stop", "--by", "a", "--why", "b", "--state", str(tmp_path / "nowhere")])
    assert done.exit_code == 2
    assert "no registry here" in done.output
    assert not (tmp_path / "nowhere").exists()


def test_the_button_finds_the_registry_wherever_it_is(registry_home: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was made with a registry in another database is stopped, shown and resumed there, also from a shell that does not name it."""
    state = tmp_path / "installation"
    state.mkdir()
    monkeypatch.setenv("POLYRISK_REGISTRY", registry_home)
    open_registry(state, create=True).close()
    monkeypatch.delenv("POLYRISK_REGISTRY")
    press(state, "stop", "--by", "Nimal", "--why", "wrong river")
    assert "halted by Nimal" in press(state, "status")
    made = Registry(registry_home, Keys.load(state / "keys"))
    with made.reading() as connection:
        assert [one.by for one in stops.standing_stops(connection)] == ["Nimal"]
    press(state, "resume", "--by", "Nimal", "--why", "the right one")
    with made.reading() as connection:
        assert stops.standing_stops(connection) == ()
    made.close()
    assert not (state / "registry.db").exists()


def test_no_password_is_noted(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The folder says where the registry is, never how to get in."""
    monkeypatch.setenv("POLYRISK_REGISTRY", "postgresql://polyrisk:secret@localhost:1/registry")
    with pytest.raises(OperationalError):
        open_registry(tmp_path, create=True)
    monkeypatch.delenv("POLYRISK_REGISTRY")
    assert registry_url(tmp_path) == "postgresql://polyrisk@localhost:1/registry"
