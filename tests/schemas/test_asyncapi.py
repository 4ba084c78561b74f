"""The AsyncAPI document says what travels on which topic, and refers only to what is there."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from jsonschema import Draft202012Validator
from ruamel.yaml import YAML
from schema_examples import AT, OUTPUTS

from schemas.envelopes import output_record, type_of
from schemas.observations import SCHEMA
from schemas.topics import INPUT, TOPICS

FOLDER = Path(__file__).parents[2] / "schemas"
DOCUMENT: dict[str, Any] = YAML(typ="safe").load((FOLDER / "asyncapi.yaml").read_text(encoding="utf-8"))


def _references(node: Any) -> Iterator[str]:
    if isinstance(node, dict):
        if "$ref" in node:
            yield node["$ref"]
        for value in node.values():
            yield from _references(value)
    elif isinstance(node, list):
        for value in node:
            yield from _references(value)


def _resolve(reference: str) -> Any:
    """What a reference of the document stands for: a place in it, or a file beside it."""
    if not reference.startswith("#/"):
        return json.loads((FOLDER / reference).read_text(encoding="utf-8"))
    node: Any = DOCUMENT
    for step in reference.removeprefix("#/").split("/"):
        node = node[step]
    return node


def test_it_is_asyncapi_3_with_what_that_requires() -> None:
    """Version, title and version of the interface stand in it; every operation has an action and a channel."""
    assert DOCUMENT["asyncapi"] == "3.0.0"
    assert DOCUMENT["info"]["title"]
    assert DOCUMENT["info"]["version"]
    for operation in DOCUMENT["operations"].values():
        assert operation["action"] in {"send", "receive"}
        assert set(operation["channel"]) == {"$ref"}


def test_every_reference_resolves() -> None:
    """No reference of the document leads nowhere."""
    references = list(_references(DOCUMENT))
    assert len(references) > 30
    for reference in references:
        assert _resolve(reference)


def test_channels_are_the_topics() -> None:
    """Each topic is a channel with the kinds that may travel on it, one writer's operation and one for each reader."""
    assert {c["address"] for c in DOCUMENT["channels"].values()} == set(TOPICS)
    for topic in TOPICS.values():
        assert tuple(DOCUMENT["channels"][topic.name]["messages"]) == topic.kinds
        of_it = [o["action"] for o in DOCUMENT["operations"].values() if o["channel"]["$ref"] == f"#/channels/{topic.name}"]
        assert sorted(of_it) == ["receive"] * len(topic.readers) + ["send"]


def test_operations_name_messages_of_their_own_channel() -> None:
    """AsyncAPI 3 wants an operation's messages to be references into its channel, not into the components."""
    for operation in DOCUMENT["operations"].values():
        assert operation["messages"]
        for message in operation["messages"]:
            assert message["$ref"].startswith(operation["channel"]["$ref"] + "/messages/")


def test_published_events_carry_cloudevents_headers() -> None:
    """Real headers of each published kind are valid by the document's trait; inputs carry their type alone."""
    headers = _resolve("#/components/messageTraits/cloudEvent")["headers"]
    for kind, content in OUTPUTS.items():
        assert DOCUMENT["components"]["messages"][kind]["traits"] == [{"$ref": "#/components/messageTraits/cloudEvent"}]
        Draft202012Validator(headers).validate(output_record(content, "id", AT).headers)
    for kind in INPUT.kinds:
        assert "traits" not in DOCUMENT["components"]["messages"][kind]
        assert DOCUMENT["components"]["messages"][kind]["headers"]["properties"]["ce_type"]["const"] == type_of(kind)


def test_observations_name_the_arrow_columns() -> None:
    """The one payload that is not JSON lists its columns as they are."""
    payload = DOCUMENT["components"]["messages"]["observations"]["payload"]
    assert [c["name"] for c in payload["x-arrow-schema"]] == SCHEMA.names
