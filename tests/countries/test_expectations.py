"""The rules as written warn of what the recorded readings call for, and of nothing else: judged by the engine itself.

Readings are put into the log as the feeds would: every three hours what became known since, a division that a bulletin does not name
green. The whole of each case, with baselines and messages, is the demo's; here are the hours in which the warnings are born.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta

import pandas as pd
import pytest

from feeds.cases import Case, Must
from processors.engine import initial, step
from schemas.configuration import FeedFacts
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.envelopes import input_record, observations_record
from schemas.indicators import CATALOGUE
from schemas.inputs import ConfigChange, Heartbeat, Observation, Tick
from schemas.levels import Level
from schemas.observations import to_batch
from schemas.outputs import CompoundEvent, EventChange
from schemas.records import Record

Reading = tuple[str, str, datetime, datetime, float]


@dataclass(frozen=True)
class Played:
    case: Case
    events: list[CompoundEvent]

    def of(self, rule: str, area: str) -> list[CompoundEvent]:
        return [e for e in self.events if (e.rule, e.area) == (rule, area)]


def _play(folder: str, feeds: tuple[str, ...], start: str, end: str, every: timedelta) -> Played:
    """What the engine says of a case's readings of some feeds, between two moments, with a tick each `every`."""
    case = Case.load(countries_root() / folder)
    country = load_country(countries_root() / case.country.lower())
    first, last = pd.Timestamp(start).to_pydatetime(), pd.Timestamp(end).to_pydatetime()
    state, events = initial(country.shard), []
    for record in _records(case, country, feeds, (first, last), every):
        state, said = step(state, record)
        events += [e for e in said if isinstance(e, CompoundEvent)]
    return Played(case, events)


def _records(
    case: Case, country: LoadedCountry, feeds: tuple[str, ...], span: tuple[datetime, datetime], every: timedelta
) -> Iterator[Record]:
    configuration = country.configuration
    change = ConfigChange(at=span[0], hash=configuration.hash, configuration=configuration.canonical(), author="test", reason="test")
    yield input_record(country.shard, change)
    facts = {f.feed: f for f in configuration.feeds}
    at, before = span[0], pd.Timestamp(case.start).to_pydatetime() - timedelta(days=3)
    while at <= span[1]:
        for feed in feeds:
            readings = list(_between(case, facts[feed], before, at))
            if readings:
                yield observations_record(country.shard, feed, f"{at:%Y%m%dT%H%M}-{feed}", at, to_batch(_observed(feed, readings, at)))
            beat = Heartbeat(feed=feed, received=at, delivery=f"{at:%Y%m%dT%H%M}", new=bool(readings), rows=len(readings), quarantined=0)
            yield input_record(country.shard, beat)
        yield input_record(country.shard, Tick(at=at))
        before, at = at, at + every


def _between(case: Case, facts: FeedFacts, after: datetime, upto: datetime) -> Iterator[Reading]:
    """What became known in (after, upto], the gauges' own levels and the green of what a list does not name included."""
    known = case.known_by(facts.feed, upto)
    new = known[known["known"] > pd.Timestamp(after)]
    for row in new.itertuples():
        yield row.area, row.indicator, row.start.to_pydatetime(), row.end.to_pydatetime(), row.value
    side = case.extra(facts.feed)
    if "stations" in side:
        levels = side["stations"].set_index("code")
        for code, start in new.groupby("area")["start"].min().items():
            for colour in ("yellow", "orange", "red"):
                if colour in levels and pd.notna(levels.loc[code, colour]):
                    moment = start.to_pydatetime()
                    yield str(code), f"river_level.{colour}", moment, moment, float(levels.loc[code, colour])
    if "bulletins" in side:
        for bulletin in side["bulletins"].itertuples():
            if pd.Timestamp(after) < bulletin.known <= pd.Timestamp(upto):
                named = set(new[new["known"] == bulletin.known]["area"])
                issued = bulletin.start.to_pydatetime()
                yield from ((area, "landslide_warning", issued, issued, 0.0) for area in facts.scope if area not in named)


def _observed(feed: str, readings: list[Reading], at: datetime) -> Iterator[Observation]:
    for area, indicator, start, end, value in readings:
        key = f"{area}:{indicator}:{start:%Y%m%dT%H%M%S}"
        yield Observation(
            area=area, indicator=indicator, start=start, end=end, received=at, value=value, unit=CATALOGUE[indicator].unit,
            feed=feed, key=key, delivery=f"{at:%Y%m%dT%H%M}",
        )  # fmt: skip


@pytest.fixture(scope="module")
def ditwah() -> Played:
    feeds = ("lka_irrigation_river", "lka_nbro_landslide")
    return _play("lka/cases/ditwah-2025", feeds, "2025-11-26T00:00Z", "2025-11-30T12:00Z", timedelta(hours=3))


@pytest.fixture(scope="module")
def trishuli() -> Played:
    feeds = ("npl_bipad_river",)
    return _play("npl/cases/trishuli-2026", feeds, "2026-08-25T18:15Z", "2026-08-26T18:15Z", timedelta(minutes=10))


def _met(must: Must, played: Played) -> bool:
    said = [e for e in played.of(must.rule, must.area) if must.since <= e.since < must.until]
    opened = [e for e in said if e.change == EventChange.OPENED and (must.by is None or e.known <= must.by)]
    return bool(opened) and max(e.level for e in said) >= (must.level or Level.GREEN)


def test_rivers_and_slopes_at_once_are_warned_in_time(ditwah: Played) -> None:
    """Kandy, Badulla, Kegalle and Ratnapura on 26 to 28 November, and the lower Kelani, each by its time and at its level."""
    musts = [m for m in ditwah.case.expectations.must if m.rule in ("river_and_landslide", "river_flood")]
    assert len(musts) == 6
    assert [f"{m.rule} {m.area}" for m in musts if not _met(m, ditwah)] == []


def test_kandy_never_turns_calm_while_its_gauge_is_dead(ditwah: Played) -> None:
    """Peradeniya is silent from 27 November 20:03 and Nawalapitiya later reads low: no all-clear is said."""
    changes = [e.change for rule in ("river_and_landslide", "river_flood") for e in ditwah.of(rule, "LK21")]
    assert EventChange.OPENED in changes
    assert EventChange.CLOSED not in changes


def test_the_small_warnings_are_muted_while_the_great_one_stands(ditwah: Played) -> None:
    """Kandy's flood is part of its compound event, so nobody is written to twice."""
    opened = [e for e in ditwah.of("river_flood", "LK21") if e.change == EventChange.OPENED]
    assert opened
    assert all("river_and_landslide" in e.quiet for e in opened)


def test_a_level_that_nobody_crossed_is_not_warned_of(trishuli: Played) -> None:
    """No gauge of Nepal was above its warning level on 26 August 2026."""
    assert [e for e in trishuli.events if e.rule == "river_flood"] == []


def test_the_joint_silence_of_a_valley_is_told_to_operators(trishuli: Played) -> None:
    """Four of five gauges silent for an hour: known in both districts by 11:00, a day before any bulletin."""
    assert [m.area for m in trishuli.case.expectations.must if not _met(m, trishuli)] == []
    assert {e.audience for e in trishuli.events} == {"operators"}
