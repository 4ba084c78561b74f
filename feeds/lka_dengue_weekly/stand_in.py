"""The table of weekly cases as it stood in a case: all weeks known at the moment, in the source's columns and dates."""

import csv
import io
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pandas as pd

from feeds.cases import Case
from feeds.contract import Answer, Request

FEED = "lka_dengue_weekly"
PATH = "/thiyangt/denguedatahub/main/data-raw/srilanka_weekly_data.csv"
ZONE = ZoneInfo("Asia/Colombo")


def respond(case: Case, request: Request, at: datetime) -> Answer:
    """The whole table, oldest week first."""
    if request.path != PATH:
        return Answer(b"404: Not Found", "text/plain", 404)
    names = case.extra(FEED)["districts"].set_index("area")["name"]
    table = io.StringIO()
    writer = csv.writer(table, lineterminator="\n")
    writer.writerow(["year", "week", "start.date", "end.date", "district", "cases"])
    known = case.known_by(FEED, at).sort_values(["start", "area"], kind="stable")
    rows: list[dict[Any, Any]] = known.to_dict("records")
    for row in rows:
        first, last = row["start"].astimezone(ZONE), row["end"].astimezone(ZONE) - timedelta(days=1)
        calendar = last.isocalendar()
        cases = "" if pd.isna(row["value"]) else int(row["value"])
        writer.writerow([calendar.year, calendar.week, _day(first), _day(last), names[row["area"]], cases])
    return Answer(table.getvalue().encode(), "text/csv; charset=utf-8")


def _day(moment: datetime) -> str:
    return f"{moment.month}/{moment.day}/{moment.year}"
