"""What many records say, read together: readings that come one a record become rows of one batch."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import TypeAlias

import msgspec
import pyarrow as pa

from schemas.envelopes import check_versions, read_input
from schemas.readings import decode_readings
from schemas.records import Baseline, ConfigChange, GaugeDeclaration, Heartbeat, Record, Tick


class Row(msgspec.Struct, frozen=True, gc=False):
    """A reading that came by itself: a row of a batch of several such. A struct, because there is one for each reading."""

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
    n = 0
    while n < len(contents):
        content = contents[n]
        if isinstance(content, Row):
            batch = content.batch.slice(content.number, len(contents) - n)
            yield Part(n, batch, singly=True)
            n += batch.num_rows
            continue
        if isinstance(content, pa.RecordBatch) and content.num_rows:
            yield Part(n, content, singly=False)
        n += 1
