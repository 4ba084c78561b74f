"""How each record is put into its envelope and read out of it, CloudEvents 1.0 attributes included."""

from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

import msgspec
import pyarrow as pa
from pydantic import Field, TypeAdapter

from schemas.errors import NewerVersionError, PolyriskError
from schemas.inputs import Baseline, ConfigChange, GaugeDeclaration, Heartbeat, Input, Tick
from schemas.microseconds import to_microseconds
from schemas.observations import decode, encode
from schemas.outputs import CompoundEvent, DeadLetter, EngineChange, ThresholdBreach
from schemas.readings import PlainReading, decode_readings
from schemas.records import Record, received_of
from schemas.topics import BREACHES, DEAD_LETTERS, DELIVERIES, ENGINES, EVENTS, INPUT, JOURNAL, WARNINGS
from schemas.warning_records import AnswerCount, Delivery, JournalAnchor, Warning, WarningReview

_INPUT: TypeAdapter[Heartbeat | Tick | ConfigChange | Baseline | GaugeDeclaration] = TypeAdapter(Input)
Published = ThresholdBreach | CompoundEvent | Warning | WarningReview | Delivery | AnswerCount | DeadLetter | EngineChange | JournalAnchor
"""All that leaves a processor or the alert service by the log."""
_OUTPUT: TypeAdapter[Published] = TypeAdapter(Annotated[Published, Field(discriminator="kind")])
_TOPIC_OF = {
    "breach": BREACHES, "event": EVENTS, "warning": WARNINGS, "review": WARNINGS, "delivery": DELIVERIES, "answer": DELIVERIES,
    "dead_letter": DEAD_LETTERS, "engine": ENGINES, "anchor": JOURNAL,
}  # fmt: skip
CLOUDEVENTS = "1.0"
VERSIONS: Mapping[str, int] = {
    "observations": 1,
    "reading": 1,
    "heartbeat": 1,
    "tick": 1,
    "configuration": 1,
    "baseline": 1,
    "declaration": 1,
    "breach": 2,
    "event": 2,
    "warning": 1,
    "review": 1,
    "delivery": 1,
    "answer": 1,
    "dead_letter": 1,
    "engine": 1,
    "anchor": 1,
}
"""Kind to the version of its payload's schema. It goes up whenever an older program could not read a payload, a new field included.

Breaches and events are at 2 since they give a `reason`; a payload of 1 is read as if it had none. A configuration says who signed it, from
when on it holds, and that open events are moved, only where it is so: as with keys of the configuration that it does not know, an older
program refuses that one by a dead letter.
"""
_TYPE = "ce_type"


def observations_record(shard: str, feed: str, delivery: str, received: datetime, batch: pa.RecordBatch) -> Record:
    """The readings of one delivery as an input record; its id is made of feed, delivery and fetch."""
    return Record(
        topic=INPUT.name,
        shard=shard,
        kind="observations",
        id=f"{feed}:{received_of(received)}:{delivery[:16]}",
        received_microseconds=to_microseconds(received),
        payload=encode(batch),
        headers={_TYPE: type_of("observations")},
    )


def reading_record(shard: str, reading: PlainReading, received: datetime) -> Record:
    """One reading as an input record of its own; its id is made of feed, fetch and the reading's identity."""
    return Record(
        topic=INPUT.name,
        shard=shard,
        kind="reading",
        id=f"{reading.feed}:{received_of(received)}:{reading.id}",
        received_microseconds=to_microseconds(received),
        payload=reading.model_dump_json(exclude_defaults=True).encode(),
        headers={_TYPE: type_of("reading")},
    )


def input_record(shard: str, content: Heartbeat | Tick | ConfigChange | Baseline | GaugeDeclaration) -> Record:
    """Any other input as a record of the input topic."""
    received = content.received if isinstance(content, Heartbeat) else content.at
    return Record(
        topic=INPUT.name,
        shard=shard,
        kind=content.kind,
        id=":".join((content.kind, received_of(received), *_subject(content))),
        received_microseconds=to_microseconds(received),
        payload=content.model_dump_json().encode(),
        headers={_TYPE: type_of(content.kind)},
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


def type_of(kind: str) -> str:
    """The CloudEvents type of a kind, with the version of its schema."""
    return f"org.polyrisk.{kind}.v{VERSIONS[kind]}"


def check_version(record: Record) -> None:
    """Refuse a payload of a newer schema. Without a version it is of the first.

    Raises:
        NewerVersionError: says what to start.
        PolyriskError: the type names no version.
    """
    type_ = record.headers.get(_TYPE)
    version = "1" if type_ is None else type_.rpartition(".v")[2]
    if not version.isdecimal():
        raise PolyriskError(f"The record's type `{type_}` names no version.", where=f"{record.topic}, record {record.id}")
    known = VERSIONS.get(record.kind, 1)
    if int(version) > known:
        raise NewerVersionError(
            f"The record was written by a newer version of Polyrisk (its schema is {version}, this one knows {known}).",
            where=f"{record.topic}, record {record.id}",
            remedy="Start that version; nothing was lost.",
        )


def check_versions(records: Iterable[Record]) -> None:
    """The same for records of one kind. Of those that share their headers, as a home gives back what was written alike, the first is asked.

    Raises:
        NewerVersionError, PolyriskError: as for one.
    """
    headers: Mapping[str, str] | None = None
    for record in records:
        if record.headers is not headers:
            check_version(record)
            headers = record.headers


def output_record(content: Published, record_id: str, received: datetime) -> Record:
    """A published event with its CloudEvents attributes (binary mode: attributes are headers, the payload is the data)."""
    return Record(
        topic=_TOPIC_OF[content.kind].name,
        shard=content.shard,
        kind=content.kind,
        id=record_id,
        received_microseconds=to_microseconds(received),
        payload=content.model_dump_json().encode(),
        headers={
            "ce_specversion": CLOUDEVENTS,
            "ce_id": record_id,
            "ce_source": f"/polyrisk/{content.shard}",
            _TYPE: type_of(content.kind),
            "ce_time": received.isoformat(),
            "ce_subject": _area_or(content),
            "ce_datacontenttype": "application/json",
            "ce_dataschema": f"schemas/json/{content.kind}.json",
        },
    )


def _area_or(content: Published) -> str:
    """What a published event is about: an area, but for what concerns the log itself."""
    match content:
        case DeadLetter():
            return content.record
        case EngineChange() | JournalAnchor():
            return content.shard
        case _:
            return content.area


def read_input(record: Record) -> pa.RecordBatch | Heartbeat | Tick | ConfigChange | Baseline | GaugeDeclaration:
    """What an input record says: a batch of observations, of one row for a single reading, or one of the other inputs.

    Raises:
        NewerVersionError: the payload is of a newer schema.
        PolyriskError, pydantic.ValidationError: the payload is not of its kind.
    """
    check_version(record)
    match record.kind:
        case "observations":
            return decode(record.payload)
        case "reading":
            return decode_readings([record])
        case _:
            return _INPUT.validate_json(record.payload)


def read_output(record: Record) -> Published:
    """What a published record says.

    Raises:
        NewerVersionError: the payload is of a newer schema.
        pydantic.ValidationError: the payload is not of its kind.
    """
    check_version(record)
    return _OUTPUT.validate_json(record.payload)


class _Kept(msgspec.Struct, forbid_unknown_fields=True):
    """A record as JSON. Only what has a text as its payload can be, which is all but a batch of observations."""

    topic: str
    shard: str
    kind: str
    id: str
    received: datetime
    payload: str
    headers: dict[str, str] = msgspec.field(default_factory=dict)


_DECODE_KEPT = msgspec.json.Decoder(_Kept).decode


def record_to_json(record: Record) -> str:
    """A record as one text, to be kept until the log takes it."""
    kept = _Kept(record.topic, record.shard, record.kind, record.id, record.received, record.payload.decode(), dict(record.headers))
    return msgspec.json.encode(kept).decode()


def record_from_json(content: str) -> Record:
    """The record that `record_to_json` wrote.

    Raises:
        msgspec.MsgspecError: it is none.
    """
    kept = _DECODE_KEPT(content)
    received = to_microseconds(kept.received)
    return Record(kept.topic, kept.shard, kept.kind, kept.id, received, kept.payload.encode(), kept.headers)
