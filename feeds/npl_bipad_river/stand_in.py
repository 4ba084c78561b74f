"""The BIPAD portal's list of river gauges as it stood in a case, with the source's own faults.

The count is nonsense, `next` never ends, and a gauge that fell silent keeps its last reading, with the status BELOW WARNING LEVEL.
"""

import json
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from feeds.cases import Case
from feeds.contract import Answer, Request

FEED = "npl_bipad_river"
ZONE = ZoneInfo("Asia/Kathmandu")
PATH = "/api/v1/river-stations/"
ADDRESS = f"https://bipadportal.gov.np{PATH}"
COUNT = 9223372036854775807
DEFAULT_LIMIT = 100
STATUS = "BELOW WARNING LEVEL"
"""Said of every gauge, of those without a reading and of those destroyed days ago."""


def respond(case: Case, request: Request, at: datetime) -> Answer:
    """One page of the gauges, by `limit` and `offset`; past the last one it is empty and still names a next."""
    if request.path != PATH:
        return _json({"detail": "Not found."}, 404)
    try:
        limit, offset = (int(request.query.get(name, default)) for name, default in (("limit", DEFAULT_LIMIT), ("offset", 0)))
    except ValueError:
        return _json({"detail": "A page is asked for by numbers."}, 400)
    stations = case.extra(FEED)["stations"]
    known = case.known_by(FEED, at)
    readings = dict(list(known[known["value"].notna()].sort_values(["start", "known"]).groupby("area")))
    page = stations.iloc[offset : offset + limit]
    results = [_gauge(row, readings.get(row["code"])) for row in page.to_dict("records")]
    following = f"{ADDRESS}?limit={limit}&offset={offset + limit}"
    return _json({"count": COUNT, "next": following, "previous": None, "results": results})


def _gauge(station: dict[Any, Any], readings: pd.DataFrame | None) -> dict[str, Any]:
    """A gauge as the portal shows it: its last reading, however old."""
    last = None if readings is None else readings.iloc[-1]
    return {
        "id": int(station["id"] or station["series_id"]),
        "title": station["title"],
        "basin": station["basin"],
        "point": {"type": "Point", "coordinates": [station["longitude"], station["latitude"]]},
        "waterLevel": None if last is None else float(last["value"]),
        "waterLevelOn": None if last is None else _local(last["start"]),
        "warningLevel": _number(station["yellow"]),
        "dangerLevel": _number(station["red"]),
        "status": STATUS,
        "steady": _steady(readings),
        "modifiedOn": None if last is None else _local(last["known"]),
        "stationSeriesId": int(station["series_id"]),
        "dataSource": "hydrology.gov.np",
    }


def _steady(readings: pd.DataFrame | None) -> str:
    if readings is None or len(readings) < 2:
        return "STEADY"
    change = readings["value"].iloc[-1] - readings["value"].iloc[-2]
    return "RISING" if change > 0 else "FALLING" if change < 0 else "STEADY"


def _local(moment: datetime) -> str:
    return moment.astimezone(ZONE).isoformat()


def _number(value: float) -> float | None:
    return None if pd.isna(value) else float(value)


def _json(body: dict[str, Any], status: int = 200) -> Answer:
    return Answer(json.dumps(body, separators=(",", ":")).encode(), "application/json", status)
