"""Twilio's own OpenAPI of what we use, taken from its npm package, pinned by version and hash; and exchanges held against it.

It is fetched once, which needs npm, and kept under `var/` (`python -m alerts.stand_in_provider.specification`, as `make setup-test` does).

Beside what the document says, a field that it does not name is wrong: Twilio ignores it, so a misspelt option would be lost in silence.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from openapi_schema_validator import OAS30Validator, oas30_format_checker

from alerts.stand_in_provider.npm_file import NpmFile
from schemas.country_files import CHECKOUT

_FILE = NpmFile(
    package="@twilio/cli-core@9.0.0",
    member="package/src/services/twilio-api/twilio_api_v2010.json",
    sha256="170b3ccd0f891416840083d72f1795b1499b14a18d4873fd2b39f47ef84642d6",
    kept=CHECKOUT / "var" / "twilio" / "twilio_api_v2010.json",
)
ACCOUNT = "/2010-04-01/Accounts/{AccountSid}"
PATHS = (f"{ACCOUNT}/Messages.json", f"{ACCOUNT}/Messages/{{Sid}}.json", f"{ACCOUNT}/Balance.json", f"{ACCOUNT}/Calls.json")
_FORM = "application/x-www-form-urlencoded"


@dataclass(frozen=True)
class Exchange:
    """One request as it arrived, and its answer.

    Attributes:
        target: path and query.
    """

    method: str
    target: str
    body: bytes
    status: int
    answer: bytes


def document() -> dict[str, Any]:
    """The OpenAPI document with the paths that we use and the schemas that they refer to.

    Raises:
        PinnedFileError: it cannot be fetched, or is not the one that was pinned.
    """
    return _slice(json.loads(_FILE.content()))


def _slice(whole: dict[str, Any]) -> dict[str, Any]:
    paths = {path: whole["paths"][path] for path in PATHS}
    needed: set[str] = set()
    waiting = _references(paths)
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting |= _references(whole["components"]["schemas"][name])
    schemas = {name: whole["components"]["schemas"][name] for name in sorted(needed)}
    return {**whole, "paths": paths, "components": {**whole["components"], "schemas": schemas}}


def _references(node: Any) -> set[str]:
    if isinstance(node, dict):
        own = {node["$ref"].rpartition("/")[2]} if isinstance(node.get("$ref"), str) else set()
        return own.union(*(_references(value) for value in node.values()))
    return set().union(*(_references(value) for value in node)) if isinstance(node, list) else set()


class Specification:
    """A document made ready to check many exchanges: its schemas are built once."""

    def __init__(self, of: Mapping[str, Any]) -> None:
        self._schemas = of["components"]["schemas"]
        self._operations = {
            (path, method.upper()): _Operation(self._resolved(operation))
            for path, item in of["paths"].items()
            for method, operation in item.items()
            if method in ("get", "post", "delete")
        }

    @classmethod
    def of_messages(cls) -> "Specification":
        """The pinned one."""
        return cls(document())

    def check(self, exchange: Exchange) -> list[str]:
        """What is wrong with a request or its answer. Errors are not in the document: of those only the form that all share is checked."""
        parts = urlsplit(exchange.target)
        path, sids = _pattern(parts.path)
        operation = self._operations.get((path, exchange.method))
        if operation is None:
            return [f"{exchange.method} {path}: no such operation"]
        query = {name: values[-1] for name, values in parse_qs(parts.query, keep_blank_values=True).items()}
        form = {name: values[-1] for name, values in parse_qs(exchange.body.decode(), keep_blank_values=True).items()}
        refused = 400 <= exchange.status < 500
        wrong = [] if refused else [*operation.wrong_parameters({**sids, **query}), *operation.wrong_form(form)]
        return [f"{exchange.method} {path}: {what}" for what in (*wrong, *operation.wrong_answer(exchange.status, exchange.answer))]

    def _resolved(self, node: Any) -> Any:
        if isinstance(node, dict):
            if isinstance(node.get("$ref"), str):
                return self._resolved(self._schemas[node["$ref"].rpartition("/")[2]])
            return {key: self._resolved(value) for key, value in node.items() if key != "examples"}
        return [self._resolved(one) for one in node] if isinstance(node, list) else node


class _Operation:
    """One method of one path."""

    def __init__(self, operation: Mapping[str, Any]) -> None:
        parameters = operation.get("parameters", [])
        required = [p["name"] for p in parameters if p.get("required")]
        self._parameters = _closed({p["name"]: p["schema"] for p in parameters}, required)
        content = operation.get("requestBody", {}).get("content", {})
        schema = content[_FORM]["schema"] if _FORM in content else {}
        self._form = _closed(schema.get("properties", {}), schema.get("required", []))
        self._answers = {
            status: OAS30Validator(answer["content"]["application/json"]["schema"], format_checker=oas30_format_checker)
            for status, answer in operation["responses"].items()
            if "content" in answer
        }

    def wrong_parameters(self, given: Mapping[str, str]) -> list[str]:
        return _wrong(self._parameters, given)

    def wrong_form(self, given: Mapping[str, str]) -> list[str]:
        return _wrong(self._form, given)

    def wrong_answer(self, status: int, answer: bytes) -> list[str]:
        validator = self._answers.get(str(status))
        if validator is None:
            return [] if status >= 300 else [f"no answer {status} is specified"]
        try:
            content = json.loads(answer)
        except ValueError as error:
            return [f"answer {status} is no JSON: {error}"]
        return [f"answer {status}, {error.json_path}: {error.message}" for error in validator.iter_errors(content)]


def _closed(properties: Mapping[str, Any], required: list[str]) -> Any:
    schema = {"type": "object", "properties": dict(properties), "required": required, "additionalProperties": False}
    return OAS30Validator(schema, format_checker=oas30_format_checker)


def _wrong(validator: Any, given: Mapping[str, str]) -> list[str]:
    properties = validator.schema["properties"]
    typed = {name: _typed(value, properties.get(name, {})) for name, value in given.items()}
    return [f"{error.json_path}: {error.message}" for error in validator.iter_errors(typed)]


def _typed(text: str, schema: Mapping[str, Any]) -> Any:
    """A field of a form has no type; it is read as its schema says, and stays a text if it cannot be."""
    match schema.get("type"):
        case "integer" if text.lstrip("-").isdigit():
            return int(text)
        case "boolean" if text.lower() in ("true", "false"):
            return text.lower() == "true"
        case "number" if text.replace(".", "", 1).lstrip("-").isdigit():
            return float(text)
        case "array":
            return [text]
        case _:
            return text


def _pattern(path: str) -> tuple[str, dict[str, str]]:
    """The path as the document writes it, and the ids in it."""
    head, _, rest = path.partition("/Accounts/")
    account, _, resource = rest.partition("/")
    sids = {"AccountSid": account}
    if resource.startswith("Messages/"):
        sids["Sid"] = resource.removeprefix("Messages/").removesuffix(".json")
        resource = "Messages/{Sid}.json"
    return f"{head}/Accounts/{{AccountSid}}/{resource}", sids


if __name__ == "__main__":
    document()
