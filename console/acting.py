"""What all pages on which people decide have in common: one service, one turn at a time, never kept, and a refusal that is explained."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime
from threading import Lock

from starlette.requests import Request
from starlette.responses import Response

from alerts.desk import DutyDesk
from console.access import csrf_field, officer_of
from console.local_time import LocalTime
from console.names import Names
from console.rendering import Pages
from schemas.country_files import LoadedCountry
from schemas.errors import PolyriskError


@dataclass(frozen=True)
class Acting:
    """Where decisions of a country are taken.

    Attributes:
        service: the duty desk, over the registry. now: the country's time. turn: the service is one, and pages are answered by several
            threads.
    """

    service: DutyDesk
    country: LoadedCountry
    pages: Pages
    now: Callable[[], datetime]
    turn: Lock = field(default_factory=Lock)

    @property
    def names(self) -> Names:
        """What things are called."""
        return Names(self.country)

    @property
    def clock(self) -> LocalTime:
        """The country's clock."""
        return LocalTime(self.country.timezone)

    def by(self, request: Request) -> str:
        """Under which name the officer acts who asks."""
        officer = officer_of(request)
        return officer.display if officer is not None else ""

    def page(self, request: Request, name: str, status: int = 200, **shown: object) -> Response:
        """A page for this reader alone."""
        html = self.pages.of_officer(name, form_field=csrf_field(request), **shown)
        body = self.pages.with_officer(html.encode(), officer_of(request))
        return Response(body, status, media_type="text/html", headers={"cache-control": "no-store"})

    def gone(self, error: PolyriskError) -> Response:
        """The page that says that there is no such thing."""
        return Response(self.pages.failed(error.what, error.remedy), 404, media_type="text/html", headers={"cache-control": "no-store"})
