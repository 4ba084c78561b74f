"""The recorded weeks of dengue through the parser: every line is used or kept aside."""

import csv
from collections import Counter, defaultdict
from datetime import UTC, datetime
from functools import cache

import pytest
from recorded_tables import CHECKOUT, RECORDED

from feeds.contract import ParseContext
from feeds.ingest import Examined, examine
from feeds.manifest import load_manifest
from schemas.place_tables import read_places

FEED = "lka_dengue_weekly"
FOLDER = RECORDED / "dengue_lk_weekly"
READ = datetime(2026, 11, 24, tzinfo=UTC)
EMPTY = "cases left empty; unknown, not zero"


@cache
def examined(name: str) -> Examined:
    """What the parser makes of a file."""
    places = read_places(CHECKOUT / "countries" / "lka", "lka", [FEED]).places
    return examine((FOLDER / name).read_bytes(), ParseContext(load_manifest(FEED), places, READ, "delivery"))


@pytest.mark.parametrize(
    ("name", "rows", "readings", "unknown", "ignored"),
    [
        ("srilanka_weekly_data.csv", 26311, 25299, 0, {}),
        ("parts/data2023.csv", 1352, 1300, 0, {}),
        ("parts/data2024.part2.csv", 441, 441, 57, {EMPTY: 42}),
        ("parts/data2024.part3.csv", 52, 50, 0, {}),
        ("parts/data2025.part1.csv", 286, 275, 0, {}),
        ("parts/data2025.part2.csv", 1066, 1025, 0, {}),
        ("parts/data2026.part1.csv", 545, 524, 0, {}),
        ("parts/data2026ex.csv", 519, 499, 48, {EMPTY: 50}),
    ],
)
def test_every_recorded_line_is_accounted_for(name: str, rows: int, readings: int, unknown: int, ignored: dict[str, int]) -> None:
    """All lines used, none kept aside; two lines for Ampara make one reading; an empty number is unknown."""
    found = examined(name)
    assert (found.parsed.rows, found.parsed.rows_used, len(found.kept_aside)) == (rows, rows, 0)
    assert (len(found.fit), sum(o.value is None for o in found.fit), found.parsed.ignored) == (readings, unknown, ignored)


def test_no_case_is_lost_or_counted_twice() -> None:
    """The cases of each week, summed over the country from the file itself, are those of the readings; zeros stay zeros."""
    plain: dict[str, int] = defaultdict(int)
    zeros = 0
    with (FOLDER / "srilanka_weekly_data.csv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines):
            month, day, year = row["start.date"].split("/")
            plain[f"{year}-{int(month):02d}-{int(day):02d}"] += int(row["cases"])
            zeros += row["cases"] == "0"
    read: dict[str, float] = defaultdict(float)
    for o in examined("srilanka_weekly_data.csv").fit:
        read[o.key.split(" ")[1]] += o.value or 0.0
    assert read == plain
    assert zeros == 3636


def test_odd_weeks_are_as_long_as_they_were() -> None:
    """Periods last seven days but for the two odd steps of 2009 (8 and 6 days); 27 and 28 December 2025 lie in no week."""
    fit = examined("srilanka_weekly_data.csv").fit
    periods = {(o.start, o.end) for o in fit}
    assert Counter((end - start).days for start, end in periods) == {7: 1010, 8: 1, 6: 1}
    gap = datetime(2025, 12, 27, 12, tzinfo=UTC)
    assert not any(start <= gap < end for start, end in periods)
