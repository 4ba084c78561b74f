"""A country's folder is read whole, and every mistake in it is named with its place and what to write instead."""

import shutil
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from schemas.configuration import Threshold
from schemas.country_files import LoadedCountry, countries_root, findings, load_country
from schemas.errors import ConfigurationError
from schemas.findings import Finding
from schemas.levels import Level

SMALL = Path(__file__).parent / "small"
Change = Callable[[str, str, str], list[Finding]]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A copy of a small invented country that has no finding."""
    shutil.copytree(SMALL, tmp_path / "small")
    return tmp_path / "small/countries/xya"


@pytest.fixture
def changed(folder: Path) -> Change:
    """Replaces one text in one file of the copy, and gives the findings."""

    def change(name: str, old: str, new: str) -> list[Finding]:
        path = folder / name
        text = path.read_text(encoding="utf-8")
        assert text.count(old) == 1, f"`{old}` stands {text.count(old)} times in {name}"
        path.write_text(text.replace(old, new), encoding="utf-8")
        return findings(folder, folder.parent.parent / "feeds")

    return change


@pytest.fixture
def country(folder: Path) -> LoadedCountry:
    return load_country(folder, folder.parent.parent / "feeds")


def test_a_good_country_has_no_finding(folder: Path) -> None:
    """The country that all the bad ones below are made from is read without a finding."""
    assert findings(folder, folder.parent.parent / "feeds") == []


def test_what_is_loaded_is_what_stands_in_the_files(country: LoadedCountry) -> None:
    """Facts, places, thresholds, rules and feeds arrive typed."""
    assert (country.code, country.name, country.shard, country.languages) == ("XYA", "Xya", "XYA", ("si", "en"))
    assert country.timezone.key == "Asia/Colombo"
    assert country.places.areas["XA11"].names == {"en": "Upper, Hill", "si": "ඉහළ"}
    assert country.places.areas["XA11"].population == 1000
    assert country.places.areas["XA1"].population is None
    assert [t.name for t in country.configuration.thresholds] == ["river_station", "rain_day", "dengue_channel"]
    assert [r.name for r in country.configuration.rules] == ["flood_then_dengue", "flood", "silence"]
    assert country.facts.signatures(Level.RED).within == timedelta(minutes=30)


def test_sources_spellings_and_keys_are_joined(country: LoadedCountry) -> None:
    """A source's spelling finds the area whatever its case; a feed's own number finds the station."""
    assert country.places.area("hill") == "XA11"
    assert country.places.area("XA-11") == "XA11"
    assert country.places.area("nowhere") is None
    assert country.places.station("xya_river", "17") == "xa-bridge"


def test_a_scope_is_spelled_out_as_the_areas_the_feed_gives_readings_at(country: LoadedCountry) -> None:
    """The engine learns from a list of what is active which areas are green, so a province in the scope stands for its districts."""
    scopes = {feed.feed: feed.scope for feed in country.configuration.feeds}
    assert scopes["xya_cases"] == ("XA11", "XA12")


def test_an_area_without_own_languages_has_those_around_it_or_the_countrys_first(country: LoadedCountry) -> None:
    """Nobody is left without a language, and none is invented."""
    assert country.languages_of("XA11") == {"si": 0.8, "en": 0.2}
    assert country.languages_of("XA12") == {"si": 1.0}


def test_the_calm_interval_of_a_feed_counts(country: LoadedCountry) -> None:
    """A feed that is asked less often in calm times is judged by that interval."""
    assert {f.feed: f.every for f in country.configuration.feeds}["xya_river"] == timedelta(hours=6)


def test_loading_a_bad_country_names_every_finding(folder: Path) -> None:
    """One reading shows all mistakes, not the first alone."""
    for name, old, new in (("thresholds.yaml", "0.10 m", "0.10"), ("rules.yaml", "[flood]", "[flod]")):
        path = folder / name
        path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_country(folder, folder.parent.parent / "feeds")
    assert "countries/xya/thresholds.yaml:6:3" in str(caught.value)
    assert "countries/xya/rules.yaml:11:11" in str(caught.value)


BAD = [
    # file, what stood there, what stands there now, the check, its place, words of the remedy or of what is wrong
    ("thresholds.yaml", "indicator: river_level", "indicator: river_levle", "unknown-indicator", "thresholds.yaml:2:3", "`river_level`"),
    ("thresholds.yaml", "leave_below: 0.10 m", "leave_bellow: 0.10 m", "extra-forbidden", "thresholds.yaml:6:3", "`leave_below`"),
    ("thresholds.yaml", "leave_below: 0.10 m", "leave_below: 0.10", "quantity", "thresholds.yaml:6:3", "has no unit. Write `0.1 m`"),
    ("thresholds.yaml", "leave_below: 0.10 m", "leave_below: 0.10 mm/h", "quantity", "thresholds.yaml:6:3", "is in mm/h"),
    ("thresholds.yaml", "orange: 100 mm", "orange: 100", "quantity", "thresholds.yaml:15:27", "has no unit"),
    ("thresholds.yaml", "floor: 5 cases", "floor: five", "quantity", "thresholds.yaml:25:3", "not a number with its unit"),
    ("thresholds.yaml", "orange: mean + 2 sd", "orange: twice the mean", "quantity", "thresholds.yaml:24:12", "mean + 2 sd"),
    ("thresholds.yaml", "orange: 100 mm", "orange: 60 mm", "level-order", "thresholds.yaml:15:27", "greater value"),
    ("thresholds.yaml", "mean + 4 sd", "mean + 1 sd", "level-order", "thresholds.yaml:24:33", "red (1)"),
    ("thresholds.yaml", "leave_below: 5 mm", "leave_below: 30 mm", "leave-past-beneath", "thresholds.yaml:16:3", "at most 25 mm"),
    ("thresholds.yaml", "stale_after: 8 h", "stale_after: 3 h", "stale-too-soon", "thresholds.yaml:8:3", "at least 6 h"),
    ("thresholds.yaml", "stale_after: 48 h", "stale_after: 48", "value-error", "thresholds.yaml:17:3", "not a span of time"),
    ("thresholds.yaml", "indicator: rain_1d", "indicator: rain_1h", "no-feed", "thresholds.yaml:12:3", "xya_river"),
    ("thresholds.yaml", "to: adm2", "to: adm3", "literal-error", "thresholds.yaml:9:13", "'adm2'"),
    ("thresholds.yaml", "  baseline: {years: 5, needs: 4 years}\n", "", "no-baseline", "thresholds.yaml:19:1", "needs a baseline"),
    ("rules.yaml", "sequence: [river_station", "sequence: [river_staton", "unknown-threshold", "rules.yaml:5:16", "`river_station`"),
    ("rules.yaml", "until: not dengue_channel", "until: not dengue_chanel", "unknown-threshold", "rules.yaml:7:3", "`dengue_channel`"),
    ("rules.yaml", "if: dengue_channel", "if: dengue_chan", "unknown-threshold", "rules.yaml:9:20", "`dengue_channel`"),
    ("rules.yaml", "rain_day >= orange", "rain_day >= red", "unreachable-level", "rules.yaml:21:35", "never reaches red"),
    ("rules.yaml", "within: 8 w", "within: 3 d", "window-too-short", "rules.yaml:6:5", "at least 1 w"),
    ("rules.yaml", "    within: 8 w", "    least_lag: 9 w\n    within: 8 w", "sequence-lag", "rules.yaml:6:5", "longer `within`"),
    ("rules.yaml", "at_least: 2", "within: 3 d\n    together: 3", "at-least-too-many", "rules.yaml:21:5", "3 of 2"),
    ("rules.yaml", "at_least: 2", "within: 3 h\n    together: 2", "window-too-short", "rules.yaml:20:5", "at least 6 h"),
    (
        "rules.yaml",
        "at_least: 2\n    of: [river_station >= orange, rain_day >= orange]",
        "all: [rain_day >= orange, not rain_day >= yellow]",
        "never-true",
        "rules.yaml:19:3",
        "Take out what contradicts it",
    ),
    (
        "rules.yaml",
        "at_least: 2\n    of: [river_station >= orange, rain_day >= orange]",
        "any: [not rain_day >= orange, rain_day >= yellow]",
        "always-true",
        "rules.yaml:19:3",
        "never end",
    ),
    (
        "rules.yaml",
        "until: not dengue_channel >= orange",
        "until: {all: [dengue_channel >= red, not dengue_channel >= orange]}",
        "never-true",
        "rules.yaml:7:3",
        "otherwise_after",
    ),
    ("rules.yaml", "raise: {to: red, if:", "raise: {to: orange, if:", "raise-nothing", "rules.yaml:9:3", "at orange already"),
    (
        "rules.yaml",
        "  text: flood\n",
        "  text: flood\n  unless: {any: [rain_day >= yellow, river_station >= yellow]}\n",
        "never-true",
        "rules.yaml:19:3",
        "never open",
    ),
    (
        "rules.yaml",
        "dimensions: [environmental, health]",
        "dimensions: [environmental, food]",
        "dimension-without-indicator",
        "rules.yaml:3:31",
        "write environmental, health",
    ),
    ("rules.yaml", "at_least: 2", "at_leest: 2", "value-error", "rules.yaml:19:3", "nearest is `at_least`"),
    ("rules.yaml", "rain_day >= orange]", "rain_day > orange]", "value-error", "rules.yaml:21:35", "is not a condition"),
    (
        "rules.yaml",
        "rain_day >= orange]",
        "{condition: rain_day >= orange, witin: 3 d}]",
        "extra-forbidden",
        "rules.yaml:21:67",
        "`within`",
    ),
    ("rules.yaml", "rain_day >= orange]", "7]", "value-error", "rules.yaml:21:35", "`7` is not a condition"),
    ("rules.yaml", "at_least: 2", "at_least: 3", "at-least-too-many", "rules.yaml:20:5", "3 of 2"),
    (
        "rules.yaml",
        "of: [river_station >= orange,",
        "of: [{times: 4, of: river_station >= orange, within: 30 h},",
        "times-too-many",
        "rules.yaml:21:11",
        "at least 36 h",
    ),
    (
        "rules.yaml",
        "of: [river_station >= orange,",
        "of: [{share: 50 %, of: children, condition: rain_day >= yellow},",
        "nothing-related",
        "rules.yaml:15:1",
        "Add the smaller areas",
    ),
    (
        "rules.yaml",
        "of: [river_station >= orange,",
        "of: [{share: 50 %, of: children, condition: river_station >= yellow},",
        "no-roll-up",
        "rules.yaml:21:38",
        "here it is asked at adm3",
    ),
    (
        "rules.yaml",
        "of: [river_station >= orange,",
        "of: [{share: 50, of: neighbours, condition: rain_day >= yellow},",
        "value-error",
        "rules.yaml:21:11",
        "not a share",
    ),
    (
        "rules.yaml",
        "of: [river_station >= orange,",
        "of: [{near: {distance: 5 km, condition: rain_day >= yellow}},",
        "no-coordinates",
        "rules.yaml:15:1",
        "1 of 1 areas have no coordinates in areas.csv: XA11. There it could never be told. Fill the columns",
    ),
    (
        "rules.yaml",
        "of: [river_station >= orange,",
        "of: [{near: {distance: 5, condition: rain_day >= yellow}},",
        "value-error",
        "rules.yaml:21:18",
        "not a distance",
    ),
    (
        "rules.yaml",
        "of: [river_station >= orange,",
        "of: [{not: river_station >= orange, for: 3 h},",
        "span-too-short",
        "rules.yaml:21:41",
        "at least 6 h",
    ),
    ("rules.yaml", "only: [XA11]", "only: [XB11]", "outside-shard", "rules.yaml:17:10", "outside the shard XYA"),
    ("rules.yaml", "only: [XA11]", "only: [XA1]", "wrong-level", "rules.yaml:17:10", "Name areas of adm2"),
    ("rules.yaml", "areas: [XA11, XA12]", "areas: [XA11, ZZ99]", "outside-shard", "rules.yaml:34:21", "`ZZ99`"),
    ("rules.yaml", "stale_after: 7 h", "stale_after: 60 min", "stale-too-soon", "rules.yaml:35:7", "at least 6 h"),
    ("rules.yaml", "of: river_station\n", "of: rivers\n", "unknown-threshold", "rules.yaml:32:7", "`rivers`"),
    ("rules.yaml", "sign: {people: 2, within: 30 min", "sign: {people: 1, within: 30 min", "sign-weaker", "rules.yaml:10:3", "at least 2"),
    ("rules.yaml", "sign: {people: 2, within: 30 min", "sign: {people: 2, within: 60 min", "sign-weaker", "rules.yaml:10:3", "at red"),
    ("rules.yaml", "mutes: [flood]", "mutes: [floods]", "unknown-rule", "rules.yaml:11:11", "`flood`"),
    ("rules.yaml", "  text: silence\n", "  text: silence\n  mutes: [flood]\n", "mutes-public", "rules.yaml:39:11", "for households"),
    ("rules.yaml", "  text: silence\n", "", "missing", "rules.yaml:26:1", "text"),
    ("country.yaml", "timezone: Asia/Colombo", "timezone: Asia/Kolombo", "value-error", "country.yaml:4:1", "not an IANA time zone"),
    ("country.yaml", "calling_code:", "caling_code:", "extra-forbidden", "country.yaml:6:1", "`calling_code`"),
    ("country.yaml", "feeds: [xya_river", "feeds: [xya_rivers", "unknown-feed", "country.yaml:12:9", "`xya_river`"),
    ("country.yaml", "sender: Test", "sender: Disaster Centre", "value-error", "country.yaml:13:1", "at most 11 characters"),
    ("areas.csv", "XA12,adm2,XA1,Lower", "XA12,adm2,XA2,Lower", "outside-shard", "areas.csv:5:11", "parent `XA2`"),
    ("areas.csv", "XA12,Hill;XA-11", "XA13,Hill;XA-11", "outside-shard", "areas.csv:4:43", "neighbour `XA13`"),
    ("areas.csv", "si:0.8;en:0.2", "si:0.8;en:0.5", "bad-share", "areas.csv:4:59", "1.30"),
    ("areas.csv", "Lower,\n", "Hill,\n", "double-alias", "areas.csv:5:36", "also an alias of XA11"),
    ("areas.csv", "XA11,adm2", "XA11,adm9", "bad-area", "areas.csv:4:6", "adm9"),
    ("areas.csv", "population_year", "population_yaer", "unknown-column", "areas.csv:1:46", "`population_year`"),
    ("stations.csv", "XA11;XA12", "XA11;XA21", "unknown-area", "stations.csv:2:38", "`XA21`"),
    ("stations.csv", "Bridge,xya_river", "Bridge,xya_rivver", "unknown-feed", "stations.csv:2:18", "`xya_river`"),
    ("stations.csv", "XA11;XA12,7.1", ",7.1", "station-nowhere", "stations.csv:2:38", "Name at least one"),
    ("stations.csv", ",7.1,80.2", ",7.1", "cell-count", "stations.csv:2:1", "8 cells"),
]


@pytest.mark.parametrize(("name", "old", "new", "check", "place", "words"), BAD, ids=[f"{row[3]}-{row[4]}" for row in BAD])
def test_each_mistake_is_named_with_its_place_and_remedy(
    changed: Change, name: str, old: str, new: str, check: str, place: str, words: str
) -> None:
    """The finding has the check's name, file, line and column, and says what is wrong and what to write."""
    found = [finding for finding in changed(name, old, new) if finding.check == check]
    assert found
    shown = {f"{f.file}:{f.line}:{f.column}": str(f) for f in found}
    assert f"countries/xya/{place}" in shown
    assert words in shown[f"countries/xya/{place}"]


def test_a_threshold_that_does_not_read_is_not_blamed_on_the_rules(changed: Change) -> None:
    """One mistake is one finding: rules that name the threshold are not at fault."""
    assert [f.check for f in changed("thresholds.yaml", "leave_below: 0.10 m", "leave_below: 0.10")] == ["quantity"]


def test_a_manifest_of_another_country_is_a_finding(folder: Path) -> None:
    """A feed that belongs to another shard cannot be judged in this one."""
    manifest = folder.parent.parent / "feeds/xya_river/feed.yaml"
    manifest.write_text(manifest.read_text(encoding="utf-8").replace("country: XYA", "country: XYB"), encoding="utf-8")
    found = findings(folder, manifest.parent.parent)
    assert [(f.check, f.file, f.line) for f in found] == [("other-feed", "feeds/xya_river/feed.yaml", 1)]


def test_a_file_that_is_not_yaml_is_one_finding_with_its_place(changed: Change) -> None:
    """A slip of the hand names its line, and the rest is still read."""
    found = changed("rules.yaml", "only: [XA11]", "only: [XA11")
    assert [(f.check, f.file) for f in found] == [("unreadable-file", "countries/xya/rules.yaml")]
    assert found[0].line >= 18


def test_a_missing_table_is_a_finding(folder: Path) -> None:
    """A country without areas is told so, not judged as empty."""
    (folder / "areas.csv").unlink()
    assert ("unreadable-file", "countries/xya/areas.csv") in {(f.check, f.file) for f in findings(folder, folder.parent.parent / "feeds")}


def test_a_one_sided_neighbour_is_a_finding(changed: Change) -> None:
    """Neighbourhood that holds one way only would make spatial rules depend on where one stands."""
    found = changed("areas.csv", "2023,XA11,Lower", "2023,,Lower")
    assert [(f.check, f.line) for f in found] == [("one-sided-neighbour", 4)]


def test_a_country_without_shapes_says_so(country: LoadedCountry) -> None:
    """Who asks for a map that is not there learns which file to add."""
    with pytest.raises(ConfigurationError, match=r"shapes_adm2\.geojson"):
        country.shapes("adm2")


def test_persistence_is_read_as_count_or_span(country: LoadedCountry) -> None:
    """`2 readings` is a count; without `for`, one reading is enough."""
    by_name: dict[str, Threshold] = {t.name: t for t in country.configuration.thresholds}
    assert by_name["river_station"].for_ == 2
    assert by_name["rain_day"].for_ == 1


MOVE = (
    "  raise: {to: red, if: dengue_channel >= red}\n  move: {by: +1, if: vulnerability.under_5 > 12 %, at_most: red, why: small children}"
)
FIGURES = "code,figure,value,unit,date,source\nXA11,vulnerability.under_5,14,%,2021-07-01,Census\n"


@pytest.fixture
def moving(folder: Path) -> Path:
    """The small country with a rule whose level figures move, and the figures."""
    rules = folder / "rules.yaml"
    rules.write_text(rules.read_text(encoding="utf-8").replace("  raise: {to: red, if: dengue_channel >= red}", MOVE), encoding="utf-8")
    (folder / "vulnerability.csv").write_text(FIGURES, encoding="utf-8")
    return folder


def test_figures_of_areas_are_part_of_what_is_judged_by(moving: Path) -> None:
    """They come with day and source, exact as written."""
    (figure,) = load_country(moving, moving.parent.parent / "feeds").configuration.figures or ()
    assert (figure.area, figure.figure, f"{figure.value:f} {figure.unit}") == ("XA11", "vulnerability.under_5", "14 %")
    assert (figure.date.isoformat(), figure.source) == ("2021-07-01", "Census")


@pytest.mark.parametrize(
    ("file", "old", "new", "place", "words"),
    [
        ("vulnerability.csv", "XA11,", "XA13,", "vulnerability.csv:2:1", "not in areas.csv. Nearest is `XA1"),
        ("vulnerability.csv", ",14,", ",many,", "vulnerability.csv:2:28", "valid decimal"),
        ("vulnerability.csv", "2021-07-01", "1.7.2021", "vulnerability.csv:2:33", "date"),
        ("vulnerability.csv", "%", "percent", "rules.yaml:10:18", "is in percent, the rule asks in %"),
        ("rules.yaml", "vulnerability.under_5", "vulnerability.undr_5", "rules.yaml:10:18", "Nearest is `vulnerability.under_5`"),
        ("rules.yaml", "vulnerability.under_5 > 12 %", "under_5 > 12 %", "rules.yaml:10:18", "compares no figure"),
        ("rules.yaml", "by: +1", "by: 0", "rules.yaml:10:3", "moves nothing"),
        ("rules.yaml", "at_most: red", "at_most: orange", "rules.yaml:10:3", "moves none of the rule's levels"),
    ],
)
def test_each_mistake_in_figures_is_named(moving: Path, file: str, old: str, new: str, place: str, words: str) -> None:
    """Where it stands, and what to write."""
    path = moving / file
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")
    found = {f"{f.file}:{f.line}:{f.column}": str(f) for f in findings(moving, moving.parent.parent / "feeds")}
    assert words in found[f"countries/xya/{place}"]


def test_a_slip_in_stages_is_named_where_it_is_written(folder: Path) -> None:
    """Stages are read as when, level and raise; who wrote them finds the slip in the stage."""
    rules = folder / "rules.yaml"
    text = rules.read_text(encoding="utf-8")
    old = "  when:\n    at_least: 2\n    of: [river_station >= orange, rain_day >= orange]\n  level: orange\n"
    assert old in text
    stages = "  stages:\n    readiness: {level: yelow, if: rain_day >= yellow}\n    activation: {level: red, if: rain_day > orange}\n"
    rules.write_text(text.replace(old, stages), encoding="utf-8")
    found = {f"{f.line}:{f.column}": str(f) for f in findings(folder, folder.parent.parent / "feeds")}
    assert "`yelow` is not a level" in found["20:17"]
    assert "is not a condition" in found["21:30"]
    rules.write_text(text.replace(old, f"{stages}  level: red\n"), encoding="utf-8")
    both = " ".join(map(str, findings(folder, folder.parent.parent / "feeds")))
    assert "`stages` say what `level` says; write one of the two" in both


def test_a_country_that_is_not_there_is_named_beside_those_that_are() -> None:
    """Who mistypes a country's folder reads which there are, and no finding about a file that was never written."""
    with pytest.raises(ConfigurationError, match=r"no country's folder `lkq`\. Known are .*lka.*"):
        load_country(countries_root() / "lkq")
