"""The recorded landslide bulletins through the parser: every entry is used or kept aside."""

import json
from collections import Counter
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from recorded_tables import CHECKOUT, RECORDED

from feeds.contract import ParseContext
from feeds.ingest import Examined, examine
from feeds.manifest import load_manifest
from schemas.place_tables import read_places
from schemas.places import Places

FEED = "lka_nbro_landslide"
READ = datetime(2025, 12, 14, tzinfo=UTC)
FILES = sorted((RECORDED / "lk_landslide_warnings/2020s").glob("*/*/*.json"))


@cache
def places() -> Places:
    """Sri Lanka's divisions."""
    return read_places(CHECKOUT / "countries" / "lka", "lka", [FEED]).places


@cache
def examined(path: Path) -> Examined:
    """What the parser makes of a day's file."""
    return examine(path.read_bytes(), ParseContext(load_manifest(FEED), places(), READ, "delivery"))


def test_every_recorded_entry_is_accounted_for() -> None:
    """393 days, 11,808 entries: all used, six of them a division's second level on a day; two days name nobody and are deliveries."""
    totals: Counter[str] = Counter()
    for path in FILES:
        found = examined(path)
        totals.update(
            files=1,
            rows=found.parsed.rows,
            used=found.parsed.rows_used,
            kept_aside=len(found.kept_aside),
            named=sum(o.value != 0 for o in found.fit),
            green=sum(o.value == 0 for o in found.fit),
            empty=found.parsed.rows == 0,
        )
        totals.update(found.parsed.ignored)
    assert totals == {
        "files": 393,
        "rows": 11808,
        "used": 11808,
        "kept_aside": 0,
        "named": 11802,
        "green": 73086,
        "empty": 2,
        "named at two levels; the higher is kept": 6,
    }


def test_each_division_stands_at_its_highest_level() -> None:
    """Against the file itself, read plainly."""
    for path in FILES:
        worst: dict[str, int] = {}
        for level, districts in json.loads(path.read_bytes())["level_to_district_to_dsds"].items():
            for division in (code.replace("-", "") for codes in districts.values() for code in codes):
                worst[division] = max(worst.get(division, 0), int(level))
        assert {o.area: o.value for o in examined(path).fit if o.value} == worst


def test_the_scope_is_the_districts_that_were_ever_named() -> None:
    """Fourteen districts; a fifteenth would be a series that the scope leaves out."""
    named = {o.area[:4] for path in FILES for o in examined(path).fit if o.value}
    assert named == set(load_manifest(FEED).scope)
    assert len(named) == 14
