"""A feed is asked at its full pace while it can say something of an event that is near."""

from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from eventlog.log import open_log
from feeds.manifest import load_manifest
from feeds.pace import Pace
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.envelopes import output_record
from schemas.levels import Level, Truth
from schemas.outputs import CompoundEvent, EventChange, Evidence

OPENED = datetime(2025, 11, 26, 6, tzinfo=UTC)
RIVERS, LANDSLIDES, DENGUE = (load_manifest(name) for name in ("lka_irrigation_river", "lka_nbro_landslide", "lka_dengue_weekly"))


@pytest.fixture(scope="module")
def country() -> LoadedCountry:
    return load_country(countries_root() / "lka")


class Told:
    """A log into which a test writes what became of one event, and the pace that follows it."""

    def __init__(self, country: LoadedCountry, folder: Path) -> None:
        self.log = open_log(f"sqlite:///{folder / 'log.db'}")
        self.pace = Pace(self.log, country.configuration)
        self._shard = country.shard
        self._count = 0

    def event(self, rule: str, change: EventChange, hours: float, **more: Any) -> None:
        known = OPENED + timedelta(hours=hours)
        self._count += 1
        event = CompoundEvent(
            **{
                "id": f"{rule}:LK21",
                "shard": self._shard,
                "rule": rule,
                "rule_version": "1",
                "area": "LK21",
                "area_version": "1",
                "change": change,
                "level": Level.ORANGE,
                "steps": (),
                "dimensions": (),
                "since": OPENED,
                "at": known,
                "known": known,
                "truth": Truth.TRUE,
                "evidence": Evidence(condition=rule, truth=Truth.TRUE, area="LK21"),
                "record": f"r{self._count}",
                "configuration": "c",
                "engine": "e",
                **more,
            }
        )
        self.log.append([output_record(event, f"event:{self._count}", known)])

    def hurried(self, manifest: Any, hours: float) -> bool:
        return self.pace.interval(manifest, OPENED + timedelta(hours=hours)) == manifest.every


@pytest.fixture
def told(country: LoadedCountry, tmp_path: Path) -> Any:
    made = Told(country, tmp_path)
    yield made
    made.log.close()


def test_while_nothing_is_near_every_feed_goes_at_its_calm_pace(told: Told) -> None:
    assert not told.hurried(RIVERS, 0)
    assert told.pace.interval(RIVERS, OPENED) == RIVERS.calm_every


def test_an_open_event_hurries_the_feeds_its_rule_reads_and_no_other(told: Told) -> None:
    told.event("river_flood", EventChange.OPENED, 0)
    assert told.hurried(RIVERS, 1)
    assert told.hurried(RIVERS, 24 * 9)
    assert not told.hurried(LANDSLIDES, 1)


def test_an_ended_event_is_near_for_48_hours(told: Told) -> None:
    told.event("river_flood", EventChange.OPENED, 0)
    told.event("river_flood", EventChange.CLOSED, 10)
    assert told.hurried(RIVERS, 58)
    assert not told.hurried(RIVERS, 59)


def test_an_end_that_a_late_reading_moved_is_still_an_end(told: Told) -> None:
    """It is said as an update with the time of the end; taken for standing, it would hurry the rivers for ever."""
    told.event("river_flood", EventChange.OPENED, 0)
    told.event("river_flood", EventChange.CLOSED, 10, until=OPENED + timedelta(hours=9))
    told.event("river_flood", EventChange.UPDATED, 12, until=OPENED + timedelta(hours=8))
    assert told.hurried(RIVERS, 60)
    assert not told.hurried(RIVERS, 61)


def test_an_event_that_stands_only_because_its_gauges_are_silent_is_near_until_48_hours_after_its_last_reading(told: Told) -> None:
    told.event("river_flood", EventChange.OPENED, 0)
    told.event("river_flood", EventChange.UNCONFIRMED, 40, unconfirmed=True)
    assert told.hurried(RIVERS, 48)
    assert not told.hurried(RIVERS, 49)


def test_once_dengue_has_followed_the_flood_the_rivers_can_change_nothing_of_that_event(told: Told) -> None:
    told.event("flood_then_dengue", EventChange.OPENED, 0)
    assert not told.hurried(RIVERS, 1)
    assert DENGUE.calm_every is None or told.hurried(DENGUE, 1)


def test_what_began_a_sequence_is_watched_again_when_the_sequence_has_ended_lately(told: Told) -> None:
    told.event("flood_then_dengue", EventChange.OPENED, 0)
    told.event("flood_then_dengue", EventChange.CLOSED, 100)
    assert told.hurried(RIVERS, 101)


def test_a_feed_is_due_when_its_interval_is_over(told: Told) -> None:
    calm = RIVERS.calm_every
    assert calm is not None
    assert told.pace.due(RIVERS, None, OPENED)
    assert not told.pace.due(RIVERS, OPENED, OPENED + calm - timedelta(minutes=1))
    assert told.pace.due(RIVERS, OPENED, OPENED + calm)
