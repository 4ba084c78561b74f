"""Taken apart many at once, a broker's batches hold what the client reads out of them message by message."""

import random
from pathlib import Path
from typing import Any

import pytest
from contract import T0, output_of, record
from kafka.errors import CorruptRecordError
from kafka.record.default_records import DefaultRecordBatch, DefaultRecordBatchBuilder
from msgspec.structs import replace
from places.kafka import fresh_url

from eventlog.homes._kafka_batches import stored_in
from eventlog.homes._kafka_client import Clients, place_of
from eventlog.homes._kafka_records import OURS, headers_of
from eventlog.homes._kafka_writer import Pen
from eventlog.log import open_log
from schemas.microseconds import to_microseconds
from schemas.records import Record, Stored


def sample(chance: random.Random, number: int) -> Record:
    """Records of several shards and kinds, with headers alike and not, and texts of all lengths and alphabets."""
    own = [{}, {"ce_type": "org.polyrisk.reading.v1"}, {"ce_id": str(number), "ce_subject": "சென்னை" * chance.randrange(40)}]
    return Record(
        topic="input",
        shard=chance.choice(["LKA", "ශ්‍රී", "N" * 90]),
        kind=chance.choice(["reading", "tick"]),
        id="é" * chance.choice([0, 1, 31, 32, 5000]) + str(number),
        received_microseconds=to_microseconds(T0) + chance.choice([0, 0, number, -(10**17)]),
        payload=bytes(chance.choice([0, 1, 63, 64, 8191, 8192, 70_000])),
        headers=chance.choice(own),
    )


def batch_of(records: list[Record], first: int, step: int, compression: int) -> DefaultRecordBatch:
    """The records as a broker sends them, with a gap after each if `step` is more than one."""
    builder = DefaultRecordBatchBuilder(2, compression, False, -1, -1, -1, 1 << 30)
    for number, one in enumerate(records):
        at = one.received_microseconds // 1000
        assert builder.append(number * step, at, one.shard.encode(), one.payload, headers_of(one)) is not None
    content = bytearray(builder.build())
    content[:8] = first.to_bytes(8, "big")
    return DefaultRecordBatch(content)


@pytest.mark.parametrize("compression", [0, 1], ids=["plain", "gzip"])
@pytest.mark.parametrize("seed", range(8))
def test_many_at_once_are_the_same_as_one_by_one(seed: int, compression: int) -> None:
    """Every record with its place, whatever follows what, however long its parts are, and also where messages are missing."""
    chance = random.Random(seed)
    records = [sample(chance, number) for number in range(chance.choice([1, 2, 300]))]
    first, step = chance.choice([0, 2**40]), chance.choice([1, 70])
    found = stored_in(batch_of(records, first, step, compression), "input", 3)
    assert found == [Stored(one, 3, first + number * step) for number, one in enumerate(records)]
    messages = batch_of(records, first, step, compression)
    assert found == [read_alone(message) for message in messages]


def read_alone(message: Any) -> Stored:
    """The record in a message as the client takes it apart."""
    kind, id_, received = (value for _, value in message.headers[:OURS])
    own = {name: value.decode() for name, value in message.headers[OURS:]}
    return Stored(
        Record("input", message.key.decode(), kind.decode(), id_.decode(), int(received), bytes(message.value), own), 3, message.offset
    )


def test_a_batch_with_bytes_left_over_is_refused() -> None:
    """Nothing is guessed from a batch whose messages do not fill it."""
    whole = batch_of([record(1)], 0, 1, 0)
    with pytest.raises(CorruptRecordError, match="ends at byte"):
        stored_in(DefaultRecordBatch(bytes(whole._buffer) + b"\0"), "input", 0)


def test_what_a_transaction_left_undone_is_not_polled(tmp_path: Path) -> None:
    """Messages of a transaction that was given up lie in the log, and no consumer is given them."""
    url = fresh_url(tmp_path)
    log = open_log(url)
    log.append([record(1)])
    place = place_of(url)
    pen = Pen(Clients(place), f"{place.name}/pen")
    pen.take()
    pen._producer.begin_transaction()
    undone = replace(output_of("x"), topic="input")
    pen._producer.send(place.topic("input"), value=undone.payload, key=b"LKA", headers=headers_of(undone), partition=0).get(timeout=10)
    pen._producer.abort_transaction()
    pen.drop()
    log.append([record(2)])
    consumer = log.consumer("processors", "a", ["input"])
    polled = [stored.record.id for _ in range(3) for stored in consumer.poll(timeout_s=1.0)]
    assert polled == ["tick:1", "tick:2"]
    consumer.close()
    log.close()
