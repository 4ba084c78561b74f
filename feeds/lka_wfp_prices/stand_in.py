"""The price file of a case, in the newer shape of the Humanitarian Data Exchange: all months known by then, and its row of tags.

A case keeps one price a district and month, so each district has one market here, and its prices are flagged `aggregate`.
"""

import csv
import io
from datetime import datetime
from functools import lru_cache
from pathlib import Path
from zoneinfo import ZoneInfo

from feeds.cases import Case
from feeds.contract import Answer, Request
from schemas.country_files import countries_root, load_country
from schemas.places import Places

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
FLAGS = {"priceflag": "aggregate", "pricetype": "Retail", "currency": "LKR"}


def respond(case: Case, request: Request, at: datetime) -> Answer:
    """The file as it stood at `at`; prices that became known later are not in it."""
    if not request.path.endswith("/wfp_food_prices_lka.csv"):
        return Answer(b"Not found", "text/plain", 404)
    places = _places(countries_root() / case.country.lower())
    known = case.known_by(FEED, at)
    newest = known[known["value"].notna()].groupby(["start", "area"])["value"].last()
    buffer = io.StringIO(newline="")
    writer = csv.DictWriter(buffer, list(TAGS), restval="", lineterminator="\n")
    writer.writeheader()
    writer.writerow(TAGS)
    for (start, code), price in newest.items():
        district = places.areas[code].names["en"]
        province = places.areas[places.areas[code].parent or code].names["en"]
        day = start.astimezone(ZONE).strftime("%Y-%m-15")
        place = {"date": day, "admin1": province, "admin2": district, "market": f"{district} (markets of the district)"}
        writer.writerow({**place, **RICE, **FLAGS, "price": f"{price:.2f}"})
    return Answer(buffer.getvalue().encode(), "text/csv")


@lru_cache(maxsize=2)
def _places(folder: Path) -> Places:
    return load_country(folder).places
