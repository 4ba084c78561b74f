"""A record as a Kafka message: the shard as key, kind, id and moment as the first headers, the payload untouched as value."""

from typing import Any

from schemas.records import Record, Stored

OURS = 3
"""The headers that are ours come first: kind, id, received in microseconds since 1970. What follows are the record's own."""


def headers_of(record: Record) -> list[tuple[str, bytes]]:
    """A message's headers."""
    received = str(record.received_microseconds).encode()
    ours = [("kind", record.kind.encode()), ("id", record.id.encode()), ("received", received)]
    return ours + [(name, value.encode()) for name, value in record.headers.items()]


def id_of(message: Any) -> str:
    """The id of the record in a message."""
    id_: bytes = message.headers[1][1]
    return id_.decode()


def received_of(message: Any) -> int:
    """When the record in a message was received, in microseconds since 1970."""
    return int(message.headers[2][1])


def stored_of(message: Any, topic: str) -> Stored:
    """The record in a message. It was checked when it was appended, so it is not checked again."""
    kind, id_, received = (value for _, value in message.headers[:OURS])
    headers = {name: value.decode() for name, value in message.headers[OURS:]}
    record = Record(topic, message.key.decode(), kind.decode(), id_.decode(), int(received), message.value, headers)
    return Stored(record, message.partition, message.offset)
