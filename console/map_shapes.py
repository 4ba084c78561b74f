"""A country's areas as SVG paths: an equirectangular projection about the middle latitude, on a grid coarse enough for a poor line."""

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from shapely.geometry import shape

LONGEST = 760
"""The longer side of the map's own grid, in its units; the other follows from the country's form."""
_MARGIN = 6
_LETTER, _LETTER_HEIGHT = 7.9, 14
"""Room of a letter of a label, in units of the grid."""
_MOST_NAMES = 40
"""With more areas than that, only those with an event are named."""


@dataclass(frozen=True)
class AreaShape:
    """One area.

    Attributes:
        path: SVG path data. x, y: a point inside, for its label. room: the width of its box, which says whether a label fits.
    """

    code: str
    path: str
    x: int
    y: int
    room: int


@dataclass(frozen=True)
class CountryMap:
    """All areas of a level on one grid."""

    width: int
    height: int
    areas: tuple[AreaShape, ...]

    @property
    def broad(self) -> bool:
        """The country is so much broader than high that its map needs the page's whole width."""
        return self.width > 1.2 * self.height


@dataclass(frozen=True)
class Label:
    """An area's name, centred at x, on the line y."""

    x: int
    y: int
    name: str
    event: bool


Ring = Sequence[Sequence[float]]


def country_map(shapes: Mapping[str, Any]) -> CountryMap:
    """The features of a GeoJSON collection whose `properties.code` is the area's; lower longitudes left, higher latitudes up."""
    features = shapes["features"]
    points = [point for f in features for ring in _rings(f["geometry"]) for point in ring]
    west, east = min(p[0] for p in points), max(p[0] for p in points)
    south, north = min(p[1] for p in points), max(p[1] for p in points)
    squeeze = math.cos(math.radians((south + north) / 2))
    wide, high = (east - west) * squeeze, north - south
    scale = (LONGEST - 2 * _MARGIN) / max(high, wide)

    def place(longitude: float, latitude: float) -> tuple[int, int]:
        return round((longitude - west) * squeeze * scale) + _MARGIN, round((north - latitude) * scale) + _MARGIN

    areas = tuple(sorted((_area(f, place) for f in features), key=lambda a: a.code))
    return CountryMap(round(wide * scale) + 2 * _MARGIN, round(high * scale) + 2 * _MARGIN, areas)


def labels(drawn: CountryMap, districts: Iterable[tuple[str, str, bool]]) -> tuple[Label, ...]:
    """Where names fit without touching each other, those of districts with an event first.

    Args:
        districts: (code, name, an event stands there).
    """
    shapes = {a.code: a for a in drawn.areas}
    placed: list[Label] = []
    for code, name, event in sorted(districts, key=lambda d: (not d[2], -shapes[d[0]].room if d[0] in shapes else 0)):
        if code not in shapes or (len(drawn.areas) > _MOST_NAMES and not event):
            continue
        area = shapes[code]
        tries = (Label(area.x, area.y + shift, name, event) for shift in (4, -8, 16, -20, 28))
        fits = next((t for t in tries if not any(_touch(t, p) for p in placed)), None)
        placed += [fits] if fits is not None else []
    return tuple(placed)


def _touch(one: Label, other: Label) -> bool:
    width = (len(one.name) + len(other.name)) / 2 * _LETTER
    return abs(one.x - other.x) < width and abs(one.y - other.y) < _LETTER_HEIGHT


def _area(feature: Mapping[str, Any], place: Any) -> AreaShape:
    rings = [_thinned([place(p[0], p[1]) for p in ring]) for ring in _rings(feature["geometry"])]
    drawn = [ring for ring in rings if len(ring) > 3] or rings[:1]
    outline = shape(feature["geometry"])
    largest = max(outline.geoms, key=lambda g: g.area) if outline.geom_type == "MultiPolygon" else outline
    inside = largest.representative_point()
    x, y = place(inside.x, inside.y)
    left, right = place(largest.bounds[0], largest.bounds[1])[0], place(largest.bounds[2], largest.bounds[1])[0]
    return AreaShape(str(feature["properties"]["code"]), "".join(_written(r) for r in drawn), x, y, right - left)


def _rings(geometry: Mapping[str, Any]) -> Iterable[Ring]:
    polygons = [geometry["coordinates"]] if geometry["type"] == "Polygon" else geometry["coordinates"]
    return [ring for polygon in polygons for ring in polygon]


def _thinned(points: Sequence[tuple[int, int]]) -> list[tuple[int, int]]:
    """Without points that fall on the one before them."""
    return [p for i, p in enumerate(points) if i == 0 or p != points[i - 1]]


def _written(points: Sequence[tuple[int, int]]) -> str:
    """A ring as relative lines, which are about half as long as absolute ones."""
    first, *rest = points
    steps, (x, y) = [], first
    for px, py in rest:
        steps.append(f"{px - x} {py - y}")
        x, y = px, py
    return f"M{first[0]} {first[1]}l{' '.join(steps)}z".replace(" -", "-")
