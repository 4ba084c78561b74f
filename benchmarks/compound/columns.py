"""The readings as the product's feeds publish them: for each hour one delivery of columns to each shard."""

import hashlib
from collections.abc import Iterator
from datetime import timedelta

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from benchmarks.compound.readings import Readings
from benchmarks.compound.work import BEGIN, FEED, INDICATORS, SHARDS, STEP, UNITS, area_name
from schemas.envelopes import observations_record
from schemas.inputs import Quality
from schemas.observations import SCHEMA
from schemas.records import Record

_MICROSECOND = timedelta(microseconds=1)
_MOMENT = pa.timestamp("us", tz="UTC")
_BEGIN, _STEP = (BEGIN - BEGIN.fromtimestamp(0, BEGIN.tzinfo)) // _MICROSECOND, STEP // _MICROSECOND


def deliveries(readings: Readings) -> Iterator[tuple[int, int, Record]]:
    """Each delivery as a record, with how many readings had arrived by its end: (readings so far, shard's number, record).

    `received` is the greatest valid time that had arrived by then, so what is judged when does not hang on when the benchmark runs.
    """
    edges = np.searchsorted(readings.position, np.arange(readings.position[-1] + 2))
    newest = -1
    for first, last in zip(edges.tolist(), edges[1:].tolist(), strict=False):
        newest = max(newest, int(readings.step[first:last].max(initial=-1)))
        for shard, name in enumerate(SHARDS):
            rows = first + np.flatnonzero(readings.area[first:last] % len(SHARDS) == shard)
            yield last, shard, _delivery(name, readings, rows, newest)


def _delivery(shard: str, readings: Readings, rows: npt.NDArray[np.int64], newest: int) -> Record:
    step, area, indicator, value = readings.step[rows], readings.area[rows], readings.indicator[rows], readings.value[rows]
    said = hashlib.sha256(b"".join(c.tobytes() for c in (step, area, indicator, value))).hexdigest()
    return observations_record(shard, FEED, said, BEGIN + newest * STEP, batch(step, area, indicator, value, newest, said))


def batch(
    step: npt.NDArray[np.int64],
    area: npt.NDArray[np.int64],
    indicator: npt.NDArray[np.int64],
    value: npt.NDArray[np.float64],
    newest: int,
    delivery: str,
) -> pa.RecordBatch:
    """Some readings as the product's columns."""
    number = len(step)
    valid = pa.array(_BEGIN + step * _STEP).cast(_MOMENT)
    areas, area_of = np.unique(area, return_inverse=True)
    names = np.array([area_name(n) for n in areas.tolist()], dtype=object)
    keys = [f"{a}-{INDICATORS[i]}-{s}" for a, i, s in zip(names[area_of].tolist(), indicator.tolist(), step.tolist(), strict=True)]
    columns = {
        "area": _words(area_of, names.tolist()),
        "indicator": _words(indicator, INDICATORS),
        "start": valid,
        "end": valid,
        "issued": pa.nulls(number, _MOMENT),
        "received": pa.array(np.full(number, _BEGIN + newest * _STEP)).cast(_MOMENT),
        "lead": pa.nulls(number, pa.duration("us")),
        "member": pa.nulls(number, pa.int16()),
        "value": pa.array(value, mask=np.isnan(value)),
        "unit": _words(indicator, UNITS),
        "quality": _words(np.zeros(number), [Quality.MEASURED.value]),
        "feed": _words(np.zeros(number), [FEED]),
        "key": pa.array(keys, pa.string()),
        "delivery": _words(np.zeros(number), [delivery]),
    }
    return pa.RecordBatch.from_arrays([columns[field.name] for field in SCHEMA], schema=SCHEMA)


def _words(codes: npt.NDArray[np.generic], words: "list[str] | tuple[str, ...]") -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), pa.array(list(words), pa.string()))
