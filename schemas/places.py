"""How a source's own names and numbers are joined to our places."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from schemas.configuration import Area, Station


@dataclass(frozen=True)
class Places:
    """The areas and stations of a country, found by code, by a source's spelling, or by a feed's own key.

    Attributes:
        areas, stations: by our code.
        aliases: a spelling in lower case (or a source's code such as `LK-11`) to an area's code.
        station_keys: (feed, the feed's own name or number) to a station's code.
    """

    areas: Mapping[str, Area]
    stations: Mapping[str, Station]
    aliases: Mapping[str, str] = field(default_factory=dict)
    station_keys: Mapping[tuple[str, str], str] = field(default_factory=dict)

    def area(self, name: str) -> str | None:
        """The code of the area that a source calls `name`; none if nobody said so."""
        name = name.strip()
        return name if name in self.areas else self.aliases.get(name.lower())

    def station(self, feed: str, key: str) -> str | None:
        """The code of the station that `feed` calls `key`; none if nobody joined it."""
        return self.station_keys.get((feed, key.strip()))

    def within(self, code: str, level: str) -> tuple[str, ...]:
        """The areas of `level` at or under the area `code`."""
        return tuple(a.code for a in self.areas.values() if a.level == level and code in self.line(a.code))

    def line(self, code: str) -> Iterable[str]:
        """The area itself and all areas around it, smallest first."""
        current: str | None = code
        while current is not None and current in self.areas:
            yield current
            current = self.areas[current].parent
