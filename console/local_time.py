"""Moments and spans as people on duty read them: the country's own clock, with UTC beside it where it may be doubted."""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True)
class LocalTime:
    """Writes moments in a zone. Month names are fixed, so that a page does not depend on the machine's locale."""

    zone: ZoneInfo

    def text(self, moment: datetime) -> str:
        """`27 Nov 2025 20:03`, local clock."""
        local = moment.astimezone(self.zone)
        return f"{self.day(moment)} {local:%H:%M}"

    def day(self, moment: datetime) -> str:
        """`27 Nov 2025`, local date."""
        local = moment.astimezone(self.zone)
        return f"{local.day} {_MONTHS[local.month - 1]} {local.year}"

    def short_day(self, moment: datetime) -> str:
        """`27 Nov`, local date."""
        local = moment.astimezone(self.zone)
        return f"{local.day} {_MONTHS[local.month - 1]}"

    def clock(self, moment: datetime) -> str:
        """`20:03`, local clock."""
        return f"{moment.astimezone(self.zone):%H:%M}"

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
        return f"{minutes} min"
    if minutes < 48 * 60:
        return f"{minutes // 60} h"
    return f"{minutes // 1440} d"
