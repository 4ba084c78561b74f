"""The recorded files of prices, gauges of Nepal and rain: read as they are, every row accounted for. Prints the counts with `-s`."""

import csv
import json
import os
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import Any

import pandas as pd
import pytest
from ruamel.yaml import YAML

from feeds.contract import ParseContext, Parsed
from feeds.lka_rain_grid.parse import read_grid
from feeds.lka_rain_grid.stand_in import netcdf
from feeds.manifest import load_manifest, load_parser
from schemas.country_files import CHECKOUT, countries_root
from schemas.errors import SourceChanged
from schemas.place_tables import read_places
from schemas.places import Places

RECORDED = Path(os.environ.get("POLYRISK_RECORDED") or CHECKOUT / "../shared/data")
NOVEMBER = datetime(2025, 11, 24, tzinfo=UTC)


@cache
def places(country: str) -> Places:
    """The places of a country as shipped."""
    feeds = YAML(typ="safe").load((countries_root() / country / "country.yaml").read_text(encoding="utf-8"))["feeds"]
    return read_places(countries_root() / country, country, list(feeds)).places


@cache
def shapes() -> dict[str, dict[str, Any]]:
    """Sri Lanka's outlines as shipped."""
    return {level: json.loads((countries_root() / "lka" / f"shapes_{level}.geojson").read_text("utf-8")) for level in ("adm2", "adm3")}


def read(feed: str, raw: bytes, received: datetime, name: str) -> Parsed:
    """The parser's answer; its account is printed."""
    country = "npl" if feed.startswith("npl") else "lka"
    parsed = load_parser(feed)(raw, ParseContext(load_manifest(feed), places(country), received, "delivery", shapes()))
    print(
        f"{feed} {name}: {parsed.rows} rows, {parsed.rows_used} used, {len(parsed.quarantined)} quarantined, "
        f"{sum(parsed.ignored.values())} ignored {parsed.ignored}, {len(parsed.observations)} readings"
    )
    return parsed


@pytest.mark.parametrize(
    ("name", "rows", "watched", "readings"),
    [("wfp_food_prices_lka.csv", 22_588, 690, 575), ("wfp_food_prices_lka_snapshot_2025-06.csv", 30_541, 1_014, 781)],
)
def test_both_price_files_of_sri_lanka_are_read_whole(name: str, rows: int, watched: int, readings: int) -> None:
    """ISO dates in one, month/day/year in the other: every row is used, every district is known, prices are between 25 and 500 rupees."""
    parsed = read("lka_wfp_prices", (RECORDED / "market_wfp" / name).read_bytes(), NOVEMBER, name)
    assert (parsed.rows, parsed.rows_used, parsed.quarantined) == (rows, rows, ())
    assert parsed.ignored["commodity not watched"] == rows - watched
    assert len(parsed.observations) == readings
    assert len({o.area for o in parsed.observations}) == 25
    assert all(o.value is not None and 25 < o.value < 500 for o in parsed.observations)


def test_a_price_file_of_another_country_is_accounted_for() -> None:
    """The older shape of Bangladesh has other goods: nothing is read, and its forecasts of price 0 are counted as such."""
    parsed = read("lka_wfp_prices", (RECORDED / "market_wfp/wfp_food_prices_bgd.csv").read_bytes(), NOVEMBER, "bgd")
    assert (parsed.rows, parsed.rows_used, len(parsed.observations)) == (15_402, 15_402, 0)
    assert parsed.ignored["forecast price"] == 3_919


@pytest.mark.parametrize(
    ("name", "rows"),
    [("river-stations.json", 2), ("river-stations_empty-page.json", 0), ("river-stations_latest_21379.json", 1)],
)
def test_the_recorded_replies_of_bipad_are_read(name: str, rows: int) -> None:
    """Each gauge is read with its own old time, or kept aside because no station has its series; none is lost."""
    parsed = read("npl_bipad_river", (RECORDED / "np_bipad" / name).read_bytes(), datetime(2026, 9, 17, tzinfo=UTC), name)
    assert parsed.rows == rows
    assert all(q.reason.startswith("no station has the series") for q in parsed.quarantined)
    assert len(parsed.observations) == 3 * parsed.rows_used


def test_the_departments_table_is_read_in_the_portals_form() -> None:
    """237 gauges as they stood on 29 August 2026: 197 have a reading, 40 none, and 27 are older than six hours by their own time."""
    with (RECORDED / "np_rivers_2026/dhm_riverwatch_2026-08-29.csv").open(encoding="utf-8") as file:
        gauges = [portal_form(row) for row in csv.DictReader(file)]
    received = datetime(2026, 8, 29, 17, 20, tzinfo=UTC)
    parsed = read("npl_bipad_river", json.dumps({"results": gauges}).encode(), received, "riverWatch")
    assert (parsed.rows, parsed.quarantined, parsed.ignored) == (237, (), {"gauge without any reading": 40})
    levels = [o for o in parsed.observations if o.indicator == "river_level"]
    assert len(levels) == 197
    assert sum((received - o.end).total_seconds() > 6 * 3600 for o in levels) == 27
    bounds = {(o.area, o.indicator): o.value for o in parsed.observations}
    above = [o.area for o in levels for value in [bounds[o.area, "river_level.yellow"]] if value is not None and (o.value or 0) >= value]
    assert above == []


def portal_form(row: dict[str, str]) -> dict[str, Any]:
    """A row of the department's table in the form of the portal's reply."""

    def metres(text: str) -> float | None:
        return float(text) if text else None

    return {
        "stationSeriesId": int(row["series_id"]),
        "waterLevel": metres(row["value_m"]),
        "waterLevelOn": row["datetime_utc"] or None,
        "warningLevel": metres(row["warning_level"]),
        "dangerLevel": metres(row["danger_level"]),
        "status": row["status"],
    }


def test_the_recorded_series_of_bipad_is_read() -> None:
    """25 readings of four gauges, newest first, each with the station's levels."""
    with (RECORDED / "np_rivers_2026/bipad_river_series_2026-08-26.csv").open(encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    numbers = ("waterLevel", "warningLevel", "dangerLevel")
    gauges = [
        {**row, **{n: float(row[n]) if row[n] else None for n in numbers}, "stationSeriesId": int(row["stationSeriesId"])} for row in rows
    ]
    parsed = read("npl_bipad_river", json.dumps({"results": gauges}).encode(), datetime(2026, 8, 26, tzinfo=UTC), "series")
    assert (parsed.rows, parsed.rows_used, len(parsed.observations)) == (25, 25, 75)


def test_the_recorded_rain_of_the_storm_painted_on_a_grid_is_read() -> None:
    """Twenty days of November: every area has a value each day; 27 and 28 November are the wettest, as in the recorded values."""
    readings = []
    for path in sorted((RECORDED / "lk_rain_moh").glob("*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            said = json.loads(line)
            if "2025-11-11" <= said["date"] <= "2025-11-30":
                readings.append((said["moh_id"], said["date"], said["daily"]["precipitation_sum"]))
    table = pd.DataFrame(readings, columns=["area", "date", "value"]).pivot_table(index="date", columns="area", values="value")
    table.index = pd.to_datetime(table.index).tz_localize("Asia/Colombo").tz_convert("UTC")
    areas = json.loads((RECORDED / "geo/lk/moh.json").read_text(encoding="utf-8"))
    points = pd.DataFrame([(a["region_id"], a["centroid_lat"], a["centroid_lng"]) for a in areas], columns=["id", "latitude", "longitude"])
    parsed = read("lka_rain_grid", netcdf(table, points), datetime(2025, 12, 1, tzinfo=UTC), "painted, 20 days")
    assert (parsed.rows, parsed.rows_used, len(parsed.observations)) == (20 * 364, 20 * 364, 20 * 364)
    assert all(o.value is not None for o in parsed.observations)
    districts = pd.DataFrame([(o.key, o.value) for o in parsed.observations if len(o.area) == 4], columns=["day", "rain"])
    assert set(districts.groupby("day")["rain"].mean().nlargest(2).index) == {"2025-11-27", "2025-11-28"}


@pytest.mark.filterwarnings("ignore::xarray.SerializationWarning")
@pytest.mark.parametrize(
    "name", ["eraint_uvz.nc", "era5_daily_surface_cancities_1990-1993.nc", "myanmar_rainfall_dekad.tif", "era5-levels-corrupted.grib"]
)
def test_other_grids_are_refused_and_named(name: str) -> None:
    """No crash and no guess: what was found is said, with what was expected."""
    with pytest.raises(SourceChanged, match=r"The rain grid (holds|is) .*Expected is a classic NetCDF file"):
        read_grid((RECORDED / "gridded" / name).read_bytes())
