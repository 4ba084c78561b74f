"""The topics of a log in Kafka: made when they are missing, and given a partition more for each new shard."""

import contextlib
import os
import time
from collections.abc import Iterable
from typing import Any

from kafka import errors as kafka_errors
from kafka.errors import for_code

from eventlog.homes._kafka_client import MAX_RECORD, PATIENCE_S, Place, log_error, told
from schemas.errors import ConfigurationError, LogError
from schemas.topics import TOPICS

REGISTRY = "registry"
"""One compacted partition: which shard has which partition, which group reads which topic, where each newest snapshot is."""
SNAPSHOTS = "snapshots"
"""One compacted partition: the pieces of the snapshots' states."""
AHEAD = 4
"""Partitions are made this many at a time, so that a country more is seldom a change of all topics."""
_LOOK_S = 0.05
_REPLICATION = "POLYRISK_KAFKA_REPLICATION"
_BROKERS_TIME = {"message.timestamp.type": "LogAppendTime"}
"""Kafka's own times are the broker's: it refuses records of a client whose clock is an hour ahead, which must not end the log."""
_KEPT = {"cleanup.policy": "delete", "retention.ms": "-1", "retention.bytes": "-1", "max.message.bytes": str(MAX_RECORD), **_BROKERS_TIME}
_COMPACTED = {
    "cleanup.policy": "compact",
    "min.cleanable.dirty.ratio": "0.1",
    "segment.ms": "86400000",
    "max.message.bytes": "4194304",
    **_BROKERS_TIME,
}


def make_missing(admin: Any, place: Place) -> None:
    """Make each topic that is not there, as one that a newer version has added: with a partition for each shard that the others have.

    What is kept how long is ours to say (`EventLog.retain`), so Kafka is told to keep all.

    Raises:
        LogError: a topic is missing and cannot be made.
        ConfigurationError: the number of copies is no number.
    """
    of_records = [place.topic(name) for name in TOPICS]
    compacted = {place.topic(name): (1, _COMPACTED) for name in (REGISTRY, SNAPSHOTS)}
    with told(place):
        there = _partitions(admin, [*of_records, *compacted])
    most = max(AHEAD, *(there.get(topic, 0) for topic in of_records))
    wanted = dict.fromkeys(of_records, (most, _KEPT)) | compacted
    missing = [topic for topic in wanted if topic not in there]
    if not missing:
        return
    new = {
        topic: {"num_partitions": wanted[topic][0], "replication_factor": _replication(), "configs": wanted[topic][1]} for topic in missing
    }
    with told(place):
        answer = admin.create_topics(new, raise_errors=False)
        for topic in answer["topics"]:
            error = for_code(topic["error_code"])
            # Another process may have been quicker.
            if error not in (kafka_errors.NoError, kafka_errors.TopicAlreadyExistsError):
                raise log_error(error(topic["error_message"] or ""), place, topic["name"].removeprefix(f"{place.name}."))
        admin.wait_for_topics(missing)


def make_partitions(admin: Any, place: Place, count: int) -> None:
    """See to it that each topic of records has at least so many partitions.

    Raises:
        LogError: they cannot be made.
    """
    topics = [place.topic(name) for name in TOPICS]
    with told(place):
        there = _partitions(admin, topics)
        for topic in topics:
            if there.get(topic, 0) < count:
                # If another process was quicker, what it made shows in a moment.
                with contextlib.suppress(kafka_errors.InvalidPartitionsError):
                    admin.create_partitions({topic: -(-count // AHEAD) * AHEAD})
        deadline = time.monotonic() + PATIENCE_S
        while any(_partitions(admin, topics).get(topic, 0) < count for topic in topics):
            if time.monotonic() > deadline:
                raise LogError(f"The topics do not have {count} partitions.", where=str(place), remedy="Let us make them, or make them.")
            time.sleep(_LOOK_S)
        admin.wait_for_topics(topics)


def _partitions(admin: Any, topics: Iterable[str]) -> dict[str, int]:
    """Topic to how many partitions it has; what is not there is left out."""
    found: dict[str, int] = {}
    for topic in admin.describe_topics(list(topics)):
        error = for_code(topic["error_code"])
        if error is kafka_errors.NoError:
            found[topic["name"]] = len(topic["partitions"])
        elif error is not kafka_errors.UnknownTopicOrPartitionError:
            raise error(topic["name"])
    return found


def _replication() -> int:
    """How many brokers keep a copy; -1 leaves it to the broker."""
    given = os.environ.get(_REPLICATION, "-1")
    try:
        return int(given)
    except ValueError as error:
        raise ConfigurationError(f"`{given}` is no number of copies.", where=_REPLICATION, remedy="Write a number such as 3.") from error
