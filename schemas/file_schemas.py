"""JSON Schemas of the files that people write, for editors: they allow what the models' readers allow, such as a condition as a text."""

from collections.abc import Callable, Mapping
from typing import Any

from pydantic import BaseModel

from schemas.configuration import Rule, Threshold
from schemas.country_facts import CountryFacts
from schemas.frameworks import Framework
from schemas.levels import Level
from schemas.manifests import FeedManifest
from schemas.rule_tests import RuleTest

COLOUR = {"enum": [level.word for level in Level]}
_AT_LEVEL = {
    "type": "string",
    "pattern": r"^\s*(not\s+)?[a-z][a-z0-9_]*\s*>=\s*(green|yellow|orange|red)\s*$",
    "description": "A threshold at a level or above, such as `river_station >= orange`, or `not` before it.",
}
_READINGS = {"type": "string", "pattern": r"^\s*\d+\s+readings?\s*$", "description": "Readings in a row, such as `2 readings`."}
_CONDITION = "AtLevel"
"""The model that is a member of every choice of conditions, and so tells them from other choices."""


def _schema(model: type[BaseModel]) -> dict[str, Any]:
    schema = _loosened(model.model_json_schema(mode="validation", by_alias=True))
    if not isinstance(schema, dict):
        raise AssertionError(f"{model.__name__} has no object schema")
    return schema


def _loosened(node: Any) -> Any:
    """Conditions may be texts, and levels are written by their colour."""
    if isinstance(node, list):
        return [_loosened(part) for part in node]
    if not isinstance(node, dict):
        return node
    found = {key: _loosened(value) for key, value in node.items()}
    if any(isinstance(part, dict) and part.get("$ref") == f"#/$defs/{_CONDITION}" for part in found.get("oneOf", ())):
        return {"anyOf": [_AT_LEVEL, *found["oneOf"]]}
    if found.get("$ref") == "#/$defs/Level":
        return COLOUR
    return found


def _named(model: type[BaseModel]) -> dict[str, Any]:
    """A file that maps names to bodies: the name is the key, so the body has none."""
    schema = _schema(model)
    definitions = schema.pop("$defs", {})
    schema["properties"].pop("name")
    schema["required"].remove("name")
    return {"type": "object", "additionalProperties": schema, "$defs": definitions}


def thresholds_file() -> dict[str, Any]:
    """`thresholds.yaml`: name to threshold."""
    schema = _named(Threshold)
    persistence = schema["additionalProperties"]["properties"]["for"]
    persistence["anyOf"] = [_READINGS, *persistence["anyOf"]]
    return schema


def rules_file() -> dict[str, Any]:
    """`rules.yaml`: name to rule. `raise` and `move` may be one step or several; `stages` may stand for `when`, `level` and `raise`."""
    schema = _named(Rule)
    properties = schema["additionalProperties"]["properties"]
    for key, one in (("raise", properties["raise"]["items"]), ("move", properties["move"]["anyOf"][0]["items"])):
        properties[key] = {"anyOf": [one, {"type": "array", "items": one}]}
    stage = {
        "type": "object",
        "properties": {"level": COLOUR, "if": properties["when"]},
        "required": ["level", "if"],
        "additionalProperties": False,
    }
    properties["stages"] = {"type": "object", "minProperties": 2, "additionalProperties": stage}
    rule = schema["additionalProperties"]
    rule["required"] = [key for key in rule["required"] if key not in ("when", "level")]
    rule["oneOf"] = [{"required": ["when", "level"]}, {"required": ["stages"]}]
    return schema


def country_file() -> dict[str, Any]:
    """`country.yaml`."""
    return _schema(CountryFacts)


def feed_file() -> dict[str, Any]:
    """`feed.yaml`, a feed's manifest."""
    return _schema(FeedManifest)


def framework_file() -> dict[str, Any]:
    """`framework.yaml`, what is said of a framework."""
    return _schema(Framework)


def rule_tests_file() -> dict[str, Any]:
    """A file below a country's `tests/`: name to rule test."""
    return _named(RuleTest)


FILE_SCHEMAS: Mapping[str, Callable[[], dict[str, Any]]] = {
    "thresholds_file": thresholds_file,
    "rules_file": rules_file,
    "country_file": country_file,
    "feed_file": feed_file,
    "framework_file": framework_file,
    "rule_tests_file": rule_tests_file,
}
