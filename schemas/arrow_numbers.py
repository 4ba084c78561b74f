"""Arrow's columns of numbers as NumPy's, without Arrow's compute module: loading that takes 9 MB of each process that only reads them."""

import numpy as np
import numpy.typing as npt
import pyarrow as pa


def given(column: pa.Array) -> npt.NDArray[np.bool_]:
    """Which rows of a column have a value."""
    bits = column.buffers()[0]
    if column.null_count == 0 or bits is None:
        return np.ones(len(column), dtype=bool)
    every = np.unpackbits(np.frombuffer(bits, np.uint8), bitorder="little")
    return every[column.offset : column.offset + len(column)].astype(bool)


def whole_numbers(column: pa.Array, missing: int) -> npt.NDArray[np.int64]:
    """A column of integers, moments or spans, each in the column's own unit.

    Args:
        missing: what stands where the column has no value.
    """
    width = column.type.bit_width
    if len(column) == 0:  # it may have no bytes at all
        return np.empty(0, np.int64)
    stored = np.frombuffer(column.buffers()[1], np.dtype(f"i{width // 8}"))[column.offset : column.offset + len(column)]
    return np.where(given(column), stored.astype(np.int64), missing)
