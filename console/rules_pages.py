"""`/rules`: each rule and each threshold in words, as the files have them, with their documents, and the events that stand by each rule."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from alerts.officers.officer import Officer
from console.access import officer_of
from console.colours import word_of
from console.evidence_views import quiet_text
from console.interface.recognising import recognised
from console.interface.speaking import _, language
from console.local_time import LocalTime
from console.names import Names
from console.reading import Known
from console.rendering import Pages
from console.rules_table import Sheet, sheets
from console.standing import Standing, standing_events
from console.view import Head, head
from processors.backtest_moves import movable
from processors.backtest_sweep import within
from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError

_OWN = ("Rule", "Threshold", "When", "Unless", "Until", "Document", "Section", "Date", "Owner", "Valid for", "Reference", "First message")
"""Columns that have a place of their own on the page; the others are listed."""


class Around(Protocol):
    """What of the console these pages need."""

    country: LoadedCountry
    pages: Pages
    title: str

    def page_of_log(self, request: Request, page: Callable[[Known, bool], str]) -> Response:
        """A page made of the log as of the moment that is asked for."""
        ...

    def failed(self, status: int, what: str, remedy: str, officer: Officer | None = None) -> Response:
        """A page that says what went wrong, and what to do."""
        ...


@dataclass(frozen=True)
class Event:
    """An event that stands by a rule."""

    place: str
    level: str
    since: datetime
    warning: str
    quiet: str


@dataclass(frozen=True)
class Written:
    """A rule or a threshold as a meeting reads it.

    Attributes:
        cells: column to its text, all that is not empty. facts: those without a place of their own on the page.
        reads: of a rule, the thresholds it reads; of a threshold, the rules that read it.
    """

    name: str
    title: str
    cells: Mapping[str, str]
    facts: tuple[tuple[str, str], ...]
    reads: tuple[str, ...]
    movable: bool = False
    shadow: bool = False
    events: tuple[Event, ...] = ()


@dataclass(frozen=True)
class RulesView:
    """The page."""

    head: Head
    rules: tuple[Written, ...]
    thresholds: tuple[Written, ...]
    hash: str
    standing: str
    to_check: tuple[str, ...]
    folder: str


class RulesPages:
    """The page of rules and thresholds."""

    def __init__(self, console: Around) -> None:
        self._console, self._country = console, console.country
        self._read: dict[str, tuple[tuple[Written, ...], tuple[Written, ...]]] = {}

    @property
    def routes(self) -> list[Route]:
        """Where the page is."""
        return [Route("/rules", self.page)]

    def page(self, request: Request) -> Response:
        """`/rules?at=`: the files as they stand, with the events that stood then."""
        try:
            self._read[language()] = self._written
        except ConfigurationError as error:
            return self._console.failed(
                503, _("The country's texts cannot be read: {what}", what=recognised(error.what)), error.remedy, officer_of(request)
            )
        return self._console.page_of_log(request, self._page)

    def _page(self, known: Known, newest: bool) -> str:
        view = self.view(known, newest)
        return self._console.pages.render("rules.html", view=view, head=view.head)

    def view(self, known: Known, newest: bool) -> RulesView:
        """The page as values."""
        rules, thresholds = self._written
        names, standing = Names(self._country), standing_events(known)
        return RulesView(
            head=head(known, self._country, title=self._console.title, newest=newest),
            rules=tuple(_with_events(rule, standing, names, LocalTime(self._country.timezone)) for rule in rules),
            thresholds=thresholds,
            hash=self._country.configuration.hash,
            standing=self._country.facts.standing,
            to_check=tuple(self._country.facts.to_check),
            folder=self._country.within_countries,
        )

    @property
    def _written(self) -> tuple[tuple[Written, ...], tuple[Written, ...]]:
        """Rules and thresholds, in the order of the files, read once for each language: they change only with a start.

        Raises:
            ConfigurationError: a file of texts cannot be read.
        """
        spoken = language()
        if spoken not in self._read:
            self._read[spoken] = self._in_words()
        return self._read[spoken]

    def _in_words(self) -> tuple[tuple[Written, ...], tuple[Written, ...]]:
        names, configuration = Names(self._country), self._country.configuration
        of_thresholds, of_rules = sheets(self._country)
        reads = {r.name: tuple(t.name for t in within(configuration, {r.name}, muting=False).thresholds) for r in configuration.rules}
        rules = tuple(
            _written(of_rules, row, names.rule(rule.name), reads[rule.name], bool(movable(configuration, rule)), rule.shadow is not None)
            for rule, row in zip(configuration.rules, of_rules.rows, strict=True)
        )
        thresholds = tuple(
            _written(of_thresholds, row, names.threshold(one.name), tuple(name for name, read in reads.items() if one.name in read))
            for one, row in zip(configuration.thresholds, of_thresholds.rows, strict=True)
        )
        return rules, thresholds


def _written(sheet: Sheet, row: tuple[str, ...], title: str, reads: tuple[str, ...], moves: bool = False, shadow: bool = False) -> Written:
    cells = {column.title: text for column, text in zip(sheet.columns, row, strict=True) if text}
    facts = tuple((column, text) for column, text in cells.items() if column not in _OWN)
    return Written(row[0], title, cells, facts, reads, moves, shadow)


def _with_events(rule: Written, standing: tuple[Standing, ...], names: Names, clock: LocalTime) -> Written:
    events = tuple(
        Event(names.place(s.event.area), word_of(s.event.level), s.since, s.warning or "", quiet_text(s.event.quiet, names, clock))
        for s in standing
        if s.event.rule == rule.name
    )
    return Written(rule.name, rule.title, rule.cells, rule.facts, rule.reads, rule.movable, rule.shadow, events)
