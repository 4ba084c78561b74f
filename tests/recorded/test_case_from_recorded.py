"""What is committed under `countries/` is what the recorded files give today."""

import pytest
from case_from_recorded import COUNTRIES, written

WRITTEN = written()


@pytest.mark.parametrize("name", sorted(WRITTEN))
def test_a_committed_file_is_what_the_recorded_ones_give(name: str) -> None:
    """Whoever changes a figure by hand, or the conversion without running it, is told which file."""
    assert (COUNTRIES / name).read_text(encoding="utf-8") == WRITTEN[name]


def test_every_reading_of_the_gauges_is_kept() -> None:
    """6,760 readings in, 6,760 out: a converter that loses a row silently is the fault it should show."""
    assert WRITTEN["lka/cases/ditwah-2025/rivers.csv"].count("\n") == 6_760 + 1
