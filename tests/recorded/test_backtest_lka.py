"""Sri Lanka's recorded years as a history: what can be told in the months with a landslide warning, and what cannot."""

from datetime import UTC, datetime
from pathlib import Path

import pytest
from recorded_tables import CHECKOUT, RECORDED

from console.history_files import read_history
from polyrisk.backtest_convert import convert
from processors.backtest_baselines import baselines_of
from processors.history import History
from schemas.country_files import LoadedCountry, load_country
from schemas.inputs import BaselineRow
from schemas.microseconds import from_microseconds

Month = tuple[str, int, int]
FILES = {
    "lka_dengue_weekly": ["dengue_lk_weekly/srilanka_weekly_data.csv"],
    "lka_wfp_prices": ["market_wfp/wfp_food_prices_lka.csv", "market_wfp/wfp_food_prices_lka_snapshot_2025-06.csv"],
    "lka_nbro_landslide": ["lk_landslide_warnings/2020s"],
}


@pytest.fixture(scope="module")
def country() -> LoadedCountry:
    """As shipped."""
    return load_country(CHECKOUT / "countries" / "lka")


@pytest.fixture(scope="module")
def history(tmp_path_factory: pytest.TempPathFactory, country: LoadedCountry) -> History:
    """The files of the three feeds through their own parsers."""
    out: Path = tmp_path_factory.mktemp("history")
    for feed, names in FILES.items():
        convert(country, feed, [RECORDED / name for name in names], out, datetime(2026, 11, 24, tzinfo=UTC))
    return read_history(out, country)


def test_what_can_be_told_where_there_was_a_landslide_warning(country: LoadedCountry, history: History) -> None:
    """Of 318 district-months with a warning 59 had a week of dengue over mean + 2 sd too; a price in ALPS terms exists for 15 alone, and
    above 1 with both others it is in one, Colombo in June 2023: of all the other 303 nobody can say that food was cheap."""
    warned = {month for month, value, _ in readings(country, history, "landslide_warning") if value >= 1}
    dengue, prices = (rows_in_force(country, history, name) for name in ("dengue_channel", "rice_price"))
    weeks = {month for month, value, middle in readings(country, history, "dengue_cases") if over(dengue, month[0], middle, value)}
    told = {
        month: over(prices, month[0], middle, value)
        for month, value, middle in readings(country, history, "price_rice_white")
        if bound(prices, month[0], middle) is not None
    }
    assert len(warned) == 318
    assert len(warned & weeks) == 59
    assert len(warned & set(told)) == 15
    assert {month for month in warned & weeks if told.get(month)} == {("LK11", 2023, 6)}


def readings(country: LoadedCountry, history: History, indicator: str) -> list[tuple[Month, float, datetime]]:
    """District and month in which each begins, local time; value; the middle of its period."""
    own = history.of(indicators=[indicator])
    found = []
    for area, start, end, value in zip(own.area.tolist(), own.starts.tolist(), own.ends.tolist(), own.values.tolist(), strict=True):
        local = from_microseconds(start).astimezone(country.timezone)
        found.append(((own.areas[area][:4], local.year, local.month), value, from_microseconds((start + end) // 2)))
    return found


def rows_in_force(country: LoadedCountry, history: History, threshold: str) -> dict[str, list[BaselineRow]]:
    """District to the rows that stood in the end."""
    last: dict[tuple[str, datetime], BaselineRow] = {}
    for baseline in baselines_of(country.configuration, history)[threshold].baselines:
        last |= {(row.area, row.start): row for row in baseline.rows}
    found: dict[str, list[BaselineRow]] = {}
    for (area, _), row in last.items():
        found.setdefault(area, []).append(row)
    return found


def bound(rows: dict[str, list[BaselineRow]], area: str, middle: datetime) -> float | None:
    """What orange took; none if there was too little history."""
    return next((row.bounds["orange"] for row in rows.get(area, []) if row.start <= middle < row.end and row.admitted), None)


def over(rows: dict[str, list[BaselineRow]], area: str, middle: datetime, value: float) -> bool:
    """Whether a value is over what orange took."""
    orange = bound(rows, area, middle)
    return orange is not None and value > orange
