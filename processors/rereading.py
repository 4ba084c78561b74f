"""The readings of one record, read again row by row as evidence, without going through all its columns each time."""

from datetime import timedelta

from processors.batch_columns import BatchColumns
from processors.series import NOT_ISSUED
from processors.sources import Source
from processors.timelines import moment
from schemas.inputs import Quality
from schemas.outputs import Reading

_WORDS = ("area", "indicator", "unit", "quality", "feed", "delivery")


_QUALITIES = {quality.value: quality for quality in Quality}


class Rereader:
    """The readings of a record."""

    def __init__(self, source: Source) -> None:
        self._source, batch = source, source.batch
        # Of most records one reading is asked for, so no column is made into a list for it.
        self._words = [(column.dictionary, column.indices) for column in map(batch.column, _WORDS)]
        self._keys, self._columns = batch.column("key"), BatchColumns(batch)
        self._made: dict[tuple[int, float | None, int], Reading] = {}

    def reading(self, row: int, bound: float | None, now: int) -> Reading:
        """One reading as it came in, with the bound it was held against; its age is counted from `now`."""
        key = (row, bound, now)
        if key not in self._made:
            self._made[key] = self._reading(row, bound, now)
        return self._made[key]

    def _reading(self, row: int, bound: float | None, now: int) -> Reading:
        area, indicator, unit, quality, feed, delivery = [words[codes[row].as_py()].as_py() for words, codes in self._words]
        columns = self._columns
        end, issued, value = int(columns.ends[row]), int(columns.issued[row]), float(columns.numbers[row])
        return Reading.made(
            area=area, indicator=indicator, value=value if value == value else None, unit=unit, bound=bound,
            start=moment(int(columns.starts[row])), end=moment(end), issued=moment(issued) if issued != NOT_ISSUED else None,
            received=moment(int(columns.received[row])), age=timedelta(microseconds=max(now - end, 0)), feed=feed,
            quality=_QUALITIES[quality], key=self._keys[row].as_py(), delivery=delivery, record=self._source.record(row),
        )  # fmt: skip
