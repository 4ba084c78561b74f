"""History as a page, as files, and as an interface for programs: `/api/`, described by `/api/openapi.json`.

An answer carries an ETag; what goes wrong is said as problem details (RFC 9457). All of it only reads, as of any moment (`at`).
"""

import json
from collections.abc import Callable
from dataclasses import asdict
from datetime import datetime
from functools import cached_property
from typing import Any
from urllib.parse import urlencode

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.access import officer_of
from console.history import COLUMNS, PastWarning, Wanted, as_csv, as_geojson, past_warnings, shapes_of
from console.history_api import description
from console.interface.catalogues import SOURCE
from console.interface.speaking import _, language, later
from console.local_time import LocalTime
from console.names import Names
from console.reading import NOT_READ_YET, Known, LogReader, NotReadYetError
from console.rendering import ABOVE, Pages
from console.shelf import Kept, Shelf
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError, LogError, PolyriskError
from schemas.levels import Level

PROBLEM = "application/problem+json"
_SHAPES = ("adm2", "adm3")
_ASKED = {
    "at": later("As it was known at"),
    "since": later("Proposed from"),
    "until": later("Proposed before"),
    "area": later("Where"),
    "level": later("From which level on"),
}
"""What the fields of the page are called."""
_PATIENCE_S = 5.0
"""Seconds that an answer waits until the log is read."""
_FIRST_ROWS = 500
"""On the page; the files have all."""


class _NotUnderstoodError(PolyriskError):
    """A request that asks for what cannot be."""


class HistoryPages:
    """Past warnings of a country.

    Args:
        newest: the moment that is shown if none is asked for. shelf: where what was made is kept.
    """

    def __init__(self, reader: LogReader, country: LoadedCountry, pages: Pages, newest: Callable[[], datetime], shelf: Shelf) -> None:
        self._reader, self._country, self._pages, self._newest, self._shelf = reader, country, pages, newest, shelf
        self._names, self._clock = Names(country, SOURCE), LocalTime(country.timezone)

    def routes(self) -> list[Route]:
        """Where they are."""
        return [
            Route("/history", self.page),
            Route("/history.csv", self.csv),
            Route("/history.geojson", self.geojson),
            Route("/api/warnings", self.warnings),
            Route("/api/warnings/{warning}", self.warning),
            Route("/api/openapi.json", self.described),
        ]

    def page(self, request: Request) -> Response:
        """`/history`: a table."""
        try:
            known, wanted = self._asked(request)
        except _NotUnderstoodError as error:
            return self._failed(request, 400, f"{_(_ASKED[error.where])}: {error.what}", error.remedy)
        except NotReadYetError as error:
            return self._failed(request, 503, _(NOT_READ_YET), error.remedy)
        except LogError as error:
            return self._failed(request, 503, _("The log cannot be read; nothing can be said now."), error.remedy)

        def written() -> str:
            rows, names = self._rows(known, wanted), Names(self._country)
            asked = {name: text for name, text in request.query_params.items() if text}
            shown = {"rows": rows[:_FIRST_ROWS], "total": len(rows), "known": known, "asked": asked, "query": urlencode(asked)}
            shown |= {"areas": names.areas(), "names": names, "parse": self._clock.parse, "field": self._field}
            return self._pages.of_officer("history", **shown)

        return self._answer(request, known, written, "text/html; charset=utf-8", self._pages.above(officer_of(request)))

    def csv(self, request: Request) -> Response:
        """`/history.csv`: all rows."""
        return self._file(request, "text/csv; charset=utf-8; header=present", "history.csv", as_csv)

    def geojson(self, request: Request) -> Response:
        """`/history.geojson`: all rows with their shapes."""

        def written(rows: tuple[PastWarning, ...]) -> str:
            return json.dumps(as_geojson(rows, self._shapes), ensure_ascii=False)

        return self._file(request, "application/geo+json", "history.geojson", written)

    def warnings(self, request: Request) -> Response:
        """`/api/warnings`: all that are wanted."""

        def written(rows: tuple[PastWarning, ...]) -> str:
            return json.dumps({"country": self._country.code, "warnings": [asdict(row) for row in rows]}, ensure_ascii=False)

        return self._file(request, "application/json", "", written)

    def warning(self, request: Request) -> Response:
        """`/api/warnings/{warning}`: one, with each of its messages as published."""
        try:
            known = self._asked(request)[0]
        except (_NotUnderstoodError, LogError, NotReadYetError) as error:
            return self._problem(request, error)
        wanted = str(request.path_params["warning"])
        row = next((one for one in self._rows(known, Wanted()) if one.warning == wanted), None)
        if row is None:
            return _problem(404, "There is no such warning, or it was not yet made at that moment.", request.url.path, "Take off `at`.")

        def written() -> str:
            messages = {p.warning.id: json.loads(p.warning.model_dump_json()) for p in known.warnings if p.warning.warning == wanted}
            return json.dumps({**asdict(row), "published": list(messages.values())}, ensure_ascii=False)

        return self._answer(request, known, written, "application/json")

    def described(self, request: Request) -> Response:
        """`/api/openapi.json`: what there is."""
        return self._answer(request, None, lambda: json.dumps(description(self._country, COLUMNS), ensure_ascii=False), "application/json")

    def _file(self, request: Request, kind: str, name: str, written: Callable[[tuple[PastWarning, ...]], str]) -> Response:
        try:
            known, wanted = self._asked(request)
        except (_NotUnderstoodError, LogError, NotReadYetError) as error:
            return self._problem(request, error)
        answer = self._answer(request, known, lambda: written(self._rows(known, wanted)), kind)
        if name:
            answer.headers["content-disposition"] = f'attachment; filename="{self._country.code.lower()}-{name}"'
        return answer

    def _asked(self, request: Request) -> tuple[Known, Wanted]:
        """What was known at the moment that is asked for, and which warnings are wanted.

        Raises:
            _NotUnderstoodError: a parameter cannot be read. LogError: the log cannot.
        """
        asked = request.query_params
        self._reader.refresh(_PATIENCE_S)
        newest = self._newest()
        at = min(self._moment(asked.get("at", ""), "at") or newest, newest)
        area, level = asked.get("area", "").strip() or None, asked.get("level", "").strip()
        if area is not None and area not in self._country.places.areas:
            raise _NotUnderstoodError(_("there is no such area."), where="area", remedy=_("Give a P-code of areas.csv."))
        if level and level not in {one.word for one in Level}:
            raise _NotUnderstoodError(_("there is no such level."), where="level", remedy=_("Give green, yellow, orange or red."))
        since, until = (self._moment(asked.get(name, ""), name) for name in ("since", "until"))
        return self._reader.until(at), Wanted(since, until, area, Level.named(level) if level else None)

    def _failed(self, request: Request, status: int, what: str, remedy: str) -> Response:
        page = self._pages.with_officer(self._pages.failed(what, remedy).encode(), officer_of(request))
        return Response(page, status, media_type="text/html")

    def _field(self, text: str) -> str:
        """A moment of an address as its field has it: on the local clock, without a zone, however it was written."""
        return self._clock.field(self._clock.parse(text)) if text else ""

    def _moment(self, text: str, name: str) -> datetime | None:
        if not text:
            return None
        try:
            return self._clock.parse(text)
        except (ValueError, OverflowError) as error:
            remedy = _("Write it as 2025-11-27T20:00, on the local clock, or with Z.")
            raise _NotUnderstoodError(_("the moment cannot be read."), where=name, remedy=remedy) from error

    @cached_property
    def _shapes(self) -> dict[str, Any]:
        """P-code to geometry: read once, for they are megabytes."""
        found: dict[str, Any] = {}
        for level in _SHAPES:
            try:
                found |= shapes_of(self._country.shapes(level)["features"])
            except ConfigurationError:  # a country need not have every level
                continue
        return found

    def _rows(self, known: Known, wanted: Wanted) -> tuple[PastWarning, ...]:
        """All rows are made once; of a part of them each time."""
        if wanted != Wanted():
            return past_warnings(known, self._names, self._clock, wanted)
        return known.once("past warnings", lambda: past_warnings(known, self._names, self._clock, wanted))

    def _answer(self, request: Request, known: Known | None, written: Callable[[], str], kind: str, above: bytes = b"") -> Response:
        """What was written, once for all who ask for the same of what was known at a moment.

        Args:
            above: who is signed in; it stands in this reader's answer alone.
        """
        of = (known.version, known.at) if known is not None else None
        kept = self._shelf.get((of, language(), request.url.path, request.url.query), lambda: (Kept.of(written().encode(), ABOVE), True))
        assert kept is not None  # noqa: S101 - it is always written
        return kept.response(request, {}, kind, {ABOVE: above})

    def _problem(self, request: Request, error: PolyriskError) -> Response:
        return _problem(
            400 if isinstance(error, _NotUnderstoodError) else 503, error.what, f"{request.url.path}#{error.where}", error.remedy
        )


def _problem(status: int, title: str, instance: str, detail: str) -> Response:
    said = {"type": "about:blank", "title": title, "status": status, "detail": detail, "instance": instance}
    return Response(json.dumps(said), status, media_type=PROBLEM)
