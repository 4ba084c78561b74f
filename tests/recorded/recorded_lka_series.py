"""Sri Lanka's recorded series as the files of a case: rivers, landslide warnings, dengue, prices, rain."""

import csv
import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo

from recorded_lka_places import code, gauges
from recorded_tables import RECORDED, csv_text, number, utc

ZONE = ZoneInfo("Asia/Colombo")
DENGUE_KNOWN_AFTER = timedelta(days=7)
PRICE_KNOWN_ON_DAY = 10
RAIN_KNOWN_AT = time(6, 0)
LONG = ("known", "area", "start", "end", "value")
WIDE = ("known", "start", "end")
_UPLOADED = re.compile(r"__?(\d{10})\.pdf$")


def midnight(day: date) -> datetime:
    """The first moment of a day in Sri Lanka."""
    return datetime.combine(day, time(), ZONE)


def rivers() -> dict[str, str]:
    """Readings as recorded (known when stamped: the bursts of 30 November carry the time of upload) and the gauges' levels."""
    of = {str(gauge["name"]): str(gauge["code"]) for gauge in gauges()}
    rows = []
    for row in _tsv("lk_river_levels/all.tsv"):
        at = datetime.fromtimestamp(int(row["time_ut"]), UTC)
        rows.append((utc(at), of[row["station_name"]], "", "", number(float(row["water_level_m"]), 3)))
    basins = {r["name"]: r["basin_name"] for r in json.loads((RECORDED / "lk_river_levels/static/rivers.json").read_text(encoding="utf-8"))}
    stations = []
    for gauge in gauges():
        levels = [number(float(str(gauge[k])), 4) for k in ("alert_level_m", "minor_flood_level_m", "major_flood_level_m")]
        known = [level if level != "0" else "" for level in levels]
        stations.append((gauge["code"], gauge["name"], basins.get(str(gauge["river_name"]), ""), *known))
    return {
        "rivers.csv": csv_text(LONG, sorted(rows)),
        "gauges.csv": csv_text(("code", "name", "basin", "yellow", "orange", "red"), stations),
    }


def landslides(first: date, last: date) -> dict[str, str]:
    """The bulletin of each day that has one: the latest uploaded of the day, because one content a day survives.

    A division named at two levels is kept at the higher one.
    """
    rows, bulletins = [], []
    for day, uploaded, document in _bulletins(first, last):
        path = RECORDED / f"lk_landslide_warnings/2020s/{day:%Y}/{day:%Y-%m}/{day}.json"
        issued = datetime.combine(day, time.fromisoformat(document["time_str"]), ZONE)
        known = utc(max(uploaded, issued))  # some were uploaded minutes before the hour that they name
        bulletins.append((known, utc(issued), day, document["time_str"], document["url_pdf"].rsplit("/", 1)[-1]))
        worst: dict[str, int] = {}
        for level, districts in json.loads(path.read_text(encoding="utf-8"))["level_to_district_to_dsds"].items():
            for division in (code(d) for divisions in districts.values() for d in divisions):
                worst[division] = max(worst.get(division, 0), int(level))
        rows += [(known, division, utc(issued), "", level) for division, level in sorted(worst.items())]
    return {
        "landslide_warnings.csv": csv_text(LONG, rows),
        "landslide_bulletins.csv": csv_text(("known", "start", "date", "time", "file"), bulletins),
    }


def _bulletins(first: date, last: date) -> Iterator[tuple[date, datetime, dict[str, str]]]:
    latest: dict[date, tuple[datetime, dict[str, str]]] = {}
    for document in _tsv("lk_landslide_warnings/docs_all.tsv"):
        day = date.fromisoformat(document["date_str"])
        stamp = _UPLOADED.search(document["url_pdf"])
        path = RECORDED / f"lk_landslide_warnings/2020s/{day:%Y}/{day:%Y-%m}/{day}.json"
        if not first <= day <= last or stamp is None or not path.exists():
            continue
        uploaded = datetime.fromtimestamp(int(stamp[1]), UTC)
        if day not in latest or uploaded > latest[day][0]:
            latest[day] = (uploaded, document)
    for day in sorted(latest):
        yield day, *latest[day]


def dengue(first: date, last: date) -> dict[str, str]:
    """Weekly cases by district for weeks that start in [first, last]; Kalmune, which the source counts on its own, as a part of LK52."""
    with (RECORDED / "geo/lk/districts.tsv").open(encoding="utf-8") as lines:
        of = {row["name"].replace(" ", ""): code(row["id"]) for row in csv.DictReader(lines, delimiter="\t")}
    of |= {"Hambanthota": "LK33", "Moneragala": "LK82", "Kalmune": "LK52:Kalmune"}
    cases: dict[tuple[date, date], dict[str, str]] = {}
    spelled: dict[str, str] = {}
    with (RECORDED / "dengue_lk_weekly/srilanka_weekly_data.csv").open(encoding="utf-8") as lines:
        for row in csv.DictReader(lines):
            start, end = (datetime.strptime(row[k], "%m/%d/%Y").date() for k in ("start.date", "end.date"))  # noqa: DTZ007 - a local day
            area = of[row["district"].strip()]
            spelled[area] = row["district"].strip()
            if first <= start <= last:
                cases.setdefault((start, end), {})[area] = row["cases"]
    areas = sorted(spelled)
    rows = []
    for (start, end), values in sorted(cases.items()):
        after = midnight(end + timedelta(days=1))
        rows.append((utc(after + DENGUE_KNOWN_AFTER), utc(midnight(start)), utc(after), *(values.get(area, "") for area in areas)))
    return {
        "dengue.csv": csv_text((*WIDE, *areas), rows),
        "dengue_districts.csv": csv_text(("area", "name"), sorted(spelled.items())),
    }


def rice(first: date, last: date) -> dict[str, str]:
    """Retail price of white rice by market and month in [first, last], both recorded copies together."""
    prices: dict[tuple[date, str], float] = {}
    markets: dict[str, tuple[str, ...]] = {}
    with (RECORDED / "geo/lk/districts.tsv").open(encoding="utf-8") as lines:
        of = {row["name"]: code(row["id"]) for row in csv.DictReader(lines, delimiter="\t")}
    of |= {"Moneragala": "LK82", "Mullattivu": "LK44"}
    for file, form in (("lka_snapshot_2025-06", "%m/%d/%Y"), ("lka", "%Y-%m-%d")):
        with (RECORDED / f"market_wfp/wfp_food_prices_{file}.csv").open(encoding="utf-8") as lines:
            for row in csv.DictReader(lines):
                if row["commodity"] != "Rice (white)" or row["pricetype"] != "Retail" or row["priceflag"] == "forecast":
                    continue
                month = datetime.strptime(row["date"], form).date().replace(day=1)  # noqa: DTZ007 - a month
                if not row["admin2"] or not first <= month <= last:
                    continue
                area = f"{of[row['admin2']]}:{row['market']}"
                prices[month, area] = float(row["price"])
                markets[area] = (area, row["admin1"], row["admin2"], row["market"], row["market_id"], row["latitude"], row["longitude"])
    areas, rows = sorted(markets), []
    for month in sorted({m for m, _ in prices}):
        after = (month + timedelta(days=31)).replace(day=1)
        known = datetime.combine(after.replace(day=PRICE_KNOWN_ON_DAY), time(), ZONE)
        cells = [number(prices[month, a], 2) if (month, a) in prices else "" for a in areas]
        rows.append((utc(known), utc(midnight(month)), utc(midnight(after)), *cells))
    header = ("area", "admin1", "admin2", "market", "market_id", "latitude", "longitude")
    return {"rice.csv": csv_text((*WIDE, *areas), rows), "markets.csv": csv_text(header, [markets[a] for a in areas])}


def rain(first: date, last: date) -> dict[str, str]:
    """Modelled rain of each day at the 333 health areas' centres, from which a stand-in paints the grid."""
    days: dict[date, dict[str, str]] = {}
    for path in sorted((RECORDED / "lk_rain_moh").glob("LK-*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            row = json.loads(line)
            day = date.fromisoformat(row["date"])
            if first <= day <= last and row["daily"]["precipitation_sum"] is not None:
                days.setdefault(day, {})[row["moh_id"]] = number(row["daily"]["precipitation_sum"], 1)
    listed = json.loads((RECORDED / "geo/lk/moh.json").read_text(encoding="utf-8"))
    points = sorted(
        (m["region_id"], number(m["centroid_lat"], 4), number(m["centroid_lng"], 4), code(m["district_id"]))
        for m in listed
        if any(m["region_id"] in values for values in days.values())
    )
    rows = []
    for day, values in sorted(days.items()):
        after = day + timedelta(days=1)
        known = datetime.combine(after, RAIN_KNOWN_AT, ZONE)
        rows.append((utc(known), utc(midnight(day)), utc(midnight(after)), *(values.get(p[0], "") for p in points)))
    return {
        "rain.csv": csv_text((*WIDE, *(p[0] for p in points)), rows),
        "rain_points.csv": csv_text(("id", "latitude", "longitude", "area"), points),
    }


def _tsv(name: str) -> Iterator[dict[str, str]]:
    with (RECORDED / name).open(encoding="utf-8", newline="") as lines:
        yield from csv.DictReader(lines, delimiter="\t")
