"""A report by a person as a reading: at which voice of its area, how far to be trusted, and without anything that leads back to them."""

from datetime import datetime
from typing import Any

from sqlalchemy import Connection, insert, select, update

from alerts.listening.keywords import ReportKind
from alerts.people.keys import Keys
from alerts.tables import voices
from schemas import community_reports
from schemas.country_files import LoadedCountry
from schemas.indicators import CATALOGUE
from schemas.inputs import Quality
from schemas.readings import PlainReading

TRUST = {"household": Quality.REPORTED}
"""How far a report is to be trusted, by the reporter's group. All others were trained and asked to report: theirs are entered by hand."""
_KEY = 24


def voice_of(connection: Connection, country: LoadedCountry, area: str, subscriber: str, at: datetime) -> str | None:
    """The voice of an area that is a person's from now on; none if the area has no voices.

    A person keeps theirs as long as nobody needs it more: a free one is given first, then the one that was silent longest. So one person
    is never two voices, and as many people as there are voices are never fewer.
    """
    reports = country.facts.reports
    if reports is None or area not in reports.areas:
        return None
    rows = connection.execute(select(voices).where(voices.c.area == area).order_by(voices.c.last_at, voices.c.number)).all()
    number = _number(rows, subscriber, reports.voices)
    values = {"subscriber": subscriber, "last_at": at}
    taken = update(voices).where(voices.c.area == area, voices.c.number == number).values(**values)
    if connection.execute(taken).rowcount == 0:
        connection.execute(insert(voices).values(area=area, number=number, **values))
    return community_reports.voice(area, number)


def _number(rows: Any, subscriber: str, most: int) -> int:
    own = next((row.number for row in rows if row.subscriber == subscriber and row.number <= most), None)
    if own is not None:
        return int(own)
    used = {row.number for row in rows}
    free = next((number for number in range(1, most + 1) if number not in used), None)
    return int(free if free is not None else next(row.number for row in rows if row.number <= most))


def reading_of(keys: Keys, identity: str, voice: str, kind: ReportKind, count: int, group: str, at: datetime) -> PlainReading:
    """A report as a reading. Its identity is made with the registry's key, so nobody without that key finds the message it came by."""
    indicator = f"{community_reports.PREFIX}{kind.value}"
    return PlainReading(
        id=keys.index(f"report {identity}")[:_KEY],
        feed=community_reports.FEED,
        area=voice,
        indicator=indicator,
        time=at,
        value=float(count),
        unit=CATALOGUE[indicator].unit,
        quality=TRUST.get(group, Quality.MANUAL),
    )
