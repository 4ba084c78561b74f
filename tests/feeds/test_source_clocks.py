"""How far our clock is from those of the sources: most of them together can tell, one alone cannot."""

from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from pathlib import Path

import pytest
from parse_contexts import manifest
from prometheus_client import CollectorRegistry
from scripted_source import Reply, Source

from feeds.fetch import Validators, fetch
from feeds.source_clocks import SourceClock, SourceClocks, is_off, lately, note, said

RIVER = manifest("lka_irrigation_river")
PAGED = manifest("npl_bipad_river")
NOON = datetime(2026, 11, 26, 12, tzinfo=UTC)
SLOW_S = 60.0
"""More than an answer on the loopback interface ever takes."""


def ahead(source: Source, **headers: str) -> float | None:
    """By how much our clock is ahead of what a source says."""
    source.script(Reply(b'{"features":[]}', headers=headers))
    return fetch(RIVER, source.base_url, Validators()).clock_ahead_s


def http_date(seconds: float) -> str:
    """A moment so many seconds from now, as HTTP writes it."""
    return format_datetime(datetime.now(UTC) + timedelta(seconds=seconds), usegmt=True)


def test_a_source_an_hour_before_us_says_that_we_are_an_hour_ahead(source: Source) -> None:
    """The difference is that of its `Date`, to a second."""
    found = ahead(source, Date=http_date(-3_600))
    assert found is not None
    assert 3_600 - SLOW_S < found < 3_600 + SLOW_S


def test_the_age_of_an_answer_from_a_cache_is_not_taken_for_a_wrong_clock(source: Source) -> None:
    """A cache says how long it has kept it."""
    found = ahead(source, Date=http_date(-3_600), Age="3600")
    assert found is not None
    assert abs(found) < SLOW_S


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 27 Nov 2025 14:33:00"])
def test_a_source_that_says_no_time_says_nothing_of_ours(source: Source, date: str) -> None:
    """No date, none that can be read, or one without a zone."""
    assert ahead(source, **({"Date": date} if date else {})) is None


def test_an_answer_that_nothing_changed_and_pages_tell_the_time_too(source: Source) -> None:
    """304, and the last page of a paged source."""
    source.script(Reply(status=304, headers={"Date": http_date(3_600)}))
    not_modified = fetch(RIVER, source.base_url, Validators(etag='"a"'))
    assert not_modified.body is None
    source.script(Reply(b'{"results": []}', headers={"Date": http_date(3_600)}))
    for answer in (not_modified, fetch(PAGED, source.base_url, Validators())):
        assert answer.clock_ahead_s is not None
        assert -3_600 - SLOW_S < answer.clock_ahead_s < -3_600 + SLOW_S


@pytest.mark.parametrize(
    ("seconds", "off"),
    [((), None), ((0.4,), False), ((300,), True), ((300, 0), False), ((300, 0, -90), True), ((-61, -61), True), ((60, 60), False)],
)
def test_more_than_half_of_the_sources_must_say_so(seconds: tuple[float, ...], off: bool | None) -> None:
    """One source whose own clock is wrong says nothing of ours; if nobody said anything, nobody can tell."""
    assert is_off([SourceClock(ahead_s=s, at=NOON) for s in seconds]) is off


def test_prometheus_is_told_by_feed_what_was_said_lately(tmp_path: Path) -> None:
    """A file that was cut off, and what was said days ago, are left out."""
    registry = CollectorRegistry()
    registry.register(SourceClocks(tmp_path, lambda: NOON))
    note(tmp_path, "river", SourceClock(ahead_s=400, at=NOON))
    note(tmp_path, "river", SourceClock(ahead_s=2.5, at=NOON))
    note(tmp_path, "prices", SourceClock(ahead_s=9, at=NOON - timedelta(days=3)))
    (tmp_path / "rain.json").write_text('{"ahead_s":', encoding="utf-8")
    assert set(said(tmp_path)) == {"river", "prices"}
    assert set(lately(said(tmp_path), NOON)) == {"river"}
    assert registry.get_sample_value("polyrisk_clock_ahead_seconds", {"feed": "river"}) == 2.5
    assert registry.get_sample_value("polyrisk_clock_ahead_seconds", {"feed": "prices"}) is None
