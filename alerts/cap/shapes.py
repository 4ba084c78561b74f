"""Outlines of areas for CAP: few vertices, valid, without holes. The P-code beside them is what names the area exactly."""

from collections.abc import Mapping
from functools import cache, cached_property

import shapely
from shapely.geometry import shape

from schemas.country_files import LoadedCountry
from schemas.errors import ConfigurationError

MOST_VERTICES = 100
"""Of one polygon, its closing point counted: receivers in the field cut off or refuse longer ones."""
MOST_POLYGONS = 20
_LEAST_SHARE = 0.001
"""Islands smaller than this share of an area's greatest polygon are left to its code."""
_FIRST_TOLERANCE = 0.0005
"""Degrees, some 50 m; doubled until a polygon is short enough."""
_DECIMALS = 5

Polygon = tuple[tuple[float, float], ...]
"""Latitude and longitude in WGS 84, the first point repeated at the end."""


class Shapes:
    """The outlines of a country's areas, from its GeoJSON files, read when first asked for."""

    def __init__(self, country: LoadedCountry) -> None:
        self._country = country
        self._of = cache(self._polygons)

    def of(self, area: str) -> tuple[Polygon, ...]:
        """An area's polygons, the greatest first; none if the country has no shape of it."""
        return self._of(area)

    def _polygons(self, area: str) -> tuple[Polygon, ...]:
        geometry = self._geometries.get(area)
        if geometry is None:
            return ()
        mended = shapely.get_parts(shapely.get_parts(shapely.make_valid(geometry)))  # twice: mending may put several in one collection
        parts = [part for part in mended.tolist() if isinstance(part, shapely.Polygon)]
        parts.sort(key=lambda part: -part.area)
        kept = [part for part in parts[:MOST_POLYGONS] if part.area >= parts[0].area * _LEAST_SHARE]
        return tuple(_short(part) for part in kept)

    @cached_property
    def _geometries(self) -> Mapping[str, shapely.Geometry]:
        found = {}
        for level in ("adm1", "adm2", "adm3"):
            try:
                features = self._country.shapes(level)["features"]
            except ConfigurationError:  # a country need not have shapes of each level
                continue
            found.update({f["properties"]["code"]: shape(f["geometry"]) for f in features})
        return found


def _short(polygon: shapely.Polygon) -> Polygon:
    """The outline with at most so many vertices, valid after its coordinates were rounded."""
    outline = shapely.Polygon(polygon.exterior)
    tolerance = _FIRST_TOLERANCE
    points = _rounded(outline)
    while len(points) > MOST_VERTICES or not shapely.Polygon(points).is_valid:
        points = _rounded(outline.simplify(tolerance, preserve_topology=True))
        tolerance *= 2
    return points


def _rounded(polygon: shapely.Polygon) -> Polygon:
    return tuple((round(lat, _DECIMALS), round(lon, _DECIMALS)) for lon, lat in polygon.exterior.coords)
