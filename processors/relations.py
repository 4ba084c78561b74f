"""Which places a condition of one area looks at elsewhere: the areas that belong to it, and the places that lie near."""

from collections import defaultdict
from collections.abc import Callable, Iterable

from processors.distances import kilometres
from schemas.conditions import Share
from schemas.configuration import Area, Configuration, Station


class Relations:
    """The areas and stations of a configuration, and how they lie to each other."""

    def __init__(self, configuration: Configuration) -> None:
        self._areas = {area.code: area for area in configuration.areas}
        self._stations = configuration.stations
        children: dict[str, list[str]] = defaultdict(list)
        for area in configuration.areas:
            if area.parent is not None:
                children[area.parent].append(area.code)
        self._children = {parent: tuple(sorted(codes)) for parent, codes in children.items()}

    def of_share(self, share: Share, area: str) -> tuple[str, ...]:
        """The areas of which a share is asked for."""
        own = self._areas.get(area)
        if own is None:
            return ()
        if share.of == "children":
            return self._children.get(area, ())
        return own.neighbours if share.of == "neighbours" else own.upstream or ()

    def areas_near(self, area: str, distance: float) -> tuple[str, ...]:
        """The areas of the same level at most so many kilometres away, this one among them; none if it has no coordinates."""
        own = self._areas.get(area)
        return self._near(own, [a for a in self._areas.values() if own is not None and a.level == own.level], distance)

    def stations_near(self, area: str, distance: float, gives: Callable[[str], bool]) -> tuple[str, ...]:
        """The stations at most so many kilometres from an area that give what is asked for; none if it has no coordinates."""
        return self._near(self._areas.get(area), [s for s in self._stations if gives(s.code)], distance)

    @staticmethod
    def _near(own: Area | None, places: Iterable[Area | Station], distance: float) -> tuple[str, ...]:
        here = _coordinates(own) if own is not None else None
        if here is None:
            return ()
        found = ((place.code, there) for place in places if (there := _coordinates(place)) is not None)
        return tuple(sorted(code for code, there in found if kilometres(here, there) <= distance))


def _coordinates(place: Area | Station) -> tuple[float, float] | None:
    return (place.latitude, place.longitude) if place.latitude is not None and place.longitude is not None else None
