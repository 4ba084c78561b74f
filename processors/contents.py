"""What many records say, read together: readings that come one a record become rows of one batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import TypeAlias

import pyarrow as pa

from schemas.envelopes import check_version, read_input
from schemas.readings import decode_readings
from schemas.records import Baseline, ConfigChange, GaugeDeclaration, Heartbeat, Record, Tick


@dataclass(frozen=True, slots=True)
class Row:
    """A reading that came by itself: a row of a batch of several such."""

    batch: pa.RecordBatch
    number: int

    @property
    def alone(self) -> pa.RecordBatch:
        """A batch of this reading."""
        return self.batch.slice(self.number, 1)


Content: TypeAlias = pa.RecordBatch | Row | Heartbeat | Tick | ConfigChange | Baseline | GaugeDeclaration
"""What an input record says."""


@dataclass(frozen=True, slots=True)
class Part:
    """Readings of records that follow one another: those of one delivery, or one of each of several records.

    Attributes:
        first: the number of the first record. singly: whether each record brought one row.
    """

    first: int
    batch: pa.RecordBatch
    singly: bool


def read_all(records: Sequence[Record]) -> list[Content]:
    """What each record says.

    Raises:
        NewerVersionError, PolyriskError, pydantic.ValidationError: one of them cannot be read.
    """
    contents: list[Content] = []
    for single, group in groupby(records, key=lambda record: record.kind == "reading"):
        found = list(group)
        if not single:
            contents += [read_input(record) for record in found]
            continue
        for record in found:
            check_version(record)
        batch = decode_readings(found)
        contents += [Row(batch, number) for number in range(len(found))]
    return contents


def parts(contents: Sequence[Content]) -> Iterator[Part]:
    """The readings among what records say."""
    n = 0
    while n < len(contents):
        content = contents[n]
        if isinstance(content, Row):
            last = n
            while last + 1 < len(contents) and _follows(contents[last + 1], content.batch):
                last += 1
            yield Part(n, content.batch.slice(content.number, last - n + 1), singly=True)
            n = last
        elif isinstance(content, pa.RecordBatch) and content.num_rows:
            yield Part(n, content, singly=False)
        n += 1


def _follows(content: Content, batch: pa.RecordBatch) -> bool:
    return isinstance(content, Row) and content.batch is batch
