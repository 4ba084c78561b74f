"""The console over HTTP: an overview, a page for each warning, health and metrics. These read the log and write nothing."""

import logging
import threading
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from urllib.parse import urlsplit

import uvicorn
from prometheus_client import CONTENT_TYPE_LATEST
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.gzip import GZipMiddleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from alerts.desk import DutyDesk
from alerts.officers.administering import Administering
from alerts.officers.officer import Officer
from alerts.officers.signing_in import SigningIn, utc_now
from alerts.officers.visits import Visits
from alerts.registry import Registry
from console.access import NotSignedInError, note_refusal, officer_of, sign_in_path
from console.account_pages import AccountPages
from console.acting import Acting
from console.answer_pages import AnswerPages
from console.changed_since import BEGINNING, ChangedSince, Own
from console.correction_pages import CorrectionPages
from console.duty_pages import DutyPages
from console.elsewhere import SignInService
from console.elsewhere_pages import ElsewherePages
from console.feeds_pages import FeedsPages
from console.gate import Gate
from console.health import Health, Probe, registry_readable
from console.history_pages import HistoryPages
from console.interface.choosing import ChoosesLanguage
from console.interface.speaking import _, language
from console.judging import Judge
from console.kept_reading import KeptReading
from console.local_time import LocalTime
from console.lost_registry import in_one_line
from console.map_shapes import country_map
from console.metrics import Metrics
from console.originating_pages import OriginatingPages
from console.own_language import keeping
from console.pictures import Pictures
from console.planner_histories import Source, sources_of
from console.planner_pages import PlannerPages
from console.reading import NOT_READ_YET, Known, LogReader, NotReadYetError
from console.rendering import ABOVE, CHANGED, Pages
from console.review_pages import ReviewPages
from console.rules_pages import RulesPages
from console.sending_pages import SendingPages
from console.series_kept import horizons
from console.series_views import WarningSeries
from console.shelf import Kept, Made, Shelf
from console.signing_in import SignInPages
from console.silence_pages import SilencePages
from console.telephone_pages import TelephonePages
from console.timing import Timing
from console.truths import Unjudged, district_truths
from console.view import overview, warning_page
from console.waiting_pages import WaitingPages
from console.waking_pages import WakingPages
from eventlog.log import EventLog
from processors.engine import State
from processors.garbage import give_back, leave_alone
from schemas.country_files import LoadedCountry
from schemas.errors import LogError, PolyriskError, RefusedError

_LOGGER = logging.getLogger(__name__)
_HTML = "text/html; charset=utf-8"
PATIENCE_S = 5.0
"""Seconds that a page waits for the engine's replay. Whoever is on duty must see events and silent feeds at once, judged or not."""
_READY_S = 2.0
"""Seconds that whoever asks whether the page is ready waits for it."""
LOOPBACK = "127.0.0.1"
STATES, READING = "states", "reading"
"""Of the console's own folder, where it keeps the engine's states of earlier moments, and what it has read of the input."""
_DECIDING = (
    *(WaitingPages, SilencePages, SendingPages, CorrectionPages, ReviewPages, OriginatingPages),
    *(DutyPages, WakingPages, AnswerPages, TelephonePages),
)
"""Pages over the registry, on which people decide."""


@dataclass(frozen=True)
class Page:
    """A page made of the log; one that is not whole says what is still being judged, and is not kept."""

    html: str
    whole: bool


class Console:
    """One shard's pages.

    Args:
        title: of the case, instead of the country's name.
        now: for live use, the country's clock: feeds are then silent as measured by it. Without it the newest moment is the log's own.
        patience_s: how long a page waits for thresholds to be judged again before it shows them as unknown.
        visits: when officers looked last.
        kept: the console's own folder, in which it keeps what it would else have to make again after a start; none keeps nothing for long.
    """

    def __init__(
        self,
        log: EventLog,
        country: LoadedCountry,
        *,
        title: str = "",
        now: Callable[[], datetime] | None = None,
        patience_s: float = PATIENCE_S,
        visits: Visits | None = None,
        kept: Path | None = None,
    ) -> None:
        self.log, self.country, self.title, self._now, self._patience_s = log, country, title, now, patience_s
        self.clock = LocalTime(country.timezone)
        self.metrics = Metrics()
        self.reader, self._judge = _reader_of(log, country, kept), _judge_of(log, country, kept)
        self._series = WarningSeries(self.reader, country)
        self._districts = tuple(a.code for a in country.places.areas.values() if a.level == "adm2")
        self.pages = Pages(country, country_map(country.shapes("adm2")))
        self._changed = ChangedSince(Pictures(self.reader, self._judge, country, patience_s), self.pages, self.clock, visits)
        self.shelf = Shelf()

    def begin(self) -> None:
        """Read the log and judge it in the background, so that whoever looks first need not wait for all of it."""

        def read() -> None:
            try:
                self.reader.refresh()
                give_back()
                newest = self.newest()
                self._judge.state(newest, None)
                self.reader.keep()
                leave_alone()
                give_back()
                self._judge.make_ready(newest)
            except LogError as error:
                _LOGGER.warning("the log cannot be read: %s", error)

        threading.Thread(target=read, name="console-begins", daemon=True).start()

    def end(self) -> None:
        """Write down what the next start need not read again."""
        try:
            self.reader.keep()
        except LogError as error:
            _LOGGER.warning("the log cannot be read: %s", error)

    def overview(self, request: Request) -> Response:
        """`/?at=`: feeds, map, time line."""

        def page(known: Known, newest: bool) -> Page:
            state = self._judge.state(known.at, self._patience_s)
            judged = isinstance(state, State)
            truths = district_truths(state, self._districts, known.at) if isinstance(state, State) else Unjudged(state)
            view = overview(known, truths, self.country, title=self.title, newest=newest)
            self.metrics.observe(view)
            return Page(self.pages.overview(view), judged)

        return self.answer(request, page, self._changed.section)

    def warning(self, request: Request) -> Response:
        """`/warning/{id}?message=&at=`: the texts beside their reasons."""
        id, message = str(request.path_params["id"]), request.query_params.get("message", "")

        def page(known: Known, newest: bool) -> Page | None:
            view = warning_page(known, id, message, self.country, self._series.of, title=self.title, newest=newest)
            return Page(self.pages.warning(view), True) if view is not None else None

        return self.answer(request, page)

    @property
    def probes(self) -> tuple[Probe, ...]:
        """What the pages need: the log, and that what it says is judged."""
        return (
            Probe("log", self._look_into_log, "Look whether its disk, or its broker, is there and has room."),
            Probe("judged", self._look_at_judgement, "Wait: until then districts are shown as unknown."),
        )

    def _look_into_log(self) -> str:
        self.reader.refresh(_READY_S)
        end, shard = self.reader.end(), self.country.shard
        return f"the log of {shard} goes to {self.clock.machine(end)}" if end else f"the log has nothing of {shard}"

    def _look_at_judgement(self) -> str:
        state = self._judge.state(self.newest(), _READY_S)
        if isinstance(state, State):
            return "all that the log has is judged"
        came_to = "it has not begun" if state is None else f"it has come to {self.clock.machine(state)}"
        raise PolyriskError(f"the log is still being judged: {came_to}.")

    def scrape(self, _request: Request) -> Response:
        """`/metrics`: for Prometheus."""
        try:
            self.reader.refresh(_READY_S)
        except NotReadYetError as error:
            return Response(f"{error}\n", 503, media_type="text/plain")
        return Response(self.metrics.text(self.reader.until(self.newest())), headers={"content-type": CONTENT_TYPE_LATEST})

    def newest(self) -> datetime:
        """The moment that is shown if none is asked for."""
        if self._now is not None:
            return self._now().replace(second=0, microsecond=0)
        return self.reader.end() or BEGINNING

    def answer(self, request: Request, page: Callable[[Known, bool], Page | None], own: Own | None = None) -> Response:
        """A page of the log as of the moment that is asked for by `at`; `page` gives none for what was not there then.

        Args:
            own: what stands on it for this reader alone.
        """
        try:
            self.reader.refresh(self._patience_s)
            newest = self.newest()
            asked = request.query_params.get("at", "")
            at = max(min(self.clock.parse(asked), newest), BEGINNING) if asked else newest
            known = self.reader.until(at)
            beside = own(request, at, known.version, at == newest) if own is not None else b""
        except (ValueError, OverflowError):
            return self.failed(400, _("The moment asked for cannot be read."), _("Write it as 2025-11-27T20:00, on the local clock."))
        except NotReadYetError as error:
            return self.not_read_yet(error)
        except LogError as error:
            _LOGGER.warning("the log cannot be read: %s", error)
            return self.failed(503, _("The log cannot be read; nothing can be said now."), error.remedy)
        key = (known.version, at, at == newest, language(), str(request.url.path), request.query_params.get("message", ""))
        kept = self.shelf.get(key, lambda: _kept(page(known, at == newest)))
        if kept is None:
            return self.failed(
                404, _("No such warning, or it was not yet made at the moment asked for."), _("Take off `at` to see the newest.")
            )
        theirs = {ABOVE: self.pages.above(officer_of(request)), CHANGED: beside}
        return kept.response(request, self.pages.headers, _HTML, theirs)

    def not_read_yet(self, error: NotReadYetError) -> Response:
        """What is said after a start until the log is read: how far it is, and nothing of what half of it says."""
        what = _(NOT_READ_YET)
        if error.came_to is not None:
            what += " " + _("So far it is read until {moment}.", moment=self.clock.text(error.came_to))
        answer = self.failed(503, what, _("Load the page again in some seconds."))
        answer.headers["retry-after"] = "2"
        return answer

    def page_of_log(self, request: Request, page: Callable[[Known, bool], str]) -> Response:
        """The same for a page that is there at any moment, and whole."""
        return self.answer(request, lambda known, newest: Page(page(known, newest), True))

    def failed(self, status: int, what: str, remedy: str, officer: Officer | None = None) -> Response:
        """A page that says what went wrong, and what to do."""
        body = self.pages.with_officer(self.pages.failed(what, remedy).encode(), officer)
        return Response(body, status_code=status, headers={**self.pages.headers, "content-type": _HTML})

    def refused(self, request: Request, error: Exception) -> Response:
        """What an endpoint refuses becomes a page; a page for who is signed in, the way there and back."""
        if isinstance(error, NotSignedInError) and request.method in ("GET", "HEAD"):
            return RedirectResponse(sign_in_path(request), 303)
        if isinstance(error, RefusedError):
            note_refusal(request, error.what)
            return self.failed(403, error.what, error.remedy, officer_of(request))
        raise error

    def no_page(self, request: Request, error: Exception) -> Response:
        """What is said of an address that there is not, or that does not take what was done."""
        status = error.status_code if isinstance(error, HTTPException) else 500
        what = _("There is no such page.") if status == 404 else _("This page is not asked for in this way.")
        return self.failed(status, what, _("Start from the overview; each page leads on from there."), officer_of(request))

    def registry_lost(self, request: Request, error: Exception) -> Response:
        """What is said when the registry broke off meanwhile: who pressed a button must take it neither for done nor for not done."""
        _LOGGER.error("the registry was lost while %s was answered: %s", request.url.path, in_one_line(error))
        if request.method in ("GET", "HEAD"):
            return self.failed(
                503, _("The registry cannot be read; nothing can be said now."), _("Load the page again. See the console's log.")
            )
        what = _("It is not known whether what you pressed was done: the registry was lost meanwhile.")
        return self.failed(503, what, _("Load the page again: it says what was done. What was not, press again."))


def _reader_of(log: EventLog, country: LoadedCountry, kept: Path | None) -> LogReader:
    return LogReader(log, country.shard, horizons(country), KeptReading(kept / READING, log, country.shard) if kept is not None else None)


def _judge_of(log: EventLog, country: LoadedCountry, kept: Path | None) -> Judge:
    return Judge(log, country.shard, kept=kept / STATES if kept is not None else None)


def _kept(page: Page | None) -> Made:
    return (Kept.of(page.html.encode(), ABOVE, CHANGED), page.whole) if page is not None else None


def create_app(
    log: EventLog,
    country: LoadedCountry,
    *,
    title: str = "",
    now: Callable[[], datetime] | None = None,
    patience_s: float = PATIENCE_S,
    hosts: tuple[str, ...] = (LOOPBACK, "localhost"),
    registry: Registry | None = None,
    clock: Callable[[], datetime] = utc_now,
    histories: Sequence[Source] | None = None,
    elsewhere: SignInService | None = None,
    kept: Path | None = None,
) -> Starlette:
    """The console as an ASGI application.

    Args:
        title, now, patience_s, kept: as for `Console`.
        hosts: names under which it may be called; a page elsewhere that points its own name here gets nothing.
        registry: where accounts are kept; without it nobody signs in, and whoever is on this machine reads and changes nothing.
        clock: by which sessions and codes hold, the machine's own.
        histories: that the planner may choose from; by default the cases that ship with the country.
        elsewhere: a sign-in service that may be asked instead of a password.

    Raises:
        ConfigurationError: the country has no shapes of its districts.
    """
    visits = Visits(registry, now or clock) if registry is not None else None
    console = Console(log, country, title=title, now=now, patience_s=patience_s, visits=visits, kept=kept)
    planner = PlannerPages(console, sources_of(country) if histories is None else histories)
    signing_in = SigningIn(registry, clock) if registry is not None else None
    probes = [*console.probes, *([registry_readable(registry)] if registry is not None else ())]
    deciding: list[Route] = []
    if registry is not None:
        acting = Acting(DutyDesk(log, registry, country), country, console.pages, now or clock)
        deciding = [route for of in _DECIDING for route in of(acting).routes()]
        deciding += AccountPages(acting, Administering(registry, country, clock)).routes()

    @asynccontextmanager
    async def lifespan(_app: Starlette) -> AsyncIterator[None]:
        console.begin()
        yield
        planner.close()
        console.end()

    app = Starlette(
        lifespan=lifespan,
        routes=[
            Route("/", console.overview),
            Route("/warning/{id}", console.warning),
            *Health(probes).routes,
            Route("/metrics", console.scrape),
            *(_ways_in(signing_in, console.pages, elsewhere) if signing_in is not None else ()),
            *HistoryPages(console.reader, country, console.pages, console.newest, console.shelf).routes(),
            *deciding,
            *FeedsPages(console).routes,
            *RulesPages(console).routes,
            *planner.routes,
        ],
        middleware=[
            Middleware(Timing, console.metrics.registry),
            Middleware(TrustedHostMiddleware, allowed_hosts=list(hosts)),
            Middleware(GZipMiddleware, minimum_size=600),
            Middleware(ChoosesLanguage, country.facts.console_language, keeping(signing_in) if signing_in is not None else None),
            Middleware(Gate, console.pages, country, signing_in, visits),
        ],
        exception_handlers={RefusedError: console.refused, SQLAlchemyError: console.registry_lost, HTTPException: console.no_page},
    )
    app.state.close = planner.close  # for who ends without ending what serves it
    return app


def _ways_in(signing_in: SigningIn, pages: Pages, elsewhere: SignInService | None) -> list[Route]:
    if elsewhere is None:
        return SignInPages(signing_in, pages).routes()
    host = urlsplit(elsewhere.issuer).netloc
    return [*SignInPages(signing_in, pages, host).routes(), *ElsewherePages(elsewhere, signing_in, pages).routes()]


def serve(app: Starlette, port: int) -> None:
    """Serve on the loopback address until interrupted. Whoever wants it elsewhere puts a proxy with a login before it.

    Raises:
        PolyriskError: the port cannot be had.
    """
    try:
        uvicorn.run(app, host=LOOPBACK, port=port, log_level="warning", access_log=False)
    except SystemExit as stopped:
        if stopped.code:
            raise PolyriskError(
                f"The console cannot be served on port {port}.", where=LOOPBACK, remedy="Is another one running? Take another port."
            ) from stopped
