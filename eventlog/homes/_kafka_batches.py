"""The messages of the batches that brokers send, taken apart many at once, as records.

The client takes each message apart by itself, number by number, and each of its headers: for a reading of one record each that costs
more than to judge it. Here the numbers of all messages of a batch are read together, and what is written alike in many is read once. It
reaches below the client's public methods, as `_kafka_writer` does; the version is locked.
"""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np
import numpy.typing as npt
from kafka import errors as kafka_errors
from kafka.consumer.fetcher import Fetcher
from kafka.record.util import decode_varint

from eventlog.homes._kafka_records import OURS
from schemas.records import Record, Stored

Places = npt.NDArray[np.int64]
"""Where something begins in a batch, of each of its messages."""


def reads_records(client: Any, names: Mapping[str, str]) -> None:
    """Let a client that polls give records as the log keeps them instead of messages.

    Args:
        names: Kafka's name of a topic to the log's own; of other topics it gives messages as ever.
    """

    class Records(_Records):
        topics = names

    client._fetcher.PartitionRecords = Records


class _Records(Fetcher.PartitionRecords):  # type: ignore[misc]  # the client has no types
    """What came of one partition by one fetch."""

    topics: Mapping[str, str]

    def _unpack_records(self, place: Any, batches: Any, *how: object) -> Iterator[Any]:
        if place.topic not in self.topics:
            yield from super()._unpack_records(place, batches, *how)
            return
        while (batch := batches.next_batch()) is not None:
            if not batch.validate_crc():
                raise kafka_errors.CorruptRecordError(f"the batch of {place} at {batch.base_offset} has another checksum than it says")
            self.leader_epoch = batch.leader_epoch
            self.bytes_read += batch.size_in_bytes
            if self._is_committed(batch):
                for stored in stored_in(batch, self.topics[place.topic], place.partition):
                    self.next_fetch_offset = stored.offset + 1
                    yield stored
            self.next_fetch_offset = batch.next_offset
        self.drain()

    def _is_committed(self, batch: Any) -> bool:
        """Whether a batch holds messages, and their transaction was not given up. What is still open, no broker sends."""
        if batch.has_producer_id():
            self._consume_aborted_transactions_up_to(batch.last_offset)
            if self._contains_abort_marker(batch):
                self.aborted_producer_ids.discard(batch.producer_id)
            elif self._is_batch_aborted(batch):
                return False
        return not batch.is_control_batch


def stored_in(batch: Any, topic: str, partition: int) -> list[Stored]:
    """The records in a batch of messages. They were checked when they were appended, so they are not checked again.

    A message is, each number as a varint: its length, a byte, the time, the offset within the batch, the key's length and the key, the
    value's length and the value, the number of headers, and of each the lengths and bytes of name and value.
    """
    batch._maybe_uncompress()
    content = bytes(batch._buffer)
    begins, ends = _bounds(content, batch._pos, batch.records_count)
    _, at = _numbers(content, begins + 1)
    offsets, at = _numbers(content, at)
    key_lengths, keys = _numbers(content, at)
    value_lengths, values = _numbers(content, keys + key_lengths)
    headers = values + value_lengths
    rows = zip(*(c.tolist() for c in (batch.base_offset + offsets, keys, keys + key_lengths, values, headers, ends)), strict=True)
    found: list[Stored] = []
    reader = _Headers(content)
    for offset, key, key_end, value, header, end in rows:
        kind, id_, received, own = reader.read(header, end)
        record = Record(topic, content[key:key_end].decode(), kind, id_, received, content[value:header], own)
        found.append(Stored(record, partition, offset))
    return found


class _Headers:
    """Reads the headers of messages. All before the id's value, and all after it, is kept as it was read for those that have the same."""

    def __init__(self, content: bytes) -> None:
        self._content = content
        self._before: bytes | None = None
        self._kind = ""
        self._after: dict[bytes, tuple[int, dict[str, str]]] = {}

    def read(self, begin: int, end: int) -> tuple[str, str, int, dict[str, str]]:
        """Kind, id, moment in microseconds, and the record's own headers."""
        content = self._content
        before = self._before
        if before is None or not content.startswith(before, begin):
            before = self._before = self._read_before(begin)
        length, at = decode_varint(content, begin + len(before))
        rest = content[at + length : end]
        after = self._after.get(rest)
        if after is None:
            after = self._after[rest] = _after_id(rest)
        return self._kind, content[at : at + length].decode(), *after

    def _read_before(self, begin: int) -> bytes:
        _, at = decode_varint(self._content, begin)  # how many there are, which their end says too
        _, self._kind, at = _header(self._content, at)
        length, at = decode_varint(self._content, at)
        return self._content[begin : at + length]


def _after_id(rest: bytes) -> tuple[int, dict[str, str]]:
    found, at = [], 0
    while at < len(rest):
        name, value, at = _header(rest, at)
        found.append((name, value))
    return int(found[0][1]), dict(found[OURS - 2 :])


def _header(content: bytes, at: int) -> tuple[str, str, int]:
    """A header's name and value, and where it ends."""
    length, at = decode_varint(content, at)
    name, at = content[at : at + length].decode(), at + length
    length, at = decode_varint(content, at)
    return name, content[at : at + length].decode(), at + length


def _bounds(content: bytes, begin: int, count: int) -> tuple[Places, Places]:
    """Where each message begins, after its length, and where it ends."""
    begins, ends = np.empty(count, np.int64), np.empty(count, np.int64)
    end = begin
    for number in range(count):
        length, begin = decode_varint(content, end)
        end = begin + length
        begins[number], ends[number] = begin, end
    if end != len(content):
        raise kafka_errors.CorruptRecordError(f"a batch of {count} messages ends at byte {len(content)}, not {end}")
    return begins, ends


def _numbers(content: bytes, at: Places) -> tuple[Places, Places]:
    """The varints that begin at some places, and the places after them: seven bits a byte, the lowest first, the last bit the sign."""
    data = np.frombuffer(content, np.uint8)
    value, shift = np.zeros(len(at), np.int64), 0
    going = np.ones(len(at), bool)
    while going.any():
        byte = data[at].astype(np.int64)
        value = np.where(going, value | ((byte & 0x7F) << shift), value)
        at = at + going
        going = going & (byte >= 0x80)
        shift += 7
    return (value >> 1) ^ -(value & 1), at
