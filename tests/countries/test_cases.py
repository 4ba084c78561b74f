"""Past events as readings: what they hold, when it became known, and what must have been warned."""

import shutil
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pandas as pd
import pytest

from feeds.cases import SIZE_LIMIT, Case
from schemas.country_files import LoadedCountry, countries_root, load_country
from schemas.errors import ConfigurationError

CASES = sorted(path.parent for path in countries_root().glob("*/cases/*/case.yaml"))
MADE = """name: made
title: A made case
country: LKA
timezone: Asia/Colombo
start: 2025-11-26T00:00:00+05:30
end: 2025-11-27T00:00:00+05:30
feeds:
  gauges:
    series:
      - {file: long.csv, shape: long, indicator: river_level, unit: m, source: made, known: made}
      - {file: wide.csv, shape: wide, indicator: rain_1d, unit: mm, source: made, known: made}
    extra: {stations: stations.csv}
"""
LONG = """known,area,start,end,value
2025-11-26T02:00Z,a,,,1.5
2025-11-26T01:00Z,b,2025-11-26T00:30Z,,null
2025-11-26T01:00Z,a,2025-11-26T00:00Z,2025-11-26T00:45Z,1.25
"""
WIDE = """known,start,end,x,y
2025-11-26T03:00Z,2025-11-25T00:00Z,2025-11-26T00:00Z,,7
2025-11-26T04:00Z,2025-11-26T00:00Z,2025-11-27T00:00Z,null,0
"""
STATIONS = "code,latitude,longitude,yellow,orange,red\na,7.5,80.25,,3.5,4\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    made = tmp_path / "made"
    made.mkdir()
    for name, text in (("case.yaml", MADE), ("long.csv", LONG), ("wide.csv", WIDE), ("stations.csv", STATIONS)):
        (made / name).write_text(text, encoding="utf-8")
    return made


@pytest.fixture(scope="module", params=CASES, ids=lambda path: str(path.name))
def case(request: pytest.FixtureRequest) -> Case:
    return Case.load(request.param)


@pytest.fixture(scope="module")
def ditwah() -> Case:
    return Case.load(countries_root() / "lka/cases/ditwah-2025")


@pytest.fixture(scope="module")
def colombo() -> Case:
    return Case.load(countries_root() / "lka/cases/colombo-2023")


@pytest.fixture(scope="module")
def trishuli() -> Case:
    return Case.load(countries_root() / "npl/cases/trishuli-2026")


def _country(case: Case) -> LoadedCountry:
    return load_country(countries_root() / case.country.lower())


def _value(case: Case, feed: str, area: str, start: str) -> float:
    rows = case.series(feed)
    found = rows[(rows["area"] == area) & (rows["start"] == pd.Timestamp(start))]
    assert len(found) == 1
    return float(found["value"].iloc[0])


def test_an_empty_start_is_known_and_an_empty_end_is_start(folder: Path) -> None:
    """The long shape leaves out what repeats itself."""
    rows = Case.load(folder).series("gauges", "river_level")
    assert list(rows["area"]) == ["a", "b", "a"]
    assert list(rows["start"]) == [pd.Timestamp(t, tz="UTC") for t in ("2025-11-26 00:00", "2025-11-26 00:30", "2025-11-26 02:00")]
    assert list(rows["end"]) == [pd.Timestamp(t, tz="UTC") for t in ("2025-11-26 00:45", "2025-11-26 00:30", "2025-11-26 02:00")]


def test_nothing_said_is_no_row_and_null_is_a_row_without_a_value(folder: Path) -> None:
    """A source that spoke and gave no value is something else than one that said nothing, and neither is zero."""
    rows = Case.load(folder).series("gauges", "rain_1d")
    assert [(r.area, r.value) for r in rows.dropna().itertuples()] == [("y", 7.0), ("y", 0.0)]
    assert list(rows[rows["value"].isna()]["area"]) == ["x"]


def test_what_was_known_at_a_moment_ends_with_that_moment(folder: Path) -> None:
    """Nobody is told anything before it was known."""
    case = Case.load(folder)
    at = datetime(2025, 11, 26, 3, 0, tzinfo=UTC)
    assert len(case.known_by("gauges", at)) == 4
    assert len(case.known_by("gauges", at - timedelta(seconds=1))) == 3
    assert len(case.known_by("gauges", datetime(2025, 1, 1, tzinfo=UTC))) == 0


def test_times_are_utc_whatever_the_file_says(folder: Path) -> None:
    """The case's own zone is for people."""
    case = Case.load(folder)
    assert (case.start, case.end) == (datetime(2025, 11, 25, 18, 30, tzinfo=UTC), datetime(2025, 11, 26, 18, 30, tzinfo=UTC))


def test_side_tables_have_numbers_where_numbers_are(folder: Path) -> None:
    """A level that the source does not give is not a number."""
    stations = Case.load(folder).extra("gauges")["stations"]
    assert stations.loc[0, "orange"] == 3.5
    assert pd.isna(stations.loc[0, "yellow"])
    assert stations.loc[0, "code"] == "a"


def test_a_wrong_case_names_the_place(folder: Path) -> None:
    """A slip in case.yaml is found with its line."""
    (folder / "case.yaml").write_text(MADE.replace("unit: mm", "unit: inch"), encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"made/case\.yaml:11:"):
        Case.load(folder)


def test_a_missing_file_or_column_is_named(folder: Path) -> None:
    """A case that cannot be read says which file it lacks."""
    (folder / "long.csv").write_text("known,area,value\n", encoding="utf-8")
    with pytest.raises(ConfigurationError, match="end, start"):
        Case.load(folder).series("gauges")
    (folder / "wide.csv").unlink()
    shutil.copy(folder / "stations.csv", folder / "other.csv")
    (folder / "long.csv").write_text(LONG, encoding="utf-8")
    with pytest.raises(ConfigurationError, match=r"made/wide\.csv"):
        Case.load(folder).series("gauges")


def test_every_place_of_a_case_is_joined(case: Case) -> None:
    """Each area or gauge of a case's readings is one of its country's; points of a grid are joined by their own table."""
    places = _country(case).places
    for feed in case.feeds:
        points = case.extra(feed).get("points")
        for area in case.series(feed)["area"].unique():
            code = area.split(":")[0] if points is None else points.set_index("id").loc[area, "area"]
            assert code in places.areas or code in places.stations, area


def test_every_feed_of_a_case_is_one_of_its_countrys(case: Case) -> None:
    """A stand-in can only play a source that the country reads."""
    assert set(case.feeds) <= set(_country(case).facts.feeds)


def test_nothing_is_known_before_it_was(case: Case) -> None:
    """No period is known before it ended."""
    for feed in case.feeds:
        rows = case.series(feed)
        assert (rows["known"] >= rows["end"]).all(), feed
        assert (rows["end"] >= rows["start"]).all(), feed


def test_every_assumption_about_when_something_was_known_is_written_down(case: Case) -> None:
    """Each file names its source and how the time it became known was found."""
    for feed in case.facts.feeds.values():
        for file in feed.series:
            assert len(file.source) > 20
            assert len(file.known) > 10


def test_no_file_of_a_case_is_too_large(case: Case) -> None:
    """A case travels with the repository."""
    assert max(path.stat().st_size for path in case.folder.iterdir()) <= SIZE_LIMIT


def test_expectations_name_rules_and_areas_that_exist(case: Case) -> None:
    """An expectation about a rule that nobody wrote would never fail."""
    country = _country(case)
    rules = {rule.name: rule for rule in country.configuration.rules}
    assert case.expectations.must or case.name.startswith("quiet")
    for must in (*case.expectations.must, *case.expectations.must_not):
        assert must.rule in rules
        assert must.area is None or country.places.areas[must.area].level == rules[must.rule].area
        assert must.since < must.until


def test_peradeniya_falls_silent_at_its_peak(ditwah: Case) -> None:
    """10.56 m on 27 November 20:03, and nothing after."""
    rows = ditwah.series("lka_irrigation_river")
    last = rows[rows["area"] == "lk-peradeniya"].iloc[-1]
    assert last["value"] == 10.56
    assert last["end"].tz_convert("Asia/Colombo").strftime("%d %H:%M") == "27 20:03"


def test_ditwah_holds_what_the_recorded_tables_say(ditwah: Case) -> None:
    """Dengue in Gampaha in the week of 13 December, 214; the first level 3 in Kandy on 26 November; no price after September."""
    assert _value(ditwah, "lka_dengue_weekly", "LK12", "2025-12-12T18:30Z") == 214
    slopes = ditwah.series("lka_nbro_landslide")
    red = slopes[(slopes["value"] == 3) & slopes["area"].str.startswith("LK21")]
    assert red["start"].min().tz_convert("Asia/Colombo").strftime("%Y-%m-%d") == "2025-11-26"
    assert ditwah.series("lka_wfp_prices")["end"].max() == pd.Timestamp("2025-09-30T18:30Z")


def test_kalmune_is_counted_apart_as_its_source_does(ditwah: Case) -> None:
    """Whoever joins it to Ampara must add, and can only add what is kept apart."""
    areas = set(ditwah.series("lka_dengue_weekly")["area"])
    assert {"LK52", "LK52:Kalmune"} <= areas
    assert len(areas) == 26


@pytest.mark.parametrize("name", ["ditwah-2025", "colombo-2023", "quiet-2025"])
def test_there_is_history_enough_for_the_baselines(name: str) -> None:
    """Five years of weeks with both neighbours before the case; 60 months of prices in Colombo."""
    case = Case.load(countries_root() / f"lka/cases/{name}")
    weeks = case.series("lka_dengue_weekly")
    assert weeks["start"].min() <= pd.Timestamp(case.start) - pd.Timedelta(days=5 * 366 + 21)
    prices = case.series("lka_wfp_prices")
    assert prices["start"].min() <= pd.Timestamp(case.start) - pd.DateOffset(months=60)
    city = prices[prices["area"] == "LK11:Colombo City"]
    assert len(city[city["known"] < pd.Timestamp(case.start)]) >= 36


def test_colombo_2023_holds_hazard_health_and_market(colombo: Case) -> None:
    """579 cases in the week of 10 June, level 1 in Seethawaka on 12 June, rice at 230.16 in June and known on 10 July."""
    assert _value(colombo, "lka_dengue_weekly", "LK11", "2023-06-09T18:30Z") == 579
    slopes = colombo.series("lka_nbro_landslide")
    seethawaka = slopes[(slopes["area"] == "LK1115") & (slopes["start"] > pd.Timestamp("2023-06-01T00:00Z"))]
    assert [t.strftime("%m-%d") for t in seethawaka["start"].dt.tz_convert("Asia/Colombo")][:2] == ["06-12", "06-13"]
    rice = colombo.series("lka_wfp_prices")
    june = rice[(rice["area"] == "LK11:Colombo City") & (rice["start"] == pd.Timestamp("2023-05-31T18:30Z"))].iloc[0]
    assert june["value"] == 230.16
    assert june["known"].tz_convert("Asia/Colombo").strftime("%Y-%m-%d") == "2023-07-10"


def test_five_gauges_of_one_valley_stop_within_forty_minutes_below_their_levels(trishuli: Case) -> None:
    """Last readings 08:40 to 09:20, none at its warning level: a rule about levels alone stays quiet."""
    places = _country(trishuli).places
    levels = trishuli.extra("npl_bipad_river")["stations"].set_index("code")["yellow"]
    last = trishuli.series("npl_bipad_river").groupby("area").last()
    valley = last[[any(a in ("NP0328", "NP0329") for a in places.stations[str(s)].areas) for s in last.index]]
    assert len(valley) == 5
    assert valley["end"].max() - valley["end"].min() == timedelta(minutes=40)
    assert all(row.value < levels[code] for code, row in valley.iterrows())


def test_impact_is_kept_as_reported(ditwah: Case) -> None:
    """Cumulative at the time of the report, national sums as printed; what falls again is not mended (Kegalle, 9 dead, later 2)."""
    table = ditwah.outcomes
    sums = table[table["kind"] == "persons_affected"].groupby("at")["value"].sum()
    assert list(sums) == [219_282, 373_428, 998_918]
    kegalle = table[(table["area"] == "LK92") & (table["kind"] == "dead")].sort_values("at")
    assert list(kegalle["value"]) == [8, 9, 2]
