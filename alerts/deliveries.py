"""How many messages stand where, published as counts: by warning, area, language and state. The log carries no more than that."""

from datetime import datetime

from sqlalchemy import Connection

from alerts import intents, ledger
from schemas.envelopes import output_record
from schemas.warning_records import Delivery, MessageState


def publish(connection: Connection, shard: str, at: datetime) -> int:
    """Put the counts that changed since they were last published into the outbox; answers how many.

    A count stands for itself: the newest of a message, area, language and state replaces the one before it, zeros included. Messages of
    which nobody's can move any more are not counted again, so a round costs as much as it sends, not as much as was ever sent.
    """
    received = intents.received(connection)
    now = intents.counts(connection, intents.unsettled())
    before = intents.published_counts(connection, intents.unsettled())
    changed = {
        key: (now.get(key, 0), before.get(key, (0, 0))[1] + 1) for key in {**now, **before} if now.get(key, 0) != before.get(key, (0, 0))[0]
    }
    for (message, area, language, state), (count, revision) in sorted(changed.items()):
        delivery = _delivery(message, area, language, state, count, shard, at)
        identity = f"delivery:{message}:{area}:{language}:{state}:{revision}"
        ledger.to_publish(connection, output_record(delivery, identity, at))
    intents.keep_counts(connection, changed)
    intents.counted(connection, received)
    return len(changed)


def published(connection: Connection) -> dict[intents.Counted, int]:
    """All counts as they were last published."""
    return {key: count for key, (count, _) in intents.published_counts(connection).items()}


def _delivery(message: str, area: str, language: str, state: MessageState, count: int, shard: str, at: datetime) -> Delivery:
    warning = message.rpartition(".")[0]
    return Delivery(warning=warning, message=message, shard=shard, area=area, language=language, state=state, count=count, at=at)
