"""Food prices of the World Food Programme, a CSV file of all months and markets, as a district's mean price of the month.

The engine judges one series per district, so the markets of a district are put together: the mean of their prices, each market
once a month. The observation's key is the month and the markets behind the mean, because the set of markets changes (Colombo City
alone until May 2023, three markets since), and a person must see whether a price moved or a market came.
"""

import csv
import math
import re
import statistics
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from feeds.contract import ParseContext, Parsed
from feeds.rows import IgnoredRow, RowAccount, UnfitRow
from schemas.errors import SourceChanged
from schemas.indicators import CATALOGUE
from schemas.inputs import Observation, Quality

WATCHED = {"Rice (white)": "price_rice_white"}
"""The source's commodity to our indicator."""

COLUMNS = ("date", "admin1", "admin2", "market", "commodity", "unit", "priceflag", "pricetype", "currency", "price")
"""Columns of both the older and the newer shape of the file; the others are not read."""

CURRENCY = "LKR"
KILOGRAMS = {"KG": 1.0, "G": 0.001, "MT": 1000.0}
EARLIEST = date(1990, 1, 1)
"""The programme's price series begin later; an older date is a slip of the pen (1900 and 1970 occur)."""

FACTOR = 10.0
"""A price this many times over or under its market's median is the price of another quantity, such as a sack under the unit KG."""

FEWEST_FOR_MEDIAN = 3
_UNIT = re.compile(r"^\s*(\d+(?:\.\d+)?)?\s*([A-Za-z]+)\s*$")
_SLASHES = re.compile(r"^(\d{1,2})/(\d{1,2})/(\d{4})$")


@dataclass(frozen=True)
class Price:
    """One retail price: of which market, in which month, in local currency per kilogram."""

    row: int
    text: str
    market: str
    area: str
    month: date
    per_kilogram: float
    flag: str
    indicator: str


def parse(raw: bytes, context: ParseContext) -> Parsed:
    """The district means of a price file.

    Raises:
        SourceChanged: columns are missing.
    """
    account = RowAccount()
    prices: list[Price] = []
    names, lines = _table(raw)
    for line in lines:
        row, text = account.row(), line.decode("utf-8", "backslashreplace")
        try:
            prices.append(_price(row, text, _fields(names, line), context))
        except UnfitRow as unfit:
            account.quarantine(row, unfit, text)
        except IgnoredRow as ignored:
            account.ignore(str(ignored))
    plausible = _without_other_quantities(prices, account)
    return account.parsed(list(_district_means(_one_a_month(plausible, account), context)))


def _table(raw: bytes) -> tuple[list[str], list[bytes]]:
    """The column names and the lines of the file, without the row of humanitarian exchange tags.

    A row is a line: no field of this source spans lines, and a stray quotation mark or byte must not spoil its neighbours.
    """
    header, *lines = [line.rstrip(b"\r") for line in raw.removeprefix(b"\xef\xbb\xbf").split(b"\n")]
    names = [name.strip().lower() for name in header.decode("utf-8", "backslashreplace").split(",")]
    missing = [column for column in COLUMNS if column not in names]
    if missing:
        raise SourceChanged(
            f"The price file lacks the columns {', '.join(missing)}.",
            remedy=f"Expected are {', '.join(COLUMNS)}; it begins with {header[:100]!r}.",
        )
    return names, [line for line in lines if line.strip() and not line.startswith(b"#")]


def _fields(names: list[str], line: bytes) -> dict[str, str]:
    try:
        values = next(csv.reader([line.decode("utf-8")], strict=True))
    except (UnicodeDecodeError, csv.Error) as error:
        raise UnfitRow(f"not a line of CSV: {error}", "Ask the source to correct this line.") from error
    if len(values) != len(names):
        raise UnfitRow(f"{len(values)} fields, {len(names)} expected", "Ask the source; perhaps the file was cut off.")
    return {name: value.strip() for name, value in zip(names, values, strict=True)}


def _price(row: int, text: str, fields: dict[str, str], context: ParseContext) -> Price:
    if "forecast" in fields["priceflag"].lower():
        raise IgnoredRow("forecast price")
    if fields["commodity"] not in WATCHED:
        raise IgnoredRow("commodity not watched")
    if fields["pricetype"].lower() != "retail":
        raise IgnoredRow("not a retail price")
    if not fields["admin1"] and not fields["admin2"]:
        raise IgnoredRow("market without a district")
    month = _month(fields["date"], context)
    return Price(
        row=row,
        text=text,
        market=fields["market"],
        area=_district(fields["admin2"], context),
        month=month,
        per_kilogram=_per_kilogram(fields),
        flag=fields["priceflag"].lower(),
        indicator=WATCHED[fields["commodity"]],
    )


def _month(text: str, context: ParseContext) -> date:
    """The first day of the month that a date (ISO, or month/day/year) names; the day, always the 15th, says nothing."""
    slashes = _SLASHES.match(text)
    try:
        day = date(int(slashes[3]), int(slashes[1]), int(slashes[2])) if slashes else date.fromisoformat(text)
    except ValueError as error:
        raise UnfitRow(f"`{text}` is not a date", "Ask the source; expected is YYYY-MM-DD or M/D/YYYY.") from error
    month = day.replace(day=1)
    today = context.received.astimezone(ZoneInfo(context.manifest.timezone)).date()
    if not EARLIEST <= month <= today:
        raise UnfitRow(f"wrong time: {text}", f"Ask the source; dates lie between {EARLIEST} and the day of the fetch, {today}.")
    if _next(month) > today:
        raise IgnoredRow("month not over when fetched")
    return month


def _next(month: date) -> date:
    return date(month.year + month.month // 12, month.month % 12 + 1, 1)


def _district(name: str, context: ParseContext) -> str:
    code = context.places.area(name)
    if code is None or context.places.areas[code].level != "adm2":
        raise UnfitRow(f"no district is called `{name}`", "Add the spelling to the country's aliases, if it is one.")
    return code


def _per_kilogram(fields: dict[str, str]) -> float:
    if fields["currency"] != CURRENCY:
        raise UnfitRow(f"currency `{fields['currency']}`", f"Expected is {CURRENCY}; ask the source.")
    unit = _UNIT.match(fields["unit"])
    kilograms = KILOGRAMS.get(unit[2].upper(), 0.0) * float(unit[1] or 1) if unit else 0.0
    if not kilograms:
        raise UnfitRow(f"unit `{fields['unit']}` is no mass", f"Known are {', '.join(KILOGRAMS)}, with a number before them or not.")
    try:
        price = float(fields["price"])
    except ValueError as error:
        raise UnfitRow(f"`{fields['price']}` is not a number", "Ask the source for the price.") from error
    if price == 0:
        raise UnfitRow("a price of 0 is no price", "Ask the source; it writes 0 where it has none.")
    indicator = CATALOGUE[WATCHED[fields["commodity"]]]
    if not (math.isfinite(price) and indicator.least <= price / kilograms <= indicator.most):
        raise UnfitRow(f"impossible price {fields['price']} for {fields['unit']}", "Ask the source for the price.")
    return price / kilograms


def _without_other_quantities(prices: list[Price], account: RowAccount) -> list[Price]:
    """The prices near their own market's median; with fewer than three prices, near that of all markets in the month."""
    by_market: dict[str, list[float]] = defaultdict(list)
    by_month: dict[date, list[float]] = defaultdict(list)
    for price in prices:
        by_market[price.market].append(price.per_kilogram)
        by_month[price.month].append(price.per_kilogram)
    of_market = {market: statistics.median(found) for market, found in by_market.items() if len(found) >= FEWEST_FOR_MEDIAN}
    of_month = {month: statistics.median(found) for month, found in by_month.items()}
    plausible = []
    for price in prices:
        usual = of_market.get(price.market, of_month[price.month])
        if usual / FACTOR <= price.per_kilogram <= usual * FACTOR:
            plausible.append(price)
            continue
        unfit = UnfitRow(
            f"{price.per_kilogram:g} {CURRENCY}/kg where {price.market} usually has {usual:g}",
            "Perhaps the price of a sack or tray under the unit of one kilogram: ask the market's office, then correct the unit.",
        )
        account.quarantine(price.row, unfit, price.text)
    return plausible


def _one_a_month(prices: list[Price], account: RowAccount) -> list[Price]:
    """Each market once a month: a price seen before one put together, and of two that differ neither is guessed to be right."""
    chosen: dict[tuple[str, str, date], Price] = {}
    for price in sorted(prices, key=lambda p: (p.flag != "actual", p.row)):
        first = chosen.setdefault((price.area, price.market, price.month), price)
        if first is price:
            continue
        if first.flag != price.flag or first.per_kilogram == price.per_kilogram:
            account.ignore("said twice")
            continue
        unfit = UnfitRow(f"a second price for {price.market} in {price.month:%Y-%m}, {first.per_kilogram:g} before", "Ask the source.")
        account.quarantine(price.row, unfit, price.text)
    return list(chosen.values())


def _district_means(prices: list[Price], context: ParseContext) -> Iterator[Observation]:
    """One observation for each district and month, valid from its first day to the first of the next, local time."""
    grouped: dict[tuple[str, date, str], list[Price]] = defaultdict(list)
    for price in prices:
        grouped[price.area, price.month, price.indicator].append(price)
    zone = ZoneInfo(context.manifest.timezone)
    for (area, month, indicator), found in sorted(grouped.items()):
        yield Observation(
            area=area,
            indicator=indicator,
            start=_midnight(month, zone),
            end=_midnight(_next(month), zone),
            received=context.received,
            value=round(statistics.fmean(price.per_kilogram for price in found), 4),
            unit=CATALOGUE[indicator].unit,
            quality=Quality.MEASURED if all(price.flag == "actual" for price in found) else Quality.REPORTED,
            feed=context.manifest.feed,
            key=f"{month:%Y-%m} {' + '.join(sorted({price.market for price in found}))}",
            delivery=context.delivery,
        )


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime(day.year, day.month, day.day, tzinfo=zone).astimezone(UTC)
