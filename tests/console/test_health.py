"""Whether a process lives and whether it can do its work: two questions, each with an answer in words, and soon."""

import sqlite3
import threading
from collections.abc import Iterator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any

import httpx
import pytest
from console_world import filled, lanka
from starlette.applications import Starlette

from alerts.people.keys import Keys
from alerts.registry import Registry
from console.health import Health, Probe, keeps_up, log_readable, registry_reachable
from console.pages import create_app
from console.screenshot import served
from eventlog.log import EventLog, open_log
from schemas.envelopes import input_record
from schemas.errors import PolyriskError, RefusedError
from schemas.inputs import Tick
from schemas.topics import INPUT

START = "2025-11-26T00:00:00+00:00"


@pytest.fixture
def log(tmp_path: Path) -> Iterator[EventLog]:
    """A log with three records of Sri Lanka."""
    opened = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    opened.append([input_record("LKA", Tick.model_validate({"at": START.replace("00:00:00", f"00:0{n}:00")})) for n in range(3)])
    yield opened
    opened.close()


def ready(probes: Sequence[Probe], within_s: float = 5.0) -> tuple[int, dict[str, Any]]:
    """The answer of `/readyz`: its status, and what was found by name."""
    with served(Starlette(routes=Health(probes, within_s=within_s).routes)) as where:
        answer = httpx.get(f"{where}/readyz", timeout=60)
    return answer.status_code, {check["name"]: check for check in answer.json()["checks"]}


def test_a_process_that_cannot_work_lives_all_the_same(log: EventLog) -> None:
    """A service manager that restarts it would not help; whoever sends it work must wait."""

    def broken() -> str:
        raise PolyriskError("the disk is full", remedy="Make room.")

    with served(Starlette(routes=Health([log_readable(log, "LKA"), Probe("disk", broken, "")]).routes)) as where:
        assert httpx.get(f"{where}/healthz").json() == {"status": "ok"}
        answer = httpx.get(f"{where}/readyz")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")
    assert [(c["name"], c["ok"]) for c in answer.json()["checks"]] == [("log", True), ("disk", False)]
    assert answer.json()["checks"][1] == {"name": "disk", "ok": False, "said": "the disk is full", "remedy": "Make room."}


def test_a_log_that_is_broken_is_said_and_what_to_do(log: EventLog, tmp_path: Path) -> None:
    """Something else has taken its table away while it is open."""
    assert ready([log_readable(log, "LKA")])[0] == 200
    with closing(sqlite3.connect(tmp_path / "log.sqlite")) as other:
        other.execute("ALTER TABLE records RENAME TO gone")
    status, found = ready([log_readable(log, "LKA")])
    assert status == 503
    assert found["log"]["said"]
    assert found["log"]["remedy"]


def test_a_group_that_is_behind_is_not_ready_until_it_has_caught_up(log: EventLog) -> None:
    """Three records wait and one step takes two; then they are taken in."""
    probe = keeps_up(log, "processors", INPUT.name, 2)
    consumer = log.consumer("processors", "one", [INPUT.name])
    status, found = ready([probe])
    assert (status, found["processors_keep_up"]["said"]) == (503, "3 records are not taken in yet.")
    with log.transaction(consumer) as transaction:
        transaction.commit(consumer.poll())
    assert ready([probe])[0] == 200


def test_a_registry_that_is_gone_or_has_lost_its_keys_is_said(tmp_path: Path) -> None:
    """Opened anew each time: a connection that is open would survive what a restart does not."""
    home = tmp_path / "keys"

    def opened() -> Registry:
        if not (tmp_path / "registry.db").exists():
            raise RefusedError("there is no registry here.", remedy="Name the folder.")
        return Registry(f"sqlite:///{tmp_path / 'registry.db'}", Keys.load(home))

    assert ready([registry_reachable(opened)])[1]["registry"]["said"] == "there is no registry here."
    Registry(f"sqlite:///{tmp_path / 'registry.db'}", Keys.load(home, create=True)).close()
    assert ready([registry_reachable(opened)])[0] == 200
    (home / "number.key").chmod(0o644)
    status, found = ready([registry_reachable(opened)])
    assert status == 503
    assert "can be read by others" in found["registry"]["said"]
    (home / "number.key").chmod(0o600)
    (tmp_path / "registry.db").write_bytes(b"no database at all, but long enough to be looked at" * 100)
    assert ready([registry_reachable(opened)])[0] == 503


def test_a_registry_in_a_server_that_is_not_there_is_not_waited_for(tmp_path: Path) -> None:
    """The answer names the kind of error and what to look at, no address and no user."""
    keys = Keys.load(tmp_path, create=True)
    status, found = ready([registry_reachable(lambda: Registry("postgresql://secret_user@127.0.0.1:9/registry", keys))], 30.0)
    assert status == 503
    assert "OperationalError" in found["registry"]["said"]
    assert "secret_user" not in str(found)


def test_what_does_not_answer_is_not_waited_for_and_not_asked_twice_at_once() -> None:
    """A look that hangs is said to hang, however often it is asked for; once it comes back it is believed again."""
    goes_on = threading.Event()
    looks: list[int] = []

    def hang() -> str:
        looks.append(1)
        goes_on.wait(60)
        return "it answers"

    health = Health([Probe("database", hang, "Look at it.")], within_s=0.05)
    with served(Starlette(routes=health.routes)) as where:
        for _ in range(3):
            answer = httpx.get(f"{where}/readyz")
            assert answer.status_code == 503
            assert answer.json()["checks"][0]["said"] == "no answer within 0.05 s."
        assert looks == [1]
        goes_on.set()
        health._under_way["database"].join(60)
        health._within_s = 60
        assert httpx.get(f"{where}/readyz", timeout=60).json()["checks"][0]["said"] == "it answers"


def test_the_console_is_not_ready_while_its_log_is_broken(tmp_path: Path) -> None:
    """Its page could say nothing; that it lives is another question."""
    world = filled(tmp_path)
    with served(create_app(world.log, lanka())) as where:
        world.log.close()
        assert httpx.get(f"{where}/healthz").status_code == 200
        answer = httpx.get(f"{where}/readyz", timeout=60)
    assert answer.status_code == 503
    assert {c["name"]: c["ok"] for c in answer.json()["checks"]}["log"] is False


def test_a_console_whose_registry_is_broken_says_so_to_this_machine_alone(log: EventLog, tmp_path: Path) -> None:
    """Nobody can be let in, so pages are refused; programs beside it learn why, and nobody learns it through a proxy."""
    path = tmp_path / "registry.db"
    registry = Registry(f"sqlite:///{path}", Keys.load(tmp_path / "keys", create=True))
    with closing(registry), served(create_app(log, lanka(), registry=registry)) as where:
        found = {c["name"]: c["ok"] for c in httpx.get(f"{where}/readyz", timeout=60).json()["checks"]}
        assert found["registry"] is True
        registry.engine.dispose()
        path.write_bytes(b"no database at all, but long enough to be looked at" * 100)
        assert httpx.get(f"{where}/healthz").json() == {"status": "ok"}
        answer = httpx.get(f"{where}/readyz", timeout=60)
        assert answer.status_code == 503
        assert {c["name"]: c["ok"] for c in answer.json()["checks"]}["registry"] is False
        passed_on = httpx.get(f"{where}/readyz", headers={"x-forwarded-for": "198.51.100.7"})
        assert "It cannot be known who asks" in passed_on.text
