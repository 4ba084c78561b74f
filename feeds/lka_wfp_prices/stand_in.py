"""The price file of a case, in the newer shape of the Humanitarian Data Exchange: all months and markets known by then, and its tags."""

import csv
import io
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

from feeds.cases import Case
from feeds.contract import Answer, Request

FEED = "lka_wfp_prices"
ZONE = ZoneInfo("Asia/Colombo")
TAGS = {
    "date": "#date",
    "admin1": "#adm1+name",
    "admin2": "#adm2+name",
    "market": "#loc+market+name",
    "market_id": "#loc+market+code",
    "latitude": "#geo+lat",
    "longitude": "#geo+lon",
    "category": "#item+type",
    "commodity": "#item+name",
    "commodity_id": "#item+code",
    "unit": "#item+unit",
    "priceflag": "#item+price+flag",
    "pricetype": "#item+price+type",
    "currency": "#currency+code",
    "price": "#value",
    "usdprice": "#value+usd",
}
"""The file's columns and the tags of its second row."""

RICE = {"category": "cereals and tubers", "commodity": "Rice (white)", "commodity_id": "133", "unit": "KG"}
FLAGS = {"priceflag": "actual", "pricetype": "Retail", "currency": "LKR"}


def respond(case: Case, request: Request, at: datetime) -> Answer:
    """The file as it stood at `at`; prices that became known later are not in it."""
    if not request.path.endswith("/wfp_food_prices_lka.csv"):
        return Answer(b"Not found", "text/plain", 404)
    known = case.known_by(FEED, at)
    newest = known[known["value"].notna()].groupby(["area", "start"])["value"].last().reset_index()
    markets: dict[str, dict[Any, Any]] = {row["area"]: row for row in case.extra(FEED)["markets"].to_dict("records")}
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(TAGS), restval="", extrasaction="ignore", lineterminator="\n")
    writer.writeheader()
    writer.writerow(TAGS)
    for reading in newest.to_dict("records"):
        day = reading["start"].astimezone(ZONE).strftime("%Y-%m-15")
        writer.writerow({**markets[reading["area"]], **RICE, **FLAGS, "date": day, "price": f"{reading['value']:.2f}"})
    return Answer(buffer.getvalue().encode(), "text/csv")
