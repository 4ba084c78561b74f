"""What many records say, read together: readings that come one a record become rows of one batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias

import msgspec
import numpy as np
import numpy.typing as npt
import pyarrow as pa

from schemas.envelopes import check_versions, read_input
from schemas.inputs import Baseline, ConfigChange, GaugeDeclaration, Heartbeat, Tick
from schemas.readings import decode_readings
from schemas.records import Record


class Row(msgspec.Struct, frozen=True, gc=False):
    """A reading that came by itself: a row of a batch of several such. A struct, because there is one for each reading."""

    batch: pa.RecordBatch
    number: int

    @property
    def alone(self) -> pa.RecordBatch:
        """A batch of this reading."""
        return self.batch.slice(self.number, 1)


class Piece(msgspec.Struct, frozen=True, gc=False):
    """A delivery that is some rows of a batch which several records share, each the rows after those of the one before."""

    batch: pa.RecordBatch
    first: int
    last: int

    @property
    def alone(self) -> pa.RecordBatch:
        """A batch of this delivery."""
        return self.batch.slice(self.first, self.last - self.first)


Whole: TypeAlias = pa.RecordBatch | Heartbeat | Tick | ConfigChange | Baseline | GaugeDeclaration
Content: TypeAlias = Whole | Row | Piece
"""What an input record says; of one that shares a batch with others, where it stands in it."""


@dataclass(frozen=True)
class Part:
    """Readings that lie in one batch: those of one delivery, or of several records.

    Attributes:
        records: the numbers of the records. counts: how many rows each of them brought, one after the other.
    """

    batch: pa.RecordBatch
    records: Sequence[int]
    counts: Sequence[int]

    @cached_property
    def numbers(self) -> npt.NDArray[np.int32]:
        """The number of the record of each row."""
        return np.repeat(np.array(self.records, dtype=np.int32), self.counts)


def read_all(records: Sequence[Record]) -> list[Content]:
    """What each record says.

    Raises:
        NewerVersionError, PolyriskError, pydantic.ValidationError: one of them cannot be read.
    """
    contents: list[Content] = []
    for kind, group in groupby(records, key=attrgetter("kind")):
        found = list(group)
        if kind == "reading":
            check_versions(found)
            batch = decode_readings(found)
            contents += [Row(batch, number) for number in range(len(found))]
        else:
            contents += [read_input(record) for record in found]
    return contents


def parts(contents: Sequence[Content]) -> Iterator[Part]:
    """The readings among what records say, as `read_all` gave it, or a stretch of that: rows of one batch follow one another."""
    pieces: list[list[tuple[int, Piece]]] = []
    n = 0
    while n < len(contents):
        content = contents[n]
        if isinstance(content, Row):
            batch = content.batch.slice(content.number, len(contents) - n)
            yield Part(batch, range(n, n + batch.num_rows), [1] * batch.num_rows)
            n += batch.num_rows
            continue
        if isinstance(content, Piece):
            if not pieces or pieces[-1][0][1].batch is not content.batch:
                pieces.append([])
            pieces[-1].append((n, content))
        elif isinstance(content, pa.RecordBatch) and content.num_rows:
            yield Part(content, [n], [content.num_rows])
        n += 1
    for of_batch in pieces:
        first, last = of_batch[0][1].first, of_batch[-1][1].last
        batch = of_batch[0][1].batch.slice(first, last - first)
        yield Part(batch, [n for n, _ in of_batch], [piece.last - piece.first for _, piece in of_batch])
