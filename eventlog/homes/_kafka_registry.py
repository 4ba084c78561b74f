"""What the processes that share a log in Kafka must know in common, kept in one small compacted partition.

A message's key is a JSON list whose first word says what it is about; the newest message of a key counts.
"""

import json
import threading
import time
from dataclasses import asdict, dataclass

from kafka import TopicPartition

from eventlog.homes._kafka_client import Place
from eventlog.homes._kafka_reader import Reader
from eventlog.homes._kafka_topics import REGISTRY

Message = tuple[str, int, bytes, bytes | None, list[tuple[str, bytes]]]
"""What a transaction writes: topic, partition, key, value, headers."""


@dataclass(frozen=True)
class Manifest:
    """Where the newest snapshot of a group and shard is, and what it stands for.

    Attributes:
        at: microseconds since 1970. first, last, pieces: where its pieces are in the topic of snapshots, and how many.
        sha256: of the state, put together.
    """

    format: int
    offset: int
    engine: str
    at: int
    first: int
    last: int
    pieces: int
    sha256: str


class Registry:
    """A process's view of the registry. It grows stale, so `refresh` before relying on what is not there."""

    def __init__(self, place: Place, reader: Reader, lock: threading.RLock) -> None:
        self.place = TopicPartition(place.topic(REGISTRY), 0)
        self._reader, self._lock = reader, lock
        self._position = 0
        self._looked = float("-inf")
        self.shards: dict[str, int] = {}
        self.readers: dict[str, set[str]] = {}
        self.manifests: dict[tuple[str, str], Manifest] = {}

    def refresh(self, *, whole: bool = False, older_than_s: float = 0.0) -> None:
        """Read what is new, if the view is older than that. With `whole` nothing that was written before the call is missed.

        Raises:
            LogError: the registry cannot be read.
        """
        with self._lock:
            if time.monotonic() - self._looked < older_than_s:
                return
            self._looked = time.monotonic()
            end = self._reader.settled_ends([self.place], whole=True)[self.place] if whole else self._reader.ends([self.place])[self.place]
            for message in self._reader.messages(self.place, self._position, end):
                self._take(json.loads(message.key), message.value)
            self._position = max(self._position, end)

    def refresh_if_free(self) -> None:
        """Read what is new, unless another thread uses the log just now. Waits for nobody, so a member's thread can be ended any time.

        Raises:
            LogError: the registry cannot be read.
        """
        if self._lock.acquire(blocking=False):
            try:
                self.refresh()
            finally:
                self._lock.release()

    def names(self) -> dict[int, str]:
        """Partition to its shard. Waits for nobody: a group's brokers wait for who asks."""
        return {partition: shard for shard, partition in list(self.shards.items())}

    def shard_message(self, shard: str, partition: int) -> Message:
        """Says that a shard has a partition."""
        return self._message(["shard", shard], {"partition": partition})

    def reader_message(self, group: str, topic: str) -> Message:
        """Says that a group reads a topic."""
        return self._message(["reader", group, topic], {})

    def manifest_message(self, group: str, shard: str, manifest: Manifest) -> Message:
        """Says where a snapshot is."""
        return self._message(["snapshot", group, shard], asdict(manifest))

    def _message(self, key: list[str], value: dict[str, object]) -> Message:
        return (self.place.topic, 0, json.dumps(key).encode(), json.dumps(value).encode(), [])

    def _take(self, key: list[str], value: bytes) -> None:
        match key:
            case ["shard", shard]:
                self.shards[shard] = json.loads(value)["partition"]
            case ["reader", group, topic]:
                self.readers.setdefault(group, set()).add(topic)
            case ["snapshot", group, shard]:
                self.manifests[group, shard] = Manifest(**json.loads(value))
            case _:
                # Written by a newer version; what we need of it we would not understand.
                return
