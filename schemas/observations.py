"""Observations in columns: the Arrow schema of a batch, and the way to and from typed rows."""

from collections.abc import Iterable

import pyarrow as pa

from schemas.errors import PolyriskError
from schemas.inputs import Observation

_WORD = pa.dictionary(pa.int32(), pa.string())
_MOMENT = pa.timestamp("us", tz="UTC")

SCHEMA = pa.schema(
    [
        pa.field("area", _WORD, nullable=False),
        pa.field("indicator", _WORD, nullable=False),
        pa.field("start", _MOMENT, nullable=False),
        pa.field("end", _MOMENT, nullable=False),
        pa.field("issued", _MOMENT),
        pa.field("received", _MOMENT, nullable=False),
        pa.field("lead", pa.duration("us")),
        pa.field("member", pa.int16()),
        pa.field("value", pa.float64()),
        pa.field("unit", _WORD, nullable=False),
        pa.field("quality", _WORD, nullable=False),
        pa.field("feed", _WORD, nullable=False),
        pa.field("key", pa.string(), nullable=False),
        pa.field("delivery", _WORD, nullable=False),
    ]
)
"""One row a reading. `value` null: the source spoke and gave none. Times are UTC, in microseconds."""


def to_batch(observations: Iterable[Observation]) -> pa.RecordBatch:
    """The observations as one batch with `SCHEMA`, in the order given."""
    rows = list(observations)
    columns = [pa.array([getattr(row, field.name) for row in rows], type=_plain(field.type)) for field in SCHEMA]
    arrays = [c.dictionary_encode() if pa.types.is_dictionary(f.type) else c for c, f in zip(columns, SCHEMA, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=SCHEMA)


def from_batch(batch: pa.RecordBatch) -> list[Observation]:
    """The rows of a batch as typed records. For people and tests; the engine reads the columns."""
    return [Observation.model_validate(row) for row in batch.to_pylist()]


def encode(batch: pa.RecordBatch) -> bytes:
    """A batch as Arrow IPC stream bytes, the payload of an `observations` record.

    Raises:
        PolyriskError: the batch has not `SCHEMA`; names the first column that differs.
    """
    check(batch)
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, SCHEMA) as writer:
        writer.write_batch(batch)
    return bytes(sink.getvalue().to_pybytes())


def decode(payload: bytes) -> pa.RecordBatch:
    """The batch in the payload of an `observations` record.

    Raises:
        PolyriskError: the bytes are not such a batch.
    """
    try:
        table = pa.ipc.open_stream(payload).read_all()
    except pa.ArrowInvalid as error:
        raise PolyriskError(f"An observations record holds no Arrow stream: {error}.") from error
    batches = table.combine_chunks().to_batches()
    batch = batches[0] if batches else pa.RecordBatch.from_pylist([], schema=SCHEMA)
    check(batch)
    return batch


def check(batch: pa.RecordBatch) -> None:
    """Refuse a batch whose columns are not those of `SCHEMA`.

    Raises:
        PolyriskError: names the column, the type expected and the type found.
    """
    for field in SCHEMA:
        index = batch.schema.get_field_index(field.name)
        found = batch.schema.field(index).type if index >= 0 else None
        if found != field.type:
            raise PolyriskError(f"Column `{field.name}` of an observation batch: expected {field.type}, found {found}.")


def _plain(kind: pa.DataType) -> pa.DataType:
    return pa.string() if pa.types.is_dictionary(kind) else kind
