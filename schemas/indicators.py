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
        # A forecast's discharge as the return period that the same model's own climate gives it (GloFAS publishes return levels with each
        # version of its model, and every version shifts them): a trigger in years outlives the version, one in m3/s does not.
        Indicator("discharge_return_period", "years", Dimension.ENVIRONMENTAL, "return period of the river's discharge", 0.0, 10_000.0),
        # Level less the gauge's own danger level, both from one reply of the Flood Forecasting and Warning Centre of Bangladesh, so that
        # no two datums meet: Bahadurabad's danger level is given as 19.50 m and as 19.05 m.
        Indicator("river_level_above_danger", *_RIVER, "river level above the danger level", -50.0, 50.0),
        # 1 while the bulletin in force (Department of Hydrology and Meteorology, Nepal) forecasts a flood in the basin, else 0.
        Indicator("flood_bulletin", "level", Dimension.ENVIRONMENTAL, "flood forecast by bulletin", 0.0, 1.0),
        # Sustained wind that the bulletin in force (Bangladesh Meteorological Department) expects at landfall. Averaging times differ by
        # agency; the greatest ever measured in a cyclone was a gust of 408 km/h (WMO World Weather and Climate Extremes Archive).
        Indicator("cyclone_wind", "km/h", Dimension.ENVIRONMENTAL, "wind of a cyclone at landfall", 0.0, 450.0),
        # The greatest share of houses, of all unions of a district, that wind and exposure together put at risk of total damage.
        Indicator("houses_at_risk", "%", Dimension.ENVIRONMENTAL, "houses at risk of total damage", 0.0, 100.0),
        # The highest and the lowest air temperature ever measured are 56.7 and -89.2 degrees (the same archive).
        Indicator("temperature_max", "°C", Dimension.ENVIRONMENTAL, "highest temperature of the day", -90.0, 57.0),
        Indicator("temperature_min", "°C", Dimension.ENVIRONMENTAL, "lowest temperature of the day", -90.0, 57.0),
        Indicator("temperature_range", "°C", Dimension.ENVIRONMENTAL, "difference of the day's temperatures", 0.0, 60.0),
        # Rothfusz' regression (US National Weather Service, SR 90-23), as forecasters give it.
        Indicator("heat_index", "°C", Dimension.ENVIRONMENTAL, "heat index of the day", -90.0, 100.0),
        Indicator("landslide_warning", "level", Dimension.ENVIRONMENTAL, "landslide warning", 0.0, 3.0),
        # The highest rain of a day ever measured is 1,825 mm (WMO World Weather and Climate Extremes Archive).
        Indicator("rain_1d", "mm", Dimension.ENVIRONMENTAL, "rain in a day", 0.0, 1825.0),
        Indicator("rain_1h", "mm", Dimension.ENVIRONMENTAL, "rain in an hour", 0.0, 305.0),
        # As a person says by SMS of the place where they are; 500 houses are more than anybody can see under water.
        Indicator(
            "community_report.water_in_houses",
            "houses",
            Dimension.ENVIRONMENTAL,
            "houses with water in them, as a person reports",
            0.0,
            500.0,
        ),
        Indicator("dengue_cases", "cases", Dimension.HEALTH, "dengue cases", 0.0, 1_000_000.0),
        Indicator("price_rice_white", "LCU/kg", Dimension.FOOD, "retail price of white rice", 0.01, 100_000.0),
    )
}
