"""How many messages stand where, published as counts: by warning, area, language and state. The log carries no more than that."""

from datetime import datetime

from sqlalchemy import Connection

from alerts import intents, ledger, published_counts
from alerts.tables import delivery_counts
from schemas.envelopes import output_record
from schemas.warning_records import Delivery, MessageState


def publish(connection: Connection, shard: str, at: datetime) -> int:
    """Put the counts that changed since they were last published into the outbox; answers how many.

    A count stands for itself: the newest of a message, area, language and state replaces the one before it, zeros included. Messages of
    which nobody's can move any more are not counted again, so a round costs as much as it sends, not as much as was ever sent.
    """
    received = intents.received(connection)
    moving = intents.unsettled()
    now = {(message, area, language, state.value): n for (message, area, language, state), n in intents.counts(connection, moving).items()}
    changed = published_counts.change(connection, delivery_counts, now, delivery_counts.c.message.in_(moving))
    for (message, area, language, state), count, revision in changed:
        delivery = _delivery(message, area, language, MessageState(state), count, shard, at)
        identity = f"delivery:{message}:{area}:{language}:{state}:{revision}"
        ledger.to_publish(connection, output_record(delivery, identity, at))
    intents.counted(connection, received)
    return len(changed)


def published(connection: Connection) -> dict[intents.Counted, int]:
    """All counts as they were last published."""
    kept = published_counts.read(connection, delivery_counts)
    return {(message, area, language, MessageState(state)): count for (message, area, language, state), (count, _) in kept.items()}


def _delivery(message: str, area: str, language: str, state: MessageState, count: int, shard: str, at: datetime) -> Delivery:
    warning = message.rpartition(".")[0]
    return Delivery(warning=warning, message=message, shard=shard, area=area, language=language, state=state, count=count, at=at)
