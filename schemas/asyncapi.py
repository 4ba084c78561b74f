"""The AsyncAPI 3.0 document of the log's topics, made from `schemas.topics` and the records."""

from collections.abc import Iterable
from io import StringIO
from typing import Any

from ruamel.yaml import YAML

from schemas.envelopes import CLOUDEVENTS, type_of
from schemas.observations import SCHEMA
from schemas.topics import INPUT, TOPICS, Topic

_TITLES = {
    "observations": "The readings of one delivery, as an Arrow batch",
    "reading": "One reading, as JSON",
    "heartbeat": "A feed answered",
    "tick": "Time goes on",
    "configuration": "From here on judged by this configuration",
    "baseline": "What is usual, made by a job",
    "declaration": "A named person says that a gauge is dead, or back",
    "breach": "A change of a breach",
    "event": "A change of a compound event",
    "warning": "One message of a warning's life",
    "review": "What a person says afterwards of a message that went out by agreement",
    "delivery": "Counts of messages by state",
    "answer": "Counts of people's answers to a warning",
    "dead_letter": "An input record that could not be taken in",
    "engine": "From here on judged by this engine",
    "anchor": "How far the journal of what people did had come",
}
_ATTRIBUTES = {
    "ce_specversion": {"type": "string", "const": CLOUDEVENTS},
    "ce_id": {"type": "string", "minLength": 1},
    "ce_source": {"type": "string", "format": "uri-reference", "pattern": "^/polyrisk/"},
    "ce_type": {"type": "string", "pattern": r"^org\.polyrisk\.[a-z_]+\.v[0-9]+$"},
    "ce_time": {"type": "string", "format": "date-time"},
    "ce_subject": {"type": "string", "description": "The area's code; a dead letter's record, an engine's or anchor's shard."},
    "ce_datacontenttype": {"type": "string", "const": "application/json"},
    "ce_dataschema": {"type": "string", "format": "uri-reference"},
}


def document() -> str:
    """The document as YAML text, always the same for the same topics and models."""
    content = {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Polyrisk event log",
            "version": "1",
            "description": "What travels on each topic of the log. Records are keyed by shard; all of a shard's input is one order.",
            "license": {"name": "Apache-2.0"},
        },
        "defaultContentType": "application/json",
        "channels": {topic.name: _channel(topic) for topic in TOPICS.values()},
        "operations": {name: operation for topic in TOPICS.values() for name, operation in _operations(topic)},
        "components": {
            "messages": {kind: _message(topic, kind) for topic in TOPICS.values() for kind in topic.kinds},
            "messageTraits": {"cloudEvent": _cloud_event()},
        },
    }
    out = StringIO()
    yaml = YAML()
    yaml.width = 120
    yaml.dump(content, out)
    return out.getvalue()


def _channel(topic: Topic) -> dict[str, Any]:
    return {
        "address": topic.name,
        "title": topic.title,
        "description": f"Written by {topic.writer}; read by {', '.join(topic.readers)}.",
        "messages": {kind: {"$ref": f"#/components/messages/{kind}"} for kind in topic.kinds},
    }


def _operations(topic: Topic) -> Iterable[tuple[str, dict[str, Any]]]:
    channel = {"$ref": f"#/channels/{topic.name}"}
    messages = [{"$ref": f"#/channels/{topic.name}/messages/{kind}"} for kind in topic.kinds]
    yield f"write_{topic.name}", {"action": "send", "channel": dict(channel), "summary": f"By {topic.writer}.", "messages": messages}
    for reader in topic.readers:
        yield f"read_{topic.name}_by_{reader}", {"action": "receive", "channel": dict(channel), "messages": [dict(m) for m in messages]}


def _message(topic: Topic, kind: str) -> dict[str, Any]:
    message: dict[str, Any] = {"name": kind, "title": _TITLES[kind]}
    if topic is INPUT:
        message["headers"] = {"type": "object", "properties": {"ce_type": {"type": "string", "const": type_of(kind)}}}
    if kind == "observations":
        return {**message, "contentType": "application/vnd.apache.arrow.stream", "payload": _arrow()}
    message |= {"contentType": "application/json", "payload": {"$ref": f"./json/{kind}.json"}}
    return message if topic is INPUT else {**message, "traits": [{"$ref": "#/components/messageTraits/cloudEvent"}]}


def _cloud_event() -> dict[str, Any]:
    """CloudEvents 1.0 in the Kafka protocol's binary mode: attributes are headers, the payload is the data."""
    return {"headers": {"type": "object", "required": list(_ATTRIBUTES), "properties": _ATTRIBUTES}}


def _arrow() -> dict[str, Any]:
    """The columns of a batch; one row of it as JSON is `json/observation.json`."""
    columns = [{"name": field.name, "type": str(field.type), "nullable": field.nullable} for field in SCHEMA]
    return {
        "type": "string",
        "format": "binary",
        "description": "Apache Arrow IPC stream of one record batch. A row as JSON: ./json/observation.json.",
        "x-arrow-schema": columns,
    }
