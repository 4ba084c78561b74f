"""Made-up years of weekly cases and daily rain in a few areas, by a seed; late, revised and missing readings among them."""

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pyarrow as pa
from engine_tables import configuration

from processors.history import History, history_of
from schemas.configuration import Configuration

BEGIN = datetime(2015, 1, 5, tzinfo=UTC)
DAY = timedelta(days=1)
AREAS = ("A", "B")
FEEDS = [
    {"feed": "ministry", "every": "7 d", "delay": "7 d", "indicators": ["dengue_cases"]},
    {"feed": "rain", "every": "1 d", "delay": "6 h", "indicators": ["rain_1d"]},
]
CHANNEL = {
    "name": "dengue", "indicator": "dengue_cases", "kind": "endemic_channel", "levels": {"orange": "mean + 2 sd", "red": "mean + 4 sd"},
    "baseline": {"years": 2, "weeks": "own and both neighbours", "needs": "2 years"}, "stale_after": "21 d", "horizon": "60 d",
}  # fmt: skip
RAIN = {"name": "rain", "indicator": "rain_1d", "levels": {"yellow": "60 mm", "orange": "100 mm"}, "stale_after": "48 h", "horizon": "7 d"}
RULES = [
    {"name": "outbreak", "dimensions": ["health"], "when": "dengue >= orange", "raise": {"to": "red", "if": "dengue >= red"}},
    {"name": "flood", "when": "rain >= orange", "cool_down": "5 d"},
    {"name": "both", "when": {"sequence": ["rain >= yellow", "dengue >= orange"], "within": "8 w"}, "until": {"not": "dengue >= orange"}},
]


def country(**orange: str) -> Configuration:
    """Thresholds and rules, with another orange level for those named."""
    thresholds: list[dict[str, Any]] = [CHANNEL, RAIN]
    changed = [t | {"levels": t["levels"] | {"orange": orange[t["name"]]}} if t["name"] in orange else t for t in thresholds]
    areas = [{"code": code, "level": "adm2", "names": {"en": code}, "population": 1000} for code in AREAS]
    return configuration(changed, RULES, areas=areas, feeds=FEEDS)


def wet_country() -> Configuration:
    """Rules on rain alone, which areas whose readings come in order are judged by in columns."""
    rules = [
        {"name": "flood", "dimensions": ["environmental"], "when": "rain >= orange"},
        {"name": "dry", "dimensions": ["environmental"], "when": {"all": ["not rain >= yellow", "not rain >= orange"]}},
    ]
    areas = [{"code": code, "level": "adm2", "names": {"en": code}, "population": 1000} for code in AREAS]
    return configuration([RAIN], rules, areas=areas, feeds=FEEDS)


def years(seed: int, days: int = 860) -> History:
    """What came in, in order of receipt."""
    chance = random.Random(seed)
    rows: list[tuple[Any, ...]] = []
    for area in AREAS:
        level = chance.uniform(5, 20)
        for week in range(days // 7):
            if chance.random() < 0.04:
                continue
            level = max(2.0, level * chance.uniform(0.75, 1.35) if chance.random() < 0.9 else level * 2.5)
            level = min(level, 400.0)
            start = BEGIN + 7 * week * DAY
            known = start + 14 * DAY + chance.choice([0, 0, 0, 0, 9, 30]) * DAY
            rows.append((area, "dengue_cases", start, start + 7 * DAY, known, float(round(level)), "ministry"))
            if chance.random() < 0.1:
                again = known + chance.randint(1, 40) * DAY
                rows.append((area, "dengue_cases", start, start + 7 * DAY, again, float(round(level * 1.3)), "ministry"))
        for day in range(days):
            if chance.random() < 0.97:
                start = BEGIN + day * DAY
                value = None if chance.random() < 0.01 else round(chance.expovariate(1 / 20), 1)
                rows.append((area, "rain_1d", start, start + DAY, start + DAY + timedelta(hours=6), value, "rain"))
    names = ("area", "indicator", "start", "end", "received", "value", "feed")
    moment = pa.timestamp("us", tz="UTC")
    types = (pa.string(), pa.string(), moment, moment, moment, pa.float64(), pa.string())
    columns = {name: pa.array(column, kind) for name, kind, column in zip(names, types, zip(*rows, strict=True), strict=True)}
    return history_of(pa.table(columns))
