"""When what is not grave waits for the morning, by the clock of the place."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

from sqlalchemy import Connection, select, update

from alerts.tables import messages, warnings
from schemas.country_facts import QuietHours
from schemas.country_files import LoadedCountry
from schemas.levels import Level
from schemas.warning_records import MessageState


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


def hold(connection: Connection, country: LoadedCountry, now: datetime) -> None:
    """Note of each message with people who have not got it yet until when it waits. Held once, it says that it is late when it goes.

    What concerns the people on duty alone goes to them at any hour.
    """
    hours = country.facts.messaging.quiet_hours
    if hours is None:
        return
    unsent = select(messages.c.message).where(messages.c.state == MessageState.INTENDED.value)
    query = select(warnings.c.id, warnings.c.area, warnings.c.level).where(warnings.c.id.in_(unsent), warnings.c.audience == "public")
    for row in connection.execute(query).all():
        until = wait_until(hours, country.zone_of(row.area), Level(row.level), now)
        if until is not None:
            values = {"wait_until": until, "late_at": until}
            connection.execute(update(warnings).where(warnings.c.id == row.id).values(**values))
