"""A record as a Kafka message: the shard as key, kind, id and moment as the first headers, the payload untouched as value."""

from schemas.records import Record

OURS = 3
"""The headers that are ours come first: kind, id, received in microseconds since 1970. What follows are the record's own."""


def headers_of(record: Record) -> list[tuple[str, bytes]]:
    """A message's headers."""
    received = str(record.received_microseconds).encode()
    ours = [("kind", record.kind.encode()), ("id", record.id.encode()), ("received", received)]
    return ours + [(name, value.encode()) for name, value in record.headers.items()]
