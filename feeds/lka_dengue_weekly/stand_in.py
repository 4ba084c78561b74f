"""The table of weekly cases as it stood in a case: all weeks known at the moment, in the source's columns and dates."""

from datetime import datetime
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
    known = case.known_by(FEED, at).sort_values(["start", "area"], kind="stable")
    first, last = known["start"].dt.tz_convert(ZONE), known["end"].dt.tz_convert(ZONE) - pd.Timedelta(days=1)
    calendar = last.dt.isocalendar()
    table = pd.DataFrame(
        {
            "year": calendar["year"],
            "week": calendar["week"],
            "start.date": _days(first),
            "end.date": _days(last),
            "district": known["area"].map(names),
            "cases": known["value"].astype("Int64"),
        }
    )
    return Answer(table.to_csv(index=False, lineterminator="\n").encode(), "text/csv; charset=utf-8")


def _days(moments: "pd.Series[pd.Timestamp]") -> "pd.Series[str]":
    """As the source writes them: M/D/YYYY."""
    return moments.dt.month.astype(str) + "/" + moments.dt.day.astype(str) + "/" + moments.dt.year.astype(str)
