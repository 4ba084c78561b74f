"""States of the engine at moments of the past, as files: who looks at last month need not wait until the year has been lived through.

A state is only a short cut. It is used if this engine made it and the log still has, where it was made, the records that it was made of;
else the log is read from further back, and what is said is the same.
"""

import hashlib
import logging
import os
from bisect import insort
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from threading import Lock

from eventlog.log import NOTHING, EventLog
from processors.engine import ENGINE_VERSION, State, from_bytes, to_bytes
from schemas.errors import PolyriskError
from schemas.microseconds import from_microseconds, to_microseconds
from schemas.topics import INPUT

_LOGGER = logging.getLogger(__name__)
_HOUR = 3_600_000_000
_DAY = 24 * _HOUR
_SPACED = ((_DAY, _HOUR), (14 * _DAY, 6 * _HOUR), (400 * _DAY, _DAY), (1200 * _DAY, 30 * _DAY))
"""(age, from one to the next), microseconds: of the last day a state an hour, of two weeks one each six hours; none that is older."""
MOST_BYTES = 256_000_000
"""Of all files; beyond that the oldest go."""
_LOOKED_AT = 100
"""Records up to a state by which it is known that it is of this log."""
_ENDING = ".state"
_HASH_LENGTH = 64


@dataclass(frozen=True, order=True)
class KeptState:
    """A file.

    Attributes:
        at: the greatest `received` in the state, microseconds. offset: of the last record in it. size: bytes of the file.
    """

    at: int
    offset: int
    size: int = 0

    @property
    def name(self) -> str:
        """The file's name."""
        return f"{self.at}-{self.offset}-{ENGINE_VERSION}{_ENDING}"


class KeptStates:
    """The files of a shard, fewer the older they are. Several threads may use one; what another process removes is missing, and no more.

    Args:
        folder: for nothing else; made when the first state is kept.
    """

    def __init__(self, folder: Path, log: EventLog, shard: str, most_bytes: int = MOST_BYTES) -> None:
        self._folder, self._log, self._shard, self._most = folder, log, shard, most_bytes
        self._lock = Lock()
        self._kept = sorted(self._found())

    def nearest(self, at: datetime, after: int) -> tuple[int, datetime, State] | None:
        """(offset, the greatest `received`, state) of the newest one of all that had been received by a moment.

        Args:
            after: only one of a greater offset is wanted.

        Raises:
            LogError: the log cannot be read.
        """
        moment = to_microseconds(at)
        with self._lock:
            some = [kept for kept in self._kept if kept.at <= moment and kept.offset > after]
        for kept in reversed(some):
            state = self._read(kept)
            if state is not None:
                return kept.offset, from_microseconds(kept.at), state
        return None

    def wants(self, at: datetime) -> bool:
        """Whether there is none yet of the time around a moment."""
        moment = to_microseconds(at)
        with self._lock:
            newest = max(moment, self._kept[-1].at) if self._kept else moment
            slot = _slot(moment, newest)
            return slot is not None and all(_slot(kept.at, newest) != slot for kept in self._kept)

    def keep(self, offset: int, at: datetime, state: State) -> None:
        """Keep a state as a file, and let go of those of which there are more than are wanted by now. A full disk is said and no more.

        Raises:
            LogError: the log cannot be read.
        """
        content, told = to_bytes(state), mark_of(self._log, self._shard, offset)
        try:
            kept = KeptState(to_microseconds(at), offset, len(content) + len(told) + 1 + _HASH_LENGTH)
            self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = self._folder / f"{kept.name}.{os.getpid()}.draft"
            draft.write_bytes(hashlib.sha256(told + content).hexdigest().encode() + told + b"\n" + content)
            draft.replace(self._folder / kept.name)
        except OSError as error:
            _LOGGER.warning("the state of %s cannot be kept, so earlier moments take longer: %s", at.isoformat(), error)
            return
        with self._lock:
            if kept not in self._kept:
                insort(self._kept, kept)
            self._kept, gone = _thinned(self._kept, self._most)
        for one in gone:
            (self._folder / one.name).unlink(missing_ok=True)

    def _found(self) -> Iterator[KeptState]:
        """Those of this engine; another one's are let go of."""
        for path in self._folder.glob(f"*{_ENDING}"):
            at, _, rest = path.name.removesuffix(_ENDING).partition("-")
            offset, _, engine = rest.partition("-")
            if engine == ENGINE_VERSION and at.isdecimal() and offset.isdecimal():
                yield KeptState(int(at), int(offset), path.stat().st_size)
            else:
                path.unlink(missing_ok=True)

    def _read(self, kept: KeptState) -> State | None:
        """What a file holds; none, and the file is gone, if it is damaged or not of this log."""
        path, own = self._folder / kept.name, mark_of(self._log, self._shard, kept.offset)
        try:
            whole = path.read_bytes()
            told, _, content = whole[_HASH_LENGTH:].partition(b"\n")
            if hashlib.sha256(told + content).hexdigest().encode() != whole[:_HASH_LENGTH]:
                raise ValueError("its hash is another")
            if told != own:
                raise ValueError("it is of another log")
            return from_bytes(content)
        except (OSError, PolyriskError, LookupError, TypeError, ValueError) as error:
            _LOGGER.warning("the kept state %s is not used, the log is read from further back: %r", path.name, error)
            with self._lock:
                self._kept = [one for one in self._kept if one != kept]
            path.unlink(missing_ok=True)
            return None


def mark_of(log: EventLog, shard: str, offset: int) -> bytes:
    """By which records of a log it is known again at an offset: a hash of the ids of the last ones until there.

    Raises:
        LogError: the log cannot be read.
    """
    found = log.read(INPUT.name, after=max(offset - _LOOKED_AT, NOTHING), shard=shard, limit=_LOOKED_AT)
    ids = "\n".join(stored.record.id for stored in found if stored.offset <= offset)
    return hashlib.sha256(ids.encode()).hexdigest().encode()


def _slot(at: int, newest: int) -> tuple[int, int] | None:
    """Of how many moments one is wanted: those with the same answer; none of one that is too old."""
    for number, (until, spacing) in enumerate(_SPACED):
        if newest - at <= until:
            return number, at // spacing
    return None


def _thinned(kept: list[KeptState], most_bytes: int) -> tuple[list[KeptState], list[KeptState]]:
    """Those that stay, the oldest of each slot and the newest of all; and those that go."""
    stay: dict[tuple[int, int], KeptState] = {}
    for one in kept:
        slot = _slot(one.at, kept[-1].at)
        if slot is not None:
            stay.setdefault(slot, one)
    chosen = sorted({*stay.values(), kept[-1]}, reverse=True)
    left: list[KeptState] = []
    size = 0
    for one in chosen:
        size += one.size
        if left and size > most_bytes:
            break
        left.append(one)
    left.reverse()
    return left, [one for one in kept if one not in left]
