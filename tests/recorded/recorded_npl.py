"""Nepal's districts, gauges and the readings of 26 August 2026 from the recorded files."""

import csv
import math
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any
from zoneinfo import ZoneInfo

import shapely
from recorded_tables import RECORDED, csv_text, geojson, neighbours, number, polygons, utc

FEED = "npl_bipad_river"
GEO = RECORDED / "geo/np77"
RIVERS = RECORDED / "np_rivers_2026"
ZONE = ZoneInfo("Asia/Kathmandu")
PUBLISHED_AFTER = timedelta(minutes=15)
CASE_START = datetime(2026, 8, 26, tzinfo=ZONE)
CASE_END = CASE_START + timedelta(days=1)
ATTRIBUTION = "Nepal districts NP0101.., from mesaugat/geoJSON-Nepal (MIT) by way of indragiri-ai/Nepal_data_base_project; simplified"
LONG = ("known", "area", "start", "end", "value")
# Districts whose name in the gauge table is not that of the code list; the code is found by the name on the right.
RENAMED = {
    "kapilvastu": "Kapilbastu",
    "tanahun": "Tanahu",
    "dhanusa": "Dhanusha",
    "makwanpur": "Makawanpur",
    "chitwan": "Chitawan",
    "kavrepalanchok": "Kabhrepalanchok",
    "kavrepalanchowk": "Kabhrepalanchok",
    "rukum (west)": "Rukum West",
    "rukum (east)": "Rukum East",
}


def areas_csv() -> str:
    """The country, 7 provinces and 77 districts. Shares of languages are left out: nobody has taken them from the census yet."""
    around = neighbours(_shapes())
    rows = []
    for row in sorted(_rows(GEO / "geographies.csv"), key=lambda r: r["code"]):
        if row["level"] == "local_unit":
            continue
        level = {"country": "adm0", "province": "adm1", "district": "adm2"}[row["level"]]
        spelled = [old.title() for old, new in RENAMED.items() if new == row["name_en"] and level == "adm2"]
        aliases = ";".join((row["name_en"], *spelled)) if level == "adm2" else ""
        names = (row["name_en"], row["name_ne"])
        rows.append((row["code"], level, row["parent_code"], *names, "", "", ";".join(around.get(row["code"], ())), aliases, ""))
    header = ("code", "level", "parent", "name_en", "name_ne", "population", "population_year")
    return csv_text((*header, "neighbours", "aliases", "languages"), rows)


def shapes() -> dict[str, str]:
    """File name to GeoJSON of the districts."""
    return {"shapes_adm2.geojson": geojson(_shapes(), 4, ATTRIBUTION, 0.01)}


def gauges() -> Iterator[dict[str, Any]]:
    """The gauges of the national table and of BIPAD's series with our codes, joined to a district by its name, else by their point."""
    for row in sorted((*_rows(RIVERS / "dhm_riverwatch_2026-08-29.csv"), *_only_in_bipad()), key=lambda r: int(r["series_id"])):
        lat, lon = (float(row[k]) if row[k] else math.nan for k in ("latitude", "longitude"))
        if lat > lon:  # Roshi Khola at Kavre has them swapped
            lat, lon = lon, lat
        area = _codes().get(RENAMED.get(row["district"].lower(), row["district"]).lower()) or _district_at(lat, lon)
        if area is not None:
            yield {**row, "code": f"np-{row['series_id']}", "area": area, "lat": lat, "lon": lon}


def _only_in_bipad() -> Iterator[dict[str, str]]:
    """Gauges of BIPAD's series that the national table lacks, in that table's columns."""
    listed = {row["series_id"] for row in _rows(RIVERS / "dhm_riverwatch_2026-08-29.csv")}
    found = {row["stationSeriesId"]: row for row in _rows(RIVERS / "bipad_river_series_2026-08-26.csv")}
    for series, row in found.items():
        if series not in listed:
            names = {"id": "", "name": row["title"], "basin": "", "district": "", "series_id": series}
            point = {"latitude": row["lat"], "longitude": row["lon"]}
            levels = {"warning_level": row["warningLevel"], "danger_level": row["dangerLevel"]}
            yield {**names, **point, **levels, "datetime_utc": "", "value_m": ""}


def stations_csv() -> str:
    """The gauges; the key that joins BIPAD and the department's table is the number of the series."""
    rows = [(g["code"], g["name"].strip(), FEED, g["series_id"], g["area"], *_point(g), "m", g["basin"]) for g in gauges()]
    return csv_text(("code", "name", "feed", "keys", "areas", "latitude", "longitude", "unit", "river"), rows)


def case() -> dict[str, str]:
    """What was recorded of 26 August 2026 in Nepal's time, and nothing else: no reading is filled in.

    The national table of 29 August gives the last reading of each gauge; for gauges that fell silent on the 26th, or before, that
    is what the source went on saying all day. BIPAD's own series give 00:00 to 01:00 of four gauges.
    """
    rows: set[tuple[str, str, str, str, str]] = set()
    listed = list(gauges())
    for gauge in listed:
        at = datetime.fromisoformat(gauge["datetime_utc"]) if gauge["datetime_utc"] else None
        if at is not None and gauge["value_m"] and at < CASE_END:
            rows.add((utc(at + PUBLISHED_AFTER), gauge["code"], utc(at), "", number(float(gauge["value_m"]), 3)))
    known = {gauge["code"] for gauge in listed}
    for row in _rows(RIVERS / "bipad_river_series_2026-08-26.csv"):
        at = datetime.fromisoformat(row["waterLevelOn"]).astimezone(UTC)
        if f"np-{row['stationSeriesId']}" in known:
            station = f"np-{row['stationSeriesId']}"
            rows.add((utc(at + PUBLISHED_AFTER), station, utc(at), "", number(float(row["waterLevel"]), 3)))
    header = ("code", "series_id", "id", "title", "basin", "latitude", "longitude", "yellow", "red", "district")
    stations = [
        (
            *(g[k] for k in ("code", "series_id", "id")),
            *(g["name"].strip(), g["basin"], *_point(g), g["warning_level"], g["danger_level"], g["area"]),
        )
        for g in listed
    ]
    return {"rivers.csv": csv_text(LONG, sorted(rows)), "gauges.csv": csv_text(header, stations)}


def _point(gauge: dict[str, Any]) -> tuple[str, str]:
    """Latitude and longitude; empty where the source gives none."""
    lat, lon = gauge["lat"], gauge["lon"]
    return ("", "") if math.isnan(lat) or math.isnan(lon) else (number(lat, 4), number(lon, 4))


@cache
def _shapes() -> dict[str, Any]:
    return dict(sorted(polygons(GEO / "nepal-districts.geojson", "DIST_PCODE").items()))


@cache
def _codes() -> dict[str, str]:
    return {row["name_en"].lower(): row["code"] for row in _rows(GEO / "geographies.csv") if row["level"] == "district"}


def _district_at(lat: float, lon: float) -> str | None:
    point = shapely.Point(lon, lat)
    return next((code for code, polygon in _shapes().items() if polygon.contains(point)), None)


def _rows(path: Any) -> Iterator[dict[str, str]]:
    with path.open(encoding="utf-8-sig", newline="") as lines:
        yield from csv.DictReader(lines)
