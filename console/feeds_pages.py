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
from console.interface.speaking import _, later
from console.local_time import LocalTime, span_text, span_words
from console.names import Names, colour
from console.quantities import unit_word
from console.reading import Known
from console.rendering import Pages
from console.standing import standing_events
from console.view import Head, head
from feeds.manifest import ROOT
from processors.backtest_sweep import readers
from schemas.country_files import LoadedCountry
from schemas.indicators import CATALOGUE
from schemas.manifests import FeedManifest
from schemas.outputs import BreachChange

NOTES = "NOTES.md"
_PLACES = {"station": later("at stations"), "adm1": later("by province"), "adm2": later("by district"), "adm3": later("by division")}


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
            rule, place = names.rule(standing.event.rule), names.place(standing.event.area)
            found.append(_("{rule} in {place} is unconfirmed: {why}", rule=rule, place=place, why=told))
    given = {g.indicator for g in manifest.gives}
    newest = known.once("newest breaches", lambda: {breach.id: breach for breach in known.breaches})
    for breach in newest.values():
        if breach.change is BreachChange.HELD and breach.indicator in given:
            since = clock.text(breach.at)
            level, what, place = colour(breach.level).capitalize(), names.threshold(breach.threshold), names.place(breach.area)
            found.append(_("{level} of {what} at {place}: held since {moment}", level=level, what=what, place=place, moment=since))
    return tuple(found)


def _gives(manifest: FeedManifest) -> list[str]:
    titles = {g.indicator: _(CATALOGUE[g.indicator].title) if g.indicator in CATALOGUE else g.indicator for g in manifest.gives}
    return [_("{what} in {unit}, {by}", what=titles[g.indicator], unit=unit_word(g.unit), by=_(_PLACES[g.at])) for g in manifest.gives]


def _facts(manifest: FeedManifest) -> tuple[tuple[str, str], ...]:
    asked = _("every {span}", span=span_words(manifest.every))
    if manifest.calm_every is not None:
        calm = span_words(manifest.calm_every)
        asked = _("every {span}; every {calm} while nothing is near", span=span_words(manifest.every), calm=calm)
    only = _("only what is active: an empty delivery says that nothing is")
    return (
        (_("source"), manifest.source),
        (_("licence"), manifest.licence),
        (_("contact"), manifest.contact or _("none is named")),
        (_("address"), manifest.url),
        (_("asked"), asked),
        (_("known after"), _("{span} from the end of a period, as declared", span=span_words(manifest.delay))),
        (_("lists"), _("all there is") if manifest.lists == "all" else only),
    )
