"""The department's feature server as it stood in a case: the newest records first, in the station's own unit."""

import json
from datetime import datetime, timedelta
from typing import Any

import pandas as pd
from scipy.constants import foot

from feeds.cases import Case
from feeds.contract import Answer, Request

FEED = "lka_irrigation_river"
PATH = "/J7ZFXmR8rSmQ3FGf/arcgis/rest/services/gauges_2_view/FeatureServer/0/query"
MOST_RECORDS = 2000
IN_FEET = {"Nagalagam Street"}
"""The one station that reports feet."""
EPOCH = pd.Timestamp(0, tz="UTC")


def respond(case: Case, request: Request, at: datetime) -> Answer:
    """The newest `resultRecordCount` records known at the moment."""
    count = request.query.get("resultRecordCount", str(MOST_RECORDS))
    if request.path != PATH or not count.isdigit():
        return _json({"error": {"code": 400, "message": "Invalid URL", "details": []}})
    gauges: dict[str, dict[Any, Any]] = {gauge["code"]: gauge for gauge in case.extra(FEED)["stations"].to_dict("records")}
    known = case.known_by(FEED, at)
    newest = known.sort_values(["known", "area"], ascending=[False, True], kind="stable").head(min(int(count), MOST_RECORDS))
    features = [{"attributes": _attributes(row, gauges[row["area"]])} for row in newest.to_dict("records")]
    return _json({"objectIdFieldName": "objectid", "features": features, "exceededTransferLimit": len(known) > len(newest)})


def _attributes(row: dict[Any, Any], gauge: dict[Any, Any]) -> dict[str, Any]:
    factor = 1 / foot if gauge["name"] in IN_FEET else 1.0
    return {
        "basin": gauge["basin"],
        "gauge": gauge["name"],
        "water_level": _rounded(row["value"], factor),
        "CreationDate": _milliseconds(row["start"]),
        "EditDate": _milliseconds(row["known"]),
        "alertpull": _rounded(gauge["yellow"], factor) or 0,
        "minorpull": _rounded(gauge["orange"], factor) or 0,
        "majorpull": _rounded(gauge["red"], factor) or 0,
    }


def _rounded(value: float, factor: float) -> float | None:
    return None if pd.isna(value) else round(float(value) * factor, 4)


def _milliseconds(moment: pd.Timestamp) -> int:
    return int((moment - EPOCH) // timedelta(milliseconds=1))


def _json(body: dict[str, Any]) -> Answer:
    return Answer(json.dumps(body, separators=(",", ":")).encode(), "application/json")
