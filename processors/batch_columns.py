"""The columns of a batch of readings as arrays; no object is made for a reading."""

from functools import cached_property

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from processors.bounds import Column
from processors.series import NOT_ISSUED, NULL, Rows, Series
from schemas.arrow_numbers import given, whole_numbers


class BatchColumns:
    """A batch with `schemas.observations.SCHEMA`, each column made into an array when it is first asked for.

    Attributes:
        starts, ends, issued, received: microseconds; `issued` is NOT_ISSUED if the source did not say.
        numbers: values in the unit, NaN where there is none. values: millionths of it, or NULL.
        observed: which rows are readings; the others are forecasts.
    """

    def __init__(self, batch: pa.RecordBatch) -> None:
        self._batch = batch

    @cached_property
    def starts(self) -> Column:
        return self._moments("start")

    @cached_property
    def ends(self) -> Column:
        return self._moments("end")

    @cached_property
    def received(self) -> Column:
        return self._moments("received")

    @cached_property
    def issued(self) -> Column:
        return whole_numbers(self._batch.column("issued"), NOT_ISSUED)

    @cached_property
    def numbers(self) -> npt.NDArray[np.float64]:
        numbers: npt.NDArray[np.float64] = self._batch.column("value").to_numpy(zero_copy_only=False)
        return numbers

    @cached_property
    def values(self) -> Column:
        nulls = np.isnan(self.numbers)
        return np.where(nulls, NULL, np.rint(np.where(nulls, 0.0, self.numbers) * 1e6)).astype(np.int64)

    @cached_property
    def observed(self) -> npt.NDArray[np.bool_]:
        return ~given(self._batch.column("lead"))

    @cached_property
    def leads(self) -> Column:
        """From the base time of a forecast to the end of its period, microseconds; nought for a reading."""
        return whole_numbers(self._batch.column("lead"), 0)

    @cached_property
    def members(self) -> Column:
        """Which member of an ensemble; nought for a forecast that is none's."""
        return whole_numbers(self._batch.column("member"), 0)

    def series(self, rows: Rows, source: int) -> Series:
        """Some rows as a series, put in order; `source` is the state's number for the record."""
        unsorted = Series(
            self.starts[rows], self.ends[rows], self.values[rows], self.issued[rows], self.received[rows],
            np.full(len(rows), source, dtype=np.int32), rows,
        )  # fmt: skip
        return unsorted if len(rows) == 1 else unsorted.take(np.lexsort((unsorted.starts, unsorted.ends)))

    def _moments(self, name: str) -> Column:
        moments: Column = self._batch.column(name).view(pa.int64()).to_numpy()
        return moments
