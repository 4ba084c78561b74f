"""Reports by people as readings: which feed they come by, and the voices of an area at which they are readings.

A voice is a place like a station: what one person of an area reports is a reading at one voice of it. So a rule counts people by counting
places, and nothing in the log says who they are. Which voice a person has is known to the registry alone, and changes.
"""

from collections.abc import Mapping

from pydantic import Field

from schemas.configuration import Area, FeedFacts, Station
from schemas.decided import Decided
from schemas.indicators import CATALOGUE
from schemas.moments import parse_span

FEED = "community_reports"
PREFIX = "community_report."
"""What names of indicators begin with that are reported so."""
FACTS = FeedFacts(feed=FEED, every=parse_span("10 min"), indicators=tuple(name for name in CATALOGUE if name.startswith(PREFIX)))
"""It is not fetched: each report is put into the log as it comes in, and the listener says every ten minutes that it listens."""


class Reports(Decided):
    """Where reports by people count.

    Attributes:
        voices: of how many people in one area the reports stand beside each other; who comes after them takes the voice that was silent
            longest, so that a rule should ask for fewer.
        areas: the areas with voices. Each needs coordinates in areas.csv: there its voices are.
    """

    voices: int = Field(ge=1, le=50)
    areas: tuple[str, ...] = Field(min_length=1)


def voice(area: str, number: int) -> str:
    """The code of a voice of an area, counted from 1."""
    return f"{area}-voice-{number}"


def voices_of(reports: Reports | None, areas: Mapping[str, Area]) -> dict[str, Station]:
    """The voices of a country as stations, by code; areas that are not known are left out."""
    if reports is None:
        return {}
    found = {}
    for area in (areas[code] for code in reports.areas if code in areas):
        name = area.names.get("en", area.code)
        for number in range(1, reports.voices + 1):
            code = voice(area.code, number)
            found[code] = Station(
                code=code,
                name=f"{name}, voice {number}",
                feed=FEED,
                areas=(area.code,),
                latitude=area.latitude,
                longitude=area.longitude,
            )
    return found
