"""The readings one a record, as JSON: what a source that speaks for itself sends."""

from collections.abc import Iterator

import numpy as np

from benchmarks.compound.readings import Readings
from benchmarks.compound.work import BEGIN, FEED, INDICATORS, SHARDS, STEP, UNITS, area_name
from schemas.envelopes import type_of
from schemas.microseconds import to_microseconds
from schemas.records import Record, received_of
from schemas.topics import INPUT


def singles(readings: Readings) -> Iterator[tuple[int, int, Record]]:
    """Each reading as a record: (readings so far, shard's number, record), with `received` as in `columns.deliveries`.

    The same as `schemas.envelopes.reading_record` makes, without a model for each.
    """
    newest = np.maximum.accumulate(readings.step)
    times = [BEGIN + step * STEP for step in range(int(newest[-1]) + 1)]
    written = [f"{time:%Y-%m-%dT%H:%M:%SZ}" for time in times]
    moments = [to_microseconds(time) for time in times]
    stamps = [received_of(time) for time in times]
    headers = {"ce_type": type_of("reading")}
    columns = (readings.area, readings.indicator, readings.step, readings.value, newest)
    for number, (area, indicator, step, value, now) in enumerate(zip(*(c.tolist() for c in columns), strict=True), 1):
        name, shard = area_name(area), area % len(SHARDS)
        identity = f"{name}-{INDICATORS[indicator]}-{step}"
        said = f'{{"id":"{identity}","feed":"{FEED}","area":"{name}","indicator":"{INDICATORS[indicator]}","time":"{written[step]}",'
        said += f'"value":{"null" if value != value else repr(value)},"unit":"{UNITS[indicator]}"}}'
        yield (
            number,
            shard,
            Record(
                topic=INPUT.name,
                shard=SHARDS[shard],
                kind="reading",
                id=f"{FEED}:{stamps[now]}:{identity}",
                received_microseconds=moments[now],
                payload=said.encode(),
                headers=headers,
            ),
        )
