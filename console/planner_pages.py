"""The planner over HTTP: `/planner` shows what a moved level would have made of the years, `/planner/export` hands the change over.

Nothing here writes into a country's folder or puts anything in force: a move is an address, and can be shared as one.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from functools import cached_property
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alerts.officers.officer import Officer
from console.access import What, may, officer_of, require
from console.interface.speaking import _
from console.names import Names, colour
from console.planner import PATIENCE_S, Planner, Preparing
from console.planner_histories import Source
from console.planner_view import Choice, Chosen, planner_view
from console.planner_worker import Prepared, Question, Refused
from console.rendering import Pages
from processors.backtest_moves import Movable, around, movable, moved
from processors.backtest_sweep import readers
from processors.backtest_verdicts import conditions_read
from schemas.configuration import Rule
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError
from schemas.place_tables import nearest

_LONGEST = 60
"""Characters of anything that is asked for: longer than any name, date or number."""
_AGAIN_S = 3
"""Seconds after which a page that waits loads itself again."""


class Around(Protocol):
    """What of the console the planner's pages need."""

    country: LoadedCountry
    pages: Pages

    def failed(self, status: int, what: str, remedy: str, officer: Officer | None = None) -> Response:
        """A page that says what went wrong, and what to do."""
        ...


class _Wrong(Exception):
    """What was asked for cannot be answered."""

    def __init__(self, status: int, what: str, remedy: str) -> None:
        self.status, self.what, self.remedy = status, what, remedy
        super().__init__(what)


@dataclass(frozen=True)
class _Asked:
    """What the address asks for, as far as it can be read without the history."""

    source: Source
    rule: Rule
    level: Movable
    value: float
    note: str
    days: tuple[date | None, date | None]


class PlannerPages:
    """The planner's pages.

    Args:
        histories: that may be chosen, the first by default.
    """

    def __init__(self, console: Around, histories: Sequence[Source], patience_s: float = PATIENCE_S) -> None:
        self._console, self._country = console, console.country
        self._planner = Planner(console.country, histories, patience_s)
        self._levels: dict[str, tuple[Movable, ...]] = {}

    @property
    def routes(self) -> list[Route]:
        """Where the pages are."""
        return [Route("/planner", self.page), Route("/planner/export", self.export)]

    def close(self) -> None:
        """End what judges moves."""
        self._planner.close()

    def page(self, request: Request) -> Response:
        """`/planner?history=&rule=&from=&to=&level=&value=`: the years with a level moved."""
        return self._answered(request, self._page)

    def export(self, request: Request) -> Response:
        """`/planner/export?...`: the same change as a patch with its backtest, for who may change thresholds in the whole country.

        Without any account, who is on this machine reads as ever, and has the files anyway; the gate lets nobody else come here.
        """
        if (officer := officer_of(request)) is not None:
            require(officer, What.CONFIGURE, self._country)
        return self._answered(request, self._export)

    def _answered(self, request: Request, work: Callable[[Request], Response]) -> Response:
        try:
            return work(request)
        except _Wrong as wrong:
            return self._console.failed(wrong.status, wrong.what, wrong.remedy, officer_of(request))

    def _page(self, request: Request) -> Response:
        if not self._planner.sources:
            return self._html(request, 200, self._console.pages.render("planner_none.html", folder=self._country.folder.name))
        asked, question = self._question(request)
        if isinstance(question, Preparing):
            return self._waiting(request, question)
        answer = self._planner.moved(question)
        if isinstance(answer, Refused):
            raise _Wrong(400, answer.what, answer.remedy)
        if isinstance(answer, Preparing):
            return self._waiting(request, answer)
        threshold = next(t for t in self._country.configuration.thresholds if t.name == question.level.threshold)
        curve = self._planner.curve(question, around(threshold, question.level))
        if isinstance(curve, Refused):
            raise _Wrong(400, curve.what, curve.remedy)
        prepared = self._planner.prepared(asked.source)
        view = planner_view(self._chosen(asked, prepared if isinstance(prepared, Prepared) else None), answer, curve, Names(self._country))
        officer = officer_of(request)
        may_export = officer is None or may(officer, What.CONFIGURE, self._country)
        return self._html(request, 200, self._console.pages.render("planner.html", view=view, may_export=may_export))

    def _export(self, request: Request) -> Response:
        question = self._question(request)[1]
        if isinstance(question, Preparing):
            return self._waiting(request, question)
        if question.value == question.level.number:
            raise _Wrong(400, _("Nothing is moved, so there is nothing to hand over."), _("Move the level to another value first."))
        answer = self._planner.exported(question, f"{datetime.now(self._country.timezone):%Y-%m-%d}")
        if isinstance(answer, Refused):
            raise _Wrong(400, answer.what, answer.remedy)
        if isinstance(answer, Preparing):
            return self._waiting(request, answer)
        name = f"{self._country.folder.name}-{question.level.name}-{question.value:g}.zip"
        headers = {
            "content-disposition": f'attachment; filename="{name}"',
            "x-content-type-options": "nosniff",
            "cache-control": "no-store",
        }
        return Response(answer, media_type="application/zip", headers=headers)

    def _question(self, request: Request) -> tuple[_Asked, Question | Preparing]:
        """What is asked; first of all the history is prepared, which a question about days is held against."""
        asked = self._asked(request)
        prepared = self._planner.prepared(asked.source)
        if isinstance(prepared, Refused):
            raise _Wrong(400, prepared.what, prepared.remedy)
        if isinstance(prepared, Preparing):
            return asked, prepared
        since, until = self._period(asked.days, prepared)
        return asked, Question(asked.source.name, asked.rule.name, since, until, asked.level, asked.value)

    def _asked(self, request: Request) -> _Asked:
        given = {key: request.query_params.get(key, "").strip() for key in ("history", "rule", "from", "to", "level", "of", "value")}
        for key, text in given.items():
            if len(text) > _LONGEST:
                raise _Wrong(
                    400,
                    _("`{key}` has {number, number} characters; nothing that can be asked for is so long.", key=key, number=len(text)),
                    _("Choose again."),
                )
        source = self._source(given["history"])
        rule = self._rule(given["rule"])
        level, note = self._level(rule, given["level"])
        own = given["of"] in ("", level.name)
        value = self._value(given["value"], level) if own and not note else level.number
        if given["value"] and not own and not note:
            note = _("Another level was chosen, so it stands at today's value: {value}.", value=level.text)
        return _Asked(source, rule, level, value, note, (_day(given["from"], "from"), _day(given["to"], "to")))

    def _source(self, name: str) -> Source:
        sources = {source.name: source for source in self._planner.sources}
        if name and name not in sources:
            raise _Wrong(
                404,
                _("There is no history `{name}` here.", name=name),
                nearest(name, list(sources)) or _("There are {names}.", names=", ".join(sources)),
            )
        return sources[name] if name else self._planner.sources[0]

    def _rule(self, name: str) -> Rule:
        rules = {rule.name: rule for rule in self._rules}
        if name and name not in {r.name for r in self._country.configuration.rules}:
            raise _Wrong(
                404, _("There is no rule `{name}`.", name=name), nearest(name, list(rules)) or _("See /rules for those that there are.")
            )
        if name and name not in rules:
            what = _("The rule `{name}` reads no level that has a number: its levels are the source's own words.", name=name)
            raise _Wrong(400, what, _("Choose another rule."))
        if not rules:
            raise _Wrong(404, _("No rule of this country reads a level that has a number."), _("There is nothing to move here."))
        return rules[name] if name else self._rules[0]

    @cached_property
    def _rules(self) -> list[Rule]:
        """The rules of which something can be moved."""
        self._levels = {rule.name: movable(self._country.configuration, rule) for rule in self._country.configuration.rules}
        return [rule for rule in self._country.configuration.rules if self._levels[rule.name]]

    def _level(self, rule: Rule, name: str) -> tuple[Movable, str]:
        own = {level.name: level for level in self._levels[rule.name]}
        if name in own:
            return own[name], ""
        read = [text.replace(" >= ", ".") for text in conditions_read(self._country.configuration, rule)]
        first = next((own[text] for text in read if text in own), self._levels[rule.name][0])
        if not name:
            return first, ""
        if name not in {level.name for levels in self._levels.values() for level in levels}:
            remedy = nearest(name, list(own)) or _("The rule reads {names}.", names=", ".join(own))
            raise _Wrong(404, _("There is no level `{name}` that can be moved.", name=name), remedy)
        return first, _("The rule does not read {name}, so {first} is shown, at today's value.", name=name, first=first.name)

    def _value(self, text: str, level: Movable) -> float:
        if not text:
            return level.number
        remedy = _("Write one such as {number}; today it is {value}.", number=f"{level.number:g}", value=level.text)
        try:
            value = float(text.replace(",", "."))
        except ValueError:
            raise _Wrong(400, _("`{text}` is not a number.", text=text), remedy) from None
        try:
            moved(self._country.configuration, level, value)
        except ConfigurationError as error:
            raise _Wrong(400, error.what, error.remedy or _("Today it is {value}.", value=level.text)) from error
        return value

    def _period(self, days: tuple[date | None, date | None], prepared: Prepared) -> tuple[datetime | None, datetime | None]:
        zone = self._country.timezone
        begin, end = (moment.astimezone(zone).date() for moment in (prepared.first, prepared.last))
        first, last = days
        if (first is not None and first > end) or (last is not None and last < begin) or (first and last and first > last):
            asked_from, asked_to = str(first or begin), str(last or end)
            what = _("In the period from {first} to {last} nothing was received.", first=asked_from, last=asked_to)
            raise _Wrong(400, what, _("The history goes from {first} to {last}.", first=str(begin), last=str(end)))
        since = datetime.combine(first, time(), zone).astimezone(UTC) if first is not None and first > begin else None
        until = datetime.combine(last, time(), zone).astimezone(UTC) + timedelta(days=1) if last is not None and last < end else None
        return since, until

    def _chosen(self, asked: _Asked, prepared: Prepared | None) -> Chosen:
        zone = self._country.timezone
        span = tuple(moment.astimezone(zone).date().isoformat() for moment in (prepared.first, prepared.last)) if prepared else ("", "")
        names = Names(self._country)
        return Chosen(
            histories=tuple(Choice(s.name, s.title, s is asked.source) for s in self._planner.sources),
            rules=tuple(Choice(r.name, names.rule(r.name), r is asked.rule) for r in self._rules),
            levels=tuple(Choice(one.name, _level_words(one), one == asked.level) for one in self._levels[asked.rule.name]),
            history=asked.source.name, rule=asked.rule.name, level=asked.level, value=asked.value, note=asked.note,
            first=asked.days[0].isoformat() if asked.days[0] else "", last=asked.days[1].isoformat() if asked.days[1] else "",
            span=(span[0], span[1]), has_events=bool(prepared and prepared.events), is_case=asked.source.is_case,
            others=tuple(r for r in readers(self._country.configuration, asked.level.threshold) if r != asked.rule.name),
            folder=self._country.within_countries,
        )  # fmt: skip

    def _waiting(self, request: Request, preparing: Preparing) -> Response:
        page = self._console.pages.render("planner_waiting.html", preparing=preparing, again=_AGAIN_S)
        return self._html(request, 202, page)

    def _html(self, request: Request, status: int, page: str) -> Response:
        headers = {**self._console.pages.headers, "cache-control": "no-cache", "content-type": "text/html; charset=utf-8"}
        body = self._console.pages.with_officer(page.encode(), officer_of(request))
        return Response(body, status_code=status, headers=headers)


def _level_words(level: Movable) -> str:
    return f"{level.threshold.replace('_', ' ')}, {colour(level.level)}: {level.text}"


def _day(text: str, key: str) -> date | None:
    if not text:
        return None
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise _Wrong(400, _("`{text}` at `{key}` is not a day.", text=text, key=key), _("Write it as 2025-11-27.")) from None
