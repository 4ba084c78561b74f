"""What is committed under `countries/` is what the recorded files give today."""

import csv
import io

import pytest
from case_from_recorded import COUNTRIES, written

WRITTEN = written()
POSITIONS = frozenset({"latitude", "longitude"})
"""Of areas: written by hand, where people report; the recorded files have none."""


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_committed_file_is_what_the_recorded_ones_give(name: str) -> None:
    """Whoever changes a figure by hand, or the conversion without running it, is told which file."""
    committed = (COUNTRIES / name).read_text(encoding="utf-8")
    assert (_without(committed, POSITIONS) if name == "lka/areas.csv" else committed) == WRITTEN[name]


def _without(text: str, columns: frozenset[str]) -> str:
    """A table without some of its columns."""
    rows = list(csv.reader(io.StringIO(text)))
    kept = [place for place, column in enumerate(rows[0]) if column not in columns]
    out = io.StringIO()
    csv.writer(out, lineterminator="\n").writerows([row[place] for place in kept] for row in rows)
    return out.getvalue()


def test_every_reading_of_the_gauges_is_kept() -> None:
    """6,760 readings in, 6,760 out: a converter that loses a row silently is the fault it should show."""
    assert WRITTEN["lka/cases/ditwah-2025/rivers.csv"].count("\n") == 6_760 + 1
