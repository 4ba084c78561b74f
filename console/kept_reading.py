"""What was read of the input, as a file: a console that starts again reads on from there, and not half a million ticks from the first on.

It is only a short cut. It is used if this version wrote it for the same feeds and the log still has the records at whose end it was
written; else all is read.
"""

import hashlib
import logging
import os
from array import array
from collections.abc import Sequence
from pathlib import Path

import msgspec
import numpy as np
import pyarrow as pa

from console.kept_states import mark_of
from eventlog.log import EventLog

_LOGGER = logging.getLogger(__name__)
FORMAT = 1
"""Another one whenever something is read or kept otherwise than before."""
_HASH_LENGTH = 32
_LENGTH = 8
_CODEC = pa.Codec("zstd", compression_level=1)


class KeptFeed(msgspec.Struct):
    """Of one feed: its signs of life (received, number, delivery, new, rows, quarantined), and what it gave (received, newest end)."""

    beats: Sequence[tuple[int, int, str, bool, int, int]]
    given: Sequence[tuple[int, int]]


class KeptBatch(msgspec.Struct):
    """A record's readings, packed."""

    number: int
    known: int
    record: str
    content: bytes
    size: int


class KeptSeries(msgspec.Struct):
    """All that `console.series_kept.SeriesKept` holds.

    Attributes:
        keys: (indicator, place) in the order of their numbers. columns: of the table, as bytes.
        origins: (quality, feed, delivery, record, number). known: of each, as bytes.
        claims: place, indicator, event to its span. whole: (indicator, place, moment). baselines: (threshold, area, moment, row as JSON).
    """

    spans: dict[str, int]
    keys: list[tuple[str, str]]
    columns: list[bytes]
    origins: list[tuple[str, str, str, str, int]]
    known: bytes
    recent: dict[str, list[KeptBatch]]
    claims: dict[str, dict[str, dict[str, tuple[int, int]]]]
    bases: dict[str, str]
    number: int
    begun: int | None
    dropped: dict[str, int]
    whole: list[tuple[str, str, int]]
    baselines: list[tuple[str, str, int, str]]
    configurations: bytes


class Kept(msgspec.Struct):
    """All that was read of the input until an offset.

    Attributes:
        mark: of the log there (`console.kept_states.mark_of`). received: first, then by how much each is greater, as bytes.
    """

    format: int
    offset: int
    mark: bytes
    received: bytes
    feeds: dict[str, KeptFeed]
    series: KeptSeries


class KeptReading:
    """The file of a shard.

    Args:
        path: of the file; its folder is made with it.
    """

    def __init__(self, path: Path, log: EventLog, shard: str) -> None:
        self._path, self._log, self._shard = path, log, shard

    def load(self) -> Kept | None:
        """What is kept; none if there is none that can be used.

        Raises:
            LogError: the log cannot be read.
        """
        try:
            whole = self._path.read_bytes()
        except FileNotFoundError:
            return None
        except OSError as error:
            _LOGGER.warning("what was read before cannot be used, so the whole log is read: %s", error)
            return None
        kept = _decoded(whole)
        if kept is None or kept.mark != mark_of(self._log, self._shard, kept.offset):
            _LOGGER.warning("what was read before is not used, so the whole log is read: it is damaged, of another version or another log")
            return None
        return kept

    def save(self, kept: Kept) -> None:
        """Replace what is kept. A full disk is said and no more."""
        content = msgspec.msgpack.encode(kept)
        packed = _CODEC.compress(content, asbytes=True)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            draft = self._path.with_name(f"{self._path.name}.{os.getpid()}.draft")
            draft.write_bytes(hashlib.sha256(packed).digest() + len(content).to_bytes(_LENGTH, "little") + packed)
            draft.replace(self._path)
        except OSError as error:
            _LOGGER.warning("what was read cannot be kept, so the next start takes longer: %s", error)

    def mark(self, offset: int) -> bytes:
        """By which the log is known again at an offset.

        Raises:
            LogError: the log cannot be read.
        """
        return mark_of(self._log, self._shard, offset)


def packed_moments(moments: "array[int]") -> bytes:
    """Moments in order as bytes that compress well."""
    return np.diff(np.asarray(moments), prepend=0).astype(np.int64).tobytes()


def moments_of(content: bytes) -> "array[int]":
    """What `packed_moments` made bytes of."""
    found = array("q")
    found.frombytes(np.cumsum(np.frombuffer(content, dtype=np.int64)).tobytes())
    return found


def _decoded(whole: bytes) -> Kept | None:
    packed = whole[_HASH_LENGTH + _LENGTH :]
    if len(whole) < _HASH_LENGTH + _LENGTH or hashlib.sha256(packed).digest() != whole[:_HASH_LENGTH]:
        return None
    try:
        size = int.from_bytes(whole[_HASH_LENGTH : _HASH_LENGTH + _LENGTH], "little")
        kept = msgspec.msgpack.decode(_CODEC.decompress(packed, size, asbytes=True), type=Kept)
    except (msgspec.MsgspecError, pa.ArrowException, OSError):
        return None
    return kept if kept.format == FORMAT else None
