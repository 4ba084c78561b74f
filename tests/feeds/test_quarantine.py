"""Rows kept aside stay readable whatever stands in them, through crashes and repeats."""

from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from feeds.quarantine import Kept, Quarantine

NOON = datetime(2025, 11, 27, 12, tzinfo=UTC)


def kept(row: int = 1, feed: str = "lka_gauge", excerpt: str = "x", received: datetime = NOON) -> Kept:
    """A row kept aside."""
    return Kept(feed=feed, delivery="d" * 64, received=received, row=row, reason="why", remedy="what to do", excerpt=excerpt)


@pytest.mark.parametrize("excerpt", ["a\u2028b\x85c\x1cd", "\ud800", 'torn"}', "line\nline", "\x00", "කැලණි"])
def test_any_text_comes_back_as_one_row(tmp_path: Path, excerpt: str) -> None:
    """Line separators inside a row do not tear it apart; half a surrogate pair is shown as its escape."""
    quarantine = Quarantine(tmp_path)
    quarantine.keep([kept(1, excerpt=excerpt), kept(2)])
    assert [row.row for row in quarantine.rows()] == [1, 2]
    assert next(quarantine.rows()).excerpt == ("\\ud800" if excerpt == "\ud800" else excerpt)


def test_a_delivery_taken_in_twice_is_kept_aside_once(tmp_path: Path) -> None:
    """A crash between keeping and remembering makes the same delivery come again."""
    quarantine = Quarantine(tmp_path)
    quarantine.keep([kept(1), kept(2)])
    quarantine.keep([kept(1), kept(2), kept(3)])
    assert [row.row for row in quarantine.rows()] == [1, 2, 3]


@pytest.mark.parametrize("lost", [1, 20, 60])
def test_a_line_torn_by_a_crash_costs_nothing(tmp_path: Path, lost: int, caplog: pytest.LogCaptureFixture) -> None:
    """The torn line is left out with a warning, its row is written again, and rows after it are whole."""
    quarantine = Quarantine(tmp_path)
    quarantine.keep([kept(1), kept(2)])
    path = next(tmp_path.rglob("*.jsonl"))
    path.write_bytes(path.read_bytes()[:-lost])
    quarantine.keep([kept(1), kept(2), kept(3)])
    assert [row.row for row in quarantine.rows()] == [1, 2, 3]
    assert ("cut off by a crash" in caplog.text) == (lost > 1)


def test_rows_are_found_and_counted_by_feed(tmp_path: Path) -> None:
    """Feed and day keep them apart; reasons are counted."""
    quarantine = Quarantine(tmp_path)
    quarantine.keep([kept(1), kept(2)])
    quarantine.keep([kept(1, received=NOON + timedelta(days=1))])
    quarantine.keep([kept(7, feed="npl_gauge")])
    assert [row.row for row in quarantine.rows("npl_gauge")] == [7]
    assert quarantine.counts() == {("lka_gauge", "why"): 3, ("npl_gauge", "why"): 1}
    assert sorted(path.name for path in (tmp_path / "lka_gauge").iterdir()) == ["2025-11-27.jsonl", "2025-11-28.jsonl"]


def test_nothing_kept_aside_leaves_no_trace(tmp_path: Path) -> None:
    """No folder, no rows."""
    quarantine = Quarantine(tmp_path / "none")
    quarantine.keep([])
    assert list(quarantine.rows()) == []
    assert not (tmp_path / "none").exists()
