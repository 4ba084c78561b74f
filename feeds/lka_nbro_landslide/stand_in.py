"""The newest bulletin as it stood in a case, in the form that the reading of the institute's documents has."""

import json
from datetime import datetime

from feeds.cases import Case
from feeds.contract import Answer, Request

FEED = "lka_nbro_landslide"
PATH = "/nuuuwan/lk_dmc_landslides/data/latest.json"


def respond(case: Case, request: Request, at: datetime) -> Answer:
    """The bulletin that was uploaded last; 404 before the first."""
    bulletins = case.extra(FEED)["bulletins"]
    known = bulletins[bulletins["known"] <= at]
    if request.path != PATH or known.empty:
        return Answer(b"Not found.", "text/plain", 404)
    last = known.sort_values(["known", "start"]).iloc[-1]
    readings = case.known_by(FEED, at)
    of_it = readings[readings["start"] == last["start"]]
    levels: dict[str, dict[str, list[str]]] = {}
    for area, value in zip(of_it["area"], of_it["value"], strict=True):
        levels.setdefault(str(int(value)), {}).setdefault(_hyphened(area[:4]), []).append(_hyphened(area))
    body = {"date_id": last["date"], "time_str": last["time"], "level_to_district_to_dsds": levels}
    return Answer(json.dumps(body, indent=1).encode(), "application/json")


def _hyphened(code: str) -> str:
    return f"{code[:2]}-{code[2:]}"
