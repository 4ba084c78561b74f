"""Readings as they came in, kept while one of them may still be evidence: as columns while they are new, compressed after that."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from typing import Self

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.observations import decode, encode

_CODEC = pa.Codec("zstd", compression_level=1)
_AT_HAND = 4
"""Compressed records whose columns are at hand: what is told with one record mostly goes back to the same few."""


_LARGE = 100
"""Fewer readings than this are not worth the work: they take little, and come often."""


@dataclass(frozen=True, slots=True)
class _Packed:
    """Bytes, compressed. `size` is how many there were."""

    content: bytes
    size: int

    @classmethod
    def of(cls, content: bytes) -> Self:
        return cls(_CODEC.compress(content, asbytes=True), len(content))

    def whole(self) -> bytes:
        content: bytes = _CODEC.decompress(self.content, self.size, asbytes=True)
        return content


@lru_cache(maxsize=_AT_HAND)
def _batch(packed: _Packed) -> pa.RecordBatch:
    return decode(packed.whole())


@lru_cache(maxsize=_AT_HAND)
def _ids(packed: _Packed) -> list[str]:
    return msgspec.json.decode(packed.whole(), type=list[str])


@dataclass(frozen=True, slots=True)
class Source:
    """Readings that were taken in together."""

    _records: tuple[str, ...] | _Packed
    _batch: pa.RecordBatch | _Packed

    @property
    def records(self) -> tuple[str, ...]:
        """The id of the record they came in; of readings that came one a record, that of each."""
        return tuple(_ids(self._records)) if isinstance(self._records, _Packed) else self._records

    @property
    def batch(self) -> pa.RecordBatch:
        """The readings, with `schemas.observations.SCHEMA`."""
        return _batch(self._batch) if isinstance(self._batch, _Packed) else self._batch

    def record(self, row: int) -> str:
        """The id of the record that a reading came in."""
        if isinstance(self._records, _Packed):
            return _ids(self._records)[row]
        return self._records[row if len(self._records) > 1 else 0]

    @property
    def large(self) -> bool:
        """Whether there are so many readings that it matters how long they are kept."""
        return isinstance(self._batch, _Packed) or self._batch.num_rows >= _LARGE

    @property
    def packed(self) -> "Source":
        """The same in a sixth of the memory, if it is large; to read it takes a millisecond more."""
        return packed_source(self._records, encode(self._batch)) if self.large and not isinstance(self._batch, _Packed) else self


def packed_source(records: "tuple[str, ...] | _Packed", content: bytes) -> Source:
    """Readings whose batch `schemas.observations.encode` wrote.

    Args:
        records: as in `Source`.
    """
    many = isinstance(records, tuple) and len(records) > 1
    return Source(_Packed.of(msgspec.json.encode(records)) if many else records, _Packed.of(content))


def numbers_in(columns: Iterable[npt.NDArray[np.int32]]) -> set[int]:
    """The numbers of records that stand in some columns."""
    found = [column for column in columns if len(column)]
    if not found:
        return set()
    return set(np.unique(np.concatenate(found)).tolist())
