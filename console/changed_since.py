"""What the first page says to one reader: what has changed since their last visit, or since a moment that they ask for.

The page itself is the same for all and is kept; this is put into it. An officer's last visit is the account's; who has no account, or looks
at an earlier moment, asks for a moment by `?since=`.
"""

from collections import OrderedDict
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from threading import Lock

from starlette.requests import Request

from alerts.officers.visits import Visits
from console.access import officer_of
from console.interface.speaking import language, later
from console.local_time import LocalTime
from console.pictures import Pictures
from console.rendering import Pages

BEGINNING = datetime(1970, 1, 2, tzinfo=UTC)
"""No page is of an earlier moment."""
SPANS = (
    (later("the last hour"), timedelta(hours=1)),
    (later("the last 6 hours"), timedelta(hours=6)),
    (later("the last day"), timedelta(days=1)),
)
"""How far back somebody may look with one click."""
Own = Callable[[Request, datetime, object, bool], bytes]
"""(request, the moment shown, the version of the log, whether it is the newest) to what stands on a page for its reader alone."""
_KEPT = 64


class ChangedSince:
    """Writes that part of the first page. Several threads may use one.

    Args:
        visits: none if there are no accounts.
    """

    def __init__(self, pictures: Pictures, pages: Pages, clock: LocalTime, visits: Visits | None) -> None:
        self._pictures, self._pages, self._clock, self._visits = pictures, pages, clock, visits
        self._kept: OrderedDict[tuple[object, ...], bytes] = OrderedDict()
        self._lock = Lock()

    def section(self, request: Request, at: datetime, version: object, newest: bool) -> bytes:
        """See `Own`. Nothing as long as the log is empty.

        Raises:
            ValueError: the moment asked for cannot be read. LogError: the log cannot be read.
        """
        if at == BEGINNING:
            return b""
        since, first = self._since(request, at, newest)
        key = (version, at, newest, language(), since, first, asked := "since" in request.query_params)
        with self._lock:
            if key in self._kept:
                return self._kept[key]
        changes = self._pictures.changes(since, at, asked=asked) if since is not None else None
        written = self._pages.changes(changes, at, newest=newest, first=first, spans=SPANS).encode()
        if changes is None or changes.judged:
            with self._lock:
                self._kept[key] = written
                while len(self._kept) > _KEPT:
                    self._kept.popitem(last=False)
        return written

    def _since(self, request: Request, at: datetime, newest: bool) -> tuple[datetime | None, bool]:
        """Since when changes are wanted, and whether who asks has not been here before."""
        asked, officer = request.query_params.get("since", ""), officer_of(request)
        if asked:
            return max(min(self._clock.parse(asked), at), BEGINNING), False
        if officer is None or self._visits is None or not newest:
            return None, False
        before = self._visits.before(officer)
        return (min(before, at), False) if before is not None else (None, True)
