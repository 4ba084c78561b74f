"""What homes share of a transaction: it is only remembered while it is open, and written in one go at its end."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TypeVar

from eventlog.log import NOTHING, Consumer
from schemas.errors import LogError
from schemas.records import Record, Stored
from schemas.topics import TOPICS

Own = TypeVar("Own", bound=Consumer)
"""A home's own kind of consumer."""


class RememberedTransaction:
    """See `eventlog.log.Transaction`. A log is locked briefly by it, and its end can be tried again.

    Attributes:
        records: to be appended. offsets: (topic, partition) to the last record that is done.
    """

    def __init__(self) -> None:
        self.records: list[Record] = []
        self.offsets: dict[tuple[str, int], int] = {}

    def append(self, records: Sequence[Record]) -> None:
        self.records.extend(records)

    def commit(self, stored: Sequence[Stored]) -> None:
        for one in stored:
            place = (one.record.topic, one.partition)
            self.offsets[place] = max(one.offset, self.offsets.get(place, NOTHING))


@contextmanager
def remembered(
    consumer: Consumer | None, own: type[Own], where: str, finish: Callable[[RememberedTransaction, Own | None], None]
) -> Iterator[RememberedTransaction]:
    """A transaction that `finish` writes at its end; whatever goes wrong, its consumer polls again what it had.

    Raises:
        LogError: the consumer is another home's.
    """
    if consumer is not None and not isinstance(consumer, own):
        raise LogError("The consumer is another home's.", where=where)
    transaction = RememberedTransaction()
    try:
        yield transaction
        finish(transaction, consumer)
    except BaseException:
        if consumer is not None:
            consumer.rewind()
        raise


def check_topic(topic: str) -> None:
    """Raises LogError if the log has no such topic."""
    if topic not in TOPICS:
        raise LogError(f"The log has no topic `{topic}`.", remedy=f"Its topics are {', '.join(TOPICS)}.")
