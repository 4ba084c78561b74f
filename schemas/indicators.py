"""The catalogue of indicators: what can be observed, in which unit, and what value is possible at all."""

from dataclasses import dataclass

from schemas.levels import Dimension


@dataclass(frozen=True)
class Indicator:
    """One observable quantity.

    Attributes:
        name: as it stands in observations and thresholds.
        unit: the canonical unit that every observation of it carries.
        dimension: the dimension of human security that a breach of it counts for.
        title: a few words for people.
        least, most: values outside are impossible and go to quarantine.
    """

    name: str
    unit: str
    dimension: Dimension
    title: str
    least: float
    most: float


_RIVER = ("m", Dimension.ENVIRONMENTAL)
CATALOGUE: dict[str, Indicator] = {
    indicator.name: indicator
    for indicator in (
        # Gauges of Nepal report elevations (Samanpur 85.0, Galchhi 361.04), those of Sri Lanka go below their datum (-2.74).
        Indicator("river_level", *_RIVER, "river level", -20.0, 6000.0),
        Indicator("river_level.yellow", *_RIVER, "the station's first level", -20.0, 6000.0),
        Indicator("river_level.orange", *_RIVER, "the station's second level", -20.0, 6000.0),
        Indicator("river_level.red", *_RIVER, "the station's third level", -20.0, 6000.0),
        # The Amazon, the greatest of all, has carried some 370,000 m3/s at Obidos (HYBAM).
        Indicator("river_discharge", "m3/s", Dimension.ENVIRONMENTAL, "river discharge", 0.0, 400_000.0),
        Indicator("landslide_warning", "level", Dimension.ENVIRONMENTAL, "landslide warning", 0.0, 3.0),
        # The highest rain of a day ever measured is 1,825 mm (WMO World Weather and Climate Extremes Archive).
        Indicator("rain_1d", "mm", Dimension.ENVIRONMENTAL, "rain in a day", 0.0, 1825.0),
        Indicator("rain_1h", "mm", Dimension.ENVIRONMENTAL, "rain in an hour", 0.0, 305.0),
        Indicator("dengue_cases", "cases", Dimension.HEALTH, "dengue cases", 0.0, 1_000_000.0),
        Indicator("price_rice_white", "LCU/kg", Dimension.FOOD, "retail price of white rice", 0.01, 100_000.0),
    )
}
