"""How far places lie from each other."""

from math import asin, cos, radians, sin, sqrt

EARTH_RADIUS = 6371.0088
"""The mean radius of the Earth in kilometres (IUGG)."""


def kilometres(one: tuple[float, float], other: tuple[float, float]) -> float:
    """The distance along the globe between two (latitude, longitude) in degrees, by the haversine of the angle between them."""
    (north, east), (north_too, east_too) = one, other
    rise, run = radians(north_too - north), radians(east_too - east)
    haversine = sin(rise / 2) ** 2 + cos(radians(north)) * cos(radians(north_too)) * sin(run / 2) ** 2
    return 2 * EARTH_RADIUS * asin(min(1.0, sqrt(haversine)))
