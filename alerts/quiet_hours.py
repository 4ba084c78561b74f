"""When what is not grave waits for the morning, by the clock of the place."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from schemas.country_facts import QuietHours
from schemas.levels import Level


def wait_until(hours: QuietHours | None, zone: ZoneInfo, level: Level, at: datetime) -> datetime | None:
    """Until when a message of a level waits at a moment, in UTC; none if it may go out.

    Args:
        zone: of the place that is warned. at: aware.
    """
    if hours is None or level >= Level.named(hours.passes):
        return None
    local = at.astimezone(zone)
    if not _within(hours, local.time()):
        return None
    day = local.date() if local.time() < hours.until else local.date() + timedelta(days=1)
    return datetime.combine(day, hours.until, zone).astimezone(UTC)


def _within(hours: QuietHours, clock: time) -> bool:
    if hours.since < hours.until:
        return hours.since <= clock < hours.until
    return clock >= hours.since or clock < hours.until
