"""The recorded gauges through the parser: every row is used or kept aside.

One raw feature of the server is recorded as it was; the 6,760 readings are recorded as a table (metres), so they are put back into the
server's form here, Nagalagam Street in feet as the server has it.
"""

import csv
import json
from datetime import UTC, datetime
from typing import Any

import pytest
from recorded_tables import CHECKOUT, RECORDED

from feeds.contract import ParseContext
from feeds.ingest import Examined, examine
from feeds.manifest import load_manifest
from schemas.place_tables import read_places

FEED = "lka_irrigation_river"
FOLDER = RECORDED / "lk_river_levels"
FOOT = 0.3048
READ = datetime(2025, 12, 2, tzinfo=UTC)


def examined(features: list[dict[str, Any]]) -> Examined:
    """What the parser makes of a reply with these features."""
    places = read_places(CHECKOUT / "countries" / "lka", "lka", [FEED]).places
    return examine(json.dumps({"features": features}).encode(), ParseContext(load_manifest(FEED), places, READ, "delivery"))


def test_the_recorded_feature_is_read() -> None:
    """The one feature that was kept raw: Dunamale, 4.88 m, with its three levels."""
    raw = json.loads((FOLDER / "arcgis_feature_example.json").read_text(encoding="utf-8"))
    found = examined([{"attributes": raw}])
    assert (found.parsed.rows, found.parsed.rows_used, len(found.kept_aside)) == (1, 1, 0)
    assert {(o.area, o.indicator, o.value) for o in found.fit} == {
        ("lk-dunamale", "river_level", 4.88),
        ("lk-dunamale", "river_level.yellow", 3.3),
        ("lk-dunamale", "river_level.orange", 4.4),
        ("lk-dunamale", "river_level.red", 5.5),
    }


def test_every_recorded_reading_is_accounted_for() -> None:
    """6,760 rows of 39 gauges in, 27,040 readings and levels out, none kept aside; each level as recorded to a tenth of a millimetre."""
    gauges = {g["name"]: g for g in json.loads((FOLDER / "static/stations.json").read_text(encoding="utf-8"))}
    with (FOLDER / "all.tsv").open(encoding="utf-8", newline="") as lines:
        rows = list(csv.DictReader(lines, delimiter="\t"))
    found = examined([{"attributes": attributes(row, gauges[row["station_name"]])} for row in rows])
    parsed = found.parsed
    assert (parsed.rows, parsed.rows_used, len(found.fit), len(found.kept_aside), parsed.ignored) == (6760, 6760, 27040, 0, {})
    levels = [o for o in found.fit if o.indicator == "river_level"]
    assert [o.value for o in levels] == pytest.approx([float(row["water_level_m"]) for row in rows], abs=1e-4)
    assert [o.start.timestamp() for o in levels] == [int(row["time_ut"]) for row in rows]
    assert len({o.area for o in levels}) == 39
    assert sum(o.value is not None and o.value < 0 for o in levels) == 67


def attributes(row: dict[str, str], gauge: dict[str, Any]) -> dict[str, Any]:
    """A recorded reading as the server has it."""
    unit = FOOT if row["station_name"] == "Nagalagam Street" else 1.0
    moment = int(row["time_ut"]) * 1000
    return {
        "gauge": row["station_name"],
        "water_level": float(row["water_level_m"]) / unit,
        "CreationDate": moment,
        "EditDate": moment,
        "alertpull": gauge["alert_level_m"] / unit,
        "minorpull": gauge["minor_flood_level_m"] / unit,
        "majorpull": gauge["major_flood_level_m"] / unit,
    }
