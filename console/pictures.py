"""What was shown at two moments, held against each other. A moment that the engine must judge again first is waited for only a little."""

from collections import OrderedDict
from collections.abc import Mapping
from datetime import datetime
from threading import Lock

from console.changes import Changes, Picture, changes
from console.district_views import DistrictView
from console.interface.speaking import language
from console.judging import Judge
from console.local_time import LocalTime
from console.names import Names
from console.reading import LogReader
from console.truths import district_truths
from console.view import districts_shown
from processors.engine import State
from schemas.country_files import LoadedCountry

_IMPATIENCE = 10
"""How many times shorter a page waits for what an earlier moment was judged at: what changed of districts is said at the next load."""
_KEPT = 32


class Pictures:
    """What was shown, at any moment. Several threads may use one.

    Args:
        patience_s: how long a page waits for the newest moment.
    """

    def __init__(self, reader: LogReader, judge: Judge, country: LoadedCountry, patience_s: float) -> None:
        self._patience_s = patience_s / _IMPATIENCE
        self._reader, self._judge = reader, judge
        self._country, self._clock = country, LocalTime(country.timezone)
        self._districts = tuple(a.code for a in country.places.areas.values() if a.level == "adm2")
        self._kept: OrderedDict[tuple[datetime, int, str], tuple[tuple[DistrictView, ...], Mapping[str, datetime]]] = OrderedDict()
        self._lock = Lock()

    def changes(self, since: datetime, until: datetime, *, asked: bool) -> Changes:
        """What has changed between two moments.

        Args:
            asked: somebody asked for the first one; else it is when the reader's last visit ended.
        """
        then, now = self._picture(since), self._picture(until)
        return changes(then, now, self._reader.answers(since, until), Names(self._country), self._clock, asked=asked)

    def _picture(self, at: datetime) -> Picture:
        """What was shown; what was judged of a moment is kept, as long as nothing more is said of the time until then."""
        known = self._reader.until(at)
        key = (known.at, len(known.events) + len(known.breaches) + known.heard, language())
        with self._lock:
            if key in self._kept:
                return Picture(known, *self._kept[key])
        state = self._judge.state(known.at, self._patience_s)
        if not isinstance(state, State):
            return Picture(known, None)
        truths = district_truths(state, self._districts, known.at)
        turned = {code: max(moments) for code, some in truths.items() if (moments := [one.since for one in some if one.since is not None])}
        shown = districts_shown(known, truths, Names(self._country), self._clock)
        with self._lock:
            self._kept[key] = (shown, turned)
            while len(self._kept) > _KEPT:
                self._kept.popitem(last=False)
        return Picture(known, shown, turned)
