"""The journal of ten thousand steps: how long it takes to write them, and to verify them against their hashes and their anchors.

`python benchmarks/journal.py [STEPS]`. Each step is a transaction of its own, as when people act; every tenth is anchored in the log. With
POLYRISK_REGISTRY of a PostgreSQL database that is empty, that is measured instead of a file of SQLite. Ends with 1 above the bar.
"""

import os
import sys
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory

from alerts import journal
from alerts.chain import verify
from alerts.journal import Step
from alerts.people.keys import Keys
from alerts.registry import Registry
from eventlog.log import open_log
from polyrisk.journal_command import anchors_of
from schemas.envelopes import output_record
from schemas.records import Record
from schemas.warning_records import JournalAnchor

STEPS, AT_EACH = 10_000, 10
BAR_S = 2.0
"""What verifying so many must stay under."""
SHARD = "LKA"
NOW = datetime(2026, 11, 26, tzinfo=UTC)


def fill(registry: Registry, steps: int) -> list[Record]:
    """Write steps as signing does; answers the anchors of some of them."""
    anchors = []
    for number in range(1, steps + 1):
        with registry.acting() as connection:
            said = {"rule": "river_flood", "area": "LK21", "level": "red", "recipients": number, "why": "the river rises at Peradeniya"}
            journal.write(connection, NOW, "a duty officer", "duty_officer", Step.SIGNED, f"w0123456789abcdef.{number}", said)
            head = journal.head(connection)
        if head is not None and number % AT_EACH == 0:
            anchor = JournalAnchor(shard=SHARD, place=head[0], hash=head[1], at=NOW)
            anchors.append(output_record(anchor, f"anchor:{head[0]}:{head[1]}", NOW))
    return anchors


def main(steps: int = STEPS) -> int:
    """Measure and print; answers the exit code."""
    with TemporaryDirectory() as folder:
        home = os.environ.get("POLYRISK_REGISTRY") or f"sqlite:///{folder}/registry.db"
        keys = Keys.load(Path(folder) / "keys", create=True)
        with closing(Registry(home, keys)) as registry, closing(open_log(f"sqlite:///{folder}/log.db")) as log:
            begun = time.perf_counter()
            log.append(fill(registry, steps))
            print(f"{registry.engine.dialect.name}: {steps:,} steps written in {time.perf_counter() - begun:.2f} s")
            begun = time.perf_counter()
            anchors = anchors_of(log, SHARD)
            with registry.reading() as connection:
                verified = verify(journal.entries(connection), anchors)
            took = time.perf_counter() - begun
        assert (verified.steps, verified.findings) == (steps, ()), verified
    print(f"verified with {len(anchors):,} anchors in {took:.2f} s; the bar for {STEPS:,} steps is {BAR_S:g} s")
    return int(took > BAR_S)


if __name__ == "__main__":
    sys.exit(main(*(int(argument) for argument in sys.argv[1:2])))
