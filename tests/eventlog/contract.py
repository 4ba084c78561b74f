"""What the contract's tests share: fresh logs in any home, records, and other processes that use the same log.

A home `eventlog/homes/<scheme>.py` is tested once `places/<scheme>.py` beside this file says where a fresh log of it may be.
"""

import importlib.util
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Self

from schemas.microseconds import to_microseconds
from schemas.records import Record

T0 = datetime(2025, 11, 27, 20, 3, tzinfo=UTC)
_HERE = Path(__file__).parent


def fresh_url(scheme: str, folder: Path) -> str:
    """The URL of an empty log in a home."""
    spec = importlib.util.spec_from_file_location(f"place_of_{scheme}", _HERE / "places" / f"{scheme}.py")
    assert spec is not None
    assert spec.loader is not None
    place = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(place)
    url: str = place.fresh_url(folder)
    return url


def record(number: int, *, shard: str = "LKA", topic: str = "input", id: str = "", kind: str = "tick") -> Record:
    """The record of that number: received as many minutes after `T0`, with the number as its payload."""
    return Record(
        topic=topic,
        shard=shard,
        kind=kind,
        id=id or f"{kind}:{number}",
        received_microseconds=to_microseconds(T0 + timedelta(minutes=number)),
        payload=str(number).encode(),
        headers={"ce_id": str(number)},
    )


def output_of(stored_id: str, *, shard: str = "LKA") -> Record:
    """What a processor makes of one input record."""
    return record(0, shard=shard, topic="events", id=f"of:{stored_id}", kind="event")


class Member:
    """Another process that plays a part of `members.py`, killed at the end of its `with` block if it has not ended by itself."""

    def __init__(self, part: str, *arguments: str) -> None:
        command = [sys.executable, str(_HERE / "members.py"), part, *arguments]
        self.process = subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.kill()
        for pipe in (self.process.stdin, self.process.stdout):
            assert pipe is not None
            pipe.close()

    def line(self) -> str:
        """The next line that it says; empty once it has ended."""
        assert self.process.stdout is not None
        return self.process.stdout.readline().strip()

    def say(self, line: str) -> None:
        """Tell it to go on."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()

    def code(self) -> int:
        """Its exit code, once it has ended."""
        return self.process.wait()

    def kill(self) -> None:
        """End it without a chance to tidy up."""
        self.process.kill()
        self.process.wait()
