"""Makes a small log and registry of the version it is run with, to be kept as `tests/upgrades/<version>/` and opened by all later ones.

Run once for each release, in an unpacked copy of exactly that release (`git archive <tag>`) into which this file was copied:

    PYTHONPATH=. python tests/upgrades/make_release.py <folder>

It writes `log.db` with its snapshot, `registry.db`, and `expected.json`: what that version said of the whole input. The log has records
of every kind; a snapshot stands for a part of it, more is committed, and the rest is left for the version that opens it. What is here is
never made anew: a release is as it was.
"""

import base64
import hashlib
import json
import shutil
import sqlite3
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from alerts import ledger
from alerts.audience import Audience, concerned
from alerts.intents import intend
from alerts.people.keys import Keys
from alerts.registry import Consent, Enrolment, Registry
from alerts.texts import Kind
from eventlog.log import EventLog, open_log
from processors.engine import ENGINE_VERSION
from processors.loop import Processor
from schemas.configuration import Configuration
from schemas.envelopes import input_record, observations_record, output_record, read_output
from schemas.inputs import Baseline, BaselineRow, ConfigChange, GaugeDeclaration, Heartbeat, Observation, Signature, Tick
from schemas.levels import Level
from schemas.observations import to_batch
from schemas.outputs import CompoundEvent, ThresholdBreach
from schemas.records import Record
from schemas.warning_records import Delivery, MessageState, RenderedText, Warning, WarningStatus

SHARD = "TST"
DAY = datetime(2025, 11, 20, tzinfo=UTC)
KEYS = Keys([base64.urlsafe_b64encode(bytes(32))], bytes(32))
"""Of no secret: the numbers in the registry are nobody's."""
DOCUMENT = {"title": "t", "date": "2025-01-01", "owner": "planner"}
SNAPSHOT_AFTER, COMMITTED_AFTER = 12, 16


def configuration(orange: str) -> Configuration:
    """One river, one price with a baseline, two rules."""
    threshold = {"at": "adm2", "kind": "fixed", "stale_after": "3 h", "document": DOCUMENT}
    rule = {"area": "adm2", "dimensions": ["environmental"], "text": "t", "ends": {"otherwise_after": "14 d"}, "document": DOCUMENT}
    return Configuration.model_validate({
        "shard": SHARD,
        "areas_version": "1",
        "areas": [{"code": "A", "level": "adm2", "names": {"en": "A"}}, {"code": "B", "level": "adm2", "names": {"en": "B"}}],
        "stations": [],
        "feeds": [{"feed": "river", "every": "1 h", "indicators": ["river_level"]}],
        "thresholds": [
            {**threshold, "name": "river", "indicator": "river_level", "levels": {"yellow": "5 m", "orange": orange}, "for": "2 readings"},
        ],
        "rules": [
            {**rule, "name": "flood", "when": "river >= orange", "level": "orange", "cool_down": "6 h"},
            {**rule, "name": "high_water", "when": "river >= yellow", "level": "yellow"},
        ],
    })  # fmt: skip


def configured(at: datetime, orange: str) -> Record:
    """A change of configuration."""
    found = configuration(orange)
    return input_record(SHARD, ConfigChange(at=at, hash=found.hash, configuration=found.canonical(), author="planner", reason="release"))


def delivery(hour: float, **values: float | None) -> Record:
    """Readings of some areas; `A_late` is one that is two hours old."""
    received = DAY + timedelta(hours=hour)
    found = []
    for name, value in values.items():
        area, _, late = name.partition("_")
        start = received - timedelta(hours=2 if late else 0)
        digest = hashlib.sha256(f"{name}{hour}".encode()).hexdigest()
        found.append(
            Observation(
                area=area, indicator="river_level", start=start, end=start, received=received, value=value, unit="m", feed="river",
                key=area, delivery=digest,
            )
        )  # fmt: skip
    return observations_record(SHARD, "river", hashlib.sha256(f"{hour}".encode()).hexdigest(), received, to_batch(found))


def inputs() -> list[Record]:
    """Records of every kind of input."""
    beat = Heartbeat(feed="river", received=DAY + timedelta(hours=4), delivery="d" * 64, new=False, rows=0, quarantined=1)
    row = BaselineRow(area="A", start=DAY, end=DAY + timedelta(days=90), bounds={"orange": 7.5}, admitted=True, reason="release")
    dead = GaugeDeclaration(at=DAY + timedelta(hours=13), area="B", state="dead", by="a duty officer", reason="washed away")
    return [
        configured(DAY - timedelta(hours=1), "7 m"),
        delivery(0, A=4.0, B=5.5),
        delivery(1, A=7.1, B=5.6),
        delivery(2, A=7.2, B=None),
        delivery(3, A=7.3),
        input_record(SHARD, beat),
        input_record(SHARD, Baseline(at=DAY + timedelta(hours=4), threshold="river", inputs_hash="e" * 64, rows=(row,))),
        delivery(5, A=4.0, B=4.0),
        delivery(6, A_late=7.4, B=6.0),
        delivery(7, A=8.0, B=6.1),
        delivery(8, A=8.0),
        input_record(SHARD, Tick(at=DAY + timedelta(hours=12))),
        delivery(12.5, B=7.5),
        input_record(SHARD, dead),
        delivery(14, A=7.8),
        configured(DAY + timedelta(hours=15), "6 m"),
        delivery(16, A=6.5),
        delivery(17, A=6.4),
        input_record(SHARD, Tick(at=DAY + timedelta(hours=22))),
        delivery(23, A=1.0),
        input_record(SHARD, Tick(at=DAY + timedelta(days=16))),
    ]


def main(folder: Path) -> None:
    """Write the release."""
    with tempfile.TemporaryDirectory() as scratch:
        work = Path(scratch)
        log = open_log(f"sqlite:///{work / 'log.db'}")
        everything = inputs()
        log.append(everything)
        processor = Processor(log, SHARD, batch=SNAPSHOT_AFTER)
        processor.run_once()
        processor.snapshot()
        processor.batch = COMMITTED_AFTER - SNAPSHOT_AFTER
        processor.run_once()
        log.append([output_record(warning(), "warning:w1", DAY), output_record(counted(), "delivery:w1", DAY)])
        log.close()
        fill(work / "registry.db")
        for name in ("log.db", "registry.db"):
            connection = sqlite3.connect(work / name)
            connection.execute("VACUUM")
            connection.close()
        folder.mkdir(parents=True)
        for name in ("log.db", "registry.db"):
            shutil.copy(work / name, folder / name)
        shutil.copytree(work / "log.db.snapshots", folder / "log.db.snapshots")
        whole = open_log(f"sqlite:///{work / 'whole.db'}")
        whole.append(everything)
        Processor(whole, SHARD).run_until_idle()
        expected = {"engine": ENGINE_VERSION, "said": [shown(c) for c in said(whole)]}
        (folder / "expected.json").write_text(json.dumps(expected, indent=1) + "\n", encoding="utf-8")
        whole.close()


def said(log: EventLog) -> list[ThresholdBreach | CompoundEvent]:
    """What the engine said, in the order of the log."""
    told = (read_output(s.record) for topic in ("breaches", "events") for s in log.read(topic, shard=SHARD))
    return [content for content in told if isinstance(content, ThresholdBreach | CompoundEvent)]


def shown(content: ThresholdBreach | CompoundEvent) -> list[Any]:
    """What must stay the same of it in all versions whose engine judges alike."""
    name = content.rule if isinstance(content, CompoundEvent) else content.threshold
    until = content.until.isoformat() if isinstance(content, CompoundEvent) and content.until else None
    times = [m.isoformat() for m in (content.since, content.at, content.known)]
    return [content.kind, content.id, name, content.area, content.change.value, int(content.level), *times, until, content.record]


def warning() -> Warning:
    """A warning that was signed and went out."""
    text = RenderedText(language="en", area="A", body="Leave", encoding="GSM-7", segments=1, reviewed=True, recipients=2)
    return Warning(
        id="w1.1", warning="w1", event="e1", rule="flood", shard=SHARD, area="A", message_type="Alert", status=WarningStatus.ISSUED,
        level=Level.ORANGE, reason="opened", since=DAY, known=DAY, proposed=DAY, issued=DAY, expires=DAY + timedelta(days=3), texts=(text,),
        recipients=2, segments=2, cost=1.0, currency="LKR", signatures=(Signature(by="a person", role="director", at=DAY),),
        configuration="c" * 64,
    )  # fmt: skip


def counted() -> Delivery:
    """How far its messages came."""
    return Delivery(warning="w1", message="w1.1", shard=SHARD, area="A", language="en", state=MessageState.INTENDED, count=2, at=DAY)


def fill(path: Path) -> None:
    """A registry with people, one of whom left, a warning that was issued and one that waits."""
    registry = Registry(f"sqlite:///{path}", KEYS)
    consent = Consent(at=DAY, text="release", by="nobody")
    numbers = [f"+99900000000{n}" for n in range(3)]
    registry.enrol_synthetic([(f"s{n}", Enrolment(number, "A", "en", "household", consent)) for n, number in enumerate(numbers)])
    registry.stop(numbers[2], DAY)
    keep_warnings(registry)
    registry.close()


def keep_warnings(registry: Registry) -> None:
    """One warning that was issued, with its messages intended, and a proposal that waits for signatures."""
    issued = warning()
    waits = issued.model_copy(update={"id": "w2.1", "warning": "w2", "event": "e2", "status": WarningStatus.PROPOSED, "signatures": ()})
    with registry.begin() as connection:
        for one in (issued, waits):
            ledger.propose(connection, one, Kind.WARNING, "household", 2, DAY + timedelta(hours=1))
        ledger.sign(connection, issued.id, issued.signatures[0])
        ledger.settle(connection, issued, ledger.ISSUED)
        intend(connection, issued, 3, concerned(Audience(["A"], "household")))
        ledger.mark_seen(connection, "event:e1", DAY, "opened")
        ledger.to_publish(connection, output_record(issued, "warning:w1.1", DAY))
        ledger.note(connection, "notice:1", DAY, "unsigned", "w2", "waits unsigned")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
