"""The baselines against the table that was worked out by hand from the recorded files (the data's README, section 4)."""

from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

import pandas as pd
import pyarrow as pa
import pytest
from recorded_tables import RECORDED

from processors.baselines import compute
from processors.kinds import bounds_of
from processors.kinds.endemic_channel import rows as channel_rows
from processors.kinds.periods import WEEKS
from schemas.configuration import Area, BaselineSettings, Threshold
from schemas.inputs import Observation
from schemas.observations import to_batch
from schemas.places import Places

DOCUMENT = {"title": "t", "date": "2025-01-01", "owner": "planner"}
CHANNEL = {
    "name": "dengue",
    "indicator": "dengue_cases",
    "at": "adm2",
    "kind": "endemic_channel",
    "levels": {"orange": "mean + 2 sd", "red": "mean + 4 sd"},
    "stale_after": "21 d",
    "horizon": "60 d",
    "document": DOCUMENT,
}
BOTH = {"years": 5, "weeks": "own and both neighbours", "needs": "4 years", "sd": "sample"}
ALPS = {
    "name": "rice",
    "indicator": "price_rice_white",
    "at": "adm2",
    "kind": "alps",
    "levels": {"orange": "1 sd", "red": "2 sd"},
    "baseline": {"months": 60, "needs": "36 months"},
    "stale_after": "45 d",
    "horizon": "120 d",
    "document": DOCUMENT,
}
PLACES = Places(areas={c: Area(code=c, level="adm2", names={"en": c}) for c in ("Colombo", "Gampaha", "Matara", "Ratnapura")}, stations={})


@lru_cache(maxsize=1)
def dengue() -> pd.DataFrame:
    """Weekly cases of the recorded file."""
    table = pd.read_csv(RECORDED / "dengue_lk_weekly" / "srilanka_weekly_data.csv")
    table["start"] = pd.to_datetime(table["start.date"], format="%m/%d/%Y", utc=True)
    return table


def channel(district: str, week: date, weeks: str) -> tuple[float, float]:
    """Cases of a week and the bound of its orange level."""
    table = dengue()
    mine = table[table["district"] == district]
    history = {WEEKS.key(start, start): float(cases) for start, cases in zip(mine["start"], mine["cases"], strict=True)}
    start = datetime(week.year, week.month, week.day, tzinfo=UTC)
    key = WEEKS.key(start, start)
    first = WEEKS.begin(key)
    settings = BaselineSettings.model_validate(BOTH | {"weeks": weeks})
    (row,) = channel_rows(district, history, settings, bounds_of(Threshold.model_validate(CHANNEL)), first, first + timedelta(days=1))
    return history[key], row.bounds["orange"]


@pytest.mark.parametrize(
    ("district", "week", "cases", "bound"),
    [
        ("Colombo", date(2023, 6, 10), 579, 350),
        ("Gampaha", date(2025, 12, 13), 214, 209),
        ("Gampaha", date(2025, 12, 20), 259, 208),
        ("Matara", date(2025, 11, 29), 45, 45),
        ("Matara", date(2025, 12, 6), 67, 48),
        ("Ratnapura", date(2026, 1, 5), 94, 93),
    ],
)
def test_the_channel_of_own_week_and_neighbours(district: str, week: date, cases: int, bound: int) -> None:
    """Weeks that the table calls above the channel of the week and both neighbours are above it, at the bound it gives."""
    found, limit = channel(district, week, "own and both neighbours")
    assert found == cases
    assert round(limit) == bound
    assert found >= limit


def test_the_channel_of_the_own_week_alone() -> None:
    """Colombo in the week of 29 December 2025 lies above the channel of the week alone, and under that with its neighbours."""
    found, limit = channel("Colombo", date(2025, 12, 29), "own")
    assert (found, round(limit)) == (434, 382)
    assert found < channel("Colombo", date(2025, 12, 29), "own and both neighbours")[1]


def white_rice() -> pa.Table:
    """White rice in Colombo by month, as observations: the mean over the district's markets."""
    parts = [
        pd.read_csv(RECORDED / "market_wfp" / name, skiprows=[1])
        for name in ("wfp_food_prices_lka.csv", "wfp_food_prices_lka_snapshot_2025-06.csv")
    ]
    parts[0]["month"] = pd.to_datetime(parts[0]["date"], format="%Y-%m-%d").dt.to_period("M")
    parts[1]["month"] = pd.to_datetime(parts[1]["date"], format="%m/%d/%Y").dt.to_period("M")
    table = pd.concat(parts)
    real = (table["pricetype"] == "Retail") & (table["priceflag"] == "actual")
    chosen = table[(table["commodity"] == "Rice (white)") & (table["admin2"] == "Colombo") & real]
    chosen = chosen.drop_duplicates(["month", "market_id"], keep="first")
    prices = chosen.groupby("month")["price"].mean()
    rows = [
        Observation(
            area="Colombo", indicator="price_rice_white", start=month.start_time.tz_localize("UTC"),
            end=(month + 1).start_time.tz_localize("UTC"), received=datetime(2023, 7, 10, tzinfo=UTC), value=price, unit="LCU/kg",
            feed="f", key="k", delivery="d",
        )
        for month, price in prices.items()
    ]  # fmt: skip
    return pa.Table.from_batches([to_batch(rows)])


def test_the_price_spike_of_colombo_in_june_2023() -> None:
    """White rice in Colombo in June 2023 lies 1.9 standard deviations over its seasonal trend: orange, not red."""
    table = white_rice()
    baseline = compute(Threshold.model_validate(ALPS), PLACES, table, datetime(2023, 7, 11, tzinfo=UTC))
    (june,) = [r for r in baseline.rows if r.start == datetime(2023, 6, 1, tzinfo=UTC)]
    price = next(r["value"] for r in table.to_pylist() if r["start"] == datetime(2023, 6, 1, tzinfo=UTC))
    assert june.admitted
    assert round((price - june.statistics["expected"]) / june.statistics["sd"], 1) == 1.9
    assert june.bounds["orange"] <= price < june.bounds["red"]
