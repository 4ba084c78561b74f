"""Several shards and several processors: rescaled under load, each shard is judged as if nothing had happened."""

import importlib
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Self

import pytest
from loop_case import long_case, of_shard, outputs, records

from eventlog.log import EventLog, known_homes, open_log
from processors.engine import to_bytes
from processors.loop import Processor

HERE = Path(__file__).parent
EVENTLOG = HERE.parent / "eventlog"
SHARDS = ("BGD", "LKA", "NPL", "PAK")
PATIENCE_S = 300.0
"""Never waited for where all goes well: on a busy machine a group takes its time to share shards anew."""


def fresh_url(scheme: str, folder: Path) -> str:
    """The URL of an empty log in a home, as the contract of the event log has it."""
    if str(EVENTLOG) not in sys.path:
        sys.path.append(str(EVENTLOG))
    url: str = importlib.import_module("contract").fresh_url(scheme, folder)
    return url


@pytest.fixture(params=[home for home in known_homes() if (EVENTLOG / "places" / f"{home}.py").exists()])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty log in each home that is found."""
    return fresh_url(request.param, tmp_path)


@pytest.fixture
def log(url: str) -> Iterator[EventLog]:
    """The same log, opened."""
    opened = open_log(url)
    yield opened
    opened.close()


class Judging:
    """A processor for all shards as a process of its own, killed at the end of its `with` block if it has not ended by itself."""

    def __init__(self, url: str, member: str) -> None:
        command = [sys.executable, str(HERE / "judging_process.py"), url, "all", member, "20", "15", "10"]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        self.lines: list[str] = []
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.wait()
        self._reader.join()

    @property
    def holds(self) -> list[str]:
        """The shards that it holds, by its last word of them."""
        assert self.process.poll() is None, "a processor ended by itself"
        return next((line.split()[1:] for line in reversed(self.lines) if line.startswith("holds")), [])

    @property
    def works(self) -> bool:
        """Whether it has taken in any record."""
        return any(line.strip().isdecimal() for line in self.lines)

    def end(self) -> None:
        """Let it finish and leave its group."""
        self.process.send_signal(signal.SIGTERM)
        assert self.process.wait(PATIENCE_S) == 0
        self._reader.join()
        assert self.lines[-1] == "closed\n"

    def _read(self) -> None:
        assert self.process.stdout is not None
        with self.process.stdout:
            self.lines.extend(iter(self.process.stdout.readline, ""))


def await_(condition: Callable[[], bool]) -> None:
    """Wait until something is so."""
    end = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < end, "it did not come to be in time"
        time.sleep(0.02)


def test_rescaling_from_one_to_four_and_back_loses_and_doubles_nothing(url: str, log: EventLog, tmp_path: Path) -> None:
    """One processor, then four, one of which is killed and two of which leave, then one: what is said equals one undisturbed run's."""
    cases = {shard: long_case(seed, shard) for seed, shard in enumerate(SHARDS)}
    rest = {shard: iter(case) for shard, case in cases.items()}

    def feed(count: int) -> None:
        log.append([record for shard in SHARDS for record in islice(rest[shard], count)])

    def done() -> bool:
        return log.lag("processors") == {"input": 0}

    with Judging(url, "a") as first:
        feed(40)
        await_(lambda: first.works and done())
        with Judging(url, "b") as second, Judging(url, "c") as third, Judging(url, "d") as fourth:
            others = (second, third, fourth)
            await_(lambda: all(len(one.holds) == 1 for one in (first, *others)))

            def all_work() -> bool:
                """Whether each has taken in records; a shard may have moved on since it was held, so it gets more until all have."""
                if done() and not all(one.works for one in others):
                    feed(2)
                return all(one.works for one in others)

            await_(all_work)
            feed(10)
            fourth.process.kill()
            feed(10)
            second.end()
            third.end()
        feed(1000)
        await_(lambda: set(first.holds) == set(SHARDS) and done())
        first.end()
    calm = open_log(f"sqlite:///{tmp_path / 'calm.sqlite'}")
    for shard in SHARDS:
        calm.append(cases[shard])
        undisturbed = Processor(calm, shard)
        undisturbed.run_until_idle()
        assert outputs(log, shard) == outputs(calm, shard)
        assert len(outputs(log, shard)) > 20
        again = Processor(log, shard, member="looking")
        again.run_once(timeout_s=5.0)
        assert to_bytes(again.state) == to_bytes(undisturbed.state)
        again.consumer.close()
    calm.close()


def test_one_processor_judges_all_shards_as_processors_of_their_own_would(tmp_path: Path) -> None:
    """Shards in one process do not mix: each says what it says alone."""
    together, apart = (open_log(f"sqlite:///{tmp_path / name}") for name in ("together.sqlite", "apart.sqlite"))
    for log in (together, apart):
        log.append([of_shard(record, shard) for record in records() for shard in SHARDS])
    judging = Processor(together, None, batch=7)
    assert judging.run_until_idle() == len(SHARDS) * len(records())
    for shard in SHARDS:
        alone = Processor(apart, shard)
        alone.run_until_idle()
        assert outputs(together, shard) == outputs(apart, shard) != []
        assert to_bytes(judging.tasks[shard].state) == to_bytes(alone.state)
    for log in (together, apart):
        log.close()


def test_a_shard_seen_later_is_taken_up(tmp_path: Path) -> None:
    """A processor for all shards takes up one whose first record comes while it runs."""
    log = open_log(f"sqlite:///{tmp_path / 'log.sqlite'}")
    judging = Processor(log, None)
    assert judging.tasks == {}
    for shard in SHARDS[:2]:
        log.append([of_shard(record, shard) for record in records()])
        judging.run_until_idle()
        assert outputs(log, shard)
    judging.close()
    assert {shard for shard in SHARDS if log.load_snapshot("processors", shard) is not None} == set(SHARDS[:2])
    log.close()
