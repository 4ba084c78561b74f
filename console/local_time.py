"""Moments and spans as people on duty read them: the country's own clock, with UTC beside it where it may be doubted."""

import re
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache
from zoneinfo import ZoneInfo

from babel.dates import format_date

from console.interface.speaking import _, in_own_digits, language, later
from schemas.moments import format_span

_SPAN = re.compile(r"(\d+) (s|min|h|d|w)\b")
_UNITS = {
    "s": later("{number} s"),
    "min": later("{number} min"),
    "h": later("{number} h"),
    "d": later("{number} d"),
    "w": later("{number} w"),
}


@dataclass(frozen=True)
class LocalTime:
    """Writes moments in a zone, in the language of the page; nothing in it depends on the machine's locale."""

    zone: ZoneInfo

    def text(self, moment: datetime) -> str:
        """`27 Nov 2025 20:03`, local clock."""
        return f"{self.day(moment)} {self.clock(moment)}"

    def day(self, moment: datetime) -> str:
        """`27 Nov 2025`, local date."""
        return _written(moment.astimezone(self.zone).date(), "d MMM y", language())

    def short_day(self, moment: datetime) -> str:
        """`27 Nov`, local date."""
        return _written(moment.astimezone(self.zone).date(), "d MMM", language())

    def clock(self, moment: datetime) -> str:
        """`20:03`, local clock."""
        return in_own_digits(f"{moment.astimezone(self.zone):%H:%M}")

    def utc(self, moment: datetime) -> str:
        """`2025-11-27 14:33 UTC`."""
        return f"{moment.astimezone(UTC):%Y-%m-%d %H:%M} UTC"

    def machine(self, moment: datetime) -> str:
        """The moment for `datetime` attributes and addresses: ISO 8601, UTC."""
        written = moment.astimezone(UTC).isoformat(timespec="microseconds" if moment.microsecond else "seconds")
        return written.replace("+00:00", "Z")

    def field(self, moment: datetime) -> str:
        """The moment for a `datetime-local` field: local clock, no zone."""
        return f"{moment.astimezone(self.zone):%Y-%m-%dT%H:%M}"

    def zone_text(self, moment: datetime) -> str:
        """`Asia/Colombo, UTC+05:30`, with the offset that holds at the moment."""
        offset = f"{moment.astimezone(self.zone):%z}"
        return f"{self.zone.key}, UTC{offset[:3]}:{offset[3:5]}"

    def parse(self, text: str) -> datetime:
        """A moment from an address or a `datetime-local` field; without a zone it is the local clock.

        Raises:
            ValueError: it is no ISO 8601 moment.
        """
        moment = datetime.fromisoformat(text.strip())
        return (moment if moment.tzinfo is not None else moment.replace(tzinfo=self.zone)).astimezone(UTC)


def span_text(span: timedelta) -> str:
    """A span in the unit that people would use: `20 min`, `6 h`, `3 d`; half units are not said."""
    minutes = int(span.total_seconds() // 60)
    if minutes < 60:
        return _(_UNITS["min"], number=minutes)
    if minutes < 48 * 60:
        return _(_UNITS["h"], number=minutes // 60)
    return _(_UNITS["d"], number=minutes // 1440)


def span_words(span: timedelta) -> str:
    """A span of a file as its file writes it, whole: `36 h`, `90 min`."""
    return spans_in(format_span(span))


def spans_in(text: str) -> str:
    """A text with its spans as the language of the page says them."""
    return _SPAN.sub(lambda found: _(_UNITS[found[2]], number=int(found[1])), text)


@lru_cache(maxsize=4096)
def _written(day: date, pattern: str, tag: str) -> str:
    return in_own_digits(format_date(day, pattern, locale=tag.replace("-", "_")))
