"""What each released version left behind is opened, read and judged on by this one; what a newer one left is refused."""

import json
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from make_release import COMMITTED_AFTER, KEYS, SHARD, inputs, said, shown
from sqlalchemy import select

from alerts import ledger
from alerts.registry import Registry
from alerts.tables import messages, notices
from eventlog.log import EventLog, Snapshot, open_log
from processors.engine import ENGINE_VERSION, to_bytes
from processors.loop import Processor
from schemas.envelopes import read_input, read_output
from schemas.errors import LogError, NewerVersionError
from schemas.inputs import Signature
from schemas.outputs import EngineChange
from schemas.topics import INPUT, TOPICS
from schemas.warning_records import Warning

HERE = Path(__file__).parent
RELEASES = sorted(path.name for path in HERE.iterdir() if (path / "log.db").exists())


@pytest.fixture(params=RELEASES)
def left(request: pytest.FixtureRequest, tmp_path: Path) -> Path:
    """A copy of what a release left behind."""
    return Path(shutil.copytree(HERE / request.param, tmp_path / "installation"))


@pytest.fixture
def log(left: Path) -> Iterator[EventLog]:
    """Its log, opened."""
    opened = open_log(f"sqlite:///{left / 'log.db'}")
    yield opened
    opened.close()


def expected(left: Path) -> dict[str, Any]:
    """What the release itself said of the whole input."""
    told: dict[str, Any] = json.loads((left / "expected.json").read_text(encoding="utf-8"))
    return told


def test_there_is_a_release_to_open() -> None:
    """The test is worth nothing without one."""
    assert "0.1.0" in RELEASES


def test_every_record_is_read(log: EventLog) -> None:
    """Inputs of every kind and all that was published come back typed."""
    stored = log.read(INPUT.name)
    assert len(stored) == len(inputs())
    assert {s.record.kind for s in stored} == {"observations", "heartbeat", "tick", "configuration", "baseline", "declaration"}
    for one in stored:
        assert read_input(one.record) is not None
    published = {s.record.kind for topic in TOPICS if topic != INPUT.name for s in log.read(topic) if read_output(s.record)}
    assert published >= {"breach", "event", "warning", "delivery"}


def test_a_log_is_judged_on_as_its_own_version_would_have(log: EventLog, left: Path) -> None:
    """The committed part stays said once, the rest is judged by this version, and the whole is what the release says of it.

    If this engine is another one, its differences come under the reason `engine`, and what is new is compared with that engine alone.
    """
    assert log.lag("processors") == {INPUT.name: len(inputs()) - COMMITTED_AFTER}
    before = [shown(c) for c in said(log)]
    processor = Processor(log, SHARD)
    processor.run_until_idle()
    assert [c for c in map(shown, said(log)) if c in before] == before
    if expected(left)["engine"] == ENGINE_VERSION:
        assert [shown(c) for c in said(log)] == expected(left)["said"]
    alone = open_log(f"sqlite:///{left / 'alone.db'}")
    alone.append(inputs())
    undisturbed = Processor(alone, SHARD)
    undisturbed.run_until_idle()
    assert processor.state.now == undisturbed.state.now
    if expected(left)["engine"] == ENGINE_VERSION:
        assert to_bytes(processor.state) == to_bytes(undisturbed.state)
    alone.close()


def test_the_version_that_judges_is_in_the_log_from_then_on(log: EventLog) -> None:
    """Logs of 0.1.0 did not say which engine judged; after the first start it is known."""
    Processor(log, SHARD).run_until_idle()
    told = [change for s in log.read("engines") if isinstance(change := read_output(s.record), EngineChange)]
    assert told[-1].engine == ENGINE_VERSION
    assert told[-1].first == inputs()[0].id


def test_a_registry_is_opened_and_goes_on(left: Path) -> None:
    """People, warnings, signatures, messages and notices are there, a proposal can still be signed, and the older file is kept."""
    registry = Registry(f"sqlite:///{left / 'registry.db'}", KEYS)
    assert registry.counts(["A"], "household") == {"en": 2}
    with registry.begin() as connection:
        (issued,), (waits,) = (ledger.in_stage(connection, stage) for stage in (ledger.ISSUED, ledger.PENDING))
        assert (issued.id, waits.id) == ("w1.1", "w2.1")
        assert [s.by for s in ledger.signed(connection, issued.id)] == ["a person"]
        ledger.sign(connection, waits.id, Signature(by="another", role="director", at=issued.proposed))
        assert len(ledger.signed(connection, waits.id)) == 1
        assert connection.execute(select(messages.c.state)).scalars().all() == ["intended", "intended"]
        assert connection.execute(select(notices.c.kind)).scalars().all() == ["unsigned"]
        assert [isinstance(read_output(record), Warning) for record in ledger.unpublished(connection)] == [True]
        assert ledger.seen(connection, "event:e1")
    registry.close()
    assert (left / "registry.db.version-1.backup").exists()


def test_a_newer_log_is_refused(left: Path) -> None:
    """A file of a newer version is not opened, and the error says what to start."""
    connection = sqlite3.connect(left / "log.db")
    connection.execute("PRAGMA user_version = 99")
    connection.close()
    with pytest.raises(LogError, match="newer version"):
        open_log(f"sqlite:///{left / 'log.db'}")


def test_a_snapshot_of_a_newer_version_is_refused(log: EventLog, left: Path) -> None:
    """A snapshot file of a newer format is not taken for a damaged one, which would be replaced."""
    (file,) = (left / "log.db.snapshots").rglob("*.snapshot")
    head, _, state = file.read_bytes().partition(b"\n")
    file.write_bytes(json.dumps(json.loads(head) | {"format": 99}).encode() + b"\n" + state)
    with pytest.raises(NewerVersionError, match="newer version"):
        Processor(log, SHARD)


@pytest.mark.parametrize("state", [b"", b"older", b"\xff" * 100])
def test_a_state_of_another_format_is_only_a_longer_way(log: EventLog, left: Path, state: bytes) -> None:
    """Whether older or newer, a state that this version cannot read is made again from the log, and nothing is said twice."""
    committed = log.committed("processors")[INPUT.name, 0]
    log.save_snapshot(Snapshot("processors", SHARD, committed, ENGINE_VERSION, inputs()[0].received, state))
    Processor(log, SHARD).run_until_idle()
    if expected(left)["engine"] == ENGINE_VERSION:
        assert [shown(c) for c in said(log)] == expected(left)["said"]
    assert len({s.record.id for s in log.read("events")}) == len(log.read("events"))
