"""`/feeds`: each feed, what it is and by whose leave, when it last answered, what was kept aside, and what its silence holds up."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Protocol

from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from console.evidence_views import note_text
from console.feed_views import FeedView, feed_views
from console.local_time import LocalTime, span_text
from console.names import Names
from console.reading import Known
from console.rendering import Pages
from console.standing import standing_events
from console.view import Head, head
from feeds.manifest import ROOT
from processors.backtest_sweep import readers
from schemas.country_files import LoadedCountry
from schemas.indicators import CATALOGUE
from schemas.manifests import FeedManifest
from schemas.moments import format_span
from schemas.records import BreachChange

NOTES = "NOTES.md"


class Around(Protocol):
    """What of the console these pages need."""

    country: LoadedCountry
    pages: Pages
    title: str

    def page_of_log(self, request: Request, page: Callable[[Known, bool], str]) -> Response:
        """A page made of the log as of the moment that is asked for."""
        ...


@dataclass(frozen=True)
class FeedPage:
    """One feed.

    Attributes:
        status: as on the first page. gives, facts: from its manifest. notes: what its source does wrong, as its folder says.
        rows, kept_aside, all_kept_aside: of the last delivery, and all rows kept aside until the moment shown.
        reads: the thresholds that read it, each with the rules behind it.
        silenced: what rests on its silence: events that are unconfirmed, and breaches that are held.
    """

    status: FeedView
    gives: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    notes: str
    rows: int
    kept_aside: int
    all_kept_aside: int
    reads: tuple[tuple[str, tuple[str, ...]], ...]
    silenced: tuple[str, ...]
    allowed: str


@dataclass(frozen=True)
class FeedsView:
    """The page."""

    head: Head
    feeds: tuple[FeedPage, ...]


class FeedsPages:
    """The page of feeds."""

    def __init__(self, console: Around) -> None:
        self._console, self._country = console, console.country

    @property
    def routes(self) -> list[Route]:
        """Where the page is."""
        return [Route("/feeds", self.page)]

    def page(self, request: Request) -> Response:
        """`/feeds?at=`: all feeds as of a moment."""
        return self._console.page_of_log(request, self._page)

    def _page(self, known: Known, newest: bool) -> str:
        view = self.view(known, newest)
        return self._console.pages.render("feeds.html", view=view, head=view.head)

    def view(self, known: Known, newest: bool) -> FeedsView:
        """The page as values."""
        names = Names(self._country)
        found = []
        for manifest, status in zip(self._country.manifests.values(), feed_views(known, names), strict=True):
            beat = known.heartbeats.get(manifest.feed)
            found.append(
                FeedPage(
                    status=status,
                    gives=tuple(_gives(manifest)),
                    facts=_facts(manifest),
                    notes=self._notes.get(manifest.feed, ""),
                    rows=beat.rows if beat is not None else 0,
                    kept_aside=beat.quarantined if beat is not None else 0,
                    all_kept_aside=known.kept_aside.get(manifest.feed, 0),
                    reads=self._reads[manifest.feed],
                    silenced=silenced(manifest, known, names, LocalTime(self._country.timezone)),
                    allowed=span_text(manifest.allowed_silence),
                )
            )
        return FeedsView(head(known, self._country, title=self._console.title, newest=newest), tuple(found))

    @cached_property
    def _notes(self) -> dict[str, str]:
        """What is written beside each feed; a feed without notes has none."""
        files = {feed: ROOT / feed / NOTES for feed in self._country.manifests}
        return {feed: file.read_text(encoding="utf-8") for feed, file in files.items() if file.is_file()}

    @cached_property
    def _reads(self) -> dict[str, tuple[tuple[str, tuple[str, ...]], ...]]:
        """Feed to the thresholds that read it, each with the rules that read that."""
        configuration, found = self._country.configuration, {}
        for manifest in self._country.manifests.values():
            given = {g.indicator for g in manifest.gives}
            own = [t for t in configuration.thresholds if t.indicator in given and t.feed in (None, manifest.feed)]
            found[manifest.feed] = tuple((t.name, tuple(readers(configuration, t.name))) for t in own)
        return found


def silenced(manifest: FeedManifest, known: Known, names: Names, clock: LocalTime) -> tuple[str, ...]:
    """What rests on a feed's silence, or on that of some of its places: unconfirmed events, then breaches that are held."""
    found = []
    for standing in standing_events(known):
        lines = [line for line in standing.event.silent if line.startswith(f"{manifest.feed} ")]
        if standing.event.unconfirmed and lines:
            told = "; ".join(note_text(line.partition(" ")[2], names, clock) for line in lines)
            found.append(f"{names.rule(standing.event.rule)} in {names.place(standing.event.area)} is unconfirmed: {told}")
    given = {g.indicator for g in manifest.gives}
    newest = {breach.id: breach for breach in known.breaches}
    for breach in newest.values():
        if breach.change is BreachChange.HELD and breach.indicator in given:
            since = clock.text(breach.at)
            found.append(
                f"{breach.level.word.capitalize()} of {names.threshold(breach.threshold)} at {names.place(breach.area)}: held since {since}"
            )
    return tuple(found)


def _gives(manifest: FeedManifest) -> list[str]:
    places = {"station": "at stations", "adm1": "by province", "adm2": "by district", "adm3": "by division"}
    titles = {g.indicator: CATALOGUE[g.indicator].title if g.indicator in CATALOGUE else g.indicator for g in manifest.gives}
    return [f"{titles[g.indicator]} in {g.unit}, {places[g.at]}" for g in manifest.gives]


def _facts(manifest: FeedManifest) -> tuple[tuple[str, str], ...]:
    calm = f"; every {format_span(manifest.calm_every)} while nothing is near" if manifest.calm_every is not None else ""
    return (
        ("source", manifest.source),
        ("licence", manifest.licence),
        ("contact", manifest.contact or "none is named"),
        ("address", manifest.url),
        ("asked", f"every {format_span(manifest.every)}{calm}"),
        ("known after", f"{format_span(manifest.delay)} from the end of a period, as declared"),
        ("lists", "all there is" if manifest.lists == "all" else "only what is active: an empty delivery says that nothing is"),
    )
