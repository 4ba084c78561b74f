"""How each record is put into its envelope and read out of it, CloudEvents 1.0 attributes included."""

from datetime import datetime

import pyarrow as pa
from pydantic import TypeAdapter

from schemas.observations import decode, encode
from schemas.records import (
    Baseline,
    CompoundEvent,
    ConfigChange,
    Delivery,
    GaugeDeclaration,
    Heartbeat,
    Input,
    Output,
    Record,
    ThresholdBreach,
    Tick,
    Warning,
    received_of,
)
from schemas.topics import BREACHES, DELIVERIES, EVENTS, INPUT, WARNINGS

_INPUT: TypeAdapter[Heartbeat | Tick | ConfigChange | Baseline | GaugeDeclaration] = TypeAdapter(Input)
_OUTPUT: TypeAdapter[ThresholdBreach | CompoundEvent | Warning | Delivery] = TypeAdapter(Output)
_TOPIC_OF = {"breach": BREACHES, "event": EVENTS, "warning": WARNINGS, "delivery": DELIVERIES}
CLOUDEVENTS = "1.0"


def observations_record(shard: str, feed: str, delivery: str, received: datetime, batch: pa.RecordBatch) -> Record:
    """The readings of one delivery as an input record; its id is made of feed, delivery and fetch."""
    return Record(
        topic=INPUT.name,
        shard=shard,
        kind="observations",
        id=f"{feed}:{received_of(received)}:{delivery[:16]}",
        received=received,
        payload=encode(batch),
    )


def input_record(shard: str, content: Heartbeat | Tick | ConfigChange | Baseline | GaugeDeclaration) -> Record:
    """Any other input as a record of the input topic."""
    received = content.received if isinstance(content, Heartbeat) else content.at
    return Record(
        topic=INPUT.name,
        shard=shard,
        kind=content.kind,
        id=":".join((content.kind, received_of(received), *_subject(content))),
        received=received,
        payload=content.model_dump_json().encode(),
    )


def _subject(content: Heartbeat | Tick | ConfigChange | Baseline | GaugeDeclaration) -> tuple[str, ...]:
    """What tells two inputs of one kind and moment apart."""
    match content:
        case Heartbeat():
            return content.feed, content.delivery[:16]
        case ConfigChange():
            return (content.hash[:16],)
        case Baseline():
            return content.threshold, content.inputs_hash[:16]
        case GaugeDeclaration():
            return content.area, content.state
        case Tick():
            return ()


def output_record(content: ThresholdBreach | CompoundEvent | Warning | Delivery, record_id: str, received: datetime) -> Record:
    """A published event with its CloudEvents attributes (binary mode: attributes are headers, the payload is the data)."""
    return Record(
        topic=_TOPIC_OF[content.kind].name,
        shard=content.shard,
        kind=content.kind,
        id=record_id,
        received=received,
        payload=content.model_dump_json().encode(),
        headers={
            "ce_specversion": CLOUDEVENTS,
            "ce_id": record_id,
            "ce_source": f"/polyrisk/{content.shard}",
            "ce_type": f"org.polyrisk.{content.kind}.v1",
            "ce_time": received.isoformat(),
            "ce_subject": content.area,
            "ce_datacontenttype": "application/json",
            "ce_dataschema": f"schemas/json/{content.kind}.json",
        },
    )


def read_input(record: Record) -> pa.RecordBatch | Heartbeat | Tick | ConfigChange | Baseline | GaugeDeclaration:
    """What an input record says: a batch of observations, or one of the other inputs.

    Raises:
        PolyriskError, pydantic.ValidationError: the payload is not of its kind.
    """
    return decode(record.payload) if record.kind == "observations" else _INPUT.validate_json(record.payload)


def read_output(record: Record) -> ThresholdBreach | CompoundEvent | Warning | Delivery:
    """What a published record says.

    Raises:
        pydantic.ValidationError: the payload is not of its kind.
    """
    return _OUTPUT.validate_json(record.payload)
