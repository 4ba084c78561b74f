"""What programs can ask of the history, as OpenAPI 3.1."""

from collections.abc import Sequence
from typing import Any

from schemas.country_files import LoadedCountry
from schemas.levels import Level

_NUMBERS = {"messages", "people", "accepted", "delivered", "safe", "need_help", "segments"}


def description(country: LoadedCountry, columns: Sequence[str]) -> dict[str, Any]:
    """The interface of one country's console.

    Args:
        columns: of a past warning.
    """
    properties = {name: {"type": "integer"} if name in _NUMBERS else {"type": "number" if name == "cost" else "string"} for name in columns}
    row = {"type": "object", "required": list(columns), "properties": properties}
    listed = {"type": "object", "required": ["country", "warnings"], "properties": {
        "country": {"type": "string"}, "warnings": {"type": "array", "items": {"$ref": "#/components/schemas/PastWarning"}},
    }}  # fmt: skip
    one = {"allOf": [{"$ref": "#/components/schemas/PastWarning"}, {
        "type": "object", "required": ["published"], "properties": {"published": {"type": "array", "items": {"type": "object"}}},
    }]}  # fmt: skip
    named = {"name": "warning", "in": "path", "required": True, "schema": {"type": "string"}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": f"Warnings of {country.name}",
            "version": "1",
            "description": "What was warned, as of any moment.",
        },
        "paths": {
            "/api/warnings": {"get": _operation("All warnings, the newest first.", listed, _parameters())},
            "/api/warnings/{warning}": {"get": _operation("One warning, with its messages as published.", one, [named, _at()], gone=True)},
        },
        "components": {"schemas": {"PastWarning": row, "Problem": _problem()}},
    }


def _operation(says: str, schema: dict[str, Any], parameters: list[dict[str, Any]], *, gone: bool = False) -> dict[str, Any]:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    answers: dict[str, Any] = {
        "200": {"description": says, "content": {"application/json": {"schema": schema}}},
        "304": {"description": "As it was (`If-None-Match`)."},
        "400": {"description": "A parameter cannot be read.", "content": problem},
        "503": {"description": "The log cannot be read.", "content": problem},
    }
    if gone:
        answers["404"] = {"description": "There is no such warning at that moment.", "content": problem}
    return {"summary": says, "parameters": parameters, "responses": answers}


def _parameters() -> list[dict[str, Any]]:
    moments = [("since", "First proposed at or after."), ("until", "First proposed before.")]
    return [
        _at(),
        *({"name": name, "in": "query", "description": says, "schema": {"type": "string"}} for name, says in moments),
        {"name": "area", "in": "query", "description": "P-code: it, and all inside it.", "schema": {"type": "string"}},
        {"name": "level", "in": "query", "description": "This one or graver.", "schema": {"enum": [level.word for level in Level]}},
    ]


def _at() -> dict[str, Any]:
    says = "As of this moment: ISO 8601, on the local clock unless it names a zone; the newest if not given."
    return {"name": "at", "in": "query", "description": says, "schema": {"type": "string"}}


def _problem() -> dict[str, Any]:
    words = {name: {"type": "string"} for name in ("type", "title", "detail", "instance")}
    return {"type": "object", "required": ["type", "title", "status"], "properties": {**words, "status": {"type": "integer"}}}
