"""The console's pages and forms as OpenAPI, read from its own routes and from the forms that its pages show.

Nobody writes it down, so none can be forgotten: an address that no page leads to is described without its fields, and a test asks for
those by name.
"""

import re
from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import httpx
from lxml import html
from starlette.applications import Starlette
from starlette.routing import Route

FORM = "application/x-www-form-urlencoded"
_IN_PATH = re.compile(r"\{(\w+)(?::\w+)?\}")
_MOST_PAGES = 12
"""Of a kind of address."""


@dataclass
class Site:
    """What the pages lead to, by route.

    Attributes:
        queries: names that addresses ask by. fields: of the forms that are sent there, each as a JSON schema. values: of the
            parts of a path.
    """

    routes: list[Route]
    queries: dict[str, set[str]] = field(default_factory=dict)
    fields: dict[str, dict[str, dict[str, Any]]] = field(default_factory=dict)
    values: dict[str, dict[str, set[str]]] = field(default_factory=dict)

    @classmethod
    def of(cls, app: Starlette) -> "Site":
        """All routes of an application, and nothing read yet."""
        return cls([route for route in app.routes if isinstance(route, Route)])

    def walk(self, client: httpx.Client, *beginnings: str) -> None:
        """Follow the links of the pages from these on, and take in each form; of a kind of address one page for each question is enough."""
        waits, seen = deque(beginnings), set[tuple[str, frozenset[str]]]()
        kinds = Counter[str]()
        while waits:
            address = urlsplit(waits.popleft())
            kind, asked = self._take_in(address.path, address.query), frozenset(name for name, _ in parse_qsl(address.query))
            if kind is None or (address.path, asked) in seen or kinds[kind] >= _MOST_PAGES:
                continue
            seen.add((address.path, asked))
            kinds[kind] += 1
            answer = client.get(address.path, params=address.query)
            if "html" in answer.headers.get("content-type", ""):
                waits.extend(self.read(answer.text))

    def read(self, page: str) -> list[str]:
        """Take in the forms of a page; answers the addresses on this site that it links to."""
        document = html.fromstring(page)
        for form in document.forms:
            self._take_in_form(form)
        return [str(link.get("href")) for link in document.iter("a") if str(link.get("href", "")).startswith("/")]

    def _take_in(self, path: str, query: str) -> str | None:
        for route in self.routes:
            found = route.path_regex.match(path)
            if found is not None:
                for name, value in found.groupdict().items():
                    self.values.setdefault(route.path, {}).setdefault(name, set()).add(value)
                self.queries.setdefault(route.path, set()).update(name for name, _ in parse_qsl(query, keep_blank_values=True))
                return route.path
        return None

    def _take_in_form(self, form: html.FormElement) -> None:
        where = urlsplit(str(form.get("action", "")))
        kind = self._take_in(where.path, where.query)
        if kind is None:
            return
        said = {str(box.get("name")): _schema(box) for box in form.iter("input", "select", "textarea") if box.get("name")}
        if form.method == "POST":
            self.fields.setdefault(kind, {}).update(said)
        else:
            self.queries.setdefault(kind, set()).update(said)

    def unread(self) -> set[str]:
        """Addresses that take a form which no page showed."""
        return {route.path for route in self.routes if "POST" in (route.methods or ()) and route.path not in self.fields}

    def description(self) -> dict[str, Any]:
        """All of it as OpenAPI 3.1."""
        paths: dict[str, dict[str, Any]] = {}
        for route in self.routes:
            for method in sorted((route.methods or set()) - {"HEAD"}):
                paths.setdefault(_IN_PATH.sub(r"{\1}", route.path), {})[method.lower()] = self._operation(route, method)
        return {"openapi": "3.1.0", "info": {"title": "The console", "version": "1"}, "paths": paths}

    def _operation(self, route: Route, method: str) -> dict[str, Any]:
        known = self.values.get(route.path, {})
        named = [_parameter(name, "path", known.get(name, ())) for name in _IN_PATH.findall(route.path)]
        operation: dict[str, Any] = {"responses": {"default": {"description": "A page."}}}
        if method == "POST":
            fields = self.fields.get(route.path, {})
            schema = {"type": "object", "properties": fields, "required": sorted(fields), "additionalProperties": False}
            operation["requestBody"] = {"required": True, "content": {FORM: {"schema": schema}}}
        else:
            named += [_parameter(name, "query", ()) for name in sorted(self.queries.get(route.path, ()))]
        return {**operation, "parameters": named}


def _parameter(name: str, place: str, known: Iterable[str]) -> dict[str, Any]:
    """What may stand there: what the pages have there, or anything else."""
    anything: dict[str, Any] = {"type": "string", "minLength": 1} if place == "path" else {"type": "string"}
    schema = {"anyOf": [{"enum": sorted(known)}, anything]} if known else anything
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _schema(box: html.HtmlElement) -> dict[str, Any]:
    """What a browser would let somebody fill in; a hidden field or a choice holds what it holds, or anything else."""
    if box.tag == "select":
        return {"anyOf": [{"enum": [str(option.get("value", option.text or "")) for option in box.iter("option")]}, {"type": "string"}]}
    if box.get("type") == "number":
        return {"anyOf": [{"type": "integer"}, {"type": "string"}]}
    if box.get("type") == "hidden":
        return {"anyOf": [{"enum": [str(box.get("value", ""))]}, {"type": "string"}]}
    return {"type": "string"}
